/* gst-vlm: generated scenes with known events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VLM_SCENE_MAX_OBJECTS:
 *
 * The most objects a scene can have.
 *
 * Since: 0.1
 */
#define VLM_SCENE_MAX_OBJECTS 8

/**
 * VLM_SCENE_MAX_BYSTANDERS:
 *
 * The most bystanders a scene can have.
 *
 * Since: 0.1
 */
#define VLM_SCENE_MAX_BYSTANDERS 4

/**
 * VLM_SCENE_MAX_PERSPECTIVE:
 *
 * The strongest perspective that a scene can have.
 *
 * Since: 0.1
 */
#define VLM_SCENE_MAX_PERSPECTIVE 0.8

/**
 * VlmSceneKind:
 * @VLM_SCENE_KIND_NAMED: plain shapes in plain colours, each label ("red
 *   circle") at most once in a scene
 * @VLM_SCENE_KIND_ANY: anything: textured, shaded, of any outline, all labelled
 *   "object"
 * @VLM_SCENE_KIND_MIXED: both
 *
 * What the objects of a scene look like.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_SCENE_KIND_NAMED,
  VLM_SCENE_KIND_ANY,
  VLM_SCENE_KIND_MIXED,
} VlmSceneKind;

/**
 * VlmSceneBackgrounds:
 * @VLM_SCENE_BACKGROUND_FLAT: one colour
 * @VLM_SCENE_BACKGROUND_GRADIENT: from one colour to another
 * @VLM_SCENE_BACKGROUND_TEXTURE: stripes, checks or bricks
 * @VLM_SCENE_BACKGROUND_NOISE: value noise of several octaves: clouds, lawn
 * @VLM_SCENE_BACKGROUND_CLUTTER: a horizon, ground and static objects
 * @VLM_SCENE_BACKGROUND_ALL: any of them
 *
 * What can be behind the objects; one is drawn for each scene.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_SCENE_BACKGROUND_FLAT = 1 << 0,
  VLM_SCENE_BACKGROUND_GRADIENT = 1 << 1,
  VLM_SCENE_BACKGROUND_TEXTURE = 1 << 2,
  VLM_SCENE_BACKGROUND_NOISE = 1 << 3,
  VLM_SCENE_BACKGROUND_CLUTTER = 1 << 4,
  VLM_SCENE_BACKGROUND_ALL = (1 << 5) - 1,
} VlmSceneBackgrounds;

/**
 * VlmSceneEffects:
 * @VLM_SCENE_EFFECT_SHADOWS: objects cast soft shadows
 * @VLM_SCENE_EFFECT_LIGHT: the light changes slowly
 * @VLM_SCENE_EFFECT_SHAKE: the camera shakes
 * @VLM_SCENE_EFFECT_NOISE: the sensor is noisy
 * @VLM_SCENE_EFFECT_BLOCKS: artefacts of a lossy video codec
 * @VLM_SCENE_EFFECT_EXPOSURE: the exposure follows bright and dark objects in
 *   view: the whole picture becomes darker or brighter within a second
 * @VLM_SCENE_EFFECT_ALL: all of them
 *
 * Image degradations. Each allowed one is used in some scenes, at a random
 * strength.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_SCENE_EFFECT_SHADOWS = 1 << 0,
  VLM_SCENE_EFFECT_LIGHT = 1 << 1,
  VLM_SCENE_EFFECT_SHAKE = 1 << 2,
  VLM_SCENE_EFFECT_NOISE = 1 << 3,
  VLM_SCENE_EFFECT_BLOCKS = 1 << 4,
  VLM_SCENE_EFFECT_EXPOSURE = 1 << 5,
  VLM_SCENE_EFFECT_ALL = (1 << 6) - 1,
} VlmSceneEffects;

/**
 * VlmSceneTroubles:
 * @VLM_SCENE_TROUBLE_STANDING: walls, panels, signs, parked vehicles and
 *   standing people: bystanders, which never move
 * @VLM_SCENE_TROUBLE_DRIFT: the exposure drifts: the whole picture becomes
 *   lighter and darker, whatever is in view
 * @VLM_SCENE_TROUBLE_FOCUS: the focus hunts: the picture blurs and becomes
 *   sharp again
 * @VLM_SCENE_TROUBLE_SWAY: leaves sway, or water flows, in the background
 * @VLM_SCENE_TROUBLE_SHADES: shadows of objects outside the picture pass
 * @VLM_SCENE_TROUBLE_FIGURES: most unnamed objects are dark upright figures or
 *   other objects with swinging limbs
 * @VLM_SCENE_TROUBLE_STAYS: some objects stay for most of the scene and move
 *   only a little where they are
 * @VLM_SCENE_TROUBLE_EDGES: some objects are small and stay at the edge of the
 *   picture, which cuts them
 * @VLM_SCENE_TROUBLE_BRIEF: some objects are in view for 0.5 to 2 s only
 * @VLM_SCENE_TROUBLE_ANGLE: the camera is tilted and looks from the side
 * @VLM_SCENE_TROUBLE_FAINT: many unnamed objects have little contrast to the
 *   background
 * @VLM_SCENE_TROUBLE_ALL: all of them
 *
 * Difficulties of real cameras. A scene has at least one of those that are
 * allowed, and each other one with a probability of 0.3. Only objects are
 * events.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_SCENE_TROUBLE_STANDING = 1 << 0,
  VLM_SCENE_TROUBLE_DRIFT = 1 << 1,
  VLM_SCENE_TROUBLE_FOCUS = 1 << 2,
  VLM_SCENE_TROUBLE_SWAY = 1 << 3,
  VLM_SCENE_TROUBLE_SHADES = 1 << 4,
  VLM_SCENE_TROUBLE_FIGURES = 1 << 5,
  VLM_SCENE_TROUBLE_STAYS = 1 << 6,
  VLM_SCENE_TROUBLE_EDGES = 1 << 7,
  VLM_SCENE_TROUBLE_BRIEF = 1 << 8,
  VLM_SCENE_TROUBLE_ANGLE = 1 << 9,
  VLM_SCENE_TROUBLE_FAINT = 1 << 10,
  VLM_SCENE_TROUBLE_ALL = (1 << 11) - 1,
} VlmSceneTroubles;

/**
 * VlmSceneParams:
 * @seed: any number; the same one gives the same scene on every machine
 * @width: with @height, the shape of the picture the scene is laid out for; 1
 *   to 32768
 * @height: likewise
 * @duration: length, ns, up to a day; 0 for a still picture
 * @min_objects: fewest objects
 * @max_objects: most objects, up to %VLM_SCENE_MAX_OBJECTS
 * @kind: what the objects look like
 * @backgrounds: what can be behind them; 0 for any
 * @effects: possible image degradations; 0 for none
 * @max_bystanders: most bystanders, up to %VLM_SCENE_MAX_BYSTANDERS
 * @perspective: fraction by which objects at the top edge are smaller than at
 *   the bottom one, as seen by a camera that looks down; 0 (all sizes stay) to
 *   %VLM_SCENE_MAX_PERSPECTIVE
 * @troubles: possible difficulties; 0 for none
 *
 * Limits for the random choices of a scene. The background of a seed does not
 * depend on its objects, nor either of them on its bystanders.
 *
 * Since: 0.1
 */
