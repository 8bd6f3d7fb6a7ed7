/* gst-vlm: sampling by timestamp
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <malloc.h>
#include <stdlib.h>

#include "media/grid.h"
#include "tests/support/sampler-feed.h"

static void
test_grid (void)
{
  VlmTimeGrid ntsc = { 1001 * VLM_SECOND, 30000 };
  VlmTimeGrid third = { VLM_SECOND, 3 };

  /* A year on, exact. */
  g_assert_cmpint (vlm_time_grid_at (&ntsc, G_GINT64_CONSTANT (30000) * 31556),
      ==, 1001 * 31556 * VLM_SECOND);
  g_assert_cmpint (vlm_time_grid_at (&ntsc, 1), ==, 33366667);
  g_assert_cmpint (vlm_time_grid_at (&third, 2), ==, 666666667);
  g_assert_cmpint (vlm_time_grid_at (&third, -1), ==, -333333333);
  g_assert_cmpint (vlm_time_grid_after (&third, 0, 2), ==, 0);
  g_assert_cmpint (vlm_time_grid_after (&third, 1, 2), ==, 2);
  g_assert_cmpint (vlm_time_grid_after (&third, 666666667, 2), ==, 2);
  g_assert_cmpint (vlm_time_grid_after (&third, 666666668, 2), ==, 4);
  g_assert_cmpint (vlm_time_grid_after (&third, 333333333, 1), ==, 1);
  g_assert_cmpint (vlm_time_grid_after (&third, -1, 2), ==, 0);
  g_assert_cmpint (vlm_time_grid_after (&third, -666666666, 2), ==, 0);
  g_assert_cmpint (vlm_time_grid_after (&third, -666666667, 2), ==, -2);
}

/* One scene, filmed at many rates: the same slots, and in each a picture of
 * (nearly) that moment. */
static void
test_rates (void)
{
  static const struct
  {
    guint fps_n;
    guint fps_d;
    gint64 jitter;
    gboolean has_duration;
  } sources[] = { { 1, 1, 0, TRUE }, { 1, 1, 100 * MS, TRUE },
    { 2, 1, 0, TRUE }, { 2, 1, 0, FALSE }, { 2, 1, 100 * MS, TRUE },
    { 5, 1, 0, TRUE }, { 5, 1, 40 * MS, TRUE }, { 25, 2, 0, TRUE },
    { 25, 2, 15 * MS, FALSE }, { 30, 1, 0, TRUE }, { 30, 1, 0, FALSE },
    { 30, 1, 10 * MS, TRUE }, { 30, 1, 10 * MS, FALSE },
    { 30000, 1001, 0, TRUE }, { 30000, 1001, 12 * MS, TRUE } };
  VlmSamplerParams params = { .window = 10 * VLM_SECOND,
    .hop = 2 * VLM_SECOND };

  for (guint s = 0; s < G_N_ELEMENTS (sources); s++) {
    g_auto (Feed) feed;
    VlmTimeGrid source = { sources[s].fps_d * VLM_SECOND, sources[s].fps_n };
    gint64 interval = vlm_time_grid_at (&source, 1);
    gint64 jitter = sources[s].jitter;

    feed_init (&feed, &params);
    for (gint64 n = 0; vlm_time_grid_at (&source, n) < 29900 * MS; n++) {
      gint64 off = n == 0 || jitter == 0
          ? 0
          : g_test_rand_int_range ((gint32) -jitter, (gint32) jitter);

      feed_frame (&feed, vlm_time_grid_at (&source, n) + off,
          sources[s].has_duration ? interval : VLM_TIME_NONE);
    }
    feed_finish (&feed);
    g_assert_cmpuint (feed.windows->len, ==, 11);
    for (guint w = 0; w < 11; w++) {
      assert_window (
          &feed, w, w * 2 * VLM_SECOND, (w * 2 + 10) * VLM_SECOND, 20, FALSE);
      for (guint i = 0; i < 20; i++) {
        gint64 slot = window_at (&feed, w)->samples[i].slot_time;
        gint64 age = slot - frame_time (&feed, w, i);
        /* a slow stream shows a frame until the next one comes */
        gint64 oldest = MAX (interval / 2, interval - 125 * MS);

        g_assert_cmpint (age, <=, oldest + 2 * jitter + 1);
        g_assert_cmpint (-age, <=, interval / 2 + 3 * jitter + 1);
      }
    }
  }
}

/* A stream as fast as the grid: every frame fills its own slot, however it is
 * displaced. */
