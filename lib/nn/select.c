/* gst-vlm: which kernel runs an op
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The only place that distinguishes devices. Within an op the first line that
 * fits is taken; the last one of each op fits every device. */
#include "nn/select.h"

#include "base/log.h"
#include "nn/wishes.h"
#include "shaders/vlm-shaders.h"

/* clang-format off */

/* Columns of a matrix product's tile are blocks of 8 outputs. */
#define MATVEC_LANES(lanes, rows) \
  { \
    .op = VLM_NN_OP_MATMUL, \
    .name = "matvec_lanes" #lanes "_" #rows, \
    .shader = &vlm_shader_matvec_lanes, \
    .normed = &vlm_shader_matvec_lanes__norm, \
    .on = VLM_NN_ON_CPU, \
    .needs = VLM_NN_NEEDS_SHUFFLE##lanes, \
    .weights = VLM_NN_READS_PLAIN, \
    .max_rows = rows, \
    .local_size = lanes, \
    .tile_rows = rows, \
    .tile_cols = lanes / 2, \
    .tune = { rows, lanes / 2 }, \
    .n_tune = 2, \
  }

#define MATVEC_LANES_QUANT(lanes, rows) \
  { \
    .op = VLM_NN_OP_MATMUL, \
    .name = "matvec_lanes_quant" #lanes "_" #rows, \
    .shader = &vlm_shader_matvec_lanes_quant, \
    .normed = &vlm_shader_matvec_lanes_quant__norm, \
    .on = VLM_NN_ON_CPU, \
    .needs = VLM_NN_NEEDS_SHUFFLE##lanes, \
    .weights = VLM_NN_READS_QUANTISED, \
    .max_rows = rows, \
    .local_size = lanes, \
    .tile_rows = rows, \
    .tile_cols = lanes, \
    .tune = { rows, lanes / 4 }, \
    .n_tune = 2, \
  }

/* ROWS * BLOCKS sums of each invocation meet in shared memory. */
#define MATVEC_GROUP(size, rows) \
  { \
    .op = VLM_NN_OP_MATMUL, \
    .name = "matvec_group_" #rows, \
    .shader = &vlm_shader_matvec_group, \
    .normed = &vlm_shader_matvec_group__norm, \
    .on = VLM_NN_ON_GPU, \
    .weights = VLM_NN_READS_ALL, \
    .shared_bytes = size * rows * 2 * 4, \
    .max_rows = rows, \
    .local_size = size, \
    .tile_rows = rows, \
    .tile_cols = 2, \
    .tune = { rows, 2 }, \
    .n_tune = 2, \
  }

/* A band of 64 rows of x, up to 1 MiB, stays in a second-level cache. */
#define MATMUL_LANES_(lanes, rows, limit, kind, module, formats) \
  { \
    .op = VLM_NN_OP_MATMUL, \
    .name = "matmul_lanes" kind #lanes "_" #rows, \
    .shader = &module, \
    .on = VLM_NN_ON_CPU, \
    .needs = VLM_NN_NEEDS_SHUFFLE##lanes, \
    .weights = formats, \
    .max_rows = limit, \
    .local_size = lanes, \
    .tile_rows = rows, \
    .tile_cols = lanes, \
    .band = 64 / rows, \
    .tune = { rows, lanes }, \
    .n_tune = 2, \
  }
#define MATMUL_LANES(lanes, rows, limit) \
  MATMUL_LANES_ (lanes, rows, limit, "", vlm_shader_matmul_lanes, \
      VLM_NN_READS_PLAIN)
#define MATMUL_LANES_QUANT(lanes, rows, limit) \
  MATMUL_LANES_ (lanes, rows, limit, "_quant", vlm_shader_matmul_lanes_quant, \
      VLM_NN_READS_QUANTISED)

/* TILE_K rows of TILE_M + 2 and TILE_N + 2 floats are shared. */
#define MATMUL_TILE(m, n, sub_m, sub_n, devices, limit) \
  { \
    .op = VLM_NN_OP_MATMUL, \
    .name = "matmul_tile_" #m "x" #n, \
    .shader = &vlm_shader_matmul_tile, \
    .on = devices, \
    .weights = VLM_NN_READS_ALL, \
    .shared_bytes = 16 * (m + 2 + n + 2) * 4, \
    .max_rows = limit, \
    .local_size = (m / sub_m) * (n / sub_n), \
    .tile_rows = m, \
    .tile_cols = n / 8, \
    .tune = { m, n, sub_m, sub_n }, \
    .n_tune = 4, \
  }

