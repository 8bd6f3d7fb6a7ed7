/* gst-vlm: how near answers are to the truth
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Only arithmetic, no model. Times are seconds. */
#pragma once

#include <glib.h>
#include <vlm/vlm-types.h>

#include "tools/eval/reliability.h"

/* From so much on an event counts as found. */
#define EVAL_MIN_IOU 0.5

typedef struct
{
  double start;
  double end;
} EvalSpan;

typedef struct
{
  double x;
  double y;
} EvalPoint;

typedef struct
{
  EvalSpan span;
  char *label;
  char *description;
  double confidence; /* 0 to 1; 1 for the truth */
} EvalEvent;

GArray *eval_events_new (void);
void eval_events_add (GArray *events, double start, double end,
    const char *label, const char *description);

/* Intersection over union; 0 if both are empty. */
double eval_span_iou (const EvalSpan *a, const EvalSpan *b);
double eval_box_iou (const VlmRect *a, const VlmRect *b);

/* The same, where edges that are no further apart than @collar are equal. */
double
eval_span_iou_within (const EvalSpan *a, const EvalSpan *b, double collar);

/* Sets of spans (GArray of EvalSpan), which may overlap: how long there is one
 * of both, and of one alone. */
typedef struct
{
  double shared;
  double only_a;
  double only_b;
} EvalOverlap;

void
eval_spans_overlap (const GArray *a, const GArray *b, EvalOverlap *overlap);
/* Intersection over union; 1 if both sets are empty. */
double eval_overlap_iou (const EvalOverlap *overlap);
double eval_spans_iou (const GArray *a, const GArray *b);

/* From the first start to the last end; FALSE if there is nothing. */
gboolean eval_spans_extent (const GArray *spans, EvalSpan *extent);

/* The spans of the events with @label, NULL for all. (transfer full) */
GArray *eval_events_spans (const GArray *events, const char *label);

/* A list compared with the true list, one to one, at EVAL_MIN_IOU or more. Events
 * with the same label are paired first, nearest first; then the others, whatever
 * their labels: so a label is wrong only if there is no right one. */
typedef struct
{
  guint n_true;
  guint n_found;
  guint n_right;     /* pairs with the same label */
  guint n_placed;    /* all pairs */
  guint n_described; /* pairs with the same label and description */
  guint n_crowd;     /* true ones among two others or more */
  guint n_crowd_right;
  guint n_brief; /* true ones of 1 to 2 s */
  guint n_brief_right;
} EvalMatches;

/* @judged: (nullable): gets an EvalJudged for each that was found: right if it
 * has a pair with the same label. */
void eval_match_events (
    const GArray *truth, const GArray *found, EvalMatches *sum, GArray *judged);

/* Only by their times: @partners[f] becomes the index of the true span that found
 * span f is paired with, or -1. */
void eval_match_spans (
    const GArray *truth, const GArray *found, double collar, gint *partners);

double eval_precision (const EvalMatches *m);
double eval_recall (const EvalMatches *m);
double eval_f1 (const EvalMatches *m);

/* Points compared with true boxes, one to one, nearest first: how many are in
 * one, over the larger of the two counts. Arrays of VlmRect and of EvalPoint. */
double eval_match_points (const GArray *truth, const GArray *found);

/* Boxes compared with the true ones, one to one, nearest first: the sum of the
 * IoUs over the larger of the two counts. Arrays of VlmRect. */
double eval_match_boxes (const GArray *truth, const GArray *found);

/* The median of a GArray of double, which is sorted in place; 0 if empty. */
double eval_median (GArray *values);
