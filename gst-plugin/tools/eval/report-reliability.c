/* gst-vlm: what an evaluation says about a model's confidence
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/report-reliability.h"

#include "tools/eval/reliability.h"
#include "tools/eval/report-json.h"

static void
print_bin (const EvalBin *bin, gboolean is_last)
{
  g_print ("  %.1f to %s%.1f%10u%10u", bin->from, is_last ? "" : "< ", bin->to,
      bin->n, bin->n_right);
  if (bin->n > 0)
    g_print ("%12.2f%12.2f", (double) bin->n_right / bin->n, bin->sum / bin->n);
  g_print ("\n");
}

void
eval_reliability_print (const GArray *judged, guint n_true)
{
  EvalReliability r;

  eval_reliability (judged, n_true, &r);
  g_print ("\nconfidence     reported     right    of these    mean conf.\n");
  for (guint i = 0; i < EVAL_N_BINS; i++)
    print_bin (&r.bins[i], i + 1 == EVAL_N_BINS);
  if (r.auc >= 0.0)
    g_print ("AUC of right against wrong: %.3f (%u right, %u wrong)\n", r.auc,
        r.n_right, r.n - r.n_right);
  else
    g_print ("AUC of right against wrong: none, all %u are %s\n", r.n,
        r.n_right > 0 ? "right" : "wrong");
  g_print ("best F1, %.3f, with what has a confidence of %.2f and more\n",
      r.best_f1, r.best_from);
}

void
eval_reliability_build (JsonBuilder *b, const GArray *judged, guint n_true)
{
  EvalReliability r;

  eval_reliability (judged, n_true, &r);
  json_builder_set_member_name (b, "reliability");
  json_builder_begin_object (b);
  eval_json_int (b, "n", r.n);
  eval_json_int (b, "n_right", r.n_right);
  if (r.auc >= 0.0) {
    eval_json_double (b, "auc", r.auc);
  } else {
    json_builder_set_member_name (b, "auc");
    json_builder_add_null_value (b);
  }
  eval_json_double (b, "best_from", r.best_from);
  eval_json_double (b, "best_f1", r.best_f1);
  json_builder_set_member_name (b, "bins");
  json_builder_begin_array (b);
  for (guint i = 0; i < EVAL_N_BINS; i++) {
    json_builder_begin_object (b);
    eval_json_double (b, "from", r.bins[i].from);
    eval_json_double (b, "to", r.bins[i].to);
    eval_json_int (b, "n", r.bins[i].n);
    eval_json_int (b, "n_right", r.bins[i].n_right);
    json_builder_end_object (b);
  }
  json_builder_end_array (b);
  json_builder_end_object (b);
}