static void
test_jitter (void)
{
  VlmSamplerParams params = { .window = 4 * VLM_SECOND };
  g_auto (Feed) feed;

  feed_init (&feed, &params);
  for (gint64 n = 0; n < 4000; n++) {
    gint64 off =
        n == 0 ? 0 : g_test_rand_int_range (-120 * (gint32) MS, 120 * MS);

    g_assert_true (feed_frame (&feed, n * 500 * MS + off, 500 * MS));
  }
  g_assert_cmpuint (feed.windows->len, ==, 500);
  for (guint w = 0; w < 500; w++)
    for (guint i = 0; i < 8; i++)
      g_assert_cmpint (ABS (frame_time (&feed, w, i) -
                           window_at (&feed, w)->samples[i].slot_time),
          <=, 120 * MS);
}

static void
test_start (void)
{
  VlmSamplerParams params = { .window = 4 * VLM_SECOND, .hop = VLM_SECOND };
  g_auto (Feed) feed;

  /* not at a slice: from the next one */
  feed_init (&feed, &params);
  feed_span (&feed, 123400 * MS, 140 * VLM_SECOND, 40 * MS);
  assert_window (&feed, 0, 124 * VLM_SECOND, 128 * VLM_SECOND, 8, FALSE);
  assert_window (&feed, 1, 125 * VLM_SECOND, 129 * VLM_SECOND, 8, FALSE);
  g_assert_cmpuint (feed.windows->len, ==, 13);

  /* a little late: from this one */
  vlm_sampler_reset (feed.sampler);
  g_assert_cmpuint (feed_pop (&feed), ==, 0);
  feed_span (&feed, 20 * VLM_SECOND + 120 * MS, 24 * VLM_SECOND, 40 * MS);
  assert_window (&feed, 13, 20 * VLM_SECOND, 24 * VLM_SECOND, 8, FALSE);
  g_assert_cmpint (window_at (&feed, 13)->epoch, ==, 1);
  g_assert_cmpint (frame_time (&feed, 13, 0), ==, 20 * VLM_SECOND + 120 * MS);
}

static void
test_slow_stream (void)
{
  VlmSamplerParams params = { .window = 8 * VLM_SECOND };
  g_auto (Feed) feed;

  /* A frame every 2 s fills four slots at once. */
  feed_init (&feed, &params);
  feed_span (&feed, 0, 8 * VLM_SECOND, 2 * VLM_SECOND);
  g_assert_cmpuint (feed.n_wanted, ==, 4);
  assert_window (&feed, 0, 0, 8 * VLM_SECOND, 16, FALSE);
  for (guint i = 0; i < 16; i++)
    g_assert_cmpint (frame_time (&feed, 0, i), ==, i / 4 * 2 * VLM_SECOND);

  /* Of a duration no more than max_hold is believed. */
  feed_frame (&feed, 8 * VLM_SECOND, 3600 * VLM_SECOND);
  g_assert_cmpuint (feed.windows->len, ==, 1);
  feed_finish (&feed);
  assert_window (&feed, 1, 8 * VLM_SECOND, 13 * VLM_SECOND, 10, TRUE);
}

static void
test_lost_frames (void)
{
  VlmSamplerParams params = { .window = 10 * VLM_SECOND };
  g_auto (Feed) feed;

  /* 3 s are missing: the frame before fills in. */
  feed_init (&feed, &params);
  feed_span (&feed, 0, 2 * VLM_SECOND, 40 * MS);
  feed_span (&feed, 5 * VLM_SECOND, 10 * VLM_SECOND, 40 * MS);
  assert_window (&feed, 0, 0, 10 * VLM_SECOND, 20, FALSE);
  for (guint i = 4; i < 10; i++)
    g_assert_cmpint (frame_time (&feed, 0, i), ==, 1520 * MS);
  g_assert_cmpint (frame_time (&feed, 0, 10), ==, 5 * VLM_SECOND);

  /* A frame that is late by less than half a slot is still the one. */
  feed_span (&feed, 10 * VLM_SECOND, 11480 * MS, 40 * MS);
  feed_span (&feed, 11740 * MS, 20 * VLM_SECOND, 40 * MS);
  g_assert_cmpint (frame_time (&feed, 1, 3), ==, 11740 * MS);

  /* 6 s are missing: another epoch. */
  feed_span (&feed, 20 * VLM_SECOND, 23 * VLM_SECOND, 40 * MS);
  g_assert_cmpuint (feed.windows->len, ==, 2);
  feed_frame (&feed, 29 * VLM_SECOND, 40 * MS);
  assert_window (&feed, 2, 20 * VLM_SECOND, 23 * VLM_SECOND, 6, TRUE);
  g_assert_cmpuint (window_at (&feed, 2)->epoch, ==, 0);
  feed_span (&feed, 29040 * MS, 39 * VLM_SECOND, 40 * MS);
  assert_window (&feed, 3, 29 * VLM_SECOND, 39 * VLM_SECOND, 20, FALSE);
  g_assert_cmpuint (window_at (&feed, 3)->epoch, ==, 1);
}

