/* gst-vlm: detection of problems of cameras, without false alarms
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-camera.h>
#include <vlm/vlm-scene-render.h>

#define WIDTH 168
#define HEIGHT 84
#define STEP (VLM_SECOND / 2)

typedef struct
{
  VlmCamera *camera;
  GArray *changes; /* VlmCameraChange */
  VlmFrame *frame; /* as it was last shown */
  VlmBlackout *mask;
  guint64 noise; /* state of the sensor's */
  guint n_frames;
} View;

static void
view_init (View *view, VlmCameraStates states)
{
  g_autofree guint8 *black = g_malloc0 (3 * WIDTH * HEIGHT);
  const VlmImageView image = { .format = VLM_PIXEL_FORMAT_RGB,
    .width = WIDTH,
    .height = HEIGHT,
    .planes = { black },
    .strides = { 3 * WIDTH } };

  *view = (View){ .camera = vlm_camera_new (states),
    .changes = g_array_new (FALSE, FALSE, sizeof (VlmCameraChange)),
    .frame = vlm_frame_new (&image, WIDTH, HEIGHT, VLM_RESAMPLE_VIDEO, NULL),
    .noise = 1 };
}

static void
view_clear (View *view)
{
  vlm_camera_free (view->camera);
  g_array_unref (view->changes);
  vlm_frame_unref (view->frame);
  vlm_blackout_free (view->mask);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (View, view_clear)

/* What is in the frame, twice a second, with the noise of a sensor. */
static void
show (View *view, guint noise)
{
  gint64 time = view->n_frames * STEP;
  VlmFrame *frame = view->frame;

  for (guint i = 0; noise > 0 && i < 3 * WIDTH * HEIGHT; i++) {
    view->noise = view->noise * G_GUINT64_CONSTANT (6364136223846793005) + 1;
    frame->pixels[i] = (guint8) CLAMP ((gint) frame->pixels[i] +
            (gint) ((view->noise >> 33) % (2 * noise + 1)) - (gint) noise,
        0, 255);
  }
  if (view->mask != NULL)
    vlm_blackout_apply (view->mask, frame, WIDTH, HEIGHT);
  frame->time = (VlmInstant){ time + 7, time, time, VLM_TIME_NONE };
  vlm_camera_look (view->camera, frame, view->mask, view->changes);
  view->n_frames++;
}

static void
show_scene (View *view, VlmScene *scene, guint n)
{
  for (guint i = 0; i < n; i++) {
    vlm_scene_render (scene, view->n_frames * STEP, WIDTH, HEIGHT,
        view->frame->pixels, 3 * WIDTH);
    show (view, 4);
  }
}

static void
show_level (View *view, guint8 level, guint noise, guint n)
{
  for (guint i = 0; i < n; i++) {
    memset (view->frame->pixels, level, 3 * WIDTH * HEIGHT);
    show (view, noise);
  }
}

static VlmScene *
make_scene (guint64 seed, VlmSceneBackgrounds backgrounds)
{
  const VlmSceneParams params = { .seed = seed,
    .width = WIDTH,
    .height = HEIGHT,
    .duration = 3600 * VLM_SECOND,
    .max_objects = 3,
    .kind = VLM_SCENE_KIND_MIXED,
    .backgrounds = backgrounds,
    .effects = VLM_SCENE_EFFECT_ALL,
    .max_bystanders = 2 };

  return vlm_scene_new (&params);
}

static void
assert_change (const View *view, guint index, VlmCameraStates state,
    gboolean begins, gint64 stream_time)
{
  const VlmCameraChange *change;

  g_assert_cmpuint (index, <, view->changes->len);
  change = &g_array_index (view->changes, VlmCameraChange, index);
  g_assert_cmpuint (change->state, ==, state);
  g_assert_true (change->begins == begins);
  g_assert_cmpint (
      (begins ? change->start : change->end).stream_time, ==, stream_time);
  g_assert_cmpint (
      (begins ? change->start : change->end).pts, ==, stream_time + 7);
  g_assert_true (VLM_TIME_IS_VALID (change->end.stream_time) == !begins);
}

/* A camera that works is not reported, whatever it shows. */
static void
test_healthy (void)
{
  for (guint64 seed = 1; seed <= 20; seed++) {
    g_auto (View) view;
    g_autoptr (VlmScene) scene = make_scene (seed, 0);

    view_init (&view, VLM_CAMERA_ALL);
    show_scene (&view, scene, 120);
    g_assert_cmpuint (view.changes->len, ==, 0);
  }
}

static void
set_mask (View *view, const char *text)
{
  g_autoptr (VlmRegions) regions = vlm_regions_parse (text, NULL);

  if (regions != NULL)
    view->mask = vlm_blackout_new (regions);
}

/* Nor is it reported because of a mask. */
static void
test_masked (void)
{
  static const char *const masks[] = { "0,0 1,0 1,1 0,1", "0,0 0.9,0 0.9,1 0,1",
    "0,0 1,0 1,0.7 0,0.7; 0,0.5 0.5,0.5 0.5,1 0,1" };

  for (guint i = 0; i < G_N_ELEMENTS (masks); i++) {
    g_auto (View) view;
    g_autoptr (VlmScene) scene = make_scene (3, VLM_SCENE_BACKGROUND_CLUTTER);

    view_init (&view, VLM_CAMERA_ALL);
    set_mask (&view, masks[i]);
    show_scene (&view, scene, 60);
    g_assert_cmpuint (view.changes->len, ==, 0);
  }
}

static void
check_level (const char *mask, VlmCameraStates state, guint8 level, guint noise)
{
  g_auto (View) view;
  g_autoptr (VlmScene) scene = make_scene (3, VLM_SCENE_BACKGROUND_CLUTTER);

  view_init (&view, VLM_CAMERA_ALL);
  set_mask (&view, mask);
  show_scene (&view, scene, 40);
  /* less than two seconds are not reported */
  show_level (&view, level, noise, 3);
  show_scene (&view, scene, 37);
  g_assert_cmpuint (view.changes->len, ==, 0);
  show_level (&view, level, noise, 10);
  g_assert_cmpuint (vlm_camera_get_states (view.camera), ==, state);
  show_scene (&view, scene, 20);
  g_assert_cmpuint (vlm_camera_get_states (view.camera), ==, 0);
  g_assert_cmpuint (view.changes->len, ==, 2);
  assert_change (&view, 0, state, TRUE, 80 * STEP);
  assert_change (&view, 1, state, FALSE, 90 * STEP);
}

static void
test_levels (void)
{
  /* With a mask, the rest of the picture decides. */
  static const char *const masks[] = { "", "0,0 0.5,0 0.5,1 0,1",
    "0,0 1,0 1,0.4 0,0.4" };

  for (guint i = 0; i < G_N_ELEMENTS (masks); i++) {
    check_level (masks[i], VLM_CAMERA_BLACK, 16, 6);
    check_level (masks[i], VLM_CAMERA_OVEREXPOSED, 255, 3);
    check_level (masks[i], VLM_CAMERA_COVERED, 90, 2);
  }
}

/* Frozen since the frame that is repeated; a decoder may change the last bit. */
static void
test_frozen (void)
{
  g_auto (View) view;
  g_autoptr (VlmScene) scene = make_scene (5, VLM_SCENE_BACKGROUND_NOISE);

  view_init (&view, VLM_CAMERA_ALL);
  show_scene (&view, scene, 10);
  for (guint i = 0; i < 19; i++)
    show (&view, 0);
  g_assert_cmpuint (view.changes->len, ==, 0);
  for (guint i = 0; i < 10; i++) {
    view.frame->pixels[3 * 77 * (i + 1)] ^= 1;
    show (&view, 0);
  }
  show_scene (&view, scene, 10);
  g_assert_cmpuint (view.changes->len, ==, 2);
  assert_change (&view, 0, VLM_CAMERA_FROZEN, TRUE, 9 * STEP);
  assert_change (&view, 1, VLM_CAMERA_FROZEN, FALSE, 39 * STEP);
}

static void
wait_until (View *view, gint64 time)
{
  const VlmInstant now = { VLM_TIME_NONE, time, time, VLM_TIME_NONE };

  vlm_camera_wait (view->camera, &now, VLM_TIME_SOURCE_NONE, view->changes);
}

static void
test_no_signal (void)
{
  g_auto (View) view;
  g_autoptr (VlmScene) scene = make_scene (5, VLM_SCENE_BACKGROUND_NOISE);

  view_init (&view, VLM_CAMERA_ALL);
  show_scene (&view, scene, 10);
  wait_until (&view, 14 * VLM_SECOND);
  g_assert_cmpuint (view.changes->len, ==, 0);
  wait_until (&view, 15 * VLM_SECOND);
  assert_change (&view, 0, VLM_CAMERA_NO_SIGNAL, TRUE, 9 * STEP);
  view.n_frames = 60;
  show_scene (&view, scene, 10);
  g_assert_cmpuint (view.changes->len, ==, 2);
  assert_change (&view, 1, VLM_CAMERA_NO_SIGNAL, FALSE, 60 * STEP);
}

/* A camera that never sent anything. */
static void
test_never_a_signal (void)
{
  g_auto (View) view;
  const VlmCameraChange *change;

  view_init (&view, VLM_CAMERA_NO_SIGNAL);
  wait_until (&view, 100);
  wait_until (&view, 10 * VLM_SECOND + 100);
  g_assert_cmpuint (view.changes->len, ==, 1);
  change = &g_array_index (view.changes, VlmCameraChange, 0);
  g_assert_cmpint (change->start.stream_time, ==, 100);
}

/* The end of the stream ends what has begun, and only that. */
static void
test_finish (void)
{
  g_auto (View) view;

  view_init (&view, VLM_CAMERA_BLACK);
  show_level (&view, 16, 2, 10);
  vlm_camera_finish (view.camera, view.changes);
  g_assert_cmpuint (view.changes->len, ==, 2);
  assert_change (&view, 1, VLM_CAMERA_BLACK, FALSE, 9 * STEP);
  g_assert_cmpint (
      g_array_index (view.changes, VlmCameraChange, 1).start.stream_time, ==,
      0);
  vlm_camera_finish (view.camera, view.changes);
  g_assert_cmpuint (view.changes->len, ==, 2);
}

/* Only what was requested is reported, and nothing of the stream before. */
static void
test_flags_and_reset (void)
{
  g_auto (View) view;

  view_init (&view, VLM_CAMERA_FROZEN);
  show_level (&view, 16, 0, 15);
  vlm_camera_reset (view.camera);
  show_level (&view, 16, 0, 15);
  g_assert_cmpuint (view.changes->len, ==, 0);
  show_level (&view, 16, 0, 15);
  g_assert_cmpuint (view.changes->len, ==, 1);
  assert_change (&view, 0, VLM_CAMERA_FROZEN, TRUE, 15 * STEP);
  g_assert_cmpstr (
      vlm_camera_state_to_string (VLM_CAMERA_FROZEN), ==, "frozen");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/camera/healthy", test_healthy);
  g_test_add_func ("/camera/masked", test_masked);
  g_test_add_func ("/camera/levels", test_levels);
  g_test_add_func ("/camera/frozen", test_frozen);
  g_test_add_func ("/camera/no-signal", test_no_signal);
  g_test_add_func ("/camera/never-a-signal", test_never_a_signal);
  g_test_add_func ("/camera/finish", test_finish);
  g_test_add_func ("/camera/flags-and-reset", test_flags_and_reset);
  return g_test_run ();
}
