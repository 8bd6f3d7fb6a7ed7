/* gst-vlm: one safetensors file
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/safetensors.h"

#include <string.h>

#include "base/checked.h"
#include "io/json.h"

typedef struct
{
  char *name;
  const char *dtype_name; /* static */
  VlmDType dtype;
  guint n_dims;
  guint64 shape[VLM_MAX_DIMS];
  guint64 n_elements;
  guint64 begin; /* in the data section */
  guint64 n_bytes;
} Entry;

struct _VlmSafetensors
{
  VlmDataFile *file;
  guint64 data_offset;
  GPtrArray *entries; /* Entry, by begin */
  GHashTable *by_name;
  GHashTable *metadata;
};

/* Types that a file may hold beside those of base/dtype.h: their sizes are
 * checked like all others, their values are not used. */
static const struct
{
  const char *name;
  guint n_bytes;
} foreign_dtypes[] = {
  { "BOOL", 1 },
  { "F8_E5M2", 1 },
  { "F8_E8M0", 1 },
  { "I16", 2 },
  { "U16", 2 },
  { "U32", 4 },
  { "F64", 8 },
  { "U64", 8 },
  { "C64", 8 },
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->name);
  g_free (entry);
}

/* Bytes of an element, 0 for an unknown type. */
static guint
find_dtype (const char *name, Entry *entry)
{
  entry->dtype = vlm_dtype_from_name (name);
  if (entry->dtype != VLM_DTYPE_INVALID) {
    entry->dtype_name = vlm_dtype_name (entry->dtype);
    return (guint) vlm_dtype_size (entry->dtype);
  }
  for (guint i = 0; i < G_N_ELEMENTS (foreign_dtypes); i++)
    if (g_str_equal (name, foreign_dtypes[i].name)) {
      entry->dtype_name = foreign_dtypes[i].name;
      return foreign_dtypes[i].n_bytes;
    }
  return 0;
}

static gboolean
read_shape (const VlmJson *tensor, Entry *entry, GError **error)
{
  VlmJson shape;

  if (!vlm_json_read_list (tensor, "shape", &shape, &entry->n_dims, error))
    return FALSE;
  if (entry->n_dims > VLM_MAX_DIMS)
    return vlm_json_fail (error, &shape, NULL, VLM_LOAD_ERROR_TOO_LARGE,
        "%u dimensions, the limit is %u", entry->n_dims, VLM_MAX_DIMS);
  entry->n_elements = 1;
  for (guint i = 0; i < entry->n_dims; i++) {
    VlmJson element = vlm_json_element (&shape, i);
    gint64 n;

    if (!vlm_json_read_int64 (&element, NULL, 0, G_MAXINT64, &n, error))
      return FALSE;
    entry->shape[i] = (guint64) n;
    if (!vlm_checked_mul (entry->n_elements, (guint64) n, &entry->n_elements))
      return vlm_json_fail (error, &shape, NULL, VLM_LOAD_ERROR_CORRUPT,
          "the number of elements overflows");
  }
  return TRUE;
}

static gboolean
read_dtype (const VlmJson *tensor, Entry *entry, guint *n_bytes, GError **error)
{
  const char *name;

  if (!vlm_json_read_string (tensor, "dtype", &name, error))
    return FALSE;
  *n_bytes = find_dtype (name, entry);
  if (*n_bytes == 0)
    return vlm_json_fail (error, tensor, "dtype", VLM_LOAD_ERROR_UNSUPPORTED,
        "unknown type \"%s\"", name);
  return TRUE;
}

static gboolean
read_offsets (const VlmJson *tensor, Entry *entry, GError **error)
{
  VlmJson offsets;
  guint n;
  gint64 bounds[2];

  if (!vlm_json_read_list (tensor, "data_offsets", &offsets, &n, error))
    return FALSE;
  if (n != 2)
    return vlm_json_fail (error, &offsets, NULL, VLM_LOAD_ERROR_CORRUPT,
        "expected 2 numbers, not %u", n);
  for (guint i = 0; i < 2; i++) {
    VlmJson element = vlm_json_element (&offsets, i);

    if (!vlm_json_read_int64 (&element, NULL, 0, G_MAXINT64, &bounds[i], error))
      return FALSE;
  }
  if (bounds[1] < bounds[0])
    return vlm_json_fail (
        error, &offsets, NULL, VLM_LOAD_ERROR_CORRUPT, "ends before it begins");
  entry->begin = (guint64) bounds[0];
  entry->n_bytes = (guint64) (bounds[1] - bounds[0]);
  return TRUE;
}

