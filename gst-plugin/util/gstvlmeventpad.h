/* gst-vlm: the sparse stream of events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <vlm/vlm-event.h>

G_BEGIN_DECLS

/* In the order in which they are preferred. */
#define GST_VLM_EVENT_PAD_CAPS                                                 \
  "application/x-json; text/x-raw, format = (string) utf8"

#define GST_VLM_TYPE_EVENT_PAD (gst_vlm_event_pad_get_type ())

/* A source pad with a queue and a thread of its own, so that it neither waits
 * for the video branch nor holds it up, whatever stands behind it. The
 * functions queue and return at once, save one; thread-safe.
 *
 * JSON: each record is a line, stamped with the span of its event. Text: the
 * records of an event become cues that join without overlap, so that each is on
 * its way as soon as it is known.
 *
 * A branch that stands still is kept the newest records; a gap record
 * (`branch-full`) counts the others, in their place. */
G_DECLARE_FINAL_TYPE (
    GstVlmEventPad, gst_vlm_event_pad, GST_VLM, EVENT_PAD, GstPad)

/* A new stream beside the one that @upstream starts. */
void gst_vlm_event_pad_start_stream (GstVlmEventPad *self, GstEvent *upstream);
void
gst_vlm_event_pad_set_segment (GstVlmEventPad *self, const GstSegment *segment);
/* Time has come to @position; events that began before may still come. */
void gst_vlm_event_pad_advance (GstVlmEventPad *self, GstClockTime position);
void gst_vlm_event_pad_add_event (GstVlmEventPad *self, VlmEvent *event);
/* A line of JSON that is no event; left out of text. @event_uid and @seq are
 * those in it. */
void gst_vlm_event_pad_add_note (GstVlmEventPad *self, const char *json,
    const char *event_uid, guint64 seq, const VlmInstant *start,
    const VlmInstant *end);
/* Before the end: waits until downstream has the records, and was told how far
 * time has come. A muxer may keep one until the video goes on or ends: that one
 * it has, and the rest comes after it, but no more gaps. */
void gst_vlm_event_pad_hand_on (GstVlmEventPad *self);
/* After all records, as @upstream says. */
void gst_vlm_event_pad_end_segment (GstVlmEventPad *self, GstEvent *upstream);
void gst_vlm_event_pad_end (GstVlmEventPad *self);
void gst_vlm_event_pad_flush_start (GstVlmEventPad *self);
void gst_vlm_event_pad_flush_stop (GstVlmEventPad *self, gboolean reset_time);

G_END_DECLS
