/* gst-vlm: from GstVideoFrame to a small picture of ours
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>
#include <vlm/vlm-frame.h>
#include <vlm/vlm-motion.h>

G_BEGIN_DECLS

#define GST_VLM_FRAME_FORMATS                                                  \
  "{ NV12, I420, YV12, YUY2, UYVY, RGB, BGR, RGBx, BGRx, RGBA, BGRA, GRAY8 }"

/* Copies the picture in @buffer, resized to @width x @height. The buffer is
 * mapped for the time of the call only. */
VlmFrame *gst_vlm_frame_new (GstBuffer *buffer, const GstVideoInfo *info,
    guint width, guint height, VlmResample resample, GError **error);

/* What share of the picture differs from the one that @motion keeps. */
gboolean gst_vlm_frame_look (GstBuffer *buffer, const GstVideoInfo *info,
    VlmMotion *motion, float *changed, GError **error);

G_END_DECLS
