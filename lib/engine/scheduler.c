/* gst-vlm: one model's device, shared by its sessions
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/scheduler.h"

/* How late a cancelled wait may notice. */
#define CANCEL_SLICE_US (5 * 1000)
/* How long a batch waits for the members of the last one: this share of the time
 * that the last one took, at most the maximum. */
#define GATHER_SHARE 8
#define MAX_GATHER_US (20 * 1000)

typedef enum
{
  WAITING, /* its owner may take it back */
  RUNNING,
  DONE,
} State;

/* One step, on the stack of the thread that waits for it. */
typedef struct
{
  VlmStep step;
  VlmWriter *writer;
  State state;
  GError *error;
} Request;

struct _VlmScheduler
{
  VlmNet *net;
  VlmTurns *turns;
  guint max_batch;

  GMutex lock; /* of all below */
  GCond changed;
  GQueue requests;  /* Request that is WAITING */
  gboolean is_led;  /* a batch runs, or is about to */
  guint64 batch;    /* number of the last one */
  guint n_expected; /* of its writers have not come back */
  gint64 batch_end_us;
  gint64 batch_us;
  VlmSchedulerStats stats;

  VlmStepper *stepper; /* of the leader; NULL before the first batch */
};

VlmScheduler *
vlm_scheduler_new (VlmNet *net)
{
  VlmScheduler *scheduler = g_new0 (VlmScheduler, 1);

  scheduler->net = vlm_net_ref (net);
  scheduler->turns = vlm_turns_new ();
  scheduler->max_batch =
      MIN (VLM_SCHEDULER_MAX_BATCH, vlm_stepper_get_max_steps (net));
  g_mutex_init (&scheduler->lock);
  g_cond_init (&scheduler->changed);
  g_queue_init (&scheduler->requests);
  return scheduler;
}

void
vlm_scheduler_free (VlmScheduler *scheduler)
{
  if (scheduler == NULL)
    return;
  g_assert (g_queue_is_empty (&scheduler->requests) && !scheduler->is_led);
  vlm_stepper_free (scheduler->stepper);
  vlm_turns_free (scheduler->turns);
  g_mutex_clear (&scheduler->lock);
  g_cond_clear (&scheduler->changed);
  vlm_net_unref (scheduler->net);
  g_free (scheduler);
}

VlmTurns *
vlm_scheduler_get_turns (VlmScheduler *scheduler)
{
  return scheduler->turns;
}

/* With the lock held: @writer need not be waited for. */
static void
arrive (VlmScheduler *self, VlmWriter *writer)
{
  if (writer->batch != 0 && writer->batch == self->batch &&
      self->n_expected > 0 && --self->n_expected == 0)
    g_cond_broadcast (&self->changed);
  writer->batch = 0;
}

/* With the lock held, which it releases: waits for the members of the last
 * batch to return, so that they do not split into two halves that alternate. */
static void
gather (VlmScheduler *self)
{
  gint64 deadline =
      self->batch_end_us + MIN (self->batch_us / GATHER_SHARE, MAX_GATHER_US);

  while (self->n_expected > 0 && self->requests.length < self->max_batch &&
      g_cond_wait_until (&self->changed, &self->lock, deadline))
    continue;
}

/* With the lock held: takes the requests that came first, as many as fit. */
static guint
pick (VlmScheduler *self, Request **batch)
{
  guint n_tokens = 0;
  guint n = 0;

  while (n < self->max_batch && !g_queue_is_empty (&self->requests)) {
    Request *request = g_queue_peek_head (&self->requests);

    n_tokens += request->step.span.n;
    if (n_tokens > VLM_STEP_MAX_TOKENS)
      break;
    request->state = RUNNING;
    batch[n++] = g_queue_pop_head (&self->requests);
  }
  return n;
}

static gboolean
run_steps (VlmScheduler *self, Request **batch, guint n, GError **error)
{
  VlmStep *steps[VLM_SCHEDULER_MAX_BATCH];

  if (self->stepper == NULL)
    self->stepper = vlm_stepper_new (self->net, error);
  if (self->stepper == NULL)
    return FALSE;
  for (guint i = 0; i < n; i++)
    steps[i] = &batch[i]->step;
  return vlm_stepper_run (self->stepper, steps, n, error);
}

