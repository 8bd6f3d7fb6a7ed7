/* gst-vlm: splitting and rotating queries, keys and values
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/checked.h"
#include "nn/kernel.h"
#include "nn/kv.h"
#include "shaders/vlm-shaders.h"

#include <vlm/vlm-error.h>

#define LOCAL_SIZE 64

/* shaders/rope/rope_split.comp */
typedef struct
{
  guint32 first_row;
  guint32 first_slot;
  guint32 n_slots;
  guint32 n_heads;
  guint32 n_kv_heads;
  guint32 first_key;
  guint32 segment_keys;
  guint32 first_head;
} Push;

/* Rows [first_row, first_row + n_rows) of a chunk, whose keys are in one
 * segment. */
typedef struct
{
  guint64 first; /* of the chunk */
  guint64 n;
  guint32 first_row;
  guint32 n_rows;
  guint segment;
  guint32 first_key; /* in the segment */
} Run;

typedef struct
{
  const VlmNnTensor *qkv;
  const VlmNnTensor *angles;
  const VlmNnTensor *q;
  const VlmNnKv *kv;
  guint n_heads;
  guint first_key;
} Split;

static gboolean
check_shapes (VlmNn *nn, const Split *split)
{
  const VlmNnKv *kv = split->kv;
  const guint64 n_rows = split->qkv->n_rows;
  const guint64 q_cols = (guint64) split->n_heads * kv->head_dim;
  const guint64 qkv_cols = q_cols + 2 * (guint64) kv->n_heads * kv->head_dim;

  if (split->n_heads != 0 && split->qkv->n_cols == qkv_cols &&
      split->q->n_cols == q_cols && split->q->n_rows == n_rows &&
      split->angles->n_cols == kv->head_dim &&
      split->angles->n_rows == n_rows &&
      split->first_key + n_rows <= vlm_nn_kv_capacity (kv))
    return TRUE;
  vlm_nn_fail (nn,
      g_error_new (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
          "rope_split: qkv [%" G_GUINT64_FORMAT ", %u], "
          "angles [%" G_GUINT64_FORMAT ", %u], q [%" G_GUINT64_FORMAT
          ", %u] of %u heads do not match each other, or keys from %u of a "
          "cache of %u heads of %u, capacity %u",
          n_rows, split->qkv->n_cols, split->angles->n_rows,
          split->angles->n_cols, split->q->n_rows, split->q->n_cols,
          split->n_heads, split->first_key, kv->n_heads, kv->head_dim,
          vlm_nn_kv_capacity (kv)));
  return FALSE;
}

/* Slots are the heads in a row of qkv; of the cache heads from @first_head are
 * bound. */
static void
record_slots (VlmNn *nn, const Split *split, const Run *run, guint first_slot,
    guint n_slots, guint first_head, guint n_bound)
{
  const VlmNnKv *kv = split->kv;
  const VlmNnKvSegment *segment = &kv->segments[run->segment];
  const guint32 spec[] = { LOCAL_SIZE, 1, 1, kv->head_dim / 8 };
  const VlmVkBinding bindings[] = {
    vlm_nn_bind_floats (split->qkv, run->first, run->n, VLM_VK_READ),
    vlm_nn_bind_floats (split->angles, run->first, run->n, VLM_VK_READ),
    vlm_nn_bind_floats (split->q, run->first, run->n, VLM_VK_WRITE),
    vlm_nn_kv_bind (kv, segment->keys, first_head, n_bound, VLM_VK_WRITE),
    vlm_nn_kv_bind (kv, segment->values, first_head, n_bound, VLM_VK_WRITE),
  };
  const Push push = {
    .first_row = run->first_row,
    .first_slot = first_slot,
    .n_slots = n_slots,
    .n_heads = split->n_heads,
    .n_kv_heads = kv->n_heads,
    .first_key = run->first_key,
    .segment_keys = kv->segment_keys,
    .first_head = first_head,
  };
  const guint64 n_invocations = (guint64) n_slots * (kv->head_dim / 8);

  vlm_nn_dispatch (nn,
      kv->dtype == VLM_DTYPE_F16 ? &vlm_shader_rope_split__half
                                 : &vlm_shader_rope_split,
      spec, G_N_ELEMENTS (spec), bindings, &push, sizeof push,
      (guint) vlm_div_round_up (n_invocations, LOCAL_SIZE), run->n_rows, 1);
}

static void
record_run (VlmNn *nn, const Split *split, const Run *run, guint bound)
{
  const guint n_kv = split->kv->n_heads;

  if (bound == n_kv) {
    record_slots (nn, split, run, 0, split->n_heads + 2 * n_kv, 0, n_kv);
    return;
  }
  record_slots (nn, split, run, 0, split->n_heads, 0, bound);
  for (guint head = 0; head < n_kv; head += bound) {
    const guint n_heads = MIN (bound, n_kv - head);

    record_slots (
        nn, split, run, split->n_heads + head, n_heads, head, n_heads);
    record_slots (
        nn, split, run, split->n_heads + n_kv + head, n_heads, head, n_heads);
  }
}

/* A chunk is bound as a whole, since only that begins where a binding may, and
 * recorded segment by segment. */
static void
record_chunk (
    VlmNn *nn, const Split *split, guint64 first, guint64 n, guint bound)
{
  const guint segment_keys = split->kv->segment_keys;

  for (guint64 row = 0; row < n;) {
    const guint64 key = split->first_key + first + row;
    const guint at = (guint) (key % segment_keys);
    const Run run = {
      .first = first,
      .n = n,
      .first_row = (guint32) row,
      .n_rows = (guint32) MIN (n - row, segment_keys - at),
      .segment = (guint) (key / segment_keys),
      .first_key = at,
    };

    record_run (nn, split, &run, bound);
    row += run.n_rows;
  }
}

void
vlm_nn_rope_split (VlmNn *nn, const VlmNnTensor *qkv, const VlmNnTensor *angles,
    guint n_heads, const VlmNnTensor *q, const VlmNnKv *kv, guint first_key)
{
  const Split split = {
    .qkv = qkv,
    .angles = angles,
    .q = q,
    .kv = kv,
    .n_heads = n_heads,
    .first_key = first_key,
  };
  guint64 chunk;
  guint bound;

  if (!check_shapes (nn, &split))
    return;
  bound = vlm_nn_kv_heads_per_binding (nn, kv);
  chunk = vlm_nn_chunk_rows (nn, qkv->n_rows, qkv->ld, 1);
  if (bound == 0 || chunk == 0)
    return;
  for (guint64 first = 0; first < qkv->n_rows; first += chunk)
    record_chunk (nn, &split, first, MIN (chunk, qkv->n_rows - first), bound);
}
