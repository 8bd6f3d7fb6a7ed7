/* gst-vlm: rows of quantised weights to check kernels with
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/blocks.h"
#include "base/half.h"
#include "nn/format.h"
#include "shaders/vkcheck.h"

#include <string.h>

/* Where a block has floats. */
typedef struct
{
  VlmDType dtype;
  gboolean is_f32;
  guint n;
  guint at[2];
} Floats;

static const Floats floats[] = {
  { VLM_DTYPE_Q4_0, FALSE, 1, { 0 } },
  { VLM_DTYPE_Q4_1, FALSE, 2, { 0, 2 } },
  { VLM_DTYPE_Q5_0, FALSE, 1, { 0 } },
  { VLM_DTYPE_Q5_1, FALSE, 2, { 0, 2 } },
  { VLM_DTYPE_Q8_0, FALSE, 1, { 0 } },
  { VLM_DTYPE_IQ4_NL, FALSE, 1, { 0 } },
  { VLM_DTYPE_Q2_K, FALSE, 2, { 80, 82 } },
  { VLM_DTYPE_Q3_K, FALSE, 1, { 108 } },
  { VLM_DTYPE_Q4_K, FALSE, 2, { 0, 2 } },
  { VLM_DTYPE_Q5_K, FALSE, 2, { 0, 2 } },
  { VLM_DTYPE_Q6_K, FALSE, 1, { 208 } },
  { VLM_DTYPE_IQ4_XS, FALSE, 1, { 0 } },
  { VLM_DTYPE_INT4_32, TRUE, 2, { 0, 4 } },
  { VLM_DTYPE_INT4_64, TRUE, 2, { 0, 4 } },
  { VLM_DTYPE_INT4_128, TRUE, 2, { 0, 4 } },
  { VLM_DTYPE_INT8_32, TRUE, 2, { 0, 4 } },
  { VLM_DTYPE_INT8_64, TRUE, 2, { 0, 4 } },
  { VLM_DTYPE_INT8_128, TRUE, 2, { 0, 4 } },
  { VLM_DTYPE_F8_128, TRUE, 1, { 0 } },
  { VLM_DTYPE_NF4_64, TRUE, 1, { 0 } },
  { VLM_DTYPE_NF4_ACROSS, TRUE, 1, { 0 } },
};

static const Floats *
find (VlmDType dtype)
{
  for (guint i = 0; i < G_N_ELEMENTS (floats); i++)
    if (floats[i].dtype == dtype)
      return &floats[i];
  g_assert_not_reached ();
}

/* A scale of eight bits and, of our own types, a minimum that is a whole number
 * of scales, as files have them: half floats hold both. */
static void
make_floats (VkCheck *check, const Floats *f, guint8 *block)
{
  const float sign = rng_below (&check->rng, 4) == 0 ? -1.0f : 1.0f;
  /* what scales of six bits are multiplied with */
  const float unit =
      vlm_dtype_block_length (f->dtype) == VLM_MAX_BLOCK ? 0x1p-6f : 1.0f;
  const float scale =
      sign * (float) (64 + rng_below (&check->rng, 192)) * 0x1p-11f * unit;
  const float values[] = { scale,
    f->is_f32 ? scale * (float) rng_below (&check->rng, 256)
              : (float) rng_below (&check->rng, 256) * 0x1p-8f * unit };

  for (guint i = 0; i < f->n; i++) {
    const guint16 half = vlm_f16_from_f32 (values[i]);

    if (f->is_f32)
      memcpy (block + f->at[i], &values[i], sizeof values[i]);
    else
      memcpy (block + f->at[i], &half, sizeof half);
  }
}

/* Byte 0x7f is not a number. */
static void
avoid_nan (guint8 *block, gsize n_bytes)
{
  for (gsize i = 4; i < n_bytes; i++)
    if ((block[i] & 0x7f) == 0x7f)
      block[i] ^= 1;
}

/* Each block of a row continues the one before. */
static void
join_blocks (VkCheck *check, guint8 *row, gsize n_blocks)
{
  const gsize block_bytes = vlm_dtype_block_bytes (VLM_DTYPE_NF4_ACROSS);
  const guint32 n_first =
      VLM_NF4_ACROSS_STEP * (1 + rng_below (&check->rng, 16));

  for (gsize i = 0; i < n_blocks; i++) {
    VlmNf4AcrossHead head, next;

    memcpy (&head, row + i * block_bytes, sizeof head);
    memcpy (&next, row + (i + 1) % n_blocks * block_bytes, sizeof next);
    head.scales[1] = next.scales[0];
    head.n_first = n_first;
    memcpy (row + i * block_bytes, &head, sizeof head);
  }
}

void
vkcheck_make_blocks (VkCheck *check, VlmDType dtype, guint n_rows, guint n_in,
    float *data, guint8 *raw)
{
  const gsize row_bytes = vlm_dtype_row_bytes (dtype, n_in);
  const gsize block_bytes = vlm_dtype_block_bytes (dtype);

  for (gsize i = 0; i < n_rows * row_bytes; i++)
    raw[i] = (guint8) rng_below (&check->rng, 256);
  for (gsize at = 0; at < n_rows * row_bytes; at += block_bytes) {
    make_floats (check, find (dtype), raw + at);
    if (dtype == VLM_DTYPE_F8_128)
      avoid_nan (raw + at, block_bytes);
  }
  for (guint i = 0; i < n_rows && dtype == VLM_DTYPE_NF4_ACROSS; i++)
    join_blocks (check, raw + i * row_bytes, row_bytes / block_bytes);
  for (guint i = 0; i < n_rows; i++)
    vlm_dequantise (dtype, raw + i * row_bytes, n_in, data + (gsize) i * n_in);
}
