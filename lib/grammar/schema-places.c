/* gst-vlm: places of a schema, and what refers to them
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "grammar/schema-private.h"

/* Where schemas are in a schema. */
static const char *const schema_keys[] = { "items", "additionalProperties",
  "propertyNames", "contains", "not", "if", "then", "else", "unevaluatedItems",
  "unevaluatedProperties", "contentSchema" };
static const char *const list_keys[] = { "prefixItems", "allOf", "anyOf",
  "oneOf" };
static const char *const map_keys[] = { "properties", "patternProperties",
  "dependentSchemas", "$defs", "definitions" };

static void
append_escaped (GString *pointer, const char *key)
{
  g_string_append_c (pointer, '/');
  for (; *key != '\0'; key++) {
    if (*key == '~')
      g_string_append (pointer, "~0");
    else if (*key == '/')
      g_string_append (pointer, "~1");
    else
      g_string_append_c (pointer, *key);
  }
}

static guint
add_place (VlmSchema *self, JsonNode *node, const char *pointer,
    const char *base, gboolean is_value)
{
  guint index = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_node, node));
  VlmSchemaPlace place = { node, NULL, NULL, is_value };

  if (index > 0)
    return index - 1;
  place.pointer = g_strdup (pointer);
  place.base = g_strdup (base);
  g_array_append_val (self->places, place);
  g_hash_table_insert (
      self->by_node, node, GUINT_TO_POINTER (self->places->len));
  return self->places->len - 1;
}

guint
vlm_schema_place (VlmSchema *self, guint above, const char *keyword,
    const char *step, JsonNode *node, gboolean is_value)
{
  g_autoptr (GString) pointer =
      g_string_new (vlm_schema_get_place (self, above)->pointer);

  append_escaped (pointer, keyword);
  if (step != NULL)
    append_escaped (pointer, step);
  return add_place (self, node, pointer->str,
      vlm_schema_get_place (self, above)->base, is_value);
}

/* --- finding ------------------------------------------------------------- */

/* @reference as seen from @base; as it is when that is no URI. */
static char *
resolve_uri (const char *base, const char *reference)
{
  char *resolved = base[0] != '\0'
      ? g_uri_resolve_relative (base, reference, G_URI_FLAGS_NONE, NULL)
      : NULL;

  return resolved != NULL ? resolved : g_strdup (reference);
}

static const char *
get_string (JsonObject *object, const char *key)
{
  JsonNode *node = json_object_get_member (object, key);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
      ? json_node_get_string (node)
      : NULL;
}

static void
note_uri (
    VlmSchema *self, const char *base, const char *fragment, JsonNode *node)
{
  g_hash_table_insert (self->by_uri,
      fragment != NULL ? g_strdup_printf ("%s#%s", base, fragment)
                       : g_strdup (base),
      node);
}

static void index_schema (
    VlmSchema *self, JsonNode *node, const char *pointer, const char *base);

static void
index_below (VlmSchema *self, JsonNode *node, const char *pointer,
    const char *key, const char *base)
{
  g_autoptr (GString) below = g_string_new (pointer);

  append_escaped (below, key);
  index_schema (self, node, below->str, base);
}

static void
index_list (
    VlmSchema *self, JsonNode *node, const char *pointer, const char *base)
{
  JsonArray *list = json_node_get_array (node);

  for (guint i = 0; i < json_array_get_length (list); i++) {
    g_autofree char *step = g_strdup_printf ("%u", i);

    index_below (self, json_array_get_element (list, i), pointer, step, base);
  }
}

static void
index_map (
    VlmSchema *self, JsonNode *node, const char *pointer, const char *base)
{
  JsonObject *map = json_node_get_object (node);
  g_autoptr (GList) keys = json_object_get_members (map);

  for (const GList *key = keys; key != NULL; key = key->next)
    index_below (self, json_object_get_member (map, key->data), pointer,
        key->data, base);
}

static void
index_keywords (
    VlmSchema *self, JsonObject *object, const char *pointer, const char *base)
{
  for (guint i = 0; i < G_N_ELEMENTS (schema_keys); i++) {
    JsonNode *node = json_object_get_member (object, schema_keys[i]);

    if (node != NULL)
      index_below (self, node, pointer, schema_keys[i], base);
  }
  for (guint i = 0; i < G_N_ELEMENTS (list_keys); i++) {
    JsonNode *node = json_object_get_member (object, list_keys[i]);
    g_autofree char *below = g_strdup_printf ("%s/%s", pointer, list_keys[i]);

    if (node != NULL && JSON_NODE_HOLDS_ARRAY (node))
      index_list (self, node, below, base);
  }
  for (guint i = 0; i < G_N_ELEMENTS (map_keys); i++) {
    JsonNode *node = json_object_get_member (object, map_keys[i]);
    g_autofree char *below = g_strdup_printf ("%s/%s", pointer, map_keys[i]);

    if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
      index_map (self, node, below, base);
  }
}

