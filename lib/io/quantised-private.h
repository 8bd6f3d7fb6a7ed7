/* gst-vlm: methods of quantisation, one file and one line of a table each
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string.h>

#include <vlm/vlm-error.h>

#include "io/json.h"
#include "io/quantised.h"

/* How compressed-tensors keeps weights. */
typedef enum
{
  VLM_QUANT_FLOATS,
  VLM_QUANT_BYTES,
  VLM_QUANT_PACKED,
} VlmQuantFormat;

/* What methods read from their part of config.json. */
typedef struct
{
  VlmQuantFormat format;
  guint bits;
  gint64 group_size;              /* inputs; -1: all */
  gboolean is_any_bits;           /* layers may differ */
  gboolean has_true_zeros;        /* gptq_v2 */
  guint64 block_rows, block_cols; /* of FP8; 0: none */
} VlmQuantSettings;

typedef struct
{
  const char *name; /* quant_method */
  /* Refuses what cannot be run. */
  gboolean (*read) (
      const VlmJson *config, VlmQuantSettings *settings, GError **error);
  /* Bytes of the stem of @name when it is the tensor that makes a layer a
   * quantised one, "STEM.qweight" for instance; else 0. */
  gsize (*match) (const VlmTensorSource *source, const char *name);
  /* The layer as one tensor. */
  gboolean (*open) (const VlmTensorSource *source,
      const VlmQuantSettings *settings, const char *stem, VlmTensorView *view,
      GError **error);
} VlmQuantMethod;

extern const VlmQuantMethod vlm_quant_awq, vlm_quant_gptq,
    vlm_quant_compressed_tensors, vlm_quant_fp8, vlm_quant_bitsandbytes;

struct _VlmQuantConfig
{
  const VlmQuantMethod *method;
  VlmQuantSettings settings;
};

/* For "…; use …" in messages. */
#define VLM_QUANT_INSTEAD                                                      \
  "use the model in bf16, as GGUF, or quantised with AWQ, GPTQ, FP8 or "       \
  "bitsandbytes nf4"

/* 8-bit floats, which two methods have. */
gsize vlm_quant_match_fp8 (const VlmTensorSource *source, const char *name);
gboolean vlm_quant_open_fp8 (const VlmTensorSource *source,
    const VlmQuantSettings *settings, const char *stem, VlmTensorView *view,
    GError **error);
/* [outputs, inputs] that share a scale, where @key is there. Blocks of other
 * sizes than ours would have several scales in one of ours: UNSUPPORTED. */
gboolean vlm_quant_read_block_size (const VlmJson *at, const char *key,
    VlmQuantSettings *settings, GError **error);

/* Bytes of the stem of @name before @suffix, 0 when it has another end. */
gsize vlm_quant_match_suffix (const char *name, const char *suffix);
/* Tensor STEM SUFFIX. NOT_FOUND when it is not there. */
gboolean vlm_quant_find (const VlmTensorSource *source, const char *stem,
    const char *suffix, VlmTensorView *view, GError **error);
gboolean vlm_quant_has (
    const VlmTensorSource *source, const char *stem, const char *suffix);
/* FALSE with MISMATCH, which names the tensor, when it is of another type or not
 * [n_rows, n_cols]. */
gboolean vlm_quant_check (const VlmTensorView *view, VlmDType dtype,
    guint64 n_rows, guint64 n_cols, GError **error);
/* FALSE with "file: tensor NAME: …". */
gboolean vlm_quant_fail (const VlmTensorView *view, VlmLoadError code,
    GError **error, const char *format, ...) G_GNUC_PRINTF (4, 5);
/* Whether it can be scales: F16, BF16 or F32. */
gboolean vlm_quant_check_scales (const VlmTensorView *view, GError **error);

/* Columns [first, first + n) of row @row of a matrix, as they are in the file. */
gboolean vlm_quant_read_run (const VlmTensorView *view, guint64 row,
    guint64 first, guint64 n, void *data, GError **error);
/* The same of floats, as F32. */
gboolean vlm_quant_read_floats (const VlmTensorView *view, guint64 row,
    guint64 first, guint64 n, float *values, GError **error);

/* STEM.weight of [n_out, n_in], which takes @rows; @part is where most of it
 * is. */
void vlm_quant_init_view (VlmTensorView *view, const char *stem,
    const VlmTensorView *part, VlmDType dtype, guint64 n_out, guint64 n_in,
    VlmTensorRows *rows);
void vlm_quant_init_rows (VlmTensorRows *rows,
    gboolean (*read) (const VlmTensorRows *rows, guint64 first, guint64 n,
        guint8 *data, GError **error),
    void (*free) (VlmTensorRows *rows));

/* @n scales of a file, of type @dtype, as devices have them: in 16 bits, so that
 * a difference of products rounds nothing more. */
void vlm_quant_round_scales (VlmDType dtype, float *scales, guint64 n);

/* The type of INT blocks for groups of so many inputs; F32 when none fits. */
VlmDType vlm_quant_int_type (guint bits, guint64 group_size);
/* The beginning of an INT block: x = scale * (code - zero). */
static inline void
vlm_quant_put_head (guint8 *block, float scale, gint zero)
{
  const float head[2] = { scale, scale * (float) zero };

  memcpy (block, head, sizeof head);
}
