/* gst-vlm: which frames are watched, and in which windows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-sampler.h>

#include "media/grid.h"
#include "media/window.h"

#define DEFAULT_FPS 2
#define DEFAULT_FRAMES_PER_SLICE 2
#define DEFAULT_MAX_HOLD (5 * VLM_SECOND)
#define MAX_FPS 1000
#define MAX_PERIOD 3600
#define MAX_FRAMES_PER_SLICE 64
#define MAX_SPAN (10000000 * VLM_SECOND)
#define MAX_MAX_HOLD (86400 * VLM_SECOND)
#define MIN_STEP (VLM_SECOND / 1000)
#define MAX_STEP (3600 * VLM_SECOND)
/* Stream times beyond are not times: 73 years. */
#define MAX_TIME (G_MAXINT64 / 4)
/* Time that goes back by less is jitter, by more a new epoch. */
#define MAX_BACK (VLM_SECOND / 4)

/* A temporal patch: slots that are always together. With a fixed rate @index
 * counts the slices of the grid, with a policy those of the epoch. */
typedef struct
{
  gint64 index;
  gint64 start;
  gint64 end;
  guint n_samples;
  VlmSample samples[];
} Slice;

struct _VlmSampler
{
  VlmSamplerParams params;
  VlmTimeGrid grid;
  gint64 window_slices; /* fixed rate */
  double load;

  guint64 serial;
  guint64 epoch;
  gboolean in_epoch;

  /* the slot to fill next */
  gint64 slot; /* fixed rate: its number on the grid */
  gint64 slot_time;
  gint64 step; /* from the slot before */

  /* the frames that came, sampled or not */
  gint64 last_time;
  gint64 last_end;
  gint64 interval;
  /* the one that was sampled last */
  VlmFrame *held;
  gint64 held_end;

  /* the oldest window that is not complete */
  guint64 window_number; /* in this epoch */
  gint64 base;           /* start of the epoch's first window */
  gint64 base_slice;
  gint64 window_slice; /* first slice that may start it */
  gint64 covered;      /* first slice that was in no window yet */
  GQueue slices;       /* of Slice: complete, from its start on */
  Slice *open;         /* not complete */
  gint64 next_slice;   /* index of the one after those */

  GQueue ready; /* of VlmWindow */
};

static void
slice_free (gpointer data)
{
  Slice *slice = data;

  for (guint i = 0; i < slice->n_samples; i++)
    vlm_frame_unref (slice->samples[i].frame);
  g_free (slice);
}

static gboolean
is_valid (const VlmSamplerParams *params)
{
  return params->window > 0 && params->window <= MAX_SPAN && params->hop >= 0 &&
      params->hop <= MAX_SPAN && params->max_hold >= 0 &&
      params->max_hold <= MAX_MAX_HOLD &&
      params->frames_per_slice <= MAX_FRAMES_PER_SLICE;
}

/**
 * vlm_sampler_new:
 * @params: what to sample; copied
 *
 * Returns: (transfer full): a sampler
 */
VlmSampler *
vlm_sampler_new (const VlmSamplerParams *params)
{
  g_return_val_if_fail (params != NULL, NULL);
  g_return_val_if_fail (is_valid (params), NULL);

  VlmSamplerParams p = *params;
  p.fps_n = p.fps_n != 0 ? p.fps_n : DEFAULT_FPS;
  p.fps_d = p.fps_d != 0 ? p.fps_d : 1;
  p.hop = p.hop != 0 ? p.hop : p.window;
  p.max_hold = p.max_hold != 0 ? p.max_hold : DEFAULT_MAX_HOLD;
  if (p.frames_per_slice == 0)
    p.frames_per_slice = DEFAULT_FRAMES_PER_SLICE;
  g_return_val_if_fail (p.fps_n <= (guint64) MAX_FPS * p.fps_d, NULL);
  g_return_val_if_fail (p.fps_d <= (guint64) MAX_PERIOD * p.fps_n, NULL);

  VlmSampler *sampler = g_new0 (VlmSampler, 1);
  sampler->params = p;
  sampler->grid.numerator = VLM_SECOND * p.fps_d;
  sampler->grid.denominator = p.fps_n;

  /* Rounded up, but not because of what is lost when a time is given in whole
   * nanoseconds. */
  VlmWide slice = (VlmWide) sampler->grid.numerator * p.frames_per_slice;
  VlmWide window = (VlmWide) p.window * p.fps_n;
  sampler->window_slices =
      (gint64) ((window * 1000 + slice * 999) / (slice * 1000));
  sampler->window_slices = MAX (sampler->window_slices, 1);
  g_queue_init (&sampler->slices);
  g_queue_init (&sampler->ready);
  return sampler;
}

