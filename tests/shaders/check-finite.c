/* gst-vlm: checks that what is not finite stays so
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Only logits are looked at while a model runs: no kernel may turn a row with a
 * NaN, or a sum that went over, into numbers. */
#include "nn/format.h"
#include "nn/select.h"
#include "shaders/kv-data.h"
#include "shaders/vkcheck.h"

#include <math.h>

#define M 5
#define N 40
#define K 64
#define BAD_ROW 2

/* Row @bad of @y has no number, and others, up to @n_good of them, nothing
 * else. */
static void
check_rows_of (VkCheck *check, const VlmNnTensor *y, guint bad, guint n_good)
{
  const guint n = y->n_cols;
  g_autofree float *data = g_new (float, y->n_rows *n);
  GError *error = NULL;

  vlm_nn_tensor_read (y, check->nn, 0, y->n_rows, data, &error);
  vkcheck_no_error (error, "read");
  for (guint i = 0; i < y->n_rows; i++)
    for (guint j = 0; j < n && (i == bad || i < n_good); j++)
      if (!isfinite (data[i * n + j]) != (i == bad)) {
        vkcheck_fail (check, "element %u of row %u is %g", j, i,
            (double) data[i * n + j]);
        return;
      }
}

/* --- linear layers -------------------------------------------------------- */

typedef struct
{
  VlmNnTensor x, y;
  VlmNnMatrix *w;
  VlmNnEpilogue epilogue;
} Product;

static void
record_product (VlmNn *nn, gpointer user_data)
{
  Product *p = user_data;

  vlm_nn_matmul (nn, &p->x, p->w, NULL, p->epilogue, &p->y);
}

static void
check_product (VkCheck *check, const VlmNnKernel *kernel, VlmDType dtype,
    VlmNnEpilogue epilogue, float value)
{
  const guint m = kernel->max_rows == 0 ? M : (guint) MIN (kernel->max_rows, M);
  const guint bad = MIN (BAD_ROW, m - 1);
  Product p = { .epilogue = epilogue };
  float x[M * K], w[N * K];
  g_autofree guint8 *raw = g_malloc (N * vlm_dtype_row_bytes (dtype, K));
  GError *error = NULL;

  if (!vkcheck_begin (check, "finite/matmul/%s/%s/%u/%g", kernel->name,
          vlm_dtype_name (dtype), epilogue, (double) value))
    return;
  vkcheck_make_floats (check, VKCHECK_RANDOM, x, m * K);
  x[bad * K + K - 1] = value;
  if (vlm_dtype_block_length (dtype) > 1) {
    vkcheck_make_blocks (check, dtype, N, K, w, raw);
  } else {
    vkcheck_make_floats (check, VKCHECK_RANDOM, w, N * K);
    vkcheck_quantise (dtype, w, N * K, raw);
  }
  p.w = vlm_nn_matrix_new (check->nn, N, K, dtype, &error);
  vkcheck_no_error (error, "matrix");
  if (epilogue == VLM_NN_SWIGLU) {
    vlm_nn_matrix_write (p.w, VLM_NN_ROWS_PAIR_FIRST, 0, N / 2, raw, &error);
    vkcheck_no_error (error, "weights");
    vlm_nn_matrix_write (p.w, VLM_NN_ROWS_PAIR_SECOND, 0, N / 2,
        raw + N / 2 * vlm_dtype_row_bytes (dtype, K), &error);
  } else {
    vlm_nn_matrix_write (p.w, VLM_NN_ROWS_PLAIN, 0, N, raw, &error);
  }
  vkcheck_no_error (error, "weights");
  p.x = vkcheck_tensor (check, m, K, x);
  p.y = vkcheck_tensor (check, m, epilogue == VLM_NN_SWIGLU ? N / 2 : N, NULL);
  vkcheck_run (check, record_product, &p);
  check_rows_of (check, &p.y, bad, m);
  vkcheck_end (check);
  vlm_nn_tensor_clear (&p.x);
  vlm_nn_tensor_clear (&p.y);
  vlm_nn_matrix_free (p.w);
}

/* One type of each kind that the kernel reads. */
static void
check_matmul_kernel (VkCheck *check, const VlmNnKernel *kernel)
{
  static const VlmDType dtypes[] = { VLM_DTYPE_BF16, VLM_DTYPE_Q8_0,
    VLM_DTYPE_Q4_0 };

  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++) {
    if (!vlm_nn_kernel_reads (kernel, vlm_nn_format (dtypes[i])))
      continue;
    check_product (check, kernel, dtypes[i], VLM_NN_STORE, NAN);
    check_product (check, kernel, dtypes[i], VLM_NN_GELU, -INFINITY);
    check_product (check, kernel, dtypes[i], VLM_NN_SWIGLU, INFINITY);
  }
}

/* --- norms ---------------------------------------------------------------- */

typedef struct
{
  VlmNnTensor x, w, y;
} Norm;

static void
record_norm (VlmNn *nn, gpointer user_data)
{
  Norm *n = user_data;

  vlm_nn_rms_norm (nn, &n->x, &n->w, 1e-6f, &n->y);
}

