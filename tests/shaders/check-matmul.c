/* gst-vlm: checks the matrix products
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/select.h"
#include "ref/ref-ops.h"
#include "shaders/vkcheck.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Weights are exact in every type after quantising, so that only f32
 * accumulation errs: random rounding of K sums, eps^2 K / 6 of the energy, is
 * 6e-13 at K = 1025. Tenfold for orders of summation, and for the exp and
 * division of an epilogue, that Vulkan allows a few ulp (3 + 2 |x|). */
#define NMSE 1e-11
/* Kernels of less than f32 round both inputs to 11 bits, each by up to 2^-11, so
 * that products err by up to 2^-10, which is 1e-6 of the energy. Tenfold for sums
 * of few products that cancel, and for epilogues. */
#define NMSE_FAST 1e-5

typedef struct
{
  guint m, n, k;
} Shape;

/* Off every tile and every block; K off 8, 16 and 32. With SWIGLU N doubles. */
static const Shape shapes[] = {
  { 1, 1, 1 },
  { 1, 8, 8 },
  { 1, 7, 13 },
  { 2, 13, 7 },
  { 3, 64, 127 },
  { 4, 1025, 64 },
  { 1, 127, 1025 },
  { 8, 64, 64 },
  { 7, 20, 40 },
  { 13, 127, 64 },
  { 64, 65, 72 },
  { 127, 24, 129 },
  { 130, 140, 24 },
  { 1025, 8, 13 },
};

static const VlmDType dtypes[] = { VLM_DTYPE_BF16, VLM_DTYPE_F16,
  VLM_DTYPE_F32 };

static const VlmDType quantised[] = {
  VLM_DTYPE_Q8_0,
  VLM_DTYPE_Q4_0,
  VLM_DTYPE_Q4_1,
  VLM_DTYPE_Q5_0,
  VLM_DTYPE_Q5_1,
  VLM_DTYPE_Q2_K,
  VLM_DTYPE_Q3_K,
  VLM_DTYPE_Q4_K,
  VLM_DTYPE_Q5_K,
  VLM_DTYPE_Q6_K,
  VLM_DTYPE_IQ4_NL,
  VLM_DTYPE_IQ4_XS,
  VLM_DTYPE_INT4_32,
  VLM_DTYPE_INT4_64,
  VLM_DTYPE_INT4_128,
  VLM_DTYPE_INT8_32,
  VLM_DTYPE_INT8_64,
  VLM_DTYPE_INT8_128,
  VLM_DTYPE_F8_128,
  VLM_DTYPE_NF4_64,
  VLM_DTYPE_NF4_ACROSS,
};

static const char *const epilogues[] = { "store", "add", "gelu", "swiglu" };

typedef struct
{
  Shape shape;
  VlmDType dtype;
  VlmNnEpilogue epilogue;
  gboolean has_bias;
  VkCheckInput x_input, w_input;
  guint n_out; /* 2 n with SWIGLU */

  float *x_data, *w_data, *bias_data, *y_data;
  VlmNnTensor x, bias, y;
  VlmNnMatrix *w;
  double nmse; /* 0: NMSE */

  gboolean has_halves; /* of SWIGLU: the second is of type @second, and has */
  VlmDType second;     /* another order */
  guint32 orders;      /* steps through the inputs, odd; 0: in order */
} Case;

static VlmNnRows
rows_of_half (const Case *c, guint half)
{
  if (c->epilogue != VLM_NN_SWIGLU)
    return VLM_NN_ROWS_PLAIN;
  return half == 0 ? VLM_NN_ROWS_PAIR_FIRST : VLM_NN_ROWS_PAIR_SECOND;
}

static VlmDType
dtype_of_half (const Case *c, guint half)
{
  return c->has_halves && half == 1 ? c->second : c->dtype;
}

/* The rows of a half begin there in raw data. */
static gsize
raw_offset (const Case *c, guint half)
{
  return half * c->shape.n * vlm_dtype_row_bytes (c->dtype, c->shape.k);
}

