/* gst-vlm: any scene in any size
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-scene-render.h>

#include "tests/fuzz/target.h"
#include "tests/support/rng.h"
#include "tests/support/scene-check.h"

/* Most sides are short; pictures beyond a few hundred thousand pixels are rare,
 * as they take long. */
static guint
draw_side (Rng *rng, guint most)
{
  static const guint edges[] = { 1, 2, 3, 7, 8, 9, 255, 257, 2160, 4096 };
  guint side = rng_below (rng, 3) == 0
      ? edges[rng_below (rng, G_N_ELEMENTS (edges))]
      : 1u + (rng_below (rng, 4096) >> rng_below (rng, 12));

  return MIN (side, most);
}

static gint64
draw_duration (Rng *rng)
{
  static const gint64 durations[] = { 0, 1, 2, 3, 1000, VLM_SECOND / 2,
    VLM_SECOND, 30 * VLM_SECOND, 86400 * VLM_SECOND };

  if (rng_below (rng, 2) == 0)
    return durations[rng_below (rng, G_N_ELEMENTS (durations))];
  return (gint64) (rng_next (rng) % (guint64) (60 * VLM_SECOND));
}

static void
render (VlmScene *scene, Rng *rng, gint64 duration)
{
  guint width = draw_side (rng, 4096);
  guint most = rng_below (rng, 100) == 0 ? 2160 : MAX (1, (1u << 17) / width);
  guint height = draw_side (rng, most);
  gsize stride = 3 * (gsize) width + rng_below (rng, 9);
  g_autofree guint8 *rgb = g_malloc (stride * height);

  for (guint i = 0; i < 4; i++)
    vlm_scene_render (scene,
        (gint64) (rng_next (rng) % (guint64) (duration + 2)), width, height,
        rgb, stride);
  vlm_scene_render (scene, G_MININT64, width, height, rgb, stride);
  vlm_scene_render (scene, G_MAXINT64, width, height, rgb, stride);
}

/* Just before, at and after the times of the event. */
static void
check_edges (const VlmScene *scene, guint index, gint64 duration, Rng *rng)
{
  const VlmSceneEvent *e = vlm_scene_get_event (scene, index);
  guint width = draw_side (rng, 32768);
  guint height = draw_side (rng, 32768);

  for (gint64 d = -1; d <= 1; d++) {
    scene_check_box (scene, index, duration, e->start + d, width, height);
    scene_check_box (scene, index, duration, e->end + d, width, height);
  }
  for (guint i = 0; i < 50; i++)
    scene_check_box (scene, index, duration,
        (gint64) (rng_next (rng) % (guint64) (duration + 1)), width, height);
}

static void
check_bystander (const VlmScene *scene, guint index, gint64 duration, Rng *rng)
{
  guint width = draw_side (rng, 32768);
  guint height = draw_side (rng, 32768);
  VlmRect box;

  vlm_scene_get_bystander_box (scene, index,
      (gint64) (rng_next (rng) % (guint64) (duration + 1)), width, height,
      &box);
  g_assert_true (duration > 0);
  scene_check_inside (&box, width, height);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  Rng rng = { n_bytes };
  VlmSceneParams params;
  g_autoptr (VlmScene) scene = NULL;

  for (size_t i = 0; i < n_bytes; i++)
    rng.state = rng.state * 31 + data[i];
  params = (VlmSceneParams){
    .seed = rng_next (&rng),
    .width = draw_side (&rng, 32768),
    .height = draw_side (&rng, 32768),
    .duration = draw_duration (&rng),
    .max_objects = rng_below (&rng, VLM_SCENE_MAX_OBJECTS + 1),
    .kind = (VlmSceneKind) rng_below (&rng, 3),
    .backgrounds = (VlmSceneBackgrounds) rng_below (&rng, 32),
    .effects = (VlmSceneEffects) rng_below (&rng, 64),
    .max_bystanders = rng_below (&rng, VLM_SCENE_MAX_BYSTANDERS + 1),
  };
  if (rng_below (&rng, 2) == 0)
    params.perspective =
        VLM_SCENE_MAX_PERSPECTIVE * rng_below (&rng, 101) / 100;
  if (rng_below (&rng, 2) == 0)
    params.troubles =
        (VlmSceneTroubles) rng_below (&rng, (guint) VLM_SCENE_TROUBLE_ALL + 1);
  params.min_objects = rng_below (&rng, params.max_objects + 1);
  scene = vlm_scene_new (&params);
  for (guint i = 0; i < vlm_scene_get_n_events (scene); i++) {
    scene_check_event (scene, i, params.duration);
    check_edges (scene, i, params.duration, &rng);
  }
  for (guint i = 0; i < vlm_scene_get_n_bystanders (scene); i++)
    check_bystander (scene, i, params.duration, &rng);
  render (scene, &rng, params.duration);
  return 0;
}
