/* gst-vlm: checks choose
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/select.h"
#include "ref/ref-ops.h"
#include "shaders/vkcheck.h"

#include <math.h>
#include <string.h>

/* Positive terms only, summed by many lanes: a relative error of 1e-6 at most,
 * which the logarithm makes an absolute one; and the f32 of the result. */
#define SUM_ERROR 2e-6

#define N_CHOICES 11

typedef enum
{
  ALLOW_ALL, /* no mask */
  ALLOW_SOME,
  ALLOW_LAST,
  ALLOW_NONE,
  N_ALLOW,
} Allow;

/* What is not finite, and where. */
typedef struct
{
  float value;
  guint index;
} Bad;

typedef struct
{
  guint n_logits, n_valid, row;
  Allow allow;
  float penalty; /* 0: no set of seen tokens */
  float scale;
  const Bad *bad; /* NULL: all is finite */

  float *logit_data;
  guint32 *allowed_data, *seen_data;
  VlmNnTensor logits, allowed, seen, choice;
} Case;

static guint32 *
make_bits (VkCheck *check, guint n, Allow allow)
{
  const guint n_words = (n + 31) / 32;
  guint32 *bits = g_new0 (guint32, n_words);

  for (guint i = 0; i < n_words && allow == ALLOW_SOME; i++)
    bits[i] = rng_below (&check->rng, 65536) * 65537u;
  if (allow == ALLOW_LAST)
    bits[(n - 1) / 32] = 1u << ((n - 1) % 32);
  return bits;
}

static void
case_init (VkCheck *check, Case *c)
{
  const guint n_words = (c->n_logits + 31) / 32;

  /* Few different values, so that there are ties. */
  c->logit_data = g_new (float, c->n_logits);
  vkcheck_make_floats (check, VKCHECK_RANDOM, c->logit_data, c->n_logits);
  for (guint i = 0; i < c->n_logits; i++)
    c->logit_data[i] = roundf (c->logit_data[i] * 512) * c->scale / 64;
  /* What is not valid would win. */
  for (guint i = c->n_valid; i < c->n_logits; i++)
    c->logit_data[i] = 1e9f;
  if (c->bad != NULL)
    c->logit_data[c->bad->index] = c->bad->value;
  c->logits = vkcheck_tensor (check, 1, c->n_logits, c->logit_data);
  if (c->allow != ALLOW_ALL) {
    c->allowed_data = make_bits (check, c->n_logits, c->allow);
    if (c->allow == ALLOW_LAST && c->n_valid < c->n_logits)
      c->allowed_data[(c->n_valid - 1) / 32] |= 1u << ((c->n_valid - 1) % 32);
    c->allowed = vkcheck_tensor (check, 1, n_words, c->allowed_data);
  }
  if (c->penalty != 0) {
    c->seen_data = make_bits (check, c->n_logits, ALLOW_SOME);
    c->seen = vkcheck_tensor (check, 1, n_words, c->seen_data);
  }
  c->choice = vkcheck_tensor (check, N_CHOICES, 4, NULL);
}

static void
case_clear (Case *c)
{
  vlm_nn_tensor_clear (&c->logits);
  vlm_nn_tensor_clear (&c->allowed);
  vlm_nn_tensor_clear (&c->seen);
  vlm_nn_tensor_clear (&c->choice);
  g_clear_pointer (&c->logit_data, g_free);
  g_clear_pointer (&c->allowed_data, g_free);
  g_clear_pointer (&c->seen_data, g_free);
}

static void
record (VlmNn *nn, gpointer user_data)
{
  Case *c = user_data;

  vlm_nn_choose (nn, &c->logits, c->n_valid,
      c->allowed_data != NULL ? &c->allowed : NULL,
      c->seen_data != NULL ? &c->seen : NULL, c->penalty, &c->choice, c->row);
}

static void
compare_number (VkCheck *check, const char *what, float actual, double expected,
    double bound)
{
  if (actual == expected)
    return;
  if (!(fabs (actual - expected) <= bound * MAX (fabs (expected), 1.0)))
    vkcheck_fail (check, "%s is %.9g, not %.9g", what, actual, expected);
}

static void
compare (VkCheck *check, Case *c)
{
  const RefChoice expected = ref_choose (
      c->logit_data, c->n_valid, c->allowed_data, c->seen_data, c->penalty);
  VlmNnChoice choices[N_CHOICES], before;
  GError *error = NULL;

  vlm_nn_tensor_read (&c->choice, check->nn, 0, N_CHOICES, choices, &error);
  vkcheck_no_error (error, "read");
  if (choices[c->row].token != expected.token)
    vkcheck_fail (check, "token is %d (%g), not %d (%g)", choices[c->row].token,
        choices[c->row].logit, expected.token, expected.logit);
  compare_number (check, "logit", choices[c->row].logit, expected.logit, 3e-7);
  compare_number (
      check, "log_sum", choices[c->row].log_sum, expected.log_sum, SUM_ERROR);
  compare_number (check, "log_sum_all", choices[c->row].log_sum_all,
      expected.log_sum_all, SUM_ERROR);
  memcpy (&before, &choices[(c->row + 1) % N_CHOICES], sizeof before);
  for (guint i = 0; i < N_CHOICES; i++)
    if (i != c->row && memcmp (&choices[i], &before, sizeof before) != 0)
      vkcheck_fail (check, "choice %u was overwritten too", i);
}

