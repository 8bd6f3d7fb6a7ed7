/* gst-vlm: which frames are sampled, and in which windows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-sampler.h>

#include "media/grid.h"
#include "media/run.h"

#define DEFAULT_FPS 2
#define DEFAULT_FRAMES_PER_SLICE 2
#define DEFAULT_MAX_FRAMES 768
#define DEFAULT_MAX_HOLD (5 * VLM_SECOND)
#define MAX_FPS 1000
#define MAX_PERIOD 3600
#define MAX_FRAMES_PER_SLICE 64
#define MAX_MAX_FRAMES 65536
#define MAX_SPAN (10000000 * VLM_SECOND)
#define MAX_MAX_HOLD (86400 * VLM_SECOND)
/* If time goes back by less, it is jitter; by more, a new epoch begins. */
#define MAX_BACK (VLM_SECOND / 4)

struct _VlmSampler
{
  VlmSamplerParams params;
  VlmTimeGrid grid;
  VlmRate *rate;      /* NULL for a fixed one */
  VlmThinning *whole; /* where there are no windows */

  gboolean in_epoch;

  /* the slot that is next */
  gint64 slot; /* its number on the grid */
  gint64 slot_time;
  gint64 step;         /* of the grid */
  gboolean is_decided; /* the two below are about it */
  gboolean moves;
  VlmRateDecision decision;
  /* what the newest buffer showed */
  gint64 seen_time;
  float seen;

  /* the frames that came, sampled or not */
  gint64 last_time;
  gint64 last_end;
  gint64 interval;
  /* the one that was sampled last */
  VlmFrame *held;
  gint64 held_end;

  /* Since the epoch began, or the frames got another size. */
  VlmRun run;
  VlmSlice *open; /* not complete */
  guint pixel_step;
  guint rate_serial;
};

static gboolean
is_valid (const VlmSamplerParams *params)
{
  return params->window >= 0 && params->window <= MAX_SPAN &&
      params->hop >= 0 && params->hop <= MAX_SPAN && params->max_hold >= 0 &&
      params->max_hold <= MAX_MAX_HOLD &&
      params->frames_per_slice <= MAX_FRAMES_PER_SLICE &&
      params->max_frames <= MAX_MAX_FRAMES;
}

static gboolean
fill_in_defaults (VlmSamplerParams *p)
{
  p->fps_n = p->fps_n != 0 ? p->fps_n : DEFAULT_FPS;
  p->fps_d = p->fps_d != 0 ? p->fps_d : 1;
  p->min_fps_d = p->min_fps_d != 0 ? p->min_fps_d : 1;
  p->hop = p->hop != 0 ? p->hop : p->window;
  p->max_hold = p->max_hold != 0 ? p->max_hold : DEFAULT_MAX_HOLD;
  p->max_frames = p->max_frames != 0 ? p->max_frames : DEFAULT_MAX_FRAMES;
  if (p->frames_per_slice == 0)
    p->frames_per_slice = DEFAULT_FRAMES_PER_SLICE;
  return p->fps_n <= (guint64) MAX_FPS * p->fps_d &&
      p->fps_d <= (guint64) MAX_PERIOD * p->fps_n;
}

static VlmRate *
make_rate (const VlmSamplerParams *p)
{
  VlmRateParams params = {
    .max_fps_n = p->fps_n,
    .max_fps_d = p->fps_d,
    .min_fps_n = p->min_fps_n,
    .min_fps_d = p->min_fps_d,
    .frames_per_slice = p->frames_per_slice,
    .window = p->window,
  };

  return vlm_rate_new (&params);
}

/**
 * vlm_sampler_new: (skip)
 * @params: what to sample; copied
 *
 * Makes a sampler for one stream.
 *
 * Returns: (transfer full): a sampler
 *
 * Since: 0.1
 */
