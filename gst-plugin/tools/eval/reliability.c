/* gst-vlm: how well a model's confidence separates right from wrong
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/reliability.h"

#include <math.h>

static gint
compare_confidence (gconstpointer a, gconstpointer b)
{
  double x = ((const EvalJudged *) a)->confidence;
  double y = ((const EvalJudged *) b)->confidence;

  return (x > y) - (x < y);
}

static GArray *
sort_known (const GArray *judged)
{
  GArray *known = g_array_new (FALSE, FALSE, sizeof (EvalJudged));

  for (guint i = 0; i < judged->len; i++) {
    EvalJudged one = g_array_index (judged, EvalJudged, i);

    if (one.confidence >= 0.0)
      g_array_append_val (known, one);
  }
  g_array_sort (known, compare_confidence);
  return known;
}

static void
fill_bins (const GArray *known, EvalReliability *self)
{
  for (guint i = 0; i < EVAL_N_BINS; i++) {
    self->bins[i].from = (double) i / EVAL_N_BINS;
    self->bins[i].to = (double) (i + 1) / EVAL_N_BINS;
  }
  for (guint i = 0; i < known->len; i++) {
    const EvalJudged *one = &g_array_index (known, EvalJudged, i);
    guint at = (guint) (one->confidence * EVAL_N_BINS);
    EvalBin *bin = &self->bins[MIN (at, EVAL_N_BINS - 1)];

    bin->n++;
    bin->n_right += one->right;
    bin->sum += one->confidence;
    self->n_right += one->right;
  }
  self->n = known->len;
}

/* How many of the pairs of a right and a wrong report are in order; reports of
 * equal confidence are one group. */
static double
find_auc (const GArray *known, guint n_right)
{
  guint n_wrong = known->len - n_right;
  guint below = 0; /* wrong ones of less confidence */
  double in_order = 0.0;

  if (n_right == 0 || n_wrong == 0)
    return -1.0;
  for (guint i = 0; i < known->len;) {
    const EvalJudged *first = &g_array_index (known, EvalJudged, i);
    guint right = 0;
    guint wrong = 0;

    for (; i < known->len &&
         compare_confidence (first, &g_array_index (known, EvalJudged, i)) == 0;
         i++) {
      right += g_array_index (known, EvalJudged, i).right;
      wrong += !g_array_index (known, EvalJudged, i).right;
    }
    in_order += right * (below + wrong / 2.0);
    below += wrong;
  }
  return in_order / ((double) n_right * n_wrong);
}

/* All reports before the first one that is kept are left out. */
static void
find_best (const GArray *known, guint n_true, EvalReliability *self)
{
  guint n_right = self->n_right;

  self->best_f1 = 0.0;
  for (guint i = 0; i < known->len; i++) {
    const EvalJudged *one = &g_array_index (known, EvalJudged, i);
    double f1 = 2.0 * n_right / MAX (known->len - i + n_true, 1);
    gboolean is_first = i == 0 || one[-1].confidence < one->confidence;

    if (is_first && f1 > self->best_f1) {
      self->best_f1 = f1;
      /* down to two digits, so that all that are kept stay above it */
      self->best_from = i > 0 ? floor (one->confidence * 100.0) / 100.0 : 0.0;
    }
    n_right -= one->right;
  }
}

void
eval_reliability (
    const GArray *judged, guint n_true, EvalReliability *reliability)
{
  g_autoptr (GArray) known = sort_known (judged);

  *reliability = (EvalReliability){ 0 };
  fill_bins (known, reliability);
  reliability->auc = find_auc (known, reliability->n_right);
  find_best (known, n_true, reliability);
}
