/* gst-vlm: the keywords of a schema for objects
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/schema-keywords.h"

static VlmSchemaSet
read_set (const VlmSchemaReader *self, const char *key, const char *step,
    JsonNode *node, gboolean negated)
{
  return vlm_schema_set_of (
      self->schema, vlm_schema_get_term (self, key, step, node, negated));
}

/* --- names --------------------------------------------------------------- */

/* Names of @names (NULL: any) that are in @part, or are not. */
static VlmChars *
split_names (const VlmSchemaReader *self, VlmChars *names, VlmChars *part,
    gboolean inside)
{
  VlmSchema *schema = self->schema;

  if (names == NULL)
    names = vlm_schema_length (schema, 0, 0, G_MAXUINT);
  return inside ? vlm_schema_both (schema, self->place, names, part)
                : vlm_schema_without (schema, self->place, names, part);
}

static void
add_class (
    GArray *classes, VlmChars *names, VlmSchemaSet set, gboolean evaluated)
{
  VlmSchemaClass class = { names, set, evaluated };

  if (names == NULL || !vlm_chars_is_empty (names))
    g_array_append_val (classes, class);
}

/* Names that match @pattern fit @set as well. @rest: those that match none so
 * far; NULL for all. */
static GArray *
add_pattern (const VlmSchemaReader *self, const GArray *classes,
    VlmChars *pattern, VlmSchemaSet set, VlmChars **rest)
{
  GArray *split = g_array_new (FALSE, FALSE, sizeof (VlmSchemaClass));

  for (guint i = 0; i < classes->len && self->schema->error == NULL; i++) {
    VlmSchemaClass class = g_array_index (classes, VlmSchemaClass, i);

    add_class (split, split_names (self, class.names, pattern, FALSE),
        class.set, TRUE);
    if (self->schema->error == NULL)
      add_class (split, split_names (self, class.names, pattern, TRUE),
          vlm_schema_set_join (self->schema, class.set, set), TRUE);
  }
  if (self->schema->error == NULL)
    add_class (split, split_names (self, *rest, pattern, TRUE), set, TRUE);
  if (self->schema->error == NULL)
    *rest = split_names (self, *rest, pattern, FALSE);
  return split;
}

/* The names that patternProperties lists, and what each fits. */
static GArray *
read_patterns (const VlmSchemaReader *self, VlmChars **rest)
{
  JsonObject *map = vlm_schema_get_map (self, "patternProperties");
  g_autoptr (GList) patterns =
      map != NULL ? json_object_get_members (map) : NULL;
  GArray *classes = g_array_new (FALSE, FALSE, sizeof (VlmSchemaClass));

  *rest = NULL;
  for (const GList *at = patterns; at != NULL && self->schema->error == NULL;
       at = at->next) {
    VlmChars *pattern = vlm_schema_pattern (
        self->schema, self->place, "patternProperties", at->data);
    GArray *split;

    if (pattern == NULL)
      break;
    split = add_pattern (self, classes, pattern,
        read_set (self, "patternProperties", at->data,
            json_object_get_member (map, at->data), FALSE),
        rest);
    g_array_unref (classes);
    classes = split;
  }
  return classes;
}

/* What propertyNames allows; NULL for all. */
static VlmChars *
read_names (const VlmSchemaReader *self)
{
  JsonNode *node = vlm_schema_get (self, "propertyNames");
  const VlmSchemaShape *shape;
  VlmChars *names = NULL;

  if (node == NULL)
    return NULL;
  shape = vlm_schema_shape_of (
      self->schema, read_set (self, "propertyNames", NULL, node, FALSE));
  if (shape == NULL) {
    vlm_schema_fail (self->schema, self->place, "propertyNames",
        "it refers to a schema that contains it");
    return NULL;
  }
  names = vlm_schema_length (self->schema, 0, 1, 0); /* none */
  for (guint i = 0; i < shape->strings->len; i++) {
    const VlmSchemaString *string = shape->strings->pdata[i];
    VlmChars *one =
        vlm_schema_length (self->schema, self->place, string->min, string->max);

    if (string->chars != NULL)
      one = vlm_schema_both (self->schema, self->place, one, string->chars);
    names = vlm_schema_either (self->schema, self->place, names, one);
  }
  return names;
}