VlmSampler *
vlm_sampler_new (const VlmSamplerParams *params)
{
  g_return_val_if_fail (params != NULL, NULL);
  g_return_val_if_fail (is_valid (params), NULL);

  VlmSamplerParams p = *params;
  gboolean is_sane = fill_in_defaults (&p);
  g_return_val_if_fail (is_sane, NULL);

  VlmSampler *sampler = g_new0 (VlmSampler, 1);
  sampler->params = p;
  sampler->grid.numerator = VLM_SECOND * p.fps_d;
  sampler->grid.denominator = p.fps_n;
  sampler->step = vlm_time_grid_at (&sampler->grid, 1);
  sampler->decision.fps = (double) p.fps_n / p.fps_d;
  sampler->seen_time = VLM_TIME_NONE;
  if (p.window == 0) {
    sampler->whole = g_new0 (VlmThinning, 1);
    vlm_thinning_init (sampler->whole, p.max_frames, p.frames_per_slice);
  } else if (p.min_fps_n != 0) {
    sampler->rate = make_rate (&p);
  }
  vlm_run_init (&sampler->run, &sampler->params, &sampler->grid);
  sampler->run.epoch = p.epoch;
  return sampler;
}

static void
forget_frames (VlmSampler *self)
{
  g_clear_pointer (&self->open, vlm_slice_free);
  g_clear_pointer (&self->held, vlm_frame_unref);
}

/**
 * vlm_sampler_free:
 * @sampler: (nullable) (transfer full): a sampler
 *
 * Frees a sampler with the frames and windows that it still holds.
 *
 * Since: 0.1
 */
void
vlm_sampler_free (VlmSampler *sampler)
{
  if (sampler == NULL)
    return;
  forget_frames (sampler);
  vlm_run_clear (&sampler->run);
  if (sampler->whole != NULL)
    vlm_thinning_clear (sampler->whole);
  g_free (sampler->whole);
  vlm_rate_free (sampler->rate);
  g_free (sampler);
}

/* --- slices --------------------------------------------------------------- */

static void
push_slice (VlmSampler *self, VlmSlice *slice)
{
  if (self->rate != NULL)
    vlm_rate_spend (self->rate, slice->n_samples);
  vlm_run_push (&self->run, slice);
}

static void
open_slice (VlmSampler *self)
{
  guint depth = self->params.frames_per_slice;
  gint64 index = self->slot / depth;
  guint level = self->decision.level;

  if (level > 0)
    level = vlm_run_fit (
        &self->run, index, vlm_run_boundary (&self->run, index), level);
  /* The decision takes effect from here on. */
  if (self->rate != NULL && self->pixel_step == self->decision.pixel_step)
    self->rate_serial = vlm_rate_get_serial (self->rate);
  self->open = vlm_slice_new (self->slot, level, depth);
  self->open->serial = self->rate_serial;
}

/* Something moves, or the stream ends, within a coarse slice: the part that has
 * passed becomes slices of its own, as long as the grid allows, and the rest
 * restarts with @level. Nothing has changed since its last sample, which
 * therefore fills the slots between. */
static void
split_open (VlmSampler *self, guint level)
{
  g_autoptr (VlmSlice) old = g_steal_pointer (&self->open);
  guint depth = old->depth;
  gint64 length = (gint64) depth << level;
  gint64 end =
      old->first_slot + (self->slot - old->first_slot) / length * length;
  gint64 first = old->first_slot;

  while (first < end) {
    VlmSlice *part = vlm_slice_new (first,
        vlm_run_fit (&self->run, first / depth, end / depth, old->level),
        depth);

    part->moves = first == old->first_slot && old->moves;
    part->serial = old->serial;
    vlm_slice_fill_from (part, old, G_MAXINT64, &self->grid);
    first = part->end_slot;
    push_slice (self, part);
  }
  if (end == self->slot)
    return;
  self->open = vlm_slice_new (end, level, depth);
  self->open->moves = end == old->first_slot && old->moves;
  self->open->serial = self->rate_serial;
  vlm_slice_fill_from (self->open, old, self->slot, &self->grid);
}

