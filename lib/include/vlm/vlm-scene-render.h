/* gst-vlm: from a scene to pixels
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-scene.h>

G_BEGIN_DECLS

VLM_API void vlm_scene_render (VlmScene *scene, gint64 time, guint width,
    guint height, guint8 *rgb, gsize stride);

G_END_DECLS
