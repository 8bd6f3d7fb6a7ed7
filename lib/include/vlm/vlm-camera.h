/* gst-vlm: problems of cameras
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-blackout.h>

G_BEGIN_DECLS

/**
 * VlmCameraStates:
 * @VLM_CAMERA_BLACK: nearly all of the picture is black
 * @VLM_CAMERA_OVEREXPOSED: most of the picture is white
 * @VLM_CAMERA_COVERED: a picture that had detail has lost nearly all of it:
 *   something is in front of the lens, or it is out of focus
 * @VLM_CAMERA_FROZEN: the picture does not change by more than the last bit
 * @VLM_CAMERA_NO_SIGNAL: no picture comes at all
 * @VLM_CAMERA_ALL: all of them
 *
 * Problems of a camera that can be detected in its pictures, without a model.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_CAMERA_BLACK = 1 << 0,
  VLM_CAMERA_OVEREXPOSED = 1 << 1,
  VLM_CAMERA_COVERED = 1 << 2,
  VLM_CAMERA_FROZEN = 1 << 3,
  VLM_CAMERA_NO_SIGNAL = 1 << 4,
  VLM_CAMERA_ALL = (1 << 5) - 1,
} VlmCameraStates;

/**
 * VlmCameraChange:
 * @state: one state
 * @begins: %TRUE if it began, %FALSE if it ended
 * @start: when it began: the time of the first frame that shows it
 * @end: when it ended: the time of the first frame that does not show it any
 *   more; not known as long as it lasts
 * @time_source: where their UTC comes from
 *
 * A state of the camera that began or ended.
 *
 * Since: 0.1
 */
typedef struct
{
  VlmCameraStates state;
  gboolean begins;
  VlmInstant start;
  VlmInstant end;
  VlmTimeSource time_source;
} VlmCameraChange;

/**
 * VlmCamera:
 *
 * Detects unusable pictures of a camera, from the frames that are sampled
 * anyway. A state begins when it has lasted for two seconds of stream time
 * (ten, for a picture that is frozen or missing) and ends when it has been
 * over for two; its time is that of the first frame. A picture that is black
 * or overexposed is not also reported as covered. Masked areas are ignored.
 *
 * For one thread at a time.
 *
 * Since: 0.1
 */
typedef struct _VlmCamera VlmCamera;

VLM_API VlmCamera *vlm_camera_new (VlmCameraStates states);
VLM_API void vlm_camera_free (VlmCamera *camera);
VLM_API void vlm_camera_look (VlmCamera *camera, const VlmFrame *frame,
    const VlmBlackout *mask, GArray *changes);
VLM_API void vlm_camera_wait (VlmCamera *camera, const VlmInstant *now,
    VlmTimeSource source, GArray *changes);
VLM_API void vlm_camera_finish (VlmCamera *camera, GArray *changes);
VLM_API void vlm_camera_reset (VlmCamera *camera);
VLM_API VlmCameraStates vlm_camera_get_states (const VlmCamera *camera);
VLM_API const char *vlm_camera_state_to_string (VlmCameraStates state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmCamera, vlm_camera_free)

G_END_DECLS
