/* gst-vlm: the watch, its thread
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elements/gstvlmwatch-private.h"

#include <vlm/vlm-error.h>

/* A new cancellable for what comes next. */
static GCancellable *
begin_work (GstVlmWatch *watch)
{
  GCancellable *cancellable = g_cancellable_new ();

  g_mutex_lock (&watch->lock);
  g_set_object (&watch->cancellable, cancellable);
  if (watch->stopping ||
      (watch->current != NULL &&
          watch->current->generation != watch->generation))
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

static gboolean
load (GstVlmWatch *watch, GError **error)
{
  g_autoptr (GCancellable) cancellable = begin_work (watch);

  return vlm_analyzer_load (
      watch->analyzer, &watch->params, cancellable, on_progress, watch, error);
}

static gboolean
reload_if_needed (GstVlmWatch *watch, GError **error)
{
  if (!watch->must_reload)
    return TRUE;
  vlm_analyzer_unload (watch->analyzer);
  if (!load (watch, error))
    return FALSE;
  watch->must_reload = FALSE;
  return TRUE;
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
    watch->stats.seconds_per_second = seconds * (double) GST_SECOND /
        (double) MAX (1, item->window->end - item->window->start);
    gst_vlm_coverage_add (&watch->watched, item->window);
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
report_failure (
    GstVlmWatch *watch, const GstVlmWatchItem *item, const GError *error)
{
  gboolean cancelled =
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  if (!cancelled)
    watch->funcs.failed (watch->user_data, error);
  watch->funcs.unwatched (watch->user_data, item->window,
      cancelled ? GST_VLM_GAP_EOS_TIMEOUT : GST_VLM_GAP_FAILED,
      item->generation);
}

static void
analyse (GstVlmWatch *watch, const GstVlmWatchItem *item)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) events = NULL;
  gint64 start_us;

  if (reload_if_needed (watch, &error)) {
    g_autoptr (GCancellable) cancellable = begin_work (watch);

    start_us = g_get_monotonic_time ();
    events = vlm_analyzer_analyze (
        watch->analyzer, item->window, cancellable, &error);
  } else {
    start_us = g_get_monotonic_time ();
  }
  ensure_error (events, &error);
  if (g_error_matches (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST))
    watch->must_reload = TRUE;
  if (!account (watch, item, events, error,
          (double) (g_get_monotonic_time () - start_us) / G_USEC_PER_SEC))
    return;
  if (events == NULL)
    report_failure (watch, item, error);
  else
    watch->funcs.found (
        watch->user_data, item->window, events, item->generation);
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

/* The sampler, too, notices that a stream was interrupted. */
static void
process (GstVlmWatch *watch, const GstVlmWatchItem *item)
{
  if (item->kind == GST_VLM_WATCH_ITEM_RESET) {
    watch->in_epoch = FALSE;
    vlm_analyzer_reset (watch->analyzer);
    return;
  }
  if (item->kind == GST_VLM_WATCH_ITEM_CUT ||
      item->window->epoch != watch->epoch)
    cut (watch, item);
  if (item->kind == GST_VLM_WATCH_ITEM_CUT)
    return;
  watch->in_epoch = TRUE;
  watch->epoch = item->window->epoch;
  analyse (watch, item);
}

static gboolean
take_item (GstVlmWatch *watch)
{
  g_mutex_lock (&watch->lock);
  g_clear_pointer (&watch->current, gst_vlm_watch_item_free);
  g_cond_broadcast (&watch->changed);
  while (!watch->stopping && g_queue_is_empty (&watch->items))
    g_cond_wait (&watch->changed, &watch->lock);
  if (!watch->stopping) {
    watch->current = g_queue_pop_head (&watch->items);
    watch->n_windows -= watch->current->kind == GST_VLM_WATCH_ITEM_WINDOW;
    g_cond_broadcast (&watch->changed);
  }
  g_mutex_unlock (&watch->lock);
  return watch->current != NULL;
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
  gboolean loaded = load (watch, &error);

  if (loaded)
    vlm_analyzer_get_geometry (watch->analyzer, &watch->geometry);
  /* An error is on the bus before the stream knows, but a model is not said to
   * be loaded before the stream can use it. */
  if (!loaded)
    watch->funcs.loaded (watch->user_data, error);
  set_loaded (watch, loaded);
  if (loaded)
    watch->funcs.loaded (watch->user_data, NULL);

  while (loaded && take_item (watch))
    process (watch, watch->current);
  vlm_analyzer_unload (watch->analyzer);
  return NULL;
}
