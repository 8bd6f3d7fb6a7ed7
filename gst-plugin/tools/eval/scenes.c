/* gst-vlm: a model evaluated on made-up scenes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/statement.h"
#include "tools/eval/tasks.h"

#define LONGEST_S 20.0

/* "It is there from the first to the last." */
static GArray *
whole_span (double length)
{
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (EvalSpan));
  EvalSpan span = { 0.0, length };

  g_array_append_val (spans, span);
  return spans;
}

static void
say_sample (const EvalAsker *asker, const EvalSample *sample)
{
  static const char *const kinds[] = { "named", "any", "mixed" };

  if (!asker->verbose)
    return;
  g_print ("seed %" G_GUINT64_FORMAT " (%s, %ux%u, %.2f s)\n", sample->seed,
      kinds[sample->kind], sample->width, sample->height,
      (double) sample->duration / VLM_SECOND);
  for (guint i = 0; i < sample->events->len; i++) {
    const EvalEvent *event = &g_array_index (sample->events, EvalEvent, i);

    g_print ("  true: %.2f-%.2f %s\n", event->span.start, event->span.end,
        event->description);
  }
}

/* --- queries ------------------------------------------------------------ */

static gboolean
run_present (EvalAsker *asker, const EvalRun *run, const EvalSample *sample,
    const EvalClip *clip, EvalScores *scores, EvalScores *baseline,
    GError **error)
{
  guint group = eval_group (sample->present);
  g_autoptr (GArray) truth =
      eval_events_spans (sample->events, sample->present);
  g_autoptr (GArray) whole = whole_span (clip->length);
  g_autoptr (GArray) spans = NULL;
  g_autoptr (GArray) found = eval_asker_ask_events (
      asker, clip, sample->present, run->cancellable, error);

  if (found == NULL)
    return FALSE;
  /* Whatever the labels are, these are answers to this query. */
  spans = eval_events_spans (found, NULL);
  eval_locate_add_spans (&scores->query[group], truth, spans);
  eval_locate_add_spans (&baseline->query[group], truth, whole);
  return TRUE;
}

static gboolean
run_absent (EvalAsker *asker, const EvalRun *run, const EvalSample *sample,
    const EvalClip *clip, EvalScores *scores, EvalScores *baseline,
    GError **error)
{
  g_autoptr (GArray) whole = whole_span (clip->length);
  g_autoptr (GArray) found = eval_asker_ask_events (
      asker, clip, sample->absent, run->cancellable, error);

  if (found == NULL)
    return FALSE;
  eval_absent_add (&scores->absent, found);
  eval_absent_add (&baseline->absent, whole);
  return TRUE;
}

static gboolean
run_everything (EvalAsker *asker, const EvalRun *run, const EvalSample *sample,
    const EvalClip *clip, EvalScores *scores, EvalScores *baseline,
    GError **error)
{
  g_autoptr (GArray) always = eval_events_new ();
  g_autoptr (GArray) found =
      eval_asker_ask_events (asker, clip, NULL, run->cancellable, error);

  if (found == NULL)
    return FALSE;
  for (guint i = 0; i < sample->events->len; i++) {
    const EvalEvent *event = &g_array_index (sample->events, EvalEvent, i);

    eval_events_add (
        always, 0.0, clip->length, event->label, event->description);
  }
  eval_match_events (sample->events, found, &scores->events, scores->judged);
  eval_match_events (sample->events, always, &baseline->events, NULL);
  return TRUE;
}

/* --- yes or no ---------------------------------------------------------- */

/* About a video or a picture. The baseline always says Yes. */
static gboolean
run_statements (EvalAsker *asker, const EvalRun *run, const EvalSample *sample,
    const EvalClip *clip, VlmFrame *frame, EvalScores *scores,
    EvalScores *baseline, GError **error)
{
  g_autoptr (GArray) list = eval_statements_new (sample);

  for (guint i = 0; i < list->len; i++) {
    const EvalStatement *statement = &g_array_index (list, EvalStatement, i);
    EvalSays says;

    if (!eval_asker_ask_yes_no (asker, clip, frame, statement->text, &says,
            run->cancellable, error))
      return FALSE;
    if (statement->truth) {
      eval_right_add (&scores->yes, says == EVAL_SAYS_YES);
      eval_right_add (&baseline->yes, 1.0);
    } else {
      eval_right_add (&scores->no, says == EVAL_SAYS_NO);
      eval_right_add (&baseline->no, 0.0);
    }
  }
  return TRUE;
}

/* --- boxes -------------------------------------------------------------- */

