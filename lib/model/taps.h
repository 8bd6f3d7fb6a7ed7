/* gst-vlm: intermediate values, by name
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "nn/ops.h"

/* Collects intermediates of a tower, to find the first stage that is wrong or to
 * look at what the model does. One thread. */
typedef struct _VlmModelTaps VlmModelTaps;

/* Rows of equal length; data is dense. */
typedef struct
{
  guint n_rows;
  guint n_cols;
  float *data;
} VlmTap;

VlmModelTaps *vlm_model_taps_new (void);
void vlm_model_taps_free (VlmModelTaps *taps);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmModelTaps, vlm_model_taps_free)

/* Names get @prefix from now on. */
void vlm_model_taps_set_prefix (VlmModelTaps *taps, const char *prefix);

/* Also takes the taps of that full name; without any call all are taken. Taps
 * that are not wanted cost nothing. */
void vlm_model_taps_want (VlmModelTaps *taps, const char *name);
/* Of each name only the last @n_rows rows are kept from now on, 0 for all; one
 * call of take appends no more than so many. */
void vlm_model_taps_keep_last (VlmModelTaps *taps, guint n_rows);
/* From now on nothing is kept: all rows go to @func as they are taken. */
typedef void (*VlmTapFunc) (
    const char *name, int index, const VlmTap *tap, gpointer user_data);
void vlm_model_taps_set_func (
    VlmModelTaps *taps, VlmTapFunc func, gpointer user_data);
/* Forgets all rows. */
void vlm_model_taps_reset (VlmModelTaps *taps);

/* Appends the rows of @tensor as they are at this point of the recording to
 * "<prefix><name>", or "<prefix><name><index>" when @index >= 0. Submits and
 * waits to read them, then starts recording again. Nothing if @taps is NULL. An
 * error is kept for vlm_model_taps_lookup. */
void vlm_model_taps_take (VlmModelTaps *taps, VlmNn *nn, const char *name,
    int index, const VlmNnTensor *tensor);

/* The same of keys 0 … n_rows - 1 of a cache, as rows [n_rows, K * D]. */
void vlm_model_taps_take_keys (VlmModelTaps *taps, VlmNn *nn, const char *name,
    int index, const VlmNnKv *kv, guint n_rows);

/* FALSE, with the error, when something could not be taken. */
gboolean vlm_model_taps_check (const VlmModelTaps *taps, GError **error);

/* By full name. VLM_INFER_ERROR_BAD_INPUT when it was never taken. */
const VlmTap *
vlm_model_taps_lookup (VlmModelTaps *taps, const char *name, GError **error);
