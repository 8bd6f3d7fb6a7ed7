/* gst-vlm: what an evaluation says about labelled videos
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/report-video.h"

#include "tools/eval/report-json.h"
#include "tools/eval/report-reliability.h"
#include "tools/eval/video.h"

/* The model, and the baseline that it must beat. */
typedef struct
{
  EvalFootageScore model;
  EvalFootageScore moves;
  GArray *judged; /* EvalJudged: of the model */
} Pair;

static void
pair_init (Pair *self)
{
  *self = (Pair){ .judged = g_array_new (FALSE, FALSE, sizeof (EvalJudged)) };
}

static void
pair_clear (Pair *self)
{
  g_array_unref (self->judged);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static void
pair_add (Pair *self, const EvalVideo *video, const EvalReading *reading)
{
  eval_footage_add (
      reading, video->sightings, video->duration, &self->model, self->judged);
  eval_footage_add (reading, video->moves, video->duration, &self->moves, NULL);
}

/* All videos, by the first reading of each. */
static void
pair_add_all (Pair *self, const GPtrArray *videos)
{
  for (guint i = 0; i < videos->len; i++) {
    const EvalVideo *video = videos->pdata[i];

    pair_add (self, video, video->readings->pdata[0]);
  }
}

/* --- numbers -------------------------------------------------------------- */

typedef struct
{
  const char *key;
  const char *title;
  double (*get) (const EvalFootageScore *s);
  gboolean is_count;
} Row;

static double
part (double some, double all)
{
  return all > 0.0 ? some / all : 0.0;
}

static double
get_n_true (const EvalFootageScore *s)
{
  return s->n_true;
}

static double
get_n_found (const EvalFootageScore *s)
{
  return s->n_found;
}

static double
get_n_right (const EvalFootageScore *s)
{
  return s->n_right;
}

static double
get_precision (const EvalFootageScore *s)
{
  return part (s->n_right, s->n_found);
}

static double
get_recall (const EvalFootageScore *s)
{
  return part (s->n_right, s->n_true);
}

static double
get_f1 (const EvalFootageScore *s)
{
  return part (2.0 * s->n_right, (double) s->n_true + s->n_found);
}

static double
get_iou (const EvalFootageScore *s)
{
  return part (s->sum_iou, s->n_videos);
}

static double
get_false_s (const EvalFootageScore *s)
{
  return s->false_s;
}

static double
get_missed_s (const EvalFootageScore *s)
{
  return s->missed_s;
}

static double
get_false_rate (const EvalFootageScore *s)
{
  return part (600.0 * (s->n_found - s->n_right), s->duration);
}

static double
get_n_boxes (const EvalFootageScore *s)
{
  return s->n_boxes;
}

static double
get_n_on (const EvalFootageScore *s)
{
  return s->n_on;
}

static double
get_box_iou (const EvalFootageScore *s)
{
  return part (s->sum_box_iou, s->n_boxes);
}

static double
get_n_right_boxes (const EvalFootageScore *s)
{
  return s->n_right_boxes;
}

static const Row rows[] = {
  { "n_true", "labelled", get_n_true, TRUE },
  { "n_found", "reported", get_n_found, TRUE },
  { "n_right", "right", get_n_right, TRUE },
  { "precision", "precision", get_precision, FALSE },
  { "recall", "recall", get_recall, FALSE },
  { "f1", "F1", get_f1, FALSE },
  { "iou", "union IoU", get_iou, FALSE },
  { "false_s", "false seconds", get_false_s, FALSE },
  { "missed_s", "missed seconds", get_missed_s, FALSE },
  { "false_per_10_min", "wrong reports in 10 minutes", get_false_rate, FALSE },
  { "n_boxes", "reports with a box", get_n_boxes, TRUE },
  { "n_boxes_on", "of these, on what is labelled then", get_n_on, TRUE },
  { "box_iou", "mean IoU of boxes", get_box_iou, FALSE },
  { "n_right_with_box", "right reports with a box", get_n_right_boxes, TRUE },
};

static void
print_value (const Row *row, const EvalFootageScore *score)
{
  g_print (row->is_count ? "%10.0f" : "%10.2f", row->get (score));
}

static void
print_pair (const Pair *pair)
{
  g_print ("%-40s%10s%10s\n", "", "model", "motion");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_print ("  %-38s", rows[i].title);
    print_value (&rows[i], &pair->model);
    /* it has no boxes */
    if (g_strrstr (rows[i].key, "box") == NULL)
      print_value (&rows[i], &pair->moves);
    g_print ("\n");
  }
}

