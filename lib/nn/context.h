/* gst-vlm: the recorder's inside, for the ops in this folder
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "nn/ops.h"
#include "vk/command.h"
#include "vk/transfer.h"

/* What one binding or buffer may hold: the limits of the device, which tests make
 * smaller so that small shapes are split too. */
typedef struct
{
  guint64 binding_bytes; /* of a tensor in one dispatch */
  guint64 part_bytes;    /* of one buffer of a matrix */
  guint64 grid;          /* workgroups in y and z of a dispatch */
  guint64 split_keys;    /* of a piece of attention; 0: by shape */
  guint segment_keys;    /* of caches that grow: a power of two */
  guint64 chunk_macs;    /* multiply-adds of a chunk of attention */
} VlmNnLimits;

struct _VlmNn
{
  VlmVkDevice *device;
  VlmVkCommands *commands;
  const VlmVkCaps *caps;
  VlmNnLimits limits;
  /* What select chooses from, in tests; NULL: its own table. */
  const struct _VlmNnKernel *kernels;
  guint n_kernels;
  /* The kernel that select must take for its op, or NULL. */
  const struct _VlmNnKernel *forced;
  GHashTable *notes;   /* what select has logged, or NULL */
  gboolean is_fast;    /* kernels of less than f32 may be taken, */
  guint64 wrong;       /* but those of these places in the table */
  const char *wishes;  /* VLM_KERNELS, or NULL */
  VlmNnTensor ordered; /* x in the order of some weights; as large as needed */
  VlmNnTensor tickets; /* of products that end with a norm: zero between them */
  guint64 n_dispatches; /* that were recorded, ever */
  guint64 copied_bytes; /* by recorded copies of rows, ever */
  gboolean recording;   /* between begin and submit */
  guint64 submitted;    /* what the timeline reaches when all is done */
};

/* Keeps @error (taken) for submit. */
void vlm_nn_fail (VlmNn *nn, GError *error);
