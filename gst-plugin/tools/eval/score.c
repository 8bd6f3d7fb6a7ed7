/* gst-vlm: the sums of an evaluation
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/score.h"

#include <math.h>
#include <string.h>

static void
locate_init (EvalLocate *self)
{
  *self = (EvalLocate){ 0 };
  self->start_errors = g_array_new (FALSE, FALSE, sizeof (double));
  self->end_errors = g_array_new (FALSE, FALSE, sizeof (double));
}

void
eval_locate_clear (EvalLocate *self)
{
  g_clear_pointer (&self->start_errors, g_array_unref);
  g_clear_pointer (&self->end_errors, g_array_unref);
}

void
eval_scores_init (EvalScores *self)
{
  *self = (EvalScores){ 0 };
  for (guint i = 0; i < EVAL_N_GROUPS; i++)
    locate_init (&self->query[i]);
  self->judged = g_array_new (FALSE, FALSE, sizeof (EvalJudged));
}

void
eval_scores_clear (EvalScores *self)
{
  for (guint i = 0; i < EVAL_N_GROUPS; i++)
    eval_locate_clear (&self->query[i]);
  g_clear_pointer (&self->judged, g_array_unref);
}

guint
eval_group (const char *label)
{
  return strchr (label, ' ') != NULL ? EVAL_NAMED : EVAL_UNNAMED;
}

void
eval_locate_add_iou (EvalLocate *self, double iou, gboolean answered)
{
  self->n++;
  self->n_answered += answered;
  self->sum_iou += iou;
  self->n_half += iou >= 0.5;
  self->n_seven += iou >= 0.7;
}

void
eval_locate_add_spans (
    EvalLocate *self, const GArray *truth, const GArray *found)
{
  EvalSpan a;
  EvalSpan b;

  eval_locate_add_iou (self, eval_spans_iou (truth, found), found->len > 0);
  if (eval_spans_extent (truth, &a) && eval_spans_extent (found, &b)) {
    double start = fabs (a.start - b.start);
    double end = fabs (a.end - b.end);

    g_array_append_val (self->start_errors, start);
    g_array_append_val (self->end_errors, end);
  }
}

void
eval_right_add (EvalRight *self, double how_right)
{
  self->n++;
  self->sum += how_right;
}

void
eval_absent_add (EvalAbsent *self, const GArray *found)
{
  self->n++;
  self->n_empty += found->len == 0;
}

void
eval_locate_join (const EvalLocate groups[EVAL_N_GROUPS], EvalLocate *sum)
{
  locate_init (sum);
  for (guint i = 0; i < EVAL_N_GROUPS; i++) {
    const EvalLocate *g = &groups[i];

    sum->n += g->n;
    sum->n_answered += g->n_answered;
    sum->sum_iou += g->sum_iou;
    sum->n_half += g->n_half;
    sum->n_seven += g->n_seven;
    if (g->start_errors == NULL)
      continue;
    g_array_append_vals (
        sum->start_errors, g->start_errors->data, g->start_errors->len);
    g_array_append_vals (
        sum->end_errors, g->end_errors->data, g->end_errors->len);
  }
}

void
eval_rate_add (EvalRate *self, const GArray *reference, const GArray *found,
    const GArray *truth)
{
  EvalSpan a;
  EvalSpan b;
  gboolean has_a = eval_spans_extent (reference, &a);
  gboolean has_b = eval_spans_extent (found, &b);

  eval_locate_add_iou (
      &self->locate, eval_spans_iou (truth, found), found->len > 0);
  if (has_a && has_b) {
    self->n_both++;
    self->sum_start += fabs (a.start - b.start);
    self->sum_end += fabs (a.end - b.end);
  } else if (has_a != has_b) {
    self->n_differ++;
  }
}
