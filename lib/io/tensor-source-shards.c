/* gst-vlm: the tensors of one safetensors file or of shards
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/tensor-source-private.h"

#include <vlm/vlm-error.h>

#include "io/checkpoint-look.h"
#include "io/safetensors-index.h"
#include "io/safetensors.h"

typedef struct
{
  VlmTensorSource parent;
  GPtrArray *files;           /* VlmSafetensors */
  GHashTable *by_name;        /* tensor -> VlmSafetensors */
  VlmSafetensorsIndex *index; /* NULL without one */
  GHashTable *missing;        /* name of a shard -> what to do */
} Shards;

static gboolean
open_file (
    Shards *self, const char *directory, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  VlmSafetensors *file = vlm_safetensors_open (path, error);

  if (file == NULL)
    return FALSE;
  g_ptr_array_add (self->files, file);
  for (guint i = 0; i < vlm_safetensors_get_n_tensors (file); i++) {
    const char *tensor = vlm_safetensors_get_name (file, i);
    const char *shard = self->index != NULL
        ? vlm_safetensors_index_find (self->index, tensor)
        : NULL;

    if (!g_hash_table_contains (self->by_name, tensor) ||
        g_strcmp0 (shard, name) == 0)
      g_hash_table_replace (self->by_name, g_strdup (tensor), file);
  }
  if (g_hash_table_size (self->by_name) <= VLM_MAX_TENSORS)
    return TRUE;
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TOO_LARGE,
      "%s: more than %u tensors in all files", self->parent.path,
      VLM_MAX_TENSORS);
  return FALSE;
}

/* A file that is there, but not what it should be, has a message of its own.
 * (transfer full) */
static char *
advise (const char *directory, const char *name, const GError *fault)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS | G_FILE_TEST_IS_SYMLINK)
      ? g_strdup (fault->message)
      : g_strdup ("download the rest");
}

static gboolean
open_index (Shards *self, const char *directory, GError **error)
{
  const GPtrArray *shards;

  self->index = vlm_safetensors_index_load (self->parent.path, error);
  if (self->index == NULL)
    return FALSE;
  shards = vlm_safetensors_index_get_shards (self->index);
  for (guint i = 0; i < shards->len; i++) {
    const char *name = shards->pdata[i];
    g_autoptr (GError) fault = NULL;

    if (open_file (self, directory, name, &fault))
      continue;
    if (!g_error_matches (fault, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND)) {
      g_propagate_prefixed_error (
          error, g_steal_pointer (&fault), "%s: ", self->parent.path);
      return FALSE;
    }
    g_hash_table_insert (
        self->missing, (gpointer) name, advise (directory, name, fault));
  }
  return TRUE;
}

/* All shards of a set that no index lists. */
static gboolean
open_set (Shards *self, const char *directory, const char *stem, guint n_shards,
    GError **error)
{
  g_autoptr (VlmCheckpointLook) look = vlm_checkpoint_look_new (directory);
  guint n_opened = 0;

  for (guint i = 0; i < look->safetensors->len; i++) {
    const char *name = look->safetensors->pdata[i];
    g_autofree char *its_stem = NULL;
    guint number, n;

    if (!vlm_checkpoint_parse_shard (name, &its_stem, &number, &n) ||
        n != n_shards || !g_str_equal (its_stem, stem))
      continue;
    if (!open_file (self, directory, name, error))
      return FALSE;
    n_opened++;
  }
  if (n_opened == n_shards)
    return TRUE;
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
      "%s: only %u of its %u files are here: download the others",
      self->parent.path, n_opened, n_shards);
  return FALSE;
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
shards_list (const VlmTensorSource *source, GPtrArray *names)
{
  const Shards *self = (const Shards *) source;
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->by_name);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, name);
}

/* Of the missing shards, in the order of their names. */
static const char *
get_first_missing (const Shards *self)
{
  const GPtrArray *shards = vlm_safetensors_index_get_shards (self->index);
  guint i = 0;

  while (!g_hash_table_contains (self->missing, shards->pdata[i]))
    i++;
  return shards->pdata[i];
}

static char *
shards_explain (const VlmTensorSource *source, const char *name)
{
  const Shards *self = (const Shards *) source;
  const guint n_missing = g_hash_table_size (self->missing);
  const char *shard;
  guint n;

  if (self->index == NULL || (name == NULL && n_missing == 0))
    return NULL;
  n = vlm_safetensors_index_get_shards (self->index)->len;
  shard = name != NULL ? vlm_safetensors_index_find (self->index, name)
                       : get_first_missing (self);
  if (shard == NULL)
    return NULL;
  if (name == NULL)
    return g_strdup_printf (
        "%u of %u files of the index are missing, such as %s: %s", n_missing, n,
        shard, (const char *) g_hash_table_lookup (self->missing, shard));
  if (g_hash_table_contains (self->missing, shard))
    return g_strdup_printf (
        "it should be in %s (%u of %u files are missing): %s", shard, n_missing,
        n, (const char *) g_hash_table_lookup (self->missing, shard));
  return g_strdup_printf (
      "the index says that it is in %s, but it is not", shard);
}

static void
shards_free (VlmTensorSource *source)
{
  Shards *self = (Shards *) source;

  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->files);
  g_hash_table_unref (self->missing);
  vlm_safetensors_index_free (self->index);
  g_free (self);
}

static const VlmTensorSourceClass shards_class = {
  .names = VLM_TENSOR_NAMES_HUGGING_FACE,
  .find = shards_find,
  .get_n_tensors = shards_get_n_tensors,
  .list = shards_list,
  .explain = shards_explain,
  .free = shards_free,
};

VlmTensorSource *
vlm_tensor_source_open (const char *path, GError **error)
{
  Shards *self = g_new0 (Shards, 1);
  g_autoptr (VlmTensorSource) source =
      vlm_tensor_source_init (&self->parent, &shards_class, path);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *stem = NULL;
  guint number, n_shards;
  gboolean ok;

  self->files =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_safetensors_free);
  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->missing = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  if (g_str_has_suffix (name, ".json"))
    ok = open_index (self, directory, error);
  else if (vlm_checkpoint_parse_shard (name, &stem, &number, &n_shards))
    ok = open_set (self, directory, stem, n_shards, error);
  else
    ok = open_file (self, directory, name, error);
  return ok ? g_steal_pointer (&source) : NULL;
}
