/* gst-vlm: the tensors of a checkpoint, whatever holds them
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/tensor-source-private.h"

#include <string.h>

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

VlmTensorSource *
vlm_tensor_source_init (VlmTensorSource *source,
    const VlmTensorSourceClass *class, const char *path)
{
  source->class = class;
  source->path = g_strdup (path);
  source->aliases =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return source;
}

void
vlm_tensor_source_free (VlmTensorSource *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  g_hash_table_unref (self->aliases);
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

GPtrArray *
vlm_tensor_source_list (const VlmTensorSource *self)
{
  GPtrArray *names = g_ptr_array_new ();

  if (self->class->list != NULL)
    self->class->list (self, names);
  g_ptr_array_sort (names, compare_names);
  return names;
}

void
vlm_tensor_source_add_alias (
    VlmTensorSource *self, const char *alias, const char *name)
{
  g_hash_table_insert (self->aliases, g_strdup (alias), g_strdup (name));
}

gboolean
vlm_tensor_source_find (
    const VlmTensorSource *self, const char *name, VlmTensorView *view)
{
  const char *alias = g_hash_table_lookup (self->aliases, name);

  return self->class->find (self, alias != NULL ? alias : name, view);
}

char *
vlm_tensor_source_explain (const VlmTensorSource *self, const char *name)
{
  return self->class->explain != NULL ? self->class->explain (self, name)
                                      : NULL;
}
