/* gst-vlm: answers to any question
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/kinds.h"

static char *
make_question (const char *about, gboolean is_video)
{
  return about != NULL ? g_strdup (about)
                       : vlm_kind_describe.question (NULL, is_video);
}

const VlmAnswerKind vlm_kind_free = {
  .name = "free",
  .question = make_question,
  .needs_about = TRUE,
};
