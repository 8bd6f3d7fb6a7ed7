/* gst-vlm: checks rms_norm
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/select.h"
#include "ref/ref-ops.h"
#include "shaders/vkcheck.h"

#include <float.h>

/* The sum of squares has no cancellation: each of a lane's few hundred additions
 * errs by at most eps / 2 = 6e-8 and at random, a square root and a division by a
 * few ulp. A relative error of 1e-6 everywhere is 1e-12. */
#define NMSE 1e-12

typedef struct
{
  guint n_rows, n_cols;
  gboolean in_place;
  VkCheckInput input;
  float eps;

  float *x_data, *w_data;
  VlmNnTensor x, w, y;
} Case;

static void
case_init (VkCheck *check, Case *c)
{
  const gsize n = (gsize) c->n_rows * c->n_cols;

  c->x_data = g_new (float, n);
  c->w_data = g_new (float, c->n_cols);
  vkcheck_make_floats (check, c->input, c->x_data, n);
  vkcheck_make_floats (check, VKCHECK_RANDOM, c->w_data, c->n_cols);
  c->x = vkcheck_tensor (check, c->n_rows, c->n_cols, c->x_data);
  c->w = vkcheck_tensor (check, 1, c->n_cols, c->w_data);
  if (!c->in_place)
    c->y = vkcheck_tensor (check, c->n_rows, c->n_cols, NULL);
}

static void
case_clear (Case *c)
{
  vlm_nn_tensor_clear (&c->x);
  vlm_nn_tensor_clear (&c->w);
  vlm_nn_tensor_clear (&c->y);
  g_clear_pointer (&c->x_data, g_free);
  g_clear_pointer (&c->w_data, g_free);
}

static void
record (VlmNn *nn, gpointer user_data)
{
  Case *c = user_data;

  vlm_nn_rms_norm (nn, &c->x, &c->w, c->eps, c->in_place ? &c->x : &c->y);
}

static void
run_case (VkCheck *check, const char *kernel, Case c)
{
  const VlmNnTensor *y = c.in_place ? &c.x : &c.y;
  const gsize n = (gsize) c.n_rows * c.n_cols;
  g_autofree float *actual = g_new (float, n);
  g_autofree double *expected = g_new (double, n);
  GError *error = NULL;

  if (!vkcheck_begin (check, "rms_norm/%s/%s%s/%ux%u", kernel,
          vkcheck_input_name (c.input), c.in_place ? "/in-place" : "", c.n_rows,
          c.n_cols))
    return;
  case_init (check, &c);
  vkcheck_run (check, record, &c);
  vkcheck_guards (check, y);
  vlm_nn_tensor_read (y, check->nn, 0, c.n_rows, actual, &error);
  vkcheck_no_error (error, "read");
  for (guint i = 0; i < c.n_rows; i++)
    ref_rms_norm_row (c.x_data + (gsize) i * c.n_cols, c.w_data, c.n_cols,
        c.eps, expected + (gsize) i * c.n_cols);
  /* denormal inputs, and so the outputs, may be flushed to zero */
  vkcheck_compare (check, actual, expected, n, NMSE,
      c.input == VKCHECK_DENORMAL ? FLT_MIN * 1e3 : 0.0);
  if (!c.in_place)
    vkcheck_time (check, record, &c, 0.0, 3.0 * n * sizeof (float));
  vkcheck_end (check);
  case_clear (&c);
}

