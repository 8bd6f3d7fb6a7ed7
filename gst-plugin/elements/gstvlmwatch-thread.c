/* gst-vlm: the watch, its thread
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elements/gstvlmwatch-private.h"

#include <vlm/vlm-error.h>

/* How long a device that was lost again is left alone: half a second, twice as
 * long each time, at most a minute. A driver that resets takes seconds. */
#define FIRST_RETRY_MS 500u
#define MAX_RETRY_MS 60000u

GCancellable *
gst_vlm_watch_begin_work (GstVlmWatch *watch)
{
  GCancellable *cancellable = g_cancellable_new ();

  g_mutex_lock (&watch->lock);
  g_set_object (&watch->cancellable, cancellable);
  if (watch->stopping ||
      (watch->current != NULL &&
          watch->current->generation != watch->generation) ||
      (watch->asking != NULL && watch->asking->generation != watch->generation))
    g_cancellable_cancel (cancellable);
  g_mutex_unlock (&watch->lock);
  return cancellable;
}

static void
on_progress (const char *stage, double fraction, gpointer user_data)
{
  GstVlmWatch *watch = user_data;

  watch->funcs.progress (watch->user_data, stage, fraction);
}

/* @progress: (nullable) */
static gboolean
load (GstVlmWatch *watch, VlmProgressFunc progress, GError **error)
{
  g_autoptr (GCancellable) cancellable = gst_vlm_watch_begin_work (watch);

  return vlm_analyzer_load (
      watch->analyzer, &watch->params, cancellable, progress, watch, error);
}

/* Writes the result down; FALSE if nobody wants it any more. */
static gboolean
account (GstVlmWatch *watch, const GstVlmWatchItem *item, GPtrArray *events,
    const GError *error, double seconds)
{
  gboolean wanted;

  g_mutex_lock (&watch->lock);
  wanted = !watch->stopping && item->generation == watch->generation;
  watch->stats.inference_s += seconds;
  if (events != NULL) {
    watch->stats.n_analysed++;
    watch->stats.n_events += wanted ? events->len : 0;
    watch->stats.seconds_per_second =
        seconds * (double) GST_SECOND / (double) MAX (1, item->window->period);
    watch->has_measurement =
        vlm_window_measure (item->window, seconds, &watch->measurement);
    gst_vlm_coverage_add (&watch->watched, item);
    gst_vlm_coverage_add (&watch->accounted, item);
  } else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    watch->stats.n_dropped++;
  } else {
    watch->stats.n_failed++;
  }
  g_mutex_unlock (&watch->lock);
  return wanted;
}

/* An analyzer owes events or an error. */
static void
ensure_error (const GPtrArray *events, GError **error)
{
  if (events == NULL && *error == NULL)
    g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "the analyzer failed and did not say why");
}

static void
report_failure (GstVlmWatch *watch, const GstVlmWatchItem *item,
    const GError *error, gboolean was_told)
{
  gboolean cancelled =
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  if (!cancelled && !was_told)
    watch->funcs.failed (watch->user_data, error);
  watch->funcs.unwatched (watch->user_data, &item->start, &item->end,
      cancelled ? GST_VLM_GAP_EOS_TIMEOUT : GST_VLM_GAP_FAILED,
      item->generation);
}

/* Tells of the still windows before @item, as far as it does not reach back into
 * them; @item is NULL at the end of the stream. */
static void
tell_still (GstVlmWatch *watch, const GstVlmWatchItem *item, guint generation)
{
  VlmInstant end = watch->still_end;

  if (!watch->is_still)
    return;
  watch->is_still = FALSE;
  if (item != NULL && item->start.stream_time < end.stream_time)
    end = item->start;
  if (end.stream_time > watch->still_start.stream_time)
    watch->funcs.unwatched (watch->user_data, &watch->still_start, &end,
        GST_VLM_GAP_STILL, generation);
}

static void
pass_still (GstVlmWatch *watch, const GstVlmWatchItem *item)
{
  g_mutex_lock (&watch->lock);
  gst_vlm_coverage_add (&watch->accounted, item);
  g_mutex_unlock (&watch->lock);
  if (!watch->is_still)
    watch->still_start = item->start;
  /* What the window before has seen was not skipped. */
  if (!watch->is_still &&
      VLM_TIME_IS_VALID (watch->analysed_until.stream_time) &&
      watch->analysed_until.stream_time > item->start.stream_time)
    watch->still_start = watch->analysed_until;
  watch->still_end = item->end;
  watch->is_still = TRUE;
}

