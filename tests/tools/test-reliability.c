/* gst-vlm: whether a model's confidence distinguishes right from wrong
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/reliability.h"

#define assert_near(a, b) g_assert_cmpfloat_with_epsilon (a, b, 1e-9)

/* Of "R0.9 w0.5 …": right ones have a capital. */
static void
judge (const char *text, guint n_true, EvalReliability *reliability)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  g_autoptr (GArray) judged = g_array_new (FALSE, FALSE, sizeof (EvalJudged));

  for (guint i = 0; words[i] != NULL; i++) {
    EvalJudged one = { g_ascii_strtod (words[i] + 1, NULL),
      words[i][0] == 'R' };

    if (words[i][0] != '\0')
      g_array_append_val (judged, one);
  }
  eval_reliability (judged, n_true, reliability);
}

static void
test_auc (void)
{
  static const struct
  {
    const char *text;
    double auc;
  } cases[] = {
    { "R0.9 R0.8 w0.7 w0.1", 1.0 },
    { "w0.9 R0.8 R0.7", 0.0 },
    { "R0.5 w0.5 R0.5 w0.5 w0.5", 0.5 },
    { "w0.2 R0.3 w0.4 R0.5", 0.75 },
    /* half of a tie */
    { "R0.9 R0.5 w0.5 w0.1", 3.5 / 4.0 },
    /* nothing to compare */
    { "R0.9 R0.1", -1.0 },
    { "w0.9", -1.0 },
    { "", -1.0 },
    /* what is not known does not count */
    { "R0.9 w0.8 w-1 R-1", 1.0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    EvalReliability r;

    judge (cases[i].text, 4, &r);
    assert_near (r.auc, cases[i].auc);
  }
}

static void
test_bins (void)
{
  EvalReliability r;

  judge ("R1 w0.95 R0.9 w0.1 w0 w0.199 R-1", 4, &r);
  g_assert_cmpuint (r.n, ==, 6);
  g_assert_cmpuint (r.n_right, ==, 2);
  g_assert_cmpuint (r.bins[9].n, ==, 3);
  g_assert_cmpuint (r.bins[9].n_right, ==, 2);
  assert_near (r.bins[9].sum, 2.85);
  assert_near (r.bins[9].to, 1.0);
  g_assert_cmpuint (r.bins[1].n, ==, 2);
  g_assert_cmpuint (r.bins[1].n_right, ==, 0);
  g_assert_cmpuint (r.bins[0].n, ==, 1);
  g_assert_cmpuint (r.bins[5].n, ==, 0);
}

/* Two of three are found; without the wrong ones F1 is best. */
static void
test_best (void)
{
  EvalReliability r;

  judge ("R0.9 R0.837 w0.6 w0.3", 3, &r);
  assert_near (r.best_f1, 4.0 / 5.0);
  /* at most as much as what is kept has */
  assert_near (r.best_from, 0.83);

  /* all or nothing of what is equally sure */
  judge ("R0.5 w0.5 w0.5", 1, &r);
  assert_near (r.best_f1, 2.0 / 4.0);
  assert_near (r.best_from, 0.0);

  /* a wrong one that is surer than a right one is the price of it */
  judge ("w0.9 R0.8", 1, &r);
  assert_near (r.best_f1, 2.0 / 3.0);
  assert_near (r.best_from, 0.0);

  judge ("w0.9", 0, &r);
  assert_near (r.best_f1, 0.0);
  assert_near (r.best_from, 0.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reliability/auc", test_auc);
  g_test_add_func ("/reliability/bins", test_bins);
  g_test_add_func ("/reliability/best", test_best);
  return g_test_run ();
}
