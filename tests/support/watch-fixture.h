/* gst-vlm: a vlmevents in a harness, with an analyzer of ours
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include "support/fake-analyzer.h"

G_BEGIN_DECLS

/* 64x48 RGB frames; windows of 2 s every second, at 2 fps. */
typedef struct
{
  GstHarness *harness;
  GstElement *element;
  FakeAnalyzer *fake;
  GstBus *bus;
} WatchFixture;

/* Properties and the script can be set now ... */
void watch_fixture_init (WatchFixture *f);
/* ... and from now on the element plays. */
void watch_fixture_start (WatchFixture *f, gboolean live);
/* Until the element says that the analyzer is loaded. */
void watch_fixture_wait_loaded (WatchFixture *f);
/* Stops the element and frees everything. */
void watch_fixture_clear (WatchFixture *f);

GstBuffer *
watch_fixture_make_frame (GstClockTime pts, GstClockTime duration, guint8 luma);
GstFlowReturn
watch_fixture_push (WatchFixture *f, GstClockTime pts, GstClockTime duration);
/* Frames of @fps from @start to before @end; all must pass. */
void watch_fixture_push_span (
    WatchFixture *f, GstClockTime start, GstClockTime end, guint fps);
/* EOS, which must pass. */
void watch_fixture_finish (WatchFixture *f);
guint64 watch_fixture_get_stat (WatchFixture *f, const char *name);

/* The next message of @type, and of @name if not NULL; NULL if there is none
 * within ten seconds, or, if @wait is FALSE, by now. */
GstMessage *watch_fixture_pop_message (
    WatchFixture *f, GstMessageType type, const char *name, gboolean wait);

/* JSON without the UUID of the run, which is another one each time. Takes
 * ownership of @json. */
char *watch_drop_run (char *json);

/* Plays a pipeline of its own to EOS, which must come without an error, and
 * stops it. */
void watch_play_to_end (GstElement *pipeline);

G_END_DECLS
