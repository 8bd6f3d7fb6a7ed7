/* gst-vlm: an overview of windows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/window.h"

#include "tests/support/sampler-feed.h"

/* Frames at so many seconds each, in windows of 4 s. */
static VlmWindow *
make_window (gint64 first, guint n_samples, gint64 step, VlmFrame **frames)
{
  VlmWindow *window = vlm_window_new (n_samples);

  for (guint i = 0; i < n_samples; i++) {
    gint64 time = first + i * step;

    window->samples[i].slot_time = time * VLM_SECOND;
    window->samples[i].frame = vlm_frame_ref (frames[time]);
  }
  window->start = first * VLM_SECOND;
  window->end = (first + 4) * VLM_SECOND;
  window->period = 4 * VLM_SECOND;
  window->slot_duration = step * VLM_SECOND;
  window->serial = (guint64) first;
  window->epoch = 3;
  window->still = TRUE;
  return window;
}

static void
check (VlmWindow *const *windows, guint n_windows, gint64 period_s, guint depth,
    const char *expected)
{
  g_autoptr (VlmWindow) overview =
      vlm_window_overview (windows, n_windows, period_s * VLM_SECOND, depth);
  const VlmWindow *first = windows[0];
  const VlmWindow *last = windows[n_windows - 1];
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < overview->n_samples; i++)
    g_string_append_printf (text, "%g:%g ",
        (double) overview->samples[i].slot_time / VLM_SECOND,
        (double) overview->samples[i].frame->time.stream_time / VLM_SECOND);
  g_assert_cmpstr (text->str, ==, expected);
  g_assert_cmpint (overview->start, ==, first->start);
  g_assert_cmpint (overview->end, ==, last->end);
  g_assert_cmpint (overview->period, ==, last->end - first->start);
  g_assert_cmpint (overview->slot_duration, ==, period_s * VLM_SECOND);
  g_assert_cmpuint (overview->epoch, ==, 3);
  g_assert_cmpuint (overview->serial, ==, last->serial);
}

static void
test_overview (void)
{
  VlmFrame *frames[20];
  VlmWindow *windows[4];

  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    frames[i] = make_frame (i * VLM_SECOND, 4);
  /* a frame each second, two, again one; the third overlaps with the second */
  windows[0] = make_window (0, 4, 1, frames);
  windows[1] = make_window (4, 2, 2, frames);
  windows[2] = make_window (6, 4, 1, frames);
  windows[3] = make_window (10, 2, 2, frames);
  check (windows, 1, 1, 2, "0:0 1:1 2:2 3:3 ");
  check (windows, 1, 2, 2, "0:0 2:2 ");
  check (windows, 1, 9, 2, "0:0 9:0 ");
  check (windows, 1, 2, 3, "0:0 2:2 4:2 ");
  check (windows, 4, 1, 2,
      "0:0 1:1 2:2 3:3 4:4 6:6 7:7 8:8 9:9 10:10 12:12 13:12 ");
  check (windows, 4, 4, 2, "0:0 4:4 8:8 12:12 ");
  /* a slot without a frame gets the next one; the grid stays */
  check (windows, 4, 5, 2, "0:0 6:6 10:10 15:10 ");
  check (windows + 1, 2, 4, 2, "4:4 8:8 ");
  for (guint i = 0; i < G_N_ELEMENTS (windows); i++)
    vlm_window_unref (windows[i]);
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    vlm_frame_unref (frames[i]);
  g_assert_cmpuint (vlm_frame_count_alive (), ==, 0);
}

/* If one window has motion, the overview has motion. */
static void
test_still (void)
{
  VlmFrame *frames[8];
  VlmWindow *windows[2];
  g_autoptr (VlmWindow) still = NULL;
  g_autoptr (VlmWindow) moves = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    frames[i] = make_frame (i * VLM_SECOND, 4);
  windows[0] = make_window (0, 4, 1, frames);
  windows[1] = make_window (4, 4, 1, frames);
  windows[1]->partial = TRUE;
  still = vlm_window_overview (windows, 2, VLM_SECOND, 2);
  g_assert_true (still->still && still->partial);
  windows[0]->still = FALSE;
  moves = vlm_window_overview (windows, 2, VLM_SECOND, 2);
  g_assert_false (moves->still);
  for (guint i = 0; i < G_N_ELEMENTS (windows); i++)
    vlm_window_unref (windows[i]);
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    vlm_frame_unref (frames[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/window/overview", test_overview);
  g_test_add_func ("/window/still", test_still);
  return g_test_run ();
}
