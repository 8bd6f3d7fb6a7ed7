/* gst-vlm: how well a model's confidence separates right from wrong
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* One report, compared with the truth. */
typedef struct
{
  double confidence; /* 0 to 1; less than 0 if it is not known */
  gboolean right;
} EvalJudged;

#define EVAL_N_BINS 10

/* Reports of one tenth of the confidences; the last one has 1, too. */
typedef struct
{
  double from;
  double to;
  guint n;
  guint n_right;
  double sum; /* of the confidences */
} EvalBin;

typedef struct
{
  EvalBin bins[EVAL_N_BINS];
  guint n;
  guint n_right;
  /* How probable it is that a right report has more confidence than a wrong one,
   * equal ones counting half: the area under the ROC curve. -1 where all are
   * right or all are wrong. */
  double auc;
  /* The least confidence that is worth reporting: F1 is best if reports with less
   * are left out. 0 if nothing should be left out. */
  double best_from;
  double best_f1;
} EvalReliability;

/* @judged: array of EvalJudged; those of unknown confidence do not count.
 * @n_true: what there was to be found. */
void eval_reliability (
    const GArray *judged, guint n_true, EvalReliability *reliability);