static void
clear_epoch (VlmSampler *self)
{
  g_queue_clear_full (&self->slices, slice_free);
  g_clear_pointer (&self->open, slice_free);
  g_clear_pointer (&self->held, vlm_frame_unref);
  self->in_epoch = FALSE;
}

/**
 * vlm_sampler_free:
 * @sampler: (nullable) (transfer full): a sampler
 */
void
vlm_sampler_free (VlmSampler *sampler)
{
  if (sampler == NULL)
    return;
  clear_epoch (sampler);
  g_queue_clear_full (&sampler->ready, (GDestroyNotify) vlm_window_unref);
  g_free (sampler);
}

/**
 * vlm_sampler_set_load:
 * @sampler: a sampler
 * @seconds_per_second: measured seconds of inference for a second of video
 *
 * What the rate policy is told from now on.
 */
void
vlm_sampler_set_load (VlmSampler *sampler, double seconds_per_second)
{
  g_return_if_fail (sampler != NULL);
  sampler->load = seconds_per_second;
}

static void
append_samples (VlmWindow *window, guint *n, const Slice *slice)
{
  for (guint i = 0; i < slice->n_samples; i++) {
    window->samples[*n].frame = vlm_frame_ref (slice->samples[i].frame);
    window->samples[*n].slot_time = slice->samples[i].slot_time;
    (*n)++;
  }
}

/* All the complete slices there are. */
static void
emit_window (VlmSampler *self, gboolean partial)
{
  const Slice *head = g_queue_peek_head (&self->slices);
  const Slice *tail = g_queue_peek_tail (&self->slices);
  guint n = 0;
  VlmWindow *window =
      vlm_window_new (self->slices.length * self->params.frames_per_slice);

  for (GList *l = self->slices.head; l != NULL; l = l->next)
    append_samples (window, &n, l->data);
  window->serial = self->serial++;
  window->epoch = self->epoch;
  window->start = head->start;
  window->end = tail->end;
  window->slot_duration =
      (n > 1 ? window->samples[1].slot_time : tail->end) - head->start;
  window->partial = partial;
  g_queue_push_tail (&self->ready, window);
  self->covered = tail->index + 1;
}

static gint64
window_target (const VlmSampler *self)
{
  return (
      gint64) (self->base + (VlmWide) self->window_number * self->params.hop);
}

/* The window after the one that begins with @head. */
static void
next_window (VlmSampler *self, const Slice *head)
{
  const VlmSamplerParams *p = &self->params;

  self->window_number++;
  self->window_slice = head->index + 1;
  if (p->policy != NULL)
    return;

  VlmWide nearest = self->base_slice +
      vlm_round_div ((VlmWide) self->window_number * p->hop * p->fps_n,
          (VlmWide) self->grid.numerator * p->frames_per_slice);
  if (p->hop <= p->window)
    nearest = MIN (nearest, (VlmWide) self->covered);
  self->window_slice = (gint64) MAX (nearest, (VlmWide) self->window_slice);
}

static gboolean
may_start (const VlmSampler *self, const Slice *slice)
{
  const VlmSamplerParams *p = &self->params;

  if (slice->index < self->window_slice)
    return FALSE;
  if (p->policy == NULL || self->window_number == 0 ||
      (p->hop <= p->window && slice->index >= self->covered))
    return TRUE;
  return slice->start + (slice->end - slice->start) / 2 > window_target (self);
}