static void
check_kernel (VkCheck *check, const char *kernel)
{
  static const guint shapes[][2] = {
    { 1, 1 },
    { 7, 13 },
    { 3, 8 },
    { 13, 127 },
    { 127, 64 },
    { 2, 3420 },
    { 1025, 40 },
    { 5, 1280 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++) {
    for (guint j = 0; j < 2; j++) {
      const Case c = {
        .n_rows = shapes[i][0],
        .n_cols = shapes[i][1],
        .in_place = j != 0,
        .eps = 1e-6f,
      };

      run_case (check, kernel, c);
    }
  }
  for (guint i = 0; i < VKCHECK_N_INPUTS; i++) {
    const Case c = {
      .n_rows = 9, .n_cols = 100, .input = (VkCheckInput) i, .eps = 1e-6f
    };

    run_case (check, kernel, c);
  }
}

/* A product that is added to y, and the norm of that; twice, so that the second
 * finds what the first leaves. */
typedef struct
{
  VlmNnTensor x, y, norm, normed;
  VlmNnMatrix *w;
} After;

#define AFTER_EPS 1e-6f

static void
record_after (VlmNn *nn, gpointer user_data)
{
  After *a = user_data;

  for (guint i = 0; i < 2; i++)
    vlm_nn_matmul_norm (
        nn, &a->x, a->w, &a->y, &a->norm, AFTER_EPS, &a->normed);
}

static void
record_apart (VlmNn *nn, gpointer user_data)
{
  After *a = user_data;

  for (guint i = 0; i < 2; i++) {
    vlm_nn_matmul (nn, &a->x, a->w, NULL, VLM_NN_ADD, &a->y);
    vlm_nn_rms_norm (nn, &a->y, &a->norm, AFTER_EPS, &a->normed);
  }
}

static void
make_after (VkCheck *check, After *a, VlmDType dtype, guint m, guint n, guint k)
{
  const gsize size = (gsize) MAX (m, n) * MAX (n, k);
  g_autofree float *data = g_new (float, size);
  g_autofree guint8 *raw = g_malloc (n * vlm_dtype_row_bytes (dtype, k));
  GError *error = NULL;

  vkcheck_make_floats (check, VKCHECK_RANDOM, data, size);
  a->x = vkcheck_tensor (check, m, k, data);
  vkcheck_make_floats (check, VKCHECK_RANDOM, data, size);
  a->y = vkcheck_tensor (check, m, n, data);
  vkcheck_make_floats (check, VKCHECK_RANDOM, data, size);
  a->norm = vkcheck_tensor (check, 1, n, data);
  a->normed = vkcheck_tensor (check, m, n, NULL);
  if (vlm_dtype_block_length (dtype) > 1) {
    vkcheck_make_blocks (check, dtype, n, k, data, raw);
  } else {
    vkcheck_make_floats (check, VKCHECK_RANDOM, data, (gsize) n * k);
    vkcheck_quantise (dtype, data, (gsize) n * k, raw);
  }
  a->w = vlm_nn_matrix_new (check->nn, n, k, dtype, &error);
  vkcheck_no_error (error, "matrix");
  vlm_nn_matrix_write (a->w, VLM_NN_ROWS_PLAIN, 0, n, raw, &error);
  vkcheck_no_error (error, "weights");
}

static void
clear_after (After *a)
{
  vlm_nn_tensor_clear (&a->x);
  vlm_nn_tensor_clear (&a->y);
  vlm_nn_tensor_clear (&a->norm);
  vlm_nn_tensor_clear (&a->normed);
  g_clear_pointer (&a->w, vlm_nn_matrix_free);
}

/* What two dispatches give; and whether it was one. */
static void
check_after (VkCheck *check, const VlmNnKernel *kernel, VlmDType dtype, guint m,
    guint n, guint k)
{
  const gsize size = (gsize) m * n;
  g_autofree float *actual = g_new (float, size);
  g_autofree float *apart = g_new (float, size);
  g_autofree double *expected = g_new (double, size);
  const guint most = kernel->max_rows != 0 ? (guint) kernel->max_rows : m;
  After a[2];
  guint64 n_dispatches;
  GError *error = NULL;

  if (m > most ||
      !vkcheck_begin (check, "rms_norm/after/%s/%s/%ux%ux%u", kernel->name,
          vlm_dtype_name (dtype), m, n, k))
    return;
  for (guint i = 0; i < 2; i++) {
    check->rng.state = check->seed;
    make_after (check, &a[i], dtype, m, n, k);
  }
  n_dispatches = check->nn->n_dispatches;
  vkcheck_run (check, record_after, &a[0]);
  n_dispatches = check->nn->n_dispatches - n_dispatches;
  vkcheck_run (check, record_apart, &a[1]);
  if (n_dispatches != (kernel->normed != NULL ? 2 : 4))
    vkcheck_fail (check, "%" G_GUINT64_FORMAT " dispatches", n_dispatches);
  vkcheck_guards (check, &a[0].y);
  vkcheck_guards (check, &a[0].normed);
  vlm_nn_tensor_read (&a[0].normed, check->nn, 0, m, actual, &error);
  vlm_nn_tensor_read (&a[1].normed, check->nn, 0, m, apart, &error);
  vkcheck_no_error (error, "read");
  for (gsize i = 0; i < size; i++)
    expected[i] = apart[i];
  vkcheck_compare (check, actual, expected, size, NMSE, 0.0);
  vkcheck_end (check);
  for (guint i = 0; i < 2; i++)
    clear_after (&a[i]);
}

static void
check_afters (VkCheck *check, const VlmNnKernel *kernel)
{
  static const VlmDType dtypes[] = { VLM_DTYPE_BF16, VLM_DTYPE_Q4_K };
  static const guint shapes[][3] = { { 1, 1, 1 }, { 1, 2048, 64 },
    { 2, 37, 100 }, { 1, 640, 33 }, { 4, 72, 72 }, { 8, 130, 40 } };

  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++)
    for (guint j = 0; j < G_N_ELEMENTS (shapes); j++)
      if (vlm_nn_kernel_reads (kernel, vlm_nn_format (dtypes[i])))
        check_after (
            check, kernel, dtypes[i], shapes[j][0], shapes[j][1], shapes[j][2]);
}

void
check_norm (VkCheck *check)
{
  const VlmNnLimits limits = check->nn->limits;
  const Case many = { .n_rows = 331, .n_cols = 37, .eps = 1e-5f };
  const Case vision = { .n_rows = 1024, .n_cols = 1280, .eps = 1e-6f };
  guint n_kernels;
  const VlmNnKernel *kernels = vlm_nn_kernels (&n_kernels);

  for (guint i = 0; i < n_kernels; i++) {
    if (kernels[i].op == VLM_NN_OP_NORM &&
        vlm_nn_force_kernel (check->nn, kernels[i].name))
      check_kernel (check, kernels[i].name);
    if ((kernels[i].normed != NULL || kernels[i].max_rows == 4) &&
        vlm_nn_force_kernel (check->nn, kernels[i].name))
      check_afters (check, &kernels[i]);
  }
  vlm_nn_force_kernel (check->nn, NULL);

  check->nn->limits.binding_bytes = 9000;
  run_case (check, "rows", many);
  check->nn->limits.grid = 16;
  run_case (check, "rows+grid", many);
  check->nn->limits = limits;
  if (check->bench)
    run_case (check, "bench", vision);
}
