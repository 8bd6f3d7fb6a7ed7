/* gst-vlm: one place of a schema
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "grammar/schema-keywords.h"

/* oneOf compares each with each. */
#define MAX_BRANCHES 64u

/* References in a row, before they are taken for a cycle. */
#define MAX_REFERENCES 64u

/* --- keywords ------------------------------------------------------------ */

/* Keywords that are read here, or in schema-scalars.c, -arrays.c and
 * -objects.c. */
static const char *const known[] = { "$ref", "$dynamicRef", "type", "enum",
  "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
  "multipleOf", "minLength", "maxLength", "pattern", "format", "prefixItems",
  "items", "minItems", "maxItems", "contains", "minContains", "maxContains",
  "uniqueItems", "properties", "patternProperties", "additionalProperties",
  "required", "propertyNames", "minProperties", "maxProperties",
  "dependentRequired", "dependentSchemas", "allOf", "anyOf", "oneOf", "not",
  "if", "then", "else", "unevaluatedItems", "unevaluatedProperties" };
/* Keywords that do not constrain values. */
static const char *const annotations[] = { "$id", "$anchor", "$dynamicAnchor",
  "$defs", "definitions", "$comment", "title", "description", "default",
  "examples", "deprecated", "readOnly", "writeOnly", "contentMediaType",
  "contentEncoding", "contentSchema" };

static gboolean
is_in (const char *const *list, guint n, const char *key)
{
  for (guint i = 0; i < n; i++)
    if (g_str_equal (list[i], key))
      return TRUE;
  return FALSE;
}

/* Drafts in which the keywords that are read mean the same. */
static void
check_draft (const VlmSchemaReader *self)
{
  static const char *const drafts[] = {
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-06/schema",
  };
  const char *draft = vlm_schema_get_string (self, "$schema");
  g_autofree char *bare = NULL;

  if (draft == NULL)
    return;
  bare = g_strdup (draft);
  if (g_str_has_suffix (bare, "#"))
    bare[strlen (bare) - 1] = '\0';
  if (!is_in (drafts, G_N_ELEMENTS (drafts), bare))
    vlm_schema_fail (self->schema, self->place, "$schema",
        "'%s' is not supported; draft 2020-12 is", draft);
  else if (!g_str_equal (bare, drafts[0]) &&
      json_object_has_member (self->object, "$ref") &&
      json_object_get_size (self->object) > 2)
    vlm_schema_fail (self->schema, self->place, "$ref",
        "older drafts ignore the keywords beside it");
}

static void
check_keywords (const VlmSchemaReader *self)
{
  g_autoptr (GList) keys = json_object_get_members (self->object);

  for (const GList *key = keys; key != NULL; key = key->next) {
    const char *name = key->data;

    if (g_str_equal (name, "$schema"))
      check_draft (self);
    else if (!is_in (known, G_N_ELEMENTS (known), name) &&
        !is_in (annotations, G_N_ELEMENTS (annotations), name) &&
        !g_str_has_prefix (name, "x-"))
      vlm_schema_fail (
          self->schema, self->place, name, "this keyword is not supported");
  }
}

static void
fail_type (const VlmSchemaReader *self, const char *key, const char *type)
{
  vlm_schema_fail (self->schema, self->place, key, "must be %s", type);
}

JsonNode *
vlm_schema_get (const VlmSchemaReader *self, const char *key)
{
  return json_object_get_member (self->object, key);
}

JsonArray *
vlm_schema_get_list (const VlmSchemaReader *self, const char *key)
{
  JsonNode *node = vlm_schema_get (self, key);

  if (node == NULL || JSON_NODE_HOLDS_ARRAY (node))
    return node != NULL ? json_node_get_array (node) : NULL;
  fail_type (self, key, "a list");
  return NULL;
}

JsonObject *
vlm_schema_get_map (const VlmSchemaReader *self, const char *key)
{
  JsonNode *node = vlm_schema_get (self, key);

  if (node == NULL || JSON_NODE_HOLDS_OBJECT (node))
    return node != NULL ? json_node_get_object (node) : NULL;
  fail_type (self, key, "an object");
  return NULL;
}

