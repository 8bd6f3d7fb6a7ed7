/* gst-vlm: inputs in the order of weights
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "nn/context.h"

/* y[t, i] = x[t, order[i]], in memory of the recorder that holds until the next
 * call. @order: [1, n], all ones in its padding. FALSE and an error kept for
 * submit when there is no memory. */
gboolean vlm_nn_order_columns (
    VlmNn *nn, const VlmNnTensor *x, const VlmNnTensor *order, VlmNnTensor *y);
