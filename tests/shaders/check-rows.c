/* gst-vlm: checks what moves rows: embed, scatter_rows, copy_rows
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Nothing is computed, so that results are equal, not near. */
#include "nn/format.h"
#include "ref/ref-ops.h"
#include "shaders/vkcheck.h"

#include <string.h>

typedef struct
{
  guint n_tokens, n_out, n_features, n_cols;
  VlmDType dtype;

  float *w_data, *features_data;
  gint32 *id_data;
  VlmNnTensor ids, features, y;
  VlmNnMatrix *w;
} Embed;

static void
embed_init (VkCheck *check, Embed *e)
{
  const gsize n_w = (gsize) e->n_out * e->n_cols;
  const gsize n_f = (gsize) e->n_features * e->n_cols;
  g_autofree guint8 *raw =
      g_malloc (e->n_out * vlm_dtype_row_bytes (e->dtype, e->n_cols));
  GError *error = NULL;

  e->w_data = g_new (float, n_w);
  e->features_data = g_new (float, n_f);
  e->id_data = g_new (gint32, e->n_tokens);
  vkcheck_make_floats (check, VKCHECK_RANDOM, e->features_data, n_f);
  if (vlm_dtype_block_length (e->dtype) > 1) {
    vkcheck_make_blocks (check, e->dtype, e->n_out, e->n_cols, e->w_data, raw);
  } else {
    vkcheck_make_floats (check, VKCHECK_RANDOM, e->w_data, n_w);
    vkcheck_quantise (e->dtype, e->w_data, n_w, raw);
  }
  /* beyond the last of either now and then */
  for (guint i = 0; i < e->n_tokens; i++)
    e->id_data[i] = (gint32) rng_below (&check->rng,
                        e->n_out + e->n_features + (i == 7 ? 99 : 0)) -
        (gint32) e->n_features;
  if (e->n_tokens > 3 && e->n_features > 0) {
    e->id_data[0] = (gint32) e->n_out - 1;
    e->id_data[1] = -(gint32) e->n_features;
    e->id_data[2] = -(gint32) e->n_features - 1;
    e->id_data[3] = (gint32) e->n_out;
  }

  e->w = vlm_nn_matrix_new (check->nn, e->n_out, e->n_cols, e->dtype, &error);
  vkcheck_no_error (error, "matrix");
  vlm_nn_matrix_write (e->w, VLM_NN_ROWS_PLAIN, 0, e->n_out, raw, &error);
  vkcheck_no_error (error, "weights");
  e->ids = vkcheck_tensor (check, e->n_tokens, 1, e->id_data);
  e->y = vkcheck_tensor (check, e->n_tokens, e->n_cols, NULL);
  if (e->n_features > 0)
    e->features =
        vkcheck_tensor (check, e->n_features, e->n_cols, e->features_data);
}

static void
embed_clear (Embed *e)
{
  vlm_nn_tensor_clear (&e->ids);
  vlm_nn_tensor_clear (&e->features);
  vlm_nn_tensor_clear (&e->y);
  g_clear_pointer (&e->w, vlm_nn_matrix_free);
  g_clear_pointer (&e->w_data, g_free);
  g_clear_pointer (&e->features_data, g_free);
  g_clear_pointer (&e->id_data, g_free);
}

static void
record_embed (VlmNn *nn, gpointer user_data)
{
  Embed *e = user_data;

  vlm_nn_embed (
      nn, &e->ids, e->w, e->n_features > 0 ? &e->features : NULL, &e->y);
}

/* Minus zero is zero. */
static gboolean
same_values (const float *a, const float *b, guint n)
{
  for (guint i = 0; i < n; i++)
    if (!(a[i] == b[i]))
      return FALSE;
  return TRUE;
}

static void
check_embed (VkCheck *check, const char *split, Embed e)
{
  g_autofree float *actual = g_new (float, (gsize) e.n_tokens *e.n_cols);
  g_autofree float *zeros = g_new0 (float, e.n_cols);
  GError *error = NULL;

  if (!vkcheck_begin (check, "embed/%s/%s/%ux%ux%u+%u", split,
          vlm_dtype_name (e.dtype), e.n_tokens, e.n_cols, e.n_out,
          e.n_features))
    return;
  embed_init (check, &e);
  vkcheck_run (check, record_embed, &e);
  vkcheck_guards (check, &e.y);
  vlm_nn_tensor_read (&e.y, check->nn, 0, e.n_tokens, actual, &error);
  vkcheck_no_error (error, "read");
  for (guint i = 0; i < e.n_tokens; i++) {
    const float *row = ref_embed_row (e.id_data[i], e.w_data, e.n_out,
        e.features_data, e.n_features, e.n_cols);

    if (!same_values (
            actual + (gsize) i * e.n_cols, row != NULL ? row : zeros, e.n_cols))
      vkcheck_fail (check, "row %u is not that of id %d", i, e.id_data[i]);
  }
  vkcheck_end (check);
  embed_clear (&e);
}

typedef struct
{
  guint n_x, n_y, n_cols;
  guint64 first_x, first_y, n_copied;
  VlmNnTensor x, y, index;
} Move;