static void
cut (GstVlmWatch *watch, const GstVlmWatchItem *item)
{
  g_autoptr (GPtrArray) events = NULL;

  if (!watch->in_epoch)
    return;
  watch->in_epoch = FALSE;
  events = vlm_analyzer_finish (watch->analyzer);
  g_mutex_lock (&watch->lock);
  watch->stats.n_events += events->len;
  g_mutex_unlock (&watch->lock);
  watch->funcs.found (watch->user_data, NULL, events, item->generation);
  vlm_analyzer_reset (watch->analyzer);
}

/* At once when a device was lost for the first time; one that does not come
 * back, or is lost with every window, is asked less and less often. FALSE when
 * cancelled. */
static gboolean
wait_to_reload (GstVlmWatch *watch, GError **error)
{
  g_autoptr (GCancellable) cancellable = gst_vlm_watch_begin_work (watch);
  guint n = watch->n_attempts;
  gint64 left_us;
  GPollFD fd;

  if (n == 0)
    return !g_cancellable_set_error_if_cancelled (cancellable, error);
  /* A flush ends the wait, but does not begin it anew. */
  if (watch->retry_at_us == 0)
    watch->retry_at_us = g_get_monotonic_time () +
        1000 * (gint64) MIN (FIRST_RETRY_MS << MIN (n - 1, 16), MAX_RETRY_MS);
  left_us = watch->retry_at_us - g_get_monotonic_time ();
  if (left_us > 0 && g_cancellable_make_pollfd (cancellable, &fd)) {
    g_poll (&fd, 1, (gint) (left_us / 1000) + 1);
    g_cancellable_release_fd (cancellable);
  }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  watch->retry_at_us = 0;
  return TRUE;
}

/* The context went with the device: what was open is over. */
static gboolean
reload_if_needed (
    GstVlmWatch *watch, const GstVlmWatchItem *item, GError **error)
{
  if (!watch->must_reload)
    return TRUE;
  if (!wait_to_reload (watch, error))
    return FALSE;
  cut (watch, item);
  watch->n_attempts++;
  vlm_analyzer_unload (watch->analyzer);
  if (!load (watch, NULL, error))
    return FALSE;
  watch->must_reload = FALSE;
  g_mutex_lock (&watch->lock);
  watch->stats.n_reloads++;
  g_mutex_unlock (&watch->lock);
  return TRUE;
}

static GPtrArray *
analyse_once (GstVlmWatch *watch, const GstVlmWatchItem *item,
    gint64 *inference_us, GError **error)
{
  g_autoptr (GCancellable) cancellable = NULL;
  GPtrArray *events;
  gint64 start_us;

  if (!reload_if_needed (watch, item, error))
    return NULL;
  watch->in_epoch = TRUE;
  cancellable = gst_vlm_watch_begin_work (watch);
  start_us = g_get_monotonic_time ();
  events =
      vlm_analyzer_analyze (watch->analyzer, item->window, cancellable, error);
  *inference_us += g_get_monotonic_time () - start_us;
  ensure_error (events, error);
  if (g_error_matches (*error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST))
    watch->must_reload = TRUE;
  else
    watch->n_attempts = 0;
  return events;
}

static gboolean
is_wanted (GstVlmWatch *watch, const GstVlmWatchItem *item)
{
  gboolean wanted;

  g_mutex_lock (&watch->lock);
  wanted = !watch->stopping && item->generation == watch->generation;
  g_mutex_unlock (&watch->lock);
  return wanted;
}

static void
tell_questions (GstVlmWatch *watch)
{
  g_autoptr (VlmQuestions) questions = NULL;

  g_mutex_lock (&watch->lock);
  questions = g_steal_pointer (&watch->questions);
  g_mutex_unlock (&watch->lock);
  if (questions != NULL)
    vlm_analyzer_set_questions (watch->analyzer, questions);
}

