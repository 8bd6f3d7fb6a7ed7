/* gst-vlm: planning attention
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/attention-plan.h"

#include "base/checked.h"

#include <vlm/vlm-error.h>

#define CHUNK_TOKENS 8 /* so that every chunk begins where a binding may */
#define WORK_TOKENS 64 /* whole tiles, where work alone asks for chunks */
#define HEAD_DIM_STEP 8

/* Larger than any token, so that a segment's end is the only limit. */
#define NO_LIMIT (1u << 30)

/* Tokens [begin, end) and the keys that the last of them sees. */
typedef struct
{
  guint64 begin, end;
  guint64 first_key, end_key;
} Span;

static guint
group_of (const VlmNnAttentionPlan *plan)
{
  return plan->n_heads / plan->n_kv_heads;
}

/* A causal span's rows see fewer keys the earlier they are. */
static guint64
end_of_keys (const VlmNnAttentionPlan *plan, const Span *span, guint64 last_row)
{
  const guint64 limit = plan->limit_0 + last_row / group_of (plan);

  return MIN (span->end_key, limit);
}

static void
add_tiles (VlmNnAttentionPlan *plan, const Span *span)
{
  const guint64 end_row = span->end * group_of (plan);
  const guint step = plan->kernel->tile_rows;

  for (guint64 row = span->begin * group_of (plan); row < end_row;
       row += step) {
    const guint64 n_rows = MIN (step, end_row - row);
    const VlmNnTile tile = {
      .first_row = (guint32) row,
      .n_rows = (guint32) n_rows,
      .first_key = (guint32) span->first_key,
      .end_key = (guint32) end_of_keys (plan, span, row + n_rows - 1),
    };

    g_array_append_val (plan->tile_list, tile);
  }
}

static int
compare_tiles (gconstpointer a, gconstpointer b)
{
  const VlmNnTile *x = a, *y = b;
  const guint32 x_keys = x->end_key - x->first_key;
  const guint32 y_keys = y->end_key - y->first_key;

  if (x_keys != y_keys)
    return x_keys < y_keys ? 1 : -1;
  return (x->first_row > y->first_row) - (x->first_row < y->first_row);
}

/* The longest first, so that nothing long is left when the device runs out of
 * work. A software device gives each thread an equal run of workgroups
 * beforehand: there long and short ones alternate. */
static void
order_tiles (VlmNnTile *tiles, guint n_tiles, gboolean is_cpu)
{
  g_autofree VlmNnTile *sorted = NULL;

  if (n_tiles == 0)
    return;
  qsort (tiles, n_tiles, sizeof *tiles, compare_tiles);
  if (!is_cpu)
    return;
  sorted = g_memdup2 (tiles, n_tiles * sizeof *tiles);
  for (guint i = 0; i < n_tiles; i++)
    tiles[i] = sorted[i % 2 == 0 ? i / 2 : n_tiles - 1 - i / 2];
}

static guint64
span_macs (const VlmNnAttentionPlan *plan, const Span *span)
{
  return 2 * (guint64) plan->n_heads * plan->head_dim *
      (span->end - span->begin) * (span->end_key - span->first_key);
}

/* Tokens of one chunk: 0 when not even CHUNK_TOKENS fit a binding. */
static guint64
chunk_tokens (const VlmNnAttentionPlan *plan, const VlmNn *nn,
    const Span *spans, guint n_spans)
{
  const guint64 row_bytes = (guint64) plan->n_heads * plan->head_dim * 4;
  guint64 n = nn->limits.binding_bytes / row_bytes;

  for (guint i = 0; i < n_spans; i++) {
    const guint64 n_tokens = spans[i].end - spans[i].begin;
    const guint64 n_macs = span_macs (plan, &spans[i]);

    if (n_macs > nn->limits.chunk_macs) {
      const guint64 share = n_tokens / (n_macs / nn->limits.chunk_macs + 1);

      n = MIN (n, MAX (share - share % WORK_TOKENS, WORK_TOKENS));
    }
  }
  n = MIN (n, vlm_nn_attention_most_tokens (plan, nn));
  return n >= plan->n_tokens ? plan->n_tokens : n - n % CHUNK_TOKENS;
}

