/* gst-vlm: the tasks of an evaluation
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tools/eval/asker.h"
#include "tools/eval/report.h"

/* Called after each of @n scenes. */
typedef void (*EvalProgressFunc) (guint i, guint n);

typedef struct
{
  guint64 first_seed;
  guint n_scenes;
  double fps;
  EvalCamera camera;
  GCancellable *cancellable;
  EvalProgressFunc progress;
} EvalRun;

/* For each scene: one label that is there, one that is not, everything that
 * happens, and the same two labels on a picture. */
gboolean eval_run_scenes (EvalAsker *asker, const EvalRun *run,
    EvalScores *scores, EvalScores *baseline, GError **error);

/* The label that is there, at each of @rates (array of EvalRate with fps set, the
 * reference first), in scenes of up to @longest s. */
gboolean eval_run_rates (EvalAsker *asker, const EvalRun *run, double longest,
    GArray *rates, GError **error);