static void
run_case (VkCheck *check, const char *kernel, Case c)
{
  static const char *const names[] = { "all", "some-allowed", "last-allowed",
    "none-allowed" };

  if (!vkcheck_begin (check, "choose/%s/%s%s/%u of %u x%g to %u", kernel,
          names[c.allow], c.penalty != 0 ? "-penalty" : "", c.n_valid,
          c.n_logits, c.scale, c.row))
    return;
  case_init (check, &c);
  vkcheck_run (check, record, &c);
  compare (check, &c);
  vkcheck_time (check, record, &c, 0.0, c.n_valid * sizeof (float));
  vkcheck_end (check);
  case_clear (&c);
}

/* A value is found anywhere, allowed or not, but not beyond the valid logits. */
static void
check_not_finite (VkCheck *check, const char *kernel)
{
  static const Bad all[] = { { NAN, 0 }, { -NAN, 4998 }, { INFINITY, 2047 },
    { -INFINITY, 2048 }, { NAN, 4999 } };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    for (guint allow = 0; allow < N_ALLOW; allow++) {
      Case c = { .n_logits = 5001,
        .n_valid = 4999,
        .row = 2,
        .allow = (Allow) allow,
        .penalty = i % 2 != 0 ? 1.1337f : 0.0f,
        .scale = 1.0f,
        .bad = &all[i] };
      VlmNnChoice choice;
      GError *error = NULL;

      if (!vkcheck_begin (check, "choose/%s/%g at %u/allow-%u", kernel,
              all[i].value, all[i].index, allow))
        continue;
      case_init (check, &c);
      vkcheck_run (check, record, &c);
      vlm_nn_tensor_read (&c.choice, check->nn, c.row, 1, &choice, &error);
      vkcheck_no_error (error, "read");
      if ((choice.token == VLM_NN_NOT_FINITE) != (all[i].index < c.n_valid))
        vkcheck_fail (check, "token is %d", choice.token);
      vkcheck_end (check);
      case_clear (&c);
    }
  }
}

static void
check_kernel (VkCheck *check, const char *kernel)
{
  static const guint sizes[][2] = {
    { 1, 1 },
    { 7, 7 },
    { 33, 31 },
    { 2049, 2049 },
    { 4099, 4000 },
    { 152064, 151665 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint allow = 0; allow < N_ALLOW; allow++) {
      const Case c = {
        .n_logits = sizes[i][0],
        .n_valid = sizes[i][1],
        .row = (i * 3 + allow) % N_CHOICES,
        .allow = (Allow) allow,
        /* no two logits of a tie that only one of is in the set */
        .penalty = (i + allow) % 2 != 0 ? 1.1337f : 0.0f,
        .scale = 1.0f,
      };

      run_case (check, kernel, c);
    }
  /* sums that f32 could not hold without the maximum */
  run_case (check, kernel,
      (Case){ .n_logits = 3000, .n_valid = 2999, .scale = 1e4f });
  run_case (check, kernel,
      (Case){ .n_logits = 3000, .n_valid = 2999, .scale = 0.0f });
  check_not_finite (check, kernel);
}

static void
check_errors (VkCheck *check)
{
  Case c = { .n_logits = 100, .n_valid = 101, .scale = 1.0f };
  GError *error = NULL;

  if (!vkcheck_begin (check, "choose/errors"))
    return;
  c.n_valid = 100;
  case_init (check, &c);
  c.n_valid = 101;
  vlm_nn_begin (check->nn);
  record (check->nn, &c);
  if (vlm_nn_submit (check->nn, &error))
    vkcheck_fail (check, "more logits than there are, no error");
  else if (strstr (error->message, "101 of 100") == NULL)
    vkcheck_fail (check, "error does not say it: %s", error->message);
  g_clear_error (&error);
  vkcheck_end (check);
  case_clear (&c);
}

void
check_choose (VkCheck *check)
{
  guint n_kernels;
  const VlmNnKernel *kernels = vlm_nn_kernels (&n_kernels);

  for (guint i = 0; i < n_kernels; i++) {
    if (kernels[i].op == VLM_NN_OP_CHOOSE &&
        vlm_nn_force_kernel (check->nn, kernels[i].name))
      check_kernel (check, kernels[i].name);
  }
  vlm_nn_force_kernel (check->nn, NULL);
  check_errors (check);
}
