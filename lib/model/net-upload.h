/* gst-vlm: putting weights in their places on the device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/net-private.h"

/* A net of that configuration (copied), with empty places for the weights of
 * @list. */
VlmNet *vlm_net_new (
    VlmNnDevice *device, const VlmConfig *config, const VlmWeightList *list);

/* The matrix whose first item is @first, for rows to be put into it. */
gboolean vlm_net_add_matrix (VlmNet *net, VlmNn *nn, const VlmWeightList *list,
    guint first, GError **error);
/* Rows first … first + n - 1 of a part of a matrix, of the item's dtype;
 * vlm_nn_matrix_write says which pieces are fast. */
gboolean vlm_net_put_rows (VlmNet *net, const VlmWeightItem *item, guint first,
    guint n, const void *data, GError **error);

/* A part of a vector, item->n_out values. */
gboolean vlm_net_put_vector (VlmNet *net, VlmNn *nn, const VlmWeightItem *item,
    const float *values, GError **error);

/* How many rows of a part to put at once, so that a piece is half a
 * megabyte. */
guint vlm_net_piece_rows (const VlmWeightItem *item);
