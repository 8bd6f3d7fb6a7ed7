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
  guint32 first_part;
  guint32 first_token;
  guint32 first_head;
  guint32 n_heads;
  guint32 n_kv_heads;
  guint32 first_key;
  guint32 segment_keys;
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
  guint32 n_tiles;
} MergePush;

/* One call. */
typedef struct
{
  VlmNn *nn;
  const VlmNnTensor *q;
  const VlmNnKv *kv;
  const VlmNnAttentionPlan *plan;
  const VlmNnTensor *out;
} Job;

/* Whether the plan's keys are in segments like those of the cache. */
static gboolean
fits (const VlmNnKv *kv, const VlmNnAttentionPlan *plan)
{
  return plan->n_segments == 1
      ? kv->n_segments > 0 && plan->n_keys <= kv->segment_keys
      : plan->segment_keys == kv->segment_keys &&
          plan->n_keys <= vlm_nn_kv_capacity (kv);
}

static gboolean
check_shapes (const Job *job)
{
  const VlmNnTensor *q = job->q, *out = job->out;
  const VlmNnKv *kv = job->kv;
  const VlmNnAttentionPlan *plan = job->plan;
  const guint64 n_cols = (guint64) plan->n_heads * plan->head_dim;

  if (q->n_cols == n_cols && q->n_rows == plan->n_tokens &&
      out->n_cols == n_cols && out->n_rows == plan->n_tokens &&
      kv->n_heads == plan->n_kv_heads && kv->head_dim == plan->head_dim &&
      fits (kv, plan))
    return TRUE;
  vlm_nn_fail (job->nn,
      g_error_new (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
          "attention: q [%" G_GUINT64_FORMAT ", %u], out [%" G_GUINT64_FORMAT
          ", %u] and a cache of %u heads of %u, %u segments of %u keys, do not "
          "fit a plan for %" G_GUINT64_FORMAT " queries, %" G_GUINT64_FORMAT
          " keys in %u segments and %u heads (%u of keys) of %u",
          q->n_rows, q->n_cols, out->n_rows, out->n_cols, kv->n_heads,
          kv->head_dim, kv->n_segments, kv->segment_keys, plan->n_tokens,
          plan->n_keys, plan->n_segments, plan->n_heads, plan->n_kv_heads,
          plan->head_dim));
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
  return (VlmVkBinding){ plan->parts, 0, vlm_nn_attention_parts_bytes (plan),
    access, VK_FORMAT_R32G32B32A32_SFLOAT };
}

/* Tiles [first, first + n) of the chunk, whose keys are all in @segment, for
 * heads [first_head, first_head + n_heads) of keys. */
static void
record_tiles (const Job *job, const VlmNnChunk *chunk, guint segment,
    guint64 first, guint64 n, guint first_head, guint n_heads)
{
  const VlmNnKv *kv = job->kv;
  const VlmNnAttentionPlan *plan = job->plan;
  const VlmNnKernel *kernel = plan->kernel;
  const VlmVkShader *shader = kv->dtype == VLM_DTYPE_F16 && kernel->half != NULL
      ? kernel->half
      : kernel->shader;
  guint32 spec[VLM_VK_MAX_SPEC] = { kernel->local_size, 1, 1 };
  const VlmVkBinding bindings[] = {
    vlm_nn_bind_floats (
        job->q, chunk->first_token, chunk->n_tokens, VLM_VK_READ),
    vlm_nn_kv_bind (
        kv, kv->segments[segment].keys, first_head, n_heads, VLM_VK_READ),
    vlm_nn_kv_bind (
        kv, kv->segments[segment].values, first_head, n_heads, VLM_VK_READ),
    bind_list (plan->tiles),
    plan->split ? bind_parts (plan, VLM_VK_WRITE_APART)
                : vlm_nn_bind_floats (job->out, chunk->first_token,
                      chunk->n_tokens, VLM_VK_WRITE),
  };
  Push push = {
    .first_token = (guint32) chunk->first_token,
    .first_head = first_head,
    .n_heads = plan->n_heads,
    .n_kv_heads = plan->n_kv_heads,
    .first_key = segment * kv->segment_keys,
    .segment_keys = kv->segment_keys,
    .limit_0 = plan->limit_0,
    .scale = (float) (M_LOG2E / sqrt (plan->head_dim)),
  };
  const guint64 most =
      MIN (job->nn->limits.grid, job->nn->caps->max_workgroup_count[0]);

  spec[SPEC_D4] = plan->head_dim / 4;
  spec[SPEC_GROUP] = plan->n_heads / plan->n_kv_heads;
  spec[SPEC_SPLIT] = plan->split;
  for (guint i = 0; i < kernel->n_tune; i++)
    spec[SPEC_TUNE + i] = kernel->tune[i];
  for (guint64 i = first; i < first + n; i += most) {
    push.first_part = (guint32) i;
    push.first_tile = (guint32) (chunk->first_tile + i);
    vlm_nn_dispatch (job->nn, shader, spec, SPEC_TUNE + kernel->n_tune,
        bindings, &push, sizeof push, (guint) MIN (most, first + n - i),
        n_heads, 1);
  }
}

