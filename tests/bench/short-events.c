/* gst-vlm: how many short events are seen, at which mean rate
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Films of 64 seconds, with objects that appear for 0.2 to 4 seconds on the
 * backgrounds of vlmtestsrc, are sampled by the sampler of the library: at fixed
 * rates, and at rates that follow motion. An event is seen when a sampled frame
 * shows it; there is no model, because none can find what no frame shows. The
 * cost of a film is its frames, including those of still spans.
 * Writes one JSON object a line; the rest is in
 * docs/experiments/short-events.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vlm/vlm-motion.h>
#include <vlm/vlm-sampler.h>
#include <vlm/vlm-scene-render.h>
#include <vlm/vlm-scene.h>

#define WIDTH 320
#define HEIGHT 180
#define FPS 30
#define LENGTH (64 * VLM_SECOND)
#define WINDOW (16 * VLM_SECOND) /* a whole number of slices at all rates */
#define N_EVENTS 5

/* A disc that crosses the picture, or appears and vanishes. */
typedef struct
{
  gint64 start;
  gint64 end;
  double x;
  double y;
  double speed; /* widths a second */
  double radius;
  guint8 colour[3];
  gboolean is_seen;
} Event;

typedef struct
{
  VlmScene *scene;
  gboolean is_busy; /* something swings all the time */
  Event events[N_EVENTS];
  guint8 pixels[3 * WIDTH * HEIGHT];
} Film;

typedef struct
{
  guint n_films;
  guint n_frames; /* in windows */
  guint n_events;
  guint n_seen;
} Result;

/* One in each fifth of the film, at any time of it. */
static void
film_init (Film *film, guint seed, gint64 duration, gboolean is_busy)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  VlmSceneParams params = { .seed = seed,
    .width = WIDTH,
    .height = HEIGHT,
    .duration = LENGTH,
    .effects = VLM_SCENE_EFFECT_NOISE | VLM_SCENE_EFFECT_BLOCKS |
        VLM_SCENE_EFFECT_LIGHT };

  film->scene = vlm_scene_new (&params);
  film->is_busy = is_busy;
  for (guint i = 0; i < N_EVENTS; i++) {
    Event *event = &film->events[i];
    double part = (double) LENGTH / N_EVENTS;
    gboolean crosses = g_rand_boolean (random);

    *event = (Event){ 0 };
    event->start = (gint64) (part * i +
        g_rand_double_range (random, 0.0, part - (double) duration));
    event->end = event->start + duration;
    event->radius = HEIGHT * g_rand_double_range (random, 0.05, 0.12);
    event->x = crosses ? 0.0 : g_rand_double_range (random, 0.15, 0.85);
    event->speed = crosses ? (double) VLM_SECOND / (double) duration : 0.0;
    event->y = g_rand_double_range (random, 0.15, 0.85);
    for (guint c = 0; c < 3; c++)
      event->colour[c] = (guint8) g_rand_int_range (random, 0, 256);
  }
}

static gboolean
is_shown (const Event *event, gint64 time)
{
  return time >= event->start && time < event->end;
}

static void
draw_disc (
    Film *film, double x, double y, double radius, const guint8 colour[3])
{
  for (int row = 0; row < HEIGHT; row++)
    for (int column = 0; column < WIDTH; column++) {
      double dx = column - WIDTH * x;
      double dy = row - HEIGHT * y;

      if (dx * dx + dy * dy < radius * radius)
        memcpy (film->pixels + 3 * (row * WIDTH + column), colour, 3);
    }
}

/* As leaves in the wind, to and fro in two seconds. */
static void
draw_swing (Film *film, gint64 time)
{
  static const guint8 colour[3] = { 20, 140, 40 };
  double phase = (double) (time % (2 * VLM_SECOND)) / VLM_SECOND;
  double swing = phase < 1.0 ? phase : 2.0 - phase;

  draw_disc (film, 0.4 + 0.2 * swing, 0.05, HEIGHT * 0.12, colour);
}

static VlmImageView
film_view (Film *film, gint64 time)
{
  vlm_scene_render (film->scene, time, WIDTH, HEIGHT, film->pixels, 3 * WIDTH);
  if (film->is_busy)
    draw_swing (film, time);
  for (guint i = 0; i < N_EVENTS; i++) {
    const Event *event = &film->events[i];
    double gone = (double) (time - event->start) / VLM_SECOND;

    if (is_shown (event, time))
      draw_disc (film, event->x + event->speed * gone, event->y, event->radius,
          event->colour);
  }
  return (VlmImageView){ .format = VLM_PIXEL_FORMAT_RGB,
    .width = WIDTH,
    .height = HEIGHT,
    .planes = { film->pixels },
    .strides = { 3 * WIDTH } };
}

static void
look (Film *film, VlmSampler *sampler, VlmMotion *motion, gint64 time)
{
  VlmImageView view = film_view (film, time);
  float changed = -1.0f;

  if (vlm_motion_look (motion, &view, &changed, NULL))
    vlm_sampler_see (sampler, changed);
}

