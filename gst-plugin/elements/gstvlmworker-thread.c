/* gst-vlm: the worker, its thread
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elements/gstvlmworker-private.h"

#include <vlm/vlm-error.h>

GST_DEBUG_CATEGORY (gst_vlm_worker_debug);
#define GST_CAT_DEFAULT gst_vlm_worker_debug

/* How long a device that was lost again is left alone: half a second, twice as
 * long each time, at most a minute. A driver that resets takes seconds. */
#define FIRST_RETRY_MS 500u
#define MAX_RETRY_MS 60000u

GCancellable *
gst_vlm_worker_begin_work (GstVlmWorker *worker)
{
  GCancellable *cancellable = g_cancellable_new ();

  g_mutex_lock (&worker->lock);
  g_set_object (&worker->cancellable, cancellable);
  if (worker->stopping ||
      (worker->current != NULL &&
          worker->current->generation != worker->generation) ||
      (worker->asking != NULL &&
          worker->asking->generation != worker->generation))
    g_cancellable_cancel (cancellable);
  g_mutex_unlock (&worker->lock);
  return cancellable;
}

static void
on_progress (const char *stage, double fraction, gpointer user_data)
{
  GstVlmWorker *worker = user_data;

  worker->funcs.progress (worker->user_data, stage, fraction);
}

/* @progress: (nullable) */
static gboolean
load (GstVlmWorker *worker, VlmProgressFunc progress, GError **error)
{
  g_autoptr (GCancellable) cancellable = gst_vlm_worker_begin_work (worker);
  const VlmWork work = {
    .cancellable = cancellable, .progress = progress, .user_data = worker
  };

  return vlm_analyzer_load (worker->analyzer, worker->params, &work, error);
}

/* Stores the result; FALSE if it is no longer needed. */
static gboolean
account (GstVlmWorker *worker, const GstVlmWorkerItem *item, GPtrArray *events,
    const GError *error, double seconds)
{
  VlmAnalyzerCounts counts;
  gboolean wanted;

  vlm_analyzer_take_counts (worker->analyzer, &counts);
  g_mutex_lock (&worker->lock);
  wanted = !worker->stopping && item->generation == worker->generation;
  worker->stats.inference_s += seconds;
  worker->stats.n_cut += counts.n_cut;
  worker->stats.n_repeated += counts.n_repeated;
  if (events != NULL) {
    worker->stats.n_analysed++;
    worker->stats.n_events += wanted ? events->len : 0;
    worker->stats.seconds_per_second =
        seconds * (double) GST_SECOND / (double) MAX (1, item->window->period);
    worker->has_measurement =
        vlm_window_measure (item->window, seconds, &worker->measurement);
    gst_vlm_coverage_add (&worker->watched, item);
    gst_vlm_coverage_add (&worker->attended, item);
    gst_vlm_coverage_add (&worker->accounted, item);
  } else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    worker->stats.n_dropped++;
  } else {
    worker->stats.n_failed++;
  }
  g_mutex_unlock (&worker->lock);
  return wanted;
}

/* An analyzer must return events or an error. */
static void
ensure_error (const GPtrArray *events, GError **error)
{
  if (events == NULL && *error == NULL)
    g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "the analyzer failed without an error");
}

static void
report_failure (GstVlmWorker *worker, const GstVlmWorkerItem *item,
    const GError *error, gboolean was_reported)
{
  gboolean cancelled =
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  if (!cancelled && !was_reported)
    worker->funcs.failed (worker->user_data, error);
  worker->funcs.unwatched (worker->user_data, &item->start, &item->end,
      cancelled ? GST_VLM_GAP_EOS_TIMEOUT : GST_VLM_GAP_FAILED,
      item->generation);
}

/* Reports the still windows before @item, as far as it does not reach back into
 * them; @item is NULL at the end of the stream. */
static void
report_still (
    GstVlmWorker *worker, const GstVlmWorkerItem *item, guint generation)
{
  VlmInstant end = worker->still_end;

  if (!worker->is_still)
    return;
  worker->is_still = FALSE;
  if (item != NULL && item->start.stream_time < end.stream_time)
    end = item->start;
  if (end.stream_time > worker->still_start.stream_time)
    worker->funcs.unwatched (worker->user_data, &worker->still_start, &end,
        GST_VLM_GAP_STILL, generation);
}

