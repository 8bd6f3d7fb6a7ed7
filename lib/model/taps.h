/* gst-vlm: intermediate values, by name
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "nn/ops.h"

/* Collects intermediates of a tower to find the first stage that is wrong. One
 * thread. */
typedef struct _VlmModelTaps VlmModelTaps;

/* Rows of equal length; data is dense. */
typedef struct {
  guint n_rows;
  guint n_cols;
  float *data;
} VlmTap;

VlmModelTaps *vlm_model_taps_new (void);
void vlm_model_taps_free (VlmModelTaps *taps);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmModelTaps, vlm_model_taps_free)

/* Names get @prefix from now on. */
void vlm_model_taps_set_prefix (VlmModelTaps *taps, const char *prefix);

/* Appends the rows of @tensor as they are at this point of the recording to
 * "<prefix><name>", or "<prefix><name><index>" when @index >= 0. Submits and
 * waits to read them, then begins anew. Does nothing when @taps is NULL. An
 * error is kept for vlm_model_taps_lookup. */
void vlm_model_taps_take (VlmModelTaps *taps, VlmNn *nn, const char *name,
    int index, const VlmNnTensor *tensor);

/* By full name. VLM_INFER_ERROR_BAD_INPUT when it was never taken. */
const VlmTap *vlm_model_taps_lookup (
    VlmModelTaps *taps, const char *name, GError **error);
