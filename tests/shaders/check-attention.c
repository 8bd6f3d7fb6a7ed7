/* gst-vlm: checks attention
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/attention-plan.h"
#include "ref/ref-heads.h"
#include "shaders/kv-data.h"

#include <math.h>

/* A score of D products errs by some eps sqrt (D) = 7e-7 times its terms, and a
 * weight relatively by as much as its score absolutely; outputs are means of
 * values of both signs, and smaller than these by sqrt (keys): 1e-6 of what is
 * summed are 3e-6 and more of the result. Where scores reach some tens, one
 * hundredfold. */
#define NMSE 1e-10
#define NMSE_STEEP 1e-8

/* Rows of a long case that are compared: every so manieth. */
#define COMPARED 64

typedef struct
{
  guint n_heads, n_kv_heads, head_dim;
} Heads;

typedef struct
{
  Heads heads;
  guint n_tokens;
  guint first_key;       /* causal, unless there are segments */
  const guint *segments; /* sizes, ended by 0 */
  float scale;           /* of queries */
  VlmDType dtype;        /* of the cache */

  float *q_data;
  VlmNnTensor q, out;
  VlmNnKv kv;
  KvData data;
  VlmNnAttentionPlan *plan;
} Case;

static guint
n_keys_of (const Case *c)
{
  return c->segments != NULL ? c->n_tokens : c->first_key + c->n_tokens;
}

static void
make_plan (VkCheck *check, Case *c)
{
  const Heads *h = &c->heads;
  GError *error = NULL;

  if (c->segments == NULL) {
    c->plan = vlm_nn_attention_plan_new_causal (check->nn, c->n_tokens,
        c->first_key, h->n_heads, h->n_kv_heads, h->head_dim, &error);
  } else {
    g_autoptr (GArray) bounds = g_array_new (FALSE, TRUE, sizeof (guint32));
    guint32 bound = 0;

    g_array_append_val (bounds, bound);
    for (guint i = 0; c->segments[i] != 0; i++) {
      bound += c->segments[i];
      g_array_append_val (bounds, bound);
    }
    c->plan = vlm_nn_attention_plan_new_segments (check->nn,
        (const guint32 *) bounds->data, bounds->len - 1, h->n_heads,
        h->n_kv_heads, h->head_dim, &error);
  }
  vkcheck_no_error (error, "plan");
}

static void
case_init (VkCheck *check, Case *c)
{
  const Heads *h = &c->heads;
  const gsize n_q = (gsize) c->n_tokens * h->n_heads * h->head_dim;
  const guint n_keys = n_keys_of (c);
  const gsize n_kv = (gsize) n_keys * h->n_kv_heads * h->head_dim;

  c->q_data = g_new (float, n_q);
  vkcheck_make_floats (check, VKCHECK_RANDOM, c->q_data, n_q);
  for (gsize i = 0; i < n_q; i++)
    c->q_data[i] *= c->scale;
  c->q =
      vkcheck_tensor (check, c->n_tokens, h->n_heads * h->head_dim, c->q_data);
  c->out = vkcheck_tensor (check, c->n_tokens, h->n_heads * h->head_dim, NULL);
  /* room for garbage after the last key */
  kv_data_init_cache (check, &c->kv, c->dtype, h->n_kv_heads, h->head_dim,
      (n_keys + 63) & ~31u);
  kv_data_init (&c->data, &c->kv, 0, n_keys);
  vkcheck_make_floats (check, VKCHECK_RANDOM, c->data.keys, n_kv);
  vkcheck_make_floats (check, VKCHECK_RANDOM, c->data.values, n_kv);
  kv_data_upload (check, &c->kv, &c->data);
  make_plan (check, c);
}

static void
case_clear (Case *c)
{
  vlm_nn_tensor_clear (&c->q);
  vlm_nn_tensor_clear (&c->out);
  vlm_nn_kv_clear (&c->kv);
  kv_data_clear (&c->data);
  g_clear_pointer (&c->q_data, g_free);
  g_clear_pointer (&c->plan, vlm_nn_attention_plan_free);
}