/* Which input element @i of the rows of a half is: any permutation. */
static guint
input_at (const Case *c, guint half, guint i)
{
  guint step = c->orders + 2 * half;

  while (c->orders != 0 && step > 1) {
    guint a = step, b = c->shape.k;

    while (b != 0) {
      guint rest = a % b;

      a = b;
      b = rest;
    }
    if (a == 1)
      return (guint) ((guint64) (i + 1) * step % c->shape.k);
    step--;
  }
  return i;
}

/* In pieces of every kind: within a block, whole blocks, over its end. */
static void
write_weights (VkCheck *check, Case *c, const guint8 *raw)
{
  GError *error = NULL;

  for (guint half = 0; half < c->n_out / c->shape.n; half++) {
    const gsize row_bytes =
        vlm_dtype_row_bytes (dtype_of_half (c, half), c->shape.k);

    for (guint first = 0, n; first < c->shape.n; first += n) {
      n = 1 + rng_below (&check->rng, 40);
      n = MIN (n, c->shape.n - first);
      vlm_nn_matrix_write (c->w, rows_of_half (c, half), first, n,
          raw + raw_offset (c, half) + first * row_bytes, &error);
      vkcheck_no_error (error, "weights");
    }
  }
}

static void
make_matrix (VkCheck *check, Case *c)
{
  g_autofree guint32 *orders = g_new (guint32, 2 * c->shape.k);
  VlmNnSegment halves[2];
  GError *error = NULL;

  for (guint half = 0; half < 2; half++) {
    guint32 *order = orders + half * c->shape.k;

    for (guint i = 0; i < c->shape.k; i++)
      order[i] = input_at (c, half, i);
    halves[half] = (VlmNnSegment){ c->shape.n, dtype_of_half (c, half),
      c->orders != 0 ? order : NULL };
  }
  c->w = c->epilogue == VLM_NN_SWIGLU
      ? vlm_nn_matrix_new_pair (check->nn, c->shape.k, halves, &error)
      : vlm_nn_matrix_new_segments (check->nn, c->shape.k, halves, 1, &error);
  vkcheck_no_error (error, "matrix");
}

static void
make_bias (VkCheck *check, Case *c)
{
  const guint halves = c->n_out / c->shape.n;
  const guint n_cols = halves == 1 ? c->n_out : 2 * ((c->shape.n + 7) & ~7u);
  g_autofree float *packed = g_new0 (float, n_cols);

  c->bias_data = g_new (float, c->n_out);
  vkcheck_make_floats (check, c->x_input, c->bias_data, c->n_out);
  for (guint i = 0; i < c->n_out; i++) {
    const guint half = i / c->shape.n, j = i % c->shape.n;

    packed[halves == 1 ? i : j / 8 * 16 + half * 8 + j % 8] = c->bias_data[i];
  }
  c->bias = vkcheck_tensor (check, 1, n_cols, packed);
}

/* Rows of one half, in the order that they are packed in. */
static void
make_half (VkCheck *check, Case *c, guint half, guint n_rows, guint8 *raw)
{
  const VlmDType dtype = dtype_of_half (c, half);
  const gsize n_w = (gsize) n_rows * c->shape.k;
  float *data = c->w_data + (gsize) half * c->shape.n * c->shape.k;

  if (vlm_dtype_block_length (dtype) > 1) {
    vkcheck_make_blocks (check, dtype, n_rows, c->shape.k, data, raw);
    return;
  }
  vkcheck_make_floats (check, c->w_input, data, n_w);
  /* the smallest halves are far larger than the smallest floats */
  if (c->w_input == VKCHECK_DENORMAL && dtype == VLM_DTYPE_F16)
    for (gsize i = 0; i < n_w; i++)
      data[i] *= 1e33f;
  vkcheck_quantise (dtype, data, n_w, raw);
}

