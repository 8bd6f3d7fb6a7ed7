/* gst-vlm: the watch, questions beside the windows
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A queue of their own, so that no policy drops them and they drop nothing. They
 * are taken between windows, one before each at most: however many there are,
 * windows go on. Each that was taken in is answered once, if only with an
 * error, always on the thread of the watch. */
#include "elements/gstvlmwatch-private.h"

#include <vlm/vlm-error.h>

/* How many may wait: more than a person asks while a slow window is analysed,
 * too few to keep the device from its windows for long. */
#define MAX_ASKS 8

void
gst_vlm_watch_ask_free (GstVlmWatchAsk *ask)
{
  g_free (ask->question);
  g_free (ask);
}

gboolean
gst_vlm_watch_ask (GstVlmWatch *watch, guint64 id, const char *question)
{
  GstVlmWatchAsk *ask;
  gboolean taken;

  g_mutex_lock (&watch->lock);
  taken = !watch->stopping && !watch->flushing &&
      watch->state != GST_VLM_WATCH_FAILED &&
      g_queue_get_length (&watch->asks) < MAX_ASKS;
  if (taken) {
    ask = g_new0 (GstVlmWatchAsk, 1);
    ask->id = id;
    ask->question = g_strdup (question);
    ask->generation = watch->generation;
    g_queue_push_tail (&watch->asks, ask);
    g_cond_broadcast (&watch->changed);
  }
  g_mutex_unlock (&watch->lock);
  return taken;
}

gboolean
gst_vlm_watch_can_answer (GstVlmWatch *watch)
{
  return !g_queue_is_empty (&watch->given_up) ||
      (watch->newest != NULL && !g_queue_is_empty (&watch->asks));
}

void
gst_vlm_watch_give_up_asks (GstVlmWatch *watch)
{
  GstVlmWatchAsk *ask;

  while ((ask = g_queue_pop_head (&watch->asks)) != NULL)
    g_queue_push_tail (&watch->given_up, ask);
}

gboolean
gst_vlm_watch_take_ask (GstVlmWatch *watch)
{
  if (!g_queue_is_empty (&watch->given_up)) {
    watch->asking = g_queue_pop_head (&watch->given_up);
    watch->asking->is_given_up = TRUE;
    return TRUE;
  }
  if (!gst_vlm_watch_can_answer (watch) ||
      (watch->has_answered && !g_queue_is_empty (&watch->items)))
    return FALSE;
  watch->asking = g_queue_pop_head (&watch->asks);
  watch->has_answered = TRUE;
  return TRUE;
}

static char *
find_answer (GstVlmWatch *watch, const GstVlmWatchAsk *ask, VlmWindow *window,
    double *confidence, GError **error)
{
  g_autoptr (GCancellable) cancellable = NULL;
  char *answer;

  if (ask->is_given_up) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
        "the video was interrupted before the question was answered");
    return NULL;
  }
  if (watch->must_reload) {
    g_set_error_literal (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST,
        "the device was lost; it is opened anew with the next window");
    return NULL;
  }
  cancellable = gst_vlm_watch_begin_work (watch);
  answer = vlm_analyzer_ask (
      watch->analyzer, window, ask->question, confidence, cancellable, error);
  if (answer == NULL && error != NULL && *error == NULL)
    g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "the analyzer failed and did not say why");
  if (answer == NULL &&
      g_error_matches (*error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST))
    watch->must_reload = TRUE;
  return answer;
}

void
gst_vlm_watch_answer (GstVlmWatch *watch)
{
  const GstVlmWatchAsk *ask = watch->asking;
  g_autoptr (VlmWindow) window = NULL;
  VlmInstant start = VLM_INSTANT_NONE;
  VlmInstant end = VLM_INSTANT_NONE;
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL;
  double confidence = -1.0;

  g_mutex_lock (&watch->lock);
  if (watch->newest != NULL && !ask->is_given_up) {
    window = vlm_window_ref (watch->newest->window);
    start = watch->newest->start;
    end = watch->newest->end;
  }
  g_mutex_unlock (&watch->lock);
  if (window == NULL)
    watch->asking->is_given_up = TRUE; /* flushed since it was taken */
  answer = find_answer (watch, ask, window, &confidence, &error);
  watch->funcs.answered (watch->user_data, ask->id, ask->question,
      answer != NULL ? &start : NULL, answer != NULL ? &end : NULL, answer,
      confidence, error);
}

void
gst_vlm_watch_answer_rest (GstVlmWatch *watch)
{
  gboolean more;

  do {
    g_mutex_lock (&watch->lock);
    gst_vlm_watch_give_up_asks (watch);
    g_clear_pointer (&watch->asking, gst_vlm_watch_ask_free);
    more = gst_vlm_watch_take_ask (watch);
    g_mutex_unlock (&watch->lock);
    if (more)
      gst_vlm_watch_answer (watch);
  } while (more);
}
