/* gst-vlm: writing a safetensors file
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/safetensors-writer.h"

#include <string.h>

#include "base/checked.h"
#include "io/json.h"

typedef struct
{
  char *name;
  VlmDType dtype;
  guint n_dims;
  guint64 shape[VLM_MAX_DIMS];
  GBytes *data;
} Tensor;

struct _VlmSafetensorsWriter
{
  GPtrArray *tensors; /* Tensor */
  GHashTable *names;  /* a set, borrowed from tensors */
  GTree *metadata;
};

static void
tensor_free (gpointer data)
{
  Tensor *tensor = data;

  g_bytes_unref (tensor->data);
  g_free (tensor->name);
  g_free (tensor);
}

static int
compare_keys (gconstpointer a, gconstpointer b, gpointer user_data)
{
  return strcmp (a, b);
}

VlmSafetensorsWriter *
vlm_safetensors_writer_new (void)
{
  VlmSafetensorsWriter *self = g_new0 (VlmSafetensorsWriter, 1);

  self->tensors = g_ptr_array_new_with_free_func (tensor_free);
  self->names = g_hash_table_new (g_str_hash, g_str_equal);
  self->metadata = g_tree_new_full (compare_keys, NULL, g_free, g_free);
  return self;
}

void
vlm_safetensors_writer_free (VlmSafetensorsWriter *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->names);
  g_ptr_array_unref (self->tensors);
  g_tree_unref (self->metadata);
  g_free (self);
}

void
vlm_safetensors_writer_set_metadata (
    VlmSafetensorsWriter *self, const char *key, const char *value)
{
  g_tree_replace (self->metadata, g_strdup (key), g_strdup (value));
}

void
vlm_safetensors_writer_add (VlmSafetensorsWriter *self, const char *name,
    VlmDType dtype, const guint64 *shape, guint n_dims, gconstpointer data)
{
  Tensor *tensor = g_new0 (Tensor, 1);
  guint64 n_bytes = vlm_dtype_size (dtype);

  g_assert (n_dims <= VLM_MAX_DIMS);
  g_assert (!g_hash_table_contains (self->names, name));
  for (guint i = 0; i < n_dims; i++) {
    gboolean fits = vlm_checked_mul (n_bytes, shape[i], &n_bytes);

    g_assert (fits);
    tensor->shape[i] = shape[i];
  }
  tensor->name = g_strdup (name);
  tensor->dtype = dtype;
  tensor->n_dims = n_dims;
  tensor->data = g_bytes_new (data, n_bytes);
  g_ptr_array_add (self->tensors, tensor);
  g_hash_table_add (self->names, tensor->name);
}

/* Wide types first: then every tensor is aligned to its elements. */
static int
compare_tensors (gconstpointer a, gconstpointer b)
{
  const Tensor *first = *(Tensor *const *) a;
  const Tensor *second = *(Tensor *const *) b;
  gsize n_first = vlm_dtype_size (first->dtype);
  gsize n_second = vlm_dtype_size (second->dtype);

  if (n_first != n_second)
    return n_first > n_second ? -1 : 1;
  return strcmp (first->name, second->name);
}

static gboolean
append_metadata (gpointer key, gpointer value, gpointer user_data)
{
  GString *json = user_data;

  if (json->str[json->len - 1] != '{')
    g_string_append_c (json, ',');
  vlm_json_append_string (json, key);
  g_string_append_c (json, ':');
  vlm_json_append_string (json, value);
  return FALSE;
}

static void
append_entry (GString *json, const Tensor *tensor, guint64 begin)
{
  guint64 end = begin + g_bytes_get_size (tensor->data);

  if (json->str[json->len - 1] != '{')
    g_string_append_c (json, ',');
  vlm_json_append_string (json, tensor->name);
  g_string_append_printf (
      json, ":{\"dtype\":\"%s\",\"shape\":[", vlm_dtype_name (tensor->dtype));
  for (guint i = 0; i < tensor->n_dims; i++)
    g_string_append_printf (
        json, "%s%" G_GUINT64_FORMAT, i > 0 ? "," : "", tensor->shape[i]);
  g_string_append_printf (json,
      "],\"data_offsets\":[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]}",
      begin, end);
}

static GString *
make_header (const VlmSafetensorsWriter *self, const GPtrArray *sorted)
{
  GString *json = g_string_new ("{");
  guint64 begin = 0;

  if (g_tree_nnodes (self->metadata) > 0) {
    g_string_append (json, "\"__metadata__\":{");
    g_tree_foreach (self->metadata, append_metadata, json);
    g_string_append_c (json, '}');
  }
  for (guint i = 0; i < sorted->len; i++) {
    const Tensor *tensor = sorted->pdata[i];

    append_entry (json, tensor, begin);
    begin += g_bytes_get_size (tensor->data);
  }
  g_string_append_c (json, '}');
  while (json->len % 8 != 0)
    g_string_append_c (json, ' ');
  return json;
}

GBytes *
vlm_safetensors_writer_get_bytes (const VlmSafetensorsWriter *self)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_copy (self->tensors, NULL, NULL);
  GByteArray *bytes = g_byte_array_new ();

  /* The copy borrows. */
  g_ptr_array_set_free_func (sorted, NULL);
  g_ptr_array_sort (sorted, compare_tensors);

  GString *json = make_header (self, sorted);
  guint64 length = GUINT64_TO_LE (json->len);
  g_byte_array_append (bytes, (const guint8 *) &length, sizeof length);
  g_byte_array_append (bytes, (const guint8 *) json->str, (guint) json->len);
  g_string_free (json, TRUE);
  for (guint i = 0; i < sorted->len; i++) {
    gsize n_bytes;
    gconstpointer data =
        g_bytes_get_data (((Tensor *) sorted->pdata[i])->data, &n_bytes);

    g_byte_array_append (bytes, data, (guint) n_bytes);
  }
  return g_byte_array_free_to_bytes (bytes);
}

gboolean
vlm_safetensors_writer_write (
    const VlmSafetensorsWriter *self, const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = vlm_safetensors_writer_get_bytes (self);
  gsize n_bytes;
  const char *data = g_bytes_get_data (bytes, &n_bytes);

  return g_file_set_contents_full (path, data, (gssize) n_bytes,
      G_FILE_SET_CONTENTS_CONSISTENT, 0644, error);
}
