/* gst-vlm: the arithmetic of an evaluation, and its scenes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "tools/eval/sample.h"
#include "tools/eval/score.h"
#include "tools/eval/statement.h"

#define assert_near(a, b) g_assert_cmpfloat_with_epsilon (a, b, 1e-9)

static GArray *
spans (guint n, ...)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (EvalSpan));
  va_list args;

  va_start (args, n);
  for (guint i = 0; i < n; i++) {
    EvalSpan span;

    span.start = va_arg (args, double);
    span.end = va_arg (args, double);
    g_array_append_val (list, span);
  }
  va_end (args);
  return list;
}

static double
spans_iou (GArray *a, GArray *b)
{
  double iou = eval_spans_iou (a, b);

  assert_near (eval_spans_iou (b, a), iou);
  g_array_unref (a);
  g_array_unref (b);
  return iou;
}

static void
test_span_iou (void)
{
  const EvalSpan a = { 1.0, 3.0 };
  const EvalSpan b = { 2.0, 5.0 };
  const EvalSpan c = { 3.0, 4.0 };
  const EvalSpan point = { 2.0, 2.0 };

  assert_near (eval_span_iou (&a, &a), 1.0);
  assert_near (eval_span_iou (&a, &b), 0.25);
  assert_near (eval_span_iou (&a, &c), 0.0);
  assert_near (eval_span_iou (&a, &point), 0.0);
  assert_near (eval_span_iou (&point, &point), 0.0);
}

/* Edges that are near enough are equal; others stay where they are. */
static void
test_collar (void)
{
  const EvalSpan a = { 1.0, 3.0 };
  const EvalSpan near = { 0.5, 3.5 };
  const EvalSpan far = { 0.4, 3.5 };

  assert_near (eval_span_iou_within (&a, &near, 0.5), 1.0);
  assert_near (eval_span_iou_within (&near, &a, 0.5), 1.0);
  assert_near (eval_span_iou_within (&a, &far, 0.5), 2.0 / 2.6);
  assert_near (eval_span_iou_within (&a, &near, 0.0), 2.0 / 3.0);
}

static void
test_overlap (void)
{
  g_autoptr (GArray) a = spans (2, 0.0, 2.0, 1.0, 3.0);
  g_autoptr (GArray) b = spans (1, 2.5, 7.0);
  EvalOverlap overlap;

  eval_spans_overlap (a, b, &overlap);
  assert_near (overlap.shared, 0.5);
  assert_near (overlap.only_a, 2.5);
  assert_near (overlap.only_b, 4.0);
  assert_near (eval_overlap_iou (&overlap), 0.5 / 7.0);
}

/* Overlaps count once. */
static void
test_spans_iou (void)
{
  assert_near (spans_iou (spans (0), spans (0)), 1.0);
  assert_near (spans_iou (spans (1, 0.0, 2.0), spans (0)), 0.0);
  assert_near (spans_iou (spans (1, 1.0, 3.0), spans (1, 2.0, 5.0)), 0.25);
  assert_near (
      spans_iou (spans (2, 0.0, 2.0, 4.0, 6.0), spans (1, 0.0, 6.0)), 4.0 / 6);
  assert_near (spans_iou (spans (2, 0.0, 3.0, 1.0, 4.0),
                   spans (3, 0.0, 4.0, 0.0, 4.0, 2.0, 3.0)),
      1.0);
  assert_near (
      spans_iou (spans (2, 0.0, 1.0, 2.0, 3.0), spans (2, 0.5, 1.0, 2.0, 4.0)),
      1.5 / 3.0);
}

static void
test_extent (void)
{
  g_autoptr (GArray) none = spans (0);
  g_autoptr (GArray) two = spans (2, 4.0, 5.0, 1.0, 2.0);
  EvalSpan extent;

  g_assert_false (eval_spans_extent (none, &extent));
  g_assert_true (eval_spans_extent (two, &extent));
  assert_near (extent.start, 1.0);
  assert_near (extent.end, 5.0);
}

