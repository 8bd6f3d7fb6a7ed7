/* gst-vlm: a patch embedding with its channels last
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/tensor-view.h"

/* Makes of a kernel [out, t, y, x, channels], as MLX keeps it, one of [out,
 * channels, t, y, x]. TRUE when it was one; plain types only. */
gboolean vlm_patch_rows_reorder (
    VlmTensorView *view, guint n_channels, guint n_frames, guint side);
