/* gst-vlm: the policy that chooses the rate, each force alone and together
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include <vlm/vlm-rate.h>

#define MS (VLM_SECOND / 1000)
#define SLOT (250 * MS)
#define STILL 0.0f
#define MOVES 0.1f
#define UNKNOWN (-1.0f)
#define WINDOW (10 * VLM_SECOND)
#define PER_WINDOW 40
/* of 4 fps, 2, 1 and 0.5 */
#define IDLE_LEVEL 3

/* 0.5 to 4 fps, pairs of frames, windows of 10 s. */
static const VlmRateParams params = { 4, 1, 1, 2, 2, WINDOW };

/* Takes slices as a sampler does, on a grid of 4 fps: a slice begins at a
 * multiple of its length, motion cuts it short. */
typedef struct
{
  VlmRate *rate;
  VlmRateDecision decision;
  gint64 slot;
  gint64 slice_start;
  gint64 slice_end;
  guint taken[8192]; /* frames, by slot of their slice's start */
} Stream;

static void
stream_init (Stream *stream, guint budget, guint n_pixel_steps)
{
  *stream = (Stream){ .rate = vlm_rate_new (&params) };
  vlm_rate_set_budget (stream->rate, budget, n_pixel_steps);
}

static void
stream_clear (Stream *stream)
{
  vlm_rate_free (stream->rate);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Stream, stream_clear)

static void
stream_take (Stream *stream, gint64 end)
{
  g_assert_cmpint (stream->slice_start, <, G_N_ELEMENTS (stream->taken));
  stream->taken[stream->slice_start] += 2;
  vlm_rate_spend (stream->rate, 2);
  stream->slice_start = end;
}

static void
stream_step (Stream *stream, float motion)
{
  gint64 length = stream->slice_end - stream->slice_start;

  vlm_rate_observe (
      stream->rate, stream->slot * SLOT, motion, &stream->decision);
  if (stream->slot >= stream->slice_end) {
    if (stream->slot > 0)
      stream_take (stream, stream->slice_end);
    length = G_GINT64_CONSTANT (2) << stream->decision.level;
    while (stream->slot % length != 0)
      length /= 2;
    stream->slice_end = stream->slot + length;
  } else if (motion != STILL &&
      length > G_GINT64_CONSTANT (2) << stream->decision.level) {
    if (stream->slot % 2 == 0 && stream->slot > stream->slice_start)
      stream_take (stream, stream->slot);
    stream->slice_end = (stream->slot / 2 + 1) * 2;
  }
  stream->slot++;
}

static void
stream_run (Stream *stream, guint n_slots, float motion)
{
  for (guint i = 0; i < n_slots; i++)
    stream_step (stream, motion);
}

static guint
frames_in (const Stream *stream, gint64 from, gint64 to)
{
  guint n = 0;

  for (gint64 i = from; i < to; i++)
    n += stream->taken[i];
  return n;
}

static void
assert_decision (const Stream *stream, guint level, VlmRateReason reason)
{
  g_assert_cmpuint (stream->decision.level, ==, level);
  g_assert_cmpint (stream->decision.reason, ==, reason);
  g_assert_cmpfloat (stream->decision.fps, ==, ldexp (4.0, -(int) level));
}

/* --- motion --------------------------------------------------------------- */

/* The first picture counts as motion; a second later the rate is the lowest. */
static void
test_idle (void)
{
  g_auto (Stream) stream;

  stream_init (&stream, 0, 0);
  stream_step (&stream, UNKNOWN);
  assert_decision (&stream, 0, VLM_RATE_REASON_MOTION);
  stream_run (&stream, 3, STILL);
  assert_decision (&stream, 0, VLM_RATE_REASON_MOTION);
  stream_step (&stream, STILL);
  assert_decision (&stream, IDLE_LEVEL, VLM_RATE_REASON_IDLE);
  stream_run (&stream, 1000, STILL);
  assert_decision (&stream, IDLE_LEVEL, VLM_RATE_REASON_IDLE);
  /* noise is no motion */
  stream_step (&stream, VLM_MOTION_THRESHOLD * 0.9f);
  assert_decision (&stream, IDLE_LEVEL, VLM_RATE_REASON_IDLE);
  /* 16 slots a slice of two frames */
  g_assert_cmpuint (frames_in (&stream, 160, 320), ==, 20);
}