static void
test_box_iou (void)
{
  const VlmRect a = { 0, 0, 10, 10 };
  const VlmRect b = { 5, 5, 10, 10 };
  const VlmRect c = { 10, 0, 5, 5 };

  assert_near (eval_box_iou (&a, &a), 1.0);
  assert_near (eval_box_iou (&a, &b), 25.0 / 175.0);
  assert_near (eval_box_iou (&a, &c), 0.0);
}

static void
test_match_boxes (void)
{
  const VlmRect a = { 0, 0, 10, 10 };
  const VlmRect b = { 50, 50, 10, 10 };
  const VlmRect half = { 0, 0, 5, 10 };
  g_autoptr (GArray) truth = g_array_new (FALSE, FALSE, sizeof (VlmRect));
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (VlmRect));

  assert_near (eval_match_boxes (truth, found), 1.0);
  g_array_append_val (truth, a);
  assert_near (eval_match_boxes (truth, found), 0.0);
  g_array_append_val (found, half);
  assert_near (eval_match_boxes (truth, found), 0.5);
  /* The nearer one is its pair; the other is too much. */
  g_array_append_val (found, a);
  assert_near (eval_match_boxes (truth, found), 0.5);
  g_array_append_val (truth, b);
  assert_near (eval_match_boxes (truth, found), 0.5);
  g_array_index (found, VlmRect, 0) = b;
  assert_near (eval_match_boxes (truth, found), 1.0);
}

static void
test_match_events (void)
{
  g_autoptr (GArray) truth = eval_events_new ();
  g_autoptr (GArray) found = eval_events_new ();
  EvalMatches m = { 0 };

  /* Two that last as long: their labels distinguish them. */
  eval_events_add (truth, 0.0, 10.0, "red circle", "red circle stays");
  eval_events_add (truth, 0.0, 10.0, "blue square", "blue square stays");
  eval_events_add (truth, 2.0, 4.0, "object", "object appears");
  eval_events_add (truth, 6.0, 8.0, "green star", "green star appears");
  eval_events_add (found, 0.0, 10.0, "blue square", "blue square appears");
  eval_events_add (found, 0.0, 9.0, "red circle", "red circle stays");
  /* The right time, another name. */
  eval_events_add (found, 2.0, 4.5, "red ring", "red ring appears");
  /* The right name, another time; and no name at all. */
  eval_events_add (found, 7.5, 9.0, "green star", "green star appears");
  eval_events_add (found, 2.0, 4.0, NULL, "?");

  eval_match_events (truth, found, &m, NULL);
  g_assert_cmpuint (m.n_true, ==, 4);
  g_assert_cmpuint (m.n_found, ==, 5);
  g_assert_cmpuint (m.n_right, ==, 2);
  g_assert_cmpuint (m.n_placed, ==, 3);
  g_assert_cmpuint (m.n_described, ==, 1);
  assert_near (eval_precision (&m), 0.4);
  assert_near (eval_recall (&m), 0.5);
  assert_near (eval_f1 (&m), 4.0 / 9.0);

  /* Counts add up; an empty comparison is not a failure. */
  eval_match_events (truth, truth, &m, NULL);
  g_assert_cmpuint (m.n_right, ==, 6);
  g_assert_cmpuint (m.n_described, ==, 5);
  m = (EvalMatches){ 0 };
  g_array_set_size (truth, 0);
  g_array_set_size (found, 0);
  eval_match_events (truth, found, &m, NULL);
  assert_near (eval_f1 (&m), 0.0);
  assert_near (eval_precision (&m), 0.0);
}

/* One true event is found once, however often it is reported. */
static GArray *
points (guint n, const EvalPoint *list)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (EvalPoint));

  g_array_append_vals (array, list, n);
  return array;
}

