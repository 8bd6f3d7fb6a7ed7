/* gst-vlm: videos, decoded by GStreamer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <vlm/vlm.h>

/* A part of a video in stream time, ns; 0 for its beginning and its end. */
typedef struct
{
  gint64 start;
  gint64 end;
} ReaderSpan;

/* Both take a file's name, an address, or "-" for standard input, and end with
 * G_IO_ERROR_CANCELLED soon after the cancellable (nullable) is cancelled. */

/* Frames of a video on a grid of @fps a second (lowered if there would be more
 * than 768 frames), upright, resized to the budget of qwen-vl-utils, as one
 * window. (transfer full) */
VlmWindow *reader_load_video (const char *path, const VlmGeometry *geometry,
    double fps, const ReaderSpan *span, const VlmWork *work, GError **error);

/* Passes a whole video, upright, through @filter, as fast as that takes it. Adds
 * a reference to @filter, which is stopped and without a parent at the end. */
gboolean reader_pass_video (const char *path, GstElement *filter,
    GCancellable *cancellable, GError **error);
