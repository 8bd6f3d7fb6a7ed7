/* gst-vlm: a record that is not an event
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmnote.h"

GstVlmNote *
gst_vlm_note_new_gap (const VlmGap *gap)
{
  GstVlmNote *note = g_new0 (GstVlmNote, 1);

  note->type = VLM_RECORD_TYPE_GAP;
  note->gap = *gap;
  note->gap.event_uid = g_strdup (gap->event_uid);
  note->gap.reason = g_intern_string (gap->reason);
  note->gap.stream = g_strdup (gap->stream);
  return note;
}

GstVlmNote *
gst_vlm_note_new_camera (const VlmCameraReport *report)
{
  GstVlmNote *note = g_new0 (GstVlmNote, 1);

  note->type = VLM_RECORD_TYPE_CAMERA;
  note->camera = *report;
  note->camera.event_uid = g_strdup (report->event_uid);
  note->camera.condition = g_intern_string (report->condition);
  note->camera.stream = g_strdup (report->stream);
  return note;
}

GstVlmNote *
gst_vlm_note_new_answer (VlmAnswerRecord *answer)
{
  GstVlmNote *note = g_new0 (GstVlmNote, 1);

  note->type = VLM_RECORD_TYPE_ANSWER;
  note->answer = vlm_answer_record_ref (answer);
  return note;
}

void
gst_vlm_note_free (GstVlmNote *note)
{
  if (note == NULL)
    return;
  g_free ((char *) note->gap.event_uid);
  g_free ((char *) note->gap.stream);
  g_free ((char *) note->camera.event_uid);
  g_free ((char *) note->camera.stream);
  g_clear_pointer (&note->answer, vlm_answer_record_unref);
  g_free (note);
}

char *
gst_vlm_note_to_json (const GstVlmNote *note)
{
  switch (note->type) {
  case VLM_RECORD_TYPE_GAP:
    return vlm_gap_to_json (&note->gap);
  case VLM_RECORD_TYPE_ANSWER:
    return vlm_answer_record_to_json (note->answer);
  default:
    return vlm_camera_report_to_json (&note->camera);
  }
}

const VlmInstant *
gst_vlm_note_get_start (const GstVlmNote *note)
{
  switch (note->type) {
  case VLM_RECORD_TYPE_GAP:
    return &note->gap.start;
  case VLM_RECORD_TYPE_ANSWER:
    return &note->answer->start;
  default:
    return &note->camera.start;
  }
}

const VlmInstant *
gst_vlm_note_get_end (const GstVlmNote *note)
{
  switch (note->type) {
  case VLM_RECORD_TYPE_GAP:
    return &note->gap.end;
  case VLM_RECORD_TYPE_ANSWER:
    return &note->answer->end;
  default:
    return note->camera.begins ? &note->camera.start : &note->camera.end;
  }
}

VlmGap
gst_vlm_note_get_gap (const GstVlmNote *note)
{
  VlmGap gap = {
    .start = *gst_vlm_note_get_start (note),
    .end = *gst_vlm_note_get_end (note),
  };

  if (note->type == VLM_RECORD_TYPE_GAP)
    return note->gap;
  if (note->type == VLM_RECORD_TYPE_ANSWER) {
    gap.event_uid = note->answer->event_uid;
    gap.seq = note->answer->seq;
    gap.stream = note->answer->stream;
  } else {
    gap.event_uid = note->camera.event_uid;
    gap.seq = note->camera.seq;
    gap.stream = note->camera.stream;
  }
  return gap;
}