/* The number of bytes follows from the shape; the file must have them. */
static gboolean
check_extent (const VlmJson *tensor, const Entry *entry, guint element_n_bytes,
    guint64 n_data, GError **error)
{
  guint64 expected;

  if (!vlm_checked_mul (entry->n_elements, element_n_bytes, &expected) ||
      expected != entry->n_bytes)
    return vlm_json_fail (error, tensor, NULL, VLM_LOAD_ERROR_CORRUPT,
        "%" G_GUINT64_FORMAT " bytes do not hold %" G_GUINT64_FORMAT
        " elements of type %s",
        entry->n_bytes, entry->n_elements, entry->dtype_name);
  if (entry->begin + entry->n_bytes > n_data)
    return vlm_json_fail (error, tensor, NULL, VLM_LOAD_ERROR_TRUNCATED,
        "ends at byte %" G_GUINT64_FORMAT
        " of the data, the file has %" G_GUINT64_FORMAT
        ": it is truncated, download it again",
        entry->begin + entry->n_bytes, n_data);
  return TRUE;
}

static Entry *
read_entry (
    const VlmJson *root, const char *name, guint64 n_data, GError **error)
{
  Entry *entry = g_new0 (Entry, 1);
  VlmJson tensor;
  guint element_n_bytes;

  entry->name = g_strdup (name);
  if (!vlm_json_read_object (root, name, &tensor, error) ||
      !read_dtype (&tensor, entry, &element_n_bytes, error) ||
      !read_shape (&tensor, entry, error) ||
      !read_offsets (&tensor, entry, error) ||
      !check_extent (&tensor, entry, element_n_bytes, n_data, error)) {
    entry_free (entry);
    return NULL;
  }
  return entry;
}

static gboolean
read_metadata (VlmSafetensors *self, const VlmJson *root, GError **error)
{
  VlmJson metadata;
  JsonObjectIter iter;
  const char *key;

  if (!vlm_json_has (root, "__metadata__"))
    return TRUE;
  if (!vlm_json_read_object (root, "__metadata__", &metadata, error))
    return FALSE;
  json_object_iter_init (&iter, json_node_get_object (metadata.node));
  while (json_object_iter_next (&iter, &key, NULL)) {
    const char *value;

    if (!vlm_json_read_string (&metadata, key, &value, error))
      return FALSE;
    g_hash_table_insert (self->metadata, g_strdup (key), g_strdup (value));
  }
  return TRUE;
}

static int
compare_begin (gconstpointer a, gconstpointer b)
{
  const Entry *first = *(Entry *const *) a;
  const Entry *second = *(Entry *const *) b;

  if (first->begin != second->begin)
    return first->begin < second->begin ? -1 : 1;
  if (first->n_bytes != second->n_bytes)
    return first->n_bytes < second->n_bytes ? -1 : 1;
  return strcmp (first->name, second->name);
}

static gboolean
check_overlap (const VlmSafetensors *self, GError **error)
{
  for (guint i = 1; i < self->entries->len; i++) {
    const Entry *before = self->entries->pdata[i - 1];
    const Entry *entry = self->entries->pdata[i];

    if (entry->begin >= before->begin + before->n_bytes)
      continue;
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_CORRUPT,
        "%s: the data of %s and %s overlap",
        vlm_data_file_get_path (self->file), before->name, entry->name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
read_entries (
    VlmSafetensors *self, const VlmJson *root, guint64 n_data, GError **error)
{
  JsonObject *object = json_node_get_object (root->node);
  JsonObjectIter iter;
  const char *name;

  if (json_object_get_size (object) > VLM_MAX_TENSORS)
    return vlm_json_fail (error, root, NULL, VLM_LOAD_ERROR_TOO_LARGE,
        "%u tensors, the limit is %u", json_object_get_size (object),
        VLM_MAX_TENSORS);
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, NULL)) {
    if (g_str_equal (name, "__metadata__"))
      continue;

    Entry *entry = read_entry (root, name, n_data, error);
    if (entry == NULL)
      return FALSE;
    g_ptr_array_add (self->entries, entry);
    g_hash_table_insert (self->by_name, entry->name, entry);
  }
  g_ptr_array_sort (self->entries, compare_begin);
  return check_overlap (self, error);
}