static void
record (VlmNn *nn, gpointer user_data)
{
  Case *c = user_data;

  vlm_nn_attention (nn, &c->q, &c->kv, c->plan, &c->out);
}

/* Keys that token @i sees. */
static void
range_of (const Case *c, guint i, guint *begin, guint *end)
{
  *begin = 0;
  *end = c->first_key + i + 1;
  for (guint s = 0; c->segments != NULL && c->segments[s] != 0; s++) {
    *end = *begin + c->segments[s];
    if (i < *end)
      return;
    *begin = *end;
  }
}

static void
expect_row (const Case *c, guint i, double *expected)
{
  const Heads *h = &c->heads;
  const guint d = h->head_dim;
  guint begin, end;

  range_of (c, i, &begin, &end);
  for (guint j = 0; j < h->n_heads; j++) {
    const gsize kv =
        (gsize) (j / (h->n_heads / h->n_kv_heads)) * c->data.n_keys * d;

    ref_attention_head (c->q_data + ((gsize) i * h->n_heads + j) * d,
        c->data.keys + kv, c->data.values + kv, begin, end, d,
        expected + (gsize) j * d);
  }
}

static void
compare (VkCheck *check, Case *c)
{
  const guint n_cols = c->heads.n_heads * c->heads.head_dim;
  const guint step = (c->n_tokens + COMPARED - 1) / COMPARED;
  const guint n_rows = (c->n_tokens + step - 1) / step;
  g_autofree float *actual = g_new (float, (gsize) c->n_tokens *n_cols);
  g_autofree double *expected = g_new (double, n_cols);
  GError *error = NULL;

  vlm_nn_tensor_read (&c->out, check->nn, 0, c->n_tokens, actual, &error);
  vkcheck_no_error (error, "read");
  for (gsize i = 0; i < (gsize) c->n_tokens * n_cols; i++)
    if (!isfinite (actual[i])) {
      vkcheck_fail (check, "element %" G_GSIZE_FORMAT " is not finite", i);
      break;
    }
  /* from the last row on, which sees most */
  for (guint i = 0; i < n_rows; i++) {
    const guint row = c->n_tokens - 1 - i * step;

    expect_row (c, row, expected);
    vkcheck_compare (check, actual + (gsize) row * n_cols, expected, n_cols,
        c->scale > 4 ? NMSE_STEEP : NMSE, 0.0);
  }
}

static double
flops_of (const Case *c)
{
  double n_pairs = 0.0;

  for (guint i = 0; i < c->n_tokens; i++) {
    guint begin, end;

    range_of (c, i, &begin, &end);
    n_pairs += end - begin;
  }
  return 4.0 * n_pairs * c->heads.n_heads * c->heads.head_dim;
}

static void
run_case (VkCheck *check, const char *kernel, Case c)
{
  const Heads *h = &c.heads;

  if (!vkcheck_begin (check,
          "attention/%s/%s/%s/%u/%u at %u/%u:%u heads of %u/x%g", kernel,
          vlm_dtype_name (c.dtype), c.segments != NULL ? "segments" : "causal",
          c.segments != NULL ? c.segments[0] : 0, c.n_tokens, c.first_key,
          h->n_heads, h->n_kv_heads, h->head_dim, c.scale))
    return;
  case_init (check, &c);
  vkcheck_run (check, record, &c);
  vkcheck_guards (check, &c.out);
  compare (check, &c);
  vkcheck_time (check, record, &c, flops_of (&c), 0.0);
  vkcheck_end (check);
  case_clear (&c);
}

static guint
total_of (const guint *segments)
{
  guint n = 0;

  while (*segments != 0)
    n += *segments++;
  return n;
}

static void
run_segments (
    VkCheck *check, const char *kernel, Heads heads, const guint *segments)
{
  const Case c = {
    .heads = heads,
    .n_tokens = total_of (segments),
    .segments = segments,
    .scale = 2.0f,
  };

  run_case (check, kernel, c);
}

