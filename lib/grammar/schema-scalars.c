/* gst-vlm: the keywords of a schema for numbers, strings and single values
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/schema-keywords.h"

/* --- numbers ------------------------------------------------------------- */

static VlmChars *
intersect_numbers (const VlmSchemaReader *self, VlmChars *a, VlmChars *b)
{
  if (a == NULL || b == NULL)
    return a != NULL ? a : b;
  return vlm_schema_both (self->schema, self->place, a, b);
}

static VlmChars *
read_multiple (const VlmSchemaReader *self, JsonNode *factor)
{
  VlmChars *chars;

  if (json_node_get_double (factor) <= 0.0) {
    vlm_schema_fail (
        self->schema, self->place, "multipleOf", "must be above 0");
    return NULL;
  }
  chars = vlm_schema_multiples (self->schema, factor);
  if (chars == NULL)
    vlm_schema_fail (self->schema, self->place, "multipleOf",
        "such factors are not supported: too many digits");
  return chars;
}

/* Which numbers the keywords allow; NULL for all. */
static VlmChars *
read_numbers (const VlmSchemaReader *self)
{
  static const struct
  {
    const char *key;
    VlmChars *(*make) (VlmSchema *, JsonNode *, gboolean);
    gboolean exclusive;
  } bounds[] = {
    { "minimum", vlm_schema_at_least, FALSE },
    { "exclusiveMinimum", vlm_schema_at_least, TRUE },
    { "maximum", vlm_schema_at_most, FALSE },
    { "exclusiveMaximum", vlm_schema_at_most, TRUE },
  };
  JsonNode *factor = vlm_schema_get_number (self, "multipleOf");
  VlmChars *chars = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bounds); i++) {
    JsonNode *bound = vlm_schema_get_number (self, bounds[i].key);

    if (bound != NULL)
      chars = intersect_numbers (self, chars,
          bounds[i].make (self->schema, bound, bounds[i].exclusive));
  }
  if (factor != NULL)
    chars = intersect_numbers (self, chars, read_multiple (self, factor));
  return chars;
}

void
vlm_schema_read_number (const VlmSchemaReader *self, VlmSchemaShape *shape)
{
  VlmChars *chars = read_numbers (self);

  shape->any_number = chars == NULL;
  shape->numbers = chars;
}

VlmSchemaShape *
vlm_schema_deny_number (const VlmSchemaReader *self)
{
  VlmSchemaShape *shape = vlm_schema_shape_new (self->schema);
  VlmChars *chars = read_numbers (self);

  if (chars != NULL)
    shape->numbers = vlm_schema_without (
        self->schema, self->place, vlm_schema_decimals (self->schema), chars);
  return shape;
}

/* --- strings ------------------------------------------------------------- */

/* What pattern and format allow; NULL for all. */
static VlmChars *
read_chars (const VlmSchemaReader *self)
{
  const char *pattern = vlm_schema_get_string (self, "pattern");
  const char *format = vlm_schema_get_string (self, "format");
  VlmChars *chars = NULL, *formatted;

  if (pattern != NULL)
    chars = vlm_schema_pattern (self->schema, self->place, "pattern", pattern);
  if (format == NULL)
    return chars;
  formatted = vlm_schema_format (self->schema, format);
  if (formatted == NULL)
    vlm_schema_fail (self->schema, self->place, "format",
        "'%s' is not supported; date, time, date-time and uuid are", format);
  if (chars == NULL || formatted == NULL)
    return formatted;
  return vlm_schema_both (self->schema, self->place, chars, formatted);
}

void
vlm_schema_read_string (const VlmSchemaReader *self, VlmSchemaShape *shape)
{
  guint min = vlm_schema_get_count (self, "minLength", 0);
  guint max = vlm_schema_get_count (self, "maxLength", G_MAXUINT);
  VlmChars *chars = read_chars (self);

  g_ptr_array_set_size (shape->strings, 0);
  if (min <= max && (chars == NULL || !vlm_chars_is_empty (chars)))
    g_ptr_array_add (shape->strings,
        vlm_schema_string_new (self->schema, self->place, chars, min, max));
}

VlmSchemaShape *
vlm_schema_deny_string (const VlmSchemaReader *self)
{
  VlmSchemaShape *shape = vlm_schema_shape_new (self->schema);
  guint min = vlm_schema_get_count (self, "minLength", 0);
  guint max = vlm_schema_get_count (self, "maxLength", G_MAXUINT);
  VlmChars *chars = read_chars (self);

  if (min > 0)
    g_ptr_array_add (shape->strings,
        vlm_schema_string_new (self->schema, self->place, NULL, 0, min - 1));
  if (max < G_MAXUINT)
    g_ptr_array_add (shape->strings,
        vlm_schema_string_new (
            self->schema, self->place, NULL, max + 1, G_MAXUINT));
  if (chars != NULL) {
    VlmChars *others = vlm_schema_without (self->schema, self->place,
        vlm_schema_length (self->schema, 0, 0, G_MAXUINT), chars);

    g_ptr_array_add (shape->strings,
        vlm_schema_string_new (
            self->schema, self->place, others, 0, G_MAXUINT));
  }
  return shape;
}

