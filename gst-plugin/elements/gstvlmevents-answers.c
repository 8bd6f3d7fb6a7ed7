/* gst-vlm: vlmevents, what the model was asked, and what it said
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Called on the thread of the worker, unless said otherwise. */
#include "elements/gstvlmevents-private.h"

#include "gstvlm.h"

#define GST_CAT_DEFAULT gst_vlm_events_debug

static gboolean
is_wanted (GstVlmEvents *self, const VlmAnswerRecord *record)
{
  gboolean wants_all;

  GST_OBJECT_LOCK (self);
  wants_all = self->settings.answers;
  GST_OBJECT_UNLOCK (self);
  return wants_all || record->is_result;
}

/* (transfer full) (nullable): the record with what only the element knows, on
 * its way; NULL when a flush came first */
static VlmAnswerRecord *
queue_answer (GstVlmEvents *self, const VlmAnswerRecord *record,
    double latency_ms, guint generation)
{
  VlmAnswerRecord *own = vlm_answer_record_copy (record);
  char *label = gst_vlm_events_dup_stream_label (self);
  gboolean current;

  own->latency_ms = latency_ms;
  if (label != NULL) {
    g_free (own->stream);
    own->stream = label;
  }
  g_mutex_lock (&self->lock);
  current = generation == self->generation;
  if (current) {
    own->seq = ++self->n_records;
    own->event_uid =
        g_strdup_printf ("%s-answer-%" G_GUINT64_FORMAT, self->run, own->seq);
    g_ptr_array_add (self->pending_answers, vlm_answer_record_ref (own));
    for (guint i = 0; i < self->outputs->len; i++)
      gst_vlm_event_pad_add_answer (self->outputs->pdata[i], own);
  }
  g_mutex_unlock (&self->lock);
  if (!current)
    g_clear_pointer (&own, vlm_answer_record_unref);
  return own;
}

void
gst_vlm_events_tell_answers (gpointer user_data, const VlmWindow *window,
    GPtrArray *records, guint generation)
{
  GstVlmEvents *self = user_data;
  double latency_ms = gst_vlm_events_get_latency_ms (self, window);

  for (guint i = 0; i < records->len; i++) {
    g_autoptr (VlmAnswerRecord) own = NULL;
    GstMessage *message;

    if (!is_wanted (self, records->pdata[i]))
      continue;
    own = queue_answer (self, records->pdata[i], latency_ms, generation);
    if (own == NULL)
      return;
    message = gst_vlm_message_new_answer (GST_OBJECT (self), own);
    gst_vlm_events_emit_answer (self, 0, gst_message_get_structure (message));
    gst_element_post_message (GST_ELEMENT (self), message);
  }
}

GstBuffer *
gst_vlm_events_attach_answers (GstVlmEvents *self, GstBuffer *buffer)
{
  g_autoptr (GPtrArray) answers = NULL;

  g_mutex_lock (&self->lock);
  if (self->pending_answers->len > 0) {
    answers = self->pending_answers;
    self->pending_answers = gst_vlm_events_new_answers ();
  }
  g_mutex_unlock (&self->lock);
  if (answers == NULL)
    return buffer;
  buffer = gst_buffer_make_writable (buffer);
  gst_vlm_buffer_add_answer_meta (buffer, answers);
  return buffer;
}

GPtrArray *
gst_vlm_events_new_answers (void)
{
  return g_ptr_array_new_with_free_func (
      (GDestroyNotify) vlm_answer_record_unref);
}