void
gst_vlm_worker_pass_still (GstVlmWorker *worker, const GstVlmWorkerItem *item)
{
  g_mutex_lock (&worker->lock);
  gst_vlm_coverage_add (&worker->attended, item);
  gst_vlm_coverage_add (&worker->accounted, item);
  g_mutex_unlock (&worker->lock);
  if (!worker->is_still)
    worker->still_start = item->start;
  /* What the window before covers was not skipped. */
  if (!worker->is_still &&
      VLM_TIME_IS_VALID (worker->analysed_until.stream_time) &&
      worker->analysed_until.stream_time > item->start.stream_time)
    worker->still_start = worker->analysed_until;
  worker->still_end = item->end;
  worker->is_still = TRUE;
}

static void
cut (GstVlmWorker *worker, const GstVlmWorkerItem *item)
{
  g_autoptr (GPtrArray) events = NULL;

  if (!worker->in_epoch)
    return;
  worker->in_epoch = FALSE;
  events = vlm_analyzer_finish (worker->analyzer);
  g_mutex_lock (&worker->lock);
  worker->stats.n_events += events->len;
  g_mutex_unlock (&worker->lock);
  worker->funcs.found (worker->user_data, NULL, events, item->generation);
  vlm_analyzer_reset (worker->analyzer);
}

/* The video is no longer analysed, so open events end. */
static void
pass_untriggered (GstVlmWorker *worker, const GstVlmWorkerItem *item)
{
  g_mutex_lock (&worker->lock);
  gst_vlm_coverage_add (&worker->accounted, item);
  g_mutex_unlock (&worker->lock);
  report_still (worker, item, item->generation);
  cut (worker, item);
}

/* Does not wait when a device was lost for the first time; waits longer each time
 * for one that does not come back, or is lost with every window. FALSE when
 * cancelled. */
static gboolean
wait_to_reload (GstVlmWorker *worker, GError **error)
{
  g_autoptr (GCancellable) cancellable = gst_vlm_worker_begin_work (worker);
  guint n = worker->n_attempts;
  gint64 left_us;
  GPollFD fd;

  if (n == 0)
    return !g_cancellable_set_error_if_cancelled (cancellable, error);
  /* A flush ends the wait, but does not restart it. */
  if (worker->retry_at_us == 0)
    worker->retry_at_us = g_get_monotonic_time () +
        1000 * (gint64) MIN (FIRST_RETRY_MS << MIN (n - 1, 16), MAX_RETRY_MS);
  left_us = worker->retry_at_us - g_get_monotonic_time ();
  if (left_us > 0 && g_cancellable_make_pollfd (cancellable, &fd)) {
    g_poll (&fd, 1, (gint) (left_us / 1000) + 1);
    g_cancellable_release_fd (cancellable);
  }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  worker->retry_at_us = 0;
  return TRUE;
}

/* The context was lost with the device, so open events end. */
static gboolean
reload_if_needed (
    GstVlmWorker *worker, const GstVlmWorkerItem *item, GError **error)
{
  if (!worker->must_reload)
    return TRUE;
  if (!wait_to_reload (worker, error))
    return FALSE;
  GST_INFO ("the device was lost: loading the model again, attempt %u",
      worker->n_attempts + 1);
  cut (worker, item);
  worker->n_attempts++;
  vlm_analyzer_unload (worker->analyzer);
  if (!load (worker, NULL, error))
    return FALSE;
  worker->must_reload = FALSE;
  g_mutex_lock (&worker->lock);
  worker->stats.n_reloads++;
  g_mutex_unlock (&worker->lock);
  return TRUE;
}

