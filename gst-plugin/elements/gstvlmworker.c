/* gst-vlm: the worker, its queue
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One lock; no callback and no method of the analyzer is called under it. The
 * queue holds windows and marks; marks keep their place among the windows and
 * are never dropped. */
#include "elements/gstvlmworker-private.h"

#include "util/gstvlmtime.h"

/* How long a cancelled analysis gets to stop: several steps of a slow model, too
 * short to be noticed at the end of a stream. */
#define CANCEL_GRACE_US (G_USEC_PER_SEC / 2)

void
gst_vlm_coverage_add (GstVlmCoverage *coverage, const GstVlmWorkerItem *item)
{
  gint64 start = item->start.stream_time;
  gint64 end = item->end.stream_time;

  if (coverage->epoch != item->epoch || coverage->total_ns == 0) {
    coverage->epoch = item->epoch;
    coverage->until = start;
  }
  if (end > coverage->until) {
    coverage->total_ns += end - MAX (coverage->until, start);
    coverage->until = end;
  }
}

static GstVlmWorkerItem *
mark_new (GstVlmWorkerItemKind kind, guint generation)
{
  GstVlmWorkerItem *item = g_new0 (GstVlmWorkerItem, 1);

  item->kind = kind;
  item->generation = generation;
  return item;
}

GstVlmWorkerItem *
gst_vlm_worker_item_new (
    GstVlmWorkerItemKind kind, VlmWindow *window, guint generation)
{
  GstVlmWorkerItem *item = mark_new (kind, generation);

  item->epoch = window->epoch;
  gst_vlm_time_of_window (window, &item->start, &item->end);
  if (gst_vlm_worker_item_is_work (item))
    item->window = window;
  else
    vlm_window_unref (window);
  return item;
}

void
gst_vlm_worker_item_free (GstVlmWorkerItem *item)
{
  g_clear_pointer (&item->window, vlm_window_unref);
  g_clear_pointer (&item->details, g_ptr_array_unref);
  g_free (item);
}

gboolean
gst_vlm_worker_item_is_work (const GstVlmWorkerItem *item)
{
  return item->kind == GST_VLM_WORKER_ITEM_WINDOW ||
      item->kind == GST_VLM_WORKER_ITEM_OVERVIEW;
}

/* The number of windows in it. */
static guint
count_windows (const GstVlmWorkerItem *item)
{
  return item->details != NULL ? item->details->len : 1;
}

static void
report_unwatched (
    GstVlmWorker *worker, GPtrArray *items, GstVlmGapReason reason)
{
  for (guint i = 0; i < items->len; i++) {
    const GstVlmWorkerItem *item = g_ptr_array_index (items, i);

    worker->funcs.unwatched (
        worker->user_data, &item->start, &item->end, reason, item->generation);
    worker->funcs.done (worker->user_data, item->ticket);
  }
}

/* Moves the windows that waited longest to @dropped, until no more than
 * @n_left wait. With the lock. */
static void
drop_windows (GstVlmWorker *worker, guint n_left, GPtrArray *dropped)
{
  GList *l = worker->items.head;

  while (l != NULL && worker->n_windows > n_left) {
    GList *next = l->next;

    if (gst_vlm_worker_item_is_work (l->data)) {
      worker->stats.n_dropped += count_windows (l->data);
      g_ptr_array_add (dropped, l->data);
      g_queue_delete_link (&worker->items, l);
      worker->n_windows--;
    }
    l = next;
  }
}

GstVlmWorker *
gst_vlm_worker_new (VlmAnalyzer *analyzer, const VlmAnalyzerParams *params,
    VlmQuestions *questions, guint generation, const GstVlmWorkerFuncs *funcs,
    gpointer user_data)
{
  GstVlmWorker *worker = g_atomic_rc_box_new0 (GstVlmWorker);

  worker->analyzer = g_object_ref (analyzer);
  worker->params = vlm_analyzer_params_copy (params);
  worker->questions = questions;
  worker->generation = generation;
  worker->funcs = *funcs;
  worker->user_data = user_data;
  worker->state = GST_VLM_WORKER_LOADING;
  worker->analysed_until.stream_time = VLM_TIME_NONE;
  g_mutex_init (&worker->lock);
  g_cond_init (&worker->changed);
  g_queue_init (&worker->items);
  g_queue_init (&worker->asks);
  g_queue_init (&worker->abandoned);
  worker->thread = g_thread_new ("vlmworker", gst_vlm_worker_run, worker);
  return worker;
}

