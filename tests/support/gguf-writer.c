/* gst-vlm: GGUF files of tests
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/gguf-writer.h"

#include <string.h>

GgufWriter *
gguf_writer_new (void)
{
  GgufWriter *self = g_new0 (GgufWriter, 1);

  self->version = 3;
  self->alignment = 32;
  self->keys = g_byte_array_new ();
  self->infos = g_byte_array_new ();
  self->data = g_byte_array_new ();
  return self;
}

void
gguf_writer_free (GgufWriter *self)
{
  if (self == NULL)
    return;
  g_byte_array_unref (self->keys);
  g_byte_array_unref (self->infos);
  g_byte_array_unref (self->data);
  g_free (self);
}

void
gguf_put (GByteArray *bytes, guint64 value, guint n)
{
  for (guint i = 0; i < n; i++) {
    guint8 byte = (guint8) (value >> (8 * i));

    g_byte_array_append (bytes, &byte, 1);
  }
}

void
gguf_put_string (GByteArray *bytes, const char *text)
{
  gguf_put (bytes, strlen (text), 8);
  g_byte_array_append (bytes, (const guint8 *) text, (guint) strlen (text));
}

void
gguf_add_key (GgufWriter *self, const char *key, guint32 kind)
{
  self->n_keys++;
  gguf_put_string (self->keys, key);
  gguf_put (self->keys, kind, 4);
}

void
gguf_add_int (
    GgufWriter *self, const char *key, guint32 kind, guint n, guint64 value)
{
  gguf_add_key (self, key, kind);
  gguf_put (self->keys, value, n);
}

void
gguf_add_uint (GgufWriter *self, const char *key, guint32 value)
{
  gguf_add_int (self, key, GGUF_UINT32, 4, value);
}

static void
put_float (GByteArray *bytes, float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  gguf_put (bytes, bits, 4);
}

void
gguf_add_float (GgufWriter *self, const char *key, float value)
{
  gguf_add_key (self, key, GGUF_FLOAT32);
  put_float (self->keys, value);
}

void
gguf_add_bool (GgufWriter *self, const char *key, gboolean value)
{
  gguf_add_int (self, key, GGUF_BOOL, 1, value ? 1 : 0);
}

void
gguf_add_string (GgufWriter *self, const char *key, const char *value)
{
  gguf_add_key (self, key, GGUF_STRING);
  gguf_put_string (self->keys, value);
}

static void
add_list (GgufWriter *self, const char *key, guint32 kind, guint n)
{
  gguf_add_key (self, key, GGUF_ARRAY);
  gguf_put (self->keys, kind, 4);
  gguf_put (self->keys, n, 8);
}

void
gguf_add_strings (
    GgufWriter *self, const char *key, const char *const *values, guint n)
{
  add_list (self, key, GGUF_STRING, n);
  for (guint i = 0; i < n; i++)
    gguf_put_string (self->keys, values[i]);
}

void
gguf_add_ints (GgufWriter *self, const char *key, const gint32 *values, guint n)
{
  add_list (self, key, GGUF_INT32, n);
  for (guint i = 0; i < n; i++)
    gguf_put (self->keys, (guint32) values[i], 4);
}

void
gguf_add_floats (
    GgufWriter *self, const char *key, const float *values, guint n)
{
  add_list (self, key, GGUF_FLOAT32, n);
  for (guint i = 0; i < n; i++)
    put_float (self->keys, values[i]);
}

static void
pad (GByteArray *bytes, guint alignment)
{
  while (bytes->len % alignment != 0)
    gguf_put (bytes, 0, 1);
}

void
gguf_add_tensor_at (GgufWriter *self, const char *name, guint32 type,
    const guint64 *dims, guint n_dims, guint64 offset)
{
  self->n_tensors++;
  gguf_put_string (self->infos, name);
  gguf_put (self->infos, n_dims, 4);
  for (guint i = 0; i < n_dims; i++)
    gguf_put (self->infos, dims[i], 8);
  gguf_put (self->infos, type, 4);
  gguf_put (self->infos, offset, 8);
}

void
gguf_add_tensor (GgufWriter *self, const char *name, guint32 type,
    const guint64 *dims, guint n_dims, const void *data, gsize n_bytes)
{
  gguf_add_tensor_at (self, name, type, dims, n_dims, self->data->len);
  if (data != NULL) {
    g_byte_array_append (self->data, data, (guint) n_bytes);
  } else {
    for (gsize i = 0; i < n_bytes; i++)
      gguf_put (self->data, 0, 1);
  }
  pad (self->data, self->alignment);
}

GBytes *
gguf_writer_finish (const GgufWriter *self)
{
  GByteArray *file = g_byte_array_new ();

  g_byte_array_append (file, (const guint8 *) "GGUF", 4);
  gguf_put (file, self->version, 4);
  gguf_put (file, self->n_tensors, 8);
  gguf_put (file, self->n_keys, 8);
  g_byte_array_append (file, self->keys->data, self->keys->len);
  g_byte_array_append (file, self->infos->data, self->infos->len);
  if (self->data->len > 0)
    pad (file, self->alignment);
  g_byte_array_append (file, self->data->data, self->data->len);
  return g_byte_array_free_to_bytes (file);
}
