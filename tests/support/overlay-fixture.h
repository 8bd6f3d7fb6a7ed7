/* gst-vlm: a vlmoverlay in a harness
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <vlm/vlm-event.h>

G_BEGIN_DECLS

typedef struct
{
  GstHarness *harness;
  GstElement *element;
  GstVideoInfo info;
} OverlayFixture;

/* Frames of @format, 30 a second. */
void overlay_fixture_init (
    OverlayFixture *f, GstVideoFormat format, int width, int height);
void overlay_fixture_set_size (OverlayFixture *f, int width, int height);
void overlay_fixture_clear (OverlayFixture *f);

/* A frame with a pattern that is different everywhere. @pts: also stream time */
GstBuffer *overlay_fixture_make_frame (OverlayFixture *f, gint64 pts);

/* An event from @start to @end, known as @state. @box: (nullable) */
VlmEvent *overlay_make_event (guint64 id, VlmEventState state,
    const char *label, gint64 start, gint64 end, const VlmRect *box);
/* Puts @event on @buffer, alone. Takes ownership of it. */
void overlay_attach_event (GstBuffer *buffer, VlmEvent *event);
void overlay_attach_events (GstBuffer *buffer, GPtrArray *events);

/* Four events in all states, with boxes, as they stand at @now. */
GPtrArray *overlay_make_scene (const GstVideoInfo *info, gint64 now);

/* The pixels of @area that differ between @a and @b, in per cent. */
double overlay_get_change (
    const GstVideoInfo *info, GstBuffer *a, GstBuffer *b, VlmRect area);

G_END_DECLS
