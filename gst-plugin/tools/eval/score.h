/* gst-vlm: the sums of an evaluation
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tools/eval/metrics.h"

/* How well something that is there was found. The arrays are those of queries;
 * boxes have none. */
typedef struct
{
  guint n;
  guint n_answered; /* with anything at all */
  double sum_iou;
  guint n_half;         /* IoU of 0.5 or more */
  guint n_seven;        /* of 0.7 or more */
  GArray *start_errors; /* s, of those that were answered */
  GArray *end_errors;
} EvalLocate;

/* How often nothing was found where nothing is. */
typedef struct
{
  guint n;
  guint n_empty;
} EvalAbsent;

/* Answers that are right or wrong, or partly right. */
typedef struct
{
  guint n;
  double sum; /* 1 for each that is right */
} EvalRight;

enum
{
  EVAL_NAMED,
  EVAL_UNNAMED,
  EVAL_N_GROUPS
};

/* One contender: the model, or a baseline that always answers the same. */
typedef struct
{
  EvalLocate query[EVAL_N_GROUPS];
  EvalAbsent absent;
  EvalMatches events;
  EvalLocate boxes[EVAL_N_GROUPS];
  EvalAbsent absent_box;
  EvalRight yes; /* about true statements */
  EvalRight no;  /* about false ones */
  EvalRight points;
  EvalAbsent absent_point;
  EvalRight count; /* of everything, and of one label */
  GArray *judged;  /* EvalJudged: the events of lists */
} EvalScores;

void eval_scores_init (EvalScores *scores);
void eval_scores_clear (EvalScores *scores);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EvalScores, eval_scores_clear)

guint eval_group (const char *label);
void eval_locate_add_spans (
    EvalLocate *locate, const GArray *truth, const GArray *found);
void eval_locate_add_iou (EvalLocate *locate, double iou, gboolean answered);
void eval_right_add (EvalRight *right, double how_right);
void eval_absent_add (EvalAbsent *absent, const GArray *found);

/* The groups together. Errors are sorted in place. (caller clears) */
void eval_locate_join (const EvalLocate groups[EVAL_N_GROUPS], EvalLocate *sum);
void eval_locate_clear (EvalLocate *locate);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EvalLocate, eval_locate_clear)

/* One rate, compared with the answers at the reference, the first one. */
typedef struct
{
  double fps;
  EvalLocate locate;
  guint n_both;     /* answered at this rate and at the reference's */
  guint n_differ;   /* answered at one of the two only */
  double sum_start; /* s, of n_both */
  double sum_end;
} EvalRate;

void eval_rate_add (EvalRate *rate, const GArray *reference,
    const GArray *found, const GArray *truth);