static void
test_discontinuity (void)
{
  VlmSamplerParams params = { .window = 4 * VLM_SECOND, .hop = 2 * VLM_SECOND };
  g_auto (Feed) feed;

  feed_init (&feed, &params);
  feed_span (&feed, 0, 5300 * MS, 40 * MS);
  /* back */
  feed_span (&feed, VLM_SECOND, 5 * VLM_SECOND, 40 * MS);
  assert_window (&feed, 0, 0, 4 * VLM_SECOND, 8, FALSE);
  /* 5.0 was there, 5.5 was not: the slice is filled up */
  assert_window (&feed, 1, 2 * VLM_SECOND, 6 * VLM_SECOND, 8, FALSE);
  assert_window (&feed, 2, VLM_SECOND, 5 * VLM_SECOND, 8, FALSE);
  g_assert_cmpuint (window_at (&feed, 2)->epoch, ==, 1);
  /* nothing new since: no window, but an epoch */
  vlm_sampler_reset (feed.sampler);
  g_assert_cmpuint (feed_pop (&feed), ==, 0);
  feed_span (&feed, 10 * VLM_SECOND, 10200 * MS, 40 * MS);
  /* another size */
  g_autoptr (VlmFrame) frame = make_frame (10500 * MS, 2);
  vlm_sampler_add (feed.sampler, frame, 40 * MS);
  g_assert_cmpuint (feed_pop (&feed), ==, 1);
  assert_window (&feed, 3, 10 * VLM_SECOND, 11 * VLM_SECOND, 2, TRUE);
  g_assert_cmpuint (window_at (&feed, 3)->epoch, ==, 2);
  feed_finish (&feed);
  g_assert_cmpuint (feed.windows->len, ==, 4);
  /* the end of nothing */
  feed_finish (&feed);
  vlm_sampler_reset (feed.sampler);
  g_assert_cmpuint (feed_pop (&feed), ==, 0);
}

static void
test_finish (void)
{
  VlmSamplerParams params = { .window = 10 * VLM_SECOND,
    .hop = 4 * VLM_SECOND };
  g_auto (Feed) feed;

  /* all of it was in a window */
  feed_init (&feed, &params);
  feed_span (&feed, 0, 10 * VLM_SECOND, 40 * MS);
  g_assert_cmpuint (feed.windows->len, ==, 1);
  feed_finish (&feed);
  g_assert_cmpuint (feed.windows->len, ==, 1);

  /* a slot more was not */
  feed_span (&feed, 20 * VLM_SECOND, 30040 * MS, 40 * MS);
  feed_finish (&feed);
  g_assert_cmpuint (feed.windows->len, ==, 3);
  assert_window (&feed, 2, 24 * VLM_SECOND, 31 * VLM_SECOND, 14, TRUE);
  g_assert_cmpint (frame_time (&feed, 2, 13), ==, 30 * VLM_SECOND);
}

static void
test_gap (void)
{
  VlmSamplerParams params = { .window = 4 * VLM_SECOND };
  g_auto (Feed) feed;

  feed_init (&feed, &params);
  vlm_sampler_advance (feed.sampler, VLM_SECOND);
  feed_span (&feed, 0, 2 * VLM_SECOND, 40 * MS);
  for (guint i = 21; i <= 36; i++)
    vlm_sampler_advance (feed.sampler, i * 100 * MS);
  g_assert_cmpuint (feed_pop (&feed), ==, 0);
  /* now the slot at 3.5 is surely past */
  vlm_sampler_advance (feed.sampler, 3700 * MS);
  g_assert_cmpuint (feed_pop (&feed), ==, 1);
  g_assert_cmpint (frame_time (&feed, 0, 7), ==, 1520 * MS);
  vlm_sampler_advance (feed.sampler, 4200 * MS);
  vlm_sampler_advance (feed.sampler, 5100 * MS);
  vlm_sampler_advance (feed.sampler, 7100 * MS);
  g_assert_cmpuint (feed_pop (&feed), ==, 1);
  assert_window (&feed, 1, 4 * VLM_SECOND, 5 * VLM_SECOND, 2, TRUE);
  feed_frame (&feed, 8 * VLM_SECOND, 40 * MS);
  feed_finish (&feed);
  g_assert_cmpuint (window_at (&feed, 2)->epoch, ==, 1);
}

