/* gst-vlm: what is true of every scene
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-scene-box.h>
#include <vlm/vlm-scene.h>

/* A box of something in view. */
static inline void
scene_check_inside (const VlmRect *box, guint width, guint height)
{
  g_assert_true (box->width > 0 && box->height > 0);
  g_assert_true (box->x >= 0 && box->y >= 0);
  g_assert_true ((guint) (box->x + box->width) <= width);
  g_assert_true ((guint) (box->y + box->height) <= height);
}

/* The event and the boxes of an object say the same, at any time and in any
 * size. */
static inline void
scene_check_box (const VlmScene *scene, guint index, gint64 duration,
    gint64 time, guint width, guint height)
{
  const VlmSceneEvent *e = vlm_scene_get_event (scene, index);
  gint64 at = CLAMP (time, 0, duration);
  gboolean expected = at >= e->start && (at < e->end || e->in_view_at_end);
  VlmRect box;

  g_assert_cmpint (vlm_scene_get_box (scene, index, time, width, height, &box),
      ==, expected);
  g_assert_true (expected == (box.width > 0 && box.height > 0));
  if (expected)
    scene_check_inside (&box, width, height);
}

static inline void
scene_check_event (const VlmScene *scene, guint index, gint64 duration)
{
  const VlmSceneEvent *e = vlm_scene_get_event (scene, index);

  g_assert_true (0 <= e->start && e->start <= e->end && e->end <= duration);
  g_assert_true (e->start < e->end || duration == 0);
  g_assert_cmpint (e->in_view_at_start, ==, e->start == 0);
  g_assert_cmpint (e->in_view_at_end, ==, e->end == duration);
  g_assert_true (e->start <= e->moves_from && e->moves_from <= e->moves_until &&
      e->moves_until <= e->end);
  g_assert_true (g_str_has_prefix (e->description, e->label));
  if (index > 0)
    g_assert_cmpint (
        vlm_scene_get_event (scene, index - 1)->start, <=, e->start);
}
