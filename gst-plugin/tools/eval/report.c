/* gst-vlm: what an evaluation says
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/report.h"

#include <string.h>

#include "tools/eval/report-json.h"
#include "tools/eval/report-reliability.h"
#include "tools/eval/report-video.h"
#include "util/gstvlmjson.h"

/* One number; those of a section follow one another. */
typedef struct
{
  const char *section;
  const char *key;
  const char *title;
  double value;
  gboolean is_count;
} Row;

static void
add (GArray *rows, const char *section, const char *key, const char *title,
    double value)
{
  Row row = { section, key, title, value,
    key[0] == 'n' && (key[1] == '\0' || key[1] == '_') };

  g_array_append_val (rows, row);
}

static double
part (double some, guint all)
{
  return all > 0 ? some / all : 0.0;
}

static void
add_locate (GArray *rows, const char *section,
    const EvalLocate groups[EVAL_N_GROUPS], gboolean has_times)
{
  g_auto (EvalLocate) all = { 0 };
  const EvalLocate *named = &groups[EVAL_NAMED];
  const EvalLocate *unnamed = &groups[EVAL_UNNAMED];

  eval_locate_join (groups, &all);
  add (rows, section, "n", "asked", all.n);
  add (rows, section, "answered", "answered at all",
      part (all.n_answered, all.n));
  add (rows, section, "miou", "mean IoU", part (all.sum_iou, all.n));
  add (rows, section, "r_at_0.5", "IoU of 0.5 or more",
      part (all.n_half, all.n));
  add (rows, section, "r_at_0.7", "IoU of 0.7 or more",
      part (all.n_seven, all.n));
  add (rows, section, "named_miou", "mean IoU of named objects",
      part (named->sum_iou, named->n));
  add (rows, section, "unnamed_miou", "mean IoU of \"object\"",
      part (unnamed->sum_iou, unnamed->n));
  if (!has_times)
    return;
  add (rows, section, "median_start_error_s", "median error of the start, s",
      eval_median (all.start_errors));
  add (rows, section, "median_end_error_s", "median error of the end, s",
      eval_median (all.end_errors));
}

static void
add_absent (GArray *rows, const char *section, const EvalAbsent *absent)
{
  add (rows, section, "n", "asked", absent->n);
  add (rows, section, "empty", "answered empty",
      part (absent->n_empty, absent->n));
}

static void
add_events (GArray *rows, const EvalMatches *m)
{
  add (rows, "events", "n_true", "there", m->n_true);
  add (rows, "events", "n_found", "reported", m->n_found);
  add (rows, "events", "precision", "precision", eval_precision (m));
  add (rows, "events", "recall", "recall", eval_recall (m));
  add (rows, "events", "f1", "F1", eval_f1 (m));
  add (rows, "events", "label_accuracy", "right label, where the time is",
      part (m->n_right, m->n_placed));
  add (rows, "events", "n_crowd", "there, three and more in a scene",
      m->n_crowd);
  add (rows, "events", "recall_crowd", "recall of those",
      part (m->n_crowd_right, m->n_crowd));
  add (rows, "events", "n_brief", "there, 1 to 2 s long", m->n_brief);
  add (rows, "events", "recall_brief", "recall of those",
      part (m->n_brief_right, m->n_brief));
  add (rows, "events", "description_accuracy",
      "right description, where the label is",
      part (m->n_described, m->n_right));
}

static void
add_yes_no (GArray *rows, const EvalRight *yes, const EvalRight *no)
{
  add (rows, "yes_no", "n", "asked", yes->n + no->n);
  add (rows, "yes_no", "accuracy", "right",
      part (yes->sum + no->sum, yes->n + no->n));
  add (rows, "yes_no", "yes", "Yes to what is true", part (yes->sum, yes->n));
  add (rows, "yes_no", "no", "No to what is not", part (no->sum, no->n));
}

static void
add_right (GArray *rows, const char *section, const char *title,
    const EvalRight *right)
{
  add (rows, section, "n", "asked", right->n);
  add (rows, section, "accuracy", title, part (right->sum, right->n));
}

static GArray *
list_rows (const EvalScores *scores)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (Row));

  add_locate (rows, "query", scores->query, TRUE);
  add_absent (rows, "absent", &scores->absent);
  add_events (rows, &scores->events);
  add_locate (rows, "boxes", scores->boxes, FALSE);
  add_absent (rows, "absent_boxes", &scores->absent_box);
  add_yes_no (rows, &scores->yes, &scores->no);
  add_right (rows, "points", "inside of what they point to", &scores->points);
  add_absent (rows, "absent_points", &scores->absent_point);
  add_right (rows, "count", "the right number", &scores->count);
  return rows;
}

/* --- as text ------------------------------------------------------------ */

static void
print_value (const Row *row)
{
  g_print (row->is_count ? "%10.0f" : "%10.3f", row->value);
}

static void
print_scores (const EvalReport *report)
{
  g_autoptr (GArray) rows = list_rows (report->scores);
  g_autoptr (GArray) baseline = list_rows (report->baseline);
  const char *section = "";

  g_print ("\n%-54s%10s%10s\n", "", "model", "always");
  for (guint i = 0; i < rows->len; i++) {
    const Row *row = &g_array_index (rows, Row, i);

    g_print ("%-14s%-40s",
        g_str_equal (section, row->section) ? "" : row->section, row->title);
    print_value (row);
    print_value (&g_array_index (baseline, Row, i));
    g_print ("\n");
    section = row->section;
  }
  g_print ("\"always\" answers that it is there from the first to the last "
           "moment, with the right\nlabels, and that it fills the picture.\n");
}

