/* gst-vlm: vlmevents, records of questions and answers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Called on the thread of the worker, unless said otherwise. */
#include "config.h"

#include "elements/gstvlmevents-private.h"

#include "gstvlm.h"
#include "util/gstvlmanalytics.h"

#define GST_CAT_DEFAULT gst_vlm_events_debug

/* One type for all regions: each label would be another quark, never freed. */
#define ROI_TYPE "vlm-answer"

static gboolean
is_wanted (GstVlmEvents *self, const VlmAnswerRecord *record)
{
  gboolean wants_all;

  GST_OBJECT_LOCK (self);
  wants_all = self->settings.answers;
  GST_OBJECT_UNLOCK (self);
  return wants_all || record->is_result;
}

/* (transfer full) (nullable): a copy with what only the element knows, which is
 * queued on all outputs; NULL when a flush came first */
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
gst_vlm_events_report_answers (gpointer user_data, const VlmWindow *window,
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

/* --- on buffers ------------------------------------------------------------ */

static void
add_points (GstStructure *structure, const VlmMark *mark)
{
  g_auto (GValue) points = G_VALUE_INIT;

  g_value_init (&points, GST_TYPE_ARRAY);
  for (guint i = 0; i < 2 * mark->n_points; i++) {
    g_auto (GValue) value = G_VALUE_INIT;

    g_value_init (&value, G_TYPE_INT);
    g_value_set_int (&value, mark->points[i]);
    gst_value_array_append_value (&points, &value);
  }
  if (mark->n_points > 0)
    gst_structure_set_value (structure, "points", &points);
}

static void
attach_mark (GstVlmEvents *self, GstBuffer *buffer,
    const VlmAnswerRecord *record, const VlmMark *mark, gint id)
{
  GstVideoRegionOfInterestMeta *meta =
      gst_vlm_events_add_region (self, buffer, ROI_TYPE, id, &mark->rect);
  GstStructure *structure;

  if (meta == NULL)
    return;
  structure = gst_structure_new (ROI_TYPE, "event-uid", G_TYPE_STRING,
      record->event_uid, "task", G_TYPE_STRING, record->task, "label",
      G_TYPE_STRING, mark->label, "text", G_TYPE_STRING, mark->text,
      "stream-time", G_TYPE_INT64, record->frame.stream_time, NULL);
  add_points (structure, mark);
  gst_video_region_of_interest_meta_add_param (meta, structure);
#ifdef HAVE_GST_ANALYTICS
  gst_vlm_analytics_add_region (buffer, meta, record->confidence);
#endif
}

/* With the lock. (transfer full): the answers about times before @until. */
static GPtrArray *
take_pending (GstVlmEvents *self, gint64 until)
{
  GPtrArray *taken = gst_vlm_events_new_answers ();

  for (guint i = 0; i < self->pending_answers->len;) {
    const VlmAnswerRecord *record = self->pending_answers->pdata[i];
    gint64 at = VLM_TIME_IS_VALID (record->frame.stream_time)
        ? record->frame.stream_time
        : record->start.stream_time;

    if (at < until)
      g_ptr_array_add (
          taken, g_ptr_array_steal_index (self->pending_answers, i));
    else
      i++;
  }
  return taken;
}

GstBuffer *
gst_vlm_events_attach_answers (
    GstVlmEvents *self, GstBuffer *buffer, gint64 until)
{
  g_autoptr (GPtrArray) answers = NULL;
  gint n_marks = 0;

  g_mutex_lock (&self->lock);
  answers = take_pending (self, until);
  g_mutex_unlock (&self->lock);
  if (answers->len == 0)
    return buffer;
  buffer = gst_buffer_make_writable (buffer);
  gst_vlm_buffer_add_answer_meta (buffer, answers);
  for (guint i = 0; i < answers->len; i++) {
    const VlmAnswerRecord *record = answers->pdata[i];

    for (guint j = 0;
         record->marks != NULL && record->is_result && j < record->marks->len;
         j++)
      attach_mark (self, buffer, record, record->marks->pdata[j], n_marks++);
  }
  return buffer;
}

GPtrArray *
gst_vlm_events_new_answers (void)
{
  return g_ptr_array_new_with_free_func (
      (GDestroyNotify) vlm_answer_record_unref);
}