/* --- members ------------------------------------------------------------- */

static void
read_members (const VlmSchemaReader *self, VlmSchemaObject *object)
{
  JsonObject *map = vlm_schema_get_map (self, "properties");
  g_autoptr (GList) names = map != NULL ? json_object_get_members (map) : NULL;

  for (const GList *name = names; name != NULL; name = name->next) {
    VlmSchemaSet set = read_set (self, "properties", name->data,
        json_object_get_member (map, name->data), FALSE);
    gboolean matched;
    /* Only patterns are among the classes yet. */
    VlmSchemaSet other = vlm_schema_object_rest (object, name->data, &matched);
    VlmSchemaMember *member =
        vlm_schema_object_add (self->schema, object, name->data,
            matched ? vlm_schema_set_join (self->schema, set, other) : set);

    member->declared = member->evaluated = TRUE;
  }
}

static VlmSchemaMember *
require (const VlmSchemaReader *self, VlmSchemaObject *object, const char *name)
{
  VlmSchemaMember *member = vlm_schema_object_find (object, name);

  if (member == NULL) {
    gboolean evaluated;
    VlmSchemaSet set = vlm_schema_object_rest (object, name, &evaluated);

    member = vlm_schema_object_add (self->schema, object, name, set);
    member->evaluated = evaluated;
  }
  member->required = TRUE;
  return member;
}

/* The names in the list @node; none, with an error, for something else. */
static GPtrArray *
read_name_list (const VlmSchemaReader *self, const char *key, JsonNode *node)
{
  GPtrArray *names = g_ptr_array_new ();
  JsonArray *list;

  if (!JSON_NODE_HOLDS_ARRAY (node)) {
    vlm_schema_fail (self->schema, self->place, key, "must be a list of names");
    return names;
  }
  list = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (list); i++) {
    JsonNode *name = json_array_get_element (list, i);

    if (json_node_get_value_type (name) == G_TYPE_STRING)
      g_ptr_array_add (names, (gpointer) json_node_get_string (name));
    else
      vlm_schema_fail (
          self->schema, self->place, key, "must be a list of names");
  }
  return names;
}

static void
hold_to_names (const VlmSchemaReader *self, VlmSchemaObject *object)
{
  VlmChars *names = read_names (self);
  VlmSchemaObject any = { 0 };
  VlmSchemaClass class = { names, VLM_SCHEMA_ANYTHING, FALSE };

  if (names == NULL || self->schema->error != NULL)
    return;
  any.classes = g_array_new (FALSE, FALSE, sizeof (VlmSchemaClass));
  g_array_append_val (any.classes, class);
  for (guint i = 0; i < object->members->len; i++) {
    VlmSchemaMember *member = object->members->pdata[i];

    if (vlm_schema_object_rest (&any, member->name, NULL) == VLM_SCHEMA_NOTHING)
      member->set = VLM_SCHEMA_NOTHING;
  }
  for (guint i = 0; i < object->classes->len && self->schema->error == NULL;
       i++) {
    VlmSchemaClass *at = &g_array_index (object->classes, VlmSchemaClass, i);

    at->names = split_names (self, at->names, names, TRUE);
  }
  g_array_unref (any.classes);
}

/* dependentRequired: one alternative without the name, one with it and what it
 * needs; the first one is left in @shape as it is. */
