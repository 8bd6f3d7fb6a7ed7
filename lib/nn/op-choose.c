/* gst-vlm: choosing a token
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/checked.h"
#include "nn/kernel.h"
#include "nn/select.h"
#include "shaders/vlm-shaders.h"

#include <vlm/vlm-error.h>

/* Logits of one workgroup: enough of them for every core, and few parts. */
#define PART_LOGITS 2048
#define PART_WORDS 8
/* shaders/logits/choose_part.comp */
typedef struct
{
  guint32 n_valid;
  guint32 n4;
  float penalty;
} PartPush;

/* shaders/logits/choose_merge.comp */
typedef struct
{
  guint32 n_parts;
  guint32 target;
} MergePush;

typedef struct
{
  const VlmNnTensor *logits;
  const VlmNnTensor *allowed;
  const VlmNnTensor *seen;
  guint n_valid;
  float penalty;
} Logits;

static gboolean
is_mask (const VlmNnTensor *bits, guint n_valid)
{
  return bits == NULL || (guint64) bits->n_cols * 32 >= n_valid;
}

static VlmVkBinding
bind_bits (const Logits *l, const VlmNnTensor *bits)
{
  /* something to bind where there are none */
  VlmVkBinding binding =
      vlm_nn_bind_ints (bits != NULL ? bits : l->logits, 0, 1, VLM_VK_READ);

  binding.texel_format = VK_FORMAT_R32G32B32A32_UINT;
  return binding;
}

static void
record_parts (
    VlmNn *nn, const Logits *l, guint local_size, const VlmVkBinding *parts)
{
  const guint32 spec[] = { local_size, 1, 1, l->allowed != NULL,
    l->seen != NULL };
  const VlmVkBinding bindings[] = {
    vlm_nn_bind_floats (l->logits, 0, 1, VLM_VK_READ),
    bind_bits (l, l->allowed),
    bind_bits (l, l->seen),
    *parts,
  };
  const PartPush push = {
    .n_valid = l->n_valid,
    .n4 = PART_LOGITS / 4,
    .penalty = l->penalty,
  };

  vlm_nn_dispatch (nn, &vlm_shader_choose_part, spec, G_N_ELEMENTS (spec),
      bindings, &push, sizeof push, (guint) (parts->n_bytes / (PART_WORDS * 4)),
      1, 1);
}

static void
record_merge (VlmNn *nn, guint local_size, const VlmVkBinding *parts,
    const VlmNnTensor *choice, guint row)
{
  const guint32 spec[] = { local_size, 1, 1 };
  /* rows of 8 words: 8 of them begin where a binding may */
  const guint64 first = row & ~7u;
  VlmVkBinding bindings[] = {
    *parts,
    vlm_nn_bind_ints (
        choice, first, MIN (8, choice->n_rows - first), VLM_VK_READ_WRITE),
  };
  const MergePush push = {
    .n_parts = (guint32) (parts->n_bytes / (PART_WORDS * 4)),
    .target = (guint32) (row - first) * choice->ld,
  };

  bindings[0].access = VLM_VK_READ;
  vlm_nn_dispatch (nn, &vlm_shader_choose_merge, spec, G_N_ELEMENTS (spec),
      bindings, &push, sizeof push, 1, 1, 1);
}

void
vlm_nn_choose (VlmNn *nn, const VlmNnTensor *logits, guint n_valid,
    const VlmNnTensor *allowed, const VlmNnTensor *seen, float penalty,
    const VlmNnTensor *choice, guint row)
{
  const Logits l = {
    .logits = logits,
    .allowed = allowed,
    .seen = seen,
    .n_valid = n_valid,
    .penalty = penalty,
  };
  const VlmNnProblem problem = { .op = VLM_NN_OP_CHOOSE, .m = 1, .n = n_valid };
  const guint local_size = vlm_nn_select (nn, &problem)->local_size;
  const guint64 n_bytes =
      MAX (vlm_div_round_up (n_valid, PART_LOGITS), 1) * PART_WORDS * 4;
  VlmVkBinding binding = { .n_bytes = n_bytes,
    .access = VLM_VK_WRITE,
    .texel_format = VK_FORMAT_R32G32B32A32_UINT };
  g_autoptr (VlmVkBuffer) parts = NULL;
  GError *error = NULL;

  if (n_valid > logits->n_cols || !is_mask (allowed, n_valid) ||
      !is_mask (seen, n_valid) || choice->n_cols != 4 ||
      row >= choice->n_rows) {
    vlm_nn_fail (nn,
        g_error_new (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
            "choose: %u of %u logits, allowed [%u], seen [%u], row %u of "
            "choices [%" G_GUINT64_FORMAT ", %u] do not match each other",
            n_valid, logits->n_cols, allowed != NULL ? allowed->n_cols : 0,
            seen != NULL ? seen->n_cols : 0, row, choice->n_rows,
            choice->n_cols));
    return;
  }
  parts = vlm_vk_buffer_new (nn->device, n_bytes, VLM_VK_BUFFER_DEVICE, &error);
  if (parts == NULL) {
    vlm_nn_fail (nn, error);
    return;
  }
  binding.buffer = parts;
  record_parts (nn, &l, local_size, &binding);
  record_merge (nn, local_size, &binding, choice, row);
}