static void
run_causal_of (VkCheck *check, const char *kernel, VlmDType dtype, Heads heads,
    guint n_tokens, guint first_key, float scale)
{
  const Case c = {
    .dtype = dtype,
    .heads = heads,
    .n_tokens = n_tokens,
    .first_key = first_key,
    .scale = scale,
  };

  run_case (check, kernel, c);
}

static void
run_causal (VkCheck *check, const char *kernel, Heads heads, guint n_tokens,
    guint first_key, float scale)
{
  run_causal_of (
      check, kernel, VLM_DTYPE_F32, heads, n_tokens, first_key, scale);
}

static const guint ragged[] = { 1, 4, 16, 64, 100, 7, 64, 32, 4, 4, 33, 0 };
static const guint windows[] = { 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
  64, 64, 64, 64, 0 };
static const guint slice[] = { 1024, 0 };

static const Heads all_heads[] = {
  { 2, 2, 8 },
  { 4, 2, 16 },
  { 4, 1, 32 },
  { 2, 2, 80 },
  { 14, 2, 128 },
  { 8, 1, 32 },
};

static void
check_kernel (VkCheck *check, const char *kernel)
{
  for (guint i = 0; i < G_N_ELEMENTS (all_heads); i++) {
    const Heads heads = all_heads[i];

    run_segments (check, kernel, heads, ragged);
    run_causal (check, kernel, heads, 1, 0, 2.0f);
    run_causal (check, kernel, heads, 7, 129, 2.0f);
    run_causal (check, kernel, heads, 127, 3, 20.0f);
    run_causal (check, kernel, heads, 13, 50, 0.0f);
    run_causal_of (check, kernel, VLM_DTYPE_F16, heads, 7, 129, 2.0f);
  }
  run_segments (check, kernel, all_heads[3], slice);
  run_causal (check, kernel, all_heads[5], 1025, 0, 2.0f);
  run_causal_of (check, kernel, VLM_DTYPE_F16, all_heads[5], 1025, 0, 2.0f);
}

/* Split over keys: pieces whose keys some rows do not see at all, too. */
static void
check_split (VkCheck *check, const char *name)
{
  const VlmNnLimits limits = check->nn->limits;

  check->nn->limits.split_keys = 32;
  run_causal (check, name, all_heads[3], 77, 3, 2.0f);
  run_causal (check, name, all_heads[5], 1, 1000, 2.0f);
  run_causal_of (check, name, VLM_DTYPE_F16, all_heads[5], 1, 1000, 2.0f);
  run_causal (check, name, all_heads[5], 13, 250, 20.0f);
  run_segments (check, name, all_heads[3], ragged);
  check->nn->limits = limits;
}

/* Caches of several segments: queries before, at, and across their ends. */
static void
check_segments (VkCheck *check, const char *name)
{
  static const struct
  {
    guint n_tokens, first_key;
  } cases[] = { { 1, 63 }, { 1, 64 }, { 1, 128 }, { 7, 57 }, { 7, 58 },
    { 13, 50 }, { 13, 120 }, { 127, 3 }, { 127, 64 } };
  const VlmNnLimits limits = check->nn->limits;

  vlm_nn_set_kv_segment (check->nn, 64);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const guint n = cases[i].n_tokens, first = cases[i].first_key;

    run_causal (check, name, all_heads[4], n, first, 2.0f);
    run_causal_of (check, name, VLM_DTYPE_F16, all_heads[5], n, first, 2.0f);
  }
  run_causal (check, name, all_heads[3], 13, 250, 20.0f);
  run_causal (check, name, all_heads[5], 1025, 31, 2.0f);
  run_causal_of (check, name, VLM_DTYPE_F16, all_heads[5], 1025, 31, 2.0f);
  check->nn->limits.split_keys = 32;
  run_causal (check, name, all_heads[5], 1, 1000, 2.0f);
  run_causal_of (check, name, VLM_DTYPE_F16, all_heads[5], 13, 250, 2.0f);
  check->nn->limits = limits;
}

