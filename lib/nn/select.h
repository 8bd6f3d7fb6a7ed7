/* gst-vlm: which kernel runs an op
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "nn/context.h"
#include "nn/format.h"

typedef enum
{
  VLM_NN_OP_MATMUL,
  VLM_NN_OP_NORM,
  VLM_NN_OP_ATTENTION,
  VLM_NN_OP_CHOOSE,
} VlmNnOp;

/* The problem of an op; m is rows. Alignment follows from n and k. */
typedef struct
{
  VlmNnOp op;
  guint64 m;
  guint n;                   /* outputs; 0 where it makes no difference */
  guint k;                   /* inputs, or the size of a head */
  const VlmNnFormat *format; /* of the weights; NULL for ops without */
} VlmNnProblem;

/* What shared memory attention_tile.comp takes, and the largest heads that any
 * attention kernel knows. */
#define VLM_NN_ATTENTION_SHARED(rows, head_dim) ((rows) * ((head_dim) + 42) * 4)
#define VLM_NN_ATTENTION_MAX_DIM 512

#define VLM_NN_MAX_TUNE 8

/* One way to run an op. */
typedef struct _VlmNnKernel
{
  VlmNnOp op;
  const char *name;
  const VlmVkShader *shader;
  /* Of attention: for a cache of 16 bits, where that is another. */
  const VlmVkShader *half;
  /* Of products of few rows: with the norm of what they add to, or NULL. */
  const VlmVkShader *normed;
  guint on;             /* VLM_NN_ON_*: devices it is chosen on */
  guint needs;          /* VLM_NN_NEEDS_*: what it cannot run without */
  guint weights;        /* VLM_NN_READS_*: formats; 0 for ops without weights */
  gboolean is_fast;     /* of less than f32: only where that is allowed */
  VlmVkProduct product; /* of cooperative matrices that it needs; m 0: none */
  guint shared_bytes;   /* of shared memory */
  guint64 max_rows;     /* T it is made for; 0: any */
  guint local_size;     /* invocations of a workgroup; spec constant 0 */
  guint subgroups;      /* of a workgroup, if the device reports its size */
  guint tile_rows;      /* rows and columns of the output of one workgroup, */
  guint tile_cols;      /* in the op's own units */
  guint band;           /* tiles of rows that pass over the weights together */
  guint32 tune[VLM_NN_MAX_TUNE]; /* spec constants after the op's own */
  guint n_tune;
} VlmNnKernel;

enum
{
  VLM_NN_ON_CPU = 1,
  VLM_NN_ON_GPU = 2,
  VLM_NN_ON_ALL = 3,
};

enum
{
  VLM_NN_READS_PLAIN = 1,
  VLM_NN_READS_QUANTISED = 2,
  VLM_NN_READS_ALL = 3,
};

enum
{
  /* The invocations of a workgroup of eight, or of four, are in one subgroup
   * and can shuffle. */
  VLM_NN_NEEDS_SHUFFLE8 = 1,
  VLM_NN_NEEDS_SHUFFLE4 = 2,
  /* Subgroups whose size is known, and reductions in them. */
  VLM_NN_NEEDS_SUBGROUPS = 4,
};

/* The specialisation constants: the size of a workgroup, @own constants of the
 * op, and those that the kernel is tuned with. Returns how many. */
guint vlm_nn_kernel_spec (const VlmNn *nn, const VlmNnKernel *kernel,
    const guint32 *own, guint n_own, guint32 spec[VLM_VK_MAX_SPEC]);

/* The first kernel in the table that the device can run and that is made for
 * its kind and for that problem. Never NULL: every op has one for any device.
 * A debug message names it and the reason, once for each shape and kernel. */
const VlmNnKernel *vlm_nn_select (VlmNn *nn, const VlmNnProblem *problem);

/* For tests: the op of that kernel always takes it, even if it is made for other
 * devices; it must not be given more than its max_rows, nor weights that it does
 * not read. NULL: choose again. FALSE when the device cannot run a kernel of that
 * name. */
gboolean vlm_nn_force_kernel (VlmNn *nn, const char *name);

/* Whether a kernel can read weights of that format; NULL for no weights. */
gboolean
vlm_nn_kernel_reads (const VlmNnKernel *kernel, const VlmNnFormat *format);

/* Whether it computes in less than f32 and is taken here if that is allowed. */
gboolean
vlm_nn_kernel_is_fast_here (const VlmNn *nn, const VlmNnKernel *kernel);

typedef enum
{
  VLM_NN_VERDICT_NONE,
  VLM_NN_VERDICT_RIGHT,
  VLM_NN_VERDICT_WRONG,
} VlmNnVerdict;

/* Whether its products are right, by a self-test. An error says what is wrong,
 * or with NONE why the test could not run. */
VlmNnVerdict vlm_nn_kernel_try (
    VlmNnDevice *device, const VlmNnKernel *kernel, GError **error);

/* Every kernel that the table has. */
const VlmNnKernel *vlm_nn_kernels (guint *n_kernels);
/* Every one that a recorder chooses from. */
const VlmNnKernel *vlm_nn_kernels_of (const VlmNn *nn, guint *n_kernels);
gboolean vlm_nn_kernel_runs (const VlmNn *nn, const VlmNnKernel *kernel);
