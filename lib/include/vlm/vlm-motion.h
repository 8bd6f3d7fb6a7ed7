/* gst-vlm: motion detection
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <vlm/vlm-frame.h>

G_BEGIN_DECLS

/**
 * VlmMotion:
 *
 * Compares pictures with one that was kept before. It compares the mean
 * brightness of 64 x 36 cells, fewer in pictures below 256 x 144, each from 16
 * points: enough for an object of a fortieth of the width, too little for the
 * noise of a sensor, and a matter of microseconds in any size. An object that
 * differs from the background in colour only is not detected. A uniform change
 * of the light is removed first. It uses only integers: the same pictures give
 * the same result on every machine. Not thread-safe.
 *
 * Since: 0.1
 */
typedef struct _VlmMotion VlmMotion;

VLM_API VlmMotion *vlm_motion_new (void);
VLM_API void vlm_motion_free (VlmMotion *motion);
VLM_API gboolean vlm_motion_look (VlmMotion *motion, const VlmImageView *view,
    float *changed, GError **error);
VLM_API gboolean vlm_motion_reaches_border (const VlmMotion *motion);
VLM_API void vlm_motion_keep (VlmMotion *motion);
VLM_API void vlm_motion_reset (VlmMotion *motion);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmMotion, vlm_motion_free)

G_END_DECLS
