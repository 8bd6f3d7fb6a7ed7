/* gst-vlm: from packed RGB to the formats of GStreamer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmfill.h"

#include <math.h>
#include <string.h>

#define ONE 65536

/* Y, Cb and Cr of R, G and B, in 1/65536. */
typedef struct
{
  gint factors[3][3];
  gint offsets[3];
} Matrix;

static void
init_matrix (Matrix *matrix, const GstVideoInfo *info)
{
  gint offsets[GST_VIDEO_MAX_COMPONENTS];
  gint scales[GST_VIDEO_MAX_COMPONENTS];
  double kr = 0.299;
  double kb = 0.114;

  gst_video_color_matrix_get_Kr_Kb (info->colorimetry.matrix, &kr, &kb);
  gst_video_color_range_offsets (
      info->colorimetry.range, info->finfo, offsets, scales);

  double kg = 1.0 - kr - kb;
  double rows[3][3] = {
    { kr, kg, kb },
    { -0.5 * kr / (1.0 - kb), -0.5 * kg / (1.0 - kb), 0.5 },
    { 0.5, -0.5 * kg / (1.0 - kr), -0.5 * kb / (1.0 - kr) },
  };
  for (guint i = 0; i < 3; i++) {
    matrix->offsets[i] = offsets[i] * ONE + ONE / 2;
    for (guint k = 0; k < 3; k++)
      matrix->factors[i][k] =
          (gint) lround (rows[i][k] * scales[i] / 255.0 * ONE);
  }
}

static inline guint8
apply (const Matrix *matrix, guint row, gint r, gint g, gint b)
{
  const gint *f = matrix->factors[row];
  gint value = (f[0] * r + f[1] * g + f[2] * b + matrix->offsets[row]) >> 16;

  return (guint8) CLAMP (value, 0, 255);
}

static void
fill_luma (GstVideoFrame *frame, const Matrix *matrix, const guint8 *rgb)
{
  gint width = GST_VIDEO_FRAME_WIDTH (frame);

  for (gint y = 0; y < GST_VIDEO_FRAME_HEIGHT (frame); y++) {
    guint8 *out = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (frame, 0) +
        (gssize) y * GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);

    for (gint x = 0; x < width; x++, rgb += 3)
      out[x] = apply (matrix, 0, rgb[0], rgb[1], rgb[2]);
  }
}

/* The last column or row of an odd picture counts twice. */
static void
fill_chroma (GstVideoFrame *frame, const Matrix *matrix, const guint8 *rgb)
{
  gint width = GST_VIDEO_FRAME_WIDTH (frame);
  gint height = GST_VIDEO_FRAME_HEIGHT (frame);
  gsize stride = 3 * (gsize) width;
  guint8 *planes[2];
  gint steps[2];

  for (guint i = 0; i < 2; i++)
    steps[i] = GST_VIDEO_FRAME_COMP_PSTRIDE (frame, i + 1);
  for (gint y = 0; y < height; y += 2) {
    const guint8 *above = rgb + (gsize) y * stride;
    const guint8 *below = y + 1 < height ? above + stride : above;

    for (guint i = 0; i < 2; i++)
      planes[i] = (guint8 *) GST_VIDEO_FRAME_COMP_DATA (frame, i + 1) +
          (gssize) (y / 2) * GST_VIDEO_FRAME_COMP_STRIDE (frame, i + 1);
    for (gint x = 0; x < width; x += 2) {
      gint beside = x + 1 < width ? 3 : 0;
      const guint8 *a = above + 3 * x;
      const guint8 *b = below + 3 * x;
      gint mean[3];

      for (gint k = 0; k < 3; k++)
        mean[k] = (a[k] + a[beside + k] + b[k] + b[beside + k] + 2) / 4;
      for (guint i = 0; i < 2; i++)
        planes[i][x / 2 * steps[i]] =
            apply (matrix, i + 1, mean[0], mean[1], mean[2]);
    }
  }
}

static void
fill_packed (GstVideoFrame *frame, const guint8 *rgb)
{
  gint width = GST_VIDEO_FRAME_WIDTH (frame);
  gint step = GST_VIDEO_FRAME_COMP_PSTRIDE (frame, 0);
  gint red = GST_VIDEO_FRAME_COMP_POFFSET (frame, 0);
  gint blue = GST_VIDEO_FRAME_COMP_POFFSET (frame, 2);

  for (gint y = 0; y < GST_VIDEO_FRAME_HEIGHT (frame); y++) {
    guint8 *out = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (frame, 0) +
        (gssize) y * GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);

    if (step == 3) {
      memcpy (out, rgb, 3 * (gsize) width);
      rgb += 3 * (gsize) width;
      continue;
    }
    for (gint x = 0; x < width; x++, rgb += 3, out += 4) {
      out[red] = rgb[0];
      out[1] = rgb[1];
      out[blue] = rgb[2];
      out[3] = 255;
    }
  }
}

void
gst_vlm_fill_frame (GstVideoFrame *frame, const guint8 *rgb)
{
  Matrix matrix;

  if (!GST_VIDEO_INFO_IS_YUV (&frame->info)) {
    fill_packed (frame, rgb);
    return;
  }
  init_matrix (&matrix, &frame->info);
  fill_luma (frame, &matrix, rgb);
  fill_chroma (frame, &matrix, rgb);
}