void
gst_vlm_worker_stop (GstVlmWorker *worker)
{
  g_autoptr (GCancellable) cancellable = NULL;

  g_mutex_lock (&worker->lock);
  worker->stopping = TRUE;
  worker->state = GST_VLM_WORKER_STOPPED;
  g_set_object (&cancellable, worker->cancellable);
  g_cond_broadcast (&worker->changed);
  g_mutex_unlock (&worker->lock);
  g_cancellable_cancel (cancellable);
}

void
gst_vlm_worker_join (GstVlmWorker *worker)
{
  gst_vlm_worker_stop (worker);
  g_clear_pointer (&worker->thread, g_thread_join);
}

GstVlmWorker *
gst_vlm_worker_ref (GstVlmWorker *worker)
{
  return g_atomic_rc_box_acquire (worker);
}

static void
worker_clear (gpointer data)
{
  GstVlmWorker *worker = data;

  g_assert (worker->thread == NULL);
  g_queue_clear_full (
      &worker->items, (GDestroyNotify) gst_vlm_worker_item_free);
  g_clear_pointer (&worker->current, gst_vlm_worker_item_free);
  g_assert (g_queue_is_empty (&worker->asks) && worker->asking == NULL);
  g_clear_pointer (&worker->newest, gst_vlm_worker_item_free);
  g_clear_object (&worker->cancellable);
  g_object_unref (worker->analyzer);
  vlm_analyzer_params_free (worker->params);
  vlm_questions_free (worker->questions);
  g_mutex_clear (&worker->lock);
  g_cond_clear (&worker->changed);
}

void
gst_vlm_worker_unref (GstVlmWorker *worker)
{
  g_atomic_rc_box_release_full (worker, worker_clear);
}

void
gst_vlm_worker_set_questions (GstVlmWorker *worker, VlmQuestions *questions)
{
  g_mutex_lock (&worker->lock);
  vlm_questions_free (worker->questions);
  worker->questions = questions;
  g_mutex_unlock (&worker->lock);
}

GstVlmWorkerState
gst_vlm_worker_get_state (GstVlmWorker *worker)
{
  GstVlmWorkerState state;

  g_mutex_lock (&worker->lock);
  state = worker->state;
  g_mutex_unlock (&worker->lock);
  return state;
}

GstVlmWorkerState
gst_vlm_worker_wait_loaded (GstVlmWorker *worker, gint64 timeout_us)
{
  gint64 deadline = g_get_monotonic_time () + timeout_us;
  GstVlmWorkerState state;

  g_mutex_lock (&worker->lock);
  while (worker->state == GST_VLM_WORKER_LOADING &&
      g_cond_wait_until (&worker->changed, &worker->lock, deadline))
    continue;
  state = worker->state;
  g_mutex_unlock (&worker->lock);
  return state;
}

/* With the lock. */
static GstFlowReturn
get_flow (GstVlmWorker *worker)
{
  if (worker->flushing || worker->stopping)
    return GST_FLOW_FLUSHING;
  return worker->state == GST_VLM_WORKER_FAILED ? GST_FLOW_ERROR : GST_FLOW_OK;
}

GstFlowReturn
gst_vlm_worker_wait_ready (GstVlmWorker *worker)
{
  GstFlowReturn flow;

  g_mutex_lock (&worker->lock);
  while ((flow = get_flow (worker)) == GST_FLOW_OK &&
      worker->state == GST_VLM_WORKER_LOADING)
    g_cond_wait (&worker->changed, &worker->lock);
  g_mutex_unlock (&worker->lock);
  return flow;
}

void
gst_vlm_worker_get_geometry (GstVlmWorker *worker, VlmGeometry *geometry)
{
  *geometry = worker->geometry;
}

/* With the lock. Keeps the newest window for questions, analysed or not. */
static void
remember (GstVlmWorker *worker, VlmWindow *window)
{
  g_clear_pointer (&worker->newest, gst_vlm_worker_item_free);
  worker->newest = gst_vlm_worker_item_new (
      GST_VLM_WORKER_ITEM_WINDOW, vlm_window_ref (window), worker->generation);
}

