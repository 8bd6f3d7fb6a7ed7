/* gst-vlm: moving rows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/checked.h"
#include "nn/kernel.h"
#include "nn/matrix.h"
#include "shaders/vlm-shaders.h"

#include <vlm/vlm-error.h>

/* Rows are short; more invocations would be idle. */
#define LOCAL_SIZE 64

/* shaders/rows/embed.comp */
typedef struct
{
  guint32 n_k8;
  guint32 ids_ld4;
  guint32 first;
  guint32 n;
  guint32 n_all;
  guint32 n_cols;
  guint32 bits_at;
  guint32 scales_at;
  guint32 supers_at;
} EmbedPush;

/* shaders/rows/scatter_rows.comp */
typedef struct
{
  guint32 ld4;
  guint32 index_ld4;
  guint32 first;
  guint32 n;
} ScatterPush;

static guint
groups_for (guint n)
{
  return (guint) vlm_div_round_up (n, LOCAL_SIZE);
}

/* Where rows come from in one dispatch. */
typedef struct
{
  const VlmNnMatrix *w;
  const VlmNnPart *part; /* NULL: features */
  const VlmNnTensor *features;
  guint64 first;
  guint64 n;
} EmbedSource;

static void
record_embed (VlmNn *nn, const VlmNnTensor *ids, const EmbedSource *source,
    const VlmNnTensor *y, guint64 first_y, guint64 n_y)
{
  const gboolean from_features = source->part == NULL;
  const VlmNnPart *part = from_features ? source->w->parts : source->part;
  const guint32 spec[] = { LOCAL_SIZE, 1, 1, part->format->shader,
    from_features };
  const VlmVkBinding weights = vlm_nn_bind_part (part);
  const VlmVkBinding indices =
      vlm_nn_bind_ints (ids, first_y, n_y, VLM_VK_READ);
  VlmVkBinding bindings[] = {
    indices,
    weights,
    indices, /* not read */
    vlm_nn_bind_floats (y, first_y, n_y, VLM_VK_WRITE),
  };
  const EmbedPush push = {
    .n_k8 = source->w->n_groups,
    .ids_ld4 = ids->ld / 4,
    .first = (guint32) source->first,
    .n = (guint32) source->n,
    .n_all =
        from_features ? (guint32) source->features->n_rows : source->w->n_out,
    .n_cols = source->w->n_in,
    .bits_at = vlm_nn_part_granule (part, VLM_NN_PLANE_BITS),
    .scales_at = vlm_nn_part_granule (part, VLM_NN_PLANE_SCALES),
    .supers_at = vlm_nn_part_granule (part, VLM_NN_PLANE_SUPERS),
  };

  if (from_features)
    bindings[2] = vlm_nn_bind_floats (
        source->features, source->first, source->n, VLM_VK_READ);
  else
    bindings[2].texel_format = VK_FORMAT_R32G32B32A32_SFLOAT;
  vlm_nn_dispatch (nn, &vlm_shader_embed, spec, G_N_ELEMENTS (spec), bindings,
      &push, sizeof push, groups_for (push.n_k8), (guint) n_y, 1);
}

/* Rows [first, first + n) of y from every source. */
static void
record_embed_rows (VlmNn *nn, const VlmNnTensor *ids, const VlmNnMatrix *w,
    const VlmNnTensor *features, const VlmNnTensor *y, guint64 first, guint64 n)
{
  guint64 chunk;

  for (guint i = 0; i < w->n_parts; i++) {
    const EmbedSource source = {
      .w = w,
      .part = &w->parts[i],
      .first = w->parts[i].first_block * VLM_NN_BLOCK,
      .n = w->parts[i].n_out,
    };

    record_embed (nn, ids, &source, y, first, n);
  }
  if (features == NULL)
    return;
  chunk = vlm_nn_chunk_rows (nn, features->n_rows, features->ld, 1);
  for (guint64 at = 0; chunk != 0 && at < features->n_rows; at += chunk) {
    const EmbedSource source = {
      .w = w,
      .features = features,
      .first = at,
      .n = MIN (chunk, features->n_rows - at),
    };

    record_embed (nn, ids, &source, y, first, n);
  }
}

