/* gst-vlm: where a model's numbers stop being finite
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/not-finite.h"

#include <math.h>

/* In the order in which they are computed. */
static const struct
{
  const char *tap;
  const char *words; /* with a place for the number of the layer */
} places[] = {
  { "patch_embed", "the patch embedding of the vision tower" },
  { "block", "block %d of the vision tower" },
  { "inputs_embeds", "the token embedding" },
  { "text.layer", "layer %d of the language model" },
};

typedef struct
{
  char *where; /* NULL: not found yet */
  GCancellable *enough;
  GCancellable *cancellable; /* of the caller; nullable */
} Search;

static gboolean
is_finite (const float *data, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (!isfinite (data[i]))
      return FALSE;
  return TRUE;
}

static char *
describe (const char *tap, int index)
{
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    if (g_str_equal (places[i].tap, tap))
      return g_strdup_printf (places[i].words, index);
  return g_strdup (tap);
}

static void
look (const char *name, int index, const VlmTap *tap, gpointer user_data)
{
  Search *search = user_data;

  if (search->where == NULL &&
      !is_finite (tap->data, (gsize) tap->n_rows * tap->n_cols))
    search->where = describe (name, index);
  if (search->where != NULL || g_cancellable_is_cancelled (search->cancellable))
    g_cancellable_cancel (search->enough);
}

static void
want_each (VlmModelTaps *taps, const char *name, guint n)
{
  for (guint i = 0; i < n; i++) {
    g_autofree char *full_name = g_strdup_printf ("%s%u", name, i);

    vlm_model_taps_want (taps, full_name);
  }
}

static VlmModelTaps *
make_taps (const VlmConfig *config, Search *search)
{
  VlmModelTaps *taps = vlm_model_taps_new ();

  vlm_model_taps_want (taps, "patch_embed");
  want_each (taps, "block", config->vision.depth);
  vlm_model_taps_want (taps, "inputs_embeds");
  want_each (taps, "text.layer", config->text.n_layers);
  vlm_model_taps_set_func (taps, look, search);
  return taps;
}

/* The features are what the merger makes of the last block. */
static gboolean
check_features (const VlmSuspect *suspect, const VlmLayout *layout,
    const guint64 *rows, Search *search, GError **error)
{
  const VlmNnTensor *features =
      vlm_feature_cache_get_features (suspect->features);

  for (guint i = 0; i < layout->slices->len; i++) {
    guint n = g_array_index (layout->slices, VlmSliceRef, i).n_cells;
    gsize n_floats = (gsize) n * features->n_cols;
    g_autofree float *data = g_new (float, n_floats);

    if (!vlm_nn_tensor_read (features, suspect->nn, rows[i], n, data, error))
      return FALSE;
    if (search->where == NULL && !is_finite (data, n_floats))
      search->where = g_strdup ("the merger of the vision tower");
  }
  return TRUE;
}

/* The choice makes the last layer run, for the last token. */
static gboolean
append (const VlmSuspect *suspect, const VlmTokenSpan *span, Search *search,
    GError **error)
{
  const VlmWork work = { .cancellable = search->enough };
  const VlmChoose greedy = { .penalty = 1.0f };
  VlmNnChoice choice;

  if (!vlm_context_append (
          suspect->context, span, &greedy, &choice, &work, error))
    return FALSE;
  if (search->where == NULL && choice.token == VLM_NN_NOT_FINITE)
    search->where = g_strdup ("the output head");
  return TRUE;
}

static gboolean
run_text (const VlmSuspect *suspect, const VlmLayout *layout,
    const guint64 *rows, const GArray *appended, Search *search, GError **error)
{
  g_autoptr (GArray) ids = vlm_layout_resolve (layout, rows);
  const VlmTokenSpan prompt = {
    .ids = (const gint32 *) (gpointer) ids->data,
    .positions = &layout->positions,
    .n = ids->len,
    .features = vlm_feature_cache_get_features (suspect->features),
  };
  VlmPositions positions;
  const VlmTokenSpan answer = {
    .ids = (const gint32 *) (gpointer) appended->data,
    .positions = &positions,
    .n = appended->len,
  };
  gboolean good;

  vlm_context_truncate (suspect->context, 0, 0);
  if (!append (suspect, &prompt, search, error))
    return FALSE;
  if (appended->len == 0 || search->where != NULL)
    return TRUE;
  vlm_positions_init (&positions);
  positions.next = layout->positions.next;
  vlm_positions_add_text (&positions, appended->len);
  good = append (suspect, &answer, search, error);
  vlm_positions_clear (&positions);
  return good;
}

static gboolean
run_all (const VlmSuspect *suspect, const VlmLayout *layout,
    const GArray *appended, Search *search, GError **error)
{
  guint n_slices = layout->slices->len;
  g_autofree guint64 *rows = g_new (guint64, n_slices + 1);
  g_autofree guint64 *serials = g_new (guint64, n_slices + 1);
  const VlmWork work = { .cancellable = search->enough };

  vlm_feature_cache_forget (suspect->features);
  return vlm_feature_cache_prepare (suspect->features,
             (const VlmSliceRef *) (gpointer) layout->slices->data, n_slices,
             rows, serials, &work, error) &&
      check_features (suspect, layout, rows, search, error) &&
      (search->where != NULL ||
          run_text (suspect, layout, rows, appended, search, error));
}

char *
vlm_find_not_finite (const VlmSuspect *suspect, const VlmLayout *layout,
    const GArray *appended, GCancellable *cancellable, GError **error)
{
  g_autoptr (GCancellable) enough = g_cancellable_new ();
  Search search = { .enough = enough, .cancellable = cancellable };
  g_autoptr (VlmModelTaps) taps = make_taps (suspect->config, &search);
  g_autoptr (GError) own_error = NULL;

  vlm_vision_set_taps (suspect->vision, taps);
  vlm_context_set_taps (suspect->context, taps);
  if ((!run_all (suspect, layout, appended, &search, &own_error) ||
          !vlm_model_taps_check (taps, &own_error)) &&
      search.where == NULL)
    g_propagate_error (error, g_steal_pointer (&own_error));
  vlm_vision_set_taps (suspect->vision, NULL);
  vlm_context_set_taps (suspect->context, NULL);
  return search.where;
}