static void
print_rates (const GArray *rates)
{
  double reference = g_array_index (rates, EvalRate, 0).fps;

  g_print ("\n%8s%8s%10s%10s   at the same scenes; s, beside the answer at "
           "%g fps\n",
      "fps", "mIoU", "start", "end", reference);
  for (guint i = 0; i < rates->len; i++) {
    const EvalRate *rate = &g_array_index (rates, EvalRate, i);

    g_print ("%8g%8.3f%10.3f%10.3f   %u compared, %u answered at one rate "
             "only\n",
        rate->fps, part (rate->locate.sum_iou, rate->locate.n),
        part (rate->sum_start, rate->n_both),
        part (rate->sum_end, rate->n_both), rate->n_both, rate->n_differ);
  }
}

void
eval_report_print (const EvalReport *report)
{
  g_autofree char *length = report->camera.duration > 0.0
      ? g_strdup_printf (" of %g s", report->camera.duration)
      : NULL;

  g_print ("%s on %s: ", report->model, report->device);
  if (report->videos == NULL)
    g_print ("%u answers in ", report->n_answers);
  g_print ("%.1f s", report->seconds);
  if (report->scores != NULL)
    g_print ("; %u scenes from seed %" G_GUINT64_FORMAT
             " on%s with up to %u bystanders, perspective %g%s%s at %g fps, "
             "%.2f scenes/s",
        report->n_scenes, report->first_seed, length != NULL ? length : "",
        report->camera.max_bystanders, report->camera.perspective,
        report->camera.exposure ? ", exposure" : "",
        report->camera.hard ? ", hard" : "", report->fps,
        report->n_scenes / MAX (report->seconds, 1e-9));
  g_print ("\n");
  if (report->n_rejected + report->n_unreadable > 0)
    g_print ("%u events or boxes of no sense left out, %u answers without a "
             "list\n",
        report->n_rejected, report->n_unreadable);
  if (report->n_unfit > 0)
    g_print ("%u answers that are not points, a number, Yes or No\n",
        report->n_unfit);
  if (report->scores != NULL)
    print_scores (report);
  if (report->scores != NULL && report->has_reliability)
    eval_reliability_print (
        report->scores->judged, report->scores->events.n_true);
  if (report->rates != NULL)
    print_rates (report->rates);
  if (report->videos != NULL)
    eval_videos_print (report->videos, report->has_reliability);
}

/* --- as JSON ------------------------------------------------------------ */

/* The sections, as members of the open object. */
static void
build_scores (JsonBuilder *b, const EvalScores *scores)
{
  g_autoptr (GArray) rows = list_rows (scores);

  for (guint i = 0; i < rows->len; i++) {
    const Row *row = &g_array_index (rows, Row, i);

    if (i == 0 || !g_str_equal (row[-1].section, row->section)) {
      json_builder_set_member_name (b, row->section);
      json_builder_begin_object (b);
    }
    if (row->is_count)
      eval_json_int (b, row->key, (gint64) row->value);
    else
      eval_json_double (b, row->key, row->value);
    if (i + 1 == rows->len || !g_str_equal (row[1].section, row->section))
      json_builder_end_object (b);
  }
}

static void
build_rates (JsonBuilder *b, const GArray *rates)
{
  json_builder_set_member_name (b, "fps_consistency");
  json_builder_begin_array (b);
  for (guint i = 0; i < rates->len; i++) {
    const EvalRate *rate = &g_array_index (rates, EvalRate, i);

    json_builder_begin_object (b);
    eval_json_double (b, "fps", rate->fps);
    eval_json_int (b, "n", rate->locate.n);
    eval_json_double (b, "miou", part (rate->locate.sum_iou, rate->locate.n));
    eval_json_int (b, "n_compared", rate->n_both);
    eval_json_int (b, "n_answered_once", rate->n_differ);
    eval_json_double (
        b, "mean_start_difference_s", part (rate->sum_start, rate->n_both));
    eval_json_double (
        b, "mean_end_difference_s", part (rate->sum_end, rate->n_both));
    json_builder_end_object (b);
  }
  json_builder_end_array (b);
}

char *
eval_report_to_json (const EvalReport *report)
{
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (b);
  eval_json_string (b, "model", report->model);
  eval_json_string (b, "device", report->device);
  eval_json_double (b, "seconds", report->seconds);
  eval_json_int (b, "n_answers", report->n_answers);
  eval_json_int (b, "n_rejected", report->n_rejected);
  eval_json_int (b, "n_unreadable", report->n_unreadable);
  eval_json_int (b, "n_unfit", report->n_unfit);
  if (report->scores != NULL) {
    eval_json_int (b, "first_seed", (gint64) report->first_seed);
    eval_json_int (b, "n_scenes", report->n_scenes);
    eval_json_double (b, "fps", report->fps);
    if (report->camera.duration > 0.0)
      eval_json_double (b, "duration", report->camera.duration);
    eval_json_int (b, "max_bystanders", report->camera.max_bystanders);
    eval_json_double (b, "perspective", report->camera.perspective);
    json_builder_set_member_name (b, "exposure");
    json_builder_add_boolean_value (b, report->camera.exposure);
    json_builder_set_member_name (b, "hard");
    json_builder_add_boolean_value (b, report->camera.hard);
    build_scores (b, report->scores);
    eval_reliability_build (
        b, report->scores->judged, report->scores->events.n_true);
    json_builder_set_member_name (b, "always");
    json_builder_begin_object (b);
    build_scores (b, report->baseline);
    json_builder_end_object (b);
  }
  if (report->rates != NULL)
    build_rates (b, report->rates);
  if (report->videos != NULL)
    eval_videos_build (b, report->videos);
  json_builder_end_object (b);
  root = json_builder_get_root (b);
  return gst_vlm_json_write_pretty (root);
}