static void
test_unwatched (void)
{
  VlmSamplerParams params = { .window = 4 * VLM_SECOND,
    .hop = 60 * VLM_SECOND };
  g_auto (Feed) feed;

  feed_init (&feed, &params);
  for (gint64 t = 0; t < 200 * VLM_SECOND; t += 40 * MS) {
    gboolean wanted = feed_frame (&feed, t, 40 * MS);

    if (t % (60 * VLM_SECOND) > 4 * VLM_SECOND &&
        t % (60 * VLM_SECOND) < 59 * VLM_SECOND)
      g_assert_false (wanted);
  }
  g_assert_cmpuint (feed.windows->len, ==, 4);
  g_assert_cmpuint (feed.n_wanted, ==, 32);
  for (guint w = 0; w < 4; w++)
    assert_window (
        &feed, w, w * 60 * VLM_SECOND, (w * 60 + 4) * VLM_SECOND, 8, FALSE);

  /* A picture from before the span is not used for its beginning. */
  feed_span (&feed, 200 * VLM_SECOND, 239 * VLM_SECOND, 40 * MS);
  feed_span (&feed, 241 * VLM_SECOND, 244 * VLM_SECOND, 40 * MS);
  g_assert_cmpint (frame_time (&feed, 4, 0), ==, 241 * VLM_SECOND);
}

/* Lengths that are no whole number of slices. */
static void
test_odd_lengths (void)
{
  static const struct
  {
    gint64 window;
    gint64 hop;
    guint fps_n;
    guint fps_d;
    guint n_samples;
  } cases[] = { { 1, 0, 2, 1, 2 }, { 4 * VLM_SECOND, 1, 2, 1, 8 },
    { 2400 * MS, 0, 2, 1, 6 }, { 2500 * MS, 2499 * MS, 2, 1, 6 },
    { 2 * VLM_SECOND, 0, 3, 1, 6 }, { 666666667, 0, 3, 1, 2 },
    { 666666666, 0, 3, 1, 2 }, { 66733333, 66733333, 30000, 1001, 2 },
    { 66733334, 66733334, 30000, 1001, 2 },
    { VLM_SECOND, 333 * MS, 30000, 1001, 30 }, { VLM_SECOND, 0, 1, 10, 2 } };

  for (guint c = 0; c < G_N_ELEMENTS (cases); c++) {
    VlmSamplerParams params = { cases[c].fps_n, cases[c].fps_d, cases[c].window,
      cases[c].hop };
    g_auto (Feed) feed;
    gint64 seen = 0;

    feed_init (&feed, &params);
    feed_span (&feed, 0, 60 * VLM_SECOND, 15 * MS);
    g_assert_cmpuint (feed.windows->len, >, 1);
    for (guint w = 0; w < feed.windows->len; w++) {
      const VlmWindow *window = window_at (&feed, w);

      g_assert_cmpuint (window->n_samples, ==, cases[c].n_samples);
      /* nothing is left out */
      g_assert_cmpint (window->start, <=, seen);
      seen = window->end;
    }
  }
}

/* Whatever comes, windows are sound (see feed_take()) and few are waiting. */
static void
random_stream (const VlmSamplerParams *params, guint n_frames)
{
  g_auto (Feed) feed;
  gint64 time = g_test_rand_int_range (-2000, 200000) * MS;
  /* max_hold at once, of windows a slice apart */
  gint64 slice =
      VLM_SECOND * params->fps_d * params->frames_per_slice / params->fps_n;
  gint64 most = 3 + 12 * VLM_SECOND / slice;

  feed_init (&feed, params);
  for (guint i = 0; i < n_frames; i++) {
    guint n_windows = feed.windows->len;
    gint64 duration = g_test_rand_int_range (0, 4) == 0
        ? VLM_TIME_NONE
        : g_test_rand_int_range (0, 400) * MS;

    switch (g_test_rand_int_range (0, 200)) {
    case 0:
      time += g_test_rand_int_range (-20000, 20000) * MS;
      break;
    case 1:
      vlm_sampler_reset (feed.sampler);
      break;
    case 2:
      vlm_sampler_advance (
          feed.sampler, time + g_test_rand_int_range (-1000, 8000) * MS);
      break;
    case 3:
      duration = G_MAXINT64;
      break;
    case 4:
      feed_finish (&feed);
      break;
    default:
      time += g_test_rand_int_range (-30, 300) * MS;
      break;
    }
    feed.motion = g_test_rand_int_range (0, 20) == 0
        ? (float) g_test_rand_double_range (-1.0, 1.0)
        : 0.0f;
    feed_frame (&feed, time, duration);
    g_assert_cmpint (feed.windows->len - n_windows, <=, most);
  }
  feed_finish (&feed);
}

