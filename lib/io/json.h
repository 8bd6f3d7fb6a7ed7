/* gst-vlm: reading JSON with errors that name the place
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <vlm/vlm-error.h>

/* A parsed document, checked by the rules of base/json-check.h; a byte order
 * mark before it is skipped. @source names it in messages. One owner. */
typedef struct _VlmJsonDocument VlmJsonDocument;

VlmJsonDocument *vlm_json_document_new (
    const char *data, gsize n_bytes, const char *source, GError **error);
/* NOT_FOUND when there is no such file. */
VlmJsonDocument *vlm_json_document_load (const char *path, GError **error);
void vlm_json_document_free (VlmJsonDocument *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmJsonDocument, vlm_json_document_free)

/* A place in a document: a plain value on the stack that borrows the document
 * and the place above it, which must both outlive it. */
typedef struct _VlmJson VlmJson;
struct _VlmJson
{
  const VlmJson *above; /* NULL for the root */
  const char *key;      /* in the object above; NULL for a list element */
  guint index;          /* in the list above */
  JsonNode *node;
  const char *source;
};

/* (transfer none): lives as long as @document. */
JsonNode *vlm_json_document_get_root (const VlmJsonDocument *document);
/* The root, which must be an object. */
gboolean
vlm_json_root (const VlmJsonDocument *document, VlmJson *root, GError **error);

/* FALSE with "source: path.key: message". @key may be NULL for @at itself. */
gboolean vlm_json_fail (GError **error, const VlmJson *at, const char *key,
    VlmLoadError code, const char *format, ...) G_GNUC_PRINTF (5, 6);

/* Whether there is such a key with a value other than null. */
gboolean vlm_json_has (const VlmJson *at, const char *key);
/* Whether there is such a key with the value null. */
gboolean vlm_json_is_null (const VlmJson *at, const char *key);

/* Each of these fails with CORRUPT when @key is missing or of another type, or
 * the value is out of [min, max]. With a NULL @key they read @at itself. */
gboolean vlm_json_read_object (
    const VlmJson *at, const char *key, VlmJson *value, GError **error);
gboolean vlm_json_read_list (const VlmJson *at, const char *key, VlmJson *value,
    guint *n_elements, GError **error);
gboolean vlm_json_read_string (
    const VlmJson *at, const char *key, const char **value, GError **error);
gboolean vlm_json_read_boolean (
    const VlmJson *at, const char *key, gboolean *value, GError **error);
/* A number without a fractional part: 2 or 2.0. */
gboolean vlm_json_read_int64 (const VlmJson *at, const char *key, gint64 min,
    gint64 max, gint64 *value, GError **error);
gboolean vlm_json_read_uint (const VlmJson *at, const char *key, guint min,
    guint max, guint *value, GError **error);
/* Finite; an integer will do. */
gboolean vlm_json_read_double (const VlmJson *at, const char *key, double min,
    double max, double *value, GError **error);

/* The same for a key that may be absent or null: @fallback then, which may be
 * out of range. */
gboolean vlm_json_read_uint_or (const VlmJson *at, const char *key, guint min,
    guint max, guint fallback, guint *value, GError **error);
gboolean vlm_json_read_double_or (const VlmJson *at, const char *key,
    double min, double max, double fallback, double *value, GError **error);
gboolean vlm_json_read_boolean_or (const VlmJson *at, const char *key,
    gboolean fallback, gboolean *value, GError **error);

/* Element @index of the list @at. */
VlmJson vlm_json_element (const VlmJson *at, guint index);

/* Appends @text as a JSON string with its quotes. */
void vlm_json_append_string (GString *json, const char *text);