/* --- values -------------------------------------------------------------- */

/* The value at @key, or @step of it, as a set that only it fits. */
static VlmSchemaSet
value_set (VlmSchema *self, guint above, const char *key, const char *step,
    JsonNode *node)
{
  return vlm_schema_set_of (self,
      vlm_schema_term (
          vlm_schema_place (self, above, key, step, node, TRUE), FALSE));
}

static VlmSchemaArray *
array_value (VlmSchema *self, guint place, JsonArray *list)
{
  VlmSchemaArray *array = vlm_schema_array_new (self, place);

  array->min = array->max = json_array_get_length (list);
  array->rest = VLM_SCHEMA_NOTHING;
  for (guint i = 0; i < array->max; i++) {
    g_autofree char *step = g_strdup_printf ("%u", i);
    VlmSchemaSet set =
        value_set (self, place, step, NULL, json_array_get_element (list, i));

    g_array_append_val (array->prefix, set);
  }
  return array;
}

static VlmSchemaObject *
object_value (VlmSchema *self, guint place, JsonObject *map)
{
  VlmSchemaObject *object = vlm_schema_object_new (self, place);
  g_autoptr (GList) names = json_object_get_members (map);

  for (const GList *name = names; name != NULL; name = name->next) {
    VlmSchemaMember *member = vlm_schema_object_add (self, object, name->data,
        value_set (self, place, name->data, NULL,
            json_object_get_member (map, name->data)));

    member->required = TRUE;
  }
  object->is_open = TRUE;
  return object;
}

/* What only one of @values fits, of those that are of one of @wanted types. */
typedef struct
{
  VlmSchemaShape *shape;
  GPtrArray *numbers; /* JsonNode */
  GPtrArray *strings; /* char * */
} Values;

static void
add_value (VlmSchema *self, guint place, Values *values, JsonNode *node)
{
  VlmSchemaShape *shape = values->shape;
  GType type;

  if (JSON_NODE_HOLDS_NULL (node)) {
    shape->null = TRUE;
  } else if (JSON_NODE_HOLDS_ARRAY (node)) {
    g_ptr_array_add (
        shape->arrays, array_value (self, place, json_node_get_array (node)));
  } else if (JSON_NODE_HOLDS_OBJECT (node)) {
    g_ptr_array_add (shape->objects,
        object_value (self, place, json_node_get_object (node)));
  } else {
    type = json_node_get_value_type (node);
    if (type == G_TYPE_BOOLEAN && json_node_get_boolean (node))
      shape->truth = TRUE;
    else if (type == G_TYPE_BOOLEAN)
      shape->falsity = TRUE;
    else if (type == G_TYPE_STRING)
      g_ptr_array_add (values->strings, (gpointer) json_node_get_string (node));
    else
      g_ptr_array_add (values->numbers, node);
  }
}

static VlmSchemaShape *
finish_values (VlmSchema *self, guint place, Values *values)
{
  if (values->numbers->len > 0)
    values->shape->numbers = vlm_schema_equal_to (self, values->numbers);
  if (values->strings->len > 0)
    g_ptr_array_add (values->shape->strings,
        vlm_schema_string_new (self, place,
            vlm_schema_texts (self, values->strings), 0, G_MAXUINT));
  g_ptr_array_unref (values->numbers);
  g_ptr_array_unref (values->strings);
  return values->shape;
}

static void
values_init (Values *values, VlmSchema *self)
{
  values->shape = vlm_schema_shape_new (self);
  values->numbers = g_ptr_array_new ();
  values->strings = g_ptr_array_new ();
}

VlmSchemaShape *
vlm_schema_value_shape (VlmSchema *self, guint place)
{
  Values values;

  values_init (&values, self);
  add_value (self, place, &values, vlm_schema_get_place (self, place)->node);
  return finish_values (self, place, &values);
}

/* Arrays and objects other than the one at @place, a value: they differ in
 * length or in an item, lack a name or have another value for it. */
static void
deny_array_value (
    VlmSchema *self, guint place, JsonArray *list, VlmSchemaShape *shape)
{
  guint n = json_array_get_length (list);

  for (guint i = 0; i <= n; i++) {
    VlmSchemaArray *array = vlm_schema_array_new (self, place);
    g_autofree char *step = g_strdup_printf ("%u", i);

    array->min = i + 1;
    for (guint j = 0; j < i; j++) {
      VlmSchemaSet any = VLM_SCHEMA_ANYTHING;

      g_array_append_val (array->prefix, any);
    }
    if (i < n) {
      VlmSchemaSet other = vlm_schema_set_of (self,
          vlm_schema_term (vlm_schema_place (self, place, step, NULL,
                               json_array_get_element (list, i), TRUE),
              TRUE));

      g_array_append_val (array->prefix, other);
    }
    g_ptr_array_add (shape->arrays, array);
  }
  if (n > 0) {
    VlmSchemaArray *shorter = vlm_schema_array_new (self, place);

    shorter->max = n - 1;
    g_ptr_array_add (shape->arrays, shorter);
  }
}

