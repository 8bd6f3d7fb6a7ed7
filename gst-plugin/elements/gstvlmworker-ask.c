/* gst-vlm: the worker, questions beside the windows
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * They have a queue of their own, so that no policy drops them and they drop
 * nothing. They are taken between windows, one before each at most, so that many
 * questions do not keep windows waiting. Each that was accepted is answered once,
 * if only with an error, always on the thread of the worker. */
#include "elements/gstvlmworker-private.h"

#include <vlm/vlm-error.h>

/* How many may wait: more than a person sends while a slow window is analysed,
 * too few to keep the device from its windows for long. */
#define MAX_ASKS 8

void
gst_vlm_worker_ask_free (GstVlmWorkerAsk *ask)
{
  g_free (ask->question);
  g_free (ask);
}

gboolean
gst_vlm_worker_ask (GstVlmWorker *worker, guint64 id, const char *question)
{
  GstVlmWorkerAsk *ask;
  gboolean taken;

  g_mutex_lock (&worker->lock);
  taken = !worker->stopping && !worker->flushing &&
      worker->state != GST_VLM_WORKER_FAILED &&
      g_queue_get_length (&worker->asks) < MAX_ASKS;
  if (taken) {
    ask = g_new0 (GstVlmWorkerAsk, 1);
    ask->id = id;
    ask->question = g_strdup (question);
    ask->generation = worker->generation;
    g_queue_push_tail (&worker->asks, ask);
    g_cond_broadcast (&worker->changed);
  }
  g_mutex_unlock (&worker->lock);
  return taken;
}

gboolean
gst_vlm_worker_can_answer (GstVlmWorker *worker)
{
  return !g_queue_is_empty (&worker->abandoned) ||
      (worker->newest != NULL && !g_queue_is_empty (&worker->asks));
}

void
gst_vlm_worker_abandon_asks (GstVlmWorker *worker)
{
  GstVlmWorkerAsk *ask;

  while ((ask = g_queue_pop_head (&worker->asks)) != NULL)
    g_queue_push_tail (&worker->abandoned, ask);
}

gboolean
gst_vlm_worker_take_ask (GstVlmWorker *worker)
{
  if (!g_queue_is_empty (&worker->abandoned)) {
    worker->asking = g_queue_pop_head (&worker->abandoned);
    worker->asking->is_abandoned = TRUE;
    return TRUE;
  }
  if (!gst_vlm_worker_can_answer (worker) ||
      (worker->has_answered && !g_queue_is_empty (&worker->items)))
    return FALSE;
  worker->asking = g_queue_pop_head (&worker->asks);
  worker->has_answered = TRUE;
  return TRUE;
}

static char *
find_answer (GstVlmWorker *worker, const GstVlmWorkerAsk *ask,
    VlmWindow *window, double *confidence, GError **error)
{
  g_autoptr (GCancellable) cancellable = NULL;
  char *answer;

  if (ask->is_abandoned) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
        "the video was interrupted before the question was answered");
    return NULL;
  }
  if (worker->must_reload) {
    g_set_error_literal (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST,
        "the device was lost; it is opened again for the next window");
    return NULL;
  }
  cancellable = gst_vlm_worker_begin_work (worker);
  answer = vlm_analyzer_ask (
      worker->analyzer, window, ask->question, confidence, cancellable, error);
  if (answer == NULL && error != NULL && *error == NULL)
    g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "the analyzer failed without an error");
  if (answer == NULL &&
      g_error_matches (*error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST))
    worker->must_reload = TRUE;
  return answer;
}

void
gst_vlm_worker_answer (GstVlmWorker *worker)
{
  const GstVlmWorkerAsk *ask = worker->asking;
  g_autoptr (VlmWindow) window = NULL;
  VlmInstant start = VLM_INSTANT_NONE;
  VlmInstant end = VLM_INSTANT_NONE;
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL;
  double confidence = -1.0;

  g_mutex_lock (&worker->lock);
  if (worker->newest != NULL && !ask->is_abandoned) {
    window = vlm_window_ref (worker->newest->window);
    start = worker->newest->start;
    end = worker->newest->end;
  }
  g_mutex_unlock (&worker->lock);
  if (window == NULL)
    worker->asking->is_abandoned = TRUE; /* flushed since it was taken */
  answer = find_answer (worker, ask, window, &confidence, &error);
  if (window != NULL)
    gst_vlm_worker_report_answers (worker, window, ask->generation);
  worker->funcs.answered (worker->user_data, ask->id, ask->question,
      answer != NULL ? &start : NULL, answer != NULL ? &end : NULL, answer,
      confidence, error);
}

void
gst_vlm_worker_answer_rest (GstVlmWorker *worker)
{
  gboolean more;

  do {
    g_mutex_lock (&worker->lock);
    gst_vlm_worker_abandon_asks (worker);
    g_clear_pointer (&worker->asking, gst_vlm_worker_ask_free);
    more = gst_vlm_worker_take_ask (worker);
    g_mutex_unlock (&worker->lock);
    if (more)
      gst_vlm_worker_answer (worker);
  } while (more);
}