/* --- slots ---------------------------------------------------------------- */

/* Decides how to sample the next slot; once for each slot. */
static void
decide (VlmSampler *self, float motion)
{
  if (self->is_decided)
    return;
  self->is_decided = TRUE;
  self->moves = motion < 0.0f || motion >= VLM_MOTION_THRESHOLD;
  if (self->rate != NULL)
    vlm_rate_observe (self->rate, self->slot_time, motion, &self->decision);
}

/* Motion in a slice that was laid out for stillness. */
static gboolean
must_split (const VlmSampler *self)
{
  return self->moves && self->open != NULL &&
      self->open->level > self->decision.level;
}

/* Whether the next slot gets a frame. */
static gboolean
is_sampled (const VlmSampler *self)
{
  if (self->whole != NULL)
    return vlm_thinning_wants (self->whole, self->slot);
  if (must_split (self))
    return (self->slot - self->open->first_slot) %
        ((gint64) 1 << self->decision.level) ==
        0;
  return self->open == NULL || vlm_slice_next_slot (self->open) == self->slot;
}

static void
set_slot (VlmSampler *self, gint64 slot)
{
  self->slot = slot;
  self->slot_time = vlm_time_grid_at (&self->grid, slot);
  self->is_decided = FALSE;
}

/* Makes windows, and skips the slots that no window will hold. */
static void
close_windows (VlmSampler *self)
{
  gint64 next;

  vlm_run_close (&self->run);
  next = self->run.window_slice * self->params.frames_per_slice;
  if (g_queue_is_empty (&self->run.slices) && self->slot < next)
    set_slot (self, next);
}

/* The next slot passes; if it is sampled, it gets the frame that is held. */
static void
pass_slot (VlmSampler *self)
{
  if (self->whole != NULL) {
    if (vlm_thinning_wants (self->whole, self->slot))
      vlm_thinning_add (self->whole, self->slot, self->held, self->slot_time);
    set_slot (self, self->slot + 1);
    return;
  }
  if (must_split (self))
    split_open (self, self->decision.level);
  if (self->open == NULL)
    open_slice (self);
  if (vlm_slice_next_slot (self->open) == self->slot)
    vlm_slice_append (self->open, self->held, self->slot_time);
  self->open->moves |= self->moves;
  set_slot (self, self->slot + 1);
  if (self->slot < self->open->end_slot)
    return;
  push_slice (self, g_steal_pointer (&self->open));
  close_windows (self);
}

/* --- runs and epochs ------------------------------------------------------ */

static void
end_whole (VlmSampler *self)
{
  VlmWindow *window = vlm_thinning_finish (self->whole, &self->grid);

  if (window == NULL)
    return;
  window->serial = self->run.serial++;
  window->epoch = self->run.epoch;
  window->period = window->end - window->start;
  g_queue_push_tail (&self->run.ready, window);
}

static void
end_run (VlmSampler *self)
{
  if (self->whole != NULL)
    end_whole (self);
  if (self->open != NULL && self->open->level > 0)
    split_open (self, 0);
  while (self->open != NULL) {
    /* Filling it up may complete the window; then it is not a partial one. */
    self->moves = FALSE;
    pass_slot (self);
  }
  vlm_run_finish (&self->run);
  forget_frames (self);
}

static void
end_epoch (VlmSampler *self)
{
  if (!self->in_epoch)
    return;
  end_run (self);
  self->in_epoch = FALSE;
  self->run.epoch++;
  self->run.covered_end = VLM_TIME_NONE;
}

static void
begin_epoch (VlmSampler *self, gint64 time)
{
  guint depth = self->params.frames_per_slice;

  self->in_epoch = TRUE;
  set_slot (
      self, vlm_time_grid_after (&self->grid, time - self->step / 4, depth));
  vlm_run_begin (&self->run, self->slot / depth);
  if (self->rate != NULL)
    vlm_rate_restart (self->rate);
  if (self->whole != NULL)
    vlm_thinning_start (self->whole, self->slot);
  self->last_time = time;
  self->last_end = time;
  self->interval = 0;
}