static void
deny_object_value (
    VlmSchema *self, guint place, JsonObject *map, VlmSchemaShape *shape)
{
  const VlmSchemaClass any = { NULL, VLM_SCHEMA_ANYTHING, FALSE };
  g_autoptr (GList) names = json_object_get_members (map);
  VlmSchemaObject *more = vlm_schema_object_new (self, place);

  for (const GList *name = names; name != NULL; name = name->next) {
    VlmSchemaObject *lacking = vlm_schema_object_new (self, place);
    VlmSchemaObject *differing = vlm_schema_object_new (self, place);
    VlmSchemaTerm other =
        vlm_schema_term (vlm_schema_place (self, place, name->data, NULL,
                             json_object_get_member (map, name->data), TRUE),
            TRUE);

    vlm_schema_object_add (self, lacking, name->data, VLM_SCHEMA_NOTHING);
    g_array_append_val (lacking->classes, any);
    g_ptr_array_add (shape->objects, lacking);
    vlm_schema_object_add (
        self, differing, name->data, vlm_schema_set_of (self, other))
        ->required = TRUE;
    g_array_append_val (differing->classes, any);
    g_ptr_array_add (shape->objects, differing);
    vlm_schema_object_add (self, more, name->data, VLM_SCHEMA_ANYTHING)
        ->required = TRUE;
  }
  g_array_append_val (more->classes, any);
  more->needs_more = TRUE;
  g_ptr_array_add (shape->objects, more);
}

VlmSchemaShape *
vlm_schema_deny_value (VlmSchema *self, guint place)
{
  JsonNode *node = vlm_schema_get_place (self, place)->node;
  VlmSchemaShape *shape = vlm_schema_shape_new_any (self);
  const VlmSchemaShape *value = vlm_schema_value_shape (self, place);

  shape->null = !value->null;
  shape->falsity = !value->falsity;
  shape->truth = !value->truth;
  if (value->numbers != NULL) {
    shape->any_number = FALSE;
    shape->numbers = vlm_schema_without (
        self, place, vlm_schema_decimals (self), value->numbers);
  }
  if (value->strings->len > 0) {
    const VlmSchemaString *string = value->strings->pdata[0];
    VlmChars *any = vlm_schema_length (self, 0, 0, G_MAXUINT);

    shape->strings->pdata[0] = vlm_schema_string_new (self, place,
        vlm_schema_without (self, place, any, string->chars), 0, G_MAXUINT);
  }
  if (JSON_NODE_HOLDS_ARRAY (node)) {
    g_ptr_array_set_size (shape->arrays, 0);
    deny_array_value (self, place, json_node_get_array (node), shape);
  } else if (JSON_NODE_HOLDS_OBJECT (node)) {
    g_ptr_array_set_size (shape->objects, 0);
    deny_object_value (self, place, json_node_get_object (node), shape);
  }
  return shape;
}

VlmSchemaShape *
vlm_schema_values_shape (const VlmSchemaReader *self, gboolean denied)
{
  JsonArray *list = vlm_schema_get_list (self, "enum");
  JsonNode *constant = vlm_schema_get (self, "const");
  VlmSchema *schema = self->schema;
  VlmSchemaShape *shape = NULL;
  Values values;

  values_init (&values, schema);
  if (denied)
    shape = vlm_schema_shape_new_any (schema);
  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++) {
    g_autofree char *step = g_strdup_printf ("%u", i);
    JsonNode *node = json_array_get_element (list, i);
    guint place =
        vlm_schema_place (schema, self->place, "enum", step, node, TRUE);

    if (denied)
      shape = vlm_schema_intersect (
          schema, self->place, shape, vlm_schema_deny_value (schema, place));
    else
      add_value (schema, place, &values, node);
  }
  if (!denied)
    shape = finish_values (schema, self->place, &values);
  else
    finish_values (schema, self->place, &values);
  if (denied && list == NULL)
    shape = vlm_schema_shape_new (schema);
  if (constant != NULL) {
    guint place =
        vlm_schema_place (schema, self->place, "const", NULL, constant, TRUE);

    if (denied)
      shape = vlm_schema_unite (
          schema, self->place, shape, vlm_schema_deny_value (schema, place));
    else if (list != NULL)
      shape = vlm_schema_intersect (
          schema, self->place, shape, vlm_schema_value_shape (schema, place));
    else
      shape = vlm_schema_value_shape (schema, place);
  }
  return shape;
}
