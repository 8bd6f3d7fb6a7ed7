/* gst-vlm: where an event is
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "analyzer/ground.h"

#include "media/window.h"

static VlmWindow *
make_window (guint n_samples)
{
  VlmWindow *window = vlm_window_new (n_samples);

  for (guint i = 0; i < n_samples; i++) {
    guint8 pixels[28 * 28 * 3] = { 0 };
    const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
      TRUE, 28, 28, { pixels }, { 28 * 3 } };

    window->samples[i].slot_time = (10 + i) * VLM_SECOND;
    window->samples[i].frame =
        vlm_frame_new (&view, 28, 28, VLM_RESAMPLE_VIDEO, NULL);
  }
  return window;
}

static void
test_sample (void)
{
  g_autoptr (VlmWindow) window = make_window (6);
  g_autoptr (VlmEvent) event = vlm_event_new ();

  event->start.stream_time = 11 * VLM_SECOND;
  event->end.stream_time = 15 * VLM_SECOND;
  g_assert_true (vlm_ground_sample (window, event) == &window->samples[3]);
  /* Between two: the earlier. */
  event->end.stream_time = 12 * VLM_SECOND;
  g_assert_true (vlm_ground_sample (window, event) == &window->samples[1]);
  event->start.stream_time = event->end.stream_time = 15 * VLM_SECOND + 400;
  g_assert_true (vlm_ground_sample (window, event) == &window->samples[5]);
}

static void
test_thing (void)
{
  g_autoptr (VlmEvent) event = vlm_event_new ();
  char *thing = vlm_ground_thing (event);

  g_assert_null (thing);
  event->query = g_strdup ("the gate");
  thing = vlm_ground_thing (event);
  g_assert_cmpstr (thing, ==, "gate");
  g_free (thing);
  event->description = g_strdup ("A storm.");
  thing = vlm_ground_thing (event);
  g_assert_cmpstr (thing, ==, "storm");
  g_free (thing);
  event->label = g_strdup ("red circle");
  thing = vlm_ground_thing (event);
  g_assert_cmpstr (thing, ==, "red circle");
  g_free (thing);
}

static void
add_box (GPtrArray *boxes, const char *label)
{
  VlmMark *box = g_new0 (VlmMark, 1);

  box->label = g_strdup (label);
  g_ptr_array_add (boxes, box);
}

static void
test_choose (void)
{
  g_autoptr (GPtrArray) boxes =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_mark_free);

  g_assert_null (vlm_ground_choose (boxes, "red circle"));
  add_box (boxes, "dog");
  g_assert_true (vlm_ground_choose (boxes, "red circle") == boxes->pdata[0]);
  add_box (boxes, "circle");
  add_box (boxes, "the Red circle");
  add_box (boxes, "red circle");
  g_assert_true (vlm_ground_choose (boxes, "red circle") == boxes->pdata[2]);
  g_assert_true (vlm_ground_choose (boxes, "cat") == boxes->pdata[0]);
}

/* A light square of a quarter of the side, at (x, y), before a gray wall. */
static VlmFrame *
draw_square (guint x, guint y, guint8 wall)
{
  guint8 pixels[64 * 64 * 3];
  const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
    TRUE, 64, 64, { pixels }, { 64 * 3 } };

  memset (pixels, wall, sizeof pixels);
  for (guint row = y; row < y + 16; row++)
    memset (pixels + (row * 64 + x) * 3, 240, 16 * 3);
  return vlm_frame_new (&view, 64, 64, VLM_RESAMPLE_VIDEO, NULL);
}

/* It moves in the second and the third frame of four. */
static VlmWindow *
make_moving_window (guint8 wall)
{
  static const guint x[] = { 0, 0, 40, 40 };
  VlmWindow *window = vlm_window_new (4);

  for (guint i = 0; i < 4; i++) {
    window->samples[i].slot_time = i * VLM_SECOND;
    window->samples[i].frame = draw_square (x[i], 8, wall);
  }
  return window;
}

static void
add_rect (GPtrArray *boxes, const char *label, gint x, gint y)
{
  VlmMark *box = g_new0 (VlmMark, 1);

  box->label = g_strdup (label);
  box->rect = (VlmRect){ x, y, 16, 16 };
  g_ptr_array_add (boxes, box);
}

/* Of boxes with one name the moving one is chosen; one that does not move only if
 * there is no other. */
static void
test_moving (void)
{
  g_autoptr (VlmWindow) window = make_moving_window (60);
  g_autoptr (GPtrArray) boxes =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_mark_free);
  g_auto (VlmStir) still = { 0 };
  g_auto (VlmStir) moves = { 0 };

  vlm_stir_init (&still, window, 0);
  vlm_stir_init (&moves, window, 2);
  g_assert_cmpuint (still.n_moves, ==, 0);
  add_rect (boxes, "object", 8, 40);
  g_assert_true (
      vlm_ground_choose_moving (boxes, "object", &moves) == boxes->pdata[0]);
  add_rect (boxes, "object", 40, 8);
  add_rect (boxes, "shadow", 38, 8);
  g_assert_true (
      vlm_ground_choose_moving (boxes, "object", &moves) == boxes->pdata[1]);
  g_assert_true (
      vlm_ground_choose_moving (boxes, "object", &still) == boxes->pdata[0]);
  g_ptr_array_set_size (boxes, 0);
  g_assert_null (vlm_ground_choose_moving (boxes, "object", &moves));
}

