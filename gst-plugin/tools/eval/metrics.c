/* gst-vlm: how near answers are to the truth
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/metrics.h"

#include <math.h>

#include <string.h>

static void
event_clear (gpointer data)
{
  EvalEvent *event = data;

  g_free (event->label);
  g_free (event->description);
}

GArray *
eval_events_new (void)
{
  GArray *events = g_array_new (FALSE, TRUE, sizeof (EvalEvent));

  g_array_set_clear_func (events, event_clear);
  return events;
}

void
eval_events_add (GArray *events, double start, double end, const char *label,
    const char *description)
{
  EvalEvent event = { { start, end }, g_strdup (label), g_strdup (description),
    1.0 };

  g_array_append_val (events, event);
}

double
eval_span_iou (const EvalSpan *a, const EvalSpan *b)
{
  double shared = MIN (a->end, b->end) - MAX (a->start, b->start);
  double both;

  shared = MAX (shared, 0.0);
  both = (a->end - a->start) + (b->end - b->start) - shared;
  return both > 0.0 ? shared / both : 0.0;
}

double
eval_span_iou_within (const EvalSpan *a, const EvalSpan *b, double collar)
{
  EvalSpan moved = *b;

  if (fabs (b->start - a->start) <= collar)
    moved.start = a->start;
  if (fabs (b->end - a->end) <= collar)
    moved.end = a->end;
  return eval_span_iou (a, &moved);
}

double
eval_box_iou (const VlmRect *a, const VlmRect *b)
{
  gint w = MIN (a->x + a->width, b->x + b->width) - MAX (a->x, b->x);
  gint h = MIN (a->y + a->height, b->y + b->height) - MAX (a->y, b->y);
  double shared = w > 0 && h > 0 ? (double) w * h : 0.0;
  double both =
      (double) a->width * a->height + (double) b->width * b->height - shared;

  return both > 0.0 ? shared / both : 0.0;
}

/* --- sets of spans ------------------------------------------------------ */

typedef struct
{
  double time;
  int change[2]; /* of how many spans of each set are open */
} Edge;

static int
compare_edges (gconstpointer a, gconstpointer b)
{
  double x = ((const Edge *) a)->time;
  double y = ((const Edge *) b)->time;

  return (x > y) - (x < y);
}

static void
add_edges (GArray *edges, const GArray *spans, guint set)
{
  for (guint i = 0; i < spans->len; i++) {
    const EvalSpan *span = &g_array_index (spans, EvalSpan, i);
    Edge edge = { span->start, { 0 } };

    edge.change[set] = 1;
    g_array_append_val (edges, edge);
    edge.time = span->end;
    edge.change[set] = -1;
    g_array_append_val (edges, edge);
  }
}

void
eval_spans_overlap (const GArray *a, const GArray *b, EvalOverlap *overlap)
{
  g_autoptr (GArray) edges = g_array_new (FALSE, FALSE, sizeof (Edge));
  int open[2] = { 0, 0 };

  *overlap = (EvalOverlap){ 0 };
  add_edges (edges, a, 0);
  add_edges (edges, b, 1);
  g_array_sort (edges, compare_edges);
  for (guint i = 0; i + 1 < edges->len; i++) {
    const Edge *edge = &g_array_index (edges, Edge, i);
    double length = edge[1].time - edge->time;

    open[0] += edge->change[0];
    open[1] += edge->change[1];
    if (open[0] > 0 && open[1] > 0)
      overlap->shared += length;
    else if (open[0] > 0)
      overlap->only_a += length;
    else if (open[1] > 0)
      overlap->only_b += length;
  }
}

double
eval_overlap_iou (const EvalOverlap *overlap)
{
  double both = overlap->shared + overlap->only_a + overlap->only_b;

  return both > 0.0 ? overlap->shared / both : 1.0;
}

double
eval_spans_iou (const GArray *a, const GArray *b)
{
  EvalOverlap overlap;

  eval_spans_overlap (a, b, &overlap);
  return eval_overlap_iou (&overlap);
}

