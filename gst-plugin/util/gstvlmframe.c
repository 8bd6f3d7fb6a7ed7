/* gst-vlm: from GstVideoFrame to VlmFrame
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmframe.h"

#include <vlm/vlm-error.h>

static const struct
{
  GstVideoFormat gst;
  VlmPixelFormat vlm;
} formats[] = {
  { GST_VIDEO_FORMAT_NV12, VLM_PIXEL_FORMAT_NV12 },
  { GST_VIDEO_FORMAT_I420, VLM_PIXEL_FORMAT_I420 },
  { GST_VIDEO_FORMAT_YV12, VLM_PIXEL_FORMAT_YV12 },
  { GST_VIDEO_FORMAT_YUY2, VLM_PIXEL_FORMAT_YUY2 },
  { GST_VIDEO_FORMAT_UYVY, VLM_PIXEL_FORMAT_UYVY },
  { GST_VIDEO_FORMAT_RGB, VLM_PIXEL_FORMAT_RGB },
  { GST_VIDEO_FORMAT_BGR, VLM_PIXEL_FORMAT_BGR },
  { GST_VIDEO_FORMAT_RGBx, VLM_PIXEL_FORMAT_RGBX },
  { GST_VIDEO_FORMAT_BGRx, VLM_PIXEL_FORMAT_BGRX },
  { GST_VIDEO_FORMAT_RGBA, VLM_PIXEL_FORMAT_RGBA },
  { GST_VIDEO_FORMAT_BGRA, VLM_PIXEL_FORMAT_BGRA },
  { GST_VIDEO_FORMAT_GRAY8, VLM_PIXEL_FORMAT_GRAY8 },
};

static VlmColorMatrix
matrix_of (const GstVideoInfo *info)
{
  switch (info->colorimetry.matrix) {
  case GST_VIDEO_COLOR_MATRIX_BT2020:
    return VLM_COLOR_MATRIX_BT2020;
  case GST_VIDEO_COLOR_MATRIX_BT709:
  /* Kr, Kb of 0.212, 0.087 beside BT.709's 0.2126, 0.0722. */
  case GST_VIDEO_COLOR_MATRIX_SMPTE240M:
    return VLM_COLOR_MATRIX_BT709;
  default:
    return VLM_COLOR_MATRIX_BT601;
  }
}

static gboolean
view_of (const GstVideoFrame *frame, VlmImageView *view)
{
  const GstVideoInfo *info = &frame->info;

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    if (formats[i].gst != GST_VIDEO_INFO_FORMAT (info))
      continue;
    view->format = formats[i].vlm;
    view->matrix = matrix_of (info);
    view->full_range = info->colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
    view->width = (guint) GST_VIDEO_FRAME_WIDTH (frame);
    view->height = (guint) GST_VIDEO_FRAME_HEIGHT (frame);
    for (guint p = 0; p < GST_VIDEO_FRAME_N_PLANES (frame); p++) {
      view->planes[p] = GST_VIDEO_FRAME_PLANE_DATA (frame, p);
      view->strides[p] = GST_VIDEO_FRAME_PLANE_STRIDE (frame, p);
    }
    return TRUE;
  }
  return FALSE;
}

gboolean
gst_vlm_mapped_map (GstVlmMapped *mapped, GstBuffer *buffer,
    const GstVideoInfo *info, GError **error)
{
  if (mapped->is_mapped)
    return TRUE;
  if (!gst_video_frame_map (&mapped->frame, info, buffer,
          GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "a video buffer of %" G_GSIZE_FORMAT " bytes cannot be read as %s "
        "of %dx%d",
        gst_buffer_get_size (buffer),
        gst_video_format_to_string (GST_VIDEO_INFO_FORMAT (info)),
        GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info));
    return FALSE;
  }
  mapped->is_mapped = TRUE;
  if (view_of (&mapped->frame, &mapped->view))
    return TRUE;
  g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "pixel format %s is not supported",
      gst_video_format_to_string (GST_VIDEO_INFO_FORMAT (info)));
  gst_vlm_mapped_clear (mapped);
  return FALSE;
}

void
gst_vlm_mapped_clear (GstVlmMapped *mapped)
{
  if (mapped->is_mapped)
    gst_video_frame_unmap (&mapped->frame);
  mapped->is_mapped = FALSE;
}

VlmFrame *
gst_vlm_frame_new (GstBuffer *buffer, const GstVideoInfo *info, guint width,
    guint height, VlmResample resample, GError **error)
{
  g_auto (GstVlmMapped) mapped = { 0 };

  if (!gst_vlm_mapped_map (&mapped, buffer, info, error))
    return NULL;
  return vlm_frame_new (&mapped.view, width, height, resample, error);
}
