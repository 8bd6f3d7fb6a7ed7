/* gst-vlm: records in general, and those that are not events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-record.h>

#include "events/record-json.h"

/**
 * vlm_record_type_to_string:
 * @type: a type of records
 *
 * Names a type of records.
 *
 * Returns: (transfer none): its name, as in JSON
 *
 * Since: 0.1
 */
const char *
vlm_record_type_to_string (VlmRecordType type)
{
  static const char *const names[] = { "event", "gap", "truth", "camera",
    "answer" };

  g_return_val_if_fail ((guint) type < G_N_ELEMENTS (names), "event");
  return names[type];
}

/**
 * vlm_gap_to_json:
 * @gap: a span that was not analysed
 *
 * One JSON object on one line, without the line's end, in the form of
 * vlm_event_to_json(). Its `state` is `gap`.
 *
 * Returns: (transfer full): the text, UTF-8
 *
 * Since: 0.1
 */
char *
vlm_gap_to_json (const VlmGap *gap)
{
  GString *json;

  g_return_val_if_fail (gap != NULL && gap->reason != NULL, NULL);

  json = vlm_json_begin_record (VLM_RECORD_TYPE_GAP, gap->event_uid, gap->seq);
  vlm_json_put_string (json, "state", "gap");
  vlm_json_put_string (json, "reason", gap->reason);
  if (gap->n_records > 0)
    vlm_json_put_uint64 (json, "records", gap->n_records);
  vlm_json_put_instant (json, "start", &gap->start);
  vlm_json_put_instant (json, "end", &gap->end);
  if (gap->stream != NULL)
    vlm_json_put_string (json, "stream", gap->stream);
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}

/**
 * vlm_camera_report_to_json:
 * @report: what is wrong with a camera
 *
 * One JSON object on one line, without the line's end, in the form of
 * vlm_event_to_json().
 *
 * Returns: (transfer full): the text, UTF-8
 *
 * Since: 0.1
 */
char *
vlm_camera_report_to_json (const VlmCameraReport *report)
{
  GString *json;

  g_return_val_if_fail (report != NULL && report->condition != NULL, NULL);

  json = vlm_json_begin_record (
      VLM_RECORD_TYPE_CAMERA, report->event_uid, report->seq);
  vlm_json_put_string (json, "state", report->begins ? "begin" : "end");
  vlm_json_put_string (json, "condition", report->condition);
  vlm_json_put_instant (json, "start", &report->start);
  if (VLM_TIME_IS_VALID (report->end.stream_time))
    vlm_json_put_instant (json, "end", &report->end);
  vlm_json_put_string (
      json, "time_source", vlm_time_source_to_string (report->time_source));
  if (report->stream != NULL)
    vlm_json_put_string (json, "stream", report->stream);
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}
