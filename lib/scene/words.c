/* gst-vlm: what happens in a scene, in words
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/scene-private.h"

static const char *const from_words[] = { "from the left", "from the right",
  "from the top", "from the bottom" };
static const char *const to_words[] = { "to the left", "to the right",
  "at the top", "at the bottom" };
static const char *const across_words[] = { "from left to right",
  "from right to left", "from top to bottom", "from bottom to top" };
static const char *const move_words[] = { "left", "right", "up", "down" };

/* How it came is more informative than how it went, and that more than what it
 * did in between. */
char *
vlm_scene_describe (const VlmActor *actor)
{
  const VlmPath *path = &actor->path;
  const char *label = vlm_object_label (actor->object.name);
  gboolean leaves = path->went == VLM_WENT_TO_SIDE;

  if (path->came == VLM_CAME_FROM_SIDE && leaves) {
    if (path->to == (VlmSide) (path->from ^ 1))
      return g_strdup_printf ("%s crosses %s", label, across_words[path->from]);
    return g_strdup_printf ("%s enters %s and leaves %s", label,
        from_words[path->from], to_words[path->to]);
  }
  if (path->came == VLM_CAME_FROM_SIDE)
    return g_strdup_printf ("%s enters %s", label, from_words[path->from]);
  if (path->came == VLM_CAME_FROM_NOWHERE && leaves)
    return g_strdup_printf (
        "%s appears and leaves %s", label, to_words[path->to]);
  if (path->came == VLM_CAME_FROM_NOWHERE)
    return g_strdup_printf ("%s appears", label);
  if (leaves)
    return g_strdup_printf ("%s leaves %s", label, to_words[path->to]);
  if (path->went == VLM_WENT_NOWHERE)
    return g_strdup_printf ("%s disappears", label);
  if (path->moves)
    return g_strdup_printf ("%s moves %s", label, move_words[path->towards]);
  return g_strdup_printf ("%s stays", label);
}
