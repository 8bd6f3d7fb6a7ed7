/* gst-vlm: pictures
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include <vlm/vlm-image-view.h>

G_BEGIN_DECLS

/**
 * VlmResample:
 * @VLM_RESAMPLE_IMAGE: the path of still images (Pillow's bicubic, u8 between
 *   the passes), bit-exact
 * @VLM_RESAMPLE_VIDEO: the path of video frames (float throughout, one
 *   rounding at the end)
 *
 * How a picture is resized. Both compute what the reference (transformers and
 * qwen-vl-utils) does with the same input.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_RESAMPLE_IMAGE,
  VLM_RESAMPLE_VIDEO,
} VlmResample;

#define VLM_TYPE_FRAME (vlm_frame_get_type ())

/**
 * VlmFrame:
 * @serial: number of the frame, which no other frame of the process ever has
 * @width: of the copy, a multiple of patch_size * merge_size
 * @height: of the copy, likewise
 * @source_x: of the part of the picture it was made from, pixels from the left
 *   edge of the picture; 0 where that is all of it
 * @source_y: likewise, from the top edge
 * @source_width: of the part it was made from
 * @source_height: likewise
 * @zone: (nullable): name of that part, a #GRefString
 * @time: when it was shown
 * @time_source: where @time.utc comes from
 * @motion: share of the picture that differs from the frame sampled before, 0
 *   to 1 (see #VlmMotion), or -1 where it is not known
 * @pixels: packed RGB, 3 * @width * @height bytes
 *
 * A small RGB copy of a video frame, made when it was sampled. Reference
 * counted (atomically) and immutable once it is shared.
 *
 * Since: 0.1
 */
typedef struct
{
  guint64 serial;
  guint width;
  guint height;
  guint source_x;
  guint source_y;
  guint source_width;
  guint source_height;
  char *zone;
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

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmFrame, vlm_frame_unref)

G_END_DECLS