/* With the lock held. */
static void
settle (VlmScheduler *self, Request **batch, guint n, const GError *error,
    gint64 start_us)
{
  self->batch++;
  self->n_expected = n;
  self->batch_end_us = g_get_monotonic_time ();
  self->batch_us = self->batch_end_us - start_us;
  self->stats.n_batches++;
  self->stats.n_steps += n;
  self->stats.largest_batch = MAX (self->stats.largest_batch, n);
  for (guint i = 0; i < n; i++) {
    batch[i]->writer->batch = self->batch;
    batch[i]->error = error != NULL ? g_error_copy (error) : NULL;
    batch[i]->state = DONE;
  }
}

/* With the lock held, which it releases: runs one batch. A leader that is
 * cancelled while it waits for the turn leaves the batch to another. */
static void
lead (VlmScheduler *self, GCancellable *cancellable)
{
  Request *batch[VLM_SCHEDULER_MAX_BATCH];
  g_autoptr (GError) error = NULL;
  gint64 start_us;
  guint n = 0;

  self->is_led = TRUE;
  gather (self);
  g_mutex_unlock (&self->lock);
  if (vlm_turns_take (self->turns, VLM_TURN_STEP, cancellable, NULL)) {
    start_us = g_get_monotonic_time ();
    g_mutex_lock (&self->lock);
    n = pick (self, batch);
    g_mutex_unlock (&self->lock);
    if (n > 0)
      run_steps (self, batch, n, &error);
    vlm_turns_give_back (self->turns);
  }
  g_mutex_lock (&self->lock);
  if (n > 0)
    settle (self, batch, n, error, start_us);
  self->is_led = FALSE;
  g_cond_broadcast (&self->changed);
}

/* With the lock held. FALSE when @cancellable came first; a running request is
 * waited for, because the device writes to the context. */
static gboolean
wait_done (VlmScheduler *self, Request *request, GCancellable *cancellable)
{
  while (request->state != DONE) {
    if (request->state == WAITING && g_cancellable_is_cancelled (cancellable)) {
      g_queue_remove (&self->requests, request);
      return FALSE;
    }
    if (!self->is_led)
      lead (self, cancellable);
    else if (cancellable == NULL)
      g_cond_wait (&self->changed, &self->lock);
    else
      g_cond_wait_until (&self->changed, &self->lock,
          g_get_monotonic_time () + CANCEL_SLICE_US);
  }
  return TRUE;
}

gboolean
vlm_scheduler_step (VlmScheduler *self, VlmWriter *writer, VlmContext *context,
    const VlmTokenSpan *span, const VlmChoose *choose, VlmNnChoice *choice,
    GCancellable *cancellable, GError **error)
{
  Request request = { .writer = writer };
  gboolean good;

  if (!vlm_step_init (&request.step, context, span, choose, error))
    return FALSE;
  g_mutex_lock (&self->lock);
  arrive (self, writer);
  g_queue_push_tail (&self->requests, &request);
  if (self->requests.length >= self->max_batch)
    g_cond_broadcast (&self->changed);
  good = wait_done (self, &request, cancellable);
  g_mutex_unlock (&self->lock);

  if (!good)
    g_cancellable_set_error_if_cancelled (cancellable, error);
  else if (request.error != NULL)
    g_propagate_error (error, request.error);
  else if (choice != NULL)
    *choice = request.step.choice;
  vlm_step_clear (&request.step);
  return good && request.error == NULL;
}

void
vlm_scheduler_leave (VlmScheduler *self, VlmWriter *writer)
{
  g_mutex_lock (&self->lock);
  arrive (self, writer);
  g_mutex_unlock (&self->lock);
}

void
vlm_scheduler_get_stats (VlmScheduler *self, VlmSchedulerStats *stats)
{
  g_mutex_lock (&self->lock);
  *stats = self->stats;
  stats->n_waiting = self->requests.length;
  g_mutex_unlock (&self->lock);
}
