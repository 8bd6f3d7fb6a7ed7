/* gst-vlm: recording attention
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/attention.h"

#include "model/attention-map.h"

struct _VlmAttentionRecorder
{
  const VlmConfig *config;
  VlmVision *vision;
  VlmContext *context;
  VlmFeatureCache *features;
  VlmModelTaps *vision_taps; /* of the slices that were encoded last */
  VlmModelTaps *text_taps;   /* queries of the tokens that write the answer */
  GArray *blocks;            /* guint: with full attention */
  GHashTable *received;      /* serial -> float [n_blocks, n_heads, P] */
};

static const VlmTap *
look_up (VlmModelTaps *taps, const char *name, guint index, GError **error)
{
  g_autofree char *full_name = g_strdup_printf ("%s%u", name, index);

  return vlm_model_taps_lookup (taps, full_name, error);
}

/* --- the vision tower ----------------------------------------------------- */

/* The patches of a slice in raster order, from rows @first … of the taps, which
 * are in window order. */
static float *
map_slice (VlmAttentionRecorder *self, const VlmSliceRef *slice, gsize first,
    GError **error)
{
  const VlmVisionConfig *c = &self->config->vision;
  g_autofree guint32 *order =
      vlm_vision_order (self->config, &slice->grid, error);
  const gsize n = (gsize) slice->grid.h * slice->grid.w;
  g_autofree float *maps = NULL;
  g_autofree float *windowed = NULL;

  if (order == NULL)
    return NULL;
  maps = g_new (float, self->blocks->len * c->n_heads * n);
  windowed = g_new (float, c->n_heads *n);
  for (guint i = 0; i < self->blocks->len; i++) {
    guint block = g_array_index (self->blocks, guint, i);
    const VlmTap *q = look_up (self->vision_taps, "q", block, error);
    const VlmTap *k =
        q != NULL ? look_up (self->vision_taps, "k", block, error) : NULL;
    float *target = maps + i * c->n_heads * n;

    if (k == NULL)
      return NULL;
    g_assert (first + n <= q->n_rows && q->n_rows == k->n_rows);
    vlm_attention_received (q->data + first * q->n_cols,
        k->data + first * k->n_cols, (guint) n, c->n_heads, c->head_dim,
        windowed);
    for (guint head = 0; head < c->n_heads; head++)
      for (gsize j = 0; j < n; j++)
        target[head * n + order[j]] = windowed[head * n + j];
  }
  return g_steal_pointer (&maps);
}

static gboolean
on_encoded (const VlmSliceRef *slices, guint n_slices, guint64 first_serial,
    gpointer user_data, GError **error)
{
  VlmAttentionRecorder *self = user_data;
  gsize first = 0;

  for (guint i = 0; i < n_slices; i++) {
    float *maps = map_slice (self, &slices[i], first, error);
    guint64 *serial;

    if (maps == NULL)
      return FALSE;
    serial = g_new (guint64, 1);
    *serial = first_serial + i;
    g_hash_table_insert (self->received, serial, maps);
    first += (gsize) slices[i].grid.h * slices[i].grid.w;
  }
  vlm_model_taps_reset (self->vision_taps);
  return TRUE;
}

/* --- life ----------------------------------------------------------------- */

static void
want (VlmModelTaps *taps, const char *name, guint index)
{
  g_autofree char *full_name = g_strdup_printf ("%s%u", name, index);

  vlm_model_taps_want (taps, full_name);
}