/* As the reference takes them. */
static void
put_in_order (Case *c)
{
  g_autofree float *row = g_new (float, c->shape.k);

  for (guint i = 0; c->orders != 0 && i < c->n_out; i++) {
    float *data = c->w_data + (gsize) i * c->shape.k;

    memcpy (row, data, c->shape.k * sizeof *row);
    for (guint k = 0; k < c->shape.k; k++)
      data[input_at (c, i / c->shape.n, k)] = row[k];
  }
}

static void
make_weights (VkCheck *check, Case *c, guint8 *raw)
{
  if (c->has_halves) {
    make_half (check, c, 0, c->shape.n, raw);
    make_half (check, c, 1, c->shape.n, raw + raw_offset (c, 1));
  } else {
    make_half (check, c, 0, c->n_out, raw);
  }
  put_in_order (c);
}

static void
case_init (VkCheck *check, Case *c)
{
  const gsize n_x = (gsize) c->shape.m * c->shape.k;
  const gsize n_y = (gsize) c->shape.m * c->shape.n;
  g_autofree guint8 *raw = NULL;

  c->n_out = c->epilogue == VLM_NN_SWIGLU ? 2 * c->shape.n : c->shape.n;
  c->x_data = g_new (float, n_x);
  c->w_data = g_new (float, (gsize) c->n_out * c->shape.k);
  c->y_data = g_new (float, n_y);
  raw = g_malloc (raw_offset (c, 1) +
      c->shape.n * vlm_dtype_row_bytes (dtype_of_half (c, 1), c->shape.k));
  vkcheck_make_floats (check, c->x_input, c->x_data, n_x);
  make_weights (check, c, raw);
  vkcheck_make_floats (check, VKCHECK_RANDOM, c->y_data, n_y);

  make_matrix (check, c);
  write_weights (check, c, raw);
  c->x = vkcheck_tensor (check, c->shape.m, c->shape.k, c->x_data);
  c->y = vkcheck_tensor (check, c->shape.m, c->shape.n,
      c->epilogue == VLM_NN_ADD ? c->y_data : NULL);
  if (c->has_bias)
    make_bias (check, c);
}

static void
case_clear (Case *c)
{
  vlm_nn_tensor_clear (&c->x);
  vlm_nn_tensor_clear (&c->y);
  vlm_nn_tensor_clear (&c->bias);
  g_clear_pointer (&c->w, vlm_nn_matrix_free);
  g_clear_pointer (&c->x_data, g_free);
  g_clear_pointer (&c->w_data, g_free);
  g_clear_pointer (&c->bias_data, g_free);
  g_clear_pointer (&c->y_data, g_free);
}

static void
record (VlmNn *nn, gpointer user_data)
{
  Case *c = user_data;

  vlm_nn_matmul (
      nn, &c->x, c->w, c->has_bias ? &c->bias : NULL, c->epilogue, &c->y);
}

/* Far left in the tail of gelu a result is as far off as its sum is large. */
#define GELU_FLOOR 1e-12

/* What flushing denormals to zero may cost: each product and sum. */
static double
floor_of (VkCheck *check, const Case *c)
{
  if (c->epilogue == VLM_NN_GELU)
    return GELU_FLOOR;
  if (c->x_input != VKCHECK_DENORMAL && c->w_input != VKCHECK_DENORMAL)
    return 0.0;
  /* Halves' denormals are floats' normals; a GPU may flush them when it
   * unpacks, software does not. */
  if (c->w_input == VKCHECK_DENORMAL && c->dtype == VLM_DTYPE_F16)
    return check->nn->caps->is_cpu ? 0.0 : c->shape.k * 0x1p-14;
  /* Codes stay where they are in their word, up to 2^16 too large; x makes up
   * for it. */
  if (vlm_dtype_block_length (c->dtype) > 1)
    return c->shape.k * (double) FLT_MIN * 0x1p16;
  return c->shape.k * (double) FLT_MIN;
}