gboolean
eval_spans_extent (const GArray *spans, EvalSpan *extent)
{
  if (spans->len == 0)
    return FALSE;
  *extent = g_array_index (spans, EvalSpan, 0);
  for (guint i = 1; i < spans->len; i++) {
    const EvalSpan *span = &g_array_index (spans, EvalSpan, i);

    extent->start = MIN (extent->start, span->start);
    extent->end = MAX (extent->end, span->end);
  }
  return TRUE;
}

GArray *
eval_events_spans (const GArray *events, const char *label)
{
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (EvalSpan));

  for (guint i = 0; i < events->len; i++) {
    const EvalEvent *event = &g_array_index (events, EvalEvent, i);

    if (label == NULL || g_strcmp0 (event->label, label) == 0)
      g_array_append_val (spans, event->span);
  }
  return spans;
}

/* --- one to one --------------------------------------------------------- */

typedef struct
{
  guint truth;
  guint found;
  double iou;
  gboolean first; /* comes before all that are not */
} Pair;

/* Equal pairs keep the order in which they were made. */
static int
compare_pairs (gconstpointer a, gconstpointer b)
{
  const Pair *x = a;
  const Pair *y = b;

  if (x->first != y->first)
    return x->first ? -1 : 1;
  if (x->iou != y->iou)
    return x->iou > y->iou ? -1 : 1;
  if (x->truth != y->truth)
    return x->truth < y->truth ? -1 : 1;
  return (x->found > y->found) - (x->found < y->found);
}

/* Keeps the best of @pairs, so that no two of them share a member. */
static void
choose_pairs (GArray *pairs, guint n_true, guint n_found)
{
  g_autofree gboolean *true_taken = g_new0 (gboolean, n_true + 1);
  g_autofree gboolean *found_taken = g_new0 (gboolean, n_found + 1);
  guint n = 0;

  g_array_sort (pairs, compare_pairs);
  for (guint i = 0; i < pairs->len; i++) {
    Pair pair = g_array_index (pairs, Pair, i);

    if (true_taken[pair.truth] || found_taken[pair.found])
      continue;
    true_taken[pair.truth] = found_taken[pair.found] = TRUE;
    g_array_index (pairs, Pair, n++) = pair;
  }
  g_array_set_size (pairs, n);
}

/* Brief events and crowds are harder to find. */
static gboolean
is_brief (const EvalEvent *event)
{
  double length = event->span.end - event->span.start;

  return length >= 1.0 && length <= 2.0;
}

#define MIN_CROWD 3

static void
judge (const GArray *found, const GArray *pairs, GArray *judged)
{
  guint first = judged->len;

  for (guint f = 0; f < found->len; f++) {
    EvalJudged one = { g_array_index (found, EvalEvent, f).confidence, FALSE };

    g_array_append_val (judged, one);
  }
  for (guint i = 0; i < pairs->len; i++) {
    const Pair *pair = &g_array_index (pairs, Pair, i);

    g_array_index (judged, EvalJudged, first + pair->found).right = pair->first;
  }
}

void
eval_match_events (
    const GArray *truth, const GArray *found, EvalMatches *sum, GArray *judged)
{
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (Pair));

  for (guint t = 0; t < truth->len; t++) {
    for (guint f = 0; f < found->len; f++) {
      const EvalEvent *a = &g_array_index (truth, EvalEvent, t);
      const EvalEvent *b = &g_array_index (found, EvalEvent, f);
      Pair pair = { t, f, eval_span_iou (&a->span, &b->span),
        g_strcmp0 (a->label, b->label) == 0 };

      if (pair.iou >= EVAL_MIN_IOU)
        g_array_append_val (pairs, pair);
    }
  }
  choose_pairs (pairs, truth->len, found->len);
  if (judged != NULL)
    judge (found, pairs, judged);
  sum->n_true += truth->len;
  sum->n_found += found->len;
  sum->n_placed += pairs->len;
  sum->n_crowd += truth->len >= MIN_CROWD ? truth->len : 0;
  for (guint t = 0; t < truth->len; t++)
    sum->n_brief += is_brief (&g_array_index (truth, EvalEvent, t));
  for (guint i = 0; i < pairs->len; i++) {
    const Pair *pair = &g_array_index (pairs, Pair, i);
    const EvalEvent *a = &g_array_index (truth, EvalEvent, pair->truth);
    const EvalEvent *b = &g_array_index (found, EvalEvent, pair->found);

    sum->n_right += pair->first;
    sum->n_crowd_right += pair->first && truth->len >= MIN_CROWD;
    sum->n_brief_right += pair->first && is_brief (a);
    sum->n_described +=
        pair->first && g_strcmp0 (a->description, b->description) == 0;
  }
}