/* Fragments of [m, k] by [k, n]; each of 2 x 2 subgroups has rm x rn of them. A
 * granule is 16 bytes, of 8 inputs; rows of 32 inputs have one for padding. */
#define COOP_TILE(rows, fragments) (2 * rows * fragments)
#define MATMUL_COOP(m, n, k, rm, rn, devices, limit) \
  { \
    .op = VLM_NN_OP_MATMUL, \
    .name = "matmul_coop_" #m "x" #n "x" #k "_" #rm "x" #rn, \
    .shader = &vlm_shader_matmul_coop, \
    .on = devices, \
    .needs = VLM_NN_NEEDS_SUBGROUPS, \
    .weights = VLM_NN_READS_ALL, \
    .is_fast = TRUE, \
    .product = { FALSE, m, n, k }, \
    .shared_bytes = (COOP_TILE (m, rm) + COOP_TILE (n, rn)) * 5 * 16 + \
        COOP_TILE (m, rm) * 4, \
    .max_rows = limit, \
    .subgroups = 4, \
    .tile_rows = COOP_TILE (m, rm), \
    .tile_cols = COOP_TILE (n, rn) / 8, \
    .tune = { m, n, k, rm, rn, 2, 2 }, \
    .n_tune = 7, \
  }

/* Rows are packed query rows that see the same keys. */
#define ATTENTION_LANES(rows, limit) \
  { \
    .op = VLM_NN_OP_ATTENTION, \
    .name = "attention_lanes_" #rows, \
    .shader = &vlm_shader_attention_lanes__##rows, \
    .on = VLM_NN_ON_CPU, \
    .needs = VLM_NN_NEEDS_SHUFFLE8, \
    .max_rows = limit, \
    .local_size = 8, \
    .tile_rows = rows, \
  }

/* Heads of 128 are counted; the plan counts again. */
#define ATTENTION_TILE(rows, devices) \
  { \
    .op = VLM_NN_OP_ATTENTION, \
    .name = "attention_tile_" #rows, \
    .shader = &vlm_shader_attention_tile, \
    .half = &vlm_shader_attention_tile__half, \
    .on = devices, \
    .shared_bytes = VLM_NN_ATTENTION_SHARED (rows, 128), \
    .local_size = 128, \
    .tile_rows = rows, \
    .tune = { rows }, \
    .n_tune = 1, \
  }

#define NORM(kernel, module, devices, requirements, size) \
  { \
    .op = VLM_NN_OP_NORM, \
    .name = kernel, \
    .shader = &module, \
    .on = devices, \
    .needs = requirements, \
    .shared_bytes = 256 * 4, \
    .local_size = size, \
  }

#define CHOOSE(size, devices) \
  { \
    .op = VLM_NN_OP_CHOOSE, \
    .name = "choose_" #size, \
    .shader = &vlm_shader_choose_part, \
    .on = devices, \
    .shared_bytes = 128 * 20, \
    .local_size = size, \
  }

/* clang-format on */

