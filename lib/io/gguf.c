/* gst-vlm: one GGUF file
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/gguf-private.h"

#include <string.h>

#include "base/checked.h"

#define MAGIC "GGUF"
#define MAX_KEY_BYTES 65535u
#define MAX_DIMS 4u /* the format's */
#define DEFAULT_ALIGNMENT 32u

typedef struct
{
  char *name;
  VlmDType dtype;
  guint n_dims;
  guint64 dims[MAX_DIMS]; /* fastest first */
  guint64 n_elements;
  guint64 n_bytes;
  guint64 begin; /* in the data section */
} Tensor;

static void
tensor_free (gpointer data)
{
  Tensor *tensor = data;

  g_free (tensor->name);
  g_free (tensor);
}

static gboolean fail (const VlmGguf *self, VlmLoadError code, GError **error,
    const char *format, ...) G_GNUC_PRINTF (4, 5);

static gboolean
fail (const VlmGguf *self, VlmLoadError code, GError **error,
    const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, VLM_LOAD_ERROR, (int) code, "%s: %s",
      vlm_gguf_get_path (self), message);
  return FALSE;
}

static gboolean
fail_tensor (const VlmGguf *self, const Tensor *tensor, VlmLoadError code,
    GError **error, const char *format, ...) G_GNUC_PRINTF (5, 6);

static gboolean
fail_tensor (const VlmGguf *self, const Tensor *tensor, VlmLoadError code,
    GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  return fail (self, code, error, "tensor %s: %s", tensor->name, message);
}

/* A name of UTF-8 without NUL; @what is what it names, the @index-th. NULL with
 * an error. */
static char *
read_name (const VlmGguf *self, VlmFileReader *reader, const char *what,
    guint64 index, GError **error)
{
  guint64 n_bytes;
  const guint8 *bytes;

  vlm_file_reader_set_place (reader, "%s %" G_GUINT64_FORMAT, what, index);
  n_bytes = vlm_file_reader_uint (reader, 8);
  if (n_bytes > MAX_KEY_BYTES) {
    fail (self, VLM_LOAD_ERROR_CORRUPT, error,
        "the name of %s %" G_GUINT64_FORMAT " is %" G_GUINT64_FORMAT
        " bytes long",
        what, index, n_bytes);
    return NULL;
  }
  bytes = vlm_file_reader_take (reader, n_bytes);
  if (!vlm_file_reader_ok (reader, error))
    return NULL;
  if (n_bytes == 0 ||
      !g_utf8_validate_len ((const char *) bytes, n_bytes, NULL)) {
    fail (self, VLM_LOAD_ERROR_CORRUPT, error,
        "the name of %s %" G_GUINT64_FORMAT " is empty or not UTF-8", what,
        index);
    return NULL;
  }
  return g_strndup ((const char *) bytes, n_bytes);
}

static gboolean
read_key (VlmGguf *self, VlmFileReader *reader, guint64 index, GError **error)
{
  g_autofree char *key = read_name (self, reader, "key", index, error);
  VlmGgufValue value;

  if (key == NULL || !vlm_gguf_skip_value (self, reader, key, &value, error))
    return FALSE;
  if (g_hash_table_contains (self->keys, key))
    return vlm_gguf_fail (
        self, key, VLM_LOAD_ERROR_CORRUPT, error, "occurs twice");
  g_hash_table_insert (
      self->keys, g_steal_pointer (&key), g_memdup2 (&value, sizeof value));
  return TRUE;
}

static gboolean
read_alignment (const VlmGguf *self, guint *alignment, GError **error)
{
  static const char key[] = "general.alignment";

  *alignment = DEFAULT_ALIGNMENT;
  if (!vlm_gguf_has (self, key))
    return TRUE;
  if (!vlm_gguf_read_uint (self, key, 1, 1u << 30, alignment, error))
    return FALSE;
  if ((*alignment & (*alignment - 1)) != 0)
    return vlm_gguf_fail (self, key, VLM_LOAD_ERROR_CORRUPT, error,
        "%u is not a power of two", *alignment);
  return TRUE;
}

static gboolean
read_dims (
    const VlmGguf *self, VlmFileReader *reader, Tensor *tensor, GError **error)
{
  guint64 n_dims = vlm_file_reader_uint (reader, 4);

  if (vlm_file_reader_ok (reader, NULL) && (n_dims == 0 || n_dims > MAX_DIMS))
    return fail_tensor (self, tensor, VLM_LOAD_ERROR_CORRUPT, error,
        "%" G_GUINT64_FORMAT " dimensions, not 1 … %u", n_dims, MAX_DIMS);
  tensor->n_elements = 1;
  for (guint i = 0; i < n_dims && i < MAX_DIMS; i++) {
    guint64 n = vlm_file_reader_uint (reader, 8);

    if (!vlm_file_reader_ok (reader, error))
      return FALSE;
    if (n == 0)
      return fail_tensor (
          self, tensor, VLM_LOAD_ERROR_CORRUPT, error, "dimension %u is 0", i);
    if (!vlm_checked_mul (tensor->n_elements, n, &tensor->n_elements))
      return fail_tensor (self, tensor, VLM_LOAD_ERROR_CORRUPT, error,
          "the number of elements overflows");
    tensor->dims[i] = n;
  }
  tensor->n_dims = (guint) n_dims;
  return vlm_file_reader_ok (reader, error);
}