static void
record_scatter (VlmNn *nn, gpointer user_data)
{
  Move *m = user_data;

  vlm_nn_scatter_rows (nn, &m->x, &m->index, &m->y);
}

static void
record_copy (VlmNn *nn, gpointer user_data)
{
  Move *m = user_data;

  vlm_nn_copy_rows (nn, &m->x, m->first_x, &m->y, m->first_y, m->n_copied);
}

/* Row i of y is row source[i] of x, or as it was where that is negative. */
static void
compare_moved (VkCheck *check, Move *m, const float *x, const float *before,
    const gint32 *source)
{
  g_autofree float *after = g_new (float, (gsize) m->n_y * m->n_cols);
  GError *error = NULL;

  vlm_nn_tensor_read (&m->y, check->nn, 0, m->n_y, after, &error);
  vkcheck_no_error (error, "read");
  vkcheck_guards (check, &m->y);
  for (guint i = 0; i < m->n_y; i++) {
    const float *row = source[i] >= 0 ? x + (gsize) source[i] * m->n_cols
                                      : before + (gsize) i * m->n_cols;

    if (memcmp (after + (gsize) i * m->n_cols, row, m->n_cols * 4) != 0)
      vkcheck_fail (check, "row %u is not row %d", i, source[i]);
  }
}

static void
check_move (VkCheck *check, const char *name, gboolean scatter, Move m)
{
  g_autofree float *x = g_new (float, (gsize) m.n_x *m.n_cols);
  g_autofree float *before = g_new (float, (gsize) m.n_y *m.n_cols);
  g_autofree gint32 *index = g_new (gint32, m.n_x);
  g_autofree gint32 *source = g_new (gint32, m.n_y);

  if (!vkcheck_begin (check, "%s/%ux%u->%u", name, m.n_x, m.n_cols, m.n_y))
    return;
  vkcheck_make_floats (check, VKCHECK_RANDOM, x, (gsize) m.n_x * m.n_cols);
  vkcheck_make_floats (check, VKCHECK_RANDOM, before, (gsize) m.n_y * m.n_cols);
  for (guint i = 0; i < m.n_y; i++)
    source[i] = -1;
  for (guint i = 0; scatter && i < m.n_x; i++) {
    do
      index[i] = (gint32) rng_below (&check->rng, m.n_y);
    while (source[index[i]] >= 0);
    source[index[i]] = (gint32) i;
  }
  for (guint64 i = 0; !scatter && i < m.n_copied; i++)
    source[m.first_y + i] = (gint32) (m.first_x + i);

  m.x = vkcheck_tensor (check, m.n_x, m.n_cols, x);
  m.y = vkcheck_tensor (check, m.n_y, m.n_cols, before);
  if (scatter)
    m.index = vkcheck_tensor (check, m.n_x, 1, index);
  vkcheck_run (check, scatter ? record_scatter : record_copy, &m);
  compare_moved (check, &m, x, before, source);
  vkcheck_end (check);
  vlm_nn_tensor_clear (&m.x);
  vlm_nn_tensor_clear (&m.y);
  vlm_nn_tensor_clear (&m.index);
}

void
check_rows (VkCheck *check)
{
  static const VlmDType dtypes[] = { VLM_DTYPE_BF16, VLM_DTYPE_F16,
    VLM_DTYPE_F32 };
  const VlmNnLimits limits = check->nn->limits;

  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++) {
    const VlmDType dtype = dtypes[i];

    check_embed (check, "whole", (Embed){ 1, 3, 0, 13, dtype });
    check_embed (check, "whole", (Embed){ 127, 300, 41, 520, dtype });
    check->nn->limits.part_bytes = 16 * 104 * 4 + 1;
    check->nn->limits.binding_bytes = 16 * 104 * 4 + 1;
    check_embed (check, "split", (Embed){ 127, 300, 41, 100, dtype });
    check->nn->limits = limits;
  }
  /* What a device makes of each type, to the last bit. */
  for (guint i = 0; i < VLM_DTYPE_INVALID; i++) {
    const VlmDType dtype = (VlmDType) i;

    if (vlm_nn_format (dtype) == NULL || vlm_dtype_block_length (dtype) == 1)
      continue;
    check_embed (check, "whole", (Embed){ 13, 41, 3, 13, dtype });
    check_embed (check, "whole", (Embed){ 127, 300, 41, 520, dtype });
    check->nn->limits.part_bytes = 32 * 128 * 3;
    check_embed (check, "split", (Embed){ 127, 300, 41, 100, dtype });
    check->nn->limits = limits;
  }
  check_move (check, "scatter", TRUE, (Move){ 1, 1, 1 });
  check_move (check, "scatter", TRUE, (Move){ 127, 127, 300 });
  check->nn->limits.binding_bytes = 16 * 304 * 4 + 1;
  check_move (check, "scatter/split", TRUE, (Move){ 61, 77, 300 });
  check->nn->limits = limits;
  check_move (check, "copy", FALSE, (Move){ 13, 20, 7, 3, 5, 8 });
  check_move (check, "copy", FALSE, (Move){ 9, 9, 1025, 0, 0, 9 });
}
