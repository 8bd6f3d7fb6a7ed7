/* gst-vlm: the worker, a glance at many windows at once
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elements/gstvlmworker-private.h"

#include <vlm/vlm-error.h>

#define GST_CAT_DEFAULT gst_vlm_worker_debug

/* (transfer full): what may happen in the overview; NULL with @error. */
static GPtrArray *
glance (GstVlmWorker *worker, const GstVlmWorkerItem *item, GError **error)
{
  gint64 inference_us = 0;
  GPtrArray *events = gst_vlm_worker_call (
      worker, item, vlm_analyzer_glance, &inference_us, error);
  double seconds = (double) inference_us / G_USEC_PER_SEC;

  g_mutex_lock (&worker->lock);
  worker->stats.n_glances += events != NULL;
  worker->stats.inference_s += seconds;
  if (inference_us > 0)
    worker->stats.seconds_per_second =
        seconds * (double) GST_SECOND / (double) MAX (1, item->window->period);
  g_mutex_unlock (&worker->lock);
  return events;
}

/* Events are known to a period of the overview, which is the distance of the
 * frames that show them. */
static gboolean
is_near (const GPtrArray *events, const VlmWindow *window, gint64 period)
{
  for (guint i = 0; i < events->len; i++) {
    const VlmEvent *event = events->pdata[i];

    if (event->start.stream_time - period < window->end &&
        event->end.stream_time + period > window->start)
      return TRUE;
  }
  return FALSE;
}

static void
pass (GstVlmWorker *worker, const GstVlmWorkerItem *detail)
{
  g_mutex_lock (&worker->lock);
  worker->stats.n_skipped++;
  g_mutex_unlock (&worker->lock);
  gst_vlm_worker_pass_still (worker, detail);
}

/* Reports that the windows from @first on are not analysed. */
static void
drop_rest (GstVlmWorker *worker, const GstVlmWorkerItem *item, guint first,
    GstVlmGapReason reason)
{
  g_autoptr (GstVlmWorkerItem) rest = NULL;
  guint n_left = item->details->len - first;

  if (n_left == 0)
    return;
  g_mutex_lock (&worker->lock);
  if (reason == GST_VLM_GAP_FAILED)
    worker->stats.n_failed += n_left;
  else
    worker->stats.n_dropped += n_left;
  g_mutex_unlock (&worker->lock);
  rest = gst_vlm_worker_item_new (GST_VLM_WORKER_ITEM_STILL,
      vlm_window_ref (item->details->pdata[first]), item->generation);
  worker->funcs.unwatched (
      worker->user_data, &rest->start, &item->end, reason, item->generation);
}

/* @events: (nullable): of the glance; without them all is analysed */
static void
look_closely (
    GstVlmWorker *worker, const GstVlmWorkerItem *item, const GPtrArray *events)
{
  for (guint i = 0; i < item->details->len; i++) {
    VlmWindow *window = item->details->pdata[i];
    g_autoptr (GstVlmWorkerItem) detail = gst_vlm_worker_item_new (
        GST_VLM_WORKER_ITEM_WINDOW, vlm_window_ref (window), item->generation);

    if (events != NULL &&
        !is_near (events, window, item->window->slot_duration)) {
      pass (worker, detail);
    } else if (!gst_vlm_worker_analyse (worker, detail)) {
      /* the end of the stream did not wait for it */
      if (gst_vlm_worker_is_wanted (worker, item))
        drop_rest (worker, item, i + 1, GST_VLM_GAP_EOS_TIMEOUT);
      return;
    }
  }
}

/* After a glance that fails all windows are analysed; if the failure lasts, their
 * analysis reports it. */
void
gst_vlm_worker_refine (GstVlmWorker *worker, const GstVlmWorkerItem *item)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) events = glance (worker, item, &error);

  if (!gst_vlm_worker_is_wanted (worker, item))
    return;
  gst_vlm_worker_report_answers (worker, item->window, item->generation);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    drop_rest (worker, item, 0, GST_VLM_GAP_EOS_TIMEOUT);
    return;
  }
  if (error != NULL)
    GST_WARNING ("no glance at window %" G_GUINT64_FORMAT
                 ", all of it is analysed: %s",
        item->window->serial, error->message);
  if (g_error_matches (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST) &&
      !worker->funcs.failed (worker->user_data, error)) {
    drop_rest (worker, item, 0, GST_VLM_GAP_FAILED);
    return;
  }
  look_closely (worker, item, events);
}