static GArray *
true_boxes (const EvalSample *still, const char *label, const VlmFrame *frame)
{
  GArray *boxes = g_array_new (FALSE, FALSE, sizeof (VlmRect));

  for (guint i = 0; i < still->events->len; i++) {
    VlmRect box;

    if (g_str_equal (
            g_array_index (still->events, EvalEvent, i).label, label) &&
        vlm_scene_get_box (
            still->scene, i, 0, frame->width, frame->height, &box))
      g_array_append_val (boxes, box);
  }
  return boxes;
}

static GArray *
whole_picture (const VlmFrame *frame)
{
  GArray *boxes = g_array_new (FALSE, FALSE, sizeof (VlmRect));
  VlmRect box = { 0, 0, (gint) frame->width, (gint) frame->height };

  g_array_append_val (boxes, box);
  return boxes;
}

static void
say_boxes (const EvalAsker *asker, const EvalSample *still, const GArray *boxes)
{
  for (guint i = 0; asker->verbose && i < boxes->len; i++) {
    const VlmRect *box = &g_array_index (boxes, VlmRect, i);

    g_print ("  true box: %s [%d, %d, %d, %d]\n", still->present, box->x,
        box->y, box->x + box->width, box->y + box->height);
  }
}

static gboolean
run_boxes (EvalAsker *asker, const EvalRun *run, const EvalSample *still,
    VlmFrame *frame, EvalScores *scores, EvalScores *baseline, GError **error)
{
  g_autoptr (GArray) whole = whole_picture (frame);

  if (still->present != NULL) {
    guint group = eval_group (still->present);
    g_autoptr (GArray) truth = true_boxes (still, still->present, frame);
    g_autoptr (GArray) found = NULL;

    say_boxes (asker, still, truth);
    found = eval_asker_ask_boxes (
        asker, frame, still->present, run->cancellable, error);
    if (found == NULL)
      return FALSE;
    eval_locate_add_iou (
        &scores->boxes[group], eval_match_boxes (truth, found), found->len > 0);
    eval_locate_add_iou (
        &baseline->boxes[group], eval_match_boxes (truth, whole), TRUE);
  }
  {
    g_autoptr (GArray) found = eval_asker_ask_boxes (
        asker, frame, still->absent, run->cancellable, error);

    if (found == NULL)
      return FALSE;
    eval_absent_add (&scores->absent_box, found);
    eval_absent_add (&baseline->absent_box, whole);
  }
  return TRUE;
}

/* --- points and numbers ------------------------------------------------- */

/* An answer that cannot be read is wrong in any case. */
static gboolean
run_points (EvalAsker *asker, const EvalRun *run, const EvalSample *still,
    VlmFrame *frame, EvalScores *scores, EvalScores *baseline, GError **error)
{
  g_autoptr (GArray) nothing = NULL;

  if (still->present != NULL) {
    const EvalPoint middle = { frame->width / 2.0, frame->height / 2.0 };
    g_autoptr (GArray) truth = true_boxes (still, still->present, frame);
    g_autoptr (GArray) always = g_array_new (FALSE, FALSE, sizeof middle);
    g_autoptr (GArray) found = NULL;

    if (!eval_asker_ask_points (
            asker, frame, still->present, &found, run->cancellable, error))
      return FALSE;
    g_array_append_val (always, middle);
    eval_right_add (&scores->points,
        found != NULL ? eval_match_points (truth, found) : 0.0);
    eval_right_add (&baseline->points, eval_match_points (truth, always));
  }
  if (!eval_asker_ask_points (
          asker, frame, still->absent, &nothing, run->cancellable, error))
    return FALSE;
  scores->absent_point.n++;
  scores->absent_point.n_empty += nothing != NULL && nothing->len == 0;
  baseline->absent_point.n++;
  return TRUE;
}

static guint
count_label (const EvalSample *still, const char *label)
{
  guint n = 0;

  for (guint i = 0; i < still->events->len; i++)
    n += label == NULL ||
        g_str_equal (g_array_index (still->events, EvalEvent, i).label, label);
  return n;
}

/* For everything, for a label that is there, and for one that is not. */
static gboolean
run_counts (EvalAsker *asker, const EvalRun *run, const EvalSample *still,
    VlmFrame *frame, EvalScores *scores, EvalScores *baseline, GError **error)
{
  const char *const labels[] = { NULL, still->absent, still->present };
  guint n = still->present != NULL ? 3 : 2;

  for (guint i = 0; i < n; i++) {
    guint truth = count_label (still, labels[i]);
    gint count;

    if (!eval_asker_ask_count (
            asker, frame, labels[i], &count, run->cancellable, error))
      return FALSE;
    eval_right_add (&scores->count, count == (gint) truth);
    eval_right_add (&baseline->count, truth == 1);
  }
  return TRUE;
}

