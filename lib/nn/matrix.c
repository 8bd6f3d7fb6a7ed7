/* gst-vlm: weights on the device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/matrix.h"

#include "base/checked.h"

#include <vlm/vlm-error.h>

#include <string.h>

/* Past the last input: kernels read zeros there. */
#define NO_INPUT G_MAXUINT32

static void
fill_zero (guint8 *target, guint64 offset, gsize n_bytes, gpointer user_data)
{
  memset (target, 0, n_bytes);
}

/* Padding can only be in the last bundle of each plane: of plain rows those
 * after the last, of paired rows the ends of both. Where write () does not write,
 * it must be zero. */
static gboolean
clear_end (const VlmNnPart *part, guint n_in, GError **error)
{
  const VlmNnFormat *format = part->format;

  for (guint i = 0; i < VLM_NN_N_PLANES; i++) {
    const guint64 block = vlm_nn_format_plane_bytes (format, i, n_in);

    if (block == 0)
      continue;
    if (!vlm_vk_buffer_fill (part->buffer,
            part->plane_offset[i] + (part->n_padded - format->blocks) * block,
            format->blocks * block, block, fill_zero, NULL, error))
      return FALSE;
  }
  return TRUE;
}

/* Parts of one segment share it. */
static gboolean
upload_order (VlmNnTensor *tensor, VlmNn *nn, const VlmNnSegment *segment,
    guint n_in, GError **error)
{
  g_autofree guint32 *padded = NULL;
  VlmNnTensor whole;

  if (segment->order == NULL)
    return TRUE;
  if (!vlm_nn_tensor_init (tensor, nn, 1, n_in, error))
    return FALSE;
  padded = g_new (guint32, tensor->ld);
  memcpy (padded, segment->order, n_in * sizeof *padded);
  for (guint i = n_in; i < tensor->ld; i++)
    padded[i] = NO_INPUT;
  whole = vlm_nn_tensor_reshape (tensor, 1, tensor->ld);
  return vlm_nn_tensor_write (&whole, nn, 0, 1, padded, error);
}

/* Of one segment, from @first_block of the matrix on. */
static gboolean
add_part (VlmNnMatrix *matrix, VlmNn *nn, const VlmNnFormat *format,
    const VlmNnTensor *order, guint first_block, guint n_out, GError **error)
{
  VlmNnPart *part = &matrix->parts[matrix->n_parts];
  guint64 n_bytes = 0;

  part->format = format;
  part->order = *order;
  part->first_block = first_block;
  part->n_out = n_out;
  part->n_padded = (guint) vlm_align_up (
      vlm_div_round_up (n_out, VLM_NN_BLOCK), format->blocks);
  for (guint i = 0; i < VLM_NN_N_PLANES; i++) {
    part->plane_offset[i] = n_bytes;
    n_bytes +=
        part->n_padded * vlm_nn_format_plane_bytes (format, i, matrix->n_in);
  }
  part->buffer =
      vlm_vk_buffer_new (nn->device, n_bytes, VLM_VK_BUFFER_DEVICE, error);
  if (part->buffer == NULL)
    return FALSE;
  if (order->buffer != NULL)
    vlm_vk_buffer_ref (order->buffer);
  matrix->n_parts++;
  return clear_end (part, matrix->n_in, error);
}

static gboolean
add_segment (VlmNnMatrix *matrix, VlmNn *nn, guint first_out,
    const VlmNnSegment *segment, GError **error)
{
  const VlmNnFormat *format = vlm_nn_format (segment->dtype);
  g_auto (VlmNnTensor) order = { 0 };
  guint64 block_bytes, per_part;

  if (format == NULL) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
        "weights of type %s", vlm_dtype_name (segment->dtype));
    return FALSE;
  }
  block_bytes = vlm_nn_format_block_bytes (format, matrix->n_in);
  per_part = nn->limits.part_bytes / block_bytes;
  per_part -= per_part % format->blocks;
  if (per_part == 0) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TOO_LARGE,
        "%u outputs of %u inputs do not fit in a buffer of %" G_GUINT64_FORMAT
        " bytes",
        format->blocks * VLM_NN_BLOCK, matrix->n_in, nn->limits.part_bytes);
    return FALSE;
  }
  per_part *= VLM_NN_BLOCK;
  if (!upload_order (&order, nn, segment, matrix->n_in, error))
    return FALSE;
  matrix->parts = g_renew (VlmNnPart, matrix->parts,
      matrix->n_parts + vlm_div_round_up (segment->n_out, per_part));
  for (guint64 done = 0; done < segment->n_out; done += per_part)
    if (!add_part (matrix, nn, format, &order,
            (guint) ((first_out + done) / VLM_NN_BLOCK),
            (guint) MIN (per_part, segment->n_out - done), error))
      return FALSE;
  return TRUE;
}