/* Frames of another size are never in one window with those before. Where
 * windows do not overlap they change between two, else at once. */
static void
change_size (VlmSampler *self)
{
  if (self->rate == NULL || self->open != NULL ||
      self->decision.pixel_step == self->pixel_step ||
      (self->params.hop >= self->params.window &&
          !g_queue_is_empty (&self->run.slices)))
    return;
  end_run (self);
  vlm_run_begin (&self->run, self->slot / self->params.frames_per_slice);
  self->pixel_step = self->decision.pixel_step;
}

static gint64
believed (const VlmSampler *self, gint64 duration)
{
  return CLAMP (duration, 0, self->params.max_hold);
}

static gint64
max_back (const VlmSampler *self)
{
  return MIN (self->step / 4, MAX_BACK);
}

/* A frame came; the same one may come twice. */
static void
observe (VlmSampler *self, gint64 time, gint64 duration)
{
  if (self->in_epoch &&
      (self->last_time - time > max_back (self) ||
          time - self->last_end > self->params.max_hold))
    end_epoch (self);
  if (!self->in_epoch)
    begin_epoch (self, time);
  if (time > self->last_time) {
    self->interval = time - self->last_time;
    self->last_time = time;
  }
  self->last_end = MAX (self->last_end, time + believed (self, duration));
}

static gboolean
is_time (gint64 time)
{
  return VLM_TIME_IS_VALID (time) && time >= -VLM_SAMPLER_MAX_TIME &&
      time <= VLM_SAMPLER_MAX_TIME;
}

static gboolean
may_hold (const VlmSampler *self)
{
  return self->held != NULL &&
      self->slot_time - self->held_end <= self->params.max_hold;
}

static void
fill_held_until (VlmSampler *self, gint64 time)
{
  /* Nothing came that could have shown motion. */
  while (self->slot_time < time && may_hold (self)) {
    decide (self, 0.0f);
    pass_slot (self);
  }
}

/* End of the slots that a frame fills. */
static gint64
reach (const VlmSampler *self, gint64 time, gint64 duration)
{
  gint64 shown = believed (self, duration);
  gint64 tolerance =
      MIN ((shown > 0 ? shown : self->interval) / 2, self->step / 4);

  return shown > 0 ? time + shown - tolerance : time + tolerance + 1;
}

/* What the buffer at @time shows; not known before there is a frame. */
static float
motion_at (const VlmSampler *self, gint64 time)
{
  return self->held != NULL && self->seen_time == time ? self->seen : -1.0f;
}

/**
 * vlm_sampler_looks:
 * @sampler: a sampler
 * @stream_time: of a buffer, ns
 * @duration: of the buffer, ns; <= 0 or %VLM_TIME_NONE when it is not known
 *
 * Call this for every buffer, before vlm_sampler_wants(), if the rate varies
 * or still windows are skipped.
 *
 * Returns: whether the buffer is at a slot of the highest rate: pass its
 *   motion to vlm_sampler_see()
 *
 * Since: 0.1
 */
gboolean
vlm_sampler_looks (VlmSampler *sampler, gint64 stream_time, gint64 duration)
{
  g_return_val_if_fail (sampler != NULL, FALSE);

  if (sampler->whole != NULL || !is_time (stream_time))
    return FALSE;
  observe (sampler, stream_time, duration);
  fill_held_until (sampler, stream_time - sampler->step / 2);
  return sampler->slot_time < reach (sampler, stream_time, duration);
}

/**
 * vlm_sampler_see:
 * @sampler: a sampler
 * @motion: share of the buffer of the last vlm_sampler_looks() that differs
 *   from the frame that was added last, 0 to 1; negative if it is not known
 *
 * Sets the motion of a buffer. The default is motion.
 *
 * Since: 0.1
 */
