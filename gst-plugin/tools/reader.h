/* gst-vlm: pictures and video files, decoded by GStreamer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm.h>

/* Both end with G_IO_ERROR_CANCELLED soon after @cancellable (nullable) is. */

/* A still image, resized as the model's processor does. (transfer full) */
VlmFrame *reader_load_image (const char *path, const VlmGeometry *geometry,
    GCancellable *cancellable, GError **error);

/* Frames of a video on a grid of @fps a second (lowered where the whole would
 * be more than 768 frames), resized to the budget of qwen-vl-utils, as one
 * window. (transfer full) */
VlmWindow *reader_load_video (const char *path, const VlmGeometry *geometry,
    double fps, GCancellable *cancellable, VlmProgressFunc progress,
    gpointer user_data, GError **error);

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
