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