void
vlm_sampler_see (VlmSampler *sampler, float motion)
{
  g_return_if_fail (sampler != NULL);
  sampler->seen_time = sampler->last_time;
  sampler->seen = motion;
}

/**
 * vlm_sampler_wants:
 * @sampler: a sampler
 * @stream_time: of a buffer, ns
 * @duration: of the buffer, ns; <= 0 or %VLM_TIME_NONE when it is not known
 *
 * Call this for every buffer, because it tracks the time of the stream.
 *
 * Returns: whether the buffer fills a slot: make a frame of it and
 *   vlm_sampler_add() it. %FALSE for a buffer without a time.
 *
 * Since: 0.1
 */
gboolean
vlm_sampler_wants (VlmSampler *sampler, gint64 stream_time, gint64 duration)
{
  g_return_val_if_fail (sampler != NULL, FALSE);

  if (!is_time (stream_time))
    return FALSE;
  observe (sampler, stream_time, duration);
  fill_held_until (sampler, stream_time - sampler->step / 2);
  while (sampler->slot_time < reach (sampler, stream_time, duration)) {
    decide (sampler, motion_at (sampler, stream_time));
    change_size (sampler);
    if (sampler->held == NULL || is_sampled (sampler))
      return TRUE;
    pass_slot (sampler);
  }
  return FALSE;
}

/* Another picture than the one that is held; the same in another size is not. */
static gboolean
is_other_video (const VlmSampler *self, const VlmFrame *frame)
{
  const VlmFrame *held = self->held;

  return held != NULL &&
      (held->width != frame->width || held->height != frame->height);
}

/**
 * vlm_sampler_add:
 * @sampler: a sampler
 * @frame: (transfer none): a frame whose stream time is known
 * @duration: of its buffer, as for vlm_sampler_wants()
 *
 * Fills the slots that @frame is for; if there are none, nothing happens.
 *
 * Since: 0.1
 */
void
vlm_sampler_add (VlmSampler *sampler, VlmFrame *frame, gint64 duration)
{
  g_return_if_fail (sampler != NULL);
  g_return_if_fail (frame != NULL);
  g_return_if_fail (is_time (frame->time.stream_time));

  gint64 time = frame->time.stream_time;
  if (is_other_video (sampler, frame))
    end_epoch (sampler);
  if (!vlm_sampler_wants (sampler, time, duration))
    return;

  if (sampler->held != frame) {
    g_clear_pointer (&sampler->held, vlm_frame_unref);
    sampler->held = vlm_frame_ref (frame);
  }
  sampler->held_end = time + believed (sampler, duration);

  pass_slot (sampler);
  while (sampler->slot_time < reach (sampler, time, duration)) {
    /* The frame does not differ from itself. */
    decide (sampler, 0.0f);
    pass_slot (sampler);
  }
}

/**
 * vlm_sampler_continues:
 * @sampler: a sampler
 * @stream_time: of the next buffer, or where a gap ends, ns
 *
 * Whether the next buffer continues where the last one ended: the gap is no
 * longer than half a slot, which does not affect the sampling, and time does
 * not go back by more than jitter. For sources that mark each lost frame as a
 * discontinuity.
 *
 * Returns: %FALSE if there is a gap; %TRUE also before the first buffer
 *
 * Since: 0.1
 */
gboolean
vlm_sampler_continues (VlmSampler *sampler, gint64 stream_time)
{
  g_return_val_if_fail (sampler != NULL, FALSE);

  if (!sampler->in_epoch)
    return TRUE;
  gint64 end = sampler->last_end > sampler->last_time
      ? sampler->last_end
      : sampler->last_time + sampler->interval;
  return is_time (stream_time) &&
      sampler->last_time - stream_time <= max_back (sampler) &&
      stream_time - end <= sampler->step / 2;
}

