/* gst-vlm: from the probabilities of tokens to the confidence of an event
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "engine/trace.h"
#include "support/rng.h"

#define N_TRACES 2000

static GArray *
make_trace (Rng *rng, guint n)
{
  GArray *trace = g_array_new (FALSE, FALSE, sizeof (VlmTokenTrace));
  gsize end = 0;

  for (guint i = 0; i < n; i++) {
    VlmTokenTrace token;

    end += rng_below (rng, 5);
    token.text_end = end;
    token.log_probability = -10.0 * rng_below (rng, 1001) / 1000.0;
    g_array_append_val (trace, token);
  }
  return trace;
}

/* A likelier token never makes an event less sure, and makes the event that it
 * wrote more sure; tokens of other events do not matter. */
static void
test_monotonic (void)
{
  Rng rng = { 7 };

  for (guint round = 0; round < N_TRACES; round++) {
    guint n = 1 + rng_below (&rng, 40);
    g_autoptr (GArray) trace = make_trace (&rng, n);
    gsize length = g_array_index (trace, VlmTokenTrace, n - 1).text_end;
    gsize start = rng_below (&rng, (guint) length + 1);
    gsize end = start + rng_below (&rng, (guint) (length - start) + 1);
    double before = vlm_trace_confidence (trace, start, end);
    guint changed = rng_below (&rng, n);
    VlmTokenTrace *token = &g_array_index (trace, VlmTokenTrace, changed);
    gsize token_start = changed > 0 ? token[-1].text_end : 0;
    double after;

    g_assert_cmpfloat (before, >, 0.0);
    g_assert_cmpfloat (before, <=, 1.0);
    if (token->log_probability > -0.5)
      continue;
    token->log_probability += 0.5;
    after = vlm_trace_confidence (trace, start, end);
    g_assert_cmpfloat (after, >=, before);
    g_assert_cmpfloat (after, <=, 1.0);
    if (token->text_end > start && token_start < end)
      g_assert_cmpfloat (after, >, before);
    if (token->text_end < start || token_start > end)
      g_assert_cmpfloat (after, ==, before);
  }
}

/* The mean of the logarithms of four in a row, of all where there are fewer. */
static double
find_worst (const GArray *trace)
{
  guint length = MIN (trace->len, 4);
  double worst = 0.0;

  for (guint i = 0; i + length <= trace->len; i++) {
    double sum = 0.0;

    for (guint k = i; k < i + length; k++)
      sum += g_array_index (trace, VlmTokenTrace, k).log_probability;
    if (i == 0 || sum < worst)
      worst = sum;
  }
  return worst / length;
}

/* The geometric mean of all, and of the worst four in a row. */
static void
test_mean (void)
{
  Rng rng = { 8 };

  for (guint round = 0; round < N_TRACES; round++) {
    guint n = 1 + rng_below (&rng, 40);
    g_autoptr (GArray) trace = make_trace (&rng, n);
    double confidence = vlm_trace_confidence (trace, 0, G_MAXSIZE);
    double product = 0.0;

    for (guint i = 0; i < n; i++)
      product += g_array_index (trace, VlmTokenTrace, i).log_probability;
    g_assert_cmpfloat_with_epsilon (
        confidence, exp ((product / n + find_worst (trace)) / 2.0), 1e-12);
  }
}

/* One unlikely word in a long text is not lost in its mean. */
static void
test_worst (void)
{
  g_autoptr (GArray) trace = g_array_new (FALSE, FALSE, sizeof (VlmTokenTrace));

  for (guint i = 0; i < 40; i++) {
    VlmTokenTrace token = { i + 1, i / 4 == 5 ? log (0.2) : log (0.99) };

    g_array_append_val (trace, token);
  }
  g_assert_cmpfloat (vlm_trace_confidence (trace, 0, G_MAXSIZE), <, 0.45);
  g_assert_cmpfloat (vlm_trace_confidence (trace, 0, 20), >, 0.98);
}

static void
test_none (void)
{
  g_autoptr (GArray) trace = g_array_new (FALSE, FALSE, sizeof (VlmTokenTrace));

  g_assert_cmpfloat (vlm_trace_confidence (trace, 0, G_MAXSIZE), ==, 1.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/confidence/monotonic", test_monotonic);
  g_test_add_func ("/confidence/mean", test_mean);
  g_test_add_func ("/confidence/worst", test_worst);
  g_test_add_func ("/confidence/none", test_none);
  return g_test_run ();
}
