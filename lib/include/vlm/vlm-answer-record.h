/* gst-vlm: questions about windows, with their answers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-event.h>
#include <vlm/vlm-mark.h>

G_BEGIN_DECLS

/**
 * VlmUsage:
 * @n_prompt_tokens: tokens of the prompt
 * @n_vision_tokens: tokens of pictures and video, part of @n_prompt_tokens
 * @n_tokens: tokens of the answer
 * @n_forced_tokens: tokens that the form of the answer forced, without a
 *   decoding step; part of @n_tokens
 * @vision_s: seconds spent in the vision encoder
 * @prefill_s: seconds spent on the prompt
 * @decode_s: seconds spent on the answer
 *
 * Tokens and times of an answer.
 *
 * Since: 0.1
 */
typedef struct
{
  guint n_prompt_tokens;
  guint n_vision_tokens;
  guint n_tokens;
  guint n_forced_tokens;
  double vision_s;
  double prefill_s;
  double decode_s;
} VlmUsage;

#define VLM_TYPE_ANSWER_RECORD (vlm_answer_record_get_type ())

/**
 * VlmAnswerRecord:
 * @event_uid: (nullable): unique, also across restarts; set by the element that
 *   emits it
 * @seq: grows with each record of that element; 0 before it is emitted
 * @is_result: it is the result of a task or a schema; %FALSE for the questions
 *   from which events and conditions were derived
 * @task: name of the kind of answer, see #VlmAnswerKind
 * @question: the question to the model
 * @query: (nullable): the query in it
 * @query_version: of the questions, see #VlmQuestions; 0 for none
 * @answer: (nullable): the text of the model, unchanged; %NULL if there is
 *   none, as for a condition
 * @value: (nullable): the parsed answer, as JSON on one line; coordinates are
 *   pixels of the source; %NULL if it could not be parsed
 * @marks: (nullable) (element-type VlmMark): positions in the answer, in
 *   pixels of the source; never changed
 * @words: (nullable): the answer as text for people, if it is text
 * @error: (nullable): why there is no answer or no value, or what was dropped
 *   from it
 * @start: when the window began
 * @end: when it ended
 * @frame: time of the picture, if the question was about one
 * @time_source: where their UTC comes from
 * @confidence: 0 to 1, from the token probabilities; -1 when unknown
 * @window: the video that was analysed
 * @model: (nullable): name of the model
 * @time_basis: (nullable): how it learned the times of a window: `mrope`,
 *   `frame-metadata` or `text`; %NULL for a question about one picture
 * @latency_ms: from the end of the window to the answer, -1 when unknown
 * @stream: (nullable): id of the stream
 * @zone: (nullable): name of the part of the picture that was analysed
 * @is_cut_off: it was truncated at the maximum number of tokens
 * @usage: its tokens and times
 *
 * One question and its answer. Reference counted; immutable once it is shared.
 *
 * Since: 0.1
 */
typedef struct
{
  char *event_uid;
  guint64 seq;
  gboolean is_result;
  char *task;
  char *question;
  char *query;
  guint64 query_version;
  char *answer;
  char *value;
  GPtrArray *marks;
  char *words;
  char *error;
  VlmInstant start;
  VlmInstant end;
  VlmInstant frame;
  VlmTimeSource time_source;
  double confidence;
  VlmEventWindow window;
  char *model;
  char *time_basis;
  double latency_ms;
  char *stream;
  char *zone;
  gboolean is_cut_off;
  VlmUsage usage;
} VlmAnswerRecord;

VLM_API GType vlm_answer_record_get_type (void) G_GNUC_CONST;
VLM_API VlmAnswerRecord *vlm_answer_record_new (void);
VLM_API VlmAnswerRecord *vlm_answer_record_ref (VlmAnswerRecord *record);
VLM_API void vlm_answer_record_unref (VlmAnswerRecord *record);
VLM_API VlmAnswerRecord *vlm_answer_record_copy (const VlmAnswerRecord *record);
VLM_API char *vlm_answer_record_to_json (const VlmAnswerRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmAnswerRecord, vlm_answer_record_unref)

G_END_DECLS