const char *
vlm_schema_get_string (const VlmSchemaReader *self, const char *key)
{
  JsonNode *node = vlm_schema_get (self, key);

  if (node == NULL)
    return NULL;
  if (JSON_NODE_HOLDS_VALUE (node) &&
      json_node_get_value_type (node) == G_TYPE_STRING)
    return json_node_get_string (node);
  fail_type (self, key, "a string");
  return NULL;
}

static gboolean
is_number (JsonNode *node)
{
  GType type;

  if (!JSON_NODE_HOLDS_VALUE (node))
    return FALSE;
  type = json_node_get_value_type (node);
  return type == G_TYPE_INT64 || type == G_TYPE_DOUBLE;
}

JsonNode *
vlm_schema_get_number (const VlmSchemaReader *self, const char *key)
{
  JsonNode *node = vlm_schema_get (self, key);

  if (node == NULL || is_number (node))
    return node;
  fail_type (self, key, "a number");
  return NULL;
}

guint
vlm_schema_get_count (
    const VlmSchemaReader *self, const char *key, guint fallback)
{
  JsonNode *node = vlm_schema_get (self, key);
  double value =
      node != NULL && is_number (node) ? json_node_get_double (node) : -1.0;

  if (node == NULL)
    return fallback;
  if (value < 0.0 || value != (double) (gint64) MIN (value, 1e18)) {
    fail_type (self, key, "a whole number, 0 or more");
    return fallback;
  }
  return (guint) MIN (value, (double) (G_MAXUINT - 1));
}

VlmSchemaTerm
vlm_schema_get_term (const VlmSchemaReader *self, const char *key,
    const char *step, JsonNode *node, gboolean negated)
{
  return vlm_schema_term (
      vlm_schema_place (self->schema, self->place, key, step, node, FALSE),
      negated);
}

/* The reference, if @node is nothing but a reference; else NULL. */
static const char *
get_reference (JsonNode *node)
{
  JsonObject *object;
  g_autoptr (GList) keys = NULL;
  JsonNode *reference;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return NULL;
  object = json_node_get_object (node);
  reference = json_object_get_member (object, "$ref");
  if (reference == NULL || !JSON_NODE_HOLDS_VALUE (reference))
    return NULL;
  keys = json_object_get_members (object);
  for (const GList *key = keys; key != NULL; key = key->next)
    if (!g_str_equal (key->data, "$ref") &&
        !is_in (annotations, G_N_ELEMENTS (annotations), key->data))
      return NULL;
  return json_node_get_string (reference);
}

VlmSchemaTerm
vlm_schema_follow (VlmSchema *self, VlmSchemaTerm term)
{
  for (guint i = 0; i < MAX_REFERENCES && self->error == NULL; i++) {
    const VlmSchemaPlace *place = vlm_schema_get_place (self, term >> 1);
    const char *reference =
        place->is_value ? NULL : get_reference (place->node);
    guint next;

    if (reference == NULL)
      break;
    next = vlm_schema_resolve (self, term >> 1, "$ref", reference);
    if (self->error == NULL)
      term = vlm_schema_term (next, (term & 1) != 0);
  }
  return term;
}

/* --- types --------------------------------------------------------------- */

static void
add_type (const VlmSchemaReader *self, const char *type,
    const VlmSchemaShape *any, VlmSchemaShape *shape)
{
  if (g_str_equal (type, "null"))
    shape->null = TRUE;
  else if (g_str_equal (type, "boolean"))
    shape->falsity = shape->truth = TRUE;
  else if (g_str_equal (type, "number"))
    shape->any_number = TRUE;
  else if (g_str_equal (type, "integer"))
    shape->numbers = vlm_schema_integers (self->schema);
  else if (g_str_equal (type, "string"))
    shape->strings = any->strings;
  else if (g_str_equal (type, "array"))
    shape->arrays = any->arrays;
  else if (g_str_equal (type, "object"))
    shape->objects = any->objects;
  else
    vlm_schema_fail (
        self->schema, self->place, "type", "'%s' is not a type", type);
}

