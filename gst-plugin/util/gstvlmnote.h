/* gst-vlm: a record that is not an event
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-answer-record.h>

G_BEGIN_DECLS

/* A copy of its content; @type: which of them is set. */
typedef struct
{
  VlmRecordType type;
  VlmGap gap;
  VlmCameraReport camera;
  VlmAnswerRecord *answer;
} GstVlmNote;

GstVlmNote *gst_vlm_note_new_gap (const VlmGap *gap);
GstVlmNote *gst_vlm_note_new_camera (const VlmCameraReport *report);
/* Takes a reference. */
GstVlmNote *gst_vlm_note_new_answer (VlmAnswerRecord *answer);
void gst_vlm_note_free (GstVlmNote *note);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmNote, gst_vlm_note_free)

/* (transfer full) */
char *gst_vlm_note_to_json (const GstVlmNote *note);
const VlmInstant *gst_vlm_note_get_start (const GstVlmNote *note);
/* Of a report that begins, its start. */
const VlmInstant *gst_vlm_note_get_end (const GstVlmNote *note);
/* The gap that its loss would leave; a gap is itself. Borrows. */
VlmGap gst_vlm_note_get_gap (const GstVlmNote *note);

G_END_DECLS