/* Length and place of the JSON. */
static gboolean
read_header_length (VlmSafetensors *self, guint64 *length, GError **error)
{
  const char *path = vlm_data_file_get_path (self->file);
  guint64 n_bytes = vlm_data_file_get_n_bytes (self->file);

  if (n_bytes < sizeof *length) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TRUNCATED,
        "%s: %" G_GUINT64_FORMAT " bytes, too short for a safetensors file",
        path, n_bytes);
    return FALSE;
  }
  if (!vlm_data_file_read (self->file, 0, sizeof *length, length, error))
    return FALSE;
  *length = GUINT64_FROM_LE (*length);
  if (*length > VLM_MAX_HEADER_BYTES) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TOO_LARGE,
        "%s: not a safetensors file, or a damaged one: it would have a header "
        "of %" G_GUINT64_FORMAT " bytes, the limit is %u",
        path, *length, VLM_MAX_HEADER_BYTES);
    return FALSE;
  }
  if (*length > n_bytes - sizeof *length) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TRUNCATED,
        "%s: the file ends in its header: it is truncated, download it again",
        path);
    return FALSE;
  }
  self->data_offset = sizeof *length + *length;
  return TRUE;
}

static VlmJsonDocument *
read_json (const VlmSafetensors *self, guint64 length, GError **error)
{
  g_autofree char *json = g_malloc (length + 1);

  if (!vlm_data_file_read (self->file, sizeof length, length, json, error))
    return NULL;
  return vlm_json_document_new (
      json, length, vlm_data_file_get_path (self->file), error);
}

static gboolean
read_header (VlmSafetensors *self, GError **error)
{
  g_autoptr (VlmJsonDocument) document = NULL;
  g_autoptr (GError) fault = NULL;
  guint64 length;
  VlmJson root;

  if (read_header_length (self, &length, &fault))
    document = read_json (self, length, &fault);
  if (document == NULL) {
    /* What the file is helps users more than why it is not a safetensors file. */
    if (vlm_data_file_check_kind (self->file, error))
      g_propagate_error (error, g_steal_pointer (&fault));
    return FALSE;
  }
  return vlm_json_root (document, &root, error) &&
      read_metadata (self, &root, error) &&
      read_entries (self, &root,
          vlm_data_file_get_n_bytes (self->file) - self->data_offset, error);
}

VlmSafetensors *
vlm_safetensors_new (VlmDataFile *file, GError **error)
{
  g_autoptr (VlmSafetensors) self = g_new0 (VlmSafetensors, 1);

  self->file = vlm_data_file_ref (file);
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  self->metadata =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (!read_header (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

VlmSafetensors *
vlm_safetensors_open (const char *path, GError **error)
{
  g_autoptr (VlmDataFile) file = vlm_data_file_open (path, error);

  return file == NULL ? NULL : vlm_safetensors_new (file, error);
}

void
vlm_safetensors_free (VlmSafetensors *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->metadata);
  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->entries);
  vlm_data_file_unref (self->file);
  g_free (self);
}

const char *
vlm_safetensors_get_path (const VlmSafetensors *self)
{
  return vlm_data_file_get_path (self->file);
}

guint
vlm_safetensors_get_n_tensors (const VlmSafetensors *self)
{
  return self->entries->len;
}

const char *
vlm_safetensors_get_name (const VlmSafetensors *self, guint index)
{
  g_assert (index < self->entries->len);
  return ((const Entry *) self->entries->pdata[index])->name;
}

gboolean
vlm_safetensors_find (
    const VlmSafetensors *self, const char *name, VlmTensorView *view)
{
  const Entry *entry = g_hash_table_lookup (self->by_name, name);

  if (entry == NULL)
    return FALSE;
  if (view == NULL)
    return TRUE;
  *view = (VlmTensorView){
    .file = vlm_data_file_ref (self->file),
    .name = g_strdup (entry->name),
    .dtype_name = entry->dtype_name,
    .dtype = entry->dtype,
    .n_dims = entry->n_dims,
    .n_elements = entry->n_elements,
    .n_bytes = entry->n_bytes,
    .offset = self->data_offset + entry->begin,
  };
  memcpy (view->shape, entry->shape, sizeof view->shape);
  return TRUE;
}

const char *
vlm_safetensors_get_metadata (const VlmSafetensors *self, const char *key)
{
  return g_hash_table_lookup (self->metadata, key);
}