static VlmSchemaShape *
read_types (const VlmSchemaReader *self)
{
  VlmSchemaShape *any = vlm_schema_shape_new_any (self->schema);
  VlmSchemaShape *shape = vlm_schema_shape_new (self->schema);
  JsonNode *node = vlm_schema_get (self, "type");
  JsonArray *list;

  if (node == NULL)
    return any;
  if (!JSON_NODE_HOLDS_ARRAY (node)) {
    const char *type = vlm_schema_get_string (self, "type");

    if (type != NULL)
      add_type (self, type, any, shape);
    return shape;
  }
  list = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (list); i++) {
    JsonNode *type = json_array_get_element (list, i);

    if (json_node_get_value_type (type) == G_TYPE_STRING)
      add_type (self, json_node_get_string (type), any, shape);
    else
      fail_type (self, "type", "a name of a type, or a list of them");
  }
  return shape;
}

/* Everything that has none of the types. */
static VlmSchemaShape *
deny_types (const VlmSchemaReader *self)
{
  VlmSchemaShape *named = read_types (self);
  VlmSchemaShape *shape = vlm_schema_shape_new_any (self->schema);

  if (vlm_schema_get (self, "type") == NULL)
    return vlm_schema_shape_new (self->schema);
  shape->null = !named->null;
  shape->falsity = shape->truth = !named->truth;
  if (named->any_number) {
    shape->any_number = FALSE;
  } else if (named->numbers != NULL) {
    shape->any_number = FALSE;
    shape->numbers = vlm_schema_without (self->schema, self->place,
        vlm_schema_decimals (self->schema), named->numbers);
  }
  if (named->strings->len > 0)
    g_ptr_array_set_size (shape->strings, 0);
  if (named->arrays->len > 0)
    g_ptr_array_set_size (shape->arrays, 0);
  if (named->objects->len > 0)
    g_ptr_array_set_size (shape->objects, 0);
  return shape;
}

/* --- several schemas of the same value ----------------------------------- */

static VlmSchemaShape *
unite (const VlmSchemaReader *self, const VlmSchemaShape *a,
    const VlmSchemaShape *b)
{
  return a == NULL || b == NULL
      ? NULL
      : vlm_schema_unite (self->schema, self->place, a, b);
}

static VlmSchemaShape *
intersect (const VlmSchemaReader *self, const VlmSchemaShape *a,
    const VlmSchemaShape *b)
{
  return a == NULL || b == NULL
      ? NULL
      : vlm_schema_intersect (self->schema, self->place, a, b);
}

/* The list of schemas at @key; an error when it is empty. */
static GArray *
read_branches (const VlmSchemaReader *self, const char *key)
{
  GArray *terms = g_array_new (FALSE, FALSE, sizeof (VlmSchemaTerm));
  JsonArray *list = vlm_schema_get_list (self, key);
  guint n = list != NULL ? json_array_get_length (list) : 0;

  if (list != NULL && n == 0)
    fail_type (self, key, "a list of at least one schema");
  for (guint i = 0; i < n; i++) {
    g_autofree char *step = g_strdup_printf ("%u", i);
    VlmSchemaTerm term = vlm_schema_get_term (
        self, key, step, json_array_get_element (list, i), FALSE);

    g_array_append_val (terms, term);
  }
  return terms;
}

/* All of @terms, or any of them; each negated. */
static VlmSchemaShape *
join_terms (const VlmSchemaReader *self, const GArray *terms, gboolean all,
    gboolean negated)
{
  VlmSchemaShape *shape = all ? vlm_schema_shape_new_any (self->schema)
                              : vlm_schema_shape_new (self->schema);

  for (guint i = 0; i < terms->len && shape != NULL; i++) {
    const VlmSchemaShape *other = vlm_schema_term_shape (self->schema,
        g_array_index (terms, VlmSchemaTerm, i) ^ (negated ? 1u : 0u));

    shape = all ? intersect (self, shape, other) : unite (self, shape, other);
  }
  return shape;
}

/* Reports the error as the reason why two branches cannot be distinguished. */
static void
report_overlap (const VlmSchemaReader *self, guint first, guint second)
{
  g_autoptr (GError) cause = g_steal_pointer (&self->schema->error);

  vlm_schema_fail (self->schema, self->place, "oneOf",
      "%u and %u may both match, and cannot be distinguished: %s", first,
      second, cause->message);
}

