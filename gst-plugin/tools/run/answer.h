/* gst-vlm: the output of an answer in vlm-run
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tools/result-file.h"
#include "tools/run/inputs.h"

/* The text to print, without the last line end: a list in pixels and times of the
 * source, or as HTML. @note (transfer full) (nullable): what was left out. NULL
 * with VLM_EVENT_ERROR. (transfer full) */
char *answer_to_text (const VlmAnswer *answer, const RunOptions *options,
    GPtrArray *inputs, char **note, GError **error);

/* Draws it onto the only picture, according to the options. */
gboolean answer_draw (const VlmAnswer *answer, const RunOptions *options,
    GPtrArray *inputs, ResultFile *file, GError **error);

/* All that is known of one answer, as a line of JSON. @answer: NULL if it was
 * interrupted; then @written is the part that exists. (transfer full) */
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