/* Takes ownership of @window and @details. */
static GstVlmWorkerItem *
work_new (
    GstVlmWorker *worker, VlmWindow *window, GPtrArray *details, guint64 ticket)
{
  GstVlmWorkerItem *item =
      gst_vlm_worker_item_new (details == NULL ? GST_VLM_WORKER_ITEM_WINDOW
                                               : GST_VLM_WORKER_ITEM_OVERVIEW,
          window, worker->generation);

  item->details = details;
  item->ticket = ticket;
  return item;
}

GstFlowReturn
gst_vlm_worker_push (GstVlmWorker *worker, VlmWindow *window,
    GPtrArray *details, guint64 ticket, GstVlmPolicy policy, guint max_queue)
{
  g_autoptr (GPtrArray) dropped = g_ptr_array_new_with_free_func (
      (GDestroyNotify) gst_vlm_worker_item_free);
  GstVlmWorkerItem *item;
  GstFlowReturn flow;

  g_mutex_lock (&worker->lock);
  while ((flow = get_flow (worker)) == GST_FLOW_OK &&
      policy == GST_VLM_POLICY_BLOCK && worker->n_windows >= max_queue)
    g_cond_wait (&worker->changed, &worker->lock);
  if (flow != GST_FLOW_OK) {
    g_mutex_unlock (&worker->lock);
    vlm_window_unref (window);
    g_clear_pointer (&details, g_ptr_array_unref);
    return flow;
  }

  remember (
      worker, details == NULL ? window : details->pdata[details->len - 1]);
  item = work_new (worker, window, details, ticket);
  gst_vlm_coverage_add (&worker->seen, item);
  if (policy == GST_VLM_POLICY_LATEST_ONLY)
    drop_windows (worker, 0, dropped);
  else if (policy == GST_VLM_POLICY_DROP_OLDEST)
    drop_windows (worker, max_queue - 1, dropped);
  if (policy == GST_VLM_POLICY_DROP_NEWEST && worker->n_windows >= max_queue) {
    g_ptr_array_add (dropped, item);
    worker->stats.n_dropped += count_windows (item);
  } else {
    g_queue_push_tail (&worker->items, item);
    worker->n_windows++;
  }
  g_cond_broadcast (&worker->changed);
  g_mutex_unlock (&worker->lock);

  report_unwatched (worker, dropped, GST_VLM_GAP_QUEUE_FULL);
  return GST_FLOW_OK;
}

GstFlowReturn
gst_vlm_worker_skip (GstVlmWorker *worker, VlmWindow *window, guint64 ticket,
    GstVlmSkipReason reason)
{
  gboolean is_still = reason == GST_VLM_SKIP_STILL;
  GstVlmWorkerItem *item;
  GstFlowReturn flow;

  g_mutex_lock (&worker->lock);
  flow = get_flow (worker);
  if (flow == GST_FLOW_OK)
    remember (worker, window);
  item = gst_vlm_worker_item_new (
      is_still ? GST_VLM_WORKER_ITEM_STILL : GST_VLM_WORKER_ITEM_UNTRIGGERED,
      window, worker->generation);
  item->ticket = ticket;
  if (flow == GST_FLOW_OK) {
    gst_vlm_coverage_add (&worker->seen, item);
    worker->stats.n_skipped += is_still;
    worker->stats.n_untriggered += !is_still;
    g_queue_push_tail (&worker->items, g_steal_pointer (&item));
    g_cond_broadcast (&worker->changed);
  }
  g_mutex_unlock (&worker->lock);
  if (item != NULL)
    gst_vlm_worker_item_free (item);
  return flow;
}

gboolean
gst_vlm_worker_take_measurement (
    GstVlmWorker *worker, VlmRateMeasurement *measurement)
{
  gboolean has_measurement;

  g_mutex_lock (&worker->lock);
  has_measurement = worker->has_measurement;
  *measurement = worker->measurement;
  worker->has_measurement = FALSE;
  g_mutex_unlock (&worker->lock);
  return has_measurement;
}

void
gst_vlm_worker_cut (GstVlmWorker *worker, guint64 ticket)
{
  GstVlmWorkerItem *item;

  g_mutex_lock (&worker->lock);
  if (!worker->flushing) {
    item = mark_new (GST_VLM_WORKER_ITEM_CUT, worker->generation);
    item->ticket = ticket;
    g_queue_push_tail (&worker->items, item);
    g_cond_broadcast (&worker->changed);
  }
  g_mutex_unlock (&worker->lock);
}

