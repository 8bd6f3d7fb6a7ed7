/* gst-vlm: which shard holds which tensor
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/safetensors-index.h"

#include <string.h>

#include "io/json.h"
#include "io/limits.h"

struct _VlmSafetensorsIndex
{
  GHashTable *places; /* tensor -> name in shards */
  GPtrArray *shards;
};

/* An index comes with the checkpoint, from anywhere: it must not be able to
 * name any other file of this machine. */
static gboolean
is_plain_name (const char *name)
{
  return *name != '\0' && strpbrk (name, "/\\") == NULL &&
      !g_str_equal (name, ".") && !g_str_equal (name, "..");
}

/* @known: the names in shards. */
static gboolean
add_place (VlmSafetensorsIndex *self, GHashTable *known, const VlmJson *map,
    const char *tensor, GError **error)
{
  const char *name;
  char *shard;

  if (vlm_json_is_null (map, tensor))
    return TRUE;
  if (!vlm_json_read_string (map, tensor, &name, error))
    return FALSE;
  if (g_str_has_prefix (name, "./"))
    name += 2;
  if (!is_plain_name (name))
    return vlm_json_fail (error, map, tensor, VLM_LOAD_ERROR_CORRUPT,
        "\"%s\" is not the name of a file beside the index", name);
  shard = g_hash_table_lookup (known, name);
  if (shard == NULL) {
    if (self->shards->len == VLM_MAX_SHARDS)
      return vlm_json_fail (error, map, NULL, VLM_LOAD_ERROR_TOO_LARGE,
          "more than %u files", VLM_MAX_SHARDS);
    shard = g_strdup (name);
    g_ptr_array_add (self->shards, shard);
    g_hash_table_add (known, shard);
  }
  g_hash_table_insert (self->places, g_strdup (tensor), shard);
  return TRUE;
}

static gboolean
read_weight_map (VlmSafetensorsIndex *self, const VlmJson *root, GError **error)
{
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);
  VlmJson map;
  JsonObjectIter iter;
  const char *tensor;

  if (!vlm_json_read_object (root, "weight_map", &map, error))
    return FALSE;

  JsonObject *object = json_node_get_object (map.node);
  if (json_object_get_size (object) > VLM_MAX_TENSORS)
    return vlm_json_fail (error, &map, NULL, VLM_LOAD_ERROR_TOO_LARGE,
        "%u tensors, the limit is %u", json_object_get_size (object),
        VLM_MAX_TENSORS);
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &tensor, NULL))
    if (!add_place (self, known, &map, tensor, error))
      return FALSE;
  return TRUE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

VlmSafetensorsIndex *
vlm_safetensors_index_load (const char *path, GError **error)
{
  g_autoptr (VlmJsonDocument) document = vlm_json_document_load (path, error);
  VlmJson root;

  if (document == NULL || !vlm_json_root (document, &root, error))
    return NULL;

  g_autoptr (VlmSafetensorsIndex) self = g_new0 (VlmSafetensorsIndex, 1);
  self->shards = g_ptr_array_new_with_free_func (g_free);
  self->places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!read_weight_map (self, &root, error))
    return NULL;
  g_ptr_array_sort (self->shards, compare_names);
  return g_steal_pointer (&self);
}

void
vlm_safetensors_index_free (VlmSafetensorsIndex *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->places);
  g_ptr_array_unref (self->shards);
  g_free (self);
}

const GPtrArray *
vlm_safetensors_index_get_shards (const VlmSafetensorsIndex *self)
{
  return self->shards;
}

const char *
vlm_safetensors_index_find (const VlmSafetensorsIndex *self, const char *tensor)
{
  return g_hash_table_lookup (self->places, tensor);
}
