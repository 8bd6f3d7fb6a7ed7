/* gst-vlm: which shard holds which tensor
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/safetensors-index.h"

#include <string.h>

#include "io/json.h"
#include "io/limits.h"

typedef struct
{
  char *tensor;
  const char *shard; /* in shards */
} Place;

struct _VlmSafetensorsIndex
{
  GArray *places;     /* Place, in the order of the file */
  GHashTable *shards; /* a set of names */
};

static void
place_clear (gpointer data)
{
  g_free (((Place *) data)->tensor);
}

/* An index comes with the checkpoint, from anywhere: it must not be able to
 * name any other file of this machine. */
static gboolean
is_plain_name (const char *name)
{
  return *name != '\0' && strpbrk (name, "/\\") == NULL &&
      !g_str_equal (name, ".") && !g_str_equal (name, "..");
}

static gboolean
add_place (VlmSafetensorsIndex *self, const VlmJson *map, const char *tensor,
    GError **error)
{
  const char *name;
  gpointer shard;

  if (!vlm_json_read_string (map, tensor, &name, error))
    return FALSE;
  if (!is_plain_name (name))
    return vlm_json_fail (error, map, tensor, VLM_LOAD_ERROR_CORRUPT,
        "\"%s\" is not the name of a file beside the index", name);
  if (!g_hash_table_lookup_extended (self->shards, name, &shard, NULL)) {
    if (g_hash_table_size (self->shards) == VLM_MAX_SHARDS)
      return vlm_json_fail (error, map, NULL, VLM_LOAD_ERROR_TOO_LARGE,
          "more than %u files", VLM_MAX_SHARDS);
    shard = g_strdup (name);
    g_hash_table_add (self->shards, shard);
  }

  Place place = { g_strdup (tensor), shard };
  g_array_append_val (self->places, place);
  return TRUE;
}

static gboolean
read_weight_map (VlmSafetensorsIndex *self, const VlmJson *root, GError **error)
{
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
    if (!add_place (self, &map, tensor, error))
      return FALSE;
  return TRUE;
}

VlmSafetensorsIndex *
vlm_safetensors_index_load (const char *path, GError **error)
{
  g_autoptr (VlmJsonDocument) document = vlm_json_document_load (path, error);
  VlmJson root;

  if (document == NULL || !vlm_json_root (document, &root, error))
    return NULL;

  g_autoptr (VlmSafetensorsIndex) self = g_new0 (VlmSafetensorsIndex, 1);
  self->places = g_array_new (FALSE, FALSE, sizeof (Place));
  g_array_set_clear_func (self->places, place_clear);
  self->shards = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!read_weight_map (self, &root, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
vlm_safetensors_index_free (VlmSafetensorsIndex *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->places);
  g_hash_table_unref (self->shards);
  g_free (self);
}

guint
vlm_safetensors_index_get_n_tensors (const VlmSafetensorsIndex *self)
{
  return self->places->len;
}

const char *
vlm_safetensors_index_get_tensor (
    const VlmSafetensorsIndex *self, guint i, const char **shard)
{
  const Place *place = &g_array_index (self->places, Place, i);

  g_assert (i < self->places->len);
  *shard = place->shard;
  return place->tensor;
}
