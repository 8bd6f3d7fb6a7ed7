/* gst-vlm: the output of an answer in vlm-run
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tools/result-file.h"
#include "tools/run/inputs.h"

/* What a person is shown, without the last line end: a list in pixels and times
 * of the source, or as HTML. @note (transfer full) (nullable): what was left
 * out. NULL with VLM_EVENT_ERROR. (transfer full) */
char *answer_to_text (const VlmAnswer *answer, const RunOptions *options,
    GPtrArray *inputs, char **note, GError **error);

/* Onto the only picture, by the options. */
gboolean answer_draw (const VlmAnswer *answer, const RunOptions *options,
    GPtrArray *inputs, ResultFile *file, GError **error);

/* One answer, all that is known of it, as a line of JSON. @answer: NULL where it
 * was interrupted, of which @written is there. (transfer full) */
typedef struct
{
  const RunOptions *options;
  GPtrArray *inputs;
  const char *model; /* its name */
  VlmDevice *device; /* NULL: that of another machine */
  const char *question;
  double load_s;
  const VlmAnswer *answer;
  const char *written;
} AnswerReport;

char *answer_to_json (const AnswerReport *report, char **note, GError **error);
