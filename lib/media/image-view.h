/* gst-vlm: borrowed pixels
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-image-view.h>

/* Where the components of a format are. A sample of a plane is @step bytes
 * from the next one; it covers 2^@shift pixels. */
typedef struct
{
  guint n_planes;
  guint x_shift[3];
  guint y_shift[3];
  guint row_step[3]; /* bytes a sample of the plane */
  guint8 plane[3];   /* of R, G, B or Y, Cb, Cr */
  guint8 offset[3];
  guint8 step[3];
  gboolean is_rgb;
} VlmFormatInfo;

/* Of a view that was checked. */
const VlmFormatInfo *vlm_image_view_format (const VlmImageView *view);

/* Is the view one that can be read? Sets VLM_INFER_ERROR_BAD_INPUT. */
gboolean vlm_image_view_check (const VlmImageView *view, GError **error);