static void
test_match_points (void)
{
  const VlmRect boxes[] = { { 10, 10, 20, 20 }, { 25, 10, 20, 20 } };
  /* one in both boxes and nearer to the second, one in the first, one in none */
  const EvalPoint some[] = { { 29, 20 }, { 12, 12 }, { 90, 90 } };
  g_autoptr (GArray) truth = g_array_new (FALSE, FALSE, sizeof (VlmRect));
  g_autoptr (GArray) none = points (0, some);
  g_autoptr (GArray) shared = points (1, some);
  g_autoptr (GArray) both = points (2, some);
  g_autoptr (GArray) all = points (3, some);

  assert_near (eval_match_points (truth, none), 1.0);
  assert_near (eval_match_points (truth, shared), 0.0);
  g_array_append_vals (truth, boxes, 2);
  assert_near (eval_match_points (truth, none), 0.0);
  assert_near (eval_match_points (truth, shared), 0.5);
  assert_near (eval_match_points (truth, both), 1.0);
  assert_near (eval_match_points (truth, all), 2.0 / 3.0);
}

/* Of four events at once one is found, which is brief; of one alone, too. */
static void
test_match_crowd (void)
{
  g_autoptr (GArray) crowd = eval_events_new ();
  g_autoptr (GArray) alone = eval_events_new ();
  EvalMatches m = { 0 };

  eval_events_add (alone, 0.0, 1.0, "a", "a stays");
  eval_match_events (alone, alone, &m, NULL);
  g_assert_cmpuint (m.n_crowd, ==, 0);
  g_assert_cmpuint (m.n_brief, ==, 1);
  g_assert_cmpuint (m.n_brief_right, ==, 1);
  eval_events_add (crowd, 0.0, 1.0, "a", "a stays");
  eval_events_add (crowd, 0.0, 2.5, "b", "b stays");
  eval_events_add (crowd, 4.0, 5.5, "c", "c stays");
  eval_match_events (crowd, alone, &m, NULL);
  g_assert_cmpuint (m.n_crowd, ==, 3);
  g_assert_cmpuint (m.n_crowd_right, ==, 1);
  g_assert_cmpuint (m.n_brief, ==, 3);
  g_assert_cmpuint (m.n_brief_right, ==, 2);
}

/* The right number of statements, about half of them true; those about presence
 * agree with the sample. */
static void
test_statements (void)
{
  guint n_true = 0, n = 0;

  for (guint64 seed = EVAL_FIRST_SEED; seed < EVAL_FIRST_SEED + 200; seed++) {
    g_autoptr (EvalSample) sample = eval_sample_new (seed, 8.0, NULL);
    g_autoptr (GArray) list = eval_statements_new (sample);

    g_assert_cmpuint (list->len, ==, sample->present != NULL ? 3 : 1);
    for (guint i = 0; i < list->len; i++, n++) {
      const EvalStatement *s = &g_array_index (list, EvalStatement, i);

      n_true += s->truth;
      if (!g_str_has_suffix (s->text, " is in view"))
        continue;
      g_assert_true (g_str_has_prefix (s->text, "a ") ||
          g_str_has_prefix (s->text, "an o"));
      g_assert_nonnull (
          strstr (s->text, s->truth ? sample->present : sample->absent));
    }
  }
  g_assert_cmpuint (n_true, >, n * 2 / 5);
  g_assert_cmpuint (n_true, <, n * 3 / 5);
}

static void
test_match_repeated (void)
{
  g_autoptr (GArray) judged = g_array_new (FALSE, FALSE, sizeof (EvalJudged));
  g_autoptr (GArray) truth = eval_events_new ();
  g_autoptr (GArray) found = eval_events_new ();
  EvalMatches m = { 0 };

  eval_events_add (truth, 0.0, 4.0, "object", "object appears");
  for (guint i = 0; i < 4; i++)
    eval_events_add (found, 0.0, 4.0 + i, "object", "object appears");
  g_array_index (found, EvalEvent, 0).confidence = 0.7;
  eval_match_events (truth, found, &m, judged);
  g_assert_cmpuint (m.n_right, ==, 1);
  assert_near (eval_precision (&m), 0.25);
  /* one is right, and as sure as it was */
  g_assert_cmpuint (judged->len, ==, 4);
  for (guint i = 0; i < 4; i++)
    g_assert_true (g_array_index (judged, EvalJudged, i).right == (i == 0));
  assert_near (g_array_index (judged, EvalJudged, 0).confidence, 0.7);
  assert_near (eval_recall (&m), 1.0);
}

