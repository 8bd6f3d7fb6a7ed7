/* gst-vlm: questions about windows, with their answers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-answer-record.h>

#include "events/event-json.h"
#include "events/record-json.h"

G_DEFINE_BOXED_TYPE (VlmAnswerRecord, vlm_answer_record, vlm_answer_record_ref,
    vlm_answer_record_unref)

/* All that a record owns. */
static const gsize texts[] = {
  G_STRUCT_OFFSET (VlmAnswerRecord, event_uid),
  G_STRUCT_OFFSET (VlmAnswerRecord, task),
  G_STRUCT_OFFSET (VlmAnswerRecord, question),
  G_STRUCT_OFFSET (VlmAnswerRecord, query),
  G_STRUCT_OFFSET (VlmAnswerRecord, answer),
  G_STRUCT_OFFSET (VlmAnswerRecord, value),
  G_STRUCT_OFFSET (VlmAnswerRecord, words),
  G_STRUCT_OFFSET (VlmAnswerRecord, error),
  G_STRUCT_OFFSET (VlmAnswerRecord, model),
  G_STRUCT_OFFSET (VlmAnswerRecord, time_basis),
  G_STRUCT_OFFSET (VlmAnswerRecord, stream),
  G_STRUCT_OFFSET (VlmAnswerRecord, zone),
};

/**
 * vlm_answer_record_new:
 *
 * Makes an empty record, to be filled before it is shared.
 *
 * Returns: (transfer full): an empty record
 *
 * Since: 0.1
 */
VlmAnswerRecord *
vlm_answer_record_new (void)
{
  static const VlmInstant no_instant = VLM_INSTANT_NONE;
  VlmAnswerRecord *record = g_atomic_rc_box_new0 (VlmAnswerRecord);

  record->start = no_instant;
  record->end = no_instant;
  record->frame = no_instant;
  record->window.start = VLM_TIME_NONE;
  record->window.end = VLM_TIME_NONE;
  record->confidence = -1.0;
  record->latency_ms = -1.0;
  return record;
}

/**
 * vlm_answer_record_ref:
 * @record: a record
 *
 * Takes a reference. May be called on any thread.
 *
 * Returns: (transfer full): the same record
 *
 * Since: 0.1
 */
VlmAnswerRecord *
vlm_answer_record_ref (VlmAnswerRecord *record)
{
  g_return_val_if_fail (record != NULL, NULL);
  return g_atomic_rc_box_acquire (record);
}

static void
clear_record (gpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (G_STRUCT_MEMBER (char *, data, texts[i]));
  g_clear_pointer (&((VlmAnswerRecord *) data)->marks, g_ptr_array_unref);
}

/**
 * vlm_answer_record_unref:
 * @record: (transfer full): a record
 *
 * Gives a reference back; the last one frees the record.
 *
 * Since: 0.1
 */
void
vlm_answer_record_unref (VlmAnswerRecord *record)
{
  g_return_if_fail (record != NULL);
  g_atomic_rc_box_release_full (record, clear_record);
}

/**
 * vlm_answer_record_copy:
 * @record: a record
 *
 * Copies a record. Shared records must not be changed.
 *
 * Returns: (transfer full): an unshared copy, which may be changed
 *
 * Since: 0.1
 */
VlmAnswerRecord *
vlm_answer_record_copy (const VlmAnswerRecord *record)
{
  VlmAnswerRecord *copy;

  g_return_val_if_fail (record != NULL, NULL);

  copy = g_atomic_rc_box_new (VlmAnswerRecord);
  *copy = *record;
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    char **text = G_STRUCT_MEMBER_P (copy, texts[i]);

    *text = g_strdup (*text);
  }
  if (copy->marks != NULL)
    g_ptr_array_ref (copy->marks);
  return copy;
}

static void
put_text (GString *json, const char *name, const char *text)
{
  if (text != NULL)
    vlm_json_put_string (json, name, text);
}

static void
put_instant (GString *json, const char *name, const VlmInstant *instant)
{
  if (vlm_instant_is_known (instant))
    vlm_json_put_instant (json, name, instant);
}

static void
put_said (GString *json, const VlmAnswerRecord *record)
{
  put_text (json, "task", record->task);
  put_text (json, "question", record->question);
  put_text (json, "query", record->query);
  if (record->query_version != 0)
    vlm_json_put_uint64 (json, "query_version", record->query_version);
  put_text (json, "answer", record->answer);
  if (record->value != NULL)
    vlm_json_put_value (json, "value", record->value);
  put_text (json, "error", record->error);
}

static void
put_usage (GString *json, const VlmUsage *usage)
{
  vlm_json_put_key (json, "usage");
  g_string_append_c (json, '{');
  vlm_json_put_uint64 (json, "prompt_tokens", usage->n_prompt_tokens);
  vlm_json_put_uint64 (json, "vision_tokens", usage->n_vision_tokens);
  vlm_json_put_uint64 (json, "answer_tokens", usage->n_tokens);
  vlm_json_put_uint64 (json, "forced_tokens", usage->n_forced_tokens);
  vlm_json_put_double (json, "vision_ms", usage->vision_s * 1e3, 1);
  vlm_json_put_double (json, "prefill_ms", usage->prefill_s * 1e3, 1);
  vlm_json_put_double (json, "decode_ms", usage->decode_s * 1e3, 1);
  g_string_append_c (json, '}');
}

/**
 * vlm_answer_record_to_json:
 * @record: a record
 *
 * One JSON object on one line, without the line's end, in the form of
 * vlm_event_to_json(). Its `state` is `answer`.
 *
 * Returns: (transfer full): the text, UTF-8
 *
 * Since: 0.1
 */
char *
vlm_answer_record_to_json (const VlmAnswerRecord *record)
{
  GString *json;

  g_return_val_if_fail (record != NULL, NULL);

  json = vlm_json_begin_record (
      VLM_RECORD_TYPE_ANSWER, record->event_uid, record->seq);
  vlm_json_put_string (json, "state", "answer");
  put_said (json, record);
  vlm_json_put_instant (json, "start", &record->start);
  vlm_json_put_instant (json, "end", &record->end);
  put_instant (json, "frame", &record->frame);
  vlm_json_put_string (
      json, "time_source", vlm_time_source_to_string (record->time_source));
  if (record->confidence >= 0.0)
    vlm_json_put_double (json, "confidence", record->confidence, 4);
  if (record->is_cut_off)
    vlm_json_put_boolean (json, "cut_off", TRUE);
  if (VLM_TIME_IS_VALID (record->window.start))
    vlm_json_put_window (json, "window", &record->window);
  put_text (json, "model", record->model);
  put_text (json, "time_basis", record->time_basis);
  if (record->latency_ms >= 0.0)
    vlm_json_put_double (json, "latency_ms", record->latency_ms, 1);
  put_usage (json, &record->usage);
  put_text (json, "stream", record->stream);
  put_text (json, "zone", record->zone);
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}
