/* gst-vlm: how far back the model looks
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/history.h"
#include "media/window.h"

#define S VLM_SECOND

static const VlmGeometry geometry = {
  .patch_size = 14, .merge_size = 2, .temporal_patch_size = 2
};

static VlmFrame *frames[200];

/* 2 frames a second from @start s on; frame i is at i / 2 s. */
static VlmWindow *
make_window (guint start, guint length)
{
  VlmWindow *window = vlm_window_new (2 * length);

  window->start = start * S;
  window->end = (start + length) * S;
  window->slot_duration = S / 2;
  for (guint i = 0; i < window->n_samples; i++) {
    window->samples[i].frame = vlm_frame_ref (frames[2 * start + i]);
    window->samples[i].slot_time = (2 * start + i) * S / 2;
  }
  return window;
}

/* Pushes @window (taken) and returns where the video begins, in seconds. */
static gint64
push (VlmHistory *history, VlmWindow *window)
{
  g_autoptr (VlmWindow) seen = vlm_history_push (history, window);
  guint n_before = seen->n_samples - window->n_samples;
  gint64 start = seen->start / S;

  g_assert_cmpint (seen->end, ==, window->end);
  g_assert_cmpint (seen->start, ==, seen->samples[0].slot_time);
  g_assert_cmpuint (seen->epoch, ==, window->epoch);
  g_assert_cmpmem (seen->samples + n_before,
      window->n_samples * sizeof (VlmSample), window->samples,
      window->n_samples * sizeof (VlmSample));
  for (guint i = 1; i < seen->n_samples; i++)
    g_assert_cmpint (
        seen->samples[i].slot_time, ==, seen->samples[i - 1].slot_time + S / 2);
  vlm_window_unref (window);
  return start;
}

static VlmHistory *
new_history (
    gint64 max_ns, guint n_windows, gint64 trained_ns, guint max_tokens)
{
  const VlmHistoryLimits limits = { .max_ns = max_ns,
    .n_windows = n_windows,
    .trained_ns = trained_ns,
    .max_tokens = max_tokens };

  return vlm_history_new (&geometry, &limits);
}

/* Windows of 10 s every 2 s: the video grows to the limit, restarts with the
 * window that would pass it, and is never shorter than a window. */
static void
test_grows (void)
{
  static const struct
  {
    gint64 max_ns;
    guint n_windows;
    gint64 trained_ns;
    guint max_tokens, longest;
  } cases[] = {
    { 0, 0, 0, 100000, 40 },
    { 0, 1, 0, 100000, 10 },
    { 0, 2, 0, 100000, 20 },
    { 0, 2, 15 * S, 100000, 14 },
    { 0, 0, 30 * S, 100000, 30 },
    { 0, 0, 5 * S, 100000, 10 },
    { 20 * S, 0, 0, 100000, 20 },
    { 20 * S, 1, 12 * S, 100000, 20 },
    { 1, 0, 0, 100000, 10 },
    { 15 * S, 0, 0, 100000, 14 },
    { 0, 0, 0, 25, 24 },
    { 0, 0, 0, 3, 10 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VlmHistory) history = new_history (cases[i].max_ns,
        cases[i].n_windows, cases[i].trained_ns, cases[i].max_tokens);
    guint longest = 0;
    gint64 anchor = 0;

    for (guint start = 0; start + 10 <= 100; start += 2) {
      gint64 begin = push (history, make_window (start, 10));

      if (begin != anchor) {
        g_assert_cmpint (begin, ==, start);
        g_assert_cmpint (start + 10 - anchor, >, cases[i].longest);
        anchor = begin;
      }
      longest = MAX (longest, start + 10 - (guint) begin);
    }
    g_assert_cmpuint (longest, ==, cases[i].longest);
    g_assert_cmpint (anchor, >, 0);
  }
}

/* A window of which little is known is analysed alone. */
static void
test_hops (void)
{
  g_autoptr (VlmHistory) history = new_history (0, 0, 0, 100000);

  g_assert_cmpint (push (history, make_window (0, 10)), ==, 0);
  g_assert_cmpint (push (history, make_window (5, 10)), ==, 0);
  g_assert_cmpint (push (history, make_window (11, 10)), ==, 11);
  g_assert_cmpint (push (history, make_window (21, 10)), ==, 21);
  g_assert_cmpint (push (history, make_window (40, 10)), ==, 40);
  /* the same again adds nothing; another kind of window may follow */
  g_assert_cmpint (push (history, make_window (40, 10)), ==, 40);
  g_assert_cmpint (push (history, make_window (44, 7)), ==, 40);
  /* back in time */
  g_assert_cmpint (push (history, make_window (30, 10)), ==, 30);
  g_assert_cmpint (push (history, make_window (30, 5)), ==, 30);
}

static VlmWindow *
change_frame (VlmWindow *window, guint i, guint width)
{
  guint8 pixels[56 * 28 * 3] = { 0 };
  const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
    TRUE, width, 28, { pixels }, { (int) width * 3 } };

  vlm_frame_unref (window->samples[i].frame);
  window->samples[i].frame =
      vlm_frame_new (&view, width, 28, VLM_RESAMPLE_VIDEO, NULL);
  return window;
}

/* A window that does not continue the video begins a new one. */
static void
test_breaks (void)
{
  g_autoptr (VlmHistory) history = new_history (0, 0, 0, 100000);
  VlmWindow *window;

  g_assert_cmpint (push (history, make_window (0, 10)), ==, 0);
  /* another frame in the part that both have, then one of another size */
  window = change_frame (make_window (2, 10), 3, 28);
  g_assert_cmpint (push (history, window), ==, 2);
  window = change_frame (make_window (4, 10), 19, 56);
  g_assert_cmpint (push (history, window), ==, 4);
  g_assert_cmpint (push (history, make_window (6, 10)), ==, 6);
  g_assert_cmpint (push (history, make_window (8, 10)), ==, 6);
  window = make_window (10, 10);
  window->epoch = 1;
  g_assert_cmpint (push (history, window), ==, 10);
  window = make_window (12, 10);
  window->epoch = 1;
  g_assert_cmpint (push (history, window), ==, 10);
  vlm_history_restart (history);
  window = make_window (14, 10);
  window->epoch = 1;
  g_assert_cmpint (push (history, window), ==, 14);
}

int
main (int argc, char **argv)
{
  guint8 pixels[28 * 28 * 3] = { 0 };
  const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
    TRUE, 28, 28, { pixels }, { 28 * 3 } };
  int status;

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    frames[i] = vlm_frame_new (&view, 28, 28, VLM_RESAMPLE_VIDEO, NULL);
  g_test_add_func ("/history/grows", test_grows);
  g_test_add_func ("/history/hops", test_hops);
  g_test_add_func ("/history/breaks", test_breaks);
  status = g_test_run ();
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    vlm_frame_unref (frames[i]);
  return status;
}
