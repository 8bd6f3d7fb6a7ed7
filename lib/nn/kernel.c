/* gst-vlm: how an op becomes dispatches
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/kernel.h"

#include "base/checked.h"

#include <vlm/vlm-error.h>

/* Every chunk of this many rows is a multiple of 256 bytes long, since ld is a
 * multiple of 8 elements of 4 bytes. */
#define CHUNK_ROWS 8
#define BINDING_ALIGNMENT 256

static VlmVkBinding
bind (const VlmNnTensor *tensor, guint64 first_row, guint64 n_rows,
    VlmVkAccess access, VkFormat format)
{
  const guint64 row_bytes = (guint64) tensor->ld * 4;
  const guint64 offset = tensor->offset + first_row * row_bytes;

  g_assert (first_row + n_rows <= tensor->n_rows);
  g_assert (offset % BINDING_ALIGNMENT == 0);
  return (VlmVkBinding){ tensor->buffer, offset, n_rows * row_bytes, access,
    format };
}

VlmVkBinding
vlm_nn_bind_floats (const VlmNnTensor *tensor, guint64 first_row,
    guint64 n_rows, VlmVkAccess access)
{
  return bind (
      tensor, first_row, n_rows, access, VK_FORMAT_R32G32B32A32_SFLOAT);
}

VlmVkBinding
vlm_nn_bind_ints (const VlmNnTensor *tensor, guint64 first_row, guint64 n_rows,
    VlmVkAccess access)
{
  return bind (tensor, first_row, n_rows, access, VK_FORMAT_R32G32B32A32_SINT);
}

void
vlm_nn_dispatch (VlmNn *nn, const VlmVkShader *shader, const guint32 *spec,
    guint n_spec, const VlmVkBinding *bindings, const void *push,
    guint push_bytes, guint n_x, guint n_y, guint n_z)
{
  VlmVkBinding own[VLM_VK_MAX_BINDINGS];
  GError *error = NULL;
  VlmVkPipeline *pipeline;

  g_assert (push_bytes == shader->push_bytes);
  pipeline = vlm_vk_pipeline_get (nn->device, shader, spec, n_spec, &error);
  if (pipeline == NULL) {
    vlm_nn_fail (nn, error);
    return;
  }
  for (guint i = 0; i < shader->n_bindings; i++) {
    own[i] = bindings[i];
    if (shader->bindings[i] != 'T')
      own[i].texel_format = VK_FORMAT_UNDEFINED;
  }
  nn->n_dispatches++;
  vlm_vk_commands_dispatch (nn->commands, pipeline, own, shader->n_bindings,
      push, push_bytes, n_x, n_y, n_z);
}

guint64
vlm_nn_chunk_rows (VlmNn *nn, guint64 n_rows, guint64 ld, guint tile_rows)
{
  const guint64 step = MAX (tile_rows, CHUNK_ROWS);
  guint64 rows =
      MIN (nn->limits.binding_bytes / (ld * 4), nn->limits.grid * tile_rows);

  g_assert (step % CHUNK_ROWS == 0 && step % tile_rows == 0);
  if (n_rows <= rows)
    return n_rows;
  rows -= rows % step;
  if (rows == 0)
    vlm_nn_fail (nn,
        g_error_new (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
            "%u rows of %" G_GUINT64_FORMAT " elements do not fit in a "
            "binding of %" G_GUINT64_FORMAT " bytes",
            (guint) step, ld, nn->limits.binding_bytes));
  return rows;
}