/* The frame in which something moves, not the one in the middle. */
static void
test_moving_sample (void)
{
  g_autoptr (VlmWindow) window = vlm_window_new (5);
  g_autoptr (VlmEvent) event = vlm_event_new ();
  static const guint x[] = { 0, 0, 0, 24, 48 };

  for (guint i = 0; i < 5; i++) {
    window->samples[i].slot_time = i * VLM_SECOND;
    window->samples[i].frame = draw_square (x[i], 8, 60);
  }
  event->start.stream_time = 0;
  event->end.stream_time = 3 * VLM_SECOND;
  g_assert_true (
      vlm_ground_moving_sample (window, event) == &window->samples[3]);
  /* nothing moves there */
  event->end.stream_time = VLM_SECOND;
  g_assert_true (vlm_ground_moving_sample (window, event) ==
      vlm_ground_sample (window, event));
}

/* Neither light that changes everywhere nor a camera that turns is a movement. */
static void
test_camera (void)
{
  g_autoptr (VlmWindow) window = vlm_window_new (3);
  g_auto (VlmStir) light = { 0 };
  g_auto (VlmStir) turn = { 0 };

  window->samples[0].frame = draw_square (8, 8, 60);
  window->samples[1].frame = draw_square (8, 8, 100);
  window->samples[2].frame = draw_square (8, 8, 100);
  /* stripes that shift by half a period */
  for (guint i = 0; i < 2; i++)
    for (guint k = 0; k < 64 * 64 * 3; k++)
      window->samples[1 + i].frame->pixels[k] =
          (k / 3 % 64 / 8 + i) % 2 == 0 ? 40 : 160;
  vlm_stir_init (&turn, window, 2);
  g_assert_cmpuint (turn.n_moves, ==, 0);
  memset (window->samples[0].frame->pixels, 60, 64 * 64 * 3);
  memset (window->samples[1].frame->pixels, 100, 64 * 64 * 3);
  window->samples[0].slot_time = 0;
  vlm_stir_init (&light, window, 0);
  g_assert_cmpuint (light.n_moves, ==, 0);
}

static void
check_map (
    VlmRect rect, guint from, guint width, guint height, VlmRect expected)
{
  const VlmFrame frame = { .width = from,
    .height = from,
    .source_width = width,
    .source_height = height };
  VlmRect found = vlm_mark_map_rect (&rect, &frame);

  g_assert_cmpint (found.x, ==, expected.x);
  g_assert_cmpint (found.y, ==, expected.y);
  g_assert_cmpint (found.width, ==, expected.width);
  g_assert_cmpint (found.height, ==, expected.height);
}

static void
test_map (void)
{
  check_map ((VlmRect){ 0, 0, 280, 280 }, 280, 1920, 1080,
      (VlmRect){ 0, 0, 1920, 1080 });
  check_map ((VlmRect){ 70, 140, 70, 70 }, 280, 1920, 1080,
      (VlmRect){ 480, 540, 480, 270 });
  /* Never empty, never outside, also where the source is smaller. */
  check_map ((VlmRect){ 279, 279, 1, 1 }, 280, 10, 10, (VlmRect){ 9, 9, 1, 1 });
  check_map ((VlmRect){ 3, 3, 1, 1 }, 280, 10, 10, (VlmRect){ 0, 0, 1, 1 });
}

/* Of a part of the picture: in pixels of all of it. */
static void
test_map_of_a_part (void)
{
  const VlmRect rect = { 28, 14, 56, 28 };
  const VlmFrame frame = { .width = 112,
    .height = 56,
    .source_x = 600,
    .source_y = 200,
    .source_width = 224,
    .source_height = 112 };
  VlmRect found = vlm_mark_map_rect (&rect, &frame);

  g_assert_cmpint (found.x, ==, 656);
  g_assert_cmpint (found.y, ==, 228);
  g_assert_cmpint (found.width, ==, 112);
  g_assert_cmpint (found.height, ==, 56);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ground/sample", test_sample);
  g_test_add_func ("/ground/subject", test_thing);
  g_test_add_func ("/ground/choose", test_choose);
  g_test_add_func ("/ground/moving", test_moving);
  g_test_add_func ("/ground/moving-sample", test_moving_sample);
  g_test_add_func ("/ground/camera", test_camera);
  g_test_add_func ("/ground/map", test_map);
  g_test_add_func ("/ground/map-of-a-part", test_map_of_a_part);
  return g_test_run ();
}
