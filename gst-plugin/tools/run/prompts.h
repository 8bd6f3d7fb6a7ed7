/* gst-vlm: the questions of vlm-run
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-answer-kind.h>

typedef struct
{
  char **texts; /* of --prompt */
  char **files; /* of --prompt-file; "-" is standard input */
  char **words; /* all that are not options: one prompt; "-" alone likewise */
} PromptSources;

/* All of them, in this order. They must be UTF-8, whatever the locale is. If
 * @kind is given, they are what its question is about, and without one it is
 * about everything. (transfer full) */
char **prompts_gather (const PromptSources *sources, const VlmAnswerKind *kind,
    gboolean is_video, GError **error);
