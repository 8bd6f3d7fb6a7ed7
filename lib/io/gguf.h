/* gst-vlm: one GGUF file
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Magic, version, counts; keys with typed values; a name, dimensions (fastest
 * first), a type and an offset a tensor; then the data, each tensor at the next
 * multiple of the alignment. gguf.h of llama.cpp; versions 2 and 3. */
#pragma once

#include <vlm/vlm-error.h>

#include "io/tensor-view.h"

/* Immutable, one owner, reading from any thread. */
typedef struct _VlmGguf VlmGguf;

/* Checks everything: limits, that strings and lists end in the file, types,
 * sizes that follow from dimensions and type, that tensors follow one another
 * as the format says and end in the file, no key and no tensor twice. Nothing
 * is allocated by what a count claims. Errors name file and key or tensor:
 * TRUNCATED, CORRUPT, TOO_LARGE, UNSUPPORTED (version, type of a tensor); and
 * what vlm_file_check_kind () says of a file that is none. */
VlmGguf *vlm_gguf_open (const char *path, GError **error);
VlmGguf *vlm_gguf_new (VlmDataFile *file, GError **error);
void vlm_gguf_free (VlmGguf *gguf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmGguf, vlm_gguf_free)

/* The value of general.architecture, without reading the rest of the file.
 * (transfer full) */
char *vlm_gguf_peek_architecture (const char *path, GError **error);

const char *vlm_gguf_get_path (const VlmGguf *gguf);
guint vlm_gguf_get_n_tensors (const VlmGguf *gguf);
/* In the order of their data. */
const char *vlm_gguf_get_name (const VlmGguf *gguf, guint index);
/* With the shape in the order of rows, outputs first. FALSE when there is none
 * of that name; @view may be NULL. */
gboolean
vlm_gguf_find (const VlmGguf *gguf, const char *name, VlmTensorView *view);

/* FALSE with "file: key: message". */
gboolean vlm_gguf_fail (const VlmGguf *gguf, const char *key, VlmLoadError code,
    GError **error, const char *format, ...) G_GNUC_PRINTF (5, 6);
gboolean vlm_gguf_has (const VlmGguf *gguf, const char *key);
/* Each fails with CORRUPT when @key is missing or of another kind, or the value
 * is out of [min, max]. Integers of any width will do; a double may be given as
 * an integer. */
gboolean vlm_gguf_read_uint (const VlmGguf *gguf, const char *key, guint min,
    guint max, guint *value, GError **error);
gboolean vlm_gguf_read_double (const VlmGguf *gguf, const char *key, double min,
    double max, double *value, GError **error);
gboolean vlm_gguf_read_boolean (
    const VlmGguf *gguf, const char *key, gboolean *value, GError **error);
/* UTF-8 without NUL. (transfer full) */
gboolean vlm_gguf_read_string (
    const VlmGguf *gguf, const char *key, char **value, GError **error);
/* Lists of exactly @n or, with *n, of any length up to @max. (transfer full) */
gboolean vlm_gguf_read_doubles (const VlmGguf *gguf, const char *key, guint n,
    double min, double max, double *values, GError **error);
gboolean vlm_gguf_read_int_list (const VlmGguf *gguf, const char *key,
    guint max, gint64 **values, guint *n, GError **error);
/* Free with g_strfreev (). */
gboolean vlm_gguf_read_string_list (const VlmGguf *gguf, const char *key,
    guint max, char ***values, guint *n, GError **error);