/* A branch and no other one: what it shares with others is taken out. */
static VlmSchemaShape *
read_branch (const VlmSchemaReader *self, const GArray *terms, guint index)
{
  VlmSchemaTerm term = g_array_index (terms, VlmSchemaTerm, index);
  const VlmSchemaShape *own = vlm_schema_term_shape (self->schema, term);
  VlmSchemaShape *shape = (VlmSchemaShape *) own;

  for (guint i = 0; i < terms->len && shape != NULL; i++) {
    VlmSchemaTerm other = g_array_index (terms, VlmSchemaTerm, i);
    const VlmSchemaShape *both;

    if (i == index)
      continue;
    both = intersect (self, own, vlm_schema_term_shape (self->schema, other));
    if (both == NULL)
      return NULL;
    if (vlm_schema_is_empty (self->schema, both))
      continue;
    shape = intersect (
        self, shape, vlm_schema_term_shape (self->schema, other ^ 1));
    if (self->schema->error != NULL)
      report_overlap (self, MIN (i, index), MAX (i, index));
  }
  return shape;
}

static VlmSchemaShape *
read_one_of (const VlmSchemaReader *self)
{
  g_autoptr (GArray) terms = read_branches (self, "oneOf");
  VlmSchemaShape *shape = vlm_schema_shape_new (self->schema);

  if (terms->len > MAX_BRANCHES)
    vlm_schema_fail (self->schema, self->place, "oneOf", "more than %u schemas",
        MAX_BRANCHES);
  for (guint i = 0;
       i < terms->len && shape != NULL && self->schema->error == NULL; i++)
    shape = unite (self, shape, read_branch (self, terms, i));
  return shape;
}

/* What matches none of them, or two. */
static VlmSchemaShape *
deny_one_of (const VlmSchemaReader *self)
{
  g_autoptr (GArray) terms = read_branches (self, "oneOf");
  VlmSchemaShape *shape = join_terms (self, terms, TRUE, TRUE);

  for (guint i = 0; i < terms->len && shape != NULL; i++)
    for (guint j = 0; j < i && shape != NULL; j++)
      shape = unite (self, shape,
          intersect (self,
              vlm_schema_term_shape (
                  self->schema, g_array_index (terms, VlmSchemaTerm, i)),
              vlm_schema_term_shape (
                  self->schema, g_array_index (terms, VlmSchemaTerm, j))));
  return shape;
}

/* any when there is no @key */
static const VlmSchemaShape *
read_sub (const VlmSchemaReader *self, const char *key, gboolean negated)
{
  JsonNode *node = vlm_schema_get (self, key);

  if (node == NULL)
    return negated ? vlm_schema_shape_new (self->schema)
                   : vlm_schema_shape_new_any (self->schema);
  return vlm_schema_term_shape (
      self->schema, vlm_schema_get_term (self, key, NULL, node, negated));
}

static VlmSchemaShape *
read_if (const VlmSchemaReader *self, gboolean negated)
{
  return unite (self,
      intersect (
          self, read_sub (self, "if", FALSE), read_sub (self, "then", negated)),
      intersect (
          self, read_sub (self, "if", TRUE), read_sub (self, "else", negated)));
}

static const VlmSchemaShape *
read_reference (const VlmSchemaReader *self, const char *key, gboolean negated)
{
  const char *reference = vlm_schema_get_string (self, key);
  guint place;

  if (reference == NULL)
    return NULL;
  if (g_str_equal (key, "$dynamicRef")) {
    const char *name = strchr (reference, '#');
    guint n = name != NULL ? GPOINTER_TO_UINT (g_hash_table_lookup (
                                 self->schema->dynamic, name + 1))
                           : 0;

    if (n > 1) {
      vlm_schema_fail (self->schema, self->place, key,
          "there are %u anchors of that name: which one applies depends on the "
          "path that leads here",
          n);
      return NULL;
    }
  }
  place = vlm_schema_resolve (self->schema, self->place, key, reference);
  return self->schema->error != NULL
      ? NULL
      : vlm_schema_term_shape (self->schema, vlm_schema_term (place, negated));
}