/* 1e30 is finite, its square is not. */
static void
check_norm_kernel (VkCheck *check, const VlmNnKernel *kernel)
{
  static const float values[] = { NAN, INFINITY, -INFINITY, 1e30f };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++) {
    float x[M * N], w[N];
    Norm n;

    if (!vkcheck_begin (
            check, "finite/rms_norm/%s/%g", kernel->name, (double) values[i]))
      continue;
    vkcheck_make_floats (check, VKCHECK_RANDOM, x, M * N);
    vkcheck_make_floats (check, VKCHECK_RANDOM, w, N);
    x[BAD_ROW * N + 7] = values[i];
    n.x = vkcheck_tensor (check, M, N, x);
    n.w = vkcheck_tensor (check, 1, N, w);
    n.y = vkcheck_tensor (check, M, N, NULL);
    vkcheck_run (check, record_norm, &n);
    vkcheck_guards (check, &n.y);
    check_rows_of (check, &n.y, BAD_ROW, M);
    vkcheck_end (check);
    vlm_nn_tensor_clear (&n.x);
    vlm_nn_tensor_clear (&n.w);
    vlm_nn_tensor_clear (&n.y);
  }
}

/* --- attention ------------------------------------------------------------ */

#define HEAD 32
#define TOKENS 40

typedef struct
{
  VlmNnTensor q, out;
  VlmNnKv kv;
  VlmNnAttentionPlan *plan;
} Attention;

static void
record_attention (VlmNn *nn, gpointer user_data)
{
  Attention *a = user_data;

  vlm_nn_attention (nn, &a->q, &a->kv, a->plan, &a->out);
}

/* In the query of one token, or in the key or the value of the last one, which
 * only the last sees: for the few before it, a weight of 0 times its value is
 * NaN, too. */
static void
check_attention_of (VkCheck *check, const char *kernel, VlmDType dtype,
    const char *where, float value)
{
  const guint bad = where[0] == 'q' ? BAD_ROW : TOKENS - 1;
  float q[TOKENS * HEAD];
  KvData data;
  Attention a = { 0 };
  GError *error = NULL;

  if (!vkcheck_begin (check, "finite/attention/%s/%s/%s/%g", kernel,
          vlm_dtype_name (dtype), where, (double) value))
    return;
  vkcheck_make_floats (check, VKCHECK_RANDOM, q, TOKENS * HEAD);
  kv_data_init_cache (check, &a.kv, dtype, 1, HEAD, 64);
  kv_data_init (&data, &a.kv, 0, TOKENS);
  vkcheck_make_floats (check, VKCHECK_RANDOM, data.keys, TOKENS * HEAD);
  vkcheck_make_floats (check, VKCHECK_RANDOM, data.values, TOKENS * HEAD);
  if (where[0] == 'q')
    q[bad * HEAD + 5] = value;
  else if (where[0] == 'k')
    data.keys[bad * HEAD + 5] = value;
  else
    for (guint i = 0; i < HEAD; i++)
      data.values[bad * HEAD + i] = value;
  kv_data_upload (check, &a.kv, &data);
  a.q = vkcheck_tensor (check, TOKENS, HEAD, q);
  a.out = vkcheck_tensor (check, TOKENS, HEAD, NULL);
  a.plan = vlm_nn_attention_plan_new_causal (
      check->nn, TOKENS, 0, 1, 1, HEAD, &error);
  vkcheck_no_error (error, "plan");
  vkcheck_run (check, record_attention, &a);
  check_rows_of (check, &a.out, bad, TOKENS - 8);
  vkcheck_end (check);
  vlm_nn_tensor_clear (&a.q);
  vlm_nn_tensor_clear (&a.out);
  vlm_nn_kv_clear (&a.kv);
  kv_data_clear (&data);
  vlm_nn_attention_plan_free (a.plan);
}

static void
check_attention_kernel (VkCheck *check, const char *name)
{
  static const VlmDType types[] = { VLM_DTYPE_F32, VLM_DTYPE_F16 };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    check_attention_of (check, name, types[i], "query", NAN);
    check_attention_of (check, name, types[i], "key", NAN);
    check_attention_of (check, name, types[i], "value", NAN);
    check_attention_of (check, name, types[i], "value", INFINITY);
  }
}

void
check_finite (VkCheck *check)
{
  const VlmNnLimits limits = check->nn->limits;
  guint n_kernels;
  const VlmNnKernel *kernels = vlm_nn_kernels (&n_kernels);

  for (guint i = 0; i < n_kernels; i++) {
    if (!vlm_nn_force_kernel (check->nn, kernels[i].name))
      continue;
    if (kernels[i].op == VLM_NN_OP_MATMUL)
      check_matmul_kernel (check, &kernels[i]);
    else if (kernels[i].op == VLM_NN_OP_NORM)
      check_norm_kernel (check, &kernels[i]);
    else if (kernels[i].op == VLM_NN_OP_ATTENTION)
      check_attention_kernel (check, kernels[i].name);
    vlm_nn_force_kernel (check->nn, NULL);
  }
  check->nn->limits.split_keys = 32;
  check_attention_kernel (check, "split");
  check->nn->limits = limits;
  check->nn->limits.segment_keys = 32;
  check_attention_kernel (check, "grown");
  check->nn->limits = limits;
}
