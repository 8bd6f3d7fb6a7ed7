/* gst-vlm: which model, and where it runs
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

#define VLM_TYPE_MODEL_PARAMS (vlm_model_params_get_type ())

/**
 * VlmModelParams:
 * @path: (nullable) (type filename): a Hugging Face checkpoint, a directory
 *   with config.json, tokenizer.json (or vocab.json and merges.txt) and one or
 *   many safetensors files; or a GGUF file of a language model, with the one of
 *   its vision tower (mmproj) beside it; %NULL or empty for the small one that
 *   ships, or the one that the environment variable `VLM_MODEL_PATH` names
 * @device: (nullable): index, UUID or part of the name of the device; %NULL or
 *   empty for the best
 * @mmproj: (nullable) (type filename): the GGUF file of the vision tower, where
 *   several are beside @path; %NULL or empty for the only one
 *
 * Which model, and where it runs. All fields zero are the defaults.
 */
typedef struct
{
  char *path;
  char *device;
  char *mmproj;

  /*< private >*/
  gpointer padding[7];
} VlmModelParams;

VLM_API GType vlm_model_params_get_type (void) G_GNUC_CONST;
VLM_API VlmModelParams *vlm_model_params_copy (const VlmModelParams *params);
VLM_API void vlm_model_params_free (VlmModelParams *params);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmModelParams, vlm_model_params_free)

G_END_DECLS