static const VlmNnKernel kernels[] = {
  MATVEC_LANES (8, 1),
  MATVEC_LANES (8, 2),
  MATMUL_LANES (8, 4, 4),
  MATMUL_LANES (8, 8, 8),
  MATMUL_LANES (8, 16, 0),
  /* llvmpipe on vectors of 128 bits: Arm, or x86 without AVX. */
  MATVEC_LANES (4, 1),
  MATVEC_LANES (4, 2),
  MATMUL_LANES (4, 4, 4),
  MATMUL_LANES (4, 16, 0),
  MATVEC_LANES_QUANT (8, 1),
  MATVEC_LANES_QUANT (8, 2),
  MATMUL_LANES_QUANT (8, 4, 4),
  MATMUL_LANES_QUANT (8, 8, 8),
  MATMUL_LANES_QUANT (8, 16, 0),
  MATVEC_LANES_QUANT (4, 1),
  MATVEC_LANES_QUANT (4, 2),
  MATMUL_LANES_QUANT (4, 4, 4),
  MATMUL_LANES_QUANT (4, 16, 0),
  MATVEC_GROUP (128, 1),
  MATVEC_GROUP (128, 2),
  MATVEC_GROUP (128, 4),
  MATVEC_GROUP (128, 8),
  MATMUL_COOP (16, 16, 16, 1, 2, VLM_NN_ON_GPU, 32),
  MATMUL_COOP (16, 16, 16, 2, 2, VLM_NN_ON_GPU, 256),
  MATMUL_COOP (16, 16, 16, 4, 4, VLM_NN_ON_GPU, 0),
  MATMUL_COOP (16, 8, 16, 2, 4, VLM_NN_ON_GPU, 256),
  MATMUL_COOP (16, 8, 16, 4, 8, VLM_NN_ON_GPU, 0),
  MATMUL_COOP (8, 16, 16, 4, 2, VLM_NN_ON_GPU, 256),
  MATMUL_COOP (8, 16, 16, 8, 4, VLM_NN_ON_GPU, 0),
  MATMUL_COOP (8, 8, 8, 2, 4, VLM_NN_ON_GPU, 0),
  MATMUL_TILE (32, 32, 2, 4, VLM_NN_ON_GPU, 64),
  MATMUL_TILE (64, 64, 4, 4, VLM_NN_ON_GPU, 512),
  MATMUL_TILE (128, 128, 8, 8, VLM_NN_ON_GPU, 0),
  /* Needs only what Vulkan guarantees on every device. */
  MATMUL_TILE (64, 32, 4, 4, VLM_NN_ON_ALL, 0),
  NORM ("rms_norm_lanes", vlm_shader_rms_norm__lanes, VLM_NN_ON_CPU,
      VLM_NN_NEEDS_SHUFFLE8, 8),
  NORM ("rms_norm", vlm_shader_rms_norm, VLM_NN_ON_ALL, 0, 128),
  ATTENTION_LANES (8, 8),
  ATTENTION_LANES (16, 0),
  ATTENTION_TILE (16, VLM_NN_ON_ALL),
  /* On a software device a single subgroup does not wait at barriers. */
  CHOOSE (8, VLM_NN_ON_CPU),
  CHOOSE (128, VLM_NN_ON_ALL),
};

const VlmNnKernel *
vlm_nn_kernels (guint *n_kernels)
{
  *n_kernels = G_N_ELEMENTS (kernels);
  return kernels;
}

const VlmNnKernel *
vlm_nn_kernels_of (const VlmNn *nn, guint *n_kernels)
{
  if (nn->kernels == NULL)
    return vlm_nn_kernels (n_kernels);
  *n_kernels = nn->n_kernels;
  return nn->kernels;
}

static gboolean
shuffles (const VlmVkCaps *caps, guint lanes)
{
  return caps->min_subgroup_size >= lanes &&
      (caps->subgroup_ops & VK_SUBGROUP_FEATURE_SHUFFLE_BIT) != 0;
}

static gboolean
makes_product (const VlmVkCaps *caps, const VlmVkProduct *product)
{
  for (guint i = 0; i < caps->n_products; i++) {
    const VlmVkProduct *p = &caps->products[i];

    if (p->is_int8 == product->is_int8 && p->m == product->m &&
        p->n == product->n && p->k == product->k)
      return TRUE;
  }
  return FALSE;
}

static guint
local_size (const VlmVkCaps *caps, const VlmNnKernel *kernel)
{
  return kernel->subgroups != 0 ? kernel->subgroups * caps->subgroup_size
                                : kernel->local_size;
}

guint
vlm_nn_kernel_spec (const VlmNn *nn, const VlmNnKernel *kernel,
    const guint32 *own, guint n_own, guint32 spec[VLM_VK_MAX_SPEC])
{
  guint n = 0;

  g_assert (3 + n_own + kernel->n_tune <= VLM_VK_MAX_SPEC);
  spec[n++] = local_size (nn->caps, kernel);
  spec[n++] = 1;
  spec[n++] = 1;
  for (guint i = 0; i < n_own; i++)
    spec[n++] = own[i];
  for (guint i = 0; i < kernel->n_tune; i++)
    spec[n++] = kernel->tune[i];
  return n;
}