/* Compares @n_rows rows from @first, a step apart. */
static void
compare_rows (VkCheck *check, Case *c, guint step)
{
  const guint n = c->shape.n, n_rows = (c->shape.m + step - 1) / step;
  g_autofree float *actual = g_new (float, (gsize) c->shape.m *n);
  g_autofree double *expected = g_new (double, (gsize) n_rows *n);
  GError *error = NULL;

  vlm_nn_tensor_read (&c->y, check->nn, 0, c->shape.m, actual, &error);
  vkcheck_no_error (error, "read");
  for (guint i = 0; i < n_rows; i++) {
    const gsize row = (gsize) i * step;

    for (guint j = 0; j < n; j++)
      expected[i * n + j] = c->y_data[row * n + j];
    ref_matmul_row (c->x_data + row * c->shape.k, c->w_data, c->bias_data,
        c->n_out, c->shape.k, c->epilogue, expected + i * n);
    memmove (actual + i * n, actual + row * n, n * sizeof *actual);
  }
  vkcheck_compare (check, actual, expected, (gsize) n_rows * n,
      c->nmse != 0.0 ? c->nmse : NMSE, floor_of (check, c));
}

static void
run_case (VkCheck *check, const char *kernel, Case *c)
{
  if (!vkcheck_begin (check, "matmul/%s/%s/%s%s/%s-%s/%ux%ux%u", kernel,
          vlm_dtype_name (c->dtype), epilogues[c->epilogue],
          c->has_bias ? "-bias" : "", vkcheck_input_name (c->x_input),
          vkcheck_input_name (c->w_input), c->shape.m, c->shape.n, c->shape.k))
    return;
  case_init (check, c);
  vkcheck_run (check, record, c);
  vkcheck_guards (check, &c->y);
  compare_rows (check, c, 1);
  vkcheck_end (check);
  case_clear (c);
}

static double
nmse_of (const VlmNnKernel *kernel)
{
  return kernel->is_fast ? NMSE_FAST : NMSE;
}

static gboolean
takes (const VlmNnKernel *kernel, guint m)
{
  return kernel->max_rows == 0 || m <= kernel->max_rows;
}

/* Every shape, every epilogue and every type come by for every kernel, and each
 * epilogue with and without bias for those that this device would choose; the
 * product of all would only compile pipelines for minutes. */
static void
check_kernel (VkCheck *check, const VlmNnKernel *kernel)
{
  const guint here = check->nn->caps->is_cpu ? VLM_NN_ON_CPU : VLM_NN_ON_GPU;
  const guint n_modes = (kernel->on & here) != 0 ? 8 : 4;
  guint turn = 0;

  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++) {
    for (guint j = 0; j < 2 && takes (kernel, shapes[i].m); j++, turn++) {
      const guint mode = turn % n_modes;
      Case c = {
        .shape = shapes[i],
        .dtype = dtypes[mode % G_N_ELEMENTS (dtypes)],
        .epilogue = (VlmNnEpilogue) (mode % 4),
        .has_bias = (mode % 2 != 0) != (mode >= 4),
        .nmse = nmse_of (kernel),
      };

      run_case (check, kernel->name, &c);
    }
  }
  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++) {
    for (guint j = 0; j < VKCHECK_N_INPUTS; j++) {
      Case c = {
        .shape = { MIN (kernel->max_rows - 1, 10) + 1, 40, 200 },
        .dtype = dtypes[i],
        .x_input = (VkCheckInput) j,
        .nmse = nmse_of (kernel),
      };

      run_case (check, kernel->name, &c);
      /* Activations of any size, but only weights that f16 holds. */
      if (kernel->is_fast && j == VKCHECK_LARGE)
        continue;
      c.x_input = VKCHECK_RANDOM;
      c.w_input = (VkCheckInput) j;
      run_case (check, kernel->name, &c);
    }
  }
}

/* Compiling takes too long for every type with every kernel: kernels that this
 * device would not choose take turns at the types. */
