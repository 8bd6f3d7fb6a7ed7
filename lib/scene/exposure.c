/* gst-vlm: exposure that follows what comes into view
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/scene-private.h"

/* How long the camera takes to follow, and how many moments it averages. */
#define FOLLOWS VLM_SECOND
#define N_LOOKS 5
#define MIN_EXPOSURE 0.5
#define MAX_EXPOSURE 1.6
/* No camera makes night bright. */
#define DARKEST 25.0

/* How much of the picture @actor covers. */
static double
covered (const VlmScene *scene, const VlmActor *actor, gint64 time)
{
  const VlmBox picture = { 0.0, 0.0, scene->stage.width, scene->stage.height };
  VlmBox box = vlm_actor_box (actor, time);

  if (!vlm_path_visible (&actor->path, time))
    return 0.0;
  return vlm_box_shared (&box, &picture) / (picture.x1 * picture.y1);
}

/* How much lighter the picture is for what is in view. */
static double
added_light (const VlmScene *scene, double background, gint64 time)
{
  double sum = 0.0;

  for (guint i = 0; i < scene->n_actors; i++) {
    const VlmActor *actor = &scene->actors[i];

    sum += covered (scene, actor, time) *
        (vlm_object_lightness (&actor->object) - background);
  }
  return sum;
}

double
vlm_scene_exposure (const VlmScene *scene, gint64 time)
{
  const VlmEffects *e = &scene->effects;
  double background;
  double added = 0.0;
  double before;
  double after;

  if ((e->drawn & VLM_SCENE_EFFECT_EXPOSURE) == 0)
    return 1.0;
  background =
      vlm_background_lightness (&scene->background, scene->stage.height);
  for (gint64 i = 0; i < N_LOOKS; i++)
    added +=
        added_light (scene, background,
            vlm_scene_clamp_time (scene, time - FOLLOWS / (N_LOOKS - 1) * i)) /
        N_LOOKS;
  before = MAX (background, DARKEST);
  after = MAX (before + added, DARKEST);
  return CLAMP (1.0 - e->exposure_amount * (after - before) / after,
      MIN_EXPOSURE, MAX_EXPOSURE);
}
