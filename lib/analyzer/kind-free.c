/* gst-vlm: answers in words
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/kinds.h"

static char *
make_question (const char *about, gboolean is_video)
{
  if (about != NULL)
    return g_strdup (about);
  return g_strdup (is_video ? "Describe this video." : "Describe this image.");
}

const VlmAnswerKind vlm_kind_free = {
  .name = "free",
  .question = make_question,
  .needs_about = TRUE,
};

/* docs/decisions/0009-wordings.md has the question. */
const VlmAnswerKind vlm_kind_describe = {
  .name = "describe",
  .question = make_question,
};
