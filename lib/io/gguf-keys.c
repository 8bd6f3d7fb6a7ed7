/* gst-vlm: the keys of a GGUF file
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/gguf-private.h"

#include <math.h>
#include <string.h>

static const struct
{
  const char *name;
  guint n_bytes;
} kinds[] = {
  [VLM_GGUF_UINT8] = { "an integer", 1 },
  [VLM_GGUF_INT8] = { "an integer", 1 },
  [VLM_GGUF_UINT16] = { "an integer", 2 },
  [VLM_GGUF_INT16] = { "an integer", 2 },
  [VLM_GGUF_UINT32] = { "an integer", 4 },
  [VLM_GGUF_INT32] = { "an integer", 4 },
  [VLM_GGUF_FLOAT32] = { "a number", 4 },
  [VLM_GGUF_BOOL] = { "a boolean", 1 },
  [VLM_GGUF_STRING] = { "a string", 0 },
  [VLM_GGUF_ARRAY] = { "a list", 0 },
  [VLM_GGUF_UINT64] = { "an integer", 8 },
  [VLM_GGUF_INT64] = { "an integer", 8 },
  [VLM_GGUF_FLOAT64] = { "a number", 8 },
};

G_STATIC_ASSERT (G_N_ELEMENTS (kinds) == VLM_GGUF_N_KINDS);

gboolean
vlm_gguf_fail (const VlmGguf *self, const char *key, VlmLoadError code,
    GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, VLM_LOAD_ERROR, (int) code, "%s: key %s: %s",
      vlm_gguf_get_path (self), key, message);
  return FALSE;
}

static gboolean
read_kind (const VlmGguf *self, VlmFileReader *reader, const char *key,
    VlmGgufKind *kind, GError **error)
{
  guint64 number = vlm_file_reader_uint (reader, 4);

  if (number >= VLM_GGUF_N_KINDS)
    return vlm_gguf_fail (self, key, VLM_LOAD_ERROR_CORRUPT, error,
        "unknown type %" G_GUINT64_FORMAT, number);
  *kind = (VlmGgufKind) number;
  return TRUE;
}

/* Each has a length of 8 bytes, so that a count beyond the rest of the file fails
 * at once. */
static gboolean
skip_strings (VlmFileReader *reader, guint64 n)
{
  for (guint64 i = 0; i < n && vlm_file_reader_ok (reader, NULL); i++)
    vlm_file_reader_skip (reader, vlm_file_reader_uint (reader, 8));
  return vlm_file_reader_ok (reader, NULL);
}

gboolean
vlm_gguf_skip_value (const VlmGguf *self, VlmFileReader *reader,
    const char *key, VlmGgufValue *value, GError **error)
{
  *value = (VlmGgufValue){ .n = 1 };
  vlm_file_reader_set_place (reader, "key %s", key);
  if (!read_kind (self, reader, key, &value->kind, error))
    return FALSE;
  if (value->kind == VLM_GGUF_ARRAY) {
    value->is_list = TRUE;
    if (!read_kind (self, reader, key, &value->kind, error))
      return FALSE;
    value->n = vlm_file_reader_uint (reader, 8);
    if (value->kind == VLM_GGUF_ARRAY)
      return vlm_gguf_fail (self, key, VLM_LOAD_ERROR_UNSUPPORTED, error,
          "lists of lists are not supported");
  }
  value->at = reader->at;
  if (value->n > vlm_file_reader_get_n_left (reader))
    return vlm_gguf_fail (self, key, VLM_LOAD_ERROR_TRUNCATED, error,
        "a list of %" G_GUINT64_FORMAT
        " elements, but the file ends %" G_GUINT64_FORMAT " bytes on",
        value->n, vlm_file_reader_get_n_left (reader));
  if (value->kind == VLM_GGUF_STRING)
    skip_strings (reader, value->n);
  else /* n is below the file's length, so this cannot wrap */
    vlm_file_reader_skip (reader, value->n * kinds[value->kind].n_bytes);
  return vlm_file_reader_ok (reader, error);
}

gboolean
vlm_gguf_has (const VlmGguf *self, const char *key)
{
  return g_hash_table_contains (self->keys, key);
}