static void
test_median (void)
{
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (double));
  const double more[] = { 5.0, 1.0, 3.0 };
  const double last = 4.0;

  assert_near (eval_median (values), 0.0);
  g_array_append_vals (values, more, 3);
  assert_near (eval_median (values), 3.0);
  g_array_append_val (values, last);
  assert_near (eval_median (values), 3.5);
}

static void
test_locate (void)
{
  g_auto (EvalScores) scores;
  g_auto (EvalLocate) all = { 0 };
  g_autoptr (GArray) truth = spans (1, 1.0, 5.0);
  g_autoptr (GArray) near = spans (1, 1.5, 5.0);
  g_autoptr (GArray) far = spans (2, 4.0, 5.0, 9.0, 10.0);
  g_autoptr (GArray) none = spans (0);

  eval_scores_init (&scores);
  eval_locate_add_spans (&scores.query[EVAL_NAMED], truth, near);
  eval_locate_add_spans (&scores.query[EVAL_NAMED], truth, none);
  eval_locate_add_spans (&scores.query[EVAL_UNNAMED], truth, far);
  eval_locate_join (scores.query, &all);
  g_assert_cmpuint (all.n, ==, 3);
  g_assert_cmpuint (all.n_answered, ==, 2);
  g_assert_cmpuint (all.n_half, ==, 1);
  g_assert_cmpuint (all.n_seven, ==, 1);
  assert_near (all.sum_iou, 3.5 / 4.0 + 1.0 / 5.0);
  assert_near (eval_median (all.start_errors), (0.5 + 3.0) / 2.0);
  assert_near (eval_median (all.end_errors), 5.0 / 2.0);
  g_assert_cmpuint (eval_group ("red circle"), ==, EVAL_NAMED);
  g_assert_cmpuint (eval_group ("object"), ==, EVAL_UNNAMED);
}

static void
test_rate (void)
{
  EvalRate rate = { .fps = 4.0 };
  g_autoptr (GArray) truth = spans (1, 0.0, 4.0);
  g_autoptr (GArray) reference = spans (1, 0.0, 4.0);
  g_autoptr (GArray) found = spans (1, 1.0, 4.5);
  g_autoptr (GArray) none = spans (0);

  eval_rate_add (&rate, reference, found, truth);
  eval_rate_add (&rate, reference, none, truth);
  eval_rate_add (&rate, none, none, truth);
  g_assert_cmpuint (rate.n_both, ==, 1);
  g_assert_cmpuint (rate.n_differ, ==, 1);
  assert_near (rate.sum_start, 1.0);
  assert_near (rate.sum_end, 0.5);
  g_assert_cmpuint (rate.locate.n, ==, 3);
  assert_near (rate.locate.sum_iou, 3.0 / 4.5);
}

static void
test_leading_label (void)
{
  g_assert_cmpstr (
      eval_leading_label ("red circle enters from the left"), ==, "red circle");
  g_assert_cmpstr (eval_leading_label ("object."), ==, "object");
  g_assert_cmpstr (eval_leading_label ("object"), ==, "object");
  g_assert_null (eval_leading_label ("objects"));
  g_assert_null (eval_leading_label ("a red circle"));
  g_assert_null (eval_leading_label (""));
}

