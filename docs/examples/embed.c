/* gst-vlm: events of pictures that a program makes itself, with the library alone
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   cc embed.c -o embed $(pkg-config --cflags --libs vlm-1.0)
 *   ./embed [MODEL [DEVICE]]
 *
 * Prints events as lines of JSON. The pictures are a made-up scene; yours may
 * come from anywhere, in any format of VlmPixelFormat. */
#include <vlm/vlm.h>

#define WIDTH 320
#define HEIGHT 240
#define STEP (VLM_SECOND / 10)
#define DURATION (8 * VLM_SECOND)

/* A small copy of a picture, as the model wants it. */
static VlmFrame *
copy_picture (VlmScene *scene, gint64 time, const VlmGeometry *geometry)
{
  g_autofree guint8 *rgb = g_malloc (3 * WIDTH * HEIGHT);
  g_autoptr (GError) error = NULL;
  VlmImageView view = { .format = VLM_PIXEL_FORMAT_RGB,
    .width = WIDTH,
    .height = HEIGHT,
    .planes = { rgb },
    .strides = { 3 * WIDTH } };
  VlmFrame *frame = NULL;
  guint width, height;

  vlm_scene_render (scene, time, WIDTH, HEIGHT, rgb, 3 * WIDTH);
  if (vlm_video_plan_size (
          geometry, NULL, 8, WIDTH, HEIGHT, &width, &height, &error))
    frame = vlm_frame_new (&view, width, height, VLM_RESAMPLE_VIDEO, &error);
  if (frame == NULL)
    g_error ("copying a picture: %s", error->message);
  frame->time.stream_time = time;
  return frame;
}

static void
print_events (GPtrArray *events)
{
  for (guint i = 0; i < events->len; i++) {
    g_autofree char *json = vlm_event_to_json (g_ptr_array_index (events, i));

    g_print ("%s\n", json);
  }
}

static void
analyze (VlmAnalyzer *analyzer, VlmWindow *window)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) events =
      vlm_analyzer_analyze (analyzer, window, NULL, &error);

  if (events == NULL)
    g_error ("analysing: %s", error->message);
  print_events (events);
  vlm_window_unref (window);
}

int
main (int argc, char **argv)
{
  VlmAnalyzerParams params = { .model = { .path = argc > 1 ? argv[1] : NULL,
                                   .device = argc > 2 ? argv[2] : NULL } };
  g_autoptr (VlmAnalyzer) analyzer = vlm_engine_analyzer_new ();
  g_autoptr (VlmSampler) sampler = vlm_sampler_new (
      &(VlmSamplerParams){ .fps_n = 2, .fps_d = 1, .window = 4 * VLM_SECOND });
  g_autoptr (VlmScene) scene = vlm_scene_new (&(VlmSceneParams){ .seed = 7,
      .width = WIDTH,
      .height = HEIGHT,
      .duration = DURATION,
      .min_objects = 1,
      .max_objects = 3 });
  g_autoptr (GPtrArray) open_events = NULL;
  g_autoptr (GError) error = NULL;
  VlmGeometry geometry;
  VlmWindow *window;

  if (!vlm_analyzer_load (analyzer, &params, NULL, &error))
    g_error ("loading the model: %s", error->message);
  vlm_analyzer_get_geometry (analyzer, &geometry);
  for (gint64 t = 0; t < DURATION; t += STEP) {
    g_autoptr (VlmFrame) frame = NULL;

    if (vlm_sampler_wants (sampler, t, STEP)) {
      frame = copy_picture (scene, t, &geometry);
      vlm_sampler_add (sampler, frame, STEP);
    }
    while ((window = vlm_sampler_pop (sampler)) != NULL)
      analyze (analyzer, window);
  }
  while ((window = vlm_sampler_finish (sampler)) != NULL)
    analyze (analyzer, window);
  open_events = vlm_analyzer_finish (analyzer);
  print_events (open_events);
  return 0;
}
