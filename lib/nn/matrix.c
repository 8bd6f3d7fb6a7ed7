/* gst-vlm: weights on the device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/matrix.h"

#include "base/checked.h"

#include <vlm/vlm-error.h>

#include <string.h>

#define GRANULE_BYTES 16
/* One granule of each output of a block: what packing advances by. */
#define STRIP_BYTES (GRANULE_BYTES * VLM_NN_BLOCK)

static void
fill_zero (guint8 *target, guint64 offset, gsize n_bytes, gpointer user_data)
{
  memset (target, 0, n_bytes);
}

/* Padding can only be in the last pair of blocks: of plain rows those after the
 * last, of paired rows the ends of both. What write () does not reach must be
 * zero there. */
static gboolean
add_part (VlmNnMatrix *matrix, VlmNn *nn, guint first, guint n, GError **error)
{
  VlmNnPart *part = &matrix->parts[matrix->n_parts];

  part->buffer = vlm_vk_buffer_new (
      nn->device, n * matrix->block_bytes, VLM_VK_BUFFER_DEVICE, error);
  if (part->buffer == NULL)
    return FALSE;
  part->first_block = first;
  part->n_blocks = n;
  matrix->n_parts++;
  if (first + n < matrix->n_blocks)
    return TRUE;
  return vlm_vk_buffer_fill (part->buffer, (n - 2) * matrix->block_bytes,
      2 * matrix->block_bytes, STRIP_BYTES, fill_zero, NULL, error);
}

VlmNnMatrix *
vlm_nn_matrix_new (
    VlmNn *nn, guint n_out, guint n_in, VlmDType dtype, GError **error)
{
  g_autoptr (VlmNnMatrix) matrix = NULL;
  guint64 per_part;

  if (dtype != VLM_DTYPE_F32 && dtype != VLM_DTYPE_F16 &&
      dtype != VLM_DTYPE_BF16) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
        "weights of type %s", vlm_dtype_name (dtype));
    return NULL;
  }
  if (n_out == 0 || n_in == 0 || n_out > G_MAXINT32 || n_in > G_MAXINT32) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TOO_LARGE,
        "no matrix has %u outputs and %u inputs", n_out, n_in);
    return NULL;
  }

  matrix = g_new0 (VlmNnMatrix, 1);
  matrix->n_out = n_out;
  matrix->n_in = n_in;
  matrix->dtype = dtype;
  matrix->n_groups = (n_in + VLM_NN_BLOCK - 1) / VLM_NN_BLOCK;
  matrix->n_blocks =
      (guint) vlm_align_up (vlm_div_round_up (n_out, VLM_NN_BLOCK), 2);
  matrix->block_bytes = (guint64) matrix->n_groups * VLM_NN_BLOCK *
      VLM_NN_BLOCK * vlm_dtype_size (dtype);

  per_part = nn->limits.part_bytes / matrix->block_bytes & ~(guint64) 1;
  if (per_part == 0) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TOO_LARGE,
        "16 outputs of %u inputs do not fit in a buffer of %" G_GUINT64_FORMAT
        " bytes",
        n_in, nn->limits.part_bytes);
    return NULL;
  }
  matrix->parts =
      g_new0 (VlmNnPart, vlm_div_round_up (matrix->n_blocks, per_part));
  for (guint first = 0; first < matrix->n_blocks; first += per_part) {
    guint n = (guint) MIN (per_part, matrix->n_blocks - first);

    if (!add_part (matrix, nn, first, n, error))
      return NULL;
  }
  return g_steal_pointer (&matrix);
}

void
vlm_nn_matrix_free (VlmNnMatrix *matrix)
{
  if (matrix == NULL)
    return;
  for (guint i = 0; i < matrix->n_parts; i++)
    vlm_vk_buffer_unref (matrix->parts[i].buffer);
  g_free (matrix->parts);
  g_free (matrix);
}

guint64
vlm_nn_matrix_get_n_bytes (const VlmNnMatrix *matrix)
{
  return matrix->n_blocks * matrix->block_bytes;
}

VlmVkBinding
vlm_nn_bind_part (const VlmNnMatrix *matrix, const VlmNnPart *part)
{
  return (VlmVkBinding){
    .buffer = part->buffer,
    .n_bytes = part->n_blocks * matrix->block_bytes,
    .access = VLM_VK_READ,
    .texel_format = VK_FORMAT_R32G32B32A32_UINT,
  };
}

/* Whole blocks from dense rows. */
typedef struct
{
  const guint8 *rows; /* of the first block */
  gsize row_bytes;
  guint64 block_bytes;
} Packing;

/* Granule @at of row @row, zeros past the row's end. */
static void
copy_granule (guint8 *target, const guint8 *row, gsize row_bytes, gsize at)
{
  const gsize begin = at * GRANULE_BYTES;
  gsize n = begin < row_bytes ? MIN (row_bytes - begin, GRANULE_BYTES) : 0;

  memcpy (target, row + begin, n);
  memset (target + n, 0, GRANULE_BYTES - n);
}