/* The value of @key, checked to be of the type that @expected describes. */
static const VlmGgufValue *
find (const VlmGguf *self, const char *key, gboolean is_list,
    const char *expected, GError **error)
{
  const VlmGgufValue *value = g_hash_table_lookup (self->keys, key);
  const char *name;
  gboolean fits;

  if (value == NULL) {
    vlm_gguf_fail (self, key, VLM_LOAD_ERROR_CORRUPT, error, "missing");
    return NULL;
  }
  name = kinds[value->kind].name;
  fits = g_str_equal (name, expected) ||
      (g_str_equal (expected, "a number") && g_str_equal (name, "an integer"));
  if (fits && value->is_list == is_list)
    return value;
  vlm_gguf_fail (self, key, VLM_LOAD_ERROR_CORRUPT, error,
      is_list ? "expected a list with each %s" : "expected %s", expected);
  return NULL;
}

static double
read_float (VlmFileReader *reader, VlmGgufKind kind)
{
  if (kind == VLM_GGUF_FLOAT32) {
    guint32 bits = (guint32) vlm_file_reader_uint (reader, 4);
    float value;

    memcpy (&value, &bits, sizeof value);
    return value;
  }

  guint64 bits = vlm_file_reader_uint (reader, 8);
  double value;
  memcpy (&value, &bits, sizeof value);
  return value;
}

/* From where the value is. */
static void
start (const VlmGguf *self, const char *key, const VlmGgufValue *value,
    VlmFileReader *reader)
{
  vlm_file_reader_init (reader, self->file, value->at);
  vlm_file_reader_set_place (reader, "key %s", key);
}

/* FALSE when it does not fit. */
static gboolean
read_int (VlmFileReader *reader, VlmGgufKind kind, gint64 *value)
{
  guint64 bits = vlm_file_reader_uint (reader, kinds[kind].n_bytes);

  switch (kind) {
  case VLM_GGUF_INT8:
    *value = (gint8) bits;
    return TRUE;
  case VLM_GGUF_INT16:
    *value = (gint16) bits;
    return TRUE;
  case VLM_GGUF_INT32:
    *value = (gint32) bits;
    return TRUE;
  case VLM_GGUF_INT64:
    *value = (gint64) bits;
    return TRUE;
  default:
    *value = (gint64) bits;
    return bits <= G_MAXINT64;
  }
}

static gboolean
is_float (VlmGgufKind kind)
{
  return kind == VLM_GGUF_FLOAT32 || kind == VLM_GGUF_FLOAT64;
}

gboolean
vlm_gguf_read_uint (const VlmGguf *self, const char *key, guint min, guint max,
    guint *result, GError **error)
{
  const VlmGgufValue *value = find (self, key, FALSE, "an integer", error);
  g_auto (VlmFileReader) reader = { 0 };
  gboolean fits;
  gint64 wide;

  if (value == NULL)
    return FALSE;
  start (self, key, value, &reader);
  fits = read_int (&reader, value->kind, &wide);
  if (!vlm_file_reader_ok (&reader, error))
    return FALSE;
  if (!fits || wide < min || wide > max)
    return vlm_gguf_fail (self, key, VLM_LOAD_ERROR_CORRUPT, error,
        "%" G_GINT64_FORMAT " is not within %u … %u", wide, min, max);
  *result = (guint) wide;
  return TRUE;
}

/* @n numbers from where @value is. */
static gboolean
read_doubles (const VlmGguf *self, const char *key, const VlmGgufValue *value,
    double min, double max, double *values, GError **error)
{
  g_auto (VlmFileReader) reader = { 0 };

  start (self, key, value, &reader);
  for (guint64 i = 0; i < value->n; i++) {
    gint64 wide = 0;
    gboolean fits = TRUE;

    if (is_float (value->kind)) {
      values[i] = read_float (&reader, value->kind);
    } else {
      fits = read_int (&reader, value->kind, &wide);
      values[i] = (double) wide;
    }
    if (!vlm_file_reader_ok (&reader, error))
      return FALSE;
    if (!fits || !isfinite (values[i]) || values[i] < min || values[i] > max)
      return vlm_gguf_fail (self, key, VLM_LOAD_ERROR_CORRUPT, error,
          "%g is not within %g … %g", values[i], min, max);
  }
  return TRUE;
}

gboolean
vlm_gguf_read_double (const VlmGguf *self, const char *key, double min,
    double max, double *result, GError **error)
{
  const VlmGgufValue *value = find (self, key, FALSE, "a number", error);

  return value != NULL &&
      read_doubles (self, key, value, min, max, result, error);
}