static void
test_motion (void)
{
  g_auto (Stream) stream;

  stream_init (&stream, 0, 0);
  stream_run (&stream, 100, STILL);
  stream_step (&stream, MOVES);
  assert_decision (&stream, 0, VLM_RATE_REASON_MOTION);
  stream_run (&stream, 3, STILL);
  assert_decision (&stream, 0, VLM_RATE_REASON_MOTION);
  stream_step (&stream, STILL);
  assert_decision (&stream, IDLE_LEVEL, VLM_RATE_REASON_IDLE);
  /* seven cells, as many as it takes */
  stream_step (&stream, 7.0f / 2304.0f);
  assert_decision (&stream, 0, VLM_RATE_REASON_MOTION);
}

static void
test_one_rate (void)
{
  VlmRateParams one = { 2, 1, 2, 1, 2, WINDOW };
  VlmRateParams odd = { 3, 1, 1, 1, 2, WINDOW };
  g_autoptr (VlmRate) rate = vlm_rate_new (&one);
  g_autoptr (VlmRate) other = vlm_rate_new (&odd);
  VlmRateDecision decision;

  vlm_rate_observe (rate, 0, MOVES, &decision);
  g_assert_cmpuint (decision.level, ==, 0);
  g_assert_cmpint (decision.reason, ==, VLM_RATE_REASON_FIXED);
  vlm_rate_observe (rate, 100 * VLM_SECOND, STILL, &decision);
  g_assert_cmpuint (decision.level, ==, 0);
  g_assert_cmpint (decision.reason, ==, VLM_RATE_REASON_FIXED);

  /* not below the lowest rate, though above it */
  vlm_rate_observe (other, 0, UNKNOWN, &decision);
  vlm_rate_observe (other, 100 * VLM_SECOND, STILL, &decision);
  g_assert_cmpfloat (decision.fps, ==, 1.5);
}

/* --- budget --------------------------------------------------------------- */

static void
assert_within (const Stream *stream, guint budget)
{
  guint n = 0;

  for (gint64 slot = 0; slot < stream->slice_start; slot++) {
    n += stream->taken[slot];
    if (slot >= PER_WINDOW)
      n -= stream->taken[slot - PER_WINDOW];
    g_assert_cmpuint (n, <=, budget);
  }
}

/* 40 frames would be taken in a window, 24 fit. */
static void
test_budget (void)
{
  g_auto (Stream) stream;
  guint n_changes = 0;

  stream_init (&stream, 24, 0);
  stream_step (&stream, MOVES);
  assert_decision (&stream, 0, VLM_RATE_REASON_MOTION);
  for (guint i = 0; i < 4000; i++) {
    guint level = stream.decision.level;

    stream_step (&stream, MOVES);
    n_changes += level != stream.decision.level;
  }
  assert_within (&stream, 24);
  /* three quarters of what is not kept back, rounded down to a level, at least */
  g_assert_cmpuint (frames_in (&stream, 0, 4000), >=, 4000 / PER_WINDOW * 10);
  /* 100 windows: no flutter */
  g_assert_cmpuint (n_changes, <=, 2 * 100);

  /* enough for all: no limit */
  vlm_rate_set_budget (stream.rate, PER_WINDOW, 0);
  stream_run (&stream, 1, MOVES);
  assert_decision (&stream, 0, VLM_RATE_REASON_MOTION);
}

/* Not even the lowest rate fits. */
static void
test_budget_below_lowest (void)
{
  g_auto (Stream) stream;

  stream_init (&stream, 4, 0);
  stream_run (&stream, 4000, STILL);
  assert_decision (&stream, 5, VLM_RATE_REASON_BUDGET);
  g_assert_cmpuint (frames_in (&stream, 0, 4000), <=, 4000 / 64 * 2 + 2);
}

static void
test_budget_random (void)
{
  for (guint round = 0; round < 200; round++) {
    g_auto (Stream) stream;
    guint budget = (guint) g_test_rand_int_range (16, PER_WINDOW);
    gboolean moves = FALSE;

    stream_init (&stream, budget, 0);
    for (guint i = 0; i < 2000; i++) {
      if (g_test_rand_int_range (0, 12) == 0)
        moves = !moves;
      stream_step (&stream, moves ? MOVES : STILL);
    }
    assert_within (&stream, budget);
  }
}

/* --- device --------------------------------------------------------------- */

/* Analyses windows of 10 s, one after the other; what it took is known when the
 * next window but one begins. */
typedef struct
{
  double fixed;      /* seconds a window */
  double a_frame;    /* seconds, of full area */
  double jitter;     /* share of the whole */
  guint n_reversals; /* of the direction of change */
  int direction;
  double load;
  VlmRateMeasurement late;
} Device;

static double
rate_of_work (const Stream *stream)
{
  return ldexp (
      1.0, -(int) (stream->decision.level + stream->decision.pixel_step));
}

