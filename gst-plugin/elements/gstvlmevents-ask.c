/* gst-vlm: vlmevents, questions of the application
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "elements/gstvlmevents-private.h"

#define GST_CAT_DEFAULT gst_vlm_events_debug

static guint answer_signal;

void
gst_vlm_events_emit_answer (
    GstVlmEvents *self, guint64 id, const GstStructure *answer)
{
  g_signal_emit (self, answer_signal, 0, id, answer);
}

static guint64
ask (GstVlmEvents *self, const char *question)
{
  guint64 id = 0;

  if (question == NULL || question[0] == '\0' ||
      !g_utf8_validate (question, -1, NULL))
    return 0;
  g_mutex_lock (&self->lock);
  if (self->worker != NULL &&
      gst_vlm_worker_ask (self->worker, self->n_asked + 1, question))
    id = ++self->n_asked;
  g_mutex_unlock (&self->lock);
  GST_DEBUG_OBJECT (self, "question %" G_GUINT64_FORMAT ": %s", id, question);
  return id;
}

void
gst_vlm_events_answer (gpointer user_data, guint64 id, const char *question,
    const VlmInstant *start, const VlmInstant *end, const char *answer,
    double confidence, const GError *error)
{
  GstVlmEvents *self = user_data;
  GstStructure *structure = gst_structure_new ("vlm-answer", "id",
      G_TYPE_UINT64, id, "question", G_TYPE_STRING, question, NULL);

  if (answer != NULL) {
    gst_structure_set (structure, "answer", G_TYPE_STRING, answer, "confidence",
        G_TYPE_DOUBLE, confidence, "start", G_TYPE_INT64, start->stream_time,
        "end", G_TYPE_INT64, end->stream_time, "running-time-start",
        G_TYPE_INT64, start->running_time, "running-time-end", G_TYPE_INT64,
        end->running_time, NULL);
  } else {
    gst_structure_set (structure, "error", G_TYPE_ERROR, error, NULL);
  }
  GST_DEBUG_OBJECT (self, "%" GST_PTR_FORMAT, structure);
  gst_vlm_events_emit_answer (self, id, structure);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), structure));
}

void
gst_vlm_events_install_ask (GObjectClass *klass)
{
  /**
   * GstVlmEvents::ask:
   * @element: the element
   * @question: what to ask, UTF-8
   *
   * Asks about what was just seen: the newest complete window. Returns at once,
   * on any thread; the answer comes with #GstVlmEvents::answer and the element
   * message `vlm-answer`. Up to 8 questions may wait. They are answered between
   * windows, which are neither changed nor dropped for them; a question that
   * comes before the first window waits for it. A flush and the change to READY
   * cancel questions: then the answer is an error.
   *
   * Returns: number of the question, in its answer too; 0 if it was refused:
   *   the element does not run or is being flushed, the queue is full, the
   *   question is empty
   */
  g_signal_new_class_handler ("ask", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK (ask), NULL, NULL, NULL,
      G_TYPE_UINT64, 1, G_TYPE_STRING);

  /**
   * GstVlmEvents::answer:
   * @element: the element
   * @id: what `ask` returned; 0 for an answer about a window, whose fields
   *   gst_vlm_message_new_answer() has
   * @answer: `vlm-answer`: `id`, `question`, and either `answer`, `confidence`
   *   (0 to 1, -1 when unknown) and the window in stream time (`start`, `end`)
   *   and running time (`running-time-start`, `running-time-end`), or `error`
   *
   * Each question is answered once. Emitted on the thread that analyses.
   */
  answer_signal =
      g_signal_new ("answer", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
          NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT64, GST_TYPE_STRUCTURE);
}
