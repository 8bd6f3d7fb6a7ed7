/* gst-vlm: small copies of video frames
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdatomic.h>

#include <vlm/vlm-error.h>
#include <vlm/vlm-frame.h>

#include "media/image-view.h"
#include "media/limits.h"
#include "media/resample.h"

static gint n_alive; /* atomic */
static atomic_uint_fast64_t n_made;

G_DEFINE_BOXED_TYPE (VlmFrame, vlm_frame, vlm_frame_ref, vlm_frame_unref)

/**
 * vlm_frame_new:
 * @view: the picture
 * @width: of the copy, see vlm_video_plan_size()
 * @height: of the copy
 * @resample: which filter
 * @error: return location
 *
 * Copies a picture as RGB in another size. The times of the copy are not set
 * and there is no motion (-1); the caller fills them in before it shares the
 * frame.
 *
 * Returns: (transfer full): the copy, or %NULL with
 *   %VLM_INFER_ERROR_BAD_INPUT when the view cannot be read
 *
 * Since: 0.1
 */
VlmFrame *
vlm_frame_new (const VlmImageView *view, guint width, guint height,
    VlmResample resample, GError **error)
{
  g_return_val_if_fail (view != NULL, NULL);
  g_return_val_if_fail (
      resample == VLM_RESAMPLE_IMAGE || resample == VLM_RESAMPLE_VIDEO, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (!vlm_image_view_check (view, error))
    return NULL;
  if (width == 0 || height == 0 || width > VLM_MAX_SIDE ||
      height > VLM_MAX_SIDE || (guint64) width * height > VLM_MAX_AREA) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "a copy of %ux%u pixels: sides must be 1 to %u, the area at most %u",
        width, height, VLM_MAX_SIDE, VLM_MAX_AREA);
    return NULL;
  }

  g_autoptr (VlmFrame) frame = g_atomic_rc_box_new0 (VlmFrame);
  g_atomic_int_inc (&n_alive);
  frame->serial = atomic_fetch_add (&n_made, 1) + 1;
  frame->width = width;
  frame->height = height;
  frame->source_width = view->width;
  frame->source_height = view->height;
  frame->time = (VlmInstant) VLM_INSTANT_NONE;
  frame->time_source = VLM_TIME_SOURCE_NONE;
  frame->motion = -1.0f;
  frame->pixels = g_malloc ((gsize) 3 * width * height);
  if (!vlm_resample (view, width, height, resample, frame->pixels, error))
    return NULL;
  return g_steal_pointer (&frame);
}

/**
 * vlm_frame_ref:
 * @frame: a frame
 *
 * Takes a reference; thread-safe.
 *
 * Returns: (transfer full): the same frame
 *
 * Since: 0.1
 */
VlmFrame *
vlm_frame_ref (VlmFrame *frame)
{
  g_return_val_if_fail (frame != NULL, NULL);
  return g_atomic_rc_box_acquire (frame);
}

static void
clear_frame (gpointer data)
{
  VlmFrame *frame = data;

  g_clear_pointer (&frame->zone, g_ref_string_release);
  g_free (frame->pixels);
  g_atomic_int_add (&n_alive, -1);
}

/**
 * vlm_frame_unref:
 * @frame: (transfer full): a frame
 *
 * Drops a reference, and frees the frame with the last one; thread-safe.
 *
 * Since: 0.1
 */
void
vlm_frame_unref (VlmFrame *frame)
{
  g_return_if_fail (frame != NULL);
  g_atomic_rc_box_release_full (frame, clear_frame);
}

/**
 * vlm_frame_count_alive:
 *
 * For tests of memory use.
 *
 * Returns: the number of frames in this process
 *
 * Since: 0.1
 */
guint
vlm_frame_count_alive (void)
{
  return (guint) g_atomic_int_get (&n_alive);
}