/* --- as text -------------------------------------------------------------- */

static void
print_labels (const EvalReading *reading)
{
  g_print ("  labelled");
  for (guint i = 0; i < reading->events->len; i++) {
    const EvalLabel *label = &g_array_index (reading->events, EvalLabel, i);

    g_print (" %.2f-%.2f", label->span.start, label->span.end);
  }
  g_print ("\n");
}

static void
print_moves (const GArray *moves)
{
  g_print ("  moves   ");
  for (guint i = 0; i < moves->len; i++) {
    const EvalSighting *move = &g_array_index (moves, EvalSighting, i);

    g_print (" %.2f-%.2f", move->span.start, move->span.end);
  }
  g_print ("\n");
}

static void
print_sightings (const GArray *sightings, const GArray *judged)
{
  for (guint i = 0; i < sightings->len; i++) {
    const EvalSighting *s = &g_array_index (sightings, EvalSighting, i);

    g_print ("  reported %.2f-%.2f %s, confidence %.2f", s->span.start,
        s->span.end,
        g_array_index (judged, EvalJudged, i).right ? "(right)" : "(wrong)",
        s->confidence);
    if (s->box.width > 0)
      g_print (", box %d %d %d %d at %.2f", s->box.x, s->box.y,
          s->box.x + s->box.width, s->box.y + s->box.height, s->box_time);
    g_print (": %s\n", s->description != NULL ? s->description : "");
  }
}

static void
print_video (const EvalVideo *video)
{
  g_print ("\n%s: %.2f s in %u windows, %u frames\n", video->path,
      video->duration, video->n_windows, video->n_frames);
  if (video->n_skipped + video->n_glances > 0)
    g_print (
        "%u windows skipped, %u glances\n", video->n_skipped, video->n_glances);
  if (video->n_failed > 0)
    g_print ("%u windows could not be analysed: see GST_DEBUG=vlm*:3\n",
        video->n_failed);
  for (guint i = 0; i < video->readings->len; i++) {
    const EvalReading *reading = video->readings->pdata[i];
    g_auto (Pair) pair;

    pair_init (&pair);
    pair_add (&pair, video, reading);
    if (reading->name != NULL)
      g_print ("labelled otherwise: %s\n", reading->name);
    print_labels (reading);
    print_sightings (video->sightings, pair.judged);
    if (i == 0)
      print_moves (video->moves);
    print_pair (&pair);
  }
}

void
eval_videos_print (const GPtrArray *videos, gboolean has_reliability)
{
  g_auto (Pair) all;

  pair_init (&all);
  pair_add_all (&all, videos);
  for (guint i = 0; i < videos->len; i++)
    print_video (videos->pdata[i]);
  if (videos->len > 1) {
    g_print ("\nall videos\n");
    print_pair (&all);
  }
  g_print ("\"motion\" reports that something moves where a sampled frame "
           "differs from the one before it.\n");
  if (has_reliability)
    eval_reliability_print (all.judged, all.model.n_true);
}

/* --- as JSON -------------------------------------------------------------- */

static void
build_score (JsonBuilder *b, const char *name, const EvalFootageScore *score)
{
  json_builder_set_member_name (b, name);
  json_builder_begin_object (b);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (rows[i].is_count)
      eval_json_int (b, rows[i].key, (gint64) rows[i].get (score));
    else
      eval_json_double (b, rows[i].key, rows[i].get (score));
  }
  json_builder_end_object (b);
}

