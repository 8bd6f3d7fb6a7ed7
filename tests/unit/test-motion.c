/* gst-vlm: does anything move?
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-motion.h>
#include <vlm/vlm-rate.h>
#include <vlm/vlm-scene-render.h>
#include <vlm/vlm-scene.h>

#define WIDTH 320
#define HEIGHT 180

static float
look (VlmMotion *motion, const VlmImageView *view)
{
  g_autoptr (GError) error = NULL;
  float changed;

  g_assert_true (vlm_motion_look (motion, view, &changed, &error));
  g_assert_no_error (error);
  return changed;
}

/* A gray picture with a white square in it. */
static VlmImageView
make_view (guint8 *pixels, VlmPixelFormat format, guint8 level, guint x)
{
  static const guint bytes[] = { 3, 3, 4, 4, 4, 4, 1, 1, 1, 1, 2, 2 };
  guint n = bytes[format];
  VlmImageView view = { .format = format,
    .width = WIDTH,
    .height = HEIGHT,
    .planes = { pixels, pixels, pixels },
    .strides = { (gint) (WIDTH * n), WIDTH, WIDTH } };

  memset (pixels, level, (gsize) WIDTH * HEIGHT * n);
  for (guint y = 40; y < 60; y++)
    memset (pixels + ((gsize) y * WIDTH + x) * n, 255, 20 * n);
  return view;
}

static void
test_formats (void)
{
  g_autofree guint8 *pixels = g_malloc (4 * WIDTH * HEIGHT);

  for (VlmPixelFormat format = 0; format <= VLM_PIXEL_FORMAT_UYVY; format++) {
    g_autoptr (VlmMotion) motion = vlm_motion_new ();
    VlmImageView view = make_view (pixels, format, 90, 50);

    g_assert_cmpfloat (look (motion, &view), ==, -1.0f);
    vlm_motion_keep (motion);
    g_assert_cmpfloat (look (motion, &view), ==, 0.0f);
    /* two squares of 20 x 20 differ, each of four by four cells */
    view = make_view (pixels, format, 90, 100);
    g_assert_cmpfloat (look (motion, &view), ==, 32.0f / 2304.0f);
    /* looking alone keeps nothing */
    g_assert_cmpfloat (look (motion, &view), ==, 32.0f / 2304.0f);
    vlm_motion_keep (motion);
    g_assert_cmpfloat (look (motion, &view), ==, 0.0f);
    vlm_motion_reset (motion);
    g_assert_cmpfloat (look (motion, &view), ==, -1.0f);
  }
}

/* The light gets brighter, and an object moves in it. */
static void
test_light (void)
{
  g_autofree guint8 *pixels = g_malloc (4 * WIDTH * HEIGHT);
  g_autoptr (VlmMotion) motion = vlm_motion_new ();
  VlmImageView view = make_view (pixels, VLM_PIXEL_FORMAT_GRAY8, 90, 50);

  look (motion, &view);
  vlm_motion_keep (motion);
  view = make_view (pixels, VLM_PIXEL_FORMAT_GRAY8, 130, 50);
  /* the square is as bright as it was */
  g_assert_cmpfloat (look (motion, &view), ==, 16.0f / 2304.0f);
  view = make_view (pixels, VLM_PIXEL_FORMAT_GRAY8, 100, 50);
  g_assert_cmpfloat (look (motion, &view), ==, 0.0f);
}

/* What moves within does not reach the border. */
static void
test_border (void)
{
  g_autofree guint8 *pixels = g_malloc (4 * WIDTH * HEIGHT);
  g_autoptr (VlmMotion) motion = vlm_motion_new ();
  VlmImageView view = make_view (pixels, VLM_PIXEL_FORMAT_GRAY8, 90, 50);

  g_assert_false (vlm_motion_reaches_border (motion));
  look (motion, &view);
  vlm_motion_keep (motion);
  view = make_view (pixels, VLM_PIXEL_FORMAT_GRAY8, 90, 100);
  g_assert_cmpfloat (look (motion, &view), >, 0.0f);
  g_assert_false (vlm_motion_reaches_border (motion));
  view = make_view (pixels, VLM_PIXEL_FORMAT_GRAY8, 90, WIDTH - 20);
  g_assert_cmpfloat (look (motion, &view), >, 0.0f);
  g_assert_true (vlm_motion_reaches_border (motion));
  view = make_view (pixels, VLM_PIXEL_FORMAT_GRAY8, 90, 50);
  g_assert_cmpfloat (look (motion, &view), ==, 0.0f);
  g_assert_false (vlm_motion_reaches_border (motion));
}

