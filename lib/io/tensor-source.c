/* gst-vlm: the tensors of a checkpoint, whatever holds them
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/tensor-source-private.h"

VlmTensorSource *
vlm_tensor_source_init (VlmTensorSource *source,
    const VlmTensorSourceClass *class, const char *path)
{
  source->class = class;
  source->path = g_strdup (path);
  return source;
}

void
vlm_tensor_source_free (VlmTensorSource *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  self->class->free (self);
}

const char *
vlm_tensor_source_get_path (const VlmTensorSource *self)
{
  return self->path;
}

const char *
vlm_tensor_source_get_path_of (const VlmTensorSource *self, const char *name)
{
  if (self->class->get_path_of == NULL)
    return self->path;
  return self->class->get_path_of (self, name);
}

VlmTensorNames
vlm_tensor_source_get_names (const VlmTensorSource *self)
{
  return self->class->names;
}

guint
vlm_tensor_source_get_n_tensors (const VlmTensorSource *self)
{
  return self->class->get_n_tensors (self);
}

gboolean
vlm_tensor_source_find (
    const VlmTensorSource *self, const char *name, VlmTensorView *view)
{
  return self->class->find (self, name, view);
}
