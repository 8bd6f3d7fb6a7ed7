/* gst-vlm: the fields of an event
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/event-schema.h"

#define FIELD(name, kind, meaning)                                             \
  {                                                                            \
#name, VLM_FIELD_##kind, G_STRUCT_OFFSET(VlmEvent, name), meaning          \
  }

const VlmField vlm_event_fields[] = {
  FIELD (type, TYPE, "`event`; `truth` in the records of `vlmtestsrc`"),
  FIELD (schema_version, UINT, "of the records, 1"),
  FIELD (event_uid, STRING,
      "the same in all records of one event, never that of another one, also "
      "across restarts"),
  FIELD (seq, NUMBER,
      "grows with each record of its element; with `event_uid` it names the "
      "record"),
  FIELD (id, UINT64, "stable over the life of the event, unique in its stream"),
  FIELD (state, STATE, "`begin`, `update` or `end`"),
  FIELD (label, STRING, "short name of what it is about"),
  FIELD (description, STRING, "what happened, in words"),
  FIELD (start, INSTANT, "when it began"),
  FIELD (end, INSTANT, "when it ended; last seen, while `ongoing`"),
  FIELD (ongoing, BOOLEAN, "it had not ended when the window did"),
  FIELD (time_source, TIME_SOURCE,
      "where `utc` comes from: `ntp`, `unix`, `ptp`, `clock` or `none`"),
  FIELD (confidence, FRACTION, "0 to 1, from the token probabilities"),
  FIELD (bbox, BOX, "[x1, y1, x2, y2] in pixels of the source frame"),
  FIELD (bbox_time, INSTANT, "the frame in which `bbox` was found"),
  FIELD (box_space, STRING,
      "unit in which the model's own box was read before it was converted to "
      "`bbox`: `pixels` of the frame that the model saw, or `thousandths` of "
      "it"),
  FIELD (query, STRING, "the query this answers"),
  FIELD (query_version, NUMBER,
      "of the questions it answers: grows when they are changed"),
  FIELD (condition, STRING, "name of the condition that holds"),
  FIELD (probability, FRACTION, "of the condition, in `window`; 0 to 1"),
  FIELD (mass, FRACTION,
      "probability that the model says yes or no at all; if it is small, "
      "`probability` means nothing"),
  FIELD (probabilities, PROBABILITIES,
      "of the condition in the last windows, the newest one at the end"),
  FIELD (located, STRING,
      "of a condition: which of its times the model found within a window, "
      "`start`, `end` or `both`; the others are those of windows"),
  FIELD (window, WINDOW, "the span of video that the model looked at"),
  FIELD (model, STRING, "name of the model"),
  FIELD (time_basis, STRING,
      "how the model learnt the times: `mrope` (by their positions), "
      "`frame-metadata` (by the time of each frame) or `text` (in words)"),
  FIELD (latency_ms, MILLISECONDS,
      "from the end of the window to the event, on live streams"),
  FIELD (stream, STRING, "id of the stream"),
  FIELD (zone, STRING, "name of the part of the picture that was analysed"),
  FIELD (snapshot, STRING,
      "a picture of its start: the path of a JPEG file, or a `data:` URI"),
};

const guint vlm_n_event_fields = G_N_ELEMENTS (vlm_event_fields);
