/* gst-vlm: the keywords of a place of a schema
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/schema-private.h"

/* A place that is being read. */
typedef struct
{
  VlmSchema *schema;
  guint place;
  JsonObject *object;
} VlmSchemaReader;

/* Each of these notes an error when the value of @key is not what it must be. */

/* NULL when there is none. */
JsonNode *vlm_schema_get (const VlmSchemaReader *self, const char *key);
JsonArray *vlm_schema_get_list (const VlmSchemaReader *self, const char *key);
JsonObject *vlm_schema_get_map (const VlmSchemaReader *self, const char *key);
const char *
vlm_schema_get_string (const VlmSchemaReader *self, const char *key);
/* A number; NULL when there is none. */
JsonNode *vlm_schema_get_number (const VlmSchemaReader *self, const char *key);
/* @fallback when there is none; at most G_MAXUINT - 1. */
guint vlm_schema_get_count (
    const VlmSchemaReader *self, const char *key, guint fallback);
/* The schema at @key, or element or member @step of it. */
VlmSchemaTerm vlm_schema_get_term (const VlmSchemaReader *self, const char *key,
    const char *step, JsonNode *node, gboolean negated);

/* Adds the keywords of arrays and objects to @shape, which is any. */
void vlm_schema_read_array (const VlmSchemaReader *self, VlmSchemaShape *shape);
void
vlm_schema_read_object (const VlmSchemaReader *self, VlmSchemaShape *shape);
/* What no keyword has evaluated in @shape so far. */
void vlm_schema_read_unevaluated (
    const VlmSchemaReader *self, VlmSchemaShape *shape);

/* Whatever the keywords of a type do not allow, of that type. Nothing else is in
 * it. NULL with an error. */
VlmSchemaShape *vlm_schema_deny_array (const VlmSchemaReader *self);
VlmSchemaShape *vlm_schema_deny_object (const VlmSchemaReader *self);
VlmSchemaShape *vlm_schema_deny_string (const VlmSchemaReader *self);
VlmSchemaShape *vlm_schema_deny_number (const VlmSchemaReader *self);

/* All but a shape that was made of one; NULL with an error where that takes
 * more than can be said. */
void
vlm_schema_read_string (const VlmSchemaReader *self, VlmSchemaShape *shape);
void
vlm_schema_read_number (const VlmSchemaReader *self, VlmSchemaShape *shape);
VlmSchemaShape *vlm_schema_value_shape (VlmSchema *self, guint place);
VlmSchemaShape *vlm_schema_deny_value (VlmSchema *self, guint place);
VlmSchemaShape *
vlm_schema_values_shape (const VlmSchemaReader *self, gboolean denied);
