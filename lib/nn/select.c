/* gst-vlm: which kernel runs an op
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The only place that knows devices. Within an op the first line that fits is
 * taken; the last one of each op fits every device. */
#include "nn/select.h"

#include "shaders/vlm-shaders.h"

/* TILE_K rows of TILE_M + 2 and TILE_N + 2 floats: matmul_tile.comp */
#define TILE_SHARED(m, n) (16 * ((m) + 2 + (n) + 2) * 4)
/* ROWS * BLOCKS floats for each invocation: matvec_group.comp */
#define GROUP_SHARED(size, rows, blocks) ((size) * (rows) * (blocks) *4)

/* Rows of x, up to 64 KiB each, that stay in a second-level cache. */
#define LANES_BAND 8

/* Columns of a matrix product's tile are blocks of 8 outputs. */
#define MATVEC_LANES(rows)                                                     \
  {                                                                            \
    VLM_NN_OP_MATMUL, "matvec_lanes_" #rows, &vlm_shader_matvec_lanes,         \
        VLM_NN_ON_CPU, VLM_NN_NEEDS_SHUFFLE8, 0, rows, 8, rows, 4, 0,          \
        { rows, 4 }, 2                                                         \
  }
#define MATVEC_GROUP(size, rows)                                               \
  {                                                                            \
    VLM_NN_OP_MATMUL, "matvec_group_" #rows, &vlm_shader_matvec_group,         \
        VLM_NN_ON_GPU, 0, GROUP_SHARED (size, rows, 2), rows, size, rows, 2,   \
        0, { rows, 2 }, 2                                                      \
  }
#define MATMUL_LANES(rows, blocks, max_rows)                                   \
  {                                                                            \
    VLM_NN_OP_MATMUL, "matmul_lanes_" #rows "x" #blocks,                       \
        &vlm_shader_matmul_lanes, VLM_NN_ON_CPU, VLM_NN_NEEDS_SHUFFLE8, 0,     \
        max_rows, 8, rows, blocks, LANES_BAND, { rows, blocks }, 2             \
  }
#define MATMUL_TILE(m, n, sub_m, sub_n, on, max_rows)                          \
  {                                                                            \
    VLM_NN_OP_MATMUL, "matmul_tile_" #m "x" #n, &vlm_shader_matmul_tile, on,   \
        0, TILE_SHARED (m, n), max_rows, (m) / (sub_m) * (n) / (sub_n), m,     \
        (n) / 8, 0, { m, n, sub_m, sub_n }, 4                                  \
  }

static const VlmNnKernel kernels[] = {
  MATVEC_LANES (1),
  MATVEC_LANES (2),
  MATVEC_LANES (4),
  MATMUL_LANES (8, 8, 0),
  MATVEC_GROUP (128, 1),
  MATVEC_GROUP (128, 2),
  MATVEC_GROUP (128, 4),
  MATMUL_TILE (32, 32, 2, 4, VLM_NN_ON_GPU, 64),
  MATMUL_TILE (64, 64, 4, 4, VLM_NN_ON_GPU, 512),
  MATMUL_TILE (128, 128, 8, 8, VLM_NN_ON_GPU, 0),
  /* What Vulkan promises to everyone is enough. */
  MATMUL_TILE (64, 32, 4, 4, VLM_NN_ON_ALL, 0),
};

const VlmNnKernel *
vlm_nn_kernels (guint *n_kernels)
{
  *n_kernels = G_N_ELEMENTS (kernels);
  return kernels;
}

static gboolean
shuffles_8 (const VlmVkCaps *caps)
{
  return caps->min_subgroup_size >= 8 &&
      (caps->subgroup_ops & VK_SUBGROUP_FEATURE_SHUFFLE_BIT) != 0;
}

gboolean
vlm_nn_kernel_runs (const VlmNn *nn, const VlmNnKernel *kernel)
{
  const VlmVkCaps *caps = nn->caps;

  if ((kernel->needs & VLM_NN_NEEDS_SHUFFLE8) != 0 && !shuffles_8 (caps))
    return FALSE;
  return kernel->shared_bytes <= caps->max_shared_bytes &&
      kernel->local_size <= caps->max_workgroup_invocations;
}

static gboolean
suits (const VlmNn *nn, const VlmNnKernel *kernel, guint64 n_rows)
{
  const guint here = nn->caps->is_cpu ? VLM_NN_ON_CPU : VLM_NN_ON_GPU;

  return (kernel->on & here) != 0 &&
      (kernel->max_rows == 0 || n_rows <= kernel->max_rows);
}

const VlmNnKernel *
vlm_nn_select (VlmNn *nn, VlmNnOp op, guint64 n_rows)
{
  if (nn->forced != NULL && nn->forced->op == op)
    return nn->forced;
  for (guint i = 0; i < G_N_ELEMENTS (kernels); i++) {
    const VlmNnKernel *kernel = &kernels[i];

    if (kernel->op == op && vlm_nn_kernel_runs (nn, kernel) &&
        suits (nn, kernel, n_rows))
      return kernel;
  }
  g_assert_not_reached ();
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
