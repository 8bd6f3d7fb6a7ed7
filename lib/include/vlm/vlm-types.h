/* gst-vlm: common types
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#if defined(__GNUC__)
#define VLM_API __attribute__ ((visibility ("default"))) extern
#else
#define VLM_API extern
#endif

/**
 * VLM_TIME_NONE:
 *
 * A time that is not known. All times are nanoseconds in #gint64.
 *
 * Since: 0.1
 */
#define VLM_TIME_NONE G_MININT64

/**
 * VLM_TIME_IS_VALID:
 * @t: a time, ns
 *
 * Whether a time is known.
 *
 * Since: 0.1
 */
#define VLM_TIME_IS_VALID(t) ((t) != VLM_TIME_NONE)

/**
 * VLM_SECOND:
 *
 * A second in ns.
 *
 * Since: 0.1
 */
#define VLM_SECOND G_GINT64_CONSTANT (1000000000)

/**
 * VlmTimeSource:
 * @VLM_TIME_SOURCE_NONE: there is no UTC time
 * @VLM_TIME_SOURCE_CLOCK: the pipeline's clock, read when the frame passed
 * @VLM_TIME_SOURCE_NTP: a sender's NTP time (RTCP sender reports)
 * @VLM_TIME_SOURCE_UNIX: a Unix time carried with the stream
 * @VLM_TIME_SOURCE_PTP: a PTP clock
 *
 * Where the UTC of a #VlmInstant comes from.
 *
 * Since: 0.1
 */
typedef enum
{
  VLM_TIME_SOURCE_NONE,
  VLM_TIME_SOURCE_CLOCK,
  VLM_TIME_SOURCE_NTP,
  VLM_TIME_SOURCE_UNIX,
  VLM_TIME_SOURCE_PTP,
} VlmTimeSource;

/**
 * VlmInstant:
 * @pts: presentation timestamp of the buffer, ns
 * @running_time: running time, ns
 * @stream_time: stream time, ns
 * @utc: nanoseconds since 1970-01-01T00:00:00Z
 *
 * One moment on the four clocks of a pipeline; any may be %VLM_TIME_NONE.
 *
 * Since: 0.1
 */
typedef struct
{
  gint64 pts;
  gint64 running_time;
  gint64 stream_time;
  gint64 utc;
} VlmInstant;

/**
 * VLM_INSTANT_NONE:
 *
 * Initialiser of a #VlmInstant of which no clock is known.
 *
 * Since: 0.1
 */
#define VLM_INSTANT_NONE                                                       \
  {                                                                            \
    VLM_TIME_NONE, VLM_TIME_NONE, VLM_TIME_NONE, VLM_TIME_NONE                 \
  }

/**
 * VlmRect:
 * @x: left edge
 * @y: top edge
 * @width: width, 0 for "no box"
 * @height: height
 *
 * A box in pixels of the source frame.
 *
 * Since: 0.1
 */
typedef struct
{
  gint x;
  gint y;
  gint width;
  gint height;
} VlmRect;

/**
 * VlmGeometry:
 * @patch_size: side of a patch in pixels (14)
 * @merge_size: patches a side that merge into one token (2)
 * @temporal_patch_size: frames in one slice (2)
 * @image_min_pixels: smallest area of a resized image
 * @image_max_pixels: largest area of a resized image
 * @video_min_pixels: smallest area of a frame of video, 0 for that of
 *   qwen-vl-utils (128 tokens)
 * @video_max_pixels: largest area of a frame of video, 0 for that of
 *   qwen-vl-utils (768 tokens)
 *
 * Requirements of a model for pictures; frame sides are multiples of
 * @patch_size * @merge_size.
 *
 * Since: 0.1
 */
typedef struct
{
  guint patch_size;
  guint merge_size;
  guint temporal_patch_size;
  guint64 image_min_pixels;
  guint64 image_max_pixels;
  guint64 video_min_pixels;
  guint64 video_max_pixels;
} VlmGeometry;

VLM_API const char *vlm_time_source_to_string (VlmTimeSource source);

VLM_API gint64 vlm_time_add (gint64 time, gint64 distance);
VLM_API gint64 vlm_time_since (gint64 time, gint64 before);
VLM_API guint64 vlm_time_distance (gint64 a, gint64 b);
VLM_API gint64 vlm_time_scale (gint64 distance, double factor);

G_END_DECLS
