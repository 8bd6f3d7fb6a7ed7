/* gst-vlm: drawing tokens
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "engine/sampling.h"

static const float logits[] = { 1.0f, 3.0f, -1.0f, 2.0f };

static gint32
draw (const VlmSampling *sampling, guint32 allowed, guint32 seen, GRand *random)
{
  float copy[G_N_ELEMENTS (logits)];
  double probability;

  memcpy (copy, logits, sizeof copy);
  return vlm_sampling_draw (sampling, copy, G_N_ELEMENTS (logits), &allowed,
      &seen, random, &probability);
}

/* Shares of many draws against the softmax. */
static void
test_distribution (void)
{
  const VlmSampling sampling = { 2.0, 0, 1.0, 1.0f };
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  guint counts[G_N_ELEMENTS (logits)] = { 0 };
  double sum = 0.0;

  for (guint i = 0; i < 20000; i++)
    counts[draw (&sampling, 0xf, 0, random)]++;
  for (guint i = 0; i < G_N_ELEMENTS (logits); i++)
    sum += exp (logits[i] / 2.0);
  for (guint i = 0; i < G_N_ELEMENTS (logits); i++)
    g_assert_cmpfloat_with_epsilon (
        counts[i] / 20000.0, exp (logits[i] / 2.0) / sum, 0.015);
}

static void
test_limits (void)
{
  const VlmSampling two = { 1.0, 2, 1.0, 1.0f };
  const VlmSampling nucleus = { 1.0, 0, 0.5, 1.0f };
  const VlmSampling greedy = { 0.0, 0, 1.0, 1.0f };
  g_autoptr (GRand) random = g_rand_new_with_seed (2);

  for (guint i = 0; i < 200; i++) {
    gint32 token = draw (&two, 0xf, 0, random);

    g_assert_true (token == 1 || token == 3);
    /* token 1 has 0.64 of the mass: it alone reaches a half */
    g_assert_cmpint (draw (&nucleus, 0xf, 0, random), ==, 1);
    g_assert_cmpint (draw (&greedy, 0xd, 0, random), ==, 3);
    g_assert_cmpint (draw (&two, 0x4, 0, random), ==, 2);
  }
  g_assert_cmpint (draw (&two, 0, 0, random), ==, -1);
}

/* A seen token with a positive logit is divided, a negative one multiplied. */
static void
test_penalty (void)
{
  const VlmSampling sampling = { 0.0, 0, 1.0, 2.0f };
  g_autoptr (GRand) random = g_rand_new_with_seed (3);

  g_assert_cmpint (draw (&sampling, 0xf, 0x2, random), ==, 3);
  g_assert_cmpint (draw (&sampling, 0x5, 0x1, random), ==, 0);
}

static void
test_seed (void)
{
  const VlmSampling sampling = { 1.0, 0, 1.0, 1.0f };
  g_autoptr (GRand) a = g_rand_new_with_seed (4);
  g_autoptr (GRand) b = g_rand_new_with_seed (4);

  for (guint i = 0; i < 100; i++)
    g_assert_cmpint (
        draw (&sampling, 0xf, 0, a), ==, draw (&sampling, 0xf, 0, b));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sampling/distribution", test_distribution);
  g_test_add_func ("/sampling/limits", test_limits);
  g_test_add_func ("/sampling/penalty", test_penalty);
  g_test_add_func ("/sampling/seed", test_seed);
  return g_test_run ();
}
