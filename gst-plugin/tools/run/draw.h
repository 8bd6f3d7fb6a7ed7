/* gst-vlm: answers drawn onto the picture that they are about
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm.h>

/* Writes @picture with @marks, VlmMark in pixels of its source, as a PNG file to
 * @path: outlines, and a tag with label or text at each. */
gboolean draw_marks (const VlmFrame *picture, const GPtrArray *marks,
    const char *path, GError **error);
