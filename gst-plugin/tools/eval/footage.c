/* gst-vlm: reports about a labelled video, compared with its labels
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/footage.h"

/* A box is on an object if so much of the box is: a part of the object is enough,
 * the picture around it is not; a box on a speck of it is chance. */
#define MIN_INSIDE 0.5
#define MIN_BOX_IOU 0.1

static void
sighting_clear (gpointer data)
{
  g_free (((EvalSighting *) data)->description);
}

GArray *
eval_sightings_new (void)
{
  GArray *sightings = g_array_new (FALSE, TRUE, sizeof (EvalSighting));

  g_array_set_clear_func (sightings, sighting_clear);
  return sightings;
}

static double
area (const VlmRect *rect)
{
  return (double) rect->width * rect->height;
}

/* From the IoU: shared / (a + b - shared). */
static double
part_inside (const VlmRect *box, const VlmRect *object, double iou)
{
  return iou / (1.0 + iou) * (area (box) + area (object)) / area (box);
}

static void
add_box (const EvalReading *reading, const EvalSighting *sighting,
    EvalFootageScore *sum)
{
  gboolean is_on = FALSE;
  double best = 0.0;

  for (guint i = 0; i < reading->events->len; i++) {
    const EvalLabel *label = &g_array_index (reading->events, EvalLabel, i);
    VlmRect object;
    double iou;

    if (!eval_label_find (label, sighting->box_time, &object))
      continue;
    iou = eval_box_iou (&sighting->box, &object);
    best = MAX (best, iou);
    is_on |= iou >= MIN_BOX_IOU &&
        part_inside (&sighting->box, &object, iou) >= MIN_INSIDE;
  }
  sum->n_boxes++;
  sum->n_on += is_on;
  sum->sum_box_iou += best;
}

void
eval_footage_add (const EvalReading *reading, const GArray *sightings,
    double duration, EvalFootageScore *sum, GArray *judged)
{
  g_autoptr (GArray) truth = g_array_new (FALSE, FALSE, sizeof (EvalSpan));
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (EvalSpan));
  g_autofree gint *partners = g_new (gint, sightings->len + 1);
  EvalOverlap overlap;

  for (guint i = 0; i < reading->events->len; i++)
    g_array_append_val (
        truth, g_array_index (reading->events, EvalLabel, i).span);
  for (guint i = 0; i < sightings->len; i++)
    g_array_append_val (found, g_array_index (sightings, EvalSighting, i).span);
  eval_match_spans (truth, found, EVAL_COLLAR, partners);
  for (guint i = 0; i < sightings->len; i++) {
    const EvalSighting *sighting = &g_array_index (sightings, EvalSighting, i);
    EvalJudged one = { sighting->confidence, partners[i] >= 0 };

    if (sighting->box.width > 0) {
      add_box (reading, sighting, sum);
      sum->n_right_boxes += one.right;
    }
    sum->n_right += one.right;
    if (judged != NULL)
      g_array_append_val (judged, one);
  }
  eval_spans_overlap (truth, found, &overlap);
  sum->n_videos++;
  sum->duration += duration;
  sum->n_true += truth->len;
  sum->n_found += found->len;
  sum->sum_iou += eval_overlap_iou (&overlap);
  sum->missed_s += overlap.only_a;
  sum->false_s += overlap.only_b;
}