/* A window that was under way when the device was lost gets a second try. */
static void
analyse (GstVlmWatch *watch, const GstVlmWatchItem *item)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) events = NULL;
  gint64 inference_us = 0;
  gboolean was_lost = watch->must_reload;
  gboolean was_told = FALSE;

  events = analyse_once (watch, item, &inference_us, &error);
  if (watch->must_reload && !was_lost && is_wanted (watch, item)) {
    was_told = TRUE;
    if (watch->funcs.failed (watch->user_data, error)) {
      was_told = FALSE;
      g_clear_error (&error);
      events = analyse_once (watch, item, &inference_us, &error);
    }
  }
  if (!account (
          watch, item, events, error, (double) inference_us / G_USEC_PER_SEC))
    return;
  if (events == NULL)
    report_failure (watch, item, error, was_told);
  else
    watch->funcs.found (
        watch->user_data, item->window, events, item->generation);
}

/* The sampler, too, notices that a stream was interrupted. */
static void
process (GstVlmWatch *watch, const GstVlmWatchItem *item)
{
  if (item->kind == GST_VLM_WATCH_ITEM_RESET) {
    watch->in_epoch = FALSE;
    watch->is_still = FALSE;
    watch->analysed_until.stream_time = VLM_TIME_NONE;
    vlm_analyzer_reset (watch->analyzer);
    return;
  }
  if (item->kind == GST_VLM_WATCH_ITEM_CUT || item->epoch != watch->epoch) {
    tell_still (watch, NULL, item->generation);
    cut (watch, item);
    watch->analysed_until.stream_time = VLM_TIME_NONE;
  }
  if (item->kind == GST_VLM_WATCH_ITEM_CUT)
    return;
  watch->epoch = item->epoch;
  if (item->kind == GST_VLM_WATCH_ITEM_STILL) {
    pass_still (watch, item);
    return;
  }
  tell_still (watch, item, item->generation);
  analyse (watch, item);
  watch->analysed_until = item->end;
}

/* A window, a mark or a question. */
static gboolean
take_work (GstVlmWatch *watch)
{
  gboolean goes_on;

  g_mutex_lock (&watch->lock);
  g_clear_pointer (&watch->current, gst_vlm_watch_item_free);
  g_clear_pointer (&watch->asking, gst_vlm_watch_ask_free);
  g_cond_broadcast (&watch->changed);
  while (!watch->stopping && g_queue_is_empty (&watch->items) &&
      !gst_vlm_watch_can_answer (watch))
    g_cond_wait (&watch->changed, &watch->lock);
  goes_on = !watch->stopping;
  if (goes_on && !gst_vlm_watch_take_ask (watch)) {
    watch->current = g_queue_pop_head (&watch->items);
    watch->n_windows -= watch->current->kind == GST_VLM_WATCH_ITEM_WINDOW;
    watch->has_answered = FALSE;
    g_cond_broadcast (&watch->changed);
  }
  g_mutex_unlock (&watch->lock);
  return goes_on;
}

static void
set_loaded (GstVlmWatch *watch, gboolean loaded)
{
  g_mutex_lock (&watch->lock);
  if (watch->state == GST_VLM_WATCH_LOADING)
    watch->state = loaded ? GST_VLM_WATCH_READY : GST_VLM_WATCH_FAILED;
  g_cond_broadcast (&watch->changed);
  g_mutex_unlock (&watch->lock);
}

gpointer
gst_vlm_watch_run (gpointer data)
{
  GstVlmWatch *watch = data;
  g_autoptr (GError) error = NULL;
  gboolean loaded = load (watch, on_progress, &error);

  if (loaded)
    vlm_analyzer_get_geometry (watch->analyzer, &watch->geometry);
  /* An error is on the bus before the stream knows, but a model is not said to
   * be loaded before the stream can use it. */
  if (!loaded)
    watch->funcs.loaded (watch->user_data, error);
  set_loaded (watch, loaded);
  if (loaded)
    watch->funcs.loaded (watch->user_data, NULL);

  while (loaded && take_work (watch)) {
    tell_questions (watch);
    if (watch->asking != NULL)
      gst_vlm_watch_answer (watch);
    else
      process (watch, watch->current);
  }
  gst_vlm_watch_answer_rest (watch);
  vlm_analyzer_unload (watch->analyzer);
  return NULL;
}
