/* gst-vlm: the table of model families
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/arch.h"

#include "model/qwen2_5_vl/family.h"

static const VlmArch *const families[] = {
  &vlm_qwen2_5_vl,
};

const VlmArch *
vlm_arch_find (const char *model_type)
{
  for (guint i = 0; model_type != NULL && i < G_N_ELEMENTS (families); i++)
    if (g_strv_contains (families[i]->model_types, model_type))
      return families[i];
  return families[0];
}

const VlmArch *
vlm_arch_find_gguf (const char *architecture)
{
  for (guint i = 0; architecture != NULL && i < G_N_ELEMENTS (families); i++)
    if (g_strv_contains (families[i]->gguf_architectures, architecture))
      return families[i];
  return families[0];
}