/* The copy is tiny, because its pixels do not matter. */
static void
take (Film *film, VlmSampler *sampler, VlmMotion *motion, gint64 time)
{
  static const guint8 black[3];
  VlmImageView view = { .format = VLM_PIXEL_FORMAT_RGB,
    .width = 1,
    .height = 1,
    .planes = { black },
    .strides = { 3 } };
  g_autoptr (VlmFrame) frame =
      vlm_frame_new (&view, 1, 1, VLM_RESAMPLE_VIDEO, NULL);

  frame->time.stream_time = time;
  vlm_sampler_add (sampler, frame, VLM_SECOND / FPS);
  if (motion != NULL)
    vlm_motion_keep (motion);
  for (guint i = 0; i < N_EVENTS; i++)
    film->events[i].is_seen |= is_shown (&film->events[i], time);
}

static void
count_windows (VlmSampler *sampler, gboolean is_over, Result *result)
{
  VlmWindow *window;

  while ((window = is_over ? vlm_sampler_finish (sampler)
                           : vlm_sampler_pop (sampler)) != NULL) {
    result->n_frames += window->n_samples;
    vlm_window_unref (window);
  }
}

static void
watch (Film *film, const VlmSamplerParams *params, guint budget, Result *result)
{
  g_autoptr (VlmSampler) sampler = vlm_sampler_new (params);
  g_autoptr (VlmMotion) motion =
      params->min_fps_n > 0 ? vlm_motion_new () : NULL;

  vlm_sampler_set_budget (sampler, budget, 0);
  for (gint64 n = 0; n * VLM_SECOND / FPS < LENGTH; n++) {
    gint64 time = n * VLM_SECOND / FPS;

    if (motion != NULL && vlm_sampler_looks (sampler, time, VLM_SECOND / FPS))
      look (film, sampler, motion, time);
    if (vlm_sampler_wants (sampler, time, VLM_SECOND / FPS))
      take (film, sampler, motion, time);
    count_windows (sampler, FALSE, result);
  }
  count_windows (sampler, TRUE, result);
  result->n_films++;
  for (guint i = 0; i < N_EVENTS; i++)
    result->n_seen += film->events[i].is_seen;
  result->n_events += N_EVENTS;
}

static void
measure (const VlmSamplerParams *params, guint budget, gboolean is_busy,
    gint64 duration, guint n_films)
{
  g_autofree Film *film = g_new0 (Film, 1);
  Result result = { 0 };

  for (guint seed = 0; seed < n_films; seed++) {
    film_init (film, seed, duration, is_busy);
    watch (film, params, budget, &result);
    vlm_scene_free (film->scene);
  }
  printf ("{\"scenes\": \"%s\", \"sampling\": \"%s\", \"event_s\": %.1f, "
          "\"fps\": %.4f, \"min_fps\": %.4f, \"budget\": %u, "
          "\"mean_fps\": %.4f, \"events\": %u, \"seen\": %u}\n",
      is_busy ? "always moving" : "else still",
      params->min_fps_n > 0 ? "motion" : "uniform",
      (double) duration / VLM_SECOND, (double) params->fps_n / params->fps_d,
      params->min_fps_n > 0 ? (double) params->min_fps_n / params->min_fps_d
                            : 0.0,
      budget, result.n_frames / (result.n_films * (double) LENGTH / VLM_SECOND),
      result.n_events, result.n_seen);
  fflush (stdout);
}

static void
measure_all (gboolean is_busy, gint64 duration, guint n_films)
{
  /* eighths of a frame a second */
  static const guint uniform[] = { 1, 2, 4, 6, 8, 12, 16, 24, 32, 64 };
  /* highest rate, frames in a window */
  static const guint motion[][2] = { { 1, 0 }, { 2, 0 }, { 4, 0 }, { 8, 0 },
    { 8, 32 } };

  for (guint i = 0; i < G_N_ELEMENTS (uniform); i++) {
    VlmSamplerParams params = {
      .fps_n = uniform[i], .fps_d = 8, .window = WINDOW
    };

    measure (&params, 0, is_busy, duration, n_films);
  }
  for (guint i = 0; i < G_N_ELEMENTS (motion); i++) {
    VlmSamplerParams params = { .fps_n = motion[i][0],
      .fps_d = 1,
      .window = WINDOW,
      .min_fps_n = 1,
      .min_fps_d = 8 };

    measure (&params, motion[i][1], is_busy, duration, n_films);
  }
}

int
main (int argc, char **argv)
{
  static const double durations[] = { 0.2, 0.5, 1.0, 2.0, 4.0 };
  int n_films = argc > 1 ? atoi (argv[1]) : 12;

  if (argc > 2 || n_films < 1 || n_films > 10000) {
    fprintf (stderr, "usage: short-events [VIDEOS]\n");
    return 2;
  }
  for (guint i = 0; i < 2 * G_N_ELEMENTS (durations); i++)
    measure_all (i >= G_N_ELEMENTS (durations),
        (gint64) (durations[i % G_N_ELEMENTS (durations)] * VLM_SECOND),
        (guint) n_films);
  return 0;
}
