/* gst-vlm: the fields of an event
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Two schemas: the record that leaves the library (VlmEvent: JSON, comparison,
 * copies and docs/events.md follow the table), and the answer of the model
 * (prompt, grammar and parser follow the names). */
#pragma once

#include <vlm/vlm-event.h>

typedef enum
{
  VLM_FIELD_TYPE, /* VlmRecordType */
  VLM_FIELD_UINT,
  VLM_FIELD_UINT64,
  VLM_FIELD_NUMBER, /* guint64, absent when 0 */
  VLM_FIELD_STATE,
  VLM_FIELD_STRING,  /* absent from JSON when NULL */
  VLM_FIELD_INSTANT, /* an object of the clocks that are known */
  VLM_FIELD_BOOLEAN,
  VLM_FIELD_TIME_SOURCE,
  VLM_FIELD_FRACTION,     /* double, absent when negative, 4 decimals */
  VLM_FIELD_MILLISECONDS, /* double, absent when negative, 1 decimal */
  VLM_FIELD_BOX,          /* [x1, y1, x2, y2], absent without a width */
  VLM_FIELD_WINDOW,
  VLM_FIELD_PROBABILITIES, /* GArray of VlmProbability, absent when NULL */
} VlmFieldKind;

typedef struct
{
  const char *name;
  VlmFieldKind kind;
  gsize offset;        /* in VlmEvent */
  const char *meaning; /* one line for the documentation */
} VlmField;

extern const VlmField vlm_event_fields[];
extern const guint vlm_n_event_fields;

/* The dense event list as Qwen2.5-VL was trained to write it:
 * ```json
 * [
 *     {"start_time": "mm:ss.ff", "end_time": "mm:ss.ff", "description": "…"},
 * ]
 * ``` */
#define VLM_ANSWER_FENCE_OPEN "```json\n"
#define VLM_ANSWER_FENCE_CLOSE "\n```"
#define VLM_ANSWER_START "start_time"
#define VLM_ANSWER_END "end_time"
#define VLM_ANSWER_DESCRIPTION "description"

/* Grounding: {"bbox_2d": [x1, y1, x2, y2], "label": "…"} */
#define VLM_ANSWER_BOX "bbox_2d"
#define VLM_ANSWER_LABEL "label"

/* Points: {"point_2d": [x, y], "label": "…"}; text where it stands: {"bbox_2d":
 * [x1, y1, x2, y2], "text_content": "…"}, or four corners in quad_2d. */
#define VLM_ANSWER_POINT "point_2d"
#define VLM_ANSWER_QUAD "quad_2d"
#define VLM_ANSWER_TEXT "text_content"