/* @spans follow one another. */
static gboolean
make_chunks (VlmNnAttentionPlan *plan, const VlmNn *nn, const Span *spans,
    guint n_spans, GError **error)
{
  const guint64 step = chunk_tokens (plan, nn, spans, n_spans);
  guint at = 0;

  if (step == 0) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "attention: %u rows of %u heads of %u do not fit in a binding of "
        "%" G_GUINT64_FORMAT " bytes",
        CHUNK_TOKENS, plan->n_heads, plan->head_dim, nn->limits.binding_bytes);
    return FALSE;
  }
  for (guint64 first = 0; first < plan->n_tokens; first += step) {
    VlmNnChunk chunk = {
      .first_token = first,
      .n_tokens = MIN (step, plan->n_tokens - first),
      .first_tile = plan->tile_list->len,
      .n_pieces = 1,
    };
    const guint64 end = first + chunk.n_tokens;

    while (spans[at].end <= first)
      at++;
    for (guint i = at; i < n_spans && spans[i].begin < end; i++) {
      Span part = spans[i];

      part.begin = MAX (part.begin, first);
      part.end = MIN (part.end, end);
      add_tiles (plan, &part);
      chunk.n_macs += span_macs (plan, &part);
    }
    chunk.n_tiles = plan->tile_list->len - chunk.first_tile;
    order_tiles (&g_array_index (plan->tile_list, VlmNnTile, chunk.first_tile),
        chunk.n_tiles, nn->caps->is_cpu);
    g_array_append_val (plan->chunks, chunk);
  }
  return TRUE;
}

/* Written once by the host and a few bytes for each workgroup. */
static VlmVkBuffer *
upload (const VlmNn *nn, const GArray *list, GError **error)
{
  const gsize n_bytes = list->len * sizeof (VlmNnTile);
  g_autoptr (VlmVkBuffer) buffer =
      vlm_vk_buffer_new (nn->device, n_bytes, VLM_VK_BUFFER_UPLOAD, error);

  G_STATIC_ASSERT (sizeof (VlmNnTile) == 16 && sizeof (VlmNnMerge) == 16);
  if (buffer == NULL ||
      !vlm_vk_buffer_write (buffer, 0, list->data, n_bytes, error))
    return NULL;
  return g_steal_pointer (&buffer);
}

static gboolean
make_buffers (VlmNnAttentionPlan *plan, const VlmNn *nn, GError **error)
{
  plan->tiles = upload (nn, plan->tile_list, error);
  if (plan->tiles == NULL || !plan->split)
    return plan->tiles != NULL;
  plan->merges = upload (nn, plan->merge_list, error);
  if (plan->merges == NULL)
    return FALSE;
  plan->parts = vlm_vk_buffer_new (nn->device,
      vlm_nn_attention_parts_bytes (plan), VLM_VK_BUFFER_DEVICE, error);
  return plan->parts != NULL;
}

static gboolean
check_heads (const VlmNnAttentionPlan *plan, const VlmNn *nn, GError **error)
{
  if (plan->n_kv_heads == 0 || plan->n_heads == 0 ||
      plan->n_heads % plan->n_kv_heads != 0 || plan->head_dim == 0 ||
      plan->head_dim % HEAD_DIM_STEP != 0 ||
      plan->n_kv_heads > nn->limits.grid) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "attention: %u heads of %u elements for %u key heads", plan->n_heads,
        plan->head_dim, plan->n_kv_heads);
    return FALSE;
  }
  if (plan->n_tokens == 0 || plan->n_keys > NO_LIMIT ||
      plan->n_tokens * group_of (plan) > NO_LIMIT) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "attention: %" G_GUINT64_FORMAT " queries and %" G_GUINT64_FORMAT
        " keys",
        plan->n_tokens, plan->n_keys);
    return FALSE;
  }
  return TRUE;
}

/* The kernel goes by how many rows see the same keys. */
static gboolean
choose_kernel (
    VlmNnAttentionPlan *plan, VlmNn *nn, guint n_spans, GError **error)
{
  const guint64 n_rows = plan->n_tokens * group_of (plan) / n_spans;
  const VlmNnProblem problem = {
    .op = VLM_NN_OP_ATTENTION, .m = MAX (n_rows, 1), .k = plan->head_dim
  };
  const VlmNnKernel *kernel = vlm_nn_select (nn, &problem);
  const guint64 shared_bytes = kernel->shared_bytes == 0
      ? 0
      : VLM_NN_ATTENTION_SHARED (kernel->tile_rows, plan->head_dim);

  plan->kernel = kernel;
  if (shared_bytes <= nn->caps->max_shared_bytes &&
      plan->head_dim <= VLM_NN_ATTENTION_MAX_DIM)
    return TRUE;
  g_set_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_MISSING_FEATURE,
      "attention: heads of %u elements take %" G_GUINT64_FORMAT
      " bytes of shared memory; the device has %u",
      plan->head_dim, shared_bytes, nn->caps->max_shared_bytes);
  return FALSE;
}

