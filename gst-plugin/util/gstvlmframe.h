/* gst-vlm: from GstVideoFrame to VlmFrame
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>
#include <vlm/vlm-frame.h>

G_BEGIN_DECLS

#define GST_VLM_FRAME_FORMATS                                                  \
  "{ NV12, I420, YV12, YUY2, UYVY, RGB, BGR, RGBx, BGRx, RGBA, BGRA, GRAY8 }"

/* A buffer that is mapped for reading, without a reference, because it belongs
 * to upstream's pool. All zero: not mapped. */
typedef struct
{
  GstVideoFrame frame;
  VlmImageView view;
  gboolean is_mapped;
} GstVlmMapped;

/* Does nothing if it is mapped already. */
gboolean gst_vlm_mapped_map (GstVlmMapped *mapped, GstBuffer *buffer,
    const GstVideoInfo *info, GError **error);
void gst_vlm_mapped_clear (GstVlmMapped *mapped);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GstVlmMapped, gst_vlm_mapped_clear)

/* Copies the picture in @buffer, resized to @width x @height. The buffer is
 * mapped for the time of the call only. */
VlmFrame *gst_vlm_frame_new (GstBuffer *buffer, const GstVideoInfo *info,
    guint width, guint height, VlmResample resample, GError **error);

G_END_DECLS