VlmAttentionRecorder *
vlm_attention_recorder_new (const VlmConfig *config, VlmVision *vision,
    VlmContext *context, VlmFeatureCache *features)
{
  VlmAttentionRecorder *self = g_new0 (VlmAttentionRecorder, 1);

  self->config = config;
  self->vision = vision;
  self->context = context;
  self->features = features;
  self->vision_taps = vlm_model_taps_new ();
  self->text_taps = vlm_model_taps_new ();
  self->blocks = g_array_new (FALSE, FALSE, sizeof (guint));
  self->received =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  /* a tower without such a block must not tap everything */
  want (self->vision_taps, "q", config->vision.depth);
  for (guint i = 0; i < config->vision.depth; i++)
    if (vlm_vision_config_is_full (&config->vision, i)) {
      g_array_append_val (self->blocks, i);
      want (self->vision_taps, "q", i);
      want (self->vision_taps, "k", i);
    }
  for (guint i = 0; i < config->text.n_layers; i++)
    want (self->text_taps, "text.q", i);
  vlm_vision_set_taps (vision, self->vision_taps);
  vlm_context_set_taps (context, self->text_taps);
  vlm_feature_cache_forget (features);
  vlm_feature_cache_set_observer (features, on_encoded, self);
  return self;
}

void
vlm_attention_recorder_free (VlmAttentionRecorder *self)
{
  if (self == NULL)
    return;
  vlm_feature_cache_set_observer (self->features, NULL, NULL);
  vlm_context_set_taps (self->context, NULL);
  vlm_vision_set_taps (self->vision, NULL);
  vlm_model_taps_free (self->vision_taps);
  vlm_model_taps_free (self->text_taps);
  g_array_unref (self->blocks);
  g_hash_table_unref (self->received);
  g_free (self);
}

VlmModelTaps *
vlm_attention_recorder_get_taps (VlmAttentionRecorder *self)
{
  return self->text_taps;
}

/* --- the answer ----------------------------------------------------------- */

/* What finishing works on. */
typedef struct
{
  VlmAttentionRecorder *recorder;
  VlmAttention *out;
  guint n_prompt;
  guint *first_cells; /* [n_slices]: place of the first cell in the prompt */
  double *row;        /* [n_keys] */
  float *keys;        /* [n_keys, K * D] of the layer at hand */
} Finish;

static void
add_row (const Finish *f, guint layer, guint token)
{
  VlmAttention *out = f->out;
  const VlmTextConfig *c = &f->recorder->config->text;
  double per_layer = 1.0 / ((double) c->n_heads * out->n_tokens);
  double per_token = 1.0 / ((double) c->n_heads * out->n_layers);

  for (guint s = 0; s < out->n_slices; s++) {
    VlmAttentionSlice *slice = &out->slices[s];
    gsize n = (gsize) slice->n_rows * slice->n_cols;
    const double *row = f->row + f->first_cells[s];

    for (gsize i = 0; i < n; i++) {
      slice->layers[layer * n + i] += (float) (row[i] * per_layer);
      slice->tokens[token * n + i] += (float) (row[i] * per_token);
    }
  }
}

static gboolean
add_layer (Finish *f, guint layer, GCancellable *cancellable, GError **error)
{
  const VlmTextConfig *c = &f->recorder->config->text;
  const guint group = c->n_heads / c->n_kv_heads;
  const gsize ld = (gsize) c->n_kv_heads * c->head_dim;
  const guint n_keys = f->n_prompt - 1 + f->out->n_tokens;
  const VlmTap *q = look_up (f->recorder->text_taps, "text.q", layer, error);

  if (q == NULL ||
      !vlm_context_read_keys (
          f->recorder->context, layer, n_keys, f->keys, error))
    return FALSE;
  g_assert (q->n_rows >= f->out->n_tokens);
  for (guint token = 0; token < f->out->n_tokens; token++) {
    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return FALSE;
    for (guint head = 0; head < c->n_heads; head++) {
      vlm_attention_probabilities (
          q->data + (gsize) token * q->n_cols + (gsize) head * c->head_dim,
          f->keys + (gsize) (head / group) * c->head_dim, ld,
          f->n_prompt + token, c->head_dim, f->row);
      add_row (f, layer, token);
    }
  }
  return TRUE;
}