/* dependentSchemas: an object with the name must fit the schema. */
static VlmSchemaShape *
read_dependent (const VlmSchemaReader *self, VlmSchemaShape *shape)
{
  JsonObject *map = vlm_schema_get_map (self, "dependentSchemas");
  g_autoptr (GList) names = map != NULL ? json_object_get_members (map) : NULL;

  for (const GList *name = names; name != NULL && shape != NULL;
       name = name->next) {
    VlmSchemaShape *without = vlm_schema_shape_new_any (self->schema);
    VlmSchemaShape *with = vlm_schema_shape_new (self->schema);
    VlmSchemaObject *object = vlm_schema_object_new (self->schema, self->place);
    const VlmSchemaClass any = { NULL, VLM_SCHEMA_ANYTHING, FALSE };

    vlm_schema_object_add (self->schema, without->objects->pdata[0], name->data,
        VLM_SCHEMA_NOTHING);
    vlm_schema_object_add (
        self->schema, object, name->data, VLM_SCHEMA_ANYTHING)
        ->required = TRUE;
    g_array_append_val (object->classes, any);
    g_ptr_array_add (with->objects, object);
    with = intersect (self, with,
        vlm_schema_term_shape (self->schema,
            vlm_schema_get_term (self, "dependentSchemas", name->data,
                json_object_get_member (map, name->data), FALSE)));
    shape = intersect (self, shape, unite (self, without, with));
  }
  return shape;
}

/* --- a place ------------------------------------------------------------- */

static VlmSchemaShape *
read_place (const VlmSchemaReader *self)
{
  VlmSchemaShape *shape = vlm_schema_shape_new_any (self->schema);
  static const char *const references[] = { "$ref", "$dynamicRef" };

  vlm_schema_read_number (self, shape);
  vlm_schema_read_string (self, shape);
  vlm_schema_read_array (self, shape);
  vlm_schema_read_object (self, shape);
  shape = intersect (self, shape, read_types (self));
  if (vlm_schema_get (self, "enum") != NULL ||
      vlm_schema_get (self, "const") != NULL)
    shape = intersect (self, shape, vlm_schema_values_shape (self, FALSE));
  for (guint i = 0; i < G_N_ELEMENTS (references); i++)
    if (vlm_schema_get (self, references[i]) != NULL)
      shape =
          intersect (self, shape, read_reference (self, references[i], FALSE));
  if (vlm_schema_get (self, "allOf") != NULL) {
    g_autoptr (GArray) terms = read_branches (self, "allOf");

    shape = intersect (self, shape, join_terms (self, terms, TRUE, FALSE));
  }
  if (vlm_schema_get (self, "anyOf") != NULL) {
    g_autoptr (GArray) terms = read_branches (self, "anyOf");

    shape = intersect (self, shape, join_terms (self, terms, FALSE, FALSE));
  }
  if (vlm_schema_get (self, "oneOf") != NULL)
    shape = intersect (self, shape, read_one_of (self));
  if (vlm_schema_get (self, "not") != NULL)
    shape = intersect (self, shape, read_sub (self, "not", TRUE));
  if (vlm_schema_get (self, "if") != NULL)
    shape = intersect (self, shape, read_if (self, FALSE));
  if (vlm_schema_get (self, "dependentSchemas") != NULL)
    shape = read_dependent (self, shape);
  if (shape != NULL)
    vlm_schema_read_unevaluated (self, shape);
  return shape;
}

