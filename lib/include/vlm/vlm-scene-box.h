/* gst-vlm: where the objects of a scene are in a picture
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-scene.h>

G_BEGIN_DECLS

VLM_API gboolean vlm_scene_get_box (const VlmScene *scene, guint index,
    gint64 time, guint width, guint height, VlmRect *box);
VLM_API void vlm_scene_get_bystander_box (const VlmScene *scene, guint index,
    gint64 time, guint width, guint height, VlmRect *box);

G_END_DECLS
