/* gst-vlm: a record that is no event
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

void
gst_vlm_note_free (GstVlmNote *note)
{
  if (note == NULL)
    return;
  g_free ((char *) note->gap.event_uid);
  g_free ((char *) note->gap.stream);
  g_free ((char *) note->camera.event_uid);
  g_free ((char *) note->camera.stream);
  g_free (note);
}

char *
gst_vlm_note_to_json (const GstVlmNote *note)
{
  return note->type == VLM_RECORD_TYPE_GAP
      ? vlm_gap_to_json (&note->gap)
      : vlm_camera_report_to_json (&note->camera);
}

const VlmInstant *
gst_vlm_note_get_start (const GstVlmNote *note)
{
  return note->type == VLM_RECORD_TYPE_GAP ? &note->gap.start
                                           : &note->camera.start;
}

const VlmInstant *
gst_vlm_note_get_end (const GstVlmNote *note)
{
  if (note->type == VLM_RECORD_TYPE_GAP)
    return &note->gap.end;
  return note->camera.begins ? &note->camera.start : &note->camera.end;
}
