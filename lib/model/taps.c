/* gst-vlm: intermediate values, by name
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/taps.h"

#include <vlm/vlm-error.h>

struct _VlmModelTaps
{
  GHashTable *by_name; /* char * -> VlmTap * */
  GHashTable *wanted;  /* char *; NULL for everything */
  guint keep;          /* rows of a tap, 0 for all */
  char *prefix;
  VlmTapFunc func; /* NULL: rows are kept */
  gpointer user_data;
  GError *error; /* the first one */
};

static void
tap_free (gpointer data)
{
  VlmTap *tap = data;

  g_free (tap->data);
  g_free (tap);
}

VlmModelTaps *
vlm_model_taps_new (void)
{
  VlmModelTaps *taps = g_new0 (VlmModelTaps, 1);

  taps->by_name =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, tap_free);
  taps->prefix = g_strdup ("");
  return taps;
}

void
vlm_model_taps_free (VlmModelTaps *taps)
{
  if (taps == NULL)
    return;
  g_hash_table_unref (taps->by_name);
  g_clear_pointer (&taps->wanted, g_hash_table_unref);
  g_free (taps->prefix);
  g_clear_error (&taps->error);
  g_free (taps);
}

void
vlm_model_taps_set_prefix (VlmModelTaps *taps, const char *prefix)
{
  g_free (taps->prefix);
  taps->prefix = g_strdup (prefix);
}

void
vlm_model_taps_want (VlmModelTaps *taps, const char *name)
{
  if (taps->wanted == NULL)
    taps->wanted =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_add (taps->wanted, g_strdup (name));
}

void
vlm_model_taps_keep_last (VlmModelTaps *taps, guint n_rows)
{
  taps->keep = n_rows;
}

void
vlm_model_taps_set_func (
    VlmModelTaps *taps, VlmTapFunc func, gpointer user_data)
{
  taps->func = func;
  taps->user_data = user_data;
}

void
vlm_model_taps_reset (VlmModelTaps *taps)
{
  g_hash_table_remove_all (taps->by_name);
}

/* The tap of that name, with room for @n_rows more rows at its end; NULL when it
 * is not wanted. */
static VlmTap *
extend (
    VlmModelTaps *taps, const char *name, int index, guint n_rows, guint n_cols)
{
  g_autofree char *full_name = index < 0
      ? g_strconcat (taps->prefix, name, NULL)
      : g_strdup_printf ("%s%s%d", taps->prefix, name, index);
  VlmTap *tap;

  if (taps->wanted != NULL && !g_hash_table_contains (taps->wanted, full_name))
    return NULL;
  tap = g_hash_table_lookup (taps->by_name, full_name);
  if (tap == NULL) {
    tap = g_new0 (VlmTap, 1);
    tap->n_cols = n_cols;
    g_hash_table_insert (taps->by_name, g_steal_pointer (&full_name), tap);
  }
  g_assert (tap->n_cols == n_cols);
  tap->data =
      g_renew (float, tap->data, ((gsize) tap->n_rows + n_rows) * tap->n_cols);
  return tap;
}

/* Runs what was recorded, so that it can be read. */
static gboolean
run_recorded (VlmModelTaps *taps, VlmNn *nn)
{
  return vlm_nn_submit (nn, &taps->error) &&
      vlm_nn_wait (nn, NULL, &taps->error);
}

/* @n_rows were appended. */
static void
count_rows (
    VlmModelTaps *taps, const char *name, int index, VlmTap *tap, guint n_rows)
{
  tap->n_rows += n_rows;
  if (taps->func != NULL) {
    taps->func (name, index, tap, taps->user_data);
    vlm_model_taps_reset (taps);
    return;
  }
  if (taps->keep == 0 || tap->n_rows <= taps->keep)
    return;
  memmove (tap->data,
      tap->data + (gsize) (tap->n_rows - taps->keep) * tap->n_cols,
      (gsize) taps->keep * tap->n_cols * sizeof (float));
  tap->n_rows = taps->keep;
}

static float *
end_of (VlmTap *tap)
{
  return tap->data + (gsize) tap->n_rows * tap->n_cols;
}

void
vlm_model_taps_take (VlmModelTaps *taps, VlmNn *nn, const char *name, int index,
    const VlmNnTensor *tensor)
{
  guint n = (guint) tensor->n_rows;
  VlmTap *tap;

  if (taps == NULL || taps->error != NULL)
    return;
  if (taps->keep > 0)
    n = MIN (n, taps->keep);
  tap = extend (taps, name, index, n, tensor->n_cols);
  if (tap == NULL)
    return;
  if (run_recorded (taps, nn) &&
      vlm_nn_tensor_read (
          tensor, nn, tensor->n_rows - n, n, end_of (tap), &taps->error))
    count_rows (taps, name, index, tap, n);
  vlm_nn_begin (nn);
}

void
vlm_model_taps_take_keys (VlmModelTaps *taps, VlmNn *nn, const char *name,
    int index, const VlmNnKv *kv, guint n_rows)
{
  guint n = n_rows;
  VlmTap *tap;

  if (taps == NULL || taps->error != NULL)
    return;
  if (taps->keep > 0)
    n = MIN (n, taps->keep);
  tap = extend (taps, name, index, n, kv->n_heads * kv->head_dim);
  if (tap == NULL)
    return;
  if (run_recorded (taps, nn) &&
      vlm_nn_kv_read_keys (kv, nn, n_rows - n, n, end_of (tap), &taps->error))
    count_rows (taps, name, index, tap, n);
  vlm_nn_begin (nn);
}

gboolean
vlm_model_taps_check (const VlmModelTaps *taps, GError **error)
{
  if (taps->error != NULL)
    g_propagate_error (error, g_error_copy (taps->error));
  return taps->error == NULL;
}

const VlmTap *
vlm_model_taps_lookup (VlmModelTaps *taps, const char *name, GError **error)
{
  const VlmTap *tap;

  if (!vlm_model_taps_check (taps, error))
    return NULL;
  tap = g_hash_table_lookup (taps->by_name, name);
  if (tap == NULL)
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "%s was never tapped", name);
  return tap;
}
