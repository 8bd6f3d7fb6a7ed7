/* gst-vlm: the one place where times are mapped
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <vlm/vlm-sampler.h>

G_BEGIN_DECLS

/* The instant of a buffer on all clocks. @clocked: element with the clock of a
 * live pipeline, %NULL if the pipeline's clock does not show when a frame was
 * taken. Returns where the UTC comes from. */
VlmTimeSource gst_vlm_time_of_buffer (GstBuffer *buffer,
    const GstSegment *segment, GstElement *clocked, VlmInstant *instant);

/* Where @instant is in @segment: by its running time, which outlives
 * segments, or else by its timestamp; never before the segment's start.
 * GST_CLOCK_TIME_NONE if it has neither. */
GstClockTime
gst_vlm_time_to_position (const VlmInstant *instant, const GstSegment *segment);

/* The present running time of @element, or VLM_TIME_NONE if it has no clock or
 * does not play. */
gint64 gst_vlm_time_now (GstElement *element);

/* Between times of GStreamer and ours. */
gint64 gst_vlm_time_from_gst (GstClockTime time);
GstClockTime gst_vlm_time_to_gst (gint64 time);

/* Seconds as nanoseconds, rounded. */
gint64 gst_vlm_time_from_seconds (double seconds);

/* Start and end of @window on the clocks of its frames. */
void gst_vlm_time_of_window (
    const VlmWindow *window, VlmInstant *start, VlmInstant *end);

/* Where a span ends that begins at @start; both may be GST_CLOCK_TIME_NONE. */
GstClockTime gst_vlm_time_end (GstClockTime start, GstClockTime duration);

G_END_DECLS
