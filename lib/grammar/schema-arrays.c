/* gst-vlm: the keywords of a schema for arrays
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/schema-keywords.h"

static VlmSchemaSet
read_set (const VlmSchemaReader *self, const char *key, const char *step,
    JsonNode *node, gboolean negated)
{
  return vlm_schema_set_of (
      self->schema, vlm_schema_get_term (self, key, step, node, negated));
}

/* items is for the items after prefixItems. */
static void
read_items (const VlmSchemaReader *self, VlmSchemaArray *array)
{
  JsonArray *prefix = vlm_schema_get_list (self, "prefixItems");
  JsonNode *items = vlm_schema_get (self, "items");
  guint n = prefix != NULL ? json_array_get_length (prefix) : 0;

  for (guint i = 0; i < n; i++) {
    g_autofree char *step = g_strdup_printf ("%u", i);
    VlmSchemaSet set = read_set (
        self, "prefixItems", step, json_array_get_element (prefix, i), FALSE);

    g_array_append_val (array->prefix, set);
  }
  array->n_evaluated = n;
  if (items == NULL)
    return;
  if (JSON_NODE_HOLDS_ARRAY (items))
    vlm_schema_fail (self->schema, self->place, "items",
        "a list is from an older draft: use prefixItems");
  array->rest = read_set (self, "items", NULL, items, FALSE);
  array->rest_evaluated = TRUE;
}

static gboolean
is_true (const VlmSchemaReader *self, const char *key)
{
  JsonNode *node = vlm_schema_get (self, key);

  if (node == NULL)
    return FALSE;
  if (json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    vlm_schema_fail (self->schema, self->place, key, "must be true or false");
  return json_node_get_boolean (node);
}

static void
read_contains (const VlmSchemaReader *self, VlmSchemaArray *array)
{
  JsonNode *node = vlm_schema_get (self, "contains");
  VlmSchemaContains contains = {
    .min = vlm_schema_get_count (self, "minContains", 1),
    .max = vlm_schema_get_count (self, "maxContains", G_MAXUINT),
  };

  if (node == NULL || (contains.min == 0 && contains.max == G_MAXUINT))
    return;
  if (contains.min > contains.max)
    array->max = 0, array->min = 1;
  contains.set = read_set (self, "contains", NULL, node, FALSE);
  contains.others = read_set (self, "contains", NULL, node, TRUE);
  contains.place = self->place;
  g_array_append_val (array->contains, contains);
}

/* Items that must differ are only supported if there is at most one. */
static void
read_unique (const VlmSchemaReader *self, const VlmSchemaArray *array)
{
  if (is_true (self, "uniqueItems") && array->max > 1)
    vlm_schema_fail (self->schema, self->place, "uniqueItems",
        "not supported for more than one item");
}

void
vlm_schema_read_array (const VlmSchemaReader *self, VlmSchemaShape *shape)
{
  VlmSchemaArray *array = vlm_schema_array_new (self->schema, self->place);

  array->min = vlm_schema_get_count (self, "minItems", 0);
  array->max = vlm_schema_get_count (self, "maxItems", G_MAXUINT);
  read_items (self, array);
  read_contains (self, array);
  read_unique (self, array);
  g_ptr_array_set_size (shape->arrays, 0);
  if (array->min <= array->max)
    g_ptr_array_add (shape->arrays, array);
}

/* --- what must not hold -------------------------------------------------- */

static VlmSchemaArray *
add_array (
    const VlmSchemaReader *self, VlmSchemaShape *shape, guint min, guint max)
{
  VlmSchemaArray *array = vlm_schema_array_new (self->schema, self->place);

  array->min = min;
  array->max = max;
  g_ptr_array_add (shape->arrays, array);
  return array;
}

/* An array in which item @index is something else. */
static void
deny_item (const VlmSchemaReader *self, VlmSchemaShape *shape, guint index,
    VlmSchemaSet other)
{
  VlmSchemaArray *array = add_array (self, shape, index + 1, G_MAXUINT);

  for (guint i = 0; i < index; i++) {
    VlmSchemaSet any = VLM_SCHEMA_ANYTHING;

    g_array_append_val (array->prefix, any);
  }
  g_array_append_val (array->prefix, other);
}

static void
deny_items (const VlmSchemaReader *self, VlmSchemaShape *shape)
{
  JsonArray *prefix = vlm_schema_get_list (self, "prefixItems");
  JsonNode *items = vlm_schema_get (self, "items");
  guint n = prefix != NULL ? json_array_get_length (prefix) : 0;
  VlmSchemaContains contains = { .min = 1, .max = G_MAXUINT };

  for (guint i = 0; i < n; i++) {
    g_autofree char *step = g_strdup_printf ("%u", i);

    deny_item (self, shape, i,
        read_set (self, "prefixItems", step, json_array_get_element (prefix, i),
            TRUE));
  }
  if (items == NULL)
    return;
  contains.set = read_set (self, "items", NULL, items, TRUE);
  contains.others = read_set (self, "items", NULL, items, FALSE);
  contains.place = self->place;
  if (contains.set == VLM_SCHEMA_ANYTHING) { /* items: false */
    add_array (self, shape, n + 1, G_MAXUINT);
  } else if (contains.set != VLM_SCHEMA_NOTHING) {
    if (n > 0)
      vlm_schema_fail (self->schema, self->place, "items",
          "not supported behind prefixItems where it must not hold");
    g_array_append_val (
        add_array (self, shape, 0, G_MAXUINT)->contains, contains);
  }
}

static void
deny_contains (const VlmSchemaReader *self, VlmSchemaShape *shape)
{
  JsonNode *node = vlm_schema_get (self, "contains");
  guint min = vlm_schema_get_count (self, "minContains", 1);
  guint max = vlm_schema_get_count (self, "maxContains", G_MAXUINT);
  VlmSchemaContains few = { .min = 0, .max = min - 1 };
  VlmSchemaContains many = { .min = max + 1, .max = G_MAXUINT };

  if (node == NULL)
    return;
  few.set = many.set = read_set (self, "contains", NULL, node, FALSE);
  few.others = many.others = read_set (self, "contains", NULL, node, TRUE);
  few.place = many.place = self->place;
  if (min > 0)
    g_array_append_val (add_array (self, shape, 0, G_MAXUINT)->contains, few);
  if (max < G_MAXUINT)
    g_array_append_val (add_array (self, shape, 0, G_MAXUINT)->contains, many);
}

VlmSchemaShape *
vlm_schema_deny_array (const VlmSchemaReader *self)
{
  VlmSchemaShape *shape = vlm_schema_shape_new (self->schema);
  guint min = vlm_schema_get_count (self, "minItems", 0);
  guint max = vlm_schema_get_count (self, "maxItems", G_MAXUINT);

  if (min > 0)
    add_array (self, shape, 0, min - 1);
  if (max < G_MAXUINT)
    add_array (self, shape, max + 1, G_MAXUINT);
  deny_items (self, shape);
  deny_contains (self, shape);
  if (is_true (self, "uniqueItems"))
    vlm_schema_fail (self->schema, self->place, "uniqueItems",
        "not supported where it must not hold");
  return shape;
}