static void
test_sizes (void)
{
  static const guint sizes[][2] = { { 1, 1 }, { 2, 300 }, { 63, 35 },
    { 64, 36 }, { 4096, 3 } };
  g_autofree guint8 *pixels = g_malloc0 (4096 * 3 * 4);
  g_autoptr (VlmMotion) motion = vlm_motion_new ();
  g_autoptr (GError) error = NULL;
  VlmImageView view = { .format = VLM_PIXEL_FORMAT_GRAY8,
    .planes = { pixels } };
  float changed;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    view.width = sizes[i][0];
    view.height = sizes[i][1];
    view.strides[0] = (gint) view.width;
    memset (pixels, 0, (gsize) view.width * view.height);
    /* of another size than what was kept */
    g_assert_cmpfloat (look (motion, &view), ==, -1.0f);
    vlm_motion_keep (motion);
    g_assert_cmpfloat (look (motion, &view), ==, 0.0f);
    pixels[(view.height - 1) * view.width + view.width - 1] = 255;
    changed = look (motion, &view);
    g_assert_true (changed >= 0.0f);
    if (view.width == 63 || view.width == 64)
      g_assert_cmpfloat (changed, >, 0.0f);
  }
  view.width = 0;
  g_assert_false (vlm_motion_look (motion, &view, &changed, &error));
  g_assert_nonnull (error);
}

static float
look_at_scene (VlmMotion *motion, VlmScene *scene, gint64 time, guint shrink)
{
  g_autofree guint8 *pixels = g_malloc (3 * WIDTH * HEIGHT);
  VlmImageView view = { .format = VLM_PIXEL_FORMAT_RGB,
    .width = WIDTH / shrink,
    .height = HEIGHT / shrink,
    .planes = { pixels },
    .strides = { 3 * WIDTH } };

  vlm_scene_render (scene, time, view.width, view.height, pixels, 3 * WIDTH);
  return look (motion, &view);
}

/* Where nothing happens, the noise of a sensor and the blocks of a codec are not
 * motion. */
static void
test_noise (void)
{
  for (guint seed = 0; seed < 12; seed++) {
    VlmSceneParams params = { .seed = seed,
      .width = WIDTH,
      .height = HEIGHT,
      .duration = 4 * VLM_SECOND,
      .effects = VLM_SCENE_EFFECT_NOISE | VLM_SCENE_EFFECT_BLOCKS };
    g_autoptr (VlmScene) empty = vlm_scene_new (&params);
    g_autoptr (VlmMotion) motion = vlm_motion_new ();

    for (gint64 t = 0; t < params.duration; t += VLM_SECOND / 4) {
      g_assert_cmpfloat (look_at_scene (motion, empty, t, 1 + seed % 2), <,
          VLM_MOTION_THRESHOLD);
      vlm_motion_keep (motion);
    }
  }
}

/* An object that comes into view is seen after half a second at most, unless it
 * is as bright as the background, which is rare. */
static void
test_events (void)
{
  guint n_events = 0;
  guint n_seen = 0;

  for (guint seed = 0; seed < 40; seed++) {
    VlmSceneParams params = { .seed = seed,
      .width = WIDTH,
      .height = HEIGHT,
      .duration = 8 * VLM_SECOND,
      .min_objects = 1,
      .max_objects = 1,
      .kind = VLM_SCENE_KIND_MIXED,
      .effects = VLM_SCENE_EFFECT_NOISE | VLM_SCENE_EFFECT_LIGHT };
    g_autoptr (VlmScene) scene = vlm_scene_new (&params);
    g_autoptr (VlmMotion) motion = vlm_motion_new ();
    const VlmSceneEvent *event = vlm_scene_get_event (scene, 0);

    if (event->in_view_at_start || event->start < VLM_SECOND)
      continue;
    look_at_scene (motion, scene, event->start - VLM_SECOND / 2, 1);
    vlm_motion_keep (motion);
    n_events++;
    n_seen += look_at_scene (motion, scene, event->start + VLM_SECOND / 2, 1) >=
        VLM_MOTION_THRESHOLD;
  }
  g_assert_cmpuint (n_events, >, 15);
  g_assert_cmpuint (n_events - n_seen, <=, n_events / 10);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/motion/formats", test_formats);
  g_test_add_func ("/motion/light", test_light);
  g_test_add_func ("/motion/border", test_border);
  g_test_add_func ("/motion/sizes", test_sizes);
  g_test_add_func ("/motion/noise", test_noise);
  g_test_add_func ("/motion/events", test_events);
  return g_test_run ();
}