static void
run_window (Stream *stream, Device *device, float motion)
{
  double work = rate_of_work (stream);
  guint serial = vlm_rate_get_serial (stream->rate);
  gint64 start = stream->slot;
  VlmRateMeasurement late = device->late;
  double frames;
  double noise;

  stream_run (stream, PER_WINDOW, motion);
  frames = frames_in (stream, start, start + PER_WINDOW - 1);
  noise = 1.0 + device->jitter * g_test_rand_double_range (-1.0, 1.0);
  device->load = noise *
      (device->fixed +
          device->a_frame *
              ldexp (frames, -(int) stream->decision.pixel_step)) /
      10.0;
  device->late = (VlmRateMeasurement){ serial, frames / 10.0, device->load };
  if (late.load > 0)
    vlm_rate_measure (stream->rate, &late);

  vlm_rate_observe (
      stream->rate, stream->slot * SLOT, motion, &stream->decision);
  if (rate_of_work (stream) != work) {
    int direction = rate_of_work (stream) > work ? 1 : -1;

    device->n_reversals +=
        device->direction != 0 && device->direction != direction;
    device->direction = direction;
  }
}

static void
run_windows (Stream *stream, Device *device, guint n, float motion)
{
  for (guint i = 0; i < n; i++)
    run_window (stream, device, motion);
}

/* First the rate, then the area; back in the opposite order. */
static void
test_device (void)
{
  g_auto (Stream) stream;
  Device device = { .fixed = 0.2, .a_frame = 0.1 };
  gboolean rate_was_raised = FALSE;

  stream_init (&stream, 0, 3);
  run_windows (&stream, &device, 4, MOVES);
  assert_decision (&stream, 0, VLM_RATE_REASON_MOTION);

  /* 4.2 s of work for a second at 4 fps, less than a quarter at 0.5 */
  device.a_frame = 1.0;
  run_windows (&stream, &device, 4, MOVES);
  assert_decision (&stream, 3, VLM_RATE_REASON_DEVICE);
  g_assert_cmpuint (stream.decision.pixel_step, ==, 0);
  g_assert_cmpfloat (device.load, <, 0.95);

  /* four times as slow: nothing but the area is left */
  device.a_frame = 4.0;
  run_windows (&stream, &device, 6, MOVES);
  assert_decision (&stream, 3, VLM_RATE_REASON_DEVICE);
  g_assert_cmpuint (stream.decision.pixel_step, ==, 2);
  g_assert_cmpfloat (device.load, <, 0.95);

  /* more than the device can do: it stays at the lowest */
  device.a_frame = 40.0;
  run_windows (&stream, &device, 6, MOVES);
  assert_decision (&stream, 3, VLM_RATE_REASON_DEVICE);
  g_assert_cmpuint (stream.decision.pixel_step, ==, 3);

  device.a_frame = 0.1;
  for (guint i = 0; i < 12; i++) {
    run_window (&stream, &device, MOVES);
    rate_was_raised |= stream.decision.level < 3;
    if (rate_was_raised)
      g_assert_cmpuint (stream.decision.pixel_step, ==, 0);
  }
  assert_decision (&stream, 0, VLM_RATE_REASON_MOTION);
  g_assert_cmpuint (stream.decision.pixel_step, ==, 0);
}

/* Nothing is learnt from windows that began before a change. */
static void
test_device_late (void)
{
  g_auto (Stream) stream;
  VlmRateMeasurement measurement = { 0, 4.0, 1.5 };

  stream_init (&stream, 0, 2);
  for (guint i = 0; i < 5; i++)
    vlm_rate_measure (stream.rate, &measurement);
  stream_step (&stream, MOVES);
  assert_decision (&stream, 1, VLM_RATE_REASON_DEVICE);
  g_assert_cmpuint (vlm_rate_get_serial (stream.rate), ==, 1);

  measurement = (VlmRateMeasurement){ 1, 0.0, 2.0 };
  vlm_rate_measure (stream.rate, &measurement);
  measurement = (VlmRateMeasurement){ 1, 2.0, 0.0 };
  vlm_rate_measure (stream.rate, &measurement);
  stream_step (&stream, MOVES);
  assert_decision (&stream, 1, VLM_RATE_REASON_DEVICE);
}

