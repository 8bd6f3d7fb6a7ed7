/* gst-vlm: answers drawn onto their picture
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm.h>

#include "tools/result-file.h"

/* Writes @picture with @marks, VlmMark in pixels of its source, as a PNG to
 * @file: outlines, and a tag with label or text at each. */
gboolean draw_marks (const VlmFrame *picture, const GPtrArray *marks,
    ResultFile *file, GError **error);