/* Tokens, heads and tiles in several dispatches. */
static void
check_limits (VkCheck *check)
{
  const VlmNnLimits limits = check->nn->limits;
  const Heads heads = { 6, 3, 32 };

  /* 8 tokens are 6144 bytes, a head of up to 192 keys 24576 */
  check->nn->limits.binding_bytes = 25000;
  run_causal (check, "head+rows", heads, 90, 40, 2.0f);
  run_causal_of (check, "head+rows", VLM_DTYPE_F16, heads, 90, 40, 2.0f);
  check->nn->limits.split_keys = 64;
  check->nn->limits.grid = 3;
  run_causal (check, "split+heads", heads, 90, 40, 2.0f);
  check->nn->limits.binding_bytes = 400000;
  run_causal (check, "split+grid", heads, 90, 40, 2.0f);
  check->nn->limits.split_keys = 0;
  run_causal (check, "grid", heads, 90, 40, 2.0f);
  check->nn->limits.chunk_macs = 100000;
  run_causal (check, "work", heads, 150, 40, 2.0f);
  run_segments (check, "work", all_heads[3], ragged);
  check->nn->limits = limits;
  /* chunks whose parts fit; then a head at a time, too */
  check->nn->limits.segment_keys = 64;
  check->nn->limits.binding_bytes = 25000;
  run_causal (check, "segments+rows", heads, 90, 40, 2.0f);
  check->nn->limits.binding_bytes = 17000;
  check->nn->limits.grid = 3;
  run_causal (check, "segments+head+grid", heads, 90, 0, 2.0f);
  check->nn->limits = limits;
}

static void
check_errors (VkCheck *check)
{
  static const guint32 empty[] = { 0, 4, 4, 8 };
  GError *error = NULL;

  if (!vkcheck_begin (check, "attention/errors"))
    return;
  if (vlm_nn_attention_plan_new_segments (
          check->nn, empty, 3, 2, 1, 8, &error) != NULL)
    vkcheck_fail (check, "an empty segment is no error");
  g_clear_error (&error);
  if (vlm_nn_attention_plan_new_causal (check->nn, 1, 0, 3, 2, 8, &error) !=
      NULL)
    vkcheck_fail (check, "3 heads for 2 key heads are no error");
  g_clear_error (&error);
  if (vlm_nn_attention_plan_new_causal (check->nn, 1, 0, 2, 2, 12, &error) !=
      NULL)
    vkcheck_fail (check, "heads of 12 are no error");
  g_clear_error (&error);
  vkcheck_end (check);
}

static void
bench_models (VkCheck *check)
{
  static const Heads vision = { 16, 16, 80 }, decoder = { 16, 2, 128 };

  run_segments (check, "bench", vision, slice);
  run_segments (check, "bench", vision, windows);
  run_causal (check, "bench", decoder, 512, 0, 1.0f);
  run_causal (check, "bench", decoder, 512, 7680, 1.0f);
  run_causal (check, "bench", decoder, 1, 511, 1.0f);
  run_causal (check, "bench", decoder, 1, 4095, 1.0f);
  run_causal (check, "bench", decoder, 1, 8191, 1.0f);
  run_causal_of (check, "bench", VLM_DTYPE_F16, decoder, 512, 0, 1.0f);
  run_causal_of (check, "bench", VLM_DTYPE_F16, decoder, 1, 4095, 1.0f);
  run_causal_of (check, "bench", VLM_DTYPE_F16, decoder, 1, 8191, 1.0f);
}

void
check_attention (VkCheck *check)
{
  guint n_kernels;
  const VlmNnKernel *kernels = vlm_nn_kernels (&n_kernels);

  for (guint i = 0; i < n_kernels; i++) {
    g_autofree char *split = g_strconcat (kernels[i].name, "-split", NULL);
    g_autofree char *grown = g_strconcat (kernels[i].name, "-grown", NULL);

    if (kernels[i].op != VLM_NN_OP_ATTENTION ||
        !vlm_nn_force_kernel (check->nn, kernels[i].name))
      continue;
    check_kernel (check, kernels[i].name);
    check_split (check, split);
    check_segments (check, grown);
  }
  vlm_nn_force_kernel (check->nn, NULL);
  check_limits (check);
  check_errors (check);
  if (check->bench)
    bench_models (check);
}
