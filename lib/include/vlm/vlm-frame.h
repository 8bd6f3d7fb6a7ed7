/* gst-vlm: pictures
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VlmPixelFormat:
 *
 * Pixel layouts that can be read; the names are those of GStreamer.
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
 *
 * How Y'CbCr becomes R'G'B'. Ignored for RGB formats.
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
 * A chroma sample stands for all the pixels it covers (replication), as in
 * the unscaled conversions of the common players. Alpha is dropped.
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

/**
 * VlmResample:
 * @VLM_RESAMPLE_IMAGE: the path of still images (Pillow's bicubic, u8 between
 *   the passes), bit-exact
 * @VLM_RESAMPLE_VIDEO: the path of video frames (float throughout, one
 *   rounding at the end)
 */
typedef enum
{
  VLM_RESAMPLE_IMAGE,
  VLM_RESAMPLE_VIDEO,
} VlmResample;

#define VLM_TYPE_FRAME (vlm_frame_get_type ())

/**
 * VlmFrame:
 * @width: of the copy, a multiple of patch_size * merge_size
 * @height: of the copy, likewise
 * @source_x: of the part of the picture it was made from, pixels from the left
 *   edge of the picture; 0 where that is all of it
 * @source_y: likewise, from the top edge
 * @source_width: of the part it was made from
 * @source_height: likewise
 * @time: when it was shown
 * @time_source: where @time.utc comes from
 * @motion: share of the picture that differs from the frame sampled before, 0
 *   to 1 (see #VlmMotion), or -1 where it is not known
 * @pixels: packed RGB, 3 * @width * @height bytes
 *
 * A small RGB copy of a video frame, made when it was sampled. Reference
 * counted (atomically) and immutable once it is shared.
 */
typedef struct
{
  guint width;
  guint height;
  guint source_x;
  guint source_y;
  guint source_width;
  guint source_height;
  VlmInstant time;
  VlmTimeSource time_source;
  float motion;
  guint8 *pixels;
} VlmFrame;

VLM_API GType vlm_frame_get_type (void) G_GNUC_CONST;
VLM_API VlmFrame *vlm_frame_new (const VlmImageView *view, guint width,
    guint height, VlmResample resample, GError **error);
VLM_API VlmFrame *vlm_frame_ref (VlmFrame *frame);
VLM_API void vlm_frame_unref (VlmFrame *frame);
VLM_API guint vlm_frame_count_alive (void);

/**
 * VlmVideoLimits:
 * @min_pixels: smallest area of a frame, 0 for the default (128 tokens)
 * @max_pixels: largest area of a frame, 0 for the default (768 tokens);
 *   it only ever lowers what the other limits allow
 * @total_pixels: largest area of all frames together, 0 for the default
 *   (115200 tokens)
 *
 * The pixel budget of a video as in qwen-vl-utils. A token is a square of
 * patch_size * merge_size pixels. A @max_pixels below the default of
 * @min_pixels lowers that, too; below a given @min_pixels it is an error.
 */
typedef struct
{
  guint64 min_pixels;
  guint64 max_pixels;
  guint64 total_pixels;
} VlmVideoLimits;

VLM_API gboolean vlm_image_plan_size (const VlmGeometry *geometry,
    guint source_width, guint source_height, guint64 min_pixels,
    guint64 max_pixels, guint *width, guint *height, GError **error);
VLM_API gboolean vlm_video_plan_size (const VlmGeometry *geometry,
    const VlmVideoLimits *limits, guint n_frames, guint source_width,
    guint source_height, guint *width, guint *height, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmFrame, vlm_frame_unref)

G_END_DECLS
