/* gst-vlm: from packed RGB to the formats of GStreamer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

#define GST_VLM_FILL_FORMATS "{ RGB, I420, NV12, RGBx, BGRx }"

/* Fills @frame, of one of these formats, with @rgb: 3 * width bytes a row.
 * Chroma is the mean of the pixels that share it. */
void gst_vlm_fill_frame (GstVideoFrame *frame, const guint8 *rgb);

G_END_DECLS