static void
fill_blocks (guint8 *target, guint64 offset, gsize n_bytes, gpointer user_data)
{
  const Packing *packing = user_data;
  const gsize full = packing->row_bytes / GRANULE_BYTES;

  for (gsize done = 0; done < n_bytes; done += STRIP_BYTES) {
    const guint64 block = (offset + done) / packing->block_bytes;
    const gsize at = (offset + done) % packing->block_bytes / STRIP_BYTES;
    const guint8 *rows =
        packing->rows + block * VLM_NN_BLOCK * packing->row_bytes;
    guint8 *strip = target + done;

    if (at < full) {
      for (guint r = 0; r < VLM_NN_BLOCK; r++)
        memcpy (strip + r * GRANULE_BYTES,
            rows + r * packing->row_bytes + at * GRANULE_BYTES, GRANULE_BYTES);
    } else {
      for (guint r = 0; r < VLM_NN_BLOCK; r++)
        copy_granule (strip + r * GRANULE_BYTES, rows + r * packing->row_bytes,
            packing->row_bytes, at);
    }
  }
}

static const VlmNnPart *
part_of (const VlmNnMatrix *matrix, guint block)
{
  const VlmNnPart *part = matrix->parts;

  while (block >= part->first_block + part->n_blocks)
    part++;
  return part;
}

static gboolean
write_blocks (VlmNnMatrix *matrix, guint block, guint n_blocks,
    const guint8 *rows, gsize row_bytes, GError **error)
{
  const VlmNnPart *part = part_of (matrix, block);
  Packing packing = { rows, row_bytes, matrix->block_bytes };

  g_assert (block + n_blocks <= part->first_block + part->n_blocks);
  return vlm_vk_buffer_fill (part->buffer,
      (block - part->first_block) * matrix->block_bytes,
      n_blocks * matrix->block_bytes, STRIP_BYTES, fill_blocks, &packing,
      error);
}

/* Some rows of a block; the others stay as they are. */
static gboolean
write_rows (VlmNnMatrix *matrix, guint block, guint first, guint n,
    const guint8 *rows, gsize row_bytes, GError **error)
{
  const VlmNnPart *part = part_of (matrix, block);
  const guint64 offset = (block - part->first_block) * matrix->block_bytes;
  g_autofree guint8 *copy = g_malloc (matrix->block_bytes);

  if (!vlm_vk_buffer_read (
          part->buffer, offset, copy, matrix->block_bytes, error))
    return FALSE;
  for (gsize at = 0; at < matrix->block_bytes / STRIP_BYTES; at++) {
    for (guint r = 0; r < n; r++)
      copy_granule (copy + at * STRIP_BYTES + (first + r) * GRANULE_BYTES,
          rows + r * row_bytes, row_bytes, at);
  }
  return vlm_vk_buffer_write (
      part->buffer, offset, copy, matrix->block_bytes, error);
}

/* How many whole blocks from @block on can be written in one go. */
static guint
run_length (const VlmNnMatrix *matrix, VlmNnRows rows, guint block, guint n)
{
  const VlmNnPart *part = part_of (matrix, block);

  if (rows != VLM_NN_ROWS_PLAIN)
    return 1;
  return MIN (n, part->first_block + part->n_blocks - block);
}

gboolean
vlm_nn_matrix_write (VlmNnMatrix *matrix, VlmNn *nn, VlmNnRows rows,
    guint first_out, guint n_rows, const void *data, GError **error)
{
  const gsize row_bytes = (gsize) matrix->n_in * vlm_dtype_size (matrix->dtype);
  const guint n_out =
      rows == VLM_NN_ROWS_PLAIN ? matrix->n_out : matrix->n_out / 2;
  const guint8 *source = data;
  guint out = first_out;

  g_assert ((guint64) first_out + n_rows <= n_out);
  while (out < first_out + n_rows) {
    const guint left = first_out + n_rows - out;
    const guint lane = out % VLM_NN_BLOCK;
    guint block = out / VLM_NN_BLOCK;
    guint n;
    gboolean ok;

    if (rows != VLM_NN_ROWS_PLAIN)
      block = 2 * block + (rows == VLM_NN_ROWS_PAIR_SECOND);
    if (lane != 0 || left < VLM_NN_BLOCK) {
      n = MIN (left, VLM_NN_BLOCK - lane);
      ok = write_rows (matrix, block, lane, n, source, row_bytes, error);
    } else {
      guint n_blocks = run_length (matrix, rows, block, left / VLM_NN_BLOCK);

      n = n_blocks * VLM_NN_BLOCK;
      ok = write_blocks (matrix, block, n_blocks, source, row_bytes, error);
    }
    if (!ok)
      return FALSE;
    out += n;
    source += n * row_bytes;
  }
  return TRUE;
}
