/* gst-vlm: borrowed pixels
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/image-view.h"

#include <vlm/vlm-error.h>

#include "media/limits.h"

#define PACKED_RGB(bytes, r, g, b)                                             \
  {                                                                            \
    1, { 0 }, { 0 }, { bytes }, { 0 }, { r, g, b }, { bytes, bytes, bytes },   \
        TRUE                                                                   \
  }
/* Rows of 4:2:2 packed formats hold whole pairs of pixels. */
#define PACKED_YUV(y, u, v)                                                    \
  {                                                                            \
    1, { 1 }, { 0 }, { 4 }, { 0 }, { y, u, v }, { 2, 4, 4 }, FALSE             \
  }
#define PLANAR_YUV(u, v)                                                       \
  {                                                                            \
    3, { 0, 1, 1 }, { 0, 1, 1 }, { 1, 1, 1 }, { 0, u, v }, { 0 }, { 1, 1, 1 }, \
        FALSE                                                                  \
  }

static const VlmFormatInfo formats[] = {
  [VLM_PIXEL_FORMAT_RGB] = PACKED_RGB (3, 0, 1, 2),
  [VLM_PIXEL_FORMAT_BGR] = PACKED_RGB (3, 2, 1, 0),
  [VLM_PIXEL_FORMAT_RGBX] = PACKED_RGB (4, 0, 1, 2),
  [VLM_PIXEL_FORMAT_BGRX] = PACKED_RGB (4, 2, 1, 0),
  [VLM_PIXEL_FORMAT_RGBA] = PACKED_RGB (4, 0, 1, 2),
  [VLM_PIXEL_FORMAT_BGRA] = PACKED_RGB (4, 2, 1, 0),
  [VLM_PIXEL_FORMAT_GRAY8] = PACKED_RGB (1, 0, 0, 0),
  [VLM_PIXEL_FORMAT_NV12] = { 2, { 0, 1 }, { 0, 1 }, { 1, 2 }, { 0, 1, 1 },
      { 0, 0, 1 }, { 1, 2, 2 }, FALSE },
  [VLM_PIXEL_FORMAT_I420] = PLANAR_YUV (1, 2),
  [VLM_PIXEL_FORMAT_YV12] = PLANAR_YUV (2, 1),
  [VLM_PIXEL_FORMAT_YUY2] = PACKED_YUV (0, 1, 3),
  [VLM_PIXEL_FORMAT_UYVY] = PACKED_YUV (1, 0, 2),
};

const VlmFormatInfo *
vlm_image_view_format (const VlmImageView *view)
{
  return &formats[view->format];
}

gboolean
vlm_image_view_check (const VlmImageView *view, GError **error)
{
  if ((guint) view->format >= G_N_ELEMENTS (formats) ||
      (guint) view->matrix > VLM_COLOR_MATRIX_BT2020) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "unknown pixel format %d or colour matrix %d", (int) view->format,
        (int) view->matrix);
    return FALSE;
  }
  if (view->width == 0 || view->height == 0 || view->width > VLM_MAX_SIDE ||
      view->height > VLM_MAX_SIDE ||
      (guint64) view->width * view->height > VLM_MAX_AREA) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "a picture of %ux%u pixels: sides must be 1 to %u, the area at most "
        "%u",
        view->width, view->height, VLM_MAX_SIDE, VLM_MAX_AREA);
    return FALSE;
  }

  const VlmFormatInfo *info = &formats[view->format];
  for (guint i = 0; i < info->n_planes; i++) {
    guint shift = info->x_shift[i];
    gint64 n_samples = (view->width + (1u << shift) - 1) >> shift;
    gint64 row_bytes = n_samples * info->row_step[i];

    if (view->planes[i] == NULL ||
        ABS ((gint64) view->strides[i]) < row_bytes) {
      g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
          "plane %u of a picture of %ux%u pixels: %s, stride %d, a row needs "
          "%d bytes",
          i, view->width, view->height,
          view->planes[i] == NULL ? "no data" : "data", view->strides[i],
          (int) row_bytes);
      return FALSE;
    }
  }
  return TRUE;
}

/**
 * vlm_image_view_crop: (skip)
 * @view: a picture
 * @part: within the picture; @x and @y are even
 * @cropped: (out caller-allocates): a view of that part; borrows the pixels
 *   of @view
 *
 * Makes a view of a part of a picture; no pixel is copied. Even coordinates
 * keep the samples of colour where they are.
 *
 * Since: 0.1
 */
void
vlm_image_view_crop (
    const VlmImageView *view, const VlmRect *part, VlmImageView *cropped)
{
  const VlmFormatInfo *info;

  g_return_if_fail (view != NULL && part != NULL && cropped != NULL);
  g_return_if_fail ((guint) view->format < G_N_ELEMENTS (formats));
  g_return_if_fail (part->x >= 0 && part->y >= 0 && part->width > 0 &&
      part->height > 0 && part->x % 2 == 0 && part->y % 2 == 0);
  g_return_if_fail ((guint) part->x + (guint) part->width <= view->width &&
      (guint) part->y + (guint) part->height <= view->height);

  info = &formats[view->format];
  *cropped = *view;
  cropped->width = (guint) part->width;
  cropped->height = (guint) part->height;
  for (guint i = 0; i < info->n_planes; i++)
    cropped->planes[i] +=
        (gssize) (part->y >> info->y_shift[i]) * view->strides[i] +
        (gssize) (part->x >> info->x_shift[i]) * info->row_step[i];
}