/* With the lock. FALSE when @deadline (0 for none) passed first. */
static gboolean
wait_idle (GstVlmWorker *worker, gint64 deadline)
{
  while (get_flow (worker) == GST_FLOW_OK &&
      (worker->current != NULL || worker->asking != NULL ||
          !g_queue_is_empty (&worker->items) ||
          gst_vlm_worker_can_answer (worker))) {
    if (deadline == 0)
      g_cond_wait (&worker->changed, &worker->lock);
    else if (!g_cond_wait_until (&worker->changed, &worker->lock, deadline))
      return FALSE;
  }
  return TRUE;
}

GstFlowReturn
gst_vlm_worker_drain (GstVlmWorker *worker, gint64 timeout_us)
{
  g_autoptr (GPtrArray) dropped = g_ptr_array_new_with_free_func (
      (GDestroyNotify) gst_vlm_worker_item_free);
  g_autoptr (GCancellable) cancellable = NULL;
  GstFlowReturn flow;

  g_mutex_lock (&worker->lock);
  if (!wait_idle (
          worker, timeout_us < 0 ? 0 : g_get_monotonic_time () + timeout_us)) {
    drop_windows (worker, 0, dropped);
    gst_vlm_worker_abandon_asks (worker);
    g_set_object (&cancellable, worker->cancellable);
  }
  g_mutex_unlock (&worker->lock);

  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
  report_unwatched (worker, dropped, GST_VLM_GAP_EOS_TIMEOUT);

  g_mutex_lock (&worker->lock);
  wait_idle (worker, g_get_monotonic_time () + CANCEL_GRACE_US);
  flow = get_flow (worker);
  g_mutex_unlock (&worker->lock);
  return flow;
}

void
gst_vlm_worker_flush_start (GstVlmWorker *worker, guint generation)
{
  g_autoptr (GCancellable) cancellable = NULL;

  g_mutex_lock (&worker->lock);
  worker->flushing = TRUE;
  worker->generation = generation;
  g_queue_clear_full (
      &worker->items, (GDestroyNotify) gst_vlm_worker_item_free);
  worker->n_windows = 0;
  g_clear_pointer (&worker->newest, gst_vlm_worker_item_free);
  gst_vlm_worker_abandon_asks (worker);
  g_queue_push_tail (
      &worker->items, mark_new (GST_VLM_WORKER_ITEM_RESET, worker->generation));
  /* A flush does not stop the model from being loaded. */
  if (worker->state == GST_VLM_WORKER_READY)
    g_set_object (&cancellable, worker->cancellable);
  g_cond_broadcast (&worker->changed);
  g_mutex_unlock (&worker->lock);
  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
}

void
gst_vlm_worker_flush_stop (GstVlmWorker *worker)
{
  g_mutex_lock (&worker->lock);
  worker->flushing = FALSE;
  g_mutex_unlock (&worker->lock);
}

static gboolean
has_span (const GstVlmWorkerItem *item)
{
  return gst_vlm_worker_item_is_work (item) ||
      item->kind == GST_VLM_WORKER_ITEM_STILL ||
      item->kind == GST_VLM_WORKER_ITEM_UNTRIGGERED;
}

void
gst_vlm_worker_get_stats (GstVlmWorker *worker, GstVlmWorkerStats *stats)
{
  GstVlmCoverage expected;

  g_mutex_lock (&worker->lock);
  *stats = worker->stats;
  stats->queue_level = worker->n_windows;
  stats->watched_ns = worker->watched.total_ns;
  stats->skipped_ns = worker->attended.total_ns - worker->watched.total_ns;
  stats->untriggered_ns =
      worker->accounted.total_ns - worker->attended.total_ns;
  /* Unwatched is what was seen, but is neither accounted for nor waits. */
  expected = worker->accounted;
  if (worker->current != NULL && has_span (worker->current))
    gst_vlm_coverage_add (&expected, worker->current);
  for (GList *l = worker->items.head; l != NULL; l = l->next)
    if (has_span (l->data))
      gst_vlm_coverage_add (&expected, l->data);
  stats->unwatched_ns = MAX (0, worker->seen.total_ns - expected.total_ns);
  g_mutex_unlock (&worker->lock);
}