GPtrArray *
gst_vlm_worker_call (GstVlmWorker *worker, const GstVlmWorkerItem *item,
    GstVlmWorkerCall call, gint64 *inference_us, GError **error)
{
  g_autoptr (GCancellable) cancellable = NULL;
  GPtrArray *events;
  gint64 start_us;

  if (!reload_if_needed (worker, item, error))
    return NULL;
  worker->in_epoch = TRUE;
  cancellable = gst_vlm_worker_begin_work (worker);
  start_us = g_get_monotonic_time ();
  events = call (worker->analyzer, item->window, cancellable, error);
  *inference_us += g_get_monotonic_time () - start_us;
  if (g_error_matches (*error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST))
    worker->must_reload = TRUE;
  else
    worker->n_attempts = 0;
  return events;
}

static GPtrArray *
analyse_once (GstVlmWorker *worker, const GstVlmWorkerItem *item,
    gint64 *inference_us, GError **error)
{
  GPtrArray *events = gst_vlm_worker_call (
      worker, item, vlm_analyzer_analyze, inference_us, error);

  ensure_error (events, error);
  return events;
}

gboolean
gst_vlm_worker_is_wanted (GstVlmWorker *worker, const GstVlmWorkerItem *item)
{
  gboolean wanted;

  g_mutex_lock (&worker->lock);
  wanted = !worker->stopping && item->generation == worker->generation;
  g_mutex_unlock (&worker->lock);
  return wanted;
}

static void
pass_questions (GstVlmWorker *worker)
{
  g_autoptr (VlmQuestions) questions = NULL;

  g_mutex_lock (&worker->lock);
  questions = g_steal_pointer (&worker->questions);
  g_mutex_unlock (&worker->lock);
  if (questions != NULL)
    vlm_analyzer_set_questions (worker->analyzer, questions);
}

static void
count_usage (GstVlmWorker *worker, const GPtrArray *records)
{
  GstVlmWorkerStats *stats = &worker->stats;

  g_mutex_lock (&worker->lock);
  for (guint i = 0; i < records->len; i++) {
    const VlmAnswerRecord *record = records->pdata[i];

    stats->n_questions++;
    stats->n_prompt_tokens += record->usage.n_prompt_tokens;
    stats->n_answer_tokens += record->usage.n_tokens;
    stats->n_forced_tokens += record->usage.n_forced_tokens;
  }
  g_mutex_unlock (&worker->lock);
}

void
gst_vlm_worker_report_answers (
    GstVlmWorker *worker, const VlmWindow *window, guint generation)
{
  g_autoptr (GPtrArray) records = vlm_analyzer_take_answers (worker->analyzer);

  count_usage (worker, records);
  if (records->len > 0)
    worker->funcs.asked (worker->user_data, window, records, generation);
}

/* A window that was under way when the device was lost gets a second try. */
gboolean
gst_vlm_worker_analyse (GstVlmWorker *worker, const GstVlmWorkerItem *item)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) events = NULL;
  gint64 inference_us = 0;
  gboolean was_lost = worker->must_reload;
  gboolean was_reported = FALSE;

  report_still (worker, item, item->generation);
  events = analyse_once (worker, item, &inference_us, &error);
  if (worker->must_reload && !was_lost &&
      gst_vlm_worker_is_wanted (worker, item)) {
    was_reported = TRUE;
    if (worker->funcs.failed (worker->user_data, error)) {
      was_reported = FALSE;
      g_clear_error (&error);
      events = analyse_once (worker, item, &inference_us, &error);
    }
  }
  GST_DEBUG ("window %" G_GUINT64_FORMAT " took %" G_GINT64_FORMAT
             " ms: %d records",
      item->window->serial, inference_us / 1000,
      events != NULL ? (int) events->len : -1);
  if (!account (
          worker, item, events, error, (double) inference_us / G_USEC_PER_SEC))
    return FALSE;
  gst_vlm_worker_report_answers (worker, item->window, item->generation);
  if (events == NULL)
    report_failure (worker, item, error, was_reported);
  else
    worker->funcs.found (
        worker->user_data, item->window, events, item->generation);
  worker->analysed_until = item->end;
  return !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* A stream is interrupted at a mark, or where the sampler begins a new epoch. */