static void
index_schema (
    VlmSchema *self, JsonNode *node, const char *pointer, const char *base)
{
  g_autofree char *own_base = NULL;
  JsonObject *object;
  const char *id, *anchor, *dynamic;
  guint place;

  if (!JSON_NODE_HOLDS_OBJECT (node)) {
    add_place (self, node, pointer, base, FALSE);
    return;
  }
  object = json_node_get_object (node);
  id = get_string (object, "$id");
  if (id != NULL) {
    own_base = resolve_uri (base, id);
    if (g_str_has_suffix (own_base, "#"))
      own_base[strlen (own_base) - 1] = '\0';
    base = own_base;
    note_uri (self, base, NULL, node);
  }
  place = add_place (self, node, pointer, base, FALSE);
  anchor = get_string (object, "$anchor");
  if (anchor != NULL)
    note_uri (self, base, anchor, node);
  dynamic = get_string (object, "$dynamicAnchor");
  if (dynamic != NULL) {
    guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->dynamic, dynamic));

    note_uri (self, base, dynamic, node);
    g_hash_table_insert (
        self->dynamic, (gpointer) dynamic, GUINT_TO_POINTER (n + 1));
  }
  if (anchor != NULL && strchr (anchor, '#') != NULL)
    vlm_schema_fail (self, place, "$anchor", "'%s' is not a name", anchor);
  index_keywords (self, object, pointer, base);
}

void
vlm_schema_index (VlmSchema *self)
{
  note_uri (self, "", NULL, self->root);
  index_schema (self, self->root, "", "");
}

/* --- references ---------------------------------------------------------- */

/* The element or member of @node that @step names; NULL for none. */
static JsonNode *
step_down (JsonNode *node, const char *step)
{
  if (JSON_NODE_HOLDS_OBJECT (node)) {
    g_auto (GStrv) parts = g_strsplit (step, "~1", -1);
    g_autofree char *slashes = g_strjoinv ("/", parts);
    g_auto (GStrv) tildes = g_strsplit (slashes, "~0", -1);
    g_autofree char *key = g_strjoinv ("~", tildes);

    return json_object_get_member (json_node_get_object (node), key);
  }
  if (JSON_NODE_HOLDS_ARRAY (node) && g_ascii_isdigit (step[0])) {
    JsonArray *list = json_node_get_array (node);
    guint64 index = g_ascii_strtoull (step, NULL, 10);

    return index < json_array_get_length (list)
        ? json_array_get_element (list, (guint) index)
        : NULL;
  }
  return NULL;
}

/* The place that JSON pointer @pointer names below @node; 0 for none. */
static guint
follow_pointer (VlmSchema *self, JsonNode *node, const char *pointer)
{
  g_auto (GStrv) steps = g_strsplit (pointer, "/", -1);
  guint above = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_node, node));
  g_autoptr (GString) path = NULL;
  g_autofree char *base = NULL;

  if (above == 0)
    return 0;
  path = g_string_new (vlm_schema_get_place (self, above - 1)->pointer);
  base = g_strdup (vlm_schema_get_place (self, above - 1)->base);
  for (guint i = 1; steps[0] != NULL && steps[i] != NULL; i++) {
    guint known;

    node = step_down (node, steps[i]);
    if (node == NULL)
      return 0;
    g_string_append_printf (path, "/%s", steps[i]);
    known = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_node, node));
    if (known > 0) {
      g_free (base);
      base = g_strdup (vlm_schema_get_place (self, known - 1)->base);
    }
  }
  /* It may be where no keyword has schemas. */
  if (g_hash_table_lookup (self->by_node, node) == NULL)
    index_schema (self, node, path->str, base);
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->by_node, node)) - 1;
}

guint
vlm_schema_resolve (
    VlmSchema *self, guint place, const char *keyword, const char *reference)
{
  const char *base = vlm_schema_get_place (self, place)->base;
  g_autofree char *uri = reference[0] == '#'
      ? g_strconcat (base, reference, NULL)
      : resolve_uri (base, reference);
  char *fragment = strchr (uri, '#');
  g_autofree char *decoded = NULL;
  JsonNode *node;
  guint found = 0;

  if (fragment != NULL) {
    decoded = g_uri_unescape_string (fragment + 1, NULL);
    if (decoded != NULL && decoded[0] != '\0' && decoded[0] != '/') {
      node = g_hash_table_lookup (self->by_uri, uri);
      if (node != NULL)
        return GPOINTER_TO_UINT (g_hash_table_lookup (self->by_node, node)) - 1;
      vlm_schema_fail (
          self, place, keyword, "there is no anchor '%s'", reference);
      return 0;
    }
    *fragment = '\0';
  }
  node = g_hash_table_lookup (self->by_uri, uri);
  if (node == NULL) {
    vlm_schema_fail (self, place, keyword,
        "'%s' is not in this document, and other documents are not loaded",
        reference);
    return 0;
  }
  if (decoded == NULL || decoded[0] == '\0')
    return GPOINTER_TO_UINT (g_hash_table_lookup (self->by_node, node)) - 1;
  found = follow_pointer (self, node, decoded);
  if (found == 0)
    vlm_schema_fail (
        self, place, keyword, "there is nothing at '%s'", reference);
  return found;
}
