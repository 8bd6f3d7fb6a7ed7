/* gst-vlm: a GGUF file and its keys
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/file-reader.h"
#include "io/gguf.h"

typedef enum
{
  VLM_GGUF_UINT8,
  VLM_GGUF_INT8,
  VLM_GGUF_UINT16,
  VLM_GGUF_INT16,
  VLM_GGUF_UINT32,
  VLM_GGUF_INT32,
  VLM_GGUF_FLOAT32,
  VLM_GGUF_BOOL,
  VLM_GGUF_STRING,
  VLM_GGUF_ARRAY,
  VLM_GGUF_UINT64,
  VLM_GGUF_INT64,
  VLM_GGUF_FLOAT64,
  VLM_GGUF_N_KINDS,
} VlmGgufKind;

/* The position of a value, not its content: long ones are read when they are
 * needed. */
typedef struct
{
  VlmGgufKind kind; /* of the value, or of the elements */
  gboolean is_list;
  guint64 n;  /* elements; 1 when it is no list */
  guint64 at; /* of the first element in the file */
} VlmGgufValue;

struct _VlmGguf
{
  VlmDataFile *file;
  GHashTable *keys;   /* name -> VlmGgufValue */
  GPtrArray *tensors; /* in the order of their data */
  GHashTable *by_name;
  guint64 data_offset;
};

/* Skips a value that follows in the file; *value is its position. */
gboolean vlm_gguf_skip_value (const VlmGguf *gguf, VlmFileReader *reader,
    const char *key, VlmGgufValue *value, GError **error);

/* The type of a tensor by its number in a file; *dtype is VLM_DTYPE_INVALID
 * when it is not one of ours. NULL when no such type is known. */
const char *vlm_gguf_type_name (guint32 type, VlmDType *dtype);