/* Sets the type and the size that follows from it. */
static gboolean
read_type (
    const VlmGguf *self, VlmFileReader *reader, Tensor *tensor, GError **error)
{
  guint32 type = (guint32) vlm_file_reader_uint (reader, 4);
  const char *name;
  guint length;

  if (!vlm_file_reader_ok (reader, error))
    return FALSE;
  name = vlm_gguf_type_name (type, &tensor->dtype);
  if (name == NULL)
    return fail_tensor (self, tensor, VLM_LOAD_ERROR_UNSUPPORTED, error,
        "unknown type %u", type);
  if (tensor->dtype == VLM_DTYPE_INVALID)
    return fail_tensor (self, tensor, VLM_LOAD_ERROR_UNSUPPORTED, error,
        "type %s is not supported; use a file of the same model as Q2_K … "
        "Q8_0, "
        "IQ4_XS, IQ4_NL, F16 or BF16",
        name);
  length = vlm_dtype_block_length (tensor->dtype);
  if (tensor->dims[0] % length != 0)
    return fail_tensor (self, tensor, VLM_LOAD_ERROR_CORRUPT, error,
        "rows of %" G_GUINT64_FORMAT " are not whole blocks of %u of type %s",
        tensor->dims[0], length, name);
  if (!vlm_checked_mul (tensor->n_elements / length,
          vlm_dtype_block_bytes (tensor->dtype), &tensor->n_bytes))
    return fail_tensor (self, tensor, VLM_LOAD_ERROR_CORRUPT, error,
        "the number of bytes overflows");
  return TRUE;
}

static gboolean
read_tensor (
    VlmGguf *self, VlmFileReader *reader, guint64 index, GError **error)
{
  Tensor *tensor;
  char *name = read_name (self, reader, "tensor", index, error);

  if (name == NULL)
    return FALSE;
  tensor = g_new0 (Tensor, 1);
  tensor->name = name;
  g_ptr_array_add (self->tensors, tensor);
  vlm_file_reader_set_place (reader, "tensor %s", name);
  if (!read_dims (self, reader, tensor, error) ||
      !read_type (self, reader, tensor, error))
    return FALSE;
  tensor->begin = vlm_file_reader_uint (reader, 8);
  if (!vlm_file_reader_ok (reader, error))
    return FALSE;
  if (!g_hash_table_insert (self->by_name, tensor->name, tensor))
    return fail_tensor (
        self, tensor, VLM_LOAD_ERROR_CORRUPT, error, "occurs twice");
  return TRUE;
}

/* Each begins where the one before ends, up to the alignment: so none overlap,
 * and all are within the file if the last one is. */
static gboolean
check_layout (const VlmGguf *self, guint alignment, GError **error)
{
  const guint64 n_file = vlm_data_file_get_n_bytes (self->file);
  guint64 at = 0;

  for (guint i = 0; i < self->tensors->len; i++) {
    const Tensor *tensor = self->tensors->pdata[i];
    guint64 end;

    if (tensor->begin != at)
      return fail_tensor (self, tensor, VLM_LOAD_ERROR_CORRUPT, error,
          "begins at byte %" G_GUINT64_FORMAT
          " of the data, but the one before ends at %" G_GUINT64_FORMAT,
          tensor->begin, at);
    if (!vlm_checked_add (self->data_offset + at, tensor->n_bytes, &end) ||
        end > n_file)
      return fail_tensor (self, tensor, VLM_LOAD_ERROR_TRUNCATED, error,
          "%" G_GUINT64_FORMAT " bytes at byte %" G_GUINT64_FORMAT
          " of the file, which has %" G_GUINT64_FORMAT,
          tensor->n_bytes, self->data_offset + at, n_file);
    at = vlm_align_up (at + tensor->n_bytes, alignment);
  }
  return TRUE;
}

