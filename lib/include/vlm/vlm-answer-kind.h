/* gst-vlm: kinds of answers: their questions and their forms
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VlmAnswerKind:
 *
 * The form of an answer, enforced by a grammar whatever the weights are, and
 * the question that the models were trained on. Kinds are constant and live as
 * long as the process:
 *
 * - `free`: any text
 * - `events`: a JSON list of start_time, end_time, description; needs a video;
 *   read it with vlm_event_parse()
 * - `boxes`: a JSON list of bbox_2d, label; needs a picture or a video; read it
 *   with vlm_box_parse()
 * - `points`: a JSON list of point_2d, label; needs a picture or a video
 * - `ocr`: a JSON list of bbox_2d, text_content; likewise
 * - `document`: QwenVL HTML, not enforced by a grammar
 * - `describe`: sentences
 * - `count`: a number
 * - `json`: JSON that fits a schema, which is the detail of the question
 *   (#VlmGenerateParams, #VlmQuestions); docs/schemas.md lists the supported
 *   keywords, vlm_answer_kind_check() validates a schema
 * - `yes-no`: `Yes` or `No`
 *
 * As a parameter, %NULL is `free`.
 *
 * Since: 0.1
 */
typedef struct _VlmAnswerKind VlmAnswerKind;

VLM_API const VlmAnswerKind *vlm_answer_kind_lookup (const char *name);
VLM_API const char *const *vlm_answer_kind_get_names (void);
VLM_API const char *vlm_answer_kind_get_name (const VlmAnswerKind *kind);
VLM_API char *vlm_answer_kind_make_question (
    const VlmAnswerKind *kind, const char *about, gboolean is_video);
VLM_API const char *vlm_answer_kind_get_system (const VlmAnswerKind *kind);
VLM_API gboolean vlm_answer_kind_is_of_picture (const VlmAnswerKind *kind);
VLM_API gboolean vlm_answer_kind_needs_about (const VlmAnswerKind *kind);
VLM_API gboolean vlm_answer_kind_has_places (const VlmAnswerKind *kind);
VLM_API gboolean vlm_answer_kind_is_json (const VlmAnswerKind *kind);
VLM_API gboolean vlm_answer_kind_check (const VlmAnswerKind *kind,
    const char *detail, const char *name, GError **error);

G_END_DECLS