/* The picture that the same seed gives, which has other objects. */
static gboolean
run_picture (EvalAsker *asker, const EvalRun *run, guint64 seed,
    EvalScores *scores, EvalScores *baseline, GError **error)
{
  /* of the camera's options, only this one changes a still picture */
  const EvalCamera camera = { .hard = run->camera.hard };
  g_autoptr (EvalSample) still = eval_sample_new (seed, 0.0, &camera);
  g_autoptr (VlmFrame) frame = NULL;
  guint width;
  guint height;

  if (!vlm_image_plan_size (&asker->geometry, still->width, still->height,
          asker->limits.min_pixels, asker->limits.max_pixels, &width, &height,
          error))
    return FALSE;
  frame =
      eval_sample_frame (still, 0, width, height, VLM_RESAMPLE_IMAGE, error);
  return frame != NULL &&
      run_boxes (asker, run, still, frame, scores, baseline, error) &&
      run_points (asker, run, still, frame, scores, baseline, error) &&
      run_counts (asker, run, still, frame, scores, baseline, error) &&
      run_statements (asker, run, still, NULL, frame, scores, baseline, error);
}

static gboolean
run_scene (EvalAsker *asker, const EvalRun *run, guint64 seed,
    EvalScores *scores, EvalScores *baseline, GError **error)
{
  g_autoptr (EvalSample) sample =
      eval_sample_new (seed, LONGEST_S, &run->camera);
  g_autoptr (EvalClip) clip = eval_clip_new (asker, sample, run->fps, error);

  if (clip == NULL)
    return FALSE;
  say_sample (asker, sample);
  if (sample->present != NULL &&
      !run_present (asker, run, sample, clip, scores, baseline, error))
    return FALSE;
  return run_absent (asker, run, sample, clip, scores, baseline, error) &&
      run_everything (asker, run, sample, clip, scores, baseline, error) &&
      run_statements (
          asker, run, sample, clip, NULL, scores, baseline, error) &&
      run_picture (asker, run, seed, scores, baseline, error);
}

gboolean
eval_run_scenes (EvalAsker *asker, const EvalRun *run, EvalScores *scores,
    EvalScores *baseline, GError **error)
{
  for (guint i = 0; i < run->n_scenes; i++) {
    if (!run_scene (asker, run, run->first_seed + i, scores, baseline, error)) {
      g_prefix_error (
          error, "seed %" G_GUINT64_FORMAT ": ", run->first_seed + i);
      return FALSE;
    }
    run->progress (i + 1, run->n_scenes);
  }
  return TRUE;
}

/* --- rates -------------------------------------------------------------- */

static gboolean
run_rates_of (EvalAsker *asker, const EvalRun *run, const EvalSample *sample,
    GArray *rates, GError **error)
{
  g_autoptr (GArray) truth =
      eval_events_spans (sample->events, sample->present);
  g_autoptr (GArray) reference = NULL;

  for (guint i = 0; i < rates->len; i++) {
    EvalRate *rate = &g_array_index (rates, EvalRate, i);
    g_autoptr (EvalClip) clip = eval_clip_new (asker, sample, rate->fps, error);
    g_autoptr (GArray) found = NULL;
    g_autoptr (GArray) spans = NULL;

    if (clip == NULL)
      return FALSE;
    found = eval_asker_ask_events (
        asker, clip, sample->present, run->cancellable, error);
    if (found == NULL)
      return FALSE;
    spans = eval_events_spans (found, NULL);
    if (i == 0)
      reference = g_array_ref (spans);
    eval_rate_add (rate, reference, spans, truth);
  }
  return TRUE;
}

gboolean
eval_run_rates (EvalAsker *asker, const EvalRun *run, double longest,
    GArray *rates, GError **error)
{
  guint n = 0;

  for (guint64 seed = run->first_seed; n < run->n_scenes; seed++) {
    g_autoptr (EvalSample) sample =
        eval_sample_new (seed, longest, &run->camera);

    if (sample->present == NULL)
      continue;
    say_sample (asker, sample);
    if (!run_rates_of (asker, run, sample, rates, error)) {
      g_prefix_error (error, "seed %" G_GUINT64_FORMAT ": ", seed);
      return FALSE;
    }
    run->progress (++n, run->n_scenes);
  }
  return TRUE;
}