static VlmNnAttentionPlan *
plan_new (VlmNn *nn, const VlmNnAttentionPlan *shape, const Span *spans,
    guint n_spans, GError **error)
{
  g_autoptr (VlmNnAttentionPlan) plan = g_memdup2 (shape, sizeof *shape);

  plan->chunks = g_array_new (FALSE, FALSE, sizeof (VlmNnChunk));
  plan->tile_list = g_array_new (FALSE, FALSE, sizeof (VlmNnTile));
  plan->merge_list = g_array_new (FALSE, FALSE, sizeof (VlmNnMerge));
  if (!check_heads (plan, nn, error) ||
      !choose_kernel (plan, nn, n_spans, error) ||
      !make_chunks (plan, nn, spans, n_spans, error))
    return NULL;
  vlm_nn_attention_cut (plan, nn);
  if (!make_buffers (plan, nn, error))
    return NULL;
  return g_steal_pointer (&plan);
}

VlmNnAttentionPlan *
vlm_nn_attention_plan_new_segments (VlmNn *nn, const guint32 *bounds,
    guint n_segments, guint n_heads, guint n_kv_heads, guint head_dim,
    GError **error)
{
  g_autofree Span *spans = g_new0 (Span, MAX (n_segments, 1));
  const VlmNnAttentionPlan shape = {
    .n_heads = n_heads,
    .n_kv_heads = n_kv_heads,
    .head_dim = head_dim,
    .n_tokens = n_segments > 0 ? bounds[n_segments] : 0,
    .n_keys = n_segments > 0 ? bounds[n_segments] : 0,
    .limit_0 = NO_LIMIT,
    .n_segments = 1,
  };

  for (guint i = 0; i < n_segments; i++) {
    if (bounds[i + 1] <= bounds[i] || bounds[0] != 0) {
      g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
          "attention: segment %u is [%u, %u)", i, bounds[i], bounds[i + 1]);
      return NULL;
    }
    spans[i] = (Span){ bounds[i], bounds[i + 1], bounds[i], bounds[i + 1] };
  }
  return plan_new (nn, &shape, spans, n_segments, error);
}

VlmNnAttentionPlan *
vlm_nn_attention_plan_new_causal (VlmNn *nn, guint n_queries, guint first_key,
    guint n_heads, guint n_kv_heads, guint head_dim, GError **error)
{
  const VlmNnAttentionPlan shape = {
    .n_heads = n_heads,
    .n_kv_heads = n_kv_heads,
    .head_dim = head_dim,
    .n_tokens = n_queries,
    .n_keys = (guint64) first_key + n_queries,
    .limit_0 = first_key + 1,
    .segment_keys = nn->limits.segment_keys,
    .n_segments = (guint) vlm_div_round_up (
        (guint64) first_key + n_queries, nn->limits.segment_keys),
  };
  const Span span = { 0, n_queries, 0, shape.n_keys };

  return plan_new (nn, &shape, &span, 1, error);
}

guint
vlm_nn_attention_plan_get_n_chunks (const VlmNnAttentionPlan *plan)
{
  return plan->chunks->len;
}

guint64
vlm_nn_attention_plan_get_macs (const VlmNnAttentionPlan *plan, guint chunk)
{
  return g_array_index (plan->chunks, VlmNnChunk, chunk).n_macs;
}

void
vlm_nn_attention_plan_free (VlmNnAttentionPlan *plan)
{
  if (plan == NULL)
    return;
  g_clear_pointer (&plan->chunks, g_array_unref);
  g_clear_pointer (&plan->tile_list, g_array_unref);
  g_clear_pointer (&plan->merge_list, g_array_unref);
  g_clear_pointer (&plan->tiles, vlm_vk_buffer_unref);
  g_clear_pointer (&plan->merges, vlm_vk_buffer_unref);
  g_clear_pointer (&plan->parts, vlm_vk_buffer_unref);
  g_free (plan);
}