static gboolean
is_full (const VlmSampler *self, const Slice *head, const Slice *tail)
{
  if (self->params.policy == NULL)
    return tail->index - head->index + 1 >= self->window_slices;
  return tail->end + (tail->end - tail->start) / 1000 >=
      head->start + self->params.window;
}

/* Leaves out the slots that no window will hold. */
static void
skip_unwatched (VlmSampler *self)
{
  const VlmSamplerParams *p = &self->params;

  if (p->policy == NULL) {
    if (self->next_slice >= self->window_slice)
      return;
    self->next_slice = self->window_slice;
    self->slot = self->window_slice * p->frames_per_slice;
    self->slot_time = vlm_time_grid_at (&self->grid, self->slot);
  } else if (p->hop > p->window) {
    gint64 half_slice = self->step * p->frames_per_slice / 2;

    if (self->slot_time + half_slice <= window_target (self))
      self->slot_time = window_target (self);
  }
}

static void
close_windows (VlmSampler *self)
{
  for (;;) {
    const Slice *head;

    while ((head = g_queue_peek_head (&self->slices)) != NULL &&
        !may_start (self, head))
      slice_free (g_queue_pop_head (&self->slices));
    if (head == NULL)
      break;
    if (!is_full (self, head, g_queue_peek_tail (&self->slices)))
      return;
    emit_window (self, FALSE);
    next_window (self, head);
  }
  skip_unwatched (self);
}

static void
next_slot (VlmSampler *self)
{
  const VlmSamplerParams *p = &self->params;
  gint64 before = self->slot_time;

  self->slot++;
  if (p->policy == NULL) {
    self->slot_time = vlm_time_grid_at (&self->grid, self->slot);
    self->step = self->slot_time - before;
  } else {
    VlmRateObservation observation = { self->last_time, self->held->luma_motion,
      self->load };
    gint64 step = p->policy (&observation, p->policy_data);

    self->step = CLAMP (step, MIN_STEP, MAX_STEP);
    self->slot_time += self->step;
  }
}

/* The next slot gets the frame that is held. */
static void
fill_slot (VlmSampler *self)
{
  guint depth = self->params.frames_per_slice;

  if (self->open == NULL) {
    self->open = g_malloc0 (sizeof (Slice) + depth * sizeof (VlmSample));
    self->open->index = self->next_slice++;
    self->open->start = self->slot_time;
  }
  self->open->samples[self->open->n_samples++] =
      (VlmSample){ vlm_frame_ref (self->held), self->slot_time };
  next_slot (self);
  if (self->open->n_samples < depth)
    return;
  self->open->end = self->slot_time;
  g_queue_push_tail (&self->slices, g_steal_pointer (&self->open));
  close_windows (self);
}

static void
end_epoch (VlmSampler *self)
{
  if (!self->in_epoch)
    return;
  while (self->open != NULL) {
    /* Filling it up may complete the window; then it is not a partial one. */
    fill_slot (self);
  }

  const Slice *tail = g_queue_peek_tail (&self->slices);
  if (tail != NULL && tail->index >= self->covered)
    emit_window (self, TRUE);
  clear_epoch (self);
  self->epoch++;
}

static void
begin_epoch (VlmSampler *self, gint64 time)
{
  const VlmSamplerParams *p = &self->params;

  self->in_epoch = TRUE;
  self->step = vlm_time_grid_at (&self->grid, 1);
  self->slot = vlm_time_grid_after (
      &self->grid, time - self->step / 4, p->frames_per_slice);
  self->slot_time = vlm_time_grid_at (&self->grid, self->slot);
  self->next_slice = self->slot / p->frames_per_slice;
  self->base = self->slot_time;
  self->base_slice = self->next_slice;
  self->window_number = 0;
  self->window_slice = self->next_slice;
  self->covered = self->next_slice;
  self->last_time = time;
  self->last_end = time;
  self->interval = 0;
}

static gint64
believed (const VlmSampler *self, gint64 duration)
{
  return CLAMP (duration, 0, self->params.max_hold);
}

