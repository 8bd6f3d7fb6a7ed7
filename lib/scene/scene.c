/* gst-vlm: random scenes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/scene-private.h"

#include "scene/trig.h"

#define MAX_SIDE 32768
#define MAX_DURATION (G_GINT64_CONSTANT (86400) * VLM_SECOND)
/* How many places are drawn for an object before its look is drawn again, and how
 * many looks are drawn. */
#define N_PLACES 40
#define N_LOOKS 12
#define N_MOMENTS 24
#define N_MOMENTS_PASSING 8
/* Of the smaller of two boxes. */
#define MAX_HIDDEN 0.5
#define MIN_CONTRAST 60.0f

enum
{
  STREAM_BACKGROUND,
  STREAM_EFFECTS,
  STREAM_OBJECTS,
  STREAM_BYSTANDERS,
  STREAM_TROUBLES,
  STREAM_SWAY,
  STREAM_SHADES,
  STREAM_STANDING,
};

#define HAS(scene, trouble)                                                    \
  (((scene)->troubles.drawn & VLM_SCENE_TROUBLE_##trouble) != 0)

static gboolean
hide_each_other (const VlmBox *a, const VlmBox *b)
{
  double area_a = (a->x1 - a->x0) * (a->y1 - a->y0);
  double area_b = (b->x1 - b->x0) * (b->y1 - b->y0);

  return vlm_box_shared (a, b) > MAX_HIDDEN * MIN (area_a, area_b);
}

/* Whether one hides the other in more than @most of the moments in which both
 * are there. */
static gboolean
is_in_the_way (const VlmActor *a, const VlmActor *b, guint most)
{
  guint n = 0;
  gint64 from = MAX (a->path.start, b->path.start);
  gint64 until = MIN (a->path.end, b->path.end);

  for (gint64 i = 0; i <= N_MOMENTS && from <= until; i++) {
    gint64 time = from + (until - from) / N_MOMENTS * i;
    VlmBox box_a = vlm_actor_box (a, time);
    VlmBox box_b = vlm_actor_box (b, time);

    if (hide_each_other (&box_a, &box_b) && ++n > most)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_free (const VlmActor *actor, const VlmActor *others, guint n, guint most)
{
  for (guint i = 0; i < n; i++)
    if (is_in_the_way (actor, &others[i], most))
      return FALSE;
  return TRUE;
}

static gboolean
is_taken (const VlmScene *scene, guint name)
{
  for (guint i = 0; i < scene->n_actors; i++)
    if (scene->actors[i].object.name == name)
      return TRUE;
  return FALSE;
}

/* A label that nothing else has, in a colour that stands out if there is one. */
static guint
draw_name (const VlmScene *scene, VlmRandom *random)
{
  guint best = 0;
  float best_contrast = -1.0f;

  for (guint i = 0; i < 24 && best_contrast < MIN_CONTRAST; i++) {
    guint name = vlm_random_below (random, VLM_OBJECT_UNNAMED);
    float contrast = vlm_object_name_contrast (name, &scene->background);

    if (contrast > best_contrast && !is_taken (scene, name)) {
      best = name;
      best_contrast = contrast;
    }
  }
  return best;
}

/* How the scene's troubles change what an object does. */
static VlmManner
draw_manner (const VlmScene *scene, VlmRandom *random)
{
  VlmManner manner = { 0 };

  if (HAS (scene, BRIEF))
    manner.is_brief = vlm_random_chance (random, 0.6);
  if (HAS (scene, STAYS) && !manner.is_brief)
    manner.stays = vlm_random_chance (random, 0.5);
  if (HAS (scene, EDGES))
    manner.at_edge = vlm_random_chance (random, 0.5);
  return manner;
}

static void
draw_unnamed (const VlmScene *scene, VlmActor *actor, const VlmManner *manner,
    VlmRandom *random)
{
  if (HAS (scene, FIGURES) && vlm_random_chance (random, 0.75))
    vlm_object_init_limbed (&actor->object, random, &scene->background,
        manner->stays || vlm_random_chance (random, 0.3));
  else
    vlm_object_init_any (&actor->object, random, &scene->background);
  if (HAS (scene, FAINT) && vlm_random_chance (random, 0.6))
    vlm_object_make_faint (&actor->object, random, &scene->background);
}

static void
draw_look (const VlmScene *scene, VlmActor *actor, const VlmManner *manner,
    VlmRandom *random)
{
  gboolean named = scene->params.kind == VLM_SCENE_KIND_NAMED ||
      (scene->params.kind == VLM_SCENE_KIND_MIXED &&
          vlm_random_chance (random, 0.5));

  if (named)
    vlm_object_init_named (&actor->object, random, draw_name (scene, random));
  else
    draw_unnamed (scene, actor, manner, random);
  /* a shape must be large enough to be recognised */
  if (manner->at_edge)
    vlm_object_scale (&actor->object,
        vlm_random_between (random, named ? 0.6 : 0.35, named ? 0.9 : 0.7));
  if (scene->troubles.turns != 0.0)
    vlm_object_turn (&actor->object, scene->troubles.turns);
}

static gboolean
find_place (
    VlmScene *scene, VlmActor *actor, VlmManner manner, VlmRandom *random)
{
  /* An unnamed object that is always there and never moves could as well
   * belong to the background. */
  manner.restless = actor->object.name == VLM_OBJECT_UNNAMED;
  for (guint i = 0; i < N_PLACES; i++) {
    vlm_path_init (
        &actor->path, random, &actor->object.reach, &scene->stage, &manner);
    if (is_free (actor, scene->actors, scene->n_actors, 0))
      return TRUE;
  }
  return FALSE;
}

static void
add_actor (VlmScene *scene, VlmRandom *random)
{
  VlmActor *actor = &scene->actors[scene->n_actors];

  for (guint i = 0; i < N_LOOKS; i++) {
    VlmManner manner = draw_manner (scene, random);

    draw_look (scene, actor, &manner, random);
    if (find_place (scene, actor, manner, random)) {
      actor->depth = scene->n_actors++;
      return;
    }
  }
  *actor = (VlmActor){ 0 };
}

/* Other objects may pass in front of it, but not stay there. */
static gboolean
find_place_to_stand (
    const VlmScene *scene, VlmActor *bystander, VlmRandom *random)
{
  for (guint i = 0; i < N_PLACES; i++) {
    vlm_path_init_still (
        &bystander->path, random, &bystander->object.reach, &scene->stage);
    if (is_free (bystander, scene->bystanders, scene->n_bystanders, 0) &&
        is_free (bystander, scene->actors, scene->n_actors, N_MOMENTS_PASSING))
      return TRUE;
  }
  return FALSE;
}

static void
add_bystander (VlmScene *scene, VlmRandom *random, gboolean stands)
{
  VlmActor *bystander = &scene->bystanders[scene->n_bystanders];

  if (stands)
    vlm_object_init_standing (&bystander->object, random, &scene->background);
  else
    vlm_object_init_any (&bystander->object, random, &scene->background);
  if (scene->troubles.turns != 0.0)
    vlm_object_turn (&bystander->object, scene->troubles.turns);
  if (find_place_to_stand (scene, bystander, random))
    scene->n_bystanders++;
}

static void
add_bystanders (VlmScene *scene)
{
  guint64 seed = scene->params.seed;
  VlmRandom random = vlm_random_init (seed, STREAM_BYSTANDERS);
  guint n = vlm_random_below (&random, scene->params.max_bystanders + 1);

  for (guint i = 0; i < n; i++)
    add_bystander (scene, &random, FALSE);
  random = vlm_random_init (seed, STREAM_STANDING);
  n = HAS (scene, STANDING)
      ? 1 + vlm_random_below (&random, VLM_SCENE_MAX_BYSTANDERS)
      : 0;
  for (guint i = 0; i < n && scene->n_bystanders < VLM_SCENE_MAX_BYSTANDERS;
       i++)
    add_bystander (scene, &random, TRUE);
}

static void
add_shades (VlmScene *scene)
{
  VlmRandom random = vlm_random_init (scene->params.seed, STREAM_SHADES);

  scene->n_shades = 1 + vlm_random_below (&random, VLM_SCENE_MAX_SHADES);
  for (guint i = 0; i < scene->n_shades; i++) {
    VlmShade *shade = &scene->shades[i];
    VlmObject *object = &shade->actor.object;

    if (vlm_random_chance (&random, 0.4))
      vlm_object_init_limbed (object, &random, &scene->background, FALSE);
    else
      vlm_object_init_any (object, &random, &scene->background);
    vlm_object_scale (object, vlm_random_between (&random, 0.8, 1.6));
    object->shadow_x = object->shadow_y = 0.0;
    shade->strength = vlm_random_between (&random, 0.2, 0.6);
    vlm_path_init_passing (
        &shade->actor.path, &random, &object->reach, &scene->stage);
  }
}

/* Bystanders; none in a still picture, where they could not be distinguished
 * from objects. */
static void
add_surroundings (VlmScene *scene)
{
  if (HAS (scene, SWAY)) {
    VlmRandom random = vlm_random_init (scene->params.seed, STREAM_SWAY);

    vlm_sway_init (&scene->sway, &random, &scene->background,
        scene->stage.width, scene->stage.height);
  }
  if (scene->params.duration == 0)
    return;
  add_bystanders (scene);
  if (HAS (scene, SHADES))
    add_shades (scene);
}

static void
init_stage (VlmScene *scene)
{
  const VlmSceneParams *params = &scene->params;
  const VlmTroubles *troubles = &scene->troubles;

  scene->stage = (VlmStage){
    .width = MAX (1.0, (double) params->width / params->height),
    .height = MAX (1.0, (double) params->height / params->width),
    .duration = params->duration,
    .perspective = MAX (params->perspective, troubles->perspective),
    .oblique = troubles->oblique,
  };
  if (troubles->turns != 0.0)
    scene->stage.slope =
        vlm_sin_turns (troubles->turns) / vlm_cos_turns (troubles->turns);
}

static int
compare_actors (const void *a, const void *b)
{
  const VlmActor *x = a;
  const VlmActor *y = b;

  if (x->path.start != y->path.start)
    return x->path.start < y->path.start ? -1 : 1;
  if (x->path.end != y->path.end)
    return x->path.end < y->path.end ? -1 : 1;
  return x->depth < y->depth ? -1 : 1;
}

static void
write_event (VlmActor *actor)
{
  const VlmPath *path = &actor->path;

  actor->description = vlm_scene_describe (actor);
  actor->event = (VlmSceneEvent){
    .label = vlm_object_label (actor->object.name),
    .description = actor->description,
    .start = path->start,
    .end = path->end,
    .in_view_at_start = path->came == VLM_CAME_BEFORE,
    .in_view_at_end = path->went == VLM_WENT_NOT,
    .moves_from = path->moves_from,
    .moves_until = path->moves_until,
    .fidgets =
        path->fidget_x != 0.0 || vlm_object_has_restless_limbs (&actor->object),
  };
}

static gboolean
params_are_valid (const VlmSceneParams *p)
{
  return p->width >= 1 && p->width <= MAX_SIDE && p->height >= 1 &&
      p->height <= MAX_SIDE && p->duration >= 0 &&
      p->duration <= MAX_DURATION && p->min_objects <= p->max_objects &&
      p->max_objects <= VLM_SCENE_MAX_OBJECTS &&
      p->max_bystanders <= VLM_SCENE_MAX_BYSTANDERS &&
      p->kind <= VLM_SCENE_KIND_MIXED && p->perspective >= 0.0 &&
      p->perspective <= VLM_SCENE_MAX_PERSPECTIVE &&
      p->troubles <= VLM_SCENE_TROUBLE_ALL;
}

/**
 * vlm_scene_new: (skip)
 * @params: what is drawn by lot
 *
 * An object for which there is no room (many large ones in a small square) is
 * left out.
 *
 * Returns: (transfer full): a scene
 *
 * Since: 0.1
 */
VlmScene *
vlm_scene_new (const VlmSceneParams *params)
{
  VlmScene *scene;
  VlmRandom random;
  guint n_objects;

  g_return_val_if_fail (params != NULL && params_are_valid (params), NULL);

  scene = g_new0 (VlmScene, 1);
  scene->params = *params;
  random = vlm_random_init (params->seed, STREAM_TROUBLES);
  vlm_troubles_init (&scene->troubles, &random, params->troubles);
  init_stage (scene);
  random = vlm_random_init (params->seed, STREAM_BACKGROUND);
  vlm_background_init (&scene->background, &random, params->backgrounds,
      scene->stage.width, scene->stage.height);
  random = vlm_random_init (params->seed, STREAM_EFFECTS);
  vlm_effects_init (&scene->effects, &random, params->effects);
  random = vlm_random_init (params->seed, STREAM_OBJECTS);
  n_objects = params->min_objects +
      vlm_random_below (&random, params->max_objects - params->min_objects + 1);
  for (guint i = 0; i < n_objects; i++)
    add_actor (scene, &random);
  qsort (scene->actors, scene->n_actors, sizeof (VlmActor), compare_actors);
  for (guint i = 0; i < scene->n_actors; i++)
    write_event (&scene->actors[i]);
  add_surroundings (scene);
  return scene;
}

/**
 * vlm_scene_free:
 * @scene: (nullable) (transfer full): a scene
 *
 * Frees a scene with its events.
 *
 * Since: 0.1
 */
void
vlm_scene_free (VlmScene *scene)
{
  if (scene == NULL)
    return;
  for (guint i = 0; i < scene->n_actors; i++)
    g_free (scene->actors[i].description);
  vlm_mask_clear (&scene->mask);
  g_free (scene->backdrop.rgb);
  g_free (scene);
}

gint64
vlm_scene_clamp_time (const VlmScene *scene, gint64 time)
{
  return CLAMP (time, 0, scene->params.duration);
}

/**
 * vlm_scene_get_n_events:
 * @scene: a scene
 *
 * Counts the events.
 *
 * Returns: how many events it has: one for each object
 *
 * Since: 0.1
 */
guint
vlm_scene_get_n_events (const VlmScene *scene)
{
  g_return_val_if_fail (scene != NULL, 0);
  return scene->n_actors;
}

/**
 * vlm_scene_get_event: (skip)
 * @scene: a scene
 * @index: which of its events, in the order of their starts
 *
 * Gets one event of a scene.
 *
 * Returns: (transfer none): the event, as long as the scene lives
 *
 * Since: 0.1
 */
const VlmSceneEvent *
vlm_scene_get_event (const VlmScene *scene, guint index)
{
  g_return_val_if_fail (scene != NULL && index < scene->n_actors, NULL);
  return &scene->actors[index].event;
}

/**
 * vlm_scene_get_n_bystanders:
 * @scene: a scene
 *
 * Counts the bystanders.
 *
 * Returns: the number of unnamed objects that stand in it from the first
 *   moment to the last; they are not events
 *
 * Since: 0.1
 */
guint
vlm_scene_get_n_bystanders (const VlmScene *scene)
{
  g_return_val_if_fail (scene != NULL, 0);
  return scene->n_bystanders;
}

/**
 * vlm_scene_get_n_labels:
 *
 * Counts the labels that vlm_scene_get_label() has.
 *
 * Returns: how many labels there are in all scenes together
 *
 * Since: 0.1
 */
guint
vlm_scene_get_n_labels (void)
{
  return VLM_OBJECT_UNNAMED + 1;
}

/**
 * vlm_scene_get_label:
 * @index: which; the last one is that of unnamed objects
 *
 * Gets one of the labels that objects of any scene can have.
 *
 * Returns: (transfer none): a label that objects can have
 *
 * Since: 0.1
 */
const char *
vlm_scene_get_label (guint index)
{
  g_return_val_if_fail (index <= VLM_OBJECT_UNNAMED, NULL);
  return vlm_object_label (index);
}
