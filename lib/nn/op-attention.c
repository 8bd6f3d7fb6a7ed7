/* gst-vlm: attention
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/attention-plan.h"
#include "nn/kernel.h"
#include "nn/kv.h"
#include "base/checked.h"
#include "shaders/vlm-shaders.h"

#include <vlm/vlm-error.h>

#include <math.h>

#define MERGE_SIZE 64

/* shaders/include/attention.glsl */
typedef struct
{
  guint32 first_tile;
  guint32 first_token;
  guint32 first_head;
  guint32 n_heads;
  guint32 n_kv_heads;
  guint32 capacity;
  guint32 limit_0;
  float scale;
} Push;

enum
{
  SPEC_LOCAL_SIZE = 0,
  SPEC_D4 = 3,
  SPEC_GROUP,
  SPEC_SPLIT,
  SPEC_TUNE,
};

/* shaders/attention/attention_merge.comp */
typedef struct
{
  guint32 first_merge;
  guint32 first_token;
  guint32 n_heads;
  guint32 n_kv_heads;
} MergePush;

static gboolean
check_shapes (VlmNn *nn, const VlmNnTensor *q, const VlmNnKv *kv,
    const VlmNnAttentionPlan *plan, const VlmNnTensor *out)
{
  const guint64 n_cols = (guint64) plan->n_heads * plan->head_dim;

  if (q->n_cols == n_cols && q->n_rows == plan->n_tokens &&
      out->n_cols == n_cols && out->n_rows == plan->n_tokens &&
      kv->n_heads == plan->n_kv_heads && kv->head_dim == plan->head_dim &&
      kv->capacity >= plan->n_keys)
    return TRUE;
  vlm_nn_fail (nn,
      g_error_new (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
          "attention: q [%" G_GUINT64_FORMAT ", %u], out [%" G_GUINT64_FORMAT
          ", %u] and a cache of %u heads of %u, capacity %u, do not fit a plan "
          "for %" G_GUINT64_FORMAT " queries, %" G_GUINT64_FORMAT " keys and "
          "%u heads (%u of keys) of %u",
          q->n_rows, q->n_cols, out->n_rows, out->n_cols, kv->n_heads,
          kv->head_dim, kv->capacity, plan->n_tokens, plan->n_keys,
          plan->n_heads, plan->n_kv_heads, plan->head_dim));
  return FALSE;
}

static VlmVkBinding
bind_list (VlmVkBuffer *buffer)
{
  return (VlmVkBinding){ buffer, 0, vlm_vk_buffer_get_size (buffer),
    VLM_VK_READ, VK_FORMAT_R32G32B32A32_UINT };
}

static VlmVkBinding
bind_parts (const VlmNnAttentionPlan *plan, VlmVkAccess access)
{
  return (VlmVkBinding){ plan->parts, 0,
    vlm_nn_attention_parts_bytes (plan, plan->tile_list->len), access,
    VK_FORMAT_R32G32B32A32_SFLOAT };
}