gboolean
vlm_gguf_read_doubles (const VlmGguf *self, const char *key, guint n,
    double min, double max, double *values, GError **error)
{
  const VlmGgufValue *value = find (self, key, TRUE, "a number", error);

  if (value == NULL)
    return FALSE;
  if (value->n != n)
    return vlm_gguf_fail (self, key, VLM_LOAD_ERROR_CORRUPT, error,
        "expected %u numbers, not %" G_GUINT64_FORMAT, n, value->n);
  return read_doubles (self, key, value, min, max, values, error);
}

gboolean
vlm_gguf_read_boolean (
    const VlmGguf *self, const char *key, gboolean *result, GError **error)
{
  const VlmGgufValue *value = find (self, key, FALSE, "a boolean", error);
  g_auto (VlmFileReader) reader = { 0 };
  guint64 byte;

  if (value == NULL)
    return FALSE;
  start (self, key, value, &reader);
  byte = vlm_file_reader_uint (&reader, 1);
  if (!vlm_file_reader_ok (&reader, error))
    return FALSE;
  if (byte > 1)
    return vlm_gguf_fail (self, key, VLM_LOAD_ERROR_CORRUPT, error,
        "%" G_GUINT64_FORMAT " is neither 0 nor 1", byte);
  *result = byte == 1;
  return TRUE;
}

/* NULL with an error when it is not text. */
static char *
read_text (
    const VlmGguf *self, const char *key, VlmFileReader *reader, GError **error)
{
  guint64 n_bytes = vlm_file_reader_uint (reader, 8);
  const char *bytes = (const char *) vlm_file_reader_take (reader, n_bytes);

  if (!vlm_file_reader_ok (reader, error))
    return NULL;
  if (!g_utf8_validate_len (bytes, n_bytes, NULL)) {
    vlm_gguf_fail (self, key, VLM_LOAD_ERROR_CORRUPT, error,
        "text at byte %" G_GUINT64_FORMAT " is not UTF-8",
        reader->at - n_bytes);
    return NULL;
  }
  return g_strndup (bytes, n_bytes);
}

gboolean
vlm_gguf_read_string (
    const VlmGguf *self, const char *key, char **result, GError **error)
{
  const VlmGgufValue *value = find (self, key, FALSE, "a string", error);
  g_auto (VlmFileReader) reader = { 0 };

  if (value == NULL)
    return FALSE;
  start (self, key, value, &reader);
  *result = read_text (self, key, &reader, error);
  return *result != NULL;
}

static const VlmGgufValue *
find_list (const VlmGguf *self, const char *key, const char *expected,
    guint max, GError **error)
{
  const VlmGgufValue *value = find (self, key, TRUE, expected, error);

  if (value == NULL || value->n <= max)
    return value;
  vlm_gguf_fail (self, key, VLM_LOAD_ERROR_TOO_LARGE, error,
      "%" G_GUINT64_FORMAT " elements, the limit is %u", value->n, max);
  return NULL;
}

gboolean
vlm_gguf_read_int_list (const VlmGguf *self, const char *key, guint max,
    gint64 **result, guint *n, GError **error)
{
  const VlmGgufValue *value = find_list (self, key, "an integer", max, error);
  g_auto (VlmFileReader) reader = { 0 };
  g_autofree gint64 *values = NULL;

  if (value == NULL)
    return FALSE;
  values = g_new (gint64, value->n + 1);
  start (self, key, value, &reader);
  for (guint64 i = 0; i < value->n; i++)
    if (!read_int (&reader, value->kind, &values[i]))
      return vlm_gguf_fail (self, key, VLM_LOAD_ERROR_CORRUPT, error,
          "element %" G_GUINT64_FORMAT " is beyond 63 bits", i);
  if (!vlm_file_reader_ok (&reader, error))
    return FALSE;
  *n = (guint) value->n;
  *result = g_steal_pointer (&values);
  return TRUE;
}

gboolean
vlm_gguf_read_string_list (const VlmGguf *self, const char *key, guint max,
    char ***result, guint *n, GError **error)
{
  const VlmGgufValue *value = find_list (self, key, "a string", max, error);
  g_auto (VlmFileReader) reader = { 0 };
  g_auto (GStrv) values = NULL;

  if (value == NULL)
    return FALSE;
  values = g_new0 (char *, value->n + 1);
  start (self, key, value, &reader);
  for (guint64 i = 0; i < value->n; i++) {
    values[i] = read_text (self, key, &reader, error);
    if (values[i] == NULL)
      return FALSE;
  }
  *n = (guint) value->n;
  *result = g_steal_pointer (&values);
  return TRUE;
}
