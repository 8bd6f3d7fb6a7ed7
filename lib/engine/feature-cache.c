/* gst-vlm: vision features of slices, kept on the device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/feature-cache.h"

#include "base/work.h"
#include "media/patchify.h"

/* Features that no window uses any more are kept up to this many rows, for
 * windows that come back to them. 16384 rows are 128 MiB for the 3B model. */
#define IDLE_ROWS 16384

/* Patches encoded by one call: bounds the host's copy of the pixels (19 MB). */
#define MAX_PATCHES 4096

/* Frames are identified by their numbers and not held: what is kept for windows
 * that may come back is small, and on the device. */
typedef struct
{
  guint64 first;
  guint64 second;
  guint64 row;
  guint n_cells;
  guint64 serial;
  guint64 used; /* tick of the last call that needed it */
} Entry;

struct _VlmFeatureCache
{
  VlmNet *net;
  VlmNn *nn;
  VlmVision *vision;
  VlmGeometry geometry;
  VlmNormTable norm;
  VlmNnTensor features; /* [n_rows, hidden] */
  GPtrArray *entries;   /* Entry, by row */
  GHashTable *index;    /* Entry -> Entry, by its frames */
  guint64 next_serial;
  guint64 tick;
  guint64 n_encoded;
  guint64 n_reused;
  VlmEncodedFunc on_encoded;
  gpointer observer;
};

static guint
entry_hash (gconstpointer key)
{
  const Entry *entry = key;

  return (guint) entry->first * 31u + (guint) entry->second;
}

static gboolean
entry_equal (gconstpointer a, gconstpointer b)
{
  const Entry *x = a;
  const Entry *y = b;

  return x->first == y->first && x->second == y->second;
}

VlmFeatureCache *
vlm_feature_cache_new (VlmNet *net, VlmNn *nn, VlmVision *vision)
{
  const VlmConfig *config = vlm_net_get_config (net);
  VlmFeatureCache *cache = g_new0 (VlmFeatureCache, 1);

  cache->net = vlm_net_ref (net);
  cache->nn = nn;
  cache->vision = vision;
  vlm_config_get_geometry (config, &cache->geometry);
  vlm_norm_table_init (
      &cache->norm, config->preprocess.mean, config->preprocess.std);
  cache->entries = g_ptr_array_new_with_free_func (g_free);
  cache->index = g_hash_table_new (entry_hash, entry_equal);
  return cache;
}

void
vlm_feature_cache_free (VlmFeatureCache *cache)
{
  if (cache == NULL)
    return;
  g_hash_table_unref (cache->index);
  g_ptr_array_unref (cache->entries);
  vlm_nn_tensor_clear (&cache->features);
  vlm_net_unref (cache->net);
  g_free (cache);
}

const VlmNnTensor *
vlm_feature_cache_get_features (VlmFeatureCache *cache)
{
  return cache->features.buffer != NULL ? &cache->features : NULL;
}

void
vlm_feature_cache_get_counts (
    VlmFeatureCache *cache, guint64 *n_encoded, guint64 *n_reused)
{
  *n_encoded = cache->n_encoded;
  *n_reused = cache->n_reused;
}

void
vlm_feature_cache_forget (VlmFeatureCache *cache)
{
  g_hash_table_remove_all (cache->index);
  g_ptr_array_set_size (cache->entries, 0);
}

void
vlm_feature_cache_set_observer (
    VlmFeatureCache *cache, VlmEncodedFunc func, gpointer user_data)
{
  cache->on_encoded = func;
  cache->observer = user_data;
}

/* --- rows --------------------------------------------------------------- */

/* The first gap of @n_rows between the entries, and where an entry for it belongs
 * in the array. FALSE when there is none. */
static gboolean
find_gap (VlmFeatureCache *cache, guint64 n_rows, guint64 *row, guint *place)
{
  guint64 next = 0;

  for (*place = 0; *place < cache->entries->len; (*place)++) {
    const Entry *entry = cache->entries->pdata[*place];

    if (entry->row - next >= n_rows)
      break;
    next = entry->row + entry->n_cells;
  }
  *row = next;
  return next + n_rows <= cache->features.n_rows;
}

/* Drops the entry that has not been used for the longest time, if it is not
 * needed now. */
static gboolean
evict_one (VlmFeatureCache *cache)
{
  guint oldest = G_MAXUINT;

  for (guint i = 0; i < cache->entries->len; i++) {
    const Entry *entry = cache->entries->pdata[i];

    if (entry->used != cache->tick &&
        (oldest == G_MAXUINT ||
            entry->used < ((Entry *) cache->entries->pdata[oldest])->used))
      oldest = i;
  }
  if (oldest == G_MAXUINT)
    return FALSE;
  g_hash_table_remove (cache->index, cache->entries->pdata[oldest]);
  g_ptr_array_remove_index (cache->entries, oldest);
  return TRUE;
}

static gboolean
grow (VlmFeatureCache *cache, guint64 n_rows, GError **error)
{
  VlmNnTensor bigger;
  guint hidden = vlm_net_get_config (cache->net)->vision.out_hidden_size;

  if (!vlm_nn_tensor_init (&bigger, cache->nn, n_rows, hidden, error))
    return FALSE;
  if (cache->features.n_rows > 0) {
    vlm_nn_begin (cache->nn);
    vlm_nn_copy_rows (
        cache->nn, &cache->features, 0, &bigger, 0, cache->features.n_rows);
    if (!vlm_nn_submit (cache->nn, error) ||
        !vlm_nn_wait (cache->nn, NULL, error)) {
      vlm_nn_tensor_clear (&bigger);
      return FALSE;
    }
  }
  vlm_nn_tensor_clear (&cache->features);
  cache->features = bigger;
  return TRUE;
}

