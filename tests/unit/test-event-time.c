/* gst-vlm: the model's seconds on the clocks of the pipeline
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/event-time.h"

#define MS G_GINT64_CONSTANT (1000000)
#define UTC0 G_GINT64_CONSTANT (1792473600000000000)

/* A window of @n slots from 10 s on, 0.5 s apart; frames @late ms after their
 * slots, two slots a frame where @hold; running time @speed times slower. */
static void
make_window (VlmWindow *window, VlmFrame *frames, VlmSample *samples, guint n,
    gint64 late, gboolean hold, gint64 speed)
{
  *window = (VlmWindow){ .n_samples = n, .samples = samples };
  for (guint i = 0; i < n; i++) {
    guint from = hold ? i / 2 * 2 : i;
    gint64 slot = 10000 * MS + 500 * MS * i;
    gint64 shown = 10000 * MS + 500 * MS * from + late * MS;

    frames[from] = (VlmFrame){ .time = { shown + 7 * VLM_SECOND, shown / speed,
                                   shown, UTC0 + shown },
      .time_source = VLM_TIME_SOURCE_NTP };
    samples[i] = (VlmSample){ &frames[from], slot };
  }
  window->start = samples[0].slot_time;
  window->end = samples[n - 1].slot_time + 500 * MS;
}

static void
check (const VlmWindow *window, gint64 offset, gint64 speed)
{
  VlmInstant instant = vlm_event_time (window, offset);
  gint64 expected = window->samples[0].slot_time + offset;

  g_assert_cmpint (instant.stream_time, ==, expected);
  g_assert_cmpint (instant.pts, ==, expected + 7 * VLM_SECOND);
  g_assert_cmpint (instant.utc, ==, UTC0 + expected);
  g_assert_cmpint (ABS (instant.running_time - expected / speed), <=, 1);
}

static void
test_clocks (void)
{
  VlmFrame frames[8];
  VlmSample samples[8];
  VlmWindow window;

  for (guint n = 1; n <= 8; n++)
    for (int hold = 0; hold < 2; hold++)
      for (gint64 late = 0; late < 60; late += 20) {
        make_window (&window, frames, samples, n, late, hold != 0, 1);
        for (gint64 offset = 0; offset <= 4600; offset += 230)
          check (&window, offset * MS, 1);
      }
}

/* A segment with rate 2 plays twice as fast. */
static void
test_rate (void)
{
  VlmFrame frames[8];
  VlmSample samples[8];
  VlmWindow window;

  make_window (&window, frames, samples, 8, 0, FALSE, 2);
  check (&window, 0, 2);
  check (&window, 1700 * MS, 2);
  check (&window, 4000 * MS, 2);
}

static void
test_missing (void)
{
  VlmFrame frames[2];
  VlmSample samples[2];
  VlmWindow window;
  VlmInstant instant;

  make_window (&window, frames, samples, 2, 0, FALSE, 1);
  frames[0].time.utc = VLM_TIME_NONE;
  frames[0].time_source = VLM_TIME_SOURCE_NONE;
  frames[1].time.pts = VLM_TIME_NONE;
  instant = vlm_event_time (&window, 200 * MS);
  g_assert_cmpint (instant.utc, ==, VLM_TIME_NONE);
  g_assert_cmpint (instant.pts, ==, 10200 * MS + 7 * VLM_SECOND);
  g_assert_cmpint (
      vlm_event_time_source (&window, 200 * MS), ==, VLM_TIME_SOURCE_NONE);
  g_assert_cmpint (
      vlm_event_time_source (&window, 600 * MS), ==, VLM_TIME_SOURCE_NTP);
}

/* Clocks that no stream should have: no time, or one at the end of 64 bits, but
 * nothing that overflows. */
static void
test_hostile (void)
{
  static const gint64 clocks[] = { VLM_TIME_NONE, -G_MAXINT64, G_MAXINT64, 0 };
  VlmFrame frames[4];
  VlmSample samples[4];
  VlmWindow window;

  for (guint i = 0; i < G_N_ELEMENTS (clocks); i++)
    for (guint k = 0; k < G_N_ELEMENTS (clocks); k++) {
      make_window (&window, frames, samples, 4, 0, FALSE, 1);
      frames[0].time.running_time = clocks[i];
      frames[1].time.running_time = clocks[k];
      frames[3].time.utc = clocks[i];
      frames[2].time.pts = clocks[k];
      for (gint64 offset = -500; offset <= 3000; offset += 250) {
        VlmInstant instant = vlm_event_time (&window, offset * MS);

        g_assert_cmpint (instant.stream_time, ==, window.start + offset * MS);
      }
    }
}

static void
test_sums (void)
{
  g_assert_cmpint (vlm_time_add (5, -7), ==, -2);
  g_assert_cmpint (vlm_time_add (VLM_TIME_NONE, 1), ==, VLM_TIME_NONE);
  g_assert_cmpint (vlm_time_add (G_MAXINT64, 1), ==, VLM_TIME_NONE);
  g_assert_cmpint (vlm_time_add (-G_MAXINT64, -2), ==, VLM_TIME_NONE);
  g_assert_cmpint (vlm_time_since (5, 7), ==, -2);
  g_assert_cmpint (vlm_time_since (G_MAXINT64, -1), ==, G_MAXINT64);
  g_assert_cmpint (vlm_time_since (-G_MAXINT64, 2), ==, -G_MAXINT64);
  g_assert_cmpuint (vlm_time_distance (-3, 4), ==, 7);
  g_assert_cmpuint (
      vlm_time_distance (G_MININT64, G_MAXINT64), ==, G_MAXUINT64);
  g_assert_cmpint (vlm_time_scale (10, -0.5), ==, -5);
  g_assert_cmpint (vlm_time_scale (G_MAXINT64, 2.0), ==, G_MAXINT64);
  g_assert_cmpint (vlm_time_scale (G_MAXINT64, -1e300), ==, -G_MAXINT64);
  g_assert_cmpint (vlm_time_scale (0, G_MAXDOUBLE * 10), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/event-time/clocks", test_clocks);
  g_test_add_func ("/event-time/rate", test_rate);
  g_test_add_func ("/event-time/missing", test_missing);
  g_test_add_func ("/event-time/hostile", test_hostile);
  g_test_add_func ("/event-time/sums", test_sums);
  return g_test_run ();
}
