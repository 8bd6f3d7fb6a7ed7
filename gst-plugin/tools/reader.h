/* gst-vlm: videos, decoded by GStreamer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm.h>

/* A part of a video in stream time, ns; 0 for its beginning and its end. */
typedef struct
{
  gint64 start;
  gint64 end;
} ReaderSpan;

/* Both take a file's name, an address, or "-" for standard input, and end with
 * G_IO_ERROR_CANCELLED soon after the cancellable (nullable) is. */

/* Frames of a video on a grid of @fps a second (lowered where the whole would
 * be more than 768 frames), upright, resized to the budget of qwen-vl-utils, as
 * one window. (transfer full) */
VlmWindow *reader_load_video (const char *path, const VlmGeometry *geometry,
    double fps, const ReaderSpan *span, const VlmWork *work, GError **error);

/* Windows on a video. */
typedef struct
{
  double fps;
  gint64 window; /* ns */
  gint64 hop;    /* 0 for the window */
  VlmVideoLimits limits;
} ReaderWindows;

typedef gboolean (*ReaderWindowFunc) (
    const VlmWindow *window, gpointer user_data, GError **error);

/* A video of any length in windows as vlmevents makes them, each given to
 * @on_window as soon as it is complete; FALSE from there ends it. */
gboolean reader_watch_video (const char *path, const VlmGeometry *geometry,
    const ReaderWindows *windows, GCancellable *cancellable,
    ReaderWindowFunc on_window, gpointer user_data, GError **error);