/* Without parts. */
static VlmNnMatrix *
matrix_new (guint64 n_out, guint n_in, GError **error)
{
  VlmNnMatrix *matrix;

  if (n_out == 0 || n_in == 0 || n_out > G_MAXINT32 || n_in > G_MAXINT32) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TOO_LARGE,
        "no matrix has %" G_GUINT64_FORMAT " outputs and %u inputs", n_out,
        n_in);
    return NULL;
  }
  matrix = g_new0 (VlmNnMatrix, 1);
  matrix->n_out = (guint) n_out;
  matrix->n_in = n_in;
  matrix->n_groups = (guint) vlm_div_round_up (n_in, VLM_NN_BLOCK);
  return matrix;
}

VlmNnMatrix *
vlm_nn_matrix_new_segments (VlmNn *nn, guint n_in, const VlmNnSegment *segments,
    guint n_segments, GError **error)
{
  g_autoptr (VlmNnMatrix) matrix = NULL;
  guint64 n_out = 0;

  for (guint i = 0; i < n_segments; i++)
    n_out += segments[i].n_out;
  matrix = matrix_new (n_out, n_in, error);
  if (matrix == NULL)
    return NULL;
  n_out = 0;
  for (guint i = 0; i < n_segments; i++) {
    g_assert (n_out % VLM_NN_BLOCK == 0);
    if (!add_segment (matrix, nn, (guint) n_out, &segments[i], error))
      return NULL;
    n_out += segments[i].n_out;
  }
  return g_steal_pointer (&matrix);
}

VlmNnMatrix *
vlm_nn_matrix_new_pair (
    VlmNn *nn, guint n_in, const VlmNnSegment halves[2], GError **error)
{
  g_autoptr (VlmNnMatrix) matrix = NULL;
  VlmNnSegment whole = halves[0];

  g_assert (halves[0].n_out == halves[1].n_out);
  whole.n_out *= 2;
  if (vlm_nn_segment_is_alike (&halves[0], &halves[1], n_in))
    return vlm_nn_matrix_new_segments (nn, n_in, &whole, 1, error);
  matrix = matrix_new (whole.n_out, n_in, error);
  if (matrix == NULL)
    return NULL;
  matrix->n_first = (guint) vlm_div_round_up (halves[0].n_out, VLM_NN_BLOCK);
  if (!add_segment (matrix, nn, 0, &halves[0], error) ||
      !add_segment (
          matrix, nn, matrix->n_first * VLM_NN_BLOCK, &halves[1], error))
    return NULL;
  return g_steal_pointer (&matrix);
}

gboolean
vlm_nn_segment_is_alike (
    const VlmNnSegment *a, const VlmNnSegment *b, guint n_in)
{
  if (a->dtype != b->dtype || (a->order == NULL) != (b->order == NULL))
    return FALSE;
  return a->order == b->order ||
      memcmp (a->order, b->order, n_in * sizeof *a->order) == 0;
}

VlmNnMatrix *
vlm_nn_matrix_new (
    VlmNn *nn, guint n_out, guint n_in, VlmDType dtype, GError **error)
{
  const VlmNnSegment segment = { .n_out = n_out, .dtype = dtype };

  return vlm_nn_matrix_new_segments (nn, n_in, &segment, 1, error);
}

void
vlm_nn_matrix_free (VlmNnMatrix *matrix)
{
  if (matrix == NULL)
    return;
  for (guint i = 0; i < matrix->n_parts; i++) {
    vlm_vk_buffer_unref (matrix->parts[i].buffer);
    vlm_nn_tensor_clear (&matrix->parts[i].order);
  }
  g_free (matrix->parts);
  g_free (matrix);
}

guint64
vlm_nn_matrix_get_n_bytes (const VlmNnMatrix *matrix)
{
  guint64 n_bytes = 0;

  for (guint i = 0; i < matrix->n_parts; i++) {
    VlmVkBuffer *order = matrix->parts[i].order.buffer;

    n_bytes += vlm_vk_buffer_get_size (matrix->parts[i].buffer);
    if (order != NULL && (i == 0 || matrix->parts[i - 1].order.buffer != order))
      n_bytes += vlm_vk_buffer_get_size (order);
  }
  return n_bytes;
}

guint
vlm_nn_matrix_count_blocks (const VlmNnMatrix *matrix)
{
  return matrix->n_first > 0
      ? 2 * matrix->n_first
      : (guint) vlm_div_round_up (matrix->n_out, VLM_NN_BLOCK);
}

guint
vlm_nn_rows_place (VlmNnRows rows, guint i)
{
  if (rows == VLM_NN_ROWS_PLAIN)
    return i;
  return i / VLM_NN_BLOCK * 2 * VLM_NN_BLOCK + i % VLM_NN_BLOCK +
      (rows == VLM_NN_ROWS_PAIR_SECOND ? VLM_NN_BLOCK : 0);
}

guint
vlm_nn_rows_length (VlmNnRows rows, guint n_out)
{
  if (rows == VLM_NN_ROWS_PLAIN)
    return n_out;
  return 2 * (guint) vlm_align_up (n_out / 2, VLM_NN_BLOCK);
}

VlmVkBinding
vlm_nn_bind_part (const VlmNnPart *part)
{
  return (VlmVkBinding){
    .buffer = part->buffer,
    .n_bytes = vlm_vk_buffer_get_size (part->buffer),
    .access = VLM_VK_READ,
    .texel_format = VK_FORMAT_R32G32B32A32_UINT,
  };
}