void
eval_match_spans (
    const GArray *truth, const GArray *found, double collar, gint *partners)
{
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (Pair));

  for (guint f = 0; f < found->len; f++) {
    partners[f] = -1;
    for (guint t = 0; t < truth->len; t++) {
      Pair pair = { t, f,
        eval_span_iou_within (&g_array_index (truth, EvalSpan, t),
            &g_array_index (found, EvalSpan, f), collar),
        TRUE };

      if (pair.iou >= EVAL_MIN_IOU)
        g_array_append_val (pairs, pair);
    }
  }
  choose_pairs (pairs, truth->len, found->len);
  for (guint i = 0; i < pairs->len; i++) {
    const Pair *pair = &g_array_index (pairs, Pair, i);

    partners[pair->found] = (gint) pair->truth;
  }
}

static double
fraction (guint part, guint whole)
{
  return whole > 0 ? (double) part / whole : 0.0;
}

double
eval_precision (const EvalMatches *m)
{
  return fraction (m->n_right, m->n_found);
}

double
eval_recall (const EvalMatches *m)
{
  return fraction (m->n_right, m->n_true);
}

double
eval_f1 (const EvalMatches *m)
{
  return fraction (2 * m->n_right, m->n_true + m->n_found);
}

static gboolean
is_inside (const EvalPoint *point, const VlmRect *box)
{
  return point->x >= box->x && point->x <= box->x + box->width &&
      point->y >= box->y && point->y <= box->y + box->height;
}

double
eval_match_points (const GArray *truth, const GArray *found)
{
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (Pair));

  if (truth->len == 0 && found->len == 0)
    return 1.0;
  for (guint t = 0; t < truth->len; t++) {
    for (guint f = 0; f < found->len; f++) {
      const VlmRect *box = &g_array_index (truth, VlmRect, t);
      const EvalPoint *point = &g_array_index (found, EvalPoint, f);
      Pair pair = { t, f,
        1.0 /
            (1.0 + fabs (point->x - box->x - box->width / 2.0) +
                fabs (point->y - box->y - box->height / 2.0)),
        TRUE };

      if (is_inside (point, box))
        g_array_append_val (pairs, pair);
    }
  }
  choose_pairs (pairs, truth->len, found->len);
  return (double) pairs->len / MAX (truth->len, found->len);
}

double
eval_match_boxes (const GArray *truth, const GArray *found)
{
  g_autoptr (GArray) pairs = g_array_new (FALSE, FALSE, sizeof (Pair));
  double sum = 0.0;

  if (truth->len == 0 && found->len == 0)
    return 1.0;
  for (guint t = 0; t < truth->len; t++) {
    for (guint f = 0; f < found->len; f++) {
      Pair pair = { t, f,
        eval_box_iou (&g_array_index (truth, VlmRect, t),
            &g_array_index (found, VlmRect, f)),
        TRUE };

      g_array_append_val (pairs, pair);
    }
  }
  choose_pairs (pairs, truth->len, found->len);
  for (guint i = 0; i < pairs->len; i++)
    sum += g_array_index (pairs, Pair, i).iou;
  return sum / MAX (truth->len, found->len);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return (x > y) - (x < y);
}

double
eval_median (GArray *values)
{
  guint n = values->len;

  if (n == 0)
    return 0.0;
  g_array_sort (values, compare_doubles);
  return (g_array_index (values, double, (n - 1) / 2) +
             g_array_index (values, double, n / 2)) /
      2.0;
}
