/* gst-vlm: intermediate values, by name
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/taps.h"

#include <vlm/vlm-error.h>

struct _VlmModelTaps
{
  GHashTable *by_name; /* char * -> VlmTap * */
  char *prefix;
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

/* The tap of that name, with room for the rows of @tensor at its end. */
static VlmTap *
extend (VlmModelTaps *taps, char *name, const VlmNnTensor *tensor)
{
  VlmTap *tap = g_hash_table_lookup (taps->by_name, name);

  if (tap == NULL) {
    tap = g_new0 (VlmTap, 1);
    tap->n_cols = tensor->n_cols;
    g_hash_table_insert (taps->by_name, name, tap);
  } else {
    g_free (name);
  }
  g_assert (tap->n_cols == tensor->n_cols);
  tap->data = g_renew (
      float, tap->data, (gsize) (tap->n_rows + tensor->n_rows) * tap->n_cols);
  return tap;
}

void
vlm_model_taps_take (VlmModelTaps *taps, VlmNn *nn, const char *name, int index,
    const VlmNnTensor *tensor)
{
  char *full_name;
  VlmTap *tap;

  if (taps == NULL || taps->error != NULL)
    return;
  full_name = index < 0 ? g_strconcat (taps->prefix, name, NULL)
                        : g_strdup_printf ("%s%s%d", taps->prefix, name, index);
  tap = extend (taps, full_name, tensor);
  if (vlm_nn_submit (nn, &taps->error) &&
      vlm_nn_wait (nn, NULL, &taps->error) &&
      vlm_nn_tensor_read (tensor, nn, 0, tensor->n_rows,
          tap->data + (gsize) tap->n_rows * tap->n_cols, &taps->error))
    tap->n_rows += (guint) tensor->n_rows;
  vlm_nn_begin (nn);
}

const VlmTap *
vlm_model_taps_lookup (VlmModelTaps *taps, const char *name, GError **error)
{
  const VlmTap *tap;

  if (taps->error != NULL) {
    g_propagate_error (error, g_error_copy (taps->error));
    return NULL;
  }
  tap = g_hash_table_lookup (taps->by_name, name);
  if (tap == NULL)
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "%s was never tapped", name);
  return tap;
}