/* Why a kernel cannot or should not be taken, as a static string; NULL when it
 * can. */
static const char *
why_not_here (const VlmNn *nn, const VlmNnKernel *kernel)
{
  const VlmVkCaps *caps = nn->caps;

  if ((kernel->needs & VLM_NN_NEEDS_SHUFFLE8) != 0 && !shuffles (caps, 8))
    return "no shuffles over 8 invocations";
  if ((kernel->needs & VLM_NN_NEEDS_SHUFFLE4) != 0 && !shuffles (caps, 4))
    return "no shuffles over 4 invocations";
  if ((kernel->needs & VLM_NN_NEEDS_SUBGROUPS) != 0 &&
      (!caps->has_fixed_subgroups ||
          (caps->subgroup_ops & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT) == 0))
    return "subgroups of unknown size, or without reductions";
  if (kernel->product.m != 0 && !makes_product (caps, &kernel->product))
    return "no cooperative matrices of that shape";
  if (kernel->shared_bytes > caps->max_shared_bytes)
    return "too little shared memory";
  if (local_size (caps, kernel) > caps->max_workgroup_invocations)
    return "workgroups are too small";
  return NULL;
}

gboolean
vlm_nn_kernel_runs (const VlmNn *nn, const VlmNnKernel *kernel)
{
  return why_not_here (nn, kernel) == NULL;
}

gboolean
vlm_nn_kernel_reads (const VlmNnKernel *kernel, const VlmNnFormat *format)
{
  if (format == NULL)
    return kernel->weights == 0;
  return (kernel->weights &
             (vlm_nn_format_is_quantised (format) ? VLM_NN_READS_QUANTISED
                                                  : VLM_NN_READS_PLAIN)) != 0;
}

/* The same; one for other devices is only taken if it is wanted by name. */
static const char *
why_not_taken (const VlmNn *nn, const VlmNnKernel *kernel)
{
  const guint here = nn->caps->is_cpu ? VLM_NN_ON_CPU : VLM_NN_ON_GPU;
  const VlmNnWish wish = vlm_nn_wish (nn->wishes, kernel->name);

  if (wish == VLM_NN_WISH_REFUSED)
    return "not wanted (VLM_KERNELS)";
  if ((kernel->on & here) == 0 && wish != VLM_NN_WISH_WANTED)
    return "for other devices";
  return why_not_here (nn, kernel);
}

gboolean
vlm_nn_kernel_is_fast_here (const VlmNn *nn, const VlmNnKernel *kernel)
{
  return kernel->is_fast && why_not_taken (nn, kernel) == NULL;
}

static const char *
why_not (
    const VlmNn *nn, const VlmNnKernel *kernel, const VlmNnProblem *problem)
{
  guint n;

  if (kernel->is_fast && !nn->is_fast)
    return "for precision=fast";
  if ((nn->wrong >> (kernel - vlm_nn_kernels_of (nn, &n)) & 1) != 0)
    return "wrong on this device";
  if (!vlm_nn_kernel_reads (kernel, problem->format))
    return "for other weights";
  if (kernel->max_rows != 0 && problem->m > kernel->max_rows)
    return "for fewer rows";
  return why_not_taken (nn, kernel);
}

static const char *
op_name (VlmNnOp op)
{
  static const char *const names[] = {
    [VLM_NN_OP_MATMUL] = "matmul",
    [VLM_NN_OP_NORM] = "norm",
    [VLM_NN_OP_ATTENTION] = "attention",
    [VLM_NN_OP_CHOOSE] = "choose",
  };

  return names[op];
}

/* The reasons why the kernels before the chosen one were not chosen. */
static char *
explain (
    const VlmNn *nn, const VlmNnKernel *chosen, const VlmNnProblem *problem)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint n;

  for (const VlmNnKernel *kernel = vlm_nn_kernels_of (nn, &n); kernel < chosen;
       kernel++)
    if (kernel->op == problem->op)
      g_string_append_printf (text, "%s%s: %s", text->len > 0 ? ", " : "",
          kernel->name, why_not (nn, kernel, problem) ?: "others are wanted");
  if (text->len == 0)
    g_string_append (text, "the first of its table");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* A problem without its rows, and the kernel that was taken for it. */