/* A speed that changes tenfold: the rate follows once, and then stays. */
static void
test_device_steps (void)
{
  static const double speeds[] = { 0.1, 1.0, 0.1, 1.0, 0.1 };
  static const double fixed[] = { 0.0, 0.5, 2.0 };

  for (guint f = 0; f < G_N_ELEMENTS (fixed); f++)
    for (guint jitter = 0; jitter <= 1; jitter++) {
      g_auto (Stream) stream;
      Device device = { .fixed = fixed[f], .jitter = jitter * 0.2 };

      stream_init (&stream, 0, 3);
      for (guint i = 0; i < G_N_ELEMENTS (speeds); i++) {
        guint n_before = device.n_reversals;

        device.a_frame = speeds[i];
        run_windows (&stream, &device, 20, MOVES);
        /* the one that is due, and one more where it went too far */
        g_assert_cmpuint (device.n_reversals - n_before, <=, 2);
        g_assert_cmpfloat (device.load, <, 0.95);
        n_before = device.n_reversals;
        run_windows (&stream, &device, 12, MOVES);
        g_assert_cmpuint (device.n_reversals, ==, n_before);
      }
      /* fast again: used to the full, within a factor of two or so */
      g_assert_cmpfloat (device.load, >, 0.15);
    }
}

/* A speed that changes back and forth: less and less is risked. */
static void
test_device_flips (void)
{
  g_auto (Stream) stream;
  Device device = { .fixed = 0.5 };

  stream_init (&stream, 0, 3);
  for (guint i = 0; i < 24; i++) {
    device.a_frame = i % 8 < 4 ? 0.1 : 1.0;
    run_window (&stream, &device, MOVES);
  }
  device.n_reversals = 0;
  for (guint i = 0; i < 80; i++) {
    device.a_frame = i % 8 < 4 ? 0.1 : 1.0;
    run_window (&stream, &device, MOVES);
  }
  /* 20 flips */
  g_assert_cmpuint (device.n_reversals, <=, 4);
}

/* --- together ------------------------------------------------------------- */

/* An idle scene is no reason to forget what the device can do. */
static void
test_device_and_idle (void)
{
  g_auto (Stream) stream;
  Device device = { .fixed = 1.5, .a_frame = 0.05 };

  stream_init (&stream, 0, 3);
  run_windows (&stream, &device, 20, STILL);
  assert_decision (&stream, IDLE_LEVEL, VLM_RATE_REASON_IDLE);
  stream_step (&stream, MOVES);
  assert_decision (&stream, 0, VLM_RATE_REASON_MOTION);
}

static void
test_all (void)
{
  g_auto (Stream) stream;
  Device device = { .fixed = 0.2, .a_frame = 0.3 };

  /* budget for 2 fps, device for 1 */
  stream_init (&stream, 24, 2);
  for (guint i = 0; i < 30; i++)
    run_windows (&stream, &device, 1, MOVES);
  g_assert_cmpint (stream.decision.reason, !=, VLM_RATE_REASON_MOTION);
  g_assert_cmpfloat (device.load, <, 0.95);
  assert_within (&stream, 24);
  run_windows (&stream, &device, 1, STILL);
  assert_decision (&stream, IDLE_LEVEL, VLM_RATE_REASON_IDLE);
  stream_step (&stream, MOVES);
  g_assert_cmpuint (stream.decision.level, <, IDLE_LEVEL);

  /* a jump: the budget is there again, the device is known */
  device.a_frame = 3.0;
  run_windows (&stream, &device, 8, MOVES);
  vlm_rate_restart (stream.rate);
  vlm_rate_observe (stream.rate, 0, STILL, &stream.decision);
  assert_decision (&stream, IDLE_LEVEL, VLM_RATE_REASON_DEVICE);
  g_assert_cmpuint (stream.decision.pixel_step, >=, 1);
}

static void
test_names (void)
{
  g_assert_cmpstr (
      vlm_rate_reason_to_string (VLM_RATE_REASON_FIXED), ==, "fixed");
  g_assert_cmpstr (
      vlm_rate_reason_to_string (VLM_RATE_REASON_IDLE), ==, "idle");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rate/idle", test_idle);
  g_test_add_func ("/rate/motion", test_motion);
  g_test_add_func ("/rate/one-rate", test_one_rate);
  g_test_add_func ("/rate/budget", test_budget);
  g_test_add_func ("/rate/budget-below-lowest", test_budget_below_lowest);
  g_test_add_func ("/rate/budget-random", test_budget_random);
  g_test_add_func ("/rate/device", test_device);
  g_test_add_func ("/rate/device-late", test_device_late);
  g_test_add_func ("/rate/device-steps", test_device_steps);
  g_test_add_func ("/rate/device-flips", test_device_flips);
  g_test_add_func ("/rate/device-and-idle", test_device_and_idle);
  g_test_add_func ("/rate/all", test_all);
  g_test_add_func ("/rate/names", test_names);
  return g_test_run ();
}
