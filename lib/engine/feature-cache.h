/* gst-vlm: vision features of slices, kept on the device
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Slices never attend to each other in the vision tower, so the features of a
 * slice are the same in every window that holds it: encode once, use again. */
#pragma once

#include "engine/prompt.h"
#include "model/vision.h"

typedef struct _VlmFeatureCache VlmFeatureCache;

VlmFeatureCache *
vlm_feature_cache_new (VlmNet *net, VlmNn *nn, VlmVision *vision);
void vlm_feature_cache_free (VlmFeatureCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmFeatureCache, vlm_feature_cache_free)

/* Makes sure that the features of all @slices are cached, and returns where:
 * rows[i] is the row of slice i's first cell, serials[i] a number that belongs
 * to these features for ever. Valid until the next call. */
gboolean vlm_feature_cache_prepare (VlmFeatureCache *cache,
    const VlmSliceRef *slices, guint n_slices, guint64 *rows, guint64 *serials,
    const VlmWork *work, GError **error);

/* [rows, hidden]; changes when the cache grows. NULL before the first slice. */
const VlmNnTensor *vlm_feature_cache_get_features (VlmFeatureCache *cache);

/* Drops all features; serials continue. */
void vlm_feature_cache_forget (VlmFeatureCache *cache);

/* Called after each run of slices that the tower encoded together, in the order
 * of their rows in its taps; slices[i] got serial first_serial + i. FALSE, with
 * an error, ends the call that encodes. */
typedef gboolean (*VlmEncodedFunc) (const VlmSliceRef *slices, guint n_slices,
    guint64 first_serial, gpointer user_data, GError **error);
void vlm_feature_cache_set_observer (
    VlmFeatureCache *cache, VlmEncodedFunc func, gpointer user_data);

/* Slices that were encoded and slices that were found, since the beginning. */
void vlm_feature_cache_get_counts (
    VlmFeatureCache *cache, guint64 *n_encoded, guint64 *n_reused);
