/* gst-vlm: the sampling rate
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include <vlm/vlm-rate.h>

/* 2^16 times fewer than the highest rate: a frame in hours. */
#define MAX_LEVEL 16
/* A pause does not end motion: people who walk stand still between steps. */
#define CALM VLM_SECOND
/* Above the first the device falls behind; noise of a few percent does not count.
 * The second leaves a quarter for other work. The third is far enough from the
 * first for a load that varies by a third. */
#define LOAD_TOO_HIGH 0.95
#define LOAD_WANTED 0.75
#define LOAD_TO_RAISE 0.7
#define MAX_PATIENCE 16
/* Part of a window's budget that may be spent at once. */
#define BURST_PART 4

struct _VlmRate
{
  VlmRateParams params;
  double max_fps;
  guint idle_level; /* of the lowest rate */

  gboolean has_time;
  gint64 time;
  gint64 last_motion;

  /* Budget, in frames; without one capacity is 0. */
  double capacity;
  double refill; /* a second */
  double credit;
  gboolean saves;
  guint saving_level;

  guint device_level;
  guint pixel_step;
  guint n_pixel_steps;
  guint serial;
  guint n_good;   /* measurements in a row that allow to raise */
  guint patience; /* how many it takes */
  gboolean raised_last;
};

static double
fps_of (const VlmRate *rate, guint level)
{
  return ldexp (rate->max_fps, -(int) level);
}

/* The highest rate that is not above @fps; the lowest there is if none is. */
static guint
level_for (const VlmRate *rate, double fps)
{
  guint level = 0;

  while (level < MAX_LEVEL && fps_of (rate, level) > fps * (1 + 1e-9))
    level++;
  return level;
}

/**
 * vlm_rate_new: (skip)
 * @params: the rates; copied
 *
 * Makes a policy for one stream.
 *
 * Returns: (transfer full): a policy, without a budget
 *
 * Since: 0.1
 */
VlmRate *
vlm_rate_new (const VlmRateParams *params)
{
  g_return_val_if_fail (params != NULL, NULL);
  g_return_val_if_fail (params->max_fps_n > 0 && params->max_fps_d > 0, NULL);
  g_return_val_if_fail (params->min_fps_n > 0 && params->min_fps_d > 0, NULL);
  g_return_val_if_fail (
      params->frames_per_slice > 0 && params->window > 0, NULL);

  VlmRate *rate = g_new0 (VlmRate, 1);
  rate->params = *params;
  rate->max_fps = (double) params->max_fps_n / params->max_fps_d;
  rate->patience = 1;

  double min_fps = (double) params->min_fps_n / params->min_fps_d;
  while (rate->idle_level < MAX_LEVEL &&
      fps_of (rate, rate->idle_level + 1) >= min_fps * (1 - 1e-9))
    rate->idle_level++;
  return rate;
}

/**
 * vlm_rate_free:
 * @rate: (nullable) (transfer full): a policy
 *
 * Frees a policy.
 *
 * Since: 0.1
 */
void
vlm_rate_free (VlmRate *rate)
{
  g_free (rate);
}

/**
 * vlm_rate_set_budget:
 * @rate: a policy
 * @n_frames: how many fit into a window, 0 for any number
 * @n_pixel_steps: how often the area of a frame may be halved
 *
 * What frames and tokens there are.
 *
 * Since: 0.1
 */
void
vlm_rate_set_budget (VlmRate *rate, guint n_frames, guint n_pixel_steps)
{
  g_return_if_fail (rate != NULL);

  double seconds = (double) rate->params.window / VLM_SECOND;
  guint slice = rate->params.frames_per_slice;
  /* A slice too many may be spent before it is noticed, and when motion begins,
   * slices are short until they are back on the grid. */
  double reserve = slice * (2.0 + rate->idle_level);
  double usable = MAX (n_frames - reserve, slice);

  rate->n_pixel_steps = n_pixel_steps;
  rate->pixel_step = MIN (rate->pixel_step, n_pixel_steps);
  rate->capacity = 0.0;
  rate->saves = FALSE;
  rate->saving_level = 0;
  if (n_frames == 0 || rate->max_fps * seconds <= n_frames)
    return;
  rate->capacity = usable / BURST_PART;
  rate->refill = (usable - rate->capacity) / seconds;
  rate->credit = rate->capacity;
  rate->saving_level = level_for (rate, rate->refill);
}

/**
 * vlm_rate_restart:
 * @rate: a policy
 *
 * A discontinuity: forgets what was seen and spent, but not the load of the
 * device.
 *
 * Since: 0.1
 */
void
vlm_rate_restart (VlmRate *rate)
{
  g_return_if_fail (rate != NULL);
  rate->has_time = FALSE;
  rate->credit = rate->capacity;
  rate->saves = FALSE;
}

static void
pass_time (VlmRate *rate, gint64 stream_time)
{
  if (!rate->has_time) {
    rate->has_time = TRUE;
    rate->time = stream_time;
    rate->last_motion = stream_time;
  }
  gint64 elapsed = MAX (0, stream_time - rate->time);

  rate->time += elapsed;
  rate->credit = MIN (rate->capacity,
      rate->credit + rate->refill * (double) elapsed / VLM_SECOND);
  if (rate->capacity > 0 && rate->credit < rate->params.frames_per_slice)
    rate->saves = TRUE;
  else if (rate->credit >= rate->capacity / 2)
    rate->saves = FALSE;
}

/**
 * vlm_rate_observe:
 * @rate: a policy
 * @stream_time: of a slot, ns
 * @motion: share of the picture that differs from the frame taken before, 0 to
 *   1; negative when it is not known
 * @decision: (out caller-allocates): the sampling from this slot on
 *
 * Call this for each slot of the highest rate, in order.
 *
 * Since: 0.1
 */