/* Heads [first_head, first_head + n_heads) of keys. */
static void
record_tiles (VlmNn *nn, const VlmNnTensor *q, const VlmNnKv *kv,
    const VlmNnAttentionPlan *plan, const VlmNnTensor *out,
    const VlmNnChunk *chunk, guint first_head, guint n_heads)
{
  const VlmNnKernel *kernel = plan->kernel;
  const VlmVkShader *shader = kv->dtype == VLM_DTYPE_F16 && kernel->half != NULL
      ? kernel->half
      : kernel->shader;
  guint32 spec[VLM_VK_MAX_SPEC] = { kernel->local_size, 1, 1 };
  const VlmVkBinding bindings[] = {
    vlm_nn_bind_floats (q, chunk->first_token, chunk->n_tokens, VLM_VK_READ),
    vlm_nn_kv_bind (kv, kv->keys, first_head, n_heads, VLM_VK_READ),
    vlm_nn_kv_bind (kv, kv->values, first_head, n_heads, VLM_VK_READ),
    bind_list (plan->tiles),
    plan->split ? bind_parts (plan, VLM_VK_WRITE)
                : vlm_nn_bind_floats (
                      out, chunk->first_token, chunk->n_tokens, VLM_VK_WRITE),
  };
  Push push = {
    .first_token = (guint32) chunk->first_token,
    .first_head = first_head,
    .n_heads = plan->n_heads,
    .n_kv_heads = plan->n_kv_heads,
    .capacity = kv->capacity,
    .limit_0 = plan->limit_0,
    .scale = (float) (M_LOG2E / sqrt (plan->head_dim)),
  };
  const guint64 most = MIN (nn->limits.grid, nn->caps->max_workgroup_count[0]);

  spec[SPEC_D4] = plan->head_dim / 4;
  spec[SPEC_GROUP] = plan->n_heads / plan->n_kv_heads;
  spec[SPEC_SPLIT] = plan->split;
  for (guint i = 0; i < kernel->n_tune; i++)
    spec[SPEC_TUNE + i] = kernel->tune[i];
  for (guint64 i = 0; i < chunk->n_tiles; i += most) {
    push.first_tile = (guint32) (chunk->first_tile + i);
    vlm_nn_dispatch (nn, shader, spec, SPEC_TUNE + kernel->n_tune, bindings,
        &push, sizeof push, (guint) MIN (most, chunk->n_tiles - i), n_heads, 1);
  }
}

static void
record_merges (VlmNn *nn, const VlmNnAttentionPlan *plan,
    const VlmNnTensor *out, const VlmNnChunk *chunk)
{
  const guint d4 = plan->head_dim / 4, n_rows = plan->kernel->tile_rows;
  const guint32 spec[] = { MERGE_SIZE, 1, 1, d4,
    plan->n_heads / plan->n_kv_heads, n_rows };
  const VlmVkBinding bindings[] = {
    bind_parts (plan, VLM_VK_READ),
    bind_list (plan->merges),
    vlm_nn_bind_floats (out, chunk->first_token, chunk->n_tokens, VLM_VK_WRITE),
  };
  MergePush push = {
    .first_token = (guint32) chunk->first_token,
    .n_heads = plan->n_heads,
    .n_kv_heads = plan->n_kv_heads,
  };

  for (guint64 i = 0; i < chunk->n_merges; i += nn->limits.grid) {
    push.first_merge = (guint32) (chunk->first_merge + i);
    vlm_nn_dispatch (nn, &vlm_shader_attention_merge, spec, G_N_ELEMENTS (spec),
        bindings, &push, sizeof push,
        (guint) vlm_div_round_up (n_rows * d4, MERGE_SIZE),
        (guint) MIN (nn->limits.grid, chunk->n_merges - i), plan->n_kv_heads);
  }
}

void
vlm_nn_attention_chunk (VlmNn *nn, const VlmNnTensor *q, const VlmNnKv *kv,
    const VlmNnAttentionPlan *plan, guint index, const VlmNnTensor *out)
{
  const VlmNnChunk *chunk = &g_array_index (plan->chunks, VlmNnChunk, index);
  guint bound;

  if (!check_shapes (nn, q, kv, plan, out))
    return;
  bound = vlm_nn_kv_heads_per_binding (nn, kv);
  if (bound == 0)
    return;
  for (guint head = 0; head < kv->n_heads; head += bound)
    record_tiles (
        nn, q, kv, plan, out, chunk, head, MIN (bound, kv->n_heads - head));
  if (plan->split)
    record_merges (nn, plan, out, chunk);
}

void
vlm_nn_attention (VlmNn *nn, const VlmNnTensor *q, const VlmNnKv *kv,
    const VlmNnAttentionPlan *plan, const VlmNnTensor *out)
{
  for (guint i = 0; i < plan->chunks->len; i++)
    vlm_nn_attention_chunk (nn, q, kv, plan, i, out);
}
