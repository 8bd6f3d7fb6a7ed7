/* gst-vlm: GGUF files of tests
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A file under construction: keys and tensors in the order they are added. What
 * the header says can be changed before it is finished, to make it wrong. */
typedef struct
{
  guint32 version;
  guint64 n_keys;
  guint64 n_tensors;
  guint alignment; /* of the data */
  GByteArray *keys;
  GByteArray *infos;
  GByteArray *data;
} GgufWriter;

GgufWriter *gguf_writer_new (void);
void gguf_writer_free (GgufWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GgufWriter, gguf_writer_free)

/* The numbers of the types of values in GGUF files. */
enum
{
  GGUF_UINT16 = 2,
  GGUF_UINT32 = 4,
  GGUF_INT32 = 5,
  GGUF_FLOAT32 = 6,
  GGUF_BOOL = 7,
  GGUF_STRING = 8,
  GGUF_ARRAY = 9,
};

/* A little-endian number of @n bytes, a string with its length. */
void gguf_put (GByteArray *bytes, guint64 value, guint n);
void gguf_put_string (GByteArray *bytes, const char *text);

/* The beginning of a key; its value is to be put into writer->keys. */
void gguf_add_key (GgufWriter *writer, const char *key, guint32 kind);
/* Of @kind, with @n bytes. */
void gguf_add_int (
    GgufWriter *writer, const char *key, guint32 kind, guint n, guint64 value);
void gguf_add_uint (GgufWriter *writer, const char *key, guint32 value);
void gguf_add_float (GgufWriter *writer, const char *key, float value);
void gguf_add_bool (GgufWriter *writer, const char *key, gboolean value);
void gguf_add_string (GgufWriter *writer, const char *key, const char *value);
void gguf_add_strings (
    GgufWriter *writer, const char *key, const char *const *values, guint n);
void gguf_add_ints (
    GgufWriter *writer, const char *key, const gint32 *values, guint n);
void gguf_add_floats (
    GgufWriter *writer, const char *key, const float *values, guint n);

/* Dimensions fastest first, as in the file; @type is the file's number. NULL
 * @data: zeros. */
void gguf_add_tensor (GgufWriter *writer, const char *name, guint32 type,
    const guint64 *dims, guint n_dims, const void *data, gsize n_bytes);
/* The same with a place of its own in the header; nothing is added to the
 * data. */
void gguf_add_tensor_at (GgufWriter *writer, const char *name, guint32 type,
    const guint64 *dims, guint n_dims, guint64 offset);

/* (transfer full) */
GBytes *gguf_writer_finish (const GgufWriter *writer);