static void
check_quantised (VkCheck *check, const VlmNnKernel *kernel, guint turn)
{
  const guint here = check->nn->caps->is_cpu ? VLM_NN_ON_CPU : VLM_NN_ON_GPU;
  const gboolean chosen = (kernel->on & here) != 0 && kernel->max_rows != 8;

  for (guint i = 0; i < G_N_ELEMENTS (quantised); i++) {
    const guint mode = (i + turn) % 8;

    if (!chosen && i % 4 != turn % 4)
      continue;
    for (guint j = 0; j < G_N_ELEMENTS (shapes); j++) {
      Case c = {
        .shape = shapes[j],
        .dtype = quantised[i],
        .epilogue = (VlmNnEpilogue) (mode % 4),
        .has_bias = (mode % 2 != 0) != (mode >= 4),
        .nmse = nmse_of (kernel),
      };

      if (takes (kernel, c.shape.m))
        run_case (check, kernel->name, &c);
    }
  }
  for (guint j = 0; j < VKCHECK_N_INPUTS; j++) {
    Case c = {
      .shape = { MIN (kernel->max_rows - 1, 10) + 1, 40, 200 },
      .dtype = quantised[turn % G_N_ELEMENTS (quantised)],
      .x_input = (VkCheckInput) j,
      .nmse = nmse_of (kernel),
    };

    run_case (check, kernel->name, &c);
  }
}

/* Gates and values of two types, and rows in an order of their own; with the
 * kernels that the device would choose. */