static void
read_dependent (const VlmSchemaReader *self, VlmSchemaShape *shape)
{
  JsonObject *map = vlm_schema_get_map (self, "dependentRequired");
  g_autoptr (GList) names = map != NULL ? json_object_get_members (map) : NULL;

  for (const GList *name = names; name != NULL; name = name->next) {
    g_autoptr (GPtrArray) needed = read_name_list (
        self, "dependentRequired", json_object_get_member (map, name->data));
    VlmSchemaShape *choice = vlm_schema_shape_new (self->schema);

    for (guint i = 0; i < 2; i++) {
      VlmSchemaObject *object =
          vlm_schema_object_new (self->schema, self->place);
      VlmSchemaClass any = { NULL, VLM_SCHEMA_ANYTHING, FALSE };

      if (i == 0)
        vlm_schema_object_add (
            self->schema, object, name->data, VLM_SCHEMA_NOTHING);
      g_array_append_val (object->classes, any);
      for (guint j = 0; i == 1 && j < needed->len; j++)
        require (self, object, needed->pdata[j]);
      if (i == 1)
        require (self, object, name->data);
      g_ptr_array_add (choice->objects, object);
    }
    shape->objects =
        vlm_schema_intersect (self->schema, self->place, shape, choice)
            ->objects;
  }
}

static VlmSchemaObject *
read_object (const VlmSchemaReader *self)
{
  VlmSchemaObject *object = vlm_schema_object_new (self->schema, self->place);
  JsonNode *additional = vlm_schema_get (self, "additionalProperties");
  JsonNode *required = vlm_schema_get (self, "required");
  VlmSchemaSet others = VLM_SCHEMA_ANYTHING;
  VlmChars *rest;

  object->min = vlm_schema_get_count (self, "minProperties", 0);
  object->max = vlm_schema_get_count (self, "maxProperties", G_MAXUINT);
  object->is_open = additional != NULL;
  object->classes = vlm_schema_keep (self->schema, read_patterns (self, &rest),
      (GDestroyNotify) g_array_unref);
  read_members (self, object);
  if (additional != NULL)
    others = read_set (self, "additionalProperties", NULL, additional, FALSE);
  add_class (object->classes, rest, others, additional != NULL);
  if (required != NULL) {
    g_autoptr (GPtrArray) names = read_name_list (self, "required", required);

    for (guint i = 0; i < names->len; i++)
      require (self, object, names->pdata[i]);
  }
  hold_to_names (self, object);
  return object;
}

void
vlm_schema_read_object (const VlmSchemaReader *self, VlmSchemaShape *shape)
{
  shape->objects->pdata[0] = read_object (self);
  read_dependent (self, shape);
}

/* --- what must not hold -------------------------------------------------- */

static VlmSchemaObject *
add_object (const VlmSchemaReader *self, VlmSchemaShape *shape)
{
  VlmSchemaObject *object = vlm_schema_object_new (self->schema, self->place);

  add_class (object->classes, NULL, VLM_SCHEMA_ANYTHING, FALSE);
  g_ptr_array_add (shape->objects, object);
  return object;
}

static void
deny_members (const VlmSchemaReader *self, VlmSchemaShape *shape)
{
  JsonObject *map = vlm_schema_get_map (self, "properties");
  JsonNode *required = vlm_schema_get (self, "required");
  g_autoptr (GList) names = map != NULL ? json_object_get_members (map) : NULL;
  g_autoptr (GPtrArray) needed =
      required != NULL ? read_name_list (self, "required", required) : NULL;

  for (const GList *name = names; name != NULL; name = name->next)
    vlm_schema_object_add (self->schema, add_object (self, shape), name->data,
        read_set (self, "properties", name->data,
            json_object_get_member (map, name->data), TRUE))
        ->required = TRUE;
  for (guint i = 0; needed != NULL && i < needed->len; i++)
    vlm_schema_object_add (self->schema, add_object (self, shape),
        needed->pdata[i], VLM_SCHEMA_NOTHING);
}

VlmSchemaShape *
vlm_schema_deny_object (const VlmSchemaReader *self)
{
  static const char *const unsupported[] = { "patternProperties",
    "propertyNames", "dependentRequired" };
  VlmSchemaShape *shape = vlm_schema_shape_new (self->schema);
  JsonNode *additional = vlm_schema_get (self, "additionalProperties");
  guint min = vlm_schema_get_count (self, "minProperties", 0);
  guint max = vlm_schema_get_count (self, "maxProperties", G_MAXUINT);

  for (guint i = 0; i < G_N_ELEMENTS (unsupported); i++)
    if (vlm_schema_get (self, unsupported[i]) != NULL)
      vlm_schema_fail (self->schema, self->place, unsupported[i],
          "not supported where it must not hold");
  if (additional != NULL &&
      read_set (self, "additionalProperties", NULL, additional, FALSE) !=
          VLM_SCHEMA_ANYTHING)
    vlm_schema_fail (self->schema, self->place, "additionalProperties",
        "not supported where it must not hold");
  deny_members (self, shape);
  if (min > 0)
    add_object (self, shape)->max = min - 1;
  if (max < G_MAXUINT)
    add_object (self, shape)->min = max + 1;
  return shape;
}