static void
test_random (void)
{
  for (guint round = 0; round < 60; round++) {
    VlmSamplerParams params = {
      .fps_n = g_test_rand_int_range (1, 9),
      .fps_d = g_test_rand_int_range (1, 4),
      .window = g_test_rand_int_range (1, 20000) * MS,
      .hop =
          g_test_rand_int_range (0, 2) * g_test_rand_int_range (1, 30000) * MS,
      .frames_per_slice = g_test_rand_int_range (1, 4),
      .min_fps_n = round % 2 == 0 ? g_test_rand_int_range (1, 3) : 0,
      .min_fps_d = g_test_rand_int_range (1, 10),
    };

    random_stream (&params, 1000);
  }
}

/* Neither frames nor windows pile up. */
static void
test_memory (void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  VlmSamplerParams params = { .window = 8 * VLM_SECOND, .hop = VLM_SECOND };
  g_auto (Feed) feed;
  gsize used = 0;

  feed_init (&feed, &params);
  for (guint i = 0; i < 40; i++) {
    feed_span (&feed, i * 60 * VLM_SECOND, (i + 1) * 60 * VLM_SECOND, 100 * MS);
    feed.n_before += feed.windows->len;
    g_ptr_array_set_size (feed.windows, 0);
    if (i == 1)
      used = mallinfo2 ().uordblks;
  }
  /* Allocators keep some; the frames of a minute would be 12 KiB. */
  g_assert_cmpuint (mallinfo2 ().uordblks, <=, used + 65536);
#else
  g_test_skip ("this C library does not say how much is allocated");
#endif
}

/* A hole is one if the slots would show it. */
static void
test_continues (void)
{
  const VlmSamplerParams params = { .window = 4 * VLM_SECOND };
  g_autoptr (VlmSampler) sampler = vlm_sampler_new (&params);
  const gint64 end = VLM_SECOND + VLM_SECOND / 10;

  g_assert_true (vlm_sampler_continues (sampler, 7 * VLM_SECOND));
  vlm_sampler_wants (sampler, VLM_SECOND, VLM_SECOND / 10);
  g_assert_true (vlm_sampler_continues (sampler, end));
  g_assert_true (vlm_sampler_continues (sampler, end + VLM_SECOND / 4));
  g_assert_false (vlm_sampler_continues (sampler, end + VLM_SECOND / 4 + 1));
  g_assert_true (vlm_sampler_continues (sampler, VLM_SECOND - VLM_SECOND / 8));
  g_assert_false (
      vlm_sampler_continues (sampler, VLM_SECOND - VLM_SECOND / 8 - 1));
  g_assert_false (vlm_sampler_continues (sampler, VLM_TIME_NONE));

  /* Where durations are not known, the distance of the frames is. */
  vlm_sampler_wants (sampler, 2 * VLM_SECOND, 0);
  vlm_sampler_wants (sampler, 2 * VLM_SECOND + VLM_SECOND / 5, 0);
  g_assert_true (vlm_sampler_continues (
      sampler, 2 * VLM_SECOND + 2 * VLM_SECOND / 5 + VLM_SECOND / 4));
  g_assert_false (vlm_sampler_continues (sampler, 3 * VLM_SECOND));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sampler/grid", test_grid);
  g_test_add_func ("/sampler/rates", test_rates);
  g_test_add_func ("/sampler/jitter", test_jitter);
  g_test_add_func ("/sampler/start", test_start);
  g_test_add_func ("/sampler/slow-stream", test_slow_stream);
  g_test_add_func ("/sampler/lost-frames", test_lost_frames);
  g_test_add_func ("/sampler/discontinuity", test_discontinuity);
  g_test_add_func ("/sampler/finish", test_finish);
  g_test_add_func ("/sampler/gap", test_gap);
  g_test_add_func ("/sampler/not-analysed", test_unwatched);
  g_test_add_func ("/sampler/odd-lengths", test_odd_lengths);
  g_test_add_func ("/sampler/random", test_random);
  g_test_add_func ("/sampler/memory", test_memory);
  g_test_add_func ("/sampler/continues", test_continues);
  return g_test_run ();
}