/* The mix is as documented, and follows from the seed. */
static void
test_samples (void)
{
  guint n_kinds[3] = { 0 };
  guint n_objects = 0;
  guint n_near = 0;

  for (guint i = 0; i < 400; i++) {
    g_autoptr (EvalSample) a =
        eval_sample_new (EVAL_FIRST_SEED + i, 20.0, NULL);
    g_autoptr (EvalSample) b =
        eval_sample_new (EVAL_FIRST_SEED + i, 20.0, NULL);
    g_autoptr (GArray) absent = eval_events_spans (a->events, a->absent);

    g_assert_cmpint (a->duration, >=, 4 * VLM_SECOND);
    g_assert_cmpint (a->duration, <=, 20 * VLM_SECOND);
    g_assert_cmpint (a->duration, ==, b->duration);
    g_assert_cmpstr (a->present, ==, b->present);
    g_assert_cmpstr (a->absent, ==, b->absent);
    g_assert_cmpuint (a->events->len, <=, 3);
    g_assert_cmpuint (absent->len, ==, 0);
    g_assert_true ((a->present == NULL) == (a->events->len == 0));
    if (a->present != NULL) {
      g_autoptr (GArray) there = eval_events_spans (a->events, a->present);

      g_assert_cmpuint (there->len, >, 0);
      n_near += a->present[0] == a->absent[0];
    }
    n_kinds[a->kind]++;
    n_objects += a->events->len;
  }
  g_assert_cmpuint (ABS ((int) n_kinds[VLM_SCENE_KIND_NAMED] - 240), <, 40);
  g_assert_cmpuint (ABS ((int) n_kinds[VLM_SCENE_KIND_ANY] - 60), <, 30);
  g_assert_cmpuint (n_objects, >, 400);
  g_assert_cmpuint (n_near, >, 40);
}

/* The requested length, with something in it; a picture has none. */
static void
test_duration (void)
{
  static const double durations[] = { 5.0, 15.0, 30.0, 7.125 };

  for (guint i = 0; i < G_N_ELEMENTS (durations); i++) {
    const EvalCamera camera = { .duration = durations[i] };
    guint n_events = 0;

    for (guint k = 0; k < 10; k++) {
      g_autoptr (EvalSample) sample =
          eval_sample_new (EVAL_FIRST_SEED + k, 20.0, &camera);
      g_autoptr (EvalSample) picture =
          eval_sample_new (EVAL_FIRST_SEED + k, 0.0, &camera);

      g_assert_cmpint (sample->duration, ==,
          (gint64) (durations[i] * 1000.0) * (VLM_SECOND / 1000));
      g_assert_cmpint (picture->duration, ==, 0);
      n_events += sample->events->len;
    }
    g_assert_cmpuint (n_events, >, 5);
  }
}

/* The picture is of the requested moment and size. */
static void
test_frames (void)
{
  g_autoptr (EvalSample) still =
      eval_sample_new (EVAL_FIRST_SEED + 1, 0.0, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmFrame) frame =
      eval_sample_frame (still, 0, 140, 84, VLM_RESAMPLE_IMAGE, &error);

  g_assert_no_error (error);
  g_assert_cmpint (still->duration, ==, 0);
  g_assert_cmpuint (frame->width, ==, 140);
  g_assert_cmpuint (frame->height, ==, 84);
  g_assert_cmpuint (frame->source_width, ==, still->width);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/eval/span-iou", test_span_iou);
  g_test_add_func ("/eval/collar", test_collar);
  g_test_add_func ("/eval/overlap", test_overlap);
  g_test_add_func ("/eval/spans-iou", test_spans_iou);
  g_test_add_func ("/eval/extent", test_extent);
  g_test_add_func ("/eval/box-iou", test_box_iou);
  g_test_add_func ("/eval/match-boxes", test_match_boxes);
  g_test_add_func ("/eval/match-events", test_match_events);
  g_test_add_func ("/eval/match-points", test_match_points);
  g_test_add_func ("/eval/match-crowd", test_match_crowd);
  g_test_add_func ("/eval/statements", test_statements);
  g_test_add_func ("/eval/match-repeated", test_match_repeated);
  g_test_add_func ("/eval/median", test_median);
  g_test_add_func ("/eval/locate", test_locate);
  g_test_add_func ("/eval/rate", test_rate);
  g_test_add_func ("/eval/leading-label", test_leading_label);
  g_test_add_func ("/eval/samples", test_samples);
  g_test_add_func ("/eval/duration", test_duration);
  g_test_add_func ("/eval/frames", test_frames);
  return g_test_run ();
}
