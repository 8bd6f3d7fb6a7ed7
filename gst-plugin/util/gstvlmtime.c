/* gst-vlm: the one place where times are mapped
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmtime.h"

#include <math.h>

/* From 1900-01-01, where NTP begins, to 1970-01-01. */
#define NTP_TO_UNIX_S G_GINT64_CONSTANT (2208988800)
/* PTP counts TAI seconds, which are this many ahead of UTC since 2017. */
#define TAI_TO_UTC_S G_GINT64_CONSTANT (37)

typedef struct
{
  GstStaticCaps caps;
  VlmTimeSource source;
  gint64 offset_s;
} Reference;

/* In the order in which they are trusted: what the sender measured first. */
static Reference references[] = {
  { GST_STATIC_CAPS ("timestamp/x-ntp"), VLM_TIME_SOURCE_NTP, NTP_TO_UNIX_S },
  { GST_STATIC_CAPS ("timestamp/x-ptp"), VLM_TIME_SOURCE_PTP, TAI_TO_UTC_S },
  { GST_STATIC_CAPS ("timestamp/x-unix"), VLM_TIME_SOURCE_UNIX, 0 },
};

gint64
gst_vlm_time_from_gst (GstClockTime time)
{
  return GST_CLOCK_TIME_IS_VALID (time) && time <= G_MAXINT64 ? (gint64) time
                                                              : VLM_TIME_NONE;
}

GstClockTime
gst_vlm_time_to_gst (gint64 time)
{
  return VLM_TIME_IS_VALID (time) && time >= 0 ? (GstClockTime) time
                                               : GST_CLOCK_TIME_NONE;
}

gint64
gst_vlm_time_from_seconds (double seconds)
{
  return (gint64) llround (seconds * (double) GST_SECOND);
}

GstClockTime
gst_vlm_time_end (GstClockTime start, GstClockTime duration)
{
  if (!GST_CLOCK_TIME_IS_VALID (start) || !GST_CLOCK_TIME_IS_VALID (duration) ||
      duration >= GST_CLOCK_TIME_NONE - start)
    return start;
  return start + duration;
}

/* The clocks of @frame at @stream_time, which is at most a slot away. A stream
 * that is played faster runs faster than the clock, by @other. */
static VlmInstant
instant_near (const VlmFrame *frame, const VlmFrame *other, gint64 stream_time)
{
  VlmInstant instant = frame->time;
  gint64 distance = vlm_time_since (stream_time, instant.stream_time);
  gint64 between =
      vlm_time_since (other->time.stream_time, instant.stream_time);
  gint64 played = distance;

  if (between != 0 && VLM_TIME_IS_VALID (instant.running_time) &&
      VLM_TIME_IS_VALID (other->time.running_time))
    played = vlm_time_scale (distance,
        (double) vlm_time_since (
            other->time.running_time, instant.running_time) /
            (double) between);
  instant.stream_time = stream_time;
  instant.pts = vlm_time_add (instant.pts, distance);
  instant.running_time = vlm_time_add (instant.running_time, played);
  instant.utc = vlm_time_add (instant.utc, distance);
  return instant;
}

void
gst_vlm_time_of_window (
    const VlmWindow *window, VlmInstant *start, VlmInstant *end)
{
  const VlmFrame *first = window->samples[0].frame;
  const VlmFrame *last = window->samples[window->n_samples - 1].frame;

  *start = instant_near (first, last, window->start);
  *end = instant_near (last, first, window->end);
}

static VlmTimeSource
utc_from_meta (GstBuffer *buffer, gint64 *utc)
{
  for (guint i = 0; i < G_N_ELEMENTS (references); i++) {
    g_autoptr (GstCaps) caps = gst_static_caps_get (&references[i].caps);
    GstReferenceTimestampMeta *meta =
        gst_buffer_get_reference_timestamp_meta (buffer, caps);
    gint64 offset = references[i].offset_s * VLM_SECOND;

    /* A sender that does not know the time counts from its start: such a
     * time is before 1970 and useless. */
    if (meta == NULL || meta->timestamp > G_MAXINT64 ||
        (gint64) meta->timestamp < offset)
      continue;
    *utc = (gint64) meta->timestamp - offset;
    return references[i].source;
  }
  return VLM_TIME_SOURCE_NONE;
}

/* A live source stamps a frame with the running time at which it was taken, so
 * the distance to now on the pipeline's clock is its age. */
static VlmTimeSource
utc_from_clock (GstElement *element, gint64 running_time, gint64 *utc)
{
  gint64 now = gst_vlm_time_now (element);

  if (!VLM_TIME_IS_VALID (running_time) || !VLM_TIME_IS_VALID (now))
    return VLM_TIME_SOURCE_NONE;
  *utc = vlm_time_add (
      g_get_real_time () * 1000, vlm_time_since (running_time, now));
  return VLM_TIME_IS_VALID (*utc) ? VLM_TIME_SOURCE_CLOCK
                                  : VLM_TIME_SOURCE_NONE;
}

gint64
gst_vlm_time_now (GstElement *element)
{
  g_autoptr (GstClock) clock = gst_element_get_clock (element);
  GstClockTime base_time = gst_element_get_base_time (element);
  GstState state;

  GST_OBJECT_LOCK (element);
  state = GST_STATE (element);
  GST_OBJECT_UNLOCK (element);
  /* On the way to PLAYING there is a clock already, but the base time is still
   * 0 or that of the last run. */
  if (state != GST_STATE_PLAYING || clock == NULL ||
      !GST_CLOCK_TIME_IS_VALID (base_time))
    return VLM_TIME_NONE;
  return GST_CLOCK_DIFF (base_time, gst_clock_get_time (clock));
}

VlmTimeSource
gst_vlm_time_of_buffer (GstBuffer *buffer, const GstSegment *segment,
    GstElement *clocked, VlmInstant *instant)
{
  GstClockTime pts = GST_BUFFER_PTS (buffer);
  VlmTimeSource source;

  *instant = (VlmInstant) VLM_INSTANT_NONE;
  instant->pts = gst_vlm_time_from_gst (pts);
  if (segment->format == GST_FORMAT_TIME) {
    instant->running_time = gst_vlm_time_from_gst (
        gst_segment_to_running_time (segment, GST_FORMAT_TIME, pts));
    instant->stream_time = gst_vlm_time_from_gst (
        gst_segment_to_stream_time (segment, GST_FORMAT_TIME, pts));
  }

  source = utc_from_meta (buffer, &instant->utc);
  if (source == VLM_TIME_SOURCE_NONE && clocked != NULL)
    source = utc_from_clock (clocked, instant->running_time, &instant->utc);
  return source;
}

GstClockTime
gst_vlm_time_to_position (const VlmInstant *instant, const GstSegment *segment)
{
  GstClockTime position = GST_CLOCK_TIME_NONE;

  if (VLM_TIME_IS_VALID (instant->running_time)) {
    guint64 distance = 0;
    int sign = gst_segment_position_from_running_time_full (segment,
        GST_FORMAT_TIME, (guint64) MAX (instant->running_time, 0), &distance);

    position = sign > 0 ? distance : segment->start;
  } else if (VLM_TIME_IS_VALID (instant->pts)) {
    position = (GstClockTime) MAX (instant->pts, 0);
  }
  if (!GST_CLOCK_TIME_IS_VALID (position))
    return GST_CLOCK_TIME_NONE;
  /* The last slot of a window may reach beyond the segment's end. */
  if (GST_CLOCK_TIME_IS_VALID (segment->stop))
    position = MIN (position, segment->stop);
  return MAX (position, segment->start);
}
