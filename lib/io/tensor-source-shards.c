/* gst-vlm: the tensors of one safetensors file or of shards
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/tensor-source-private.h"

#include <vlm/vlm-error.h>

#include "io/safetensors-index.h"
#include "io/safetensors.h"

typedef struct
{
  VlmTensorSource parent;
  GPtrArray *files;    /* VlmSafetensors */
  GHashTable *by_name; /* tensor -> VlmSafetensors */
} Shards;

static void
add_all (Shards *self, VlmSafetensors *file)
{
  for (guint i = 0; i < vlm_safetensors_get_n_tensors (file); i++)
    g_hash_table_insert (
        self->by_name, g_strdup (vlm_safetensors_get_name (file, i)), file);
}

static VlmSafetensors *
open_shard (
    Shards *self, const char *directory, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  VlmSafetensors *file = vlm_safetensors_open (path, error);

  if (file == NULL) {
    g_prefix_error (error, "%s: ", self->parent.path);
    return NULL;
  }
  g_ptr_array_add (self->files, file);
  return file;
}

static gboolean
open_shards (Shards *self, GError **error)
{
  g_autoptr (VlmSafetensorsIndex) index =
      vlm_safetensors_index_load (self->parent.path, error);

  if (index == NULL)
    return FALSE;

  g_autofree char *directory = g_path_get_dirname (self->parent.path);
  g_autoptr (GHashTable) opened = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < vlm_safetensors_index_get_n_tensors (index); i++) {
    const char *shard;
    const char *tensor = vlm_safetensors_index_get_tensor (index, i, &shard);
    VlmSafetensors *file = g_hash_table_lookup (opened, shard);

    if (file == NULL) {
      file = open_shard (self, directory, shard, error);
      if (file == NULL)
        return FALSE;
      g_hash_table_insert (opened, (gpointer) shard, file);
    }
    if (!vlm_safetensors_find (file, tensor, NULL)) {
      g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
          "%s: %s should be in %s, but is not", self->parent.path, tensor,
          shard);
      return FALSE;
    }
    g_hash_table_insert (self->by_name, g_strdup (tensor), file);
  }
  return TRUE;
}

static gboolean
shards_find (
    const VlmTensorSource *source, const char *name, VlmTensorView *view)
{
  const Shards *self = (const Shards *) source;
  const VlmSafetensors *file = g_hash_table_lookup (self->by_name, name);

  return file != NULL && vlm_safetensors_find (file, name, view);
}

static guint
shards_get_n_tensors (const VlmTensorSource *source)
{
  return g_hash_table_size (((const Shards *) source)->by_name);
}

static void
shards_free (VlmTensorSource *source)
{
  Shards *self = (Shards *) source;

  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->files);
  g_free (self);
}

static const VlmTensorSourceClass shards_class = {
  .names = VLM_TENSOR_NAMES_HUGGING_FACE,
  .find = shards_find,
  .get_n_tensors = shards_get_n_tensors,
  .free = shards_free,
};

VlmTensorSource *
vlm_tensor_source_open (const char *path, GError **error)
{
  Shards *self = g_new0 (Shards, 1);
  g_autoptr (VlmTensorSource) source =
      vlm_tensor_source_init (&self->parent, &shards_class, path);

  self->files =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_safetensors_free);
  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (g_str_has_suffix (path, ".index.json")) {
    if (!open_shards (self, error))
      return NULL;
  } else {
    VlmSafetensors *file = vlm_safetensors_open (path, error);

    if (file == NULL)
      return NULL;
    g_ptr_array_add (self->files, file);
    add_all (self, file);
  }
  return g_steal_pointer (&source);
}