static void
process (GstVlmWorker *worker, const GstVlmWorkerItem *item)
{
  if (item->kind == GST_VLM_WORKER_ITEM_RESET) {
    worker->in_epoch = FALSE;
    worker->is_still = FALSE;
    worker->analysed_until.stream_time = VLM_TIME_NONE;
    vlm_analyzer_reset (worker->analyzer);
    return;
  }
  if (item->kind == GST_VLM_WORKER_ITEM_CUT || item->epoch != worker->epoch) {
    report_still (worker, NULL, item->generation);
    cut (worker, item);
    worker->analysed_until.stream_time = VLM_TIME_NONE;
  }
  if (item->kind == GST_VLM_WORKER_ITEM_CUT)
    return;
  worker->epoch = item->epoch;
  if (item->kind == GST_VLM_WORKER_ITEM_STILL) {
    gst_vlm_worker_pass_still (worker, item);
    return;
  }
  if (item->kind == GST_VLM_WORKER_ITEM_UNTRIGGERED) {
    pass_untriggered (worker, item);
    return;
  }
  if (item->kind == GST_VLM_WORKER_ITEM_OVERVIEW)
    gst_vlm_worker_refine (worker, item);
  else
    gst_vlm_worker_analyse (worker, item);
}

/* A window, a mark or a question. */
static gboolean
take_work (GstVlmWorker *worker)
{
  gboolean goes_on;

  g_mutex_lock (&worker->lock);
  g_clear_pointer (&worker->current, gst_vlm_worker_item_free);
  g_clear_pointer (&worker->asking, gst_vlm_worker_ask_free);
  g_cond_broadcast (&worker->changed);
  while (!worker->stopping && g_queue_is_empty (&worker->items) &&
      !gst_vlm_worker_can_answer (worker))
    g_cond_wait (&worker->changed, &worker->lock);
  goes_on = !worker->stopping;
  if (goes_on && !gst_vlm_worker_take_ask (worker)) {
    worker->current = g_queue_pop_head (&worker->items);
    worker->n_windows -= gst_vlm_worker_item_is_work (worker->current);
    worker->has_answered = FALSE;
    g_cond_broadcast (&worker->changed);
  }
  g_mutex_unlock (&worker->lock);
  return goes_on;
}

static void
set_loaded (GstVlmWorker *worker, gboolean loaded)
{
  g_mutex_lock (&worker->lock);
  if (worker->state == GST_VLM_WORKER_LOADING)
    worker->state = loaded ? GST_VLM_WORKER_READY : GST_VLM_WORKER_FAILED;
  g_cond_broadcast (&worker->changed);
  g_mutex_unlock (&worker->lock);
}

/* If it is stopped during an event, the event ends. */
static void
end_open (GstVlmWorker *worker)
{
  GstVlmWorkerItem item = { .kind = GST_VLM_WORKER_ITEM_CUT };

  g_mutex_lock (&worker->lock);
  item.generation = worker->generation;
  g_mutex_unlock (&worker->lock);
  cut (worker, &item);
}

gpointer
gst_vlm_worker_run (gpointer data)
{
  GstVlmWorker *worker = data;
  g_autoptr (GError) error = NULL;
  gboolean loaded;

  GST_DEBUG_CATEGORY_INIT (
      gst_vlm_worker_debug, "vlmworker", 0, "worker thread of vlmevents");
  /* Before loading, because not every model can answer every question. */
  pass_questions (worker);
  loaded = load (worker, on_progress, &error);

  if (loaded)
    vlm_analyzer_get_geometry (worker->analyzer, &worker->geometry);
  /* An error is on the bus before the stream sees it, but a model is not reported
   * as loaded before the stream can use it. */
  if (!loaded)
    worker->funcs.loaded (worker->user_data, worker->analyzer, error);
  set_loaded (worker, loaded);
  if (loaded)
    worker->funcs.loaded (worker->user_data, worker->analyzer, NULL);

  while (loaded && take_work (worker)) {
    pass_questions (worker);
    if (worker->asking != NULL)
      gst_vlm_worker_answer (worker);
    else
      process (worker, worker->current);
    if (worker->asking == NULL && worker->current->ticket != 0)
      worker->funcs.done (worker->user_data, worker->current->ticket);
  }
  end_open (worker);
  gst_vlm_worker_answer_rest (worker);
  vlm_analyzer_unload (worker->analyzer);
  return NULL;
}
