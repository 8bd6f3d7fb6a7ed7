/* gst-vlm: the record of a question and its answer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/asked.h"

#include "events/event-time.h"
#include "events/record-json.h"

VlmEventWindow
vlm_asked_window (const VlmWindow *window)
{
  const VlmFrame *frame = window->samples[0].frame;

  return (VlmEventWindow){
    .start = window->start,
    .end = window->end,
    .n_frames = window->n_samples,
    .fps = window->end > window->start ? window->n_samples *
            (double) VLM_SECOND / (double) (window->end - window->start)
                                       : 0.0,
    .width = frame->width,
    .height = frame->height,
  };
}

static void
set_times (VlmAnswerRecord *record, const VlmWindow *window)
{
  gint64 from = window->start - window->samples[0].slot_time;

  record->start = vlm_event_time (window, from);
  record->end = vlm_event_time (window, from + window->end - window->start);
  record->time_source = vlm_event_time_source (window, from);
}

static void
set_picture (VlmAnswerRecord *record, const VlmFrame *picture)
{
  record->frame = picture->time;
  record->window = (VlmEventWindow){
    .start = picture->time.stream_time,
    .end = picture->time.stream_time,
    .n_frames = 1,
    .width = picture->width,
    .height = picture->height,
  };
}

static VlmAnswerRecord *
new_record (const VlmRequest *request)
{
  const VlmWindow *about =
      request->about != NULL ? request->about : request->window;
  const VlmFrame *picture = request->picture != NULL
      ? request->picture
      : request->window->samples[0].frame;
  VlmAnswerRecord *record = vlm_answer_record_new ();

  record->is_result = request->is_result;
  record->task = g_strdup (vlm_answer_kind_get_name (request->kind));
  record->question = g_strdup (request->question);
  record->query = g_strdup (request->query);
  record->zone = g_strdup (picture->zone);
  if (request->window != NULL)
    record->window = vlm_asked_window (request->window);
  else
    set_picture (record, picture);
  if (about != NULL) {
    set_times (record, about);
  } else {
    record->start = record->end = picture->time;
    record->time_source = picture->time_source;
  }
  return record;
}

VlmAnswerRecord *
vlm_asked_answered (const VlmRequest *request, const VlmReply *reply)
{
  const VlmReading *reading = reply->reading;
  VlmAnswerRecord *record = new_record (request);

  record->answer = g_strdup (reply->text);
  record->confidence = vlm_trace_confidence (reply->trace, 0, G_MAXSIZE);
  record->usage = reply->usage;
  record->is_cut_off = reply->is_cut_off;
  if (reading == NULL) {
    record->error = g_strdup (reply->problem->message);
    return record;
  }
  record->value = g_strdup (reading->value);
  record->words = g_strdup (reading->words);
  if (reading->marks != NULL)
    record->marks = g_ptr_array_ref (reading->marks);
  if (reading->n_rejected > 0)
    record->error = g_strdup_printf ("%u of its entries were left out: %s",
        reading->n_rejected, reading->why);
  return record;
}

VlmAnswerRecord *
vlm_asked_weighed (const VlmRequest *request, const double *probabilities,
    const VlmUsage *usage)
{
  const char *const *choices = request->kind->choices;
  VlmAnswerRecord *record = new_record (request);
  GString *json = g_string_new ("{");

  for (guint i = 0; choices[i] != NULL; i++)
    vlm_json_put_double (json, choices[i], probabilities[i], 4);
  g_string_append_c (json, '}');
  record->value = g_string_free (json, FALSE);
  record->usage = *usage;
  return record;
}

VlmAnswerRecord *
vlm_asked_failed (const VlmRequest *request, const GError *error)
{
  VlmAnswerRecord *record = new_record (request);

  record->error = g_strdup (error->message);
  return record;
}
