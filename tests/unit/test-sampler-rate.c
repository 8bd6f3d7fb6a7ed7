/* gst-vlm: sampling at a rate that varies, and a whole stream at once
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/sampler-feed.h"

static const VlmSamplerParams auto_params = {
  .fps_n = 4, .min_fps_n = 1, .min_fps_d = 2, .window = 10 * VLM_SECOND
};

/* At 30 frames a second; something moves in those of [from, to). */
static void
feed_film (Feed *feed, gint64 start, gint64 end, gint64 from, gint64 to)
{
  for (gint64 n = start * 30 / VLM_SECOND; n * VLM_SECOND / 30 < end; n++) {
    gint64 time = n * VLM_SECOND / 30;

    feed->motion = time >= from && time < to ? 0.1f : 0.0f;
    feed_frame (feed, time, VLM_SECOND / 30);
  }
}

/* The slots of a window, in quarters of a second from @start on. */
static void
assert_slots (
    const Feed *feed, guint index, gint64 start, guint n, const guint *slots)
{
  const VlmWindow *window = window_at (feed, index);

  g_assert_cmpuint (window->n_samples, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (
        window->samples[i].slot_time - start, ==, slots[i] * (gint64) 250 * MS);
}

static void
test_idle (void)
{
  static const guint first[] = { 0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 36 };
  static const guint later[] = { 0, 4, 8, 16, 24, 32 };
  g_auto (Feed) feed;
  VlmRateDecision decision;

  /* A second at 4 fps, then as slow as the grid and the windows' ends allow. */
  feed_init (&feed, &auto_params);
  feed_film (&feed, 0, 30 * VLM_SECOND, 0, 0);
  g_assert_cmpuint (feed.windows->len, ==, 3);
  assert_slots (&feed, 0, 0, 12, first);
  assert_slots (&feed, 1, 10 * VLM_SECOND, 6, later);
  g_assert_false (window_at (&feed, 0)->still);
  g_assert_true (window_at (&feed, 1)->still);
  g_assert_cmpint (window_at (&feed, 1)->period, ==, 10 * VLM_SECOND);
  vlm_sampler_get_decision (feed.sampler, &decision);
  g_assert_cmpuint (decision.level, ==, 3);
  g_assert_cmpint (decision.reason, ==, VLM_RATE_REASON_IDLE);
  g_assert_cmpfloat (decision.fps, ==, 0.5);
}

/* Something flits through the middle of a long slice: a frame that shows it is
 * sampled. */
static void
test_onset (void)
{
  static const guint slots[] = { 0, 4, 8, 12, 16, 18, 20, 21, 22, 23, 24, 25,
    26, 27, 28, 30, 32, 36 };
  g_auto (Feed) feed;
  VlmRateDecision decision;

  feed_init (&feed, &auto_params);
  feed_film (&feed, 0, 15300 * MS, 15220 * MS, 15300 * MS); /* 0.08 s long */
  vlm_sampler_get_decision (feed.sampler, &decision);
  g_assert_cmpint (decision.reason, ==, VLM_RATE_REASON_MOTION);
  g_assert_cmpfloat (decision.fps, ==, 4.0);
  feed_film (&feed, 15300 * MS, 20 * VLM_SECOND, 0, 0);
  g_assert_cmpuint (feed.windows->len, ==, 2);
  assert_slots (&feed, 1, 10 * VLM_SECOND, G_N_ELEMENTS (slots), slots);
  g_assert_cmpint (ABS (frame_time (&feed, 1, 7) - 15250 * MS), <=, 17 * MS);
  /* the slot before it repeats the frame of the one before that */
  g_assert_cmpint (frame_time (&feed, 1, 6), ==, frame_time (&feed, 1, 5));
  g_assert_false (window_at (&feed, 1)->still);
}

/* Overlapping windows share every slice (see feed_take()), at any rates. */
static void
test_overlap (void)
{
  VlmSamplerParams params = auto_params;
  g_auto (Feed) feed;

  params.hop = 3 * VLM_SECOND;
  feed_init (&feed, &params);
  feed_film (&feed, 0, 41 * VLM_SECOND, 17100 * MS, 22500 * MS);
  g_assert_cmpuint (feed.windows->len, ==, 11);
  for (guint i = 0; i < 11; i++) {
    const VlmWindow *window = window_at (&feed, i);

    g_assert_cmpint (window->start, ==, i * 3 * VLM_SECOND);
    g_assert_cmpint (window->end - window->start, ==, 10 * VLM_SECOND);
    g_assert_cmpint (window->period, ==, (i == 0 ? 10 : 3) * VLM_SECOND);
    g_assert_cmpint (window->still, ==, i > 0 && (i < 3 || i >= 8));
  }
}

/* A buffer without information about motion may show anything. */
static void
test_blind (void)
{
  g_auto (Feed) feed;

  feed_init (&feed, &auto_params);
  feed.motion = -1.0f;
  feed_span (&feed, 0, 10 * VLM_SECOND, 50 * MS);
  g_assert_cmpuint (window_at (&feed, 0)->n_samples, ==, 40);
  g_assert_false (window_at (&feed, 0)->still);
}

/* A stream slower than the grid, and one that stops. */
static void
test_idle_slow (void)
{
  g_auto (Feed) feed;

  feed_init (&feed, &auto_params);
  feed_span (&feed, 0, 18 * VLM_SECOND, 3 * VLM_SECOND);
  vlm_sampler_advance (feed.sampler, 21500 * MS);
  feed_pop (&feed);
  g_assert_cmpuint (feed.windows->len, ==, 2);
  g_assert_cmpint (frame_time (&feed, 1, 5), ==, 15 * VLM_SECOND);
}

/* The end comes within a long slice: nothing is made up. */
static void
test_idle_end (void)
{
  g_auto (Feed) feed;

  feed_init (&feed, &auto_params);
  feed_film (&feed, 0, 18600 * MS, 0, 0);
  feed_finish (&feed);
  g_assert_cmpuint (feed.windows->len, ==, 2);
  g_assert_cmpint (window_at (&feed, 1)->end, ==, 19 * VLM_SECOND);
  g_assert_true (window_at (&feed, 1)->partial);
}

static void
test_budget (void)
{
  g_auto (Feed) feed;

  feed_init (&feed, &auto_params);
  vlm_sampler_set_budget (feed.sampler, 24, 0);
  for (guint i = 0; i < 400; i++)
    feed_film (&feed, i * VLM_SECOND, (i + 1) * VLM_SECOND,
        (i + i * 7 % 5) * VLM_SECOND / 2, G_MAXINT64);
  g_assert_cmpuint (feed.windows->len, >=, 39);
  for (guint i = 0; i < feed.windows->len; i++)
    g_assert_cmpuint (window_at (&feed, i)->n_samples, <=, 24);
}

static void
feed_measure (Feed *feed, guint index, double seconds)
{
  const VlmWindow *window = window_at (feed, index);
  VlmRateMeasurement measurement;

  if (vlm_window_measure (window, seconds, &measurement)) {
    g_assert_cmpfloat_with_epsilon (
        measurement.load, seconds * VLM_SECOND / (double) window->period, 1e-9);
    vlm_sampler_measure (feed->sampler, &measurement);
  } else {
    g_assert_true (window->partial);
  }
}

/* The device is too slow even for the lowest rate: smaller frames, in windows of
 * their own, but in the same epoch. */
static void
test_pixels (void)
{
  VlmSamplerParams params = auto_params;
  VlmRateDecision decision;
  guint n_changes = 0;

  for (guint overlap = 0; overlap <= 1; overlap++) {
    g_auto (Feed) feed;

    params.hop = overlap ? 4 * VLM_SECOND : 0;
    feed_init (&feed, &params);
    vlm_sampler_set_budget (feed.sampler, 0, 2);
    for (gint64 t = 0; t < 200 * VLM_SECOND; t += 50 * MS) {
      guint n_before = feed.windows->len;
      guint step;

      vlm_sampler_get_decision (feed.sampler, &decision);
      step = decision.pixel_step;
      if (vlm_sampler_wants (feed.sampler, t, 50 * MS)) {
        g_autoptr (VlmFrame) frame = NULL;

        vlm_sampler_get_decision (feed.sampler, &decision);
        n_changes += decision.pixel_step != step;
        frame = make_frame (t, 4 >> decision.pixel_step);
        vlm_sampler_add (feed.sampler, frame, 50 * MS);
      }
      feed_pop (&feed);
      for (guint i = n_before; i < feed.windows->len; i++)
        feed_measure (&feed, i, 40.0);
    }
    vlm_sampler_get_decision (feed.sampler, &decision);
    g_assert_cmpuint (decision.level, ==, 3);
    g_assert_cmpuint (decision.pixel_step, ==, 2);
    g_assert_cmpint (decision.reason, ==, VLM_RATE_REASON_DEVICE);
    for (guint i = 0; i < feed.windows->len; i++) {
      const VlmWindow *window = window_at (&feed, i);

      g_assert_cmpuint (window->epoch, ==, 0);
      if (!overlap)
        g_assert_cmpint (window->start, ==, i * 10 * VLM_SECOND);
      if (!overlap)
        g_assert_false (window->partial);
      for (guint k = 1; k < window->n_samples; k++)
        g_assert_cmpuint (window->samples[k].frame->width, ==,
            window->samples[0].frame->width);
    }
  }
  g_assert_cmpuint (n_changes, >=, 2);
}

/* --- the whole stream ------------------------------------------------------ */

static void
test_whole (void)
{
  VlmSamplerParams params = { .fps_n = 2, .max_frames = 16 };
  VlmRateDecision decision;
  g_auto (Feed) feed;
  const VlmWindow *window;

  /* it fits */
  feed_init (&feed, &params);
  feed_span (&feed, 0, 7 * VLM_SECOND, 40 * MS);
  feed_finish (&feed);
  assert_window (&feed, 0, 0, 7 * VLM_SECOND, 14, FALSE);
  vlm_sampler_get_decision (feed.sampler, &decision);
  g_assert_cmpfloat (decision.fps, ==, 2.0);
  g_assert_cmpint (decision.reason, ==, VLM_RATE_REASON_FIXED);

  /* twice as long, four times, eight times */
  feed_span (&feed, 100 * VLM_SECOND, 160 * VLM_SECOND, 40 * MS);
  vlm_sampler_get_decision (feed.sampler, &decision);
  g_assert_cmpfloat (decision.fps, ==, 0.25);
  g_assert_cmpint (decision.reason, ==, VLM_RATE_REASON_BUDGET);
  g_assert_cmpuint (feed.windows->len, ==, 1);
  feed.varies = TRUE;
  feed_finish (&feed);
  window = window_at (&feed, 1);
  g_assert_cmpuint (window->n_samples, ==, 16);
  g_assert_cmpint (window->end, ==, 164 * VLM_SECOND);
  for (guint i = 0; i < 15; i++) {
    g_assert_cmpint (
        window->samples[i].slot_time, ==, (100 + i * 4) * VLM_SECOND);
    g_assert_cmpint (frame_time (&feed, 1, i), ==, (100 + i * 4) * VLM_SECOND);
  }
  /* filled up */
  g_assert_cmpint (frame_time (&feed, 1, 15), ==, 156 * VLM_SECOND);
}

/* A day at 25 frames a second, in twelve pictures. */
static void
test_whole_long (void)
{
  VlmSamplerParams params = { .fps_n = 1, .max_frames = 12 };
  g_auto (Feed) feed;
  const VlmWindow *window;

  feed_init (&feed, &params);
  feed_span (&feed, 0, 86400 * VLM_SECOND, VLM_SECOND);
  feed.varies = TRUE;
  feed_finish (&feed);
  g_assert_cmpuint (feed.windows->len, ==, 1);
  window = window_at (&feed, 0);
  g_assert_cmpuint (window->n_samples, >=, 6);
  g_assert_cmpuint (window->n_samples, <=, 12);
  g_assert_cmpint (window->end, >=, 86400 * VLM_SECOND);
  /* Few were copied in vain. */
  g_assert_cmpuint (feed.n_wanted, <=, 12 * 15);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sampler-rate/idle", test_idle);
  g_test_add_func ("/sampler-rate/onset", test_onset);
  g_test_add_func ("/sampler-rate/overlap", test_overlap);
  g_test_add_func ("/sampler-rate/blind", test_blind);
  g_test_add_func ("/sampler-rate/idle-slow", test_idle_slow);
  g_test_add_func ("/sampler-rate/idle-end", test_idle_end);
  g_test_add_func ("/sampler-rate/budget", test_budget);
  g_test_add_func ("/sampler-rate/pixels", test_pixels);
  g_test_add_func ("/sampler-rate/whole", test_whole);
  g_test_add_func ("/sampler-rate/whole-long", test_whole_long);
  return g_test_run ();
}
