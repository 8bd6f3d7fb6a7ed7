/* gst-vlm: answers that are a document
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * QwenVL HTML. There is no grammar: a page may look like anything, and the reader
 * takes what it finds. */
#include "analyzer/kinds.h"
#include "events/document-parse.h"

/* The trained question has a blank at its end. */
static char *
make_question (const char *about, gboolean is_video)
{
  return g_strdup (about != NULL ? about : "QwenVL HTML ");
}

static GPtrArray *
read_answer (const char *text, const VlmAnswerBounds *bounds, guint *n_rejected,
    char **why, GError **error)
{
  return vlm_document_parse (
      text, bounds->width, bounds->height, n_rejected, why, error);
}

const VlmAnswerKind vlm_kind_document = {
  .name = "document",
  .question = make_question,
  .system =
      "You are an AI specialized in recognizing and extracting text from "
      "images. Your mission is to analyze the image document and generate the "
      "result in QwenVL Document Parser HTML format using specified tags while "
      "maintaining user privacy and data integrity.",
  .of_picture = TRUE,
  .read = read_answer,
  .reads_variants = TRUE,
  .part = VLM_PART_MARK,
};
