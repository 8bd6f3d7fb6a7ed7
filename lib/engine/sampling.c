/* gst-vlm: sampling a token
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/sampling.h"

#include <math.h>
#include <stdlib.h>

#include "base/bits.h"

typedef struct
{
  gint32 token;
  float logit;
} Candidate;

gboolean
vlm_sampling_is_greedy (const VlmSampling *sampling)
{
  return sampling->temperature < 1e-4 || sampling->top_k == 1;
}

/* Returns log sum exp of all logits after the penalty. */
static double
apply_penalty (
    float *logits, guint n_tokens, const guint32 *seen, float penalty)
{
  float max = -INFINITY;
  double sum = 0.0;

  for (guint i = 0; i < n_tokens; i++) {
    if (seen != NULL && vlm_bits_has (seen, i))
      logits[i] = logits[i] > 0 ? logits[i] / penalty : logits[i] * penalty;
    max = MAX (max, logits[i]);
  }
  for (guint i = 0; i < n_tokens; i++)
    sum += exp ((double) logits[i] - max);
  return max + log (sum);
}

/* Most likely first; the lower id on ties, so that a seed means one result. */
static int
compare_candidates (const void *a, const void *b)
{
  const Candidate *x = a;
  const Candidate *y = b;

  if (x->logit != y->logit)
    return x->logit > y->logit ? -1 : 1;
  return x->token < y->token ? -1 : 1;
}

static guint
collect (const float *logits, guint n_tokens, const guint32 *allowed,
    Candidate *candidates)
{
  guint n = 0;

  for (guint i = 0; i < n_tokens; i++) {
    if (isnan (logits[i]) || (allowed != NULL && !vlm_bits_has (allowed, i)))
      continue;
    candidates[n++] = (Candidate){ (gint32) i, logits[i] };
  }
  qsort (candidates, n, sizeof *candidates, compare_candidates);
  return n;
}

/* How many of the sorted candidates reach @top_p together. */
static guint
cut_at_top_p (const double *weights, guint n, double sum, double top_p)
{
  double reached = 0.0;
  guint kept = 0;

  while (kept < n && (kept == 0 || reached < top_p * sum))
    reached += weights[kept++];
  return kept;
}

gint32
vlm_sampling_draw (const VlmSampling *sampling, float *logits, guint n_tokens,
    const guint32 *allowed, const guint32 *seen, GRand *random,
    double *probability)
{
  double log_sum = apply_penalty (logits, n_tokens, seen, sampling->penalty);
  g_autofree Candidate *candidates = g_new (Candidate, n_tokens);
  guint n = collect (logits, n_tokens, allowed, candidates);
  g_autofree double *weights = NULL;
  double sum = 0.0;
  double point;
  guint chosen = 0;

  if (n == 0)
    return -1;
  if (vlm_sampling_is_greedy (sampling))
    n = 1;
  else if (sampling->top_k > 0)
    n = MIN (n, sampling->top_k);

  weights = g_new (double, n);
  for (guint i = 0; i < n; i++) {
    double distance = (double) candidates[i].logit - candidates[0].logit;

    weights[i] = i == 0 ? 1.0 : exp (distance / sampling->temperature);
    sum += weights[i];
  }
  n = cut_at_top_p (weights, n, sum, sampling->top_p);
  sum = 0.0;
  for (guint i = 0; i < n; i++)
    sum += weights[i];
  point = g_rand_double (random) * sum;
  while (chosen + 1 < n && point >= weights[chosen])
    point -= weights[chosen++];

  *probability = exp (candidates[chosen].logit - log_sum);
  return candidates[chosen].token;
}
