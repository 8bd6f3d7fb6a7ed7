/* gst-vlm: what an evaluation says
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tools/eval/sample.h"
#include "tools/eval/score.h"

/* All that was measured; what was not is NULL or has a count of 0. */
typedef struct
{
  const char *model;
  const char *device;
  guint64 first_seed;
  guint n_scenes;
  double fps;
  EvalCamera camera;
  double seconds;
  guint n_answers;
  guint n_rejected;
  guint n_unreadable;
  guint n_unfit;
  const EvalScores *scores;   /* of the model */
  const EvalScores *baseline; /* of "it is there from the first to the last" */
  const GArray *rates;        /* EvalRate, the reference first */
  const GPtrArray *videos;    /* EvalVideo */
  gboolean has_reliability;   /* print it, too; JSON always has it */
} EvalReport;

/* To stdout. */
void eval_report_print (const EvalReport *report);
/* (transfer full) */
char *eval_report_to_json (const EvalReport *report);
