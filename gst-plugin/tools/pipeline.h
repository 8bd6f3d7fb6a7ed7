/* gst-vlm: pipelines of GStreamer that end in an appsink
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gst/app/gstappsink.h>

/* One that samples are pulled from. It ends in any case: with the last sample,
 * with an error, or when nothing happens any more. Zero at first. */
typedef struct
{
  GstElement *element; /* of the class GstPipeline */
  GstAppSink *sink;
  GCancellable *cancellable; /* (nullable) */
  gboolean is_address;       /* a server may not answer */
  gboolean is_patient;       /* the writer of a pipe may take any time */
  char *missing;             /* what is not installed, in words */
  const char *verdict;       /* atomic; see pipeline_condemn() */
} Pipeline;

/* Takes ownership of @element, whose appsink is called "sink". @uri (nullable):
 * what it reads. */
void pipeline_init (Pipeline *self, GstElement *element, const char *uri,
    GCancellable *cancellable);
void pipeline_clear (Pipeline *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pipeline, pipeline_clear)

/* Lets it fail with a better reason than GStreamer would report. From any thread;
 * @why must be static. */
void pipeline_condemn (Pipeline *self, const char *why);

gboolean pipeline_set_state (Pipeline *self, GstState state, GError **error);

/* Waits until the last change of its state is done. */
gboolean pipeline_wait (Pipeline *self, GError **error);

/* The next sample, NULL after the last one. */
gboolean pipeline_pull (Pipeline *self, GstSample **sample, GError **error);