/* Finds a place for @n_rows: in a gap, by growing up to IDLE_ROWS, by dropping
 * what is idle, and only then by growing further. */
static gboolean
reserve (VlmFeatureCache *cache, guint64 n_rows, guint64 *row, guint *place,
    GError **error)
{
  while (!find_gap (cache, n_rows, row, place)) {
    guint64 wanted =
        MAX (2 * cache->features.n_rows, cache->features.n_rows + n_rows);

    if (wanted > IDLE_ROWS && evict_one (cache))
      continue;
    if (!grow (cache, wanted, error))
      return FALSE;
  }
  return TRUE;
}

/* --- encoding ----------------------------------------------------------- */

static Entry *
look_up (VlmFeatureCache *cache, const VlmSliceRef *slice)
{
  Entry key = { .first = slice->first->serial,
    .second = slice->second->serial };

  return g_hash_table_lookup (cache->index, &key);
}

/* How many slices from the first one on can be encoded together: not in the
 * cache, one size, different from each other, not too many patches. */
static guint
count_run (VlmFeatureCache *cache, const VlmSliceRef *slices, guint n_slices)
{
  guint n_patches = slices[0].grid.h * slices[0].grid.w;
  guint n = 1;

  while (n < n_slices && (n + 1) * n_patches <= MAX_PATCHES &&
      slices[n].grid.h == slices[0].grid.h &&
      slices[n].grid.w == slices[0].grid.w &&
      look_up (cache, &slices[n]) == NULL) {
    for (guint i = 0; i < n; i++)
      if (slices[i].first == slices[n].first &&
          slices[i].second == slices[n].second)
        return n;
    n++;
  }
  return n;
}

/* [n_slices * patches, floats of a patch] in merge order. */
static float *
make_patches (VlmFeatureCache *cache, const VlmSliceRef *slices, guint n_slices,
    GError **error)
{
  g_autofree float *patches = NULL;
  gsize n_slice = 0;

  for (guint i = 0; i < n_slices; i++) {
    VlmFrame *frames[2] = { slices[i].first, slices[i].second };
    VlmPatchGrid grid;

    if (!vlm_patch_grid (&cache->geometry, frames, 2, &grid, error))
      return NULL;
    if (patches == NULL) {
      n_slice = (gsize) grid.n_patches * grid.patch_floats;
      patches = g_new (float, n_slice *n_slices);
    }
    vlm_patchify (&cache->geometry, &cache->norm, &grid, frames, 2,
        patches + i * n_slice);
  }
  return g_steal_pointer (&patches);
}

static gboolean
encode_run (VlmFeatureCache *cache, const VlmSliceRef *slices, guint n_slices,
    const VlmWork *work, GError **error)
{
  VlmGrid grid = { n_slices, slices[0].grid.h, slices[0].grid.w };
  g_autofree float *patches = NULL;
  guint64 row;
  guint place;

  if (!reserve (
          cache, (guint64) n_slices * slices[0].n_cells, &row, &place, error))
    return FALSE;
  patches = make_patches (cache, slices, n_slices, error);
  if (patches == NULL ||
      !vlm_vision_encode (
          cache->vision, patches, &grid, 1, &cache->features, row, work, error))
    return FALSE;
  if (cache->on_encoded != NULL &&
      !cache->on_encoded (
          slices, n_slices, cache->next_serial + 1, cache->observer, error))
    return FALSE;
  for (guint i = 0; i < n_slices; i++) {
    Entry *entry = g_new0 (Entry, 1);

    entry->first = slices[i].first->serial;
    entry->second = slices[i].second->serial;
    entry->row = row + (guint64) i * slices[i].n_cells;
    entry->n_cells = slices[i].n_cells;
    entry->serial = ++cache->next_serial;
    entry->used = cache->tick;
    g_ptr_array_insert (cache->entries, (int) (place + i), entry);
    g_hash_table_add (cache->index, entry);
  }
  cache->n_encoded += n_slices;
  return TRUE;
}

gboolean
vlm_feature_cache_prepare (VlmFeatureCache *cache, const VlmSliceRef *slices,
    guint n_slices, guint64 *rows, guint64 *serials, const VlmWork *work,
    GError **error)
{
  /* Progress is reported here, as the share of the slices. */
  const VlmWork quiet = { .cancellable = vlm_work_cancellable (work) };
  guint n_found = 0;

  cache->tick++;
  for (guint i = 0; i < n_slices; i++) {
    Entry *entry = look_up (cache, &slices[i]);

    if (entry != NULL) {
      entry->used = cache->tick;
      n_found++;
    }
  }
  for (guint i = 0; i < n_slices;) {
    guint n_run = 1;

    if (look_up (cache, &slices[i]) == NULL) {
      n_run = count_run (cache, slices + i, n_slices - i);
      if (!encode_run (cache, slices + i, n_run, &quiet, error))
        return FALSE;
    }
    i += n_run;
    vlm_work_progress (work, "vision", (double) i / n_slices);
  }
  for (guint i = 0; i < n_slices; i++) {
    const Entry *entry = look_up (cache, &slices[i]);

    rows[i] = entry->row;
    serials[i] = entry->serial;
  }
  cache->n_reused += n_found;
  return TRUE;
}