static void
init_slice (VlmAttentionSlice *slice, const VlmAttention *out,
    const VlmSliceRef *ref, guint merge, const float *received)
{
  gsize n_patches = (gsize) ref->grid.h * ref->grid.w;

  slice->frame = vlm_frame_ref (ref->first);
  slice->is_video = ref->is_video;
  slice->n_rows = ref->grid.h / merge;
  slice->n_cols = ref->grid.w / merge;
  slice->layers = g_new0 (float, (gsize) out->n_layers * ref->n_cells);
  slice->tokens = g_new0 (float, (gsize) out->n_tokens * ref->n_cells);
  slice->n_patch_rows = ref->grid.h;
  slice->n_patch_cols = ref->grid.w;
  slice->received = g_memdup2 (received,
      (gsize) out->n_blocks * out->n_heads * n_patches * sizeof (float));
}

static VlmAttention *
make_maps (VlmAttentionRecorder *self, const VlmLayout *layout,
    const guint64 *serials, const VlmTranscript *transcript)
{
  VlmAttention *out = g_new0 (VlmAttention, 1);

  out->n_layers = self->config->text.n_layers;
  /* the last prompt token and every appended one wrote what came after it */
  out->n_tokens = MIN (transcript->answer->len, transcript->appended->len + 1);
  out->token_ids =
      g_memdup2 (transcript->answer->data, out->n_tokens * sizeof (gint32));
  out->token_ends =
      g_memdup2 (transcript->ends->data, out->n_tokens * sizeof (gsize));
  out->n_blocks = self->blocks->len;
  out->blocks = g_memdup2 (self->blocks->data, out->n_blocks * sizeof (guint));
  out->n_heads = self->config->vision.n_heads;
  out->n_slices = layout->slices->len;
  out->slices = g_new0 (VlmAttentionSlice, out->n_slices);
  for (guint i = 0; i < out->n_slices; i++)
    init_slice (&out->slices[i], out,
        &g_array_index (layout->slices, VlmSliceRef, i),
        self->config->vision.spatial_merge_size,
        g_hash_table_lookup (self->received, &serials[i]));
  return out;
}

/* The cells of a slice follow each other, slice after slice. */
static guint *
find_first_cells (const VlmLayout *layout)
{
  guint *firsts = g_new0 (guint, layout->slices->len + 1);
  guint at = 0;

  for (guint i = 0; i < layout->slices->len; i++) {
    while (g_array_index (layout->ids, gint32, at) >= 0)
      at++;
    firsts[i] = at;
    at += g_array_index (layout->slices, VlmSliceRef, i).n_cells;
  }
  return firsts;
}

VlmAttention *
vlm_attention_recorder_finish (VlmAttentionRecorder *self,
    const VlmLayout *layout, const guint64 *serials,
    const VlmTranscript *transcript, GCancellable *cancellable, GError **error)
{
  const VlmTextConfig *c = &self->config->text;
  g_autoptr (VlmAttention) out = make_maps (self, layout, serials, transcript);
  gsize n_keys = (gsize) layout->ids->len + out->n_tokens;
  g_autofree guint *first_cells = find_first_cells (layout);
  g_autofree double *row = g_new (double, n_keys);
  g_autofree float *keys = g_new (float, n_keys * c->n_kv_heads * c->head_dim);
  Finish finish = { self, out, layout->ids->len, first_cells, row, keys };

  for (guint i = 0; i < out->n_layers && out->n_tokens > 0; i++)
    if (!add_layer (&finish, i, cancellable, error))
      return NULL;
  return g_steal_pointer (&out);
}

/**
 * vlm_attention_free: (skip)
 * @attention: (nullable) (transfer full): what vlm_session_steal_attention() gave
 *
 * Frees the maps and the frames they belong to.
 *
 * Since: 0.1
 */
void
vlm_attention_free (VlmAttention *attention)
{
  if (attention == NULL)
    return;
  for (guint i = 0; i < attention->n_slices; i++) {
    VlmAttentionSlice *slice = &attention->slices[i];

    g_clear_pointer (&slice->frame, vlm_frame_unref);
    g_free (slice->layers);
    g_free (slice->tokens);
    g_free (slice->received);
  }
  g_free (attention->slices);
  g_free (attention->token_ids);
  g_free (attention->token_ends);
  g_free (attention->blocks);
  g_free (attention);
}