/**
 * vlm_sampler_advance:
 * @sampler: a sampler
 * @stream_time: no buffer before this will come any more, ns
 *
 * Time passes without a buffer (a gap event). Slots that are surely past get
 * the frame that is held; after more than max_hold the epoch ends.
 *
 * Since: 0.1
 */
void
vlm_sampler_advance (VlmSampler *sampler, gint64 stream_time)
{
  g_return_if_fail (sampler != NULL);

  if (!sampler->in_epoch || !is_time (stream_time))
    return;
  if (stream_time - sampler->last_end > sampler->params.max_hold)
    end_epoch (sampler);
  else
    fill_held_until (sampler, stream_time - sampler->step / 4);
}

/**
 * vlm_sampler_measure:
 * @sampler: a sampler
 * @measurement: of a window that it made, see vlm_window_measure()
 *
 * Lets the rate follow what the device sustains. For live streams: where the
 * device may take its time it must not decide what is seen.
 *
 * Since: 0.1
 */
void
vlm_sampler_measure (VlmSampler *sampler, const VlmRateMeasurement *measurement)
{
  g_return_if_fail (sampler != NULL);
  g_return_if_fail (measurement != NULL);
  if (sampler->rate != NULL)
    vlm_rate_measure (sampler->rate, measurement);
}

/**
 * vlm_sampler_set_budget:
 * @sampler: a sampler
 * @n_frames: how many frames fit into a window, 0 for any number
 * @n_pixel_steps: how often the area of a frame may be halved
 *
 * Bounds a rate that varies.
 *
 * Since: 0.1
 */
void
vlm_sampler_set_budget (
    VlmSampler *sampler, guint n_frames, guint n_pixel_steps)
{
  g_return_if_fail (sampler != NULL);
  if (sampler->rate != NULL)
    vlm_rate_set_budget (sampler->rate, n_frames, n_pixel_steps);
}

/**
 * vlm_sampler_get_decision:
 * @sampler: a sampler
 * @decision: (out caller-allocates): what is done now
 *
 * The area of the frames that are to be added now is halved
 * @decision.pixel_step times.
 *
 * Since: 0.1
 */
void
vlm_sampler_get_decision (const VlmSampler *sampler, VlmRateDecision *decision)
{
  g_return_if_fail (sampler != NULL);
  g_return_if_fail (decision != NULL);

  *decision = sampler->decision;
  decision->pixel_step = sampler->pixel_step;
  if (sampler->whole == NULL || sampler->whole->level == 0)
    return;
  decision->level = sampler->whole->level;
  decision->fps /= (double) ((gint64) 1 << decision->level);
  decision->reason = VLM_RATE_REASON_BUDGET;
}

/**
 * vlm_sampler_pop:
 * @sampler: a sampler
 *
 * Takes the next complete window, in the order of their starts.
 *
 * Returns: (transfer full) (nullable): the next window that is complete
 *
 * Since: 0.1
 */
VlmWindow *
vlm_sampler_pop (VlmSampler *sampler)
{
  g_return_val_if_fail (sampler != NULL, NULL);
  return g_queue_pop_head (&sampler->run.ready);
}

/**
 * vlm_sampler_finish:
 * @sampler: a sampler
 *
 * The stream has ended: what was in no window yet becomes a partial one.
 *
 * Returns: (transfer full) (nullable): the next window; to be called until
 *   there is none
 *
 * Since: 0.1
 */
VlmWindow *
vlm_sampler_finish (VlmSampler *sampler)
{
  g_return_val_if_fail (sampler != NULL, NULL);
  end_epoch (sampler);
  return g_queue_pop_head (&sampler->run.ready);
}

/**
 * vlm_sampler_reset:
 * @sampler: a sampler
 *
 * A discontinuity: what follows belongs to a new epoch. What was in no window
 * yet becomes a partial one; after a flush, pop and drop it.
 *
 * Since: 0.1
 */
void
vlm_sampler_reset (VlmSampler *sampler)
{
  g_return_if_fail (sampler != NULL);
  end_epoch (sampler);
}
