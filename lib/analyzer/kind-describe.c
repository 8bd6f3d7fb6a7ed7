/* gst-vlm: answers that describe
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * docs/decisions/0009-wordings.md has the question. */
#include "analyzer/kinds.h"

static char *
make_question (const char *about, gboolean is_video)
{
  if (about != NULL)
    return g_strdup (about);
  return g_strdup (is_video ? "Describe this video." : "Describe this image.");
}

const VlmAnswerKind vlm_kind_describe = {
  .name = "describe",
  .question = make_question,
};
