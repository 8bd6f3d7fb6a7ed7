/* gst-vlm: the tensors of a pair of GGUF files
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/tensor-source-private.h"

#include <string.h>

#include <vlm/vlm-error.h>

#define PATCH "v.patch_embd.weight" /* of the first frame */
#define PATCH_SECOND PATCH ".1"     /* of the second */
#define N_FRAMES 2

typedef struct
{
  VlmTensorSource parent;
  VlmGgufFiles *text;
  VlmGgufFiles *mmproj;
} Pair;

/* Rows [channels][frames][pixels] from a tensor [channels][pixels] a frame. */
typedef struct
{
  VlmTensorRows parent;
  VlmTensorView frames[N_FRAMES];
} Kernel;

static gboolean
kernel_read (const VlmTensorRows *rows, guint64 first, guint64 n, guint8 *data,
    GError **error)
{
  const Kernel *self = (const Kernel *) rows;
  const VlmTensorView *frame = &self->frames[0];
  const gsize n_channels = frame->shape[1];
  const gsize channel_bytes =
      frame->shape[2] * frame->shape[3] * vlm_dtype_size (frame->dtype);
  const gsize n_runs = (gsize) n * n_channels;
  g_autofree guint8 *runs = g_malloc (n_runs * channel_bytes);

  for (guint i = 0; i < N_FRAMES; i++) {
    if (!vlm_tensor_view_read_rows (&self->frames[i], first, n, runs, error))
      return FALSE;
    for (gsize run = 0; run < n_runs; run++)
      memcpy (data + (run * N_FRAMES + i) * channel_bytes,
          runs + run * channel_bytes, channel_bytes);
  }
  return TRUE;
}

static void
kernel_free (VlmTensorRows *rows)
{
  Kernel *self = (Kernel *) rows;

  for (guint i = 0; i < N_FRAMES; i++)
    vlm_tensor_view_clear (&self->frames[i]);
  g_free (self);
}

/* Both are there: the pair was checked. */
static void
find_patch (const Pair *self, VlmTensorView *view)
{
  static const char *const names[N_FRAMES] = { PATCH, PATCH_SECOND };
  Kernel *kernel = g_new0 (Kernel, 1);
  const VlmTensorView *frame = &kernel->frames[0];

  g_atomic_ref_count_init (&kernel->parent.refs);
  kernel->parent.read = kernel_read;
  kernel->parent.free = kernel_free;
  for (guint i = 0; i < N_FRAMES; i++)
    vlm_gguf_files_find (self->mmproj, names[i], &kernel->frames[i]);
  *view = (VlmTensorView){
    .file = vlm_data_file_ref (frame->file),
    .name = g_strdup (PATCH),
    .dtype_name = frame->dtype_name,
    .dtype = frame->dtype,
    .n_dims = frame->n_dims + 1,
    .shape = { frame->shape[0], frame->shape[1], N_FRAMES, frame->shape[2],
        frame->shape[3] },
    .n_elements = N_FRAMES * frame->n_elements,
    .n_bytes = N_FRAMES * frame->n_bytes,
    .rows = &kernel->parent,
  };
}

static gboolean
fail_patch (
    const Pair *self, VlmLoadError code, const char *message, GError **error)
{
  g_set_error (error, VLM_LOAD_ERROR, (int) code, "%s: %s",
      vlm_gguf_get_path (vlm_gguf_files_get_head (self->mmproj)), message);
  return FALSE;
}

static gboolean
check_patch (const Pair *self, GError **error)
{
  g_auto (VlmTensorView) first = { 0 }, second = { 0 };

  if (!vlm_gguf_files_find (self->mmproj, PATCH, &first))
    return fail_patch (
        self, VLM_LOAD_ERROR_NOT_FOUND, "no tensor " PATCH, error);
  if (!vlm_gguf_files_find (self->mmproj, PATCH_SECOND, &second))
    return fail_patch (self, VLM_LOAD_ERROR_NOT_FOUND,
        "no tensor " PATCH_SECOND ", the second frame of the patch kernel",
        error);
  if (first.dtype != second.dtype || vlm_dtype_block_length (first.dtype) != 1)
    return fail_patch (self, VLM_LOAD_ERROR_MISMATCH,
        "the tensors " PATCH " and " PATCH_SECOND
        " are not of one type of floats",
        error);
  if (first.n_dims != 4 || second.n_dims != 4 ||
      memcmp (first.shape, second.shape, sizeof first.shape) != 0)
    return fail_patch (self, VLM_LOAD_ERROR_MISMATCH,
        "the tensors " PATCH " and " PATCH_SECOND
        " do not have the same 4 dimensions",
        error);
  return TRUE;
}

static gboolean
pair_find (const VlmTensorSource *source, const char *name, VlmTensorView *view)
{
  const Pair *self = (const Pair *) source;

  if (g_str_equal (name, PATCH_SECOND))
    return FALSE;
  if (g_str_equal (name, PATCH)) {
    if (view != NULL)
      find_patch (self, view);
    return TRUE;
  }
  return vlm_gguf_files_find (self->text, name, view) ||
      vlm_gguf_files_find (self->mmproj, name, view);
}

static guint
pair_get_n_tensors (const VlmTensorSource *source)
{
  const Pair *self = (const Pair *) source;

  return vlm_gguf_files_get_n_tensors (self->text) +
      vlm_gguf_files_get_n_tensors (self->mmproj) - (N_FRAMES - 1);
}

static const char *
pair_get_path_of (const VlmTensorSource *source, const char *name)
{
  const Pair *self = (const Pair *) source;
  gboolean is_vision =
      g_str_has_prefix (name, "v.") || g_str_has_prefix (name, "mm.");

  return vlm_gguf_get_path (
      vlm_gguf_files_get_head (is_vision ? self->mmproj : self->text));
}

static void
pair_free (VlmTensorSource *source)
{
  Pair *self = (Pair *) source;

  vlm_gguf_files_unref (self->text);
  vlm_gguf_files_unref (self->mmproj);
  g_free (self);
}

static const VlmTensorSourceClass pair_class = {
  .names = VLM_TENSOR_NAMES_GGUF,
  .find = pair_find,
  .get_n_tensors = pair_get_n_tensors,
  .get_path_of = pair_get_path_of,
  .free = pair_free,
};

VlmTensorSource *
vlm_tensor_source_new_gguf (
    VlmGgufFiles *text, VlmGgufFiles *mmproj, GError **error)
{
  Pair *self = g_new0 (Pair, 1);
  g_autoptr (VlmTensorSource) source = vlm_tensor_source_init (&self->parent,
      &pair_class, vlm_gguf_get_path (vlm_gguf_files_get_head (text)));

  self->text = vlm_gguf_files_ref (text);
  self->mmproj = vlm_gguf_files_ref (mmproj);
  return check_patch (self, error) ? g_steal_pointer (&source) : NULL;
}