static gboolean
read_start (const VlmGguf *self, VlmFileReader *reader, guint64 *n_tensors,
    guint64 *n_keys, GError **error)
{
  const guint8 *magic = vlm_file_reader_take (reader, strlen (MAGIC));
  guint32 version;

  if (magic == NULL || memcmp (magic, MAGIC, strlen (MAGIC)) != 0) {
    if (vlm_data_file_check_kind (self->file, error))
      fail (self, VLM_LOAD_ERROR_CORRUPT, error, "not a GGUF file");
    return FALSE;
  }
  version = (guint32) vlm_file_reader_uint (reader, 4);
  if (!vlm_file_reader_ok (reader, error))
    return FALSE;
  if (GUINT32_SWAP_LE_BE (version) <= 3 && version != 0)
    return fail (self, VLM_LOAD_ERROR_UNSUPPORTED, error,
        "a big-endian file; convert it for this machine");
  if (version != 2 && version != 3)
    return fail (self, VLM_LOAD_ERROR_UNSUPPORTED, error,
        "version %u of GGUF, only 2 and 3 are supported", version);
  *n_tensors = vlm_file_reader_uint (reader, 8);
  *n_keys = vlm_file_reader_uint (reader, 8);
  if (!vlm_file_reader_ok (reader, error))
    return FALSE;
  if (*n_tensors > VLM_MAX_TENSORS || *n_keys > VLM_MAX_GGUF_KEYS)
    return fail (self, VLM_LOAD_ERROR_TOO_LARGE, error,
        "%" G_GUINT64_FORMAT " tensors and %" G_GUINT64_FORMAT
        " keys, the limits are %u and %u",
        *n_tensors, *n_keys, VLM_MAX_TENSORS, VLM_MAX_GGUF_KEYS);
  return TRUE;
}

static gboolean
read_header (VlmGguf *self, GError **error)
{
  g_auto (VlmFileReader) reader = { 0 };
  guint64 n_tensors = 0, n_keys = 0;
  guint alignment;

  vlm_file_reader_init (&reader, self->file, 0);
  if (!read_start (self, &reader, &n_tensors, &n_keys, error))
    return FALSE;
  for (guint64 i = 0; i < n_keys; i++)
    if (!read_key (self, &reader, i, error))
      return FALSE;
  if (!read_alignment (self, &alignment, error))
    return FALSE;
  for (guint64 i = 0; i < n_tensors; i++)
    if (!read_tensor (self, &reader, i, error))
      return FALSE;
  self->data_offset = vlm_align_up (reader.at, alignment);
  return check_layout (self, alignment, error);
}

static VlmGguf *
gguf_new (VlmDataFile *file)
{
  VlmGguf *self = g_new0 (VlmGguf, 1);

  self->file = vlm_data_file_ref (file);
  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->tensors = g_ptr_array_new_with_free_func (tensor_free);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

VlmGguf *
vlm_gguf_new (VlmDataFile *file, GError **error)
{
  g_autoptr (VlmGguf) self = gguf_new (file);

  return read_header (self, error) ? g_steal_pointer (&self) : NULL;
}

char *
vlm_gguf_peek_architecture (const char *path, GError **error)
{
  static const char key[] = "general.architecture";
  g_autoptr (VlmDataFile) file = vlm_data_file_open (path, error);
  g_autoptr (VlmGguf) self = file != NULL ? gguf_new (file) : NULL;
  g_auto (VlmFileReader) reader = { 0 };
  guint64 n_tensors = 0, n_keys = 0;
  char *architecture;

  if (self == NULL)
    return NULL;
  vlm_file_reader_init (&reader, file, 0);
  if (!read_start (self, &reader, &n_tensors, &n_keys, error))
    return NULL;
  for (guint64 i = 0; i < n_keys && !vlm_gguf_has (self, key); i++)
    if (!read_key (self, &reader, i, error))
      return NULL;
  return vlm_gguf_read_string (self, key, &architecture, error) ? architecture
                                                                : NULL;
}

VlmGguf *
vlm_gguf_open (const char *path, GError **error)
{
  g_autoptr (VlmDataFile) file = vlm_data_file_open (path, error);

  return file == NULL ? NULL : vlm_gguf_new (file, error);
}

void
vlm_gguf_free (VlmGguf *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->tensors);
  g_hash_table_unref (self->keys);
  vlm_data_file_unref (self->file);
  g_free (self);
}

const char *
vlm_gguf_get_path (const VlmGguf *self)
{
  return vlm_data_file_get_path (self->file);
}

guint
vlm_gguf_get_n_tensors (const VlmGguf *self)
{
  return self->tensors->len;
}

const char *
vlm_gguf_get_name (const VlmGguf *self, guint index)
{
  g_assert (index < self->tensors->len);
  return ((const Tensor *) self->tensors->pdata[index])->name;
}

gboolean
vlm_gguf_find (const VlmGguf *self, const char *name, VlmTensorView *view)
{
  const Tensor *tensor = g_hash_table_lookup (self->by_name, name);

  if (tensor == NULL)
    return FALSE;
  if (view == NULL)
    return TRUE;
  *view = (VlmTensorView){
    .file = vlm_data_file_ref (self->file),
    .name = g_strdup (tensor->name),
    .dtype_name = vlm_dtype_name (tensor->dtype),
    .dtype = tensor->dtype,
    .n_dims = tensor->n_dims,
    .n_elements = tensor->n_elements,
    .n_bytes = tensor->n_bytes,
    .offset = self->data_offset + tensor->begin,
  };
  for (guint i = 0; i < tensor->n_dims; i++)
    view->shape[i] = tensor->dims[tensor->n_dims - 1 - i];
  return TRUE;
}