void
vlm_rate_observe (
    VlmRate *rate, gint64 stream_time, float motion, VlmRateDecision *decision)
{
  g_return_if_fail (rate != NULL);
  g_return_if_fail (decision != NULL);

  pass_time (rate, stream_time);
  if (motion < 0.0f || motion >= VLM_MOTION_THRESHOLD)
    rate->last_motion = rate->time;

  guint budget = rate->saves ? rate->saving_level : 0;
  guint least = MAX (budget, rate->device_level);
  gboolean moves = rate->time - rate->last_motion < CALM;

  decision->pixel_step = rate->pixel_step;
  decision->level = moves ? least : MAX (least, rate->idle_level);
  decision->fps = fps_of (rate, decision->level);
  if (least > 0 && least == decision->level)
    decision->reason = budget >= rate->device_level ? VLM_RATE_REASON_BUDGET
                                                    : VLM_RATE_REASON_DEVICE;
  else if (rate->idle_level == 0)
    decision->reason = VLM_RATE_REASON_FIXED;
  else
    decision->reason = moves ? VLM_RATE_REASON_MOTION : VLM_RATE_REASON_IDLE;
}

/**
 * vlm_rate_spend:
 * @rate: a policy
 * @n_frames: taken since the last call
 *
 * Takes frames from the budget that vlm_rate_set_budget() gave; without a
 * budget it does nothing.
 *
 * Since: 0.1
 */
void
vlm_rate_spend (VlmRate *rate, guint n_frames)
{
  g_return_if_fail (rate != NULL);
  if (rate->capacity > 0)
    rate->credit -= n_frames;
}

/* Lowers the rate first; then the area of the frames, if the lowest rate is still
 * too much. */
static void
decrease (VlmRate *rate, const VlmRateMeasurement *measurement)
{
  double wanted = measurement->fps * LOAD_WANTED / measurement->load;
  double lowest = fps_of (rate, rate->idle_level);
  guint n_steps = 0;

  if (rate->device_level < rate->idle_level)
    rate->device_level = CLAMP (
        level_for (rate, wanted), rate->device_level + 1, rate->idle_level);
  else
    n_steps = 1;
  while (n_steps < MAX_LEVEL && rate->device_level == rate->idle_level &&
      ldexp (wanted, (int) n_steps) < lowest * (1 - 1e-9))
    n_steps++;
  n_steps = MIN (n_steps, rate->n_pixel_steps - rate->pixel_step);
  rate->pixel_step += n_steps;
  rate->serial++;
  if (rate->raised_last)
    rate->patience = MIN (2 * rate->patience, MAX_PATIENCE);
  rate->raised_last = FALSE;
}

/* @room: by how much the load may grow at the rate that is allowed now. */
static void
increase (VlmRate *rate, double room)
{
  gboolean changes = FALSE;

  while (room >= 2.0 && rate->pixel_step > 0) {
    rate->pixel_step--;
    room /= 2.0;
    changes = TRUE;
  }
  while (room >= 2.0 && rate->device_level > 0) {
    rate->device_level--;
    room /= 2.0;
    changes = TRUE;
  }
  if (!changes)
    return;
  rate->serial++;
  if (rate->raised_last)
    rate->patience = MAX (1, rate->patience / 2);
  rate->raised_last = TRUE;
}

/**
 * vlm_rate_measure:
 * @rate: a policy
 * @measurement: what the analysis of a window took
 *
 * Closes the loop over the device. For live streams: where the device may take
 * its time it must not decide what is seen.
 *
 * Since: 0.1
 */
void
vlm_rate_measure (VlmRate *rate, const VlmRateMeasurement *measurement)
{
  g_return_if_fail (rate != NULL);
  g_return_if_fail (measurement != NULL);

  if (measurement->serial != rate->serial || !(measurement->load > 0) ||
      !(measurement->fps > 0))
    return;
  if (measurement->load > LOAD_TOO_HIGH) {
    rate->n_good = 0;
    decrease (rate, measurement);
    return;
  }

  /* A window with little motion does not predict the load at full rate. */
  double allowed = fps_of (rate, rate->device_level);
  double load = measurement->load * MAX (1.0, allowed / measurement->fps);
  double room = LOAD_TO_RAISE / load;

  if (room < 2.0 || (rate->device_level == 0 && rate->pixel_step == 0)) {
    rate->n_good = 0;
    return;
  }
  if (++rate->n_good < rate->patience)
    return;
  rate->n_good = 0;
  increase (rate, room);
}

/**
 * vlm_rate_get_serial:
 * @rate: a policy
 *
 * Counts the changes that measurements of the device made. A
 * #VlmRateMeasurement has the count at the time when its window began, so that
 * the rate before a change does not judge the one after.
 *
 * Returns: how often the device has changed the decision
 *
 * Since: 0.1
 */
guint
vlm_rate_get_serial (const VlmRate *rate)
{
  g_return_val_if_fail (rate != NULL, 0);
  return rate->serial;
}

/**
 * vlm_rate_reason_to_string:
 * @reason: why
 *
 * Names a reason, as `stats` has it.
 *
 * Returns: "fixed", "budget", "device", "motion" or "idle"
 *
 * Since: 0.1
 */
const char *
vlm_rate_reason_to_string (VlmRateReason reason)
{
  static const char *const names[] = { "fixed", "budget", "device", "motion",
    "idle" };

  g_return_val_if_fail (reason <= VLM_RATE_REASON_IDLE, NULL);
  return names[reason];
}