/* Of the given rate: a policy must not turn jitter into an epoch. */
static gint64
max_back (const VlmSampler *self)
{
  return MIN (vlm_time_grid_at (&self->grid, 1) / 4, MAX_BACK);
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
  return VLM_TIME_IS_VALID (time) && time >= -MAX_TIME && time <= MAX_TIME;
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
  while (self->slot_time < time && may_hold (self))
    fill_slot (self);
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

/**
 * vlm_sampler_wants:
 * @sampler: a sampler
 * @stream_time: of a buffer, ns
 * @duration: of the buffer, ns; <= 0 or %VLM_TIME_NONE when it is not known
 *
 * To be asked for every buffer, for the sampler learns from it how time passes.
 *
 * Returns: whether the buffer fills a slot: make a frame of it and
 *   vlm_sampler_add() it. %FALSE for a buffer without a time.
 */
gboolean
vlm_sampler_wants (VlmSampler *sampler, gint64 stream_time, gint64 duration)
{
  g_return_val_if_fail (sampler != NULL, FALSE);

  if (!is_time (stream_time))
    return FALSE;
  observe (sampler, stream_time, duration);
  fill_held_until (sampler, stream_time - sampler->step / 2);
  return sampler->slot_time < reach (sampler, stream_time, duration);
}

/**
 * vlm_sampler_add:
 * @sampler: a sampler
 * @frame: (transfer none): a frame whose stream time is known
 * @duration: of its buffer, as for vlm_sampler_wants()
 *
 * Fills the slots that @frame is for; if there are none, nothing happens.
 */
void
vlm_sampler_add (VlmSampler *sampler, VlmFrame *frame, gint64 duration)
{
  g_return_if_fail (sampler != NULL);
  g_return_if_fail (frame != NULL);
  g_return_if_fail (is_time (frame->time.stream_time));

  gint64 time = frame->time.stream_time;
  if (sampler->held != NULL &&
      (sampler->held->width != frame->width ||
          sampler->held->height != frame->height))
    end_epoch (sampler);
  if (!vlm_sampler_wants (sampler, time, duration))
    return;

  if (sampler->held != frame) {
    g_clear_pointer (&sampler->held, vlm_frame_unref);
    sampler->held = vlm_frame_ref (frame);
  }
  sampler->held_end = time + believed (sampler, duration);

  while (sampler->slot_time < reach (sampler, time, duration))
    fill_slot (sampler);
}

/**
 * vlm_sampler_continues:
 * @sampler: a sampler
 * @stream_time: of the next buffer, or where a gap ends, ns
 *
 * Whether what comes next goes on where the last buffer ended: the hole is no
 * longer than half a slot, which the sampling bridges without notice, and time
 * does not go back by more than jitter. For sources that mark each lost frame
 * as a discontinuity.
 *
 * Returns: %FALSE when there is a hole; %TRUE also before the first buffer
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
 * vlm_sampler_pop:
 * @sampler: a sampler
 *
 * Returns: (transfer full) (nullable): the next window that is complete
 */
VlmWindow *
vlm_sampler_pop (VlmSampler *sampler)
{
  g_return_val_if_fail (sampler != NULL, NULL);
  return g_queue_pop_head (&sampler->ready);
}

/**
 * vlm_sampler_finish:
 * @sampler: a sampler
 *
 * The stream has ended: what was in no window yet becomes a partial one.
 *
 * Returns: (transfer full) (nullable): the next window; to be called until
 *   there is none
 */
VlmWindow *
vlm_sampler_finish (VlmSampler *sampler)
{
  g_return_val_if_fail (sampler != NULL, NULL);
  end_epoch (sampler);
  return g_queue_pop_head (&sampler->ready);
}

/**
 * vlm_sampler_reset:
 * @sampler: a sampler
 *
 * A discontinuity: what follows belongs to a new epoch. What was in no window
 * yet becomes a partial one; after a flush, pop and drop it.
 */
void
vlm_sampler_reset (VlmSampler *sampler)
{
  g_return_if_fail (sampler != NULL);
  end_epoch (sampler);
}
