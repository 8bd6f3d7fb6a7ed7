/* gst-vlm: borrowed pixels
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VlmPixelFormat:
 * @VLM_PIXEL_FORMAT_RGB: red, green, blue
 * @VLM_PIXEL_FORMAT_BGR: blue, green, red
 * @VLM_PIXEL_FORMAT_RGBX: red, green, blue, a byte without meaning
 * @VLM_PIXEL_FORMAT_BGRX: blue, green, red, a byte without meaning
 * @VLM_PIXEL_FORMAT_RGBA: red, green, blue, alpha
 * @VLM_PIXEL_FORMAT_BGRA: blue, green, red, alpha
 * @VLM_PIXEL_FORMAT_GRAY8: brightness
 * @VLM_PIXEL_FORMAT_NV12: planes of Y and of CbCr, 4:2:0
 * @VLM_PIXEL_FORMAT_I420: planes of Y, Cb and Cr, 4:2:0
 * @VLM_PIXEL_FORMAT_YV12: planes of Y, Cr and Cb, 4:2:0
 * @VLM_PIXEL_FORMAT_YUY2: Y, Cb, Y, Cr for two pixels, 4:2:2
 * @VLM_PIXEL_FORMAT_UYVY: Cb, Y, Cr, Y for two pixels, 4:2:2
 *
 * Pixel layouts that can be read, 8 bits a sample; the names are those of
 * GStreamer.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_PIXEL_FORMAT_RGB,
  VLM_PIXEL_FORMAT_BGR,
  VLM_PIXEL_FORMAT_RGBX,
  VLM_PIXEL_FORMAT_BGRX,
  VLM_PIXEL_FORMAT_RGBA,
  VLM_PIXEL_FORMAT_BGRA,
  VLM_PIXEL_FORMAT_GRAY8,
  VLM_PIXEL_FORMAT_NV12,
  VLM_PIXEL_FORMAT_I420,
  VLM_PIXEL_FORMAT_YV12,
  VLM_PIXEL_FORMAT_YUY2,
  VLM_PIXEL_FORMAT_UYVY,
} VlmPixelFormat;

/**
 * VlmColorMatrix:
 * @VLM_COLOR_MATRIX_BT601: ITU-R BT.601, standard definition
 * @VLM_COLOR_MATRIX_BT709: ITU-R BT.709, high definition
 * @VLM_COLOR_MATRIX_BT2020: ITU-R BT.2020, non-constant luminance
 *
 * How Y'CbCr becomes R'G'B'. Ignored for RGB formats.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_COLOR_MATRIX_BT601,
  VLM_COLOR_MATRIX_BT709,
  VLM_COLOR_MATRIX_BT2020,
} VlmColorMatrix;

/**
 * VlmImageView:
 * @format: layout of the pixels
 * @matrix: Y'CbCr matrix
 * @full_range: %TRUE for 0-255, %FALSE for 16-235 (Y'CbCr and gray only)
 * @width: in pixels
 * @height: in pixels
 * @planes: first byte of each plane, in GStreamer's plane order for @format
 *   (so that the second plane of YV12 is Cr)
 * @strides: bytes from one row to the next, a plane each; negative for
 *   pictures that are stored from the bottom up
 *
 * Borrowed pixels; valid for the call it is given to.
 *
 * Sides may be odd; subsampled planes then have (n + 1) / 2 columns or rows.
 * A chroma sample is used for all the pixels it covers (replication), as in
 * the unscaled conversions of the common players. Alpha is dropped.
 *
 * Since: 0.1
 */
typedef struct
{
  VlmPixelFormat format;
  VlmColorMatrix matrix;
  gboolean full_range;
  guint width;
  guint height;
  const guint8 *planes[3];
  gint strides[3];
} VlmImageView;

VLM_API void vlm_image_view_crop (
    const VlmImageView *view, const VlmRect *part, VlmImageView *cropped);

G_END_DECLS
