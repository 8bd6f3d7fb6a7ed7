/* gst-vlm: records in general, and those that are not events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VLM_RECORD_SCHEMA_VERSION:
 *
 * The `schema_version` of every record. It grows when a field changes its
 * meaning or is removed; new fields and new types of records do not change it.
 *
 * Since: 0.1
 */
#define VLM_RECORD_SCHEMA_VERSION 1

/**
 * VlmRecordType:
 * @VLM_RECORD_TYPE_EVENT: something happened, a #VlmEvent
 * @VLM_RECORD_TYPE_GAP: a span that was not analysed, a #VlmGap
 * @VLM_RECORD_TYPE_CAMERA: something is wrong with the camera, or is no longer,
 *   a #VlmCameraReport
 * @VLM_RECORD_TYPE_TRUTH: a known event of a generated scene, a #VlmEvent
 * @VLM_RECORD_TYPE_ANSWER: a question about a window and its answer, a
 *   #VlmAnswerRecord
 *
 * The type of a record: its field `type`. Readers must ignore unknown types.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_RECORD_TYPE_EVENT,
  VLM_RECORD_TYPE_GAP,
  VLM_RECORD_TYPE_TRUTH,
  VLM_RECORD_TYPE_CAMERA,
  VLM_RECORD_TYPE_ANSWER,
} VlmRecordType;

/**
 * VlmGap:
 * @event_uid: (nullable): unique, also across restarts
 * @seq: grows with every record of its source
 * @reason: why, in one word
 * @start: when it began
 * @end: when it ended
 * @stream: (nullable): id of the stream
 * @n_records: number of records that are missing, 0 if video was not analysed
 *
 * A span of video that was not analysed, or of which records were dropped.
 *
 * Since: 0.1
 */
typedef struct
{
  const char *event_uid;
  guint64 seq;
  const char *reason;
  VlmInstant start;
  VlmInstant end;
  const char *stream;
  guint n_records;
} VlmGap;

/**
 * VlmCameraReport:
 * @event_uid: (nullable): the same when it begins and when it ends, unique, also
 *   across restarts
 * @seq: grows with every record of its source
 * @condition: what is wrong, in one word
 * @begins: %TRUE when it began, %FALSE when it ended
 * @start: when it began
 * @end: when it ended; not known before
 * @time_source: where their UTC comes from
 * @stream: (nullable): id of the stream
 *
 * A problem with the pictures of a camera.
 *
 * Since: 0.1
 */
typedef struct
{
  const char *event_uid;
  guint64 seq;
  const char *condition;
  gboolean begins;
  VlmInstant start;
  VlmInstant end;
  VlmTimeSource time_source;
  const char *stream;
} VlmCameraReport;

VLM_API const char *vlm_record_type_to_string (VlmRecordType type);
VLM_API char *vlm_gap_to_json (const VlmGap *gap);
VLM_API char *vlm_camera_report_to_json (const VlmCameraReport *report);

G_END_DECLS