/* Pieces of tiles are in the order of their keys. */
static void
record_segments (const Job *job, const VlmNnChunk *chunk, guint n_bound)
{
  const VlmNnAttentionPlan *plan = job->plan;
  const guint n_heads = job->kv->n_heads;
  const guint n_pieces = plan->n_segments > 1
      ? plan->segment_keys / plan->piece_keys
      : chunk->n_pieces;

  for (guint first = 0; first < chunk->n_pieces; first += n_pieces) {
    const guint n = MIN (n_pieces, chunk->n_pieces - first);

    for (guint head = 0; head < n_heads; head += n_bound)
      record_tiles (job, chunk, first / n_pieces,
          (guint64) first * chunk->n_tiles, (guint64) n * chunk->n_tiles, head,
          MIN (n_bound, n_heads - head));
  }
}

static void
record_merges (const Job *job, const VlmNnChunk *chunk)
{
  const VlmNnAttentionPlan *plan = job->plan;
  const guint64 most = job->nn->limits.grid;
  const guint d4 = plan->head_dim / 4, n_rows = plan->kernel->tile_rows;
  const guint32 spec[] = { MERGE_SIZE, 1, 1, d4,
    plan->n_heads / plan->n_kv_heads, n_rows };
  const VlmVkBinding bindings[] = {
    bind_parts (plan, VLM_VK_READ),
    bind_list (plan->merges),
    vlm_nn_bind_floats (
        job->out, chunk->first_token, chunk->n_tokens, VLM_VK_WRITE),
  };
  MergePush push = {
    .first_token = (guint32) chunk->first_token,
    .n_heads = plan->n_heads,
    .n_kv_heads = plan->n_kv_heads,
    .n_tiles = chunk->n_tiles,
  };

  for (guint64 i = 0; i < chunk->n_tiles; i += most) {
    push.first_merge = (guint32) (chunk->first_merge + i);
    vlm_nn_dispatch (job->nn, &vlm_shader_attention_merge, spec,
        G_N_ELEMENTS (spec), bindings, &push, sizeof push,
        (guint) vlm_div_round_up (n_rows * d4, MERGE_SIZE),
        (guint) MIN (most, chunk->n_tiles - i), plan->n_kv_heads);
  }
}

void
vlm_nn_attention_chunk (VlmNn *nn, const VlmNnTensor *q, const VlmNnKv *kv,
    const VlmNnAttentionPlan *plan, guint index, const VlmNnTensor *out)
{
  const Job job = { nn, q, kv, plan, out };
  const VlmNnChunk *chunk = &g_array_index (plan->chunks, VlmNnChunk, index);
  guint n_bound;

  if (!check_shapes (&job))
    return;
  n_bound = vlm_nn_kv_heads_per_binding (nn, kv);
  if (n_bound == 0)
    return;
  record_segments (&job, chunk, n_bound);
  if (plan->split)
    record_merges (&job, chunk);
}

void
vlm_nn_attention (VlmNn *nn, const VlmNnTensor *q, const VlmNnKv *kv,
    const VlmNnAttentionPlan *plan, const VlmNnTensor *out)
{
  for (guint i = 0; i < plan->chunks->len; i++)
    vlm_nn_attention_chunk (nn, q, kv, plan, i, out);
}
