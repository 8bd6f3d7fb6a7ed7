/* gst-vlm: the sparse stream of events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <vlm/vlm-answer-record.h>

G_BEGIN_DECLS

/* In the order in which they are preferred. */
#define GST_VLM_EVENT_PAD_CAPS                                                 \
  "application/x-json; text/x-raw, format = (string) utf8; "                   \
  "application/x-onvif-metadata, parsed = (boolean) true"

#define GST_VLM_TYPE_EVENT_PAD (gst_vlm_event_pad_get_type ())

/* A source pad with a queue and a thread of its own, so that it neither waits
 * for the video branch nor holds it up, whatever is downstream of it. All
 * functions but one queue and return at once; thread-safe.
 *
 * JSON: each record is a line, stamped with the span of its event. Text: the
 * records of an event become cues that join without overlap, so that each is
 * sent as soon as it is known; cues for a text track that shows one at a time
 * wait until they are settled. ONVIF: each record is a document.
 *
 * For a branch that is blocked the newest records are kept; a gap record
 * (`branch-full`) counts the others, in their place. */
G_DECLARE_FINAL_TYPE (
    GstVlmEventPad, gst_vlm_event_pad, GST_VLM, EVENT_PAD, GstPad)

/* A new stream beside the one that @upstream starts. */
void gst_vlm_event_pad_start_stream (GstVlmEventPad *self, GstEvent *upstream);
/* A sticky event that is passed on beside records as JSON, and replaces the one
 * before. */
void gst_vlm_event_pad_set_subjects (GstVlmEventPad *self, GstEvent *subjects);
void
gst_vlm_event_pad_set_segment (GstVlmEventPad *self, const GstSegment *segment);
/* Time has come to @position; events that began before may still come. */
void gst_vlm_event_pad_advance (GstVlmEventPad *self, GstClockTime position);
void gst_vlm_event_pad_add_event (GstVlmEventPad *self, VlmEvent *event);
/* Records that are not events are left out of text. */
void gst_vlm_event_pad_add_gap (GstVlmEventPad *self, const VlmGap *gap);
void gst_vlm_event_pad_add_camera (
    GstVlmEventPad *self, const VlmCameraReport *report);
/* Answers in words are cues, all others are left out of text. */
void
gst_vlm_event_pad_add_answer (GstVlmEventPad *self, VlmAnswerRecord *answer);
/* The size of the video that boxes are in; known before there is a box. */
void gst_vlm_event_pad_set_video_size (
    GstVlmEventPad *self, guint width, guint height);
/* Before the end: waits until downstream has the records, and the current
 * time. A muxer may block on one until the video continues or ends: then it has
 * that one, and the rest comes after it, but no more gaps. */
void gst_vlm_event_pad_hand_on (GstVlmEventPad *self);
/* After all records, like @upstream. */
void gst_vlm_event_pad_end_segment (GstVlmEventPad *self, GstEvent *upstream);
void gst_vlm_event_pad_end (GstVlmEventPad *self);
void gst_vlm_event_pad_flush_start (GstVlmEventPad *self);
void gst_vlm_event_pad_flush_stop (GstVlmEventPad *self, gboolean reset_time);

G_END_DECLS
