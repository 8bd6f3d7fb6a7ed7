/* gst-vlm: an answer with positions, as tasks give them
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-answer-record.h>

#define MARKED_N_MARKS 3u

static inline void
marked_answer_add (VlmAnswerRecord *record, VlmRect rect, guint n_points,
    const gint *points, const char *label, const char *text)
{
  VlmMark *mark = g_new0 (VlmMark, 1);

  mark->rect = rect;
  mark->n_points = n_points;
  for (guint i = 0; i < 2 * n_points; i++)
    mark->points[i] = points[i];
  mark->label = g_strdup (label);
  mark->text = g_strdup (text);
  g_ptr_array_add (record->marks, mark);
}

/* Inside of 64x48: a box, a point, and text in a quadrilateral. (transfer
 * full) */
static inline VlmAnswerRecord *
marked_answer_new (void)
{
  static const gint point[] = { 40, 30 };
  static const gint corners[] = { 4, 5, 24, 6, 24, 11, 4, 10 };
  VlmAnswerRecord *record = vlm_answer_record_new ();

  record->is_result = TRUE;
  record->task = g_strdup ("boxes");
  record->confidence = 0.75;
  record->marks =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_mark_free);
  marked_answer_add (
      record, (VlmRect){ 10, 20, 30, 15 }, 0, NULL, "a dog", NULL);
  marked_answer_add (record, (VlmRect){ 40, 30, 1, 1 }, 1, point, "lamp", NULL);
  marked_answer_add (
      record, (VlmRect){ 4, 5, 20, 6 }, 4, corners, NULL, "EXIT <b>");
  return record;
}
