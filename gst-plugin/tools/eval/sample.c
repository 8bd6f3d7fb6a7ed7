/* gst-vlm: the scenes that a model is evaluated on
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/sample.h"

#include <string.h>

#include "tools/eval/metrics.h"

#define SHORTEST_S 4.0
#define MAX_OBJECTS 3
#define MAX_OBJECTS_HARD 5
#define MAX_BYSTANDERS_HARD 3
/* The share of absent labels that have a word in common with one in the scene. */
#define P_NEAR 0.5

/* splitmix64: the scene's own draws use the seed itself. */
static guint64
draw (guint64 *state)
{
  guint64 z = (*state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15));

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static double
draw_fraction (guint64 *state)
{
  return (double) (draw (state) >> 11) / 9007199254740992.0;
}

static guint
draw_below (guint64 *state, guint n)
{
  return (guint) (draw_fraction (state) * n);
}

static gboolean
is_there (const EvalSample *self, const char *label)
{
  for (guint i = 0; i < self->events->len; i++)
    if (g_str_equal (g_array_index (self->events, EvalEvent, i).label, label))
      return TRUE;
  return FALSE;
}

/* "red circle" and "red square", or "blue circle". */
static gboolean
share_a_word (const char *a, const char *b)
{
  const char *rest_a = strchr (a, ' ');
  const char *rest_b = strchr (b, ' ');

  if (rest_a == NULL || rest_b == NULL)
    return FALSE;
  return g_str_equal (rest_a, rest_b) ||
      (rest_a - a == rest_b - b && strncmp (a, b, (gsize) (rest_a - a)) == 0);
}

static const char *
draw_absent (const EvalSample *self, guint64 *state)
{
  gboolean near = self->present != NULL && draw_fraction (state) < P_NEAR &&
      strchr (self->present, ' ') != NULL;
  g_autoptr (GPtrArray) labels = g_ptr_array_new ();

  for (guint i = 0; i < vlm_scene_get_n_labels (); i++) {
    const char *label = vlm_scene_get_label (i);

    if (!is_there (self, label) &&
        (!near || share_a_word (label, self->present)))
      g_ptr_array_add (labels, (gpointer) label);
  }
  g_assert (labels->len > 0);
  return labels->pdata[draw_below (state, labels->len)];
}

static void
read_truth (EvalSample *self)
{
  self->events = eval_events_new ();
  for (guint i = 0; i < vlm_scene_get_n_events (self->scene); i++) {
    const VlmSceneEvent *event = vlm_scene_get_event (self->scene, i);

    eval_events_add (self->events, (double) event->start / VLM_SECOND,
        (double) event->end / VLM_SECOND, event->label, event->description);
  }
}

EvalSample *
eval_sample_new (guint64 seed, double longest, const EvalCamera *camera)
{
  static const guint shapes[][2] = { { 480, 480 }, { 640, 480 }, { 640, 360 },
    { 360, 640 } };
  EvalSample *self = g_new0 (EvalSample, 1);
  guint64 state = seed;
  double kind = draw_fraction (&state);
  guint shape = draw_below (&state, G_N_ELEMENTS (shapes));
  double length = draw_fraction (&state);
  const EvalCamera none = { 0 };
  VlmSceneParams params;

  if (camera == NULL)
    camera = &none;
  self->seed = seed;
  self->kind = kind < 0.6 ? VLM_SCENE_KIND_NAMED
      : kind < 0.75       ? VLM_SCENE_KIND_ANY
                          : VLM_SCENE_KIND_MIXED;
  self->width = shapes[shape][0];
  self->height = shapes[shape][1];
  if (longest > 0.0)
    self->duration =
        (gint64) ((SHORTEST_S + length * (longest - SHORTEST_S)) * 100.0) *
        (VLM_SECOND / 100);
  if (longest > 0.0 && camera->duration > 0.0)
    self->duration =
        (gint64) (camera->duration * 1000.0 + 0.5) * (VLM_SECOND / 1000);
  params = (VlmSceneParams){ .seed = seed,
    .width = self->width,
    .height = self->height,
    .duration = self->duration,
    .max_objects = MAX_OBJECTS,
    .kind = self->kind,
    .backgrounds = VLM_SCENE_BACKGROUND_ALL,
    .effects = VLM_SCENE_EFFECT_ALL,
    .max_bystanders = camera->max_bystanders,
    .perspective = camera->perspective };
  if (camera->hard) {
    params.max_objects = MAX_OBJECTS_HARD;
    params.max_bystanders = MAX (params.max_bystanders, MAX_BYSTANDERS_HARD);
    params.troubles = VLM_SCENE_TROUBLE_ALL;
  }
  if (!camera->exposure && !camera->hard)
    params.effects &= ~VLM_SCENE_EFFECT_EXPOSURE;
  self->scene = vlm_scene_new (&params);
  read_truth (self);
  if (self->events->len > 0)
    self->present = g_array_index (
        self->events, EvalEvent, draw_below (&state, self->events->len))
                        .label;
  self->absent = draw_absent (self, &state);
  return self;
}

void
eval_sample_free (EvalSample *self)
{
  if (self == NULL)
    return;
  vlm_scene_free (self->scene);
  g_array_unref (self->events);
  g_free (self);
}

VlmFrame *
eval_sample_frame (const EvalSample *self, gint64 time, guint width,
    guint height, VlmResample resample, GError **error)
{
  gsize stride = 3 * (gsize) self->width;
  g_autofree guint8 *pixels = g_malloc (stride * self->height);
  const VlmImageView view = { .format = VLM_PIXEL_FORMAT_RGB,
    .width = self->width,
    .height = self->height,
    .planes = { pixels },
    .strides = { (gint) stride } };
  VlmFrame *frame;

  vlm_scene_render (
      self->scene, time, self->width, self->height, pixels, stride);
  frame = vlm_frame_new (&view, width, height, resample, error);
  if (frame != NULL)
    frame->time.stream_time = time;
  return frame;
}

const char *
eval_leading_label (const char *description)
{
  const char *best = NULL;
  gsize best_length = 0;

  for (guint i = 0; i < vlm_scene_get_n_labels (); i++) {
    const char *label = vlm_scene_get_label (i);
    gsize length = strlen (label);

    if (length > best_length && g_str_has_prefix (description, label) &&
        !g_ascii_isalnum (description[length])) {
      best = label;
      best_length = length;
    }
  }
  return best;
}
