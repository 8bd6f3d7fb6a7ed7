/* gst-vlm: what happened, where and when
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include <vlm/vlm-record.h>

G_BEGIN_DECLS

/**
 * VlmEventState:
 * @VLM_EVENT_STATE_BEGIN: seen for the first time
 * @VLM_EVENT_STATE_UPDATE: something about it changed
 * @VLM_EVENT_STATE_END: it is over; the last record of this event
 *
 * State in the life cycle of an event. Each event has one record with `begin`,
 * any number with `update` and one with `end`, in this order.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_EVENT_STATE_BEGIN,
  VLM_EVENT_STATE_UPDATE,
  VLM_EVENT_STATE_END,
} VlmEventState;

/**
 * VlmEventWindow:
 * @start: stream time of the window's start, ns
 * @end: stream time of the window's end, ns
 * @n_frames: frames the model saw
 * @fps: sampled frames a second
 * @width: of the frames the model saw
 * @height: of the frames the model saw
 *
 * The window in which an event was found.
 *
 * Since: 0.1
 */
typedef struct
{
  gint64 start;
  gint64 end;
  guint n_frames;
  double fps;
  guint width;
  guint height;
} VlmEventWindow;

/**
 * VlmProbability:
 * @stream_time: end of the window, ns
 * @probability: probability of yes, relative to yes and no; 0 to 1
 * @mass: probability that the model answers yes or no at all; if it is small,
 *   @probability means nothing
 *
 * The probability of a condition in one window.
 *
 * Since: 0.1
 */
typedef struct
{
  gint64 stream_time;
  double probability;
  double mass;
} VlmProbability;

#define VLM_TYPE_EVENT (vlm_event_get_type ())

/**
 * VlmEvent:
 * @type: %VLM_RECORD_TYPE_EVENT, or %VLM_RECORD_TYPE_TRUTH
 * @schema_version: %VLM_RECORD_SCHEMA_VERSION
 * @event_uid: (nullable): the same in all records of this event, never that of
 *   another one, also across restarts; set by the element that emits it
 * @seq: grows with each record of that element; 0 before it is emitted
 * @id: stable over the life of the event, unique in the stream
 * @state: begin, update or end
 * @label: (nullable): short name of what it is about
 * @description: what happened, in words
 * @start: when it began
 * @end: when it ended; the last moment it was seen while @ongoing
 * @ongoing: it had not ended when the window did
 * @time_source: where the UTC times come from
 * @confidence: 0 to 1, from the token probabilities; -1 when unknown
 * @bbox: where it was, in pixels of the source frame; width 0 for nowhere
 * @bbox_time: the frame in which @bbox was found
 * @box_space: (nullable): the unit assumed for the model's box: `pixels` of
 *   the picture it saw, or `thousandths`; @bbox itself is in pixels of the
 *   source
 * @query: (nullable): the query this answers
 * @query_version: of the questions it answers, see #VlmQuestions; 0 for none
 * @condition: (nullable): name of the condition that holds, see #VlmQuestions
 * @probability: of the condition, in @window; -1 where there is none
 * @mass: as in #VlmProbability, in @window; -1 where there is none
 * @probabilities: (nullable) (element-type VlmProbability): of the condition in
 *   the last windows, the newest one at the end; never changed
 * @located: (nullable): of a condition: which of its times the model found
 *   within a window, `start`, `end` or `both`; the others are those of windows
 * @window: the window in which it was found
 * @model: (nullable): name of the model
 * @time_basis: (nullable): how the model learned the times: `mrope`,
 *   `frame-metadata` or `text`
 * @latency_ms: from the end of the window to the event, -1 when unknown
 * @stream: (nullable): id of the stream
 * @zone: (nullable): name of the part of the picture that was analysed
 * @snapshot: (nullable): a picture of its start: the path of a JPEG file, or a
 *   `data:` URI
 *
 * One event. Reference counted; immutable once it is shared.
 *
 * Since: 0.1
 */
typedef struct
{
  VlmRecordType type;
  guint schema_version;
  char *event_uid;
  guint64 seq;
  guint64 id;
  VlmEventState state;
  char *label;
  char *description;
  VlmInstant start;
  VlmInstant end;
  gboolean ongoing;
  VlmTimeSource time_source;
  double confidence;
  VlmRect bbox;
  VlmInstant bbox_time;
  char *box_space;
  char *query;
  guint64 query_version;
  char *condition;
  double probability;
  double mass;
  GArray *probabilities;
  char *located;
  VlmEventWindow window;
  char *model;
  char *time_basis;
  double latency_ms;
  char *stream;
  char *zone;
  char *snapshot;
} VlmEvent;

VLM_API GType vlm_event_get_type (void) G_GNUC_CONST;
VLM_API VlmEvent *vlm_event_new (void);
VLM_API VlmEvent *vlm_event_ref (VlmEvent *event);
VLM_API void vlm_event_unref (VlmEvent *event);
VLM_API VlmEvent *vlm_event_copy (const VlmEvent *event);
VLM_API gboolean vlm_event_equal (const VlmEvent *a, const VlmEvent *b);
VLM_API char *vlm_event_to_json (const VlmEvent *event);
VLM_API char *vlm_instant_to_json (const VlmInstant *instant);
VLM_API char *vlm_event_to_text (const VlmEvent *event);
VLM_API const char *vlm_event_state_to_string (VlmEventState state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmEvent, vlm_event_unref)

G_END_DECLS