static VlmSchemaShape *
deny_place (const VlmSchemaReader *self)
{
  VlmSchemaShape *shape = deny_types (self);
  static const char *const references[] = { "$ref", "$dynamicRef" };
  static const char *const unsupported[] = { "dependentSchemas",
    "unevaluatedItems", "unevaluatedProperties" };

  for (guint i = 0; i < G_N_ELEMENTS (unsupported); i++)
    if (vlm_schema_get (self, unsupported[i]) != NULL)
      vlm_schema_fail (self->schema, self->place, unsupported[i],
          "not supported where it must not hold");
  shape = unite (self, shape, vlm_schema_deny_number (self));
  shape = unite (self, shape, vlm_schema_deny_string (self));
  shape = unite (self, shape, vlm_schema_deny_array (self));
  shape = unite (self, shape, vlm_schema_deny_object (self));
  if (vlm_schema_get (self, "enum") != NULL ||
      vlm_schema_get (self, "const") != NULL)
    shape = unite (self, shape, vlm_schema_values_shape (self, TRUE));
  for (guint i = 0; i < G_N_ELEMENTS (references); i++)
    if (vlm_schema_get (self, references[i]) != NULL)
      shape = unite (self, shape, read_reference (self, references[i], TRUE));
  if (vlm_schema_get (self, "allOf") != NULL) {
    g_autoptr (GArray) terms = read_branches (self, "allOf");

    shape = unite (self, shape, join_terms (self, terms, FALSE, TRUE));
  }
  if (vlm_schema_get (self, "anyOf") != NULL) {
    g_autoptr (GArray) terms = read_branches (self, "anyOf");

    shape = unite (self, shape, join_terms (self, terms, TRUE, TRUE));
  }
  if (vlm_schema_get (self, "oneOf") != NULL)
    shape = unite (self, shape, deny_one_of (self));
  if (vlm_schema_get (self, "not") != NULL)
    shape = unite (self, shape, read_sub (self, "not", FALSE));
  if (vlm_schema_get (self, "if") != NULL)
    shape = unite (self, shape, read_if (self, TRUE));
  return shape;
}

static VlmSchemaShape *
make_shape (VlmSchema *schema, VlmSchemaTerm term)
{
  const VlmSchemaPlace *place = vlm_schema_get_place (schema, term >> 1);
  VlmSchemaReader self = { schema, term >> 1, NULL };
  gboolean negated = (term & 1) != 0;

  if (place->is_value)
    return negated ? vlm_schema_deny_value (schema, term >> 1)
                   : vlm_schema_value_shape (schema, term >> 1);
  if (JSON_NODE_HOLDS_VALUE (place->node) &&
      json_node_get_value_type (place->node) == G_TYPE_BOOLEAN)
    return json_node_get_boolean (place->node) != negated
        ? vlm_schema_shape_new_any (schema)
        : vlm_schema_shape_new (schema);
  if (!JSON_NODE_HOLDS_OBJECT (place->node)) {
    vlm_schema_fail (
        schema, term >> 1, NULL, "a schema must be an object, true or false");
    return NULL;
  }
  self.object = json_node_get_object (place->node);
  check_keywords (&self);
  if (schema->error != NULL)
    return NULL;
  return negated ? deny_place (&self) : read_place (&self);
}

/* What must not hold evaluates nothing. */
static VlmSchemaShape *
without_annotations (VlmSchema *self, const VlmSchemaShape *from)
{
  VlmSchemaShape *shape = vlm_schema_shape_new (self);
  GPtrArray *arrays = shape->arrays, *objects = shape->objects;

  *shape = *from;
  shape->arrays = arrays;
  shape->objects = objects;
  for (guint i = 0; i < from->arrays->len; i++)
    g_ptr_array_add (
        arrays, vlm_schema_array_forget (self, from->arrays->pdata[i]));
  for (guint i = 0; i < from->objects->len; i++)
    g_ptr_array_add (
        objects, vlm_schema_object_forget (self, from->objects->pdata[i]));
  return shape;
}

/* The depth at which a shape was begun; a shape that is needed again at the same
 * depth refers to itself. */
#define BEGUN_AT(depth) GUINT_TO_POINTER ((depth) + 1)

const VlmSchemaShape *
vlm_schema_term_shape (VlmSchema *self, VlmSchemaTerm term)
{
  gpointer key = GUINT_TO_POINTER (term);
  VlmSchemaShape *shape = g_hash_table_lookup (self->term_shapes, key);
  gpointer begun = g_hash_table_lookup (self->begun, key);

  if (shape != NULL || self->error != NULL)
    return shape;
  if (begun == BEGUN_AT (self->depth))
    vlm_schema_fail (self, term >> 1, NULL,
        "it refers to itself, without an object or an array in between");
  if (begun != NULL)
    return NULL;
  g_hash_table_insert (self->begun, key, BEGUN_AT (self->depth));
  shape = make_shape (self, term);
  if (shape != NULL && (term & 1) != 0)
    shape = without_annotations (self, shape);
  g_hash_table_remove (self->begun, key);
  if (shape != NULL && self->error == NULL)
    g_hash_table_insert (self->term_shapes, key, shape);
  return self->error == NULL ? shape : NULL;
}
