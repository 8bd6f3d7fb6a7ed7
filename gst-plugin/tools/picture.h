/* gst-vlm: still pictures of any format, upright and opaque
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm.h>

/* The picture in @word (see source_to_uri()), resized as the model's processor
 * does: upright by its Exif, transparent parts on white, the first one of an
 * animation, for which @is_animated (nullable) is set. G_IO_ERROR_CANCELLED
 * soon after @cancellable (nullable) is cancelled. @original (nullable): the same
 * in its own size. Both (transfer full). */
VlmFrame *picture_load (const char *word, const VlmGeometry *geometry,
    GCancellable *cancellable, gboolean *is_animated, VlmFrame **original,
    GError **error);
