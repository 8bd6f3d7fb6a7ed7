/* gst-vlm: a model evaluated on videos that somebody labelled
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "tools/eval/footage.h"

/* One video, and the events that were reported for it. */
typedef struct
{
  char *path;
  GPtrArray *readings; /* EvalReading */
  GArray *sightings;   /* EvalSighting: of the model */
  GArray *moves;       /* the same: when something moved */
  double duration;     /* of all windows, s */
  guint n_windows;
  guint n_failed;  /* of them */
  guint n_skipped; /* not among them: nothing moves, or nothing at a glance */
  guint n_glances; /* with refine=true */
  guint n_frames;  /* that were sampled */
} EvalVideo;

/* Reads the labels that match @query (nullable), but not the video.
 * (transfer full) */
EvalVideo *eval_video_new (
    const char *path, const char *labels, const char *query, GError **error);
void eval_video_free (EvalVideo *video);

/* Runs the video through a vlmevents with boxes and with @settings: `NAME=VALUE`
 * of its properties, the last of each counts. */
gboolean eval_video_run (EvalVideo *video, char *const *settings,
    GCancellable *cancellable, GError **error);
