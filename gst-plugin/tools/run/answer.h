/* gst-vlm: what becomes of an answer in vlm-run
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tools/run/inputs.h"

/* Whether answers of @kind are read, so that they cannot be shown as they are
 * written: boxes come in pixels of the source, events in time of the video. */
gboolean answer_is_read (const VlmAnswerKind *kind);

/* What a person is shown, without the last line end. @note (transfer full)
 * (nullable): what was left out. NULL with VLM_EVENT_ERROR. (transfer full) */
char *answer_to_text (const VlmAnswer *answer, const VlmAnswerKind *kind,
    GPtrArray *inputs, char **note, GError **error);

/* One answer, all that is known of it, as a line of JSON. @answer: NULL where it
 * was interrupted, of which @written is there. (transfer full) */
typedef struct
{
  const RunOptions *options;
  GPtrArray *inputs;
  VlmModel *model;
  const char *question;
  double load_s;
  const VlmAnswer *answer;
  const char *written;
} AnswerReport;

char *answer_to_json (const AnswerReport *report, char **note, GError **error);