typedef struct
{
  VlmNnOp op;
  guint n;
  guint k;
  const VlmNnFormat *format;
  const VlmNnKernel *kernel;
} Note;

static guint
note_hash (gconstpointer data)
{
  const Note *note = data;

  return (guint) note->op + note->n * 31 + note->k * 1009 +
      g_direct_hash (note->format) + g_direct_hash (note->kernel);
}

static gboolean
note_equal (gconstpointer a, gconstpointer b)
{
  const Note *x = a, *y = b;

  return x->op == y->op && x->n == y->n && x->k == y->k &&
      x->format == y->format && x->kernel == y->kernel;
}

static void
take_note (VlmNn *nn, const VlmNnKernel *kernel, const VlmNnProblem *problem)
{
  const Note note = { problem->op, problem->n, problem->k, problem->format,
    kernel };
  g_autofree char *reasons = NULL;

  if (nn->notes == NULL)
    nn->notes = g_hash_table_new_full (note_hash, note_equal, g_free, NULL);
  if (g_hash_table_contains (nn->notes, &note))
    return;
  g_hash_table_add (nn->notes, g_memdup2 (&note, sizeof note));
  reasons = explain (nn, kernel, problem);
  vlm_debug ("%s of %" G_GUINT64_FORMAT " rows, n %u, k %u, %s: %s (%s)",
      op_name (problem->op), problem->m, problem->n, problem->k,
      problem->format != NULL ? vlm_dtype_name (problem->format->dtype) : "F32",
      kernel->name, reasons);
}

/* NULL if no kernel fits, or with @only_wanted none that is wanted. */
static const VlmNnKernel *
find_kernel (VlmNn *nn, const VlmNnProblem *problem, gboolean only_wanted)
{
  guint n;
  const VlmNnKernel *all = vlm_nn_kernels_of (nn, &n);

  for (guint i = 0; i < n; i++) {
    const VlmNnKernel *kernel = &all[i];

    if (kernel->op == problem->op &&
        (!only_wanted ||
            vlm_nn_wish (nn->wishes, kernel->name) == VLM_NN_WISH_WANTED) &&
        why_not (nn, kernel, problem) == NULL)
      return kernel;
  }
  return NULL;
}

/* The last one of the op, which fits every device. */
static const VlmNnKernel *
find_last (const VlmNn *nn, VlmNnOp op)
{
  guint n;
  const VlmNnKernel *all = vlm_nn_kernels_of (nn, &n);

  for (guint i = n; i > 0; i--)
    if (all[i - 1].op == op)
      return &all[i - 1];
  g_assert_not_reached ();
}

static void
check_wishes (const VlmNn *nn)
{
  const char *names[G_N_ELEMENTS (kernels) + 1] = { NULL };
  g_autofree char *unknown = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (kernels); i++)
    names[i] = kernels[i].name;
  unknown = vlm_nn_wishes_unknown (nn->wishes, names);
  if (unknown != NULL)
    vlm_warning ("VLM_KERNELS: no kernel is named \"%s\"", unknown);
}

const VlmNnKernel *
vlm_nn_select (VlmNn *nn, const VlmNnProblem *problem)
{
  const VlmNnKernel *kernel = NULL;

  if (nn->forced != NULL && nn->forced->op == problem->op)
    return nn->forced;
  if (nn->wishes != NULL) {
    if (nn->notes == NULL)
      check_wishes (nn);
    kernel = find_kernel (nn, problem, TRUE);
  }
  if (kernel == NULL)
    kernel = find_kernel (nn, problem, FALSE);
  if (kernel == NULL) {
    kernel = find_last (nn, problem->op);
    vlm_warning ("VLM_KERNELS leaves no kernel for %s: %s is used",
        op_name (problem->op), kernel->name);
  }
  take_note (nn, kernel, problem);
  return kernel;
}

gboolean
vlm_nn_force_kernel (VlmNn *nn, const char *name)
{
  nn->forced = NULL;
  if (name == NULL)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (kernels); i++) {
    if (g_str_equal (kernels[i].name, name) &&
        vlm_nn_kernel_runs (nn, &kernels[i])) {
      nn->forced = &kernels[i];
      return TRUE;
    }
  }
  return FALSE;
}