static void
build_pair (JsonBuilder *b, const Pair *pair)
{
  build_score (b, "model", &pair->model);
  build_score (b, "motion", &pair->moves);
}

static void
build_span (JsonBuilder *b, const EvalSpan *span)
{
  eval_json_double (b, "start_s", span->start);
  eval_json_double (b, "end_s", span->end);
}

static void
build_box (JsonBuilder *b, const EvalSighting *sighting)
{
  const VlmRect *box = &sighting->box;
  const gint edges[] = { box->x, box->y, box->x + box->width,
    box->y + box->height };

  json_builder_set_member_name (b, "box");
  json_builder_begin_array (b);
  for (guint i = 0; i < G_N_ELEMENTS (edges); i++)
    json_builder_add_int_value (b, edges[i]);
  json_builder_end_array (b);
  eval_json_double (b, "box_at_s", sighting->box_time);
}

/* @judged: NULL if it is not known which are right. */
static void
build_sightings (JsonBuilder *b, const char *name, const GArray *sightings,
    const GArray *judged)
{
  json_builder_set_member_name (b, name);
  json_builder_begin_array (b);
  for (guint i = 0; i < sightings->len; i++) {
    const EvalSighting *s = &g_array_index (sightings, EvalSighting, i);

    json_builder_begin_object (b);
    build_span (b, &s->span);
    if (judged != NULL) {
      eval_json_string (b, "description", s->description);
      eval_json_double (b, "confidence", s->confidence);
      json_builder_set_member_name (b, "right");
      json_builder_add_boolean_value (
          b, g_array_index (judged, EvalJudged, i).right);
    }
    if (s->box.width > 0)
      build_box (b, s);
    json_builder_end_object (b);
  }
  json_builder_end_array (b);
}

static void
build_reading (JsonBuilder *b, const EvalVideo *video, guint i)
{
  const EvalReading *reading = video->readings->pdata[i];
  g_auto (Pair) pair;

  pair_init (&pair);
  pair_add (&pair, video, reading);
  json_builder_begin_object (b);
  eval_json_string (b, "name", reading->name);
  build_pair (b, &pair);
  build_sightings (b, "found", video->sightings, pair.judged);
  json_builder_end_object (b);
}

static void
build_video (JsonBuilder *b, const EvalVideo *video)
{
  g_autofree char *file = g_path_get_basename (video->path);

  json_builder_begin_object (b);
  eval_json_string (b, "file", file);
  eval_json_double (b, "duration_s", video->duration);
  eval_json_int (b, "n_windows", video->n_windows);
  eval_json_int (b, "n_windows_failed", video->n_failed);
  eval_json_int (b, "n_windows_skipped", video->n_skipped);
  eval_json_int (b, "n_glances", video->n_glances);
  eval_json_int (b, "n_frames", video->n_frames);
  build_sightings (b, "moves", video->moves, NULL);
  json_builder_set_member_name (b, "readings");
  json_builder_begin_array (b);
  for (guint i = 0; i < video->readings->len; i++)
    build_reading (b, video, i);
  json_builder_end_array (b);
  json_builder_end_object (b);
}

void
eval_videos_build (JsonBuilder *b, const GPtrArray *videos)
{
  g_auto (Pair) all;

  pair_init (&all);
  pair_add_all (&all, videos);
  json_builder_set_member_name (b, "videos");
  json_builder_begin_array (b);
  for (guint i = 0; i < videos->len; i++)
    build_video (b, videos->pdata[i]);
  json_builder_end_array (b);
  json_builder_set_member_name (b, "total");
  json_builder_begin_object (b);
  build_pair (b, &all);
  json_builder_end_object (b);
  eval_reliability_build (b, all.judged, all.model.n_true);
}