/* --- what is left over --------------------------------------------------- */

static VlmSchemaObject *
hold_rest_of_object (
    const VlmSchemaReader *self, const VlmSchemaObject *from, VlmSchemaSet set)
{
  VlmSchemaObject *object = vlm_schema_object_new (self->schema, self->place);

  object->min = from->min;
  object->max = from->max;
  object->needs_more = from->needs_more;
  object->is_open = TRUE;
  for (guint i = 0; i < from->members->len; i++) {
    const VlmSchemaMember *member = from->members->pdata[i];
    VlmSchemaMember *held =
        vlm_schema_object_add (self->schema, object, member->name,
            member->evaluated
                ? member->set
                : vlm_schema_set_join (self->schema, member->set, set));

    held->required = member->required;
    held->declared = member->declared;
    held->evaluated = TRUE;
  }
  for (guint i = 0; i < from->classes->len; i++) {
    VlmSchemaClass class = g_array_index (from->classes, VlmSchemaClass, i);

    if (!class.evaluated)
      class.set = vlm_schema_set_join (self->schema, class.set, set);
    if (class.set != VLM_SCHEMA_NOTHING)
      add_class (object->classes, class.names, class.set, TRUE);
  }
  return object;
}

static VlmSchemaArray *
hold_rest_of_array (
    const VlmSchemaReader *self, const VlmSchemaArray *from, VlmSchemaSet set)
{
  VlmSchemaArray *array = vlm_schema_array_new (self->schema, self->place);

  array->min = from->min;
  array->max = from->max;
  array->rest = from->rest;
  array->rest_evaluated = TRUE;
  g_array_append_vals (
      array->contains, from->contains->data, from->contains->len);
  g_array_append_vals (array->prefix, from->prefix->data, from->prefix->len);
  if (from->rest_evaluated)
    return array;
  if (from->contains->len > 0)
    vlm_schema_fail (self->schema, self->place, "unevaluatedItems",
        "not supported beside contains");
  for (guint i = array->prefix->len; i < from->n_evaluated; i++)
    g_array_append_val (array->prefix, from->rest);
  for (guint i = from->n_evaluated; i < array->prefix->len; i++)
    g_array_index (array->prefix, VlmSchemaSet, i) = vlm_schema_set_join (
        self->schema, g_array_index (array->prefix, VlmSchemaSet, i), set);
  array->rest = vlm_schema_set_join (self->schema, from->rest, set);
  return array;
}

void
vlm_schema_read_unevaluated (const VlmSchemaReader *self, VlmSchemaShape *shape)
{
  JsonNode *members = vlm_schema_get (self, "unevaluatedProperties");
  JsonNode *items = vlm_schema_get (self, "unevaluatedItems");
  GPtrArray *before;

  if (members != NULL) {
    VlmSchemaSet set =
        read_set (self, "unevaluatedProperties", NULL, members, FALSE);

    before = shape->objects;
    shape->objects = vlm_schema_shape_new (self->schema)->objects;
    for (guint i = 0; i < before->len; i++)
      g_ptr_array_add (
          shape->objects, hold_rest_of_object (self, before->pdata[i], set));
  }
  if (items != NULL) {
    VlmSchemaSet set = read_set (self, "unevaluatedItems", NULL, items, FALSE);

    before = shape->arrays;
    shape->arrays = vlm_schema_shape_new (self->schema)->arrays;
    for (guint i = 0; i < before->len; i++)
      g_ptr_array_add (
          shape->arrays, hold_rest_of_array (self, before->pdata[i], set));
  }
}