void
vlm_nn_embed (VlmNn *nn, const VlmNnTensor *ids, const VlmNnMatrix *w,
    const VlmNnTensor *features, const VlmNnTensor *y)
{
  guint64 chunk;

  for (guint i = 0; i < w->n_parts; i++)
    if (w->parts[i].order.buffer != NULL) {
      vlm_nn_fail (nn,
          g_error_new_literal (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
              "embed: rows in an order of their own (desc_act) are no "
              "embeddings"));
      return;
    }
  if (ids->n_rows != y->n_rows || y->n_cols != w->n_in ||
      (features != NULL && features->n_cols != w->n_in)) {
    vlm_nn_fail (nn,
        g_error_new (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
            "embed: ids [%" G_GUINT64_FORMAT
            "], w [%u, %u], features [.., %u], "
            "y [%" G_GUINT64_FORMAT ", %u] do not match each other",
            ids->n_rows, w->n_out, w->n_in,
            features != NULL ? features->n_cols : 0, y->n_rows, y->n_cols));
    return;
  }
  chunk = vlm_nn_chunk_rows (nn, y->n_rows, MAX (y->ld, ids->ld), 1);
  for (guint64 first = 0; chunk != 0 && first < y->n_rows; first += chunk)
    record_embed_rows (
        nn, ids, w, features, y, first, MIN (chunk, y->n_rows - first));
}

static void
record_scatter (VlmNn *nn, const VlmNnTensor *x, guint64 first_x, guint64 n_x,
    const VlmNnTensor *index, const VlmNnTensor *y, guint64 first_y,
    guint64 n_y)
{
  const guint32 spec[] = { LOCAL_SIZE, 1, 1 };
  const VlmVkBinding bindings[] = {
    vlm_nn_bind_floats (x, first_x, n_x, VLM_VK_READ),
    vlm_nn_bind_ints (index, first_x, n_x, VLM_VK_READ),
    vlm_nn_bind_floats (y, first_y, n_y, VLM_VK_WRITE),
  };
  const ScatterPush push = {
    .ld4 = x->ld / 4,
    .index_ld4 = index->ld / 4,
    .first = (guint32) first_y,
    .n = (guint32) n_y,
  };

  vlm_nn_dispatch (nn, &vlm_shader_scatter_rows, spec, G_N_ELEMENTS (spec),
      bindings, &push, sizeof push, groups_for (push.ld4), (guint) n_x, 1);
}

void
vlm_nn_scatter_rows (VlmNn *nn, const VlmNnTensor *x, const VlmNnTensor *index,
    const VlmNnTensor *y)
{
  guint64 chunk_x, chunk_y;

  if (x->n_cols != y->n_cols || x->n_rows != index->n_rows ||
      x->n_rows > y->n_rows) {
    vlm_nn_fail (nn,
        g_error_new (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
            "scatter_rows: x [%" G_GUINT64_FORMAT ", %u], index "
            "[%" G_GUINT64_FORMAT "], y [%" G_GUINT64_FORMAT
            ", %u] do not match each other",
            x->n_rows, x->n_cols, index->n_rows, y->n_rows, y->n_cols));
    return;
  }
  chunk_x = vlm_nn_chunk_rows (nn, x->n_rows, MAX (x->ld, index->ld), 1);
  chunk_y = vlm_nn_chunk_rows (nn, y->n_rows, y->ld, 1);
  if (chunk_x == 0 || chunk_y == 0)
    return;
  for (guint64 i = 0; i < x->n_rows; i += chunk_x)
    for (guint64 j = 0; j < y->n_rows; j += chunk_y)
      record_scatter (nn, x, i, MIN (chunk_x, x->n_rows - i), index, y, j,
          MIN (chunk_y, y->n_rows - j));
}

void
vlm_nn_copy_rows (VlmNn *nn, const VlmNnTensor *x, guint64 first_x,
    const VlmNnTensor *y, guint64 first_y, guint64 n_rows)
{
  const guint64 row_bytes = (guint64) x->ld * 4;

  if (x->n_cols != y->n_cols || first_x + n_rows > x->n_rows ||
      first_y + n_rows > y->n_rows) {
    vlm_nn_fail (nn,
        g_error_new (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
            "copy_rows: %" G_GUINT64_FORMAT " rows from %" G_GUINT64_FORMAT
            " of x [%" G_GUINT64_FORMAT ", %u] to %" G_GUINT64_FORMAT
            " of y [%" G_GUINT64_FORMAT ", %u]",
            n_rows, first_x, x->n_rows, x->n_cols, first_y, y->n_rows,
            y->n_cols));
    return;
  }
  if (n_rows == 0)
    return;
  nn->copied_bytes += n_rows * row_bytes;
  vlm_vk_commands_copy (nn->commands, x->buffer,
      x->offset + first_x * row_bytes, y->buffer,
      y->offset + first_y * row_bytes, n_rows * row_bytes);
}