typedef struct
{
  guint64 seed;
  guint width;
  guint height;
  gint64 duration;
  guint min_objects;
  guint max_objects;
  VlmSceneKind kind;
  VlmSceneBackgrounds backgrounds;
  VlmSceneEffects effects;
  guint max_bystanders;
  gdouble perspective;
  VlmSceneTroubles troubles;
} VlmSceneParams;

/**
 * VlmSceneEvent:
 * @label: what the object is called, "red circle" or "object"
 * @description: what it does, "red circle enters from the left"
 * @start: when it comes into view, ns
 * @end: when it is gone, ns; the duration if it stays to the end
 * @in_view_at_start: it is there when the scene begins; @start is 0
 * @in_view_at_end: it is there when the scene ends
 * @moves_from: when it begins to move, ns
 * @moves_until: when it has stopped, ns; @moves_from if it never moves
 * @fidgets: it is never quite still, not even before and after: its limbs move,
 *   or it sways where it stands
 *
 * One object's time in view. It is in view from @start on, and no longer at
 * @end (unless @in_view_at_end); an object that crosses the edge of the picture
 * counts as in view while at least an eighth of it is inside.
 *
 * Since: 0.1
 */
typedef struct
{
  const char *label;
  const char *description;
  gint64 start;
  gint64 end;
  gboolean in_view_at_start;
  gboolean in_view_at_end;
  gint64 moves_from;
  gint64 moves_until;
  gboolean fidgets;
} VlmSceneEvent;

/**
 * VlmScene:
 *
 * A short generated video with known events: objects appear, enter, move,
 * cross, stay, leave and disappear at known times in front of a background.
 *
 * A scene does not depend on pixels and frames: it can be rendered at any time
 * and in any size, and its events are the same in all of them. In a picture of
 * another shape than it was laid out for it is stretched. Objects may overlap,
 * but none hides more than about half of another.
 *
 * Behind them there may be bystanders: they look like unnamed objects, but are
 * there from the first moment to the last and never move. They are not events,
 * because they cannot be distinguished from the background. A still picture,
 * in which nothing moves, has none. Motion in the background (leaves, water,
 * shadows of objects outside) is not an event either.
 *
 * Pixels, events and boxes follow from the parameters alone; no function of the
 * C library whose results differ between machines is involved.
 *
 * For one thread at a time: rendering keeps the background of the last size.
 *
 * Since: 0.1
 */
typedef struct _VlmScene VlmScene;

VLM_API VlmScene *vlm_scene_new (const VlmSceneParams *params);
VLM_API void vlm_scene_free (VlmScene *scene);
VLM_API guint vlm_scene_get_n_events (const VlmScene *scene);
VLM_API const VlmSceneEvent *
vlm_scene_get_event (const VlmScene *scene, guint index);
VLM_API guint vlm_scene_get_n_bystanders (const VlmScene *scene);
VLM_API guint vlm_scene_get_n_labels (void);
VLM_API const char *vlm_scene_get_label (guint index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmScene, vlm_scene_free)

G_END_DECLS