static void
check_halves (VkCheck *check)
{
  static const VlmDType pairs[][2] = {
    { VLM_DTYPE_Q4_K, VLM_DTYPE_Q6_K },
    { VLM_DTYPE_BF16, VLM_DTYPE_Q8_0 },
    { VLM_DTYPE_INT4_128, VLM_DTYPE_INT4_128 },
  };
  static const Shape some[] = {
    { 1, 127, 257 },
    { 3, 64, 128 },
    { 33, 140, 200 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    for (guint j = 0; j < G_N_ELEMENTS (some); j++) {
      Case c = {
        .shape = some[j],
        .epilogue = VLM_NN_SWIGLU,
        .has_bias = TRUE,
        .dtype = pairs[i][0],
        .second = pairs[i][1],
        .has_halves = TRUE,
      };

      run_case (check, "halves", &c);
      c.orders = 9 + 2 * i;
      run_case (check, "halves+orders", &c);
      c.epilogue = j % 2 == 0 ? VLM_NN_STORE : VLM_NN_ADD;
      c.has_halves = FALSE;
      run_case (check, "orders", &c);
    }
}

/* Small limits, so that weights lie in several buffers and rows go in several
 * dispatches; with the kernels that the device would choose. */
static void
check_splits (VkCheck *check)
{
  const VlmNnLimits limits = check->nn->limits;

  for (guint i = 0; i < G_N_ELEMENTS (epilogues); i++) {
    Case few = {
      .shape = { 3, 200, 40 },
      .epilogue = (VlmNnEpilogue) i,
      .has_bias = TRUE,
      .dtype = VLM_DTYPE_BF16,
    };
    Case many = few;

    many.shape.m = 331;
    /* 16 outputs of 40 inputs are 1280 bytes */
    check->nn->limits.part_bytes = 4000;
    run_case (check, "parts", &few);
    check->nn->limits.binding_bytes = 64 * 200 * 4 + 100;
    run_case (check, "parts+rows", &many);
    many.orders = 7;
    many.has_halves = many.epilogue == VLM_NN_SWIGLU;
    many.second = VLM_DTYPE_F16;
    run_case (check, "parts+rows+orders", &many);
    many.orders = 0;
    many.has_halves = FALSE;
    check->nn->limits.grid = 2;
    run_case (check, "parts+rows+grid", &many);
    check->nn->limits = limits;
  }
}

/* Errors of the caller are reported by submit. */
static void
check_errors (VkCheck *check)
{
  Case c = { .shape = { 3, 20, 40 } };
  VlmNnTensor wrong;
  GError *error = NULL;

  if (!vkcheck_begin (check, "matmul/errors"))
    return;
  case_init (check, &c);
  wrong = vlm_nn_tensor_reshape (&c.x, 3, 39);
  vlm_nn_begin (check->nn);
  vlm_nn_matmul (check->nn, &wrong, c.w, NULL, VLM_NN_STORE, &c.y);
  if (vlm_nn_submit (check->nn, &error))
    vkcheck_fail (check, "a wrong shape is no error");
  else if (strstr (error->message, "[3, 39]") == NULL)
    vkcheck_fail (check, "error does not name the shape: %s", error->message);
  g_clear_error (&error);
  vkcheck_run (check, record, &c);
  compare_rows (check, &c, 1);
  vkcheck_end (check);
  case_clear (&c);
}

static void
bench_case (VkCheck *check, VlmDType dtype, Shape shape)
{
  Case c = { .shape = shape, .dtype = dtype };
  const double n_w = (double) shape.n * shape.k;

  if (!vkcheck_begin (check, "matmul/bench/%s/%ux%ux%u", vlm_dtype_name (dtype),
          shape.m, shape.n, shape.k))
    return;
  case_init (check, &c);
  vkcheck_run (check, record, &c);
  compare_rows (check, &c, 97);
  vkcheck_time (check, record, &c, 2.0 * shape.m * n_w,
      shape.m <= 4 ? shape.n * (double) vlm_dtype_row_bytes (dtype, shape.k)
                   : 0.0);
  vkcheck_end (check);
  case_clear (&c);
}

/* The products of the 3B model, and two of them with weights of each type. */
static void
bench_models (VkCheck *check)
{
  static const Shape plain[] = {
    { 1, 2048, 11008 },
    { 2, 11008, 2048 },
    { 4, 11008, 2048 },
    { 1024, 1280, 1280 },
    { 1024, 1280, 3420 },
    { 256, 3420, 1280 },
    { 16, 2048, 2048 },
  };
  const Shape step = { 1, 11008, 2048 }, prompt = { 128, 11008, 2048 };

  for (guint i = 0; i < G_N_ELEMENTS (plain); i++)
    bench_case (check, VLM_DTYPE_BF16, plain[i]);
  bench_case (check, VLM_DTYPE_BF16, step);
  bench_case (check, VLM_DTYPE_BF16, prompt);
  bench_case (check, VLM_DTYPE_F32, prompt);
  for (guint i = 0; i < G_N_ELEMENTS (quantised); i++) {
    bench_case (check, quantised[i], step);
    bench_case (check, quantised[i], prompt);
  }
}

/* What decides whether one of less than f32 is used; others must pass too. */
static void
check_trial (VkCheck *check, const VlmNnKernel *kernel)
{
  GError *error = NULL;

  if (!vkcheck_begin (check, "matmul/trial/%s", kernel->name))
    return;
  if (vlm_nn_kernel_try (check->nn->device, kernel, &error) !=
      VLM_NN_VERDICT_RIGHT)
    vkcheck_fail (check, "%s", error->message);
  g_clear_error (&error);
  vkcheck_end (check);
}

void
check_matmul (VkCheck *check)
{
  guint n_kernels;
  const VlmNnKernel *kernels = vlm_nn_kernels (&n_kernels);
  guint turn = 0;

  for (guint i = 0; i < n_kernels; i++) {
    if (kernels[i].op != VLM_NN_OP_MATMUL ||
        !vlm_nn_force_kernel (check->nn, kernels[i].name))
      continue;
    if ((kernels[i].weights & VLM_NN_READS_PLAIN) != 0) {
      check_kernel (check, &kernels[i]);
      check_trial (check, &kernels[i]);
    }
    if ((kernels[i].weights & VLM_NN_READS_QUANTISED) != 0)
      check_quantised (check, &kernels[i], turn++);
  }
  vlm_nn_force_kernel (check->nn, NULL);
  check_halves (check);
  check_splits (check);
  check_errors (check);
  if (check->bench)
    bench_models (check);
}
