/* gst-vlm: shapes and sets of terms
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "grammar/schema-private.h"

/* Arrays or objects that a value may be one of. */
#define MAX_ALTERNATIVES 128u
#define MAX_CLASSES 64u

/* --- sets ---------------------------------------------------------------- */

static VlmSchemaSet
intern (VlmSchema *self, GArray *terms)
{
  GBytes *key = g_bytes_new (terms->data, terms->len * sizeof (VlmSchemaTerm));
  gpointer found;

  if (g_hash_table_lookup_extended (self->by_terms, key, NULL, &found)) {
    g_bytes_unref (key);
    g_array_unref (terms);
    return GPOINTER_TO_UINT (found);
  }
  g_ptr_array_add (self->sets, terms);
  g_ptr_array_add (self->set_shapes, NULL);
  g_hash_table_insert (
      self->by_terms, key, GUINT_TO_POINTER (self->sets->len - 1));
  return self->sets->len - 1;
}

static GArray *
new_terms (void)
{
  return g_array_new (FALSE, FALSE, sizeof (VlmSchemaTerm));
}

VlmSchemaSet
vlm_schema_set_of (VlmSchema *self, VlmSchemaTerm term)
{
  const VlmSchemaPlace *place;
  GArray *terms;

  term = vlm_schema_follow (self, term);
  place = vlm_schema_get_place (self, term >> 1);
  if (!place->is_value && JSON_NODE_HOLDS_VALUE (place->node) &&
      json_node_get_value_type (place->node) == G_TYPE_BOOLEAN)
    return json_node_get_boolean (place->node) != ((term & 1) != 0)
        ? VLM_SCHEMA_ANYTHING
        : VLM_SCHEMA_NOTHING;
  terms = new_terms ();
  g_array_append_val (terms, term);
  return intern (self, terms);
}

VlmSchemaSet
vlm_schema_set_join (VlmSchema *self, VlmSchemaSet a, VlmSchemaSet b)
{
  const GArray *x = self->sets->pdata[a], *y = self->sets->pdata[b];
  GArray *terms;

  if (a == b || b == VLM_SCHEMA_ANYTHING || a == VLM_SCHEMA_NOTHING)
    return a;
  if (a == VLM_SCHEMA_ANYTHING || b == VLM_SCHEMA_NOTHING)
    return b;
  terms = new_terms ();
  for (guint i = 0, j = 0; i < x->len || j < y->len;) {
    VlmSchemaTerm s =
        i < x->len ? g_array_index (x, VlmSchemaTerm, i) : G_MAXUINT32;
    VlmSchemaTerm t =
        j < y->len ? g_array_index (y, VlmSchemaTerm, j) : G_MAXUINT32;
    VlmSchemaTerm least = MIN (s, t);

    g_array_append_val (terms, least);
    i += s == least;
    j += t == least;
  }
  return intern (self, terms);
}

/* --- parts --------------------------------------------------------------- */

static gpointer
keep_new (VlmSchema *self, gsize n_bytes)
{
  return vlm_schema_keep (self, g_malloc0 (n_bytes), g_free);
}

static gpointer
keep_array (VlmSchema *self, guint element_bytes)
{
  return vlm_schema_keep (self, g_array_new (FALSE, TRUE, element_bytes),
      (GDestroyNotify) g_array_unref);
}

static gpointer
keep_list (VlmSchema *self)
{
  return vlm_schema_keep (
      self, g_ptr_array_new (), (GDestroyNotify) g_ptr_array_unref);
}

VlmSchemaShape *
vlm_schema_shape_new (VlmSchema *self)
{
  VlmSchemaShape *shape = keep_new (self, sizeof *shape);

  shape->strings = keep_list (self);
  shape->arrays = keep_list (self);
  shape->objects = keep_list (self);
  return shape;
}

VlmSchemaString *
vlm_schema_string_new (
    VlmSchema *self, guint place, VlmChars *chars, guint min, guint max)
{
  VlmSchemaString *string = keep_new (self, sizeof *string);

  *string = (VlmSchemaString){ chars, min, max, place };
  return string;
}

VlmSchemaArray *
vlm_schema_array_new (VlmSchema *self, guint place)
{
  VlmSchemaArray *array = keep_new (self, sizeof *array);

  array->prefix = keep_array (self, sizeof (VlmSchemaSet));
  array->contains = keep_array (self, sizeof (VlmSchemaContains));
  array->max = G_MAXUINT;
  array->place = place;
  return array;
}

VlmSchemaObject *
vlm_schema_object_new (VlmSchema *self, guint place)
{
  VlmSchemaObject *object = keep_new (self, sizeof *object);

  object->members = keep_list (self);
  object->classes = keep_array (self, sizeof (VlmSchemaClass));
  object->max = G_MAXUINT;
  object->place = place;
  return object;
}

static void
add_class (VlmSchemaObject *object, VlmChars *names, VlmSchemaSet set,
    gboolean evaluated)
{
  VlmSchemaClass class = { names, set, evaluated };

  if (set != VLM_SCHEMA_NOTHING &&
      (names == NULL || !vlm_chars_is_empty (names)))
    g_array_append_val (object->classes, class);
}

VlmSchemaShape *
vlm_schema_shape_new_any (VlmSchema *self)
{
  VlmSchemaShape *shape = vlm_schema_shape_new (self);
  VlmSchemaObject *object = vlm_schema_object_new (self, 0);

  shape->null = shape->falsity = shape->truth = shape->any_number = TRUE;
  add_class (object, NULL, VLM_SCHEMA_ANYTHING, FALSE);
  g_ptr_array_add (
      shape->strings, vlm_schema_string_new (self, 0, NULL, 0, G_MAXUINT));
  g_ptr_array_add (shape->arrays, vlm_schema_array_new (self, 0));
  g_ptr_array_add (shape->objects, object);
  return shape;
}

VlmSchemaMember *
vlm_schema_object_find (const VlmSchemaObject *object, const char *name)
{
  for (guint i = 0; i < object->members->len; i++) {
    VlmSchemaMember *member = object->members->pdata[i];

    if (g_str_equal (member->name, name))
      return member;
  }
  return NULL;
}

VlmSchemaMember *
vlm_schema_object_add (VlmSchema *self, VlmSchemaObject *object,
    const char *name, VlmSchemaSet set)
{
  VlmSchemaMember *member = keep_new (self, sizeof *member);

  member->name = vlm_schema_keep (self, g_strdup (name), g_free);
  member->set = set;
  g_ptr_array_add (object->members, member);
  return member;
}

VlmSchemaArray *
vlm_schema_array_forget (VlmSchema *self, const VlmSchemaArray *from)
{
  VlmSchemaArray *array = keep_new (self, sizeof *array);

  *array = *from;
  array->n_evaluated = 0;
  array->rest_evaluated = FALSE;
  return array;
}

VlmSchemaObject *
vlm_schema_object_forget (VlmSchema *self, const VlmSchemaObject *from)
{
  VlmSchemaObject *object = keep_new (self, sizeof *object);

  *object = *from;
  object->members = keep_list (self);
  object->classes = keep_array (self, sizeof (VlmSchemaClass));
  g_array_append_vals (
      object->classes, from->classes->data, from->classes->len);
  for (guint i = 0; i < object->classes->len; i++)
    g_array_index (object->classes, VlmSchemaClass, i).evaluated = FALSE;
  for (guint i = 0; i < from->members->len; i++) {
    const VlmSchemaMember *member = from->members->pdata[i];
    VlmSchemaMember *copy =
        vlm_schema_object_add (self, object, member->name, member->set);

    *copy = *member;
    copy->evaluated = FALSE;
  }
  return object;
}

/* Whether @chars holds @name, in which U+0000 has a stand-in. */
static gboolean
holds_name (const VlmChars *chars, const char *name)
{
  g_autoptr (VlmChars) text = NULL;
  g_autoptr (VlmChars) both = NULL;

  if (chars == NULL)
    return TRUE;
  if (strstr (name, "\357\267\220") == NULL)
    return vlm_chars_match (chars, name);
  text = vlm_chars_new_text (name);
  for (guint i = 0; i + 1 < text->n_nodes; i++)
    if (text->edges[i].first == VLM_SCHEMA_NUL)
      text->edges[i].first = text->edges[i].last = 0;
  both = vlm_chars_intersect (text, chars, NULL);
  return !vlm_chars_is_empty (both);
}

VlmSchemaSet
vlm_schema_object_rest (
    const VlmSchemaObject *object, const char *name, gboolean *evaluated)
{
  for (guint i = 0; i < object->classes->len; i++) {
    const VlmSchemaClass *class =
        &g_array_index (object->classes, VlmSchemaClass, i);

    if (!holds_name (class->names, name))
      continue;
    if (evaluated != NULL)
      *evaluated = class->evaluated;
    return class->set;
  }
  if (evaluated != NULL)
    *evaluated = FALSE;
  return VLM_SCHEMA_NOTHING;
}

/* --- either -------------------------------------------------------------- */

static VlmChars *
unite_numbers (
    VlmSchema *self, const VlmSchemaShape *a, const VlmSchemaShape *b)
{
  if (a->numbers == NULL || b->numbers == NULL || a->numbers == b->numbers)
    return a->numbers != NULL ? a->numbers : b->numbers;
  return vlm_schema_either (self, 0, a->numbers, b->numbers);
}

static void
add_all (GPtrArray *to, const GPtrArray *from)
{
  for (guint i = 0; i < from->len; i++)
    if (!g_ptr_array_find (to, from->pdata[i], NULL))
      g_ptr_array_add (to, from->pdata[i]);
}

static gboolean
is_any_string (const VlmSchemaString *string)
{
  return string->chars == NULL && string->min == 0 && string->max == G_MAXUINT;
}

/* Strings are joined if that takes no more room than one of them. */
static void
add_string (VlmSchema *self, GPtrArray *strings, VlmSchemaString *string)
{
  for (guint i = 0; i < strings->len; i++) {
    VlmSchemaString *other = strings->pdata[i];

    if (is_any_string (other))
      return;
    if (is_any_string (string)) {
      strings->pdata[i] = string;
      return;
    }
    if (other->chars != NULL && string->chars != NULL &&
        other->min == string->min && other->max == string->max) {
      VlmChars *chars =
          vlm_schema_either (self, string->place, other->chars, string->chars);

      strings->pdata[i] = vlm_schema_string_new (
          self, string->place, chars, string->min, string->max);
      return;
    }
  }
  g_ptr_array_add (strings, string);
}

static gboolean
check_alternatives (VlmSchema *self, guint place, const VlmSchemaShape *shape)
{
  if (shape->arrays->len <= MAX_ALTERNATIVES &&
      shape->objects->len <= MAX_ALTERNATIVES &&
      shape->strings->len <= MAX_ALTERNATIVES)
    return TRUE;
  vlm_schema_fail (
      self, place, NULL, "more than %u alternatives", MAX_ALTERNATIVES);
  return FALSE;
}

VlmSchemaShape *
vlm_schema_unite (VlmSchema *self, guint place, const VlmSchemaShape *a,
    const VlmSchemaShape *b)
{
  VlmSchemaShape *shape = vlm_schema_shape_new (self);

  shape->null = a->null || b->null;
  shape->falsity = a->falsity || b->falsity;
  shape->truth = a->truth || b->truth;
  shape->any_number = a->any_number || b->any_number;
  if (!shape->any_number)
    shape->numbers = unite_numbers (self, a, b);
  add_all (shape->strings, a->strings);
  for (guint i = 0; i < b->strings->len; i++)
    add_string (self, shape->strings, b->strings->pdata[i]);
  add_all (shape->arrays, a->arrays);
  add_all (shape->arrays, b->arrays);
  add_all (shape->objects, a->objects);
  add_all (shape->objects, b->objects);
  check_alternatives (self, place, shape);
  return shape;
}

/* --- both ---------------------------------------------------------------- */

static void
intersect_numbers (VlmSchema *self, const VlmSchemaShape *a,
    const VlmSchemaShape *b, VlmSchemaShape *shape)
{
  shape->any_number = a->any_number && b->any_number;
  if (shape->any_number)
    return;
  if (a->any_number || b->any_number || a->numbers == b->numbers)
    shape->numbers = a->any_number ? b->numbers : a->numbers;
  else if (a->numbers != NULL && b->numbers != NULL)
    shape->numbers = vlm_schema_both (self, 0, a->numbers, b->numbers);
}

static VlmSchemaString *
intersect_strings (
    VlmSchema *self, guint place, VlmSchemaString *a, VlmSchemaString *b)
{
  guint min = MAX (a->min, b->min), max = MIN (a->max, b->max);
  VlmChars *chars = a->chars != NULL ? a->chars : b->chars;

  if (a->chars != NULL && b->chars != NULL)
    chars = vlm_schema_both (self, place, a->chars, b->chars);
  if (max < min || (chars != NULL && vlm_chars_is_empty (chars)))
    return NULL;
  return vlm_schema_string_new (
      self, a->place > 0 ? a->place : b->place, chars, min, max);
}

static VlmSchemaSet
get_item (const VlmSchemaArray *array, guint i)
{
  return i < array->prefix->len ? g_array_index (array->prefix, VlmSchemaSet, i)
                                : array->rest;
}

/* How many items are evaluated; G_MAXUINT for all. */
static guint
count_evaluated (const VlmSchemaArray *array)
{
  return array->rest_evaluated ? G_MAXUINT : array->n_evaluated;
}

static gboolean is_empty_set (VlmSchema *self, VlmSchemaSet set);

static gboolean
is_empty_array (VlmSchema *self, const VlmSchemaArray *array)
{
  for (guint i = 0; i < array->min && i <= array->prefix->len; i++)
    if (is_empty_set (self, get_item (array, i)))
      return TRUE;
  for (guint i = 0; i < array->contains->len; i++) {
    const VlmSchemaContains *contains =
        &g_array_index (array->contains, VlmSchemaContains, i);

    if (contains->min > 0 && is_empty_set (self, contains->set))
      return TRUE;
  }
  return array->max < array->min;
}

static VlmSchemaArray *
intersect_arrays (
    VlmSchema *self, const VlmSchemaArray *a, const VlmSchemaArray *b)
{
  VlmSchemaArray *array =
      vlm_schema_array_new (self, a->place > 0 ? a->place : b->place);
  guint n = MAX (a->prefix->len, b->prefix->len), evaluated;

  array->min = MAX (a->min, b->min);
  array->max = MIN (a->max, b->max);
  for (guint i = 0; i < n; i++) {
    VlmSchemaSet set =
        vlm_schema_set_join (self, get_item (a, i), get_item (b, i));

    g_array_append_val (array->prefix, set);
  }
  array->rest = vlm_schema_set_join (self, a->rest, b->rest);
  g_array_append_vals (array->contains, a->contains->data, a->contains->len);
  g_array_append_vals (array->contains, b->contains->data, b->contains->len);
  evaluated = MAX (count_evaluated (a), count_evaluated (b));
  array->rest_evaluated = evaluated == G_MAXUINT;
  array->n_evaluated = array->rest_evaluated ? 0 : evaluated;
  return is_empty_array (self, array) ? NULL : array;
}

static gboolean
is_empty_object (VlmSchema *self, const VlmSchemaObject *object)
{
  for (guint i = 0; i < object->members->len; i++) {
    const VlmSchemaMember *member = object->members->pdata[i];

    if (member->required && is_empty_set (self, member->set))
      return TRUE;
  }
  return object->max < object->min;
}

/* The members of @a as @b has them, too. */
static void
join_members (VlmSchema *self, VlmSchemaObject *object,
    const VlmSchemaObject *a, const VlmSchemaObject *b)
{
  for (guint i = 0; i < a->members->len; i++) {
    const VlmSchemaMember *member = a->members->pdata[i];
    const VlmSchemaMember *other = vlm_schema_object_find (b, member->name);
    VlmSchemaMember *joined;
    gboolean evaluated;
    VlmSchemaSet set;

    if (vlm_schema_object_find (object, member->name) != NULL)
      continue;
    set = other != NULL ? other->set
                        : vlm_schema_object_rest (b, member->name, &evaluated);
    joined = vlm_schema_object_add (self, object, member->name,
        vlm_schema_set_join (self, member->set, set));
    joined->required = member->required || (other != NULL && other->required);
    joined->declared = member->declared || (other != NULL && other->declared);
    joined->evaluated =
        member->evaluated || (other != NULL ? other->evaluated : evaluated);
  }
}

static gboolean
join_classes (VlmSchema *self, guint place, VlmSchemaObject *object,
    const VlmSchemaObject *a, const VlmSchemaObject *b)
{
  for (guint i = 0; i < a->classes->len; i++)
    for (guint j = 0; j < b->classes->len; j++) {
      const VlmSchemaClass *x = &g_array_index (a->classes, VlmSchemaClass, i);
      const VlmSchemaClass *y = &g_array_index (b->classes, VlmSchemaClass, j);
      VlmChars *names = x->names != NULL ? x->names : y->names;

      if (x->names != NULL && y->names != NULL)
        names = vlm_schema_both (self, place, x->names, y->names);
      add_class (object, names, vlm_schema_set_join (self, x->set, y->set),
          x->evaluated || y->evaluated);
    }
  if (object->classes->len > MAX_CLASSES)
    vlm_schema_fail (
        self, place, NULL, "more than %u kinds of names", MAX_CLASSES);
  return object->classes->len <= MAX_CLASSES;
}

static VlmSchemaObject *
intersect_objects (VlmSchema *self, guint place, const VlmSchemaObject *a,
    const VlmSchemaObject *b)
{
  VlmSchemaObject *object =
      vlm_schema_object_new (self, a->place > 0 ? a->place : b->place);

  object->min = MAX (a->min, b->min);
  object->max = MIN (a->max, b->max);
  object->is_open = a->is_open || b->is_open;
  object->needs_more = a->needs_more || b->needs_more;
  join_members (self, object, a, b);
  join_members (self, object, b, a);
  if (!join_classes (self, place, object, a, b) ||
      is_empty_object (self, object))
    return NULL;
  return object;
}

VlmSchemaShape *
vlm_schema_intersect (VlmSchema *self, guint place, const VlmSchemaShape *a,
    const VlmSchemaShape *b)
{
  VlmSchemaShape *shape = vlm_schema_shape_new (self);

  shape->null = a->null && b->null;
  shape->falsity = a->falsity && b->falsity;
  shape->truth = a->truth && b->truth;
  intersect_numbers (self, a, b, shape);
  for (guint i = 0; i < a->strings->len; i++)
    for (guint j = 0; j < b->strings->len; j++) {
      VlmSchemaString *string = intersect_strings (
          self, place, a->strings->pdata[i], b->strings->pdata[j]);

      if (string != NULL)
        add_string (self, shape->strings, string);
    }
  for (guint i = 0; i < a->arrays->len; i++)
    for (guint j = 0; j < b->arrays->len; j++) {
      VlmSchemaArray *array =
          intersect_arrays (self, a->arrays->pdata[i], b->arrays->pdata[j]);

      if (array != NULL)
        g_ptr_array_add (shape->arrays, array);
    }
  for (guint i = 0; i < a->objects->len; i++)
    for (guint j = 0; j < b->objects->len && self->error == NULL; j++) {
      VlmSchemaObject *object = intersect_objects (
          self, place, a->objects->pdata[i], b->objects->pdata[j]);

      if (object != NULL)
        g_ptr_array_add (shape->objects, object);
    }
  check_alternatives (self, place, shape);
  return shape;
}

/* --- what fits a set ----------------------------------------------------- */

/* Marks a shape that is being made. */
static VlmSchemaShape in_the_making;

const VlmSchemaShape *
vlm_schema_shape_of (VlmSchema *self, VlmSchemaSet set)
{
  const GArray *terms = self->sets->pdata[set];
  VlmSchemaShape *shape = self->set_shapes->pdata[set];

  if (shape == &in_the_making || self->error != NULL)
    return NULL;
  if (shape != NULL)
    return shape;
  self->set_shapes->pdata[set] = &in_the_making;
  shape = set == VLM_SCHEMA_NOTHING ? vlm_schema_shape_new (self)
                                    : vlm_schema_shape_new_any (self);
  for (guint i = 0;
       i < terms->len && self->error == NULL && set != VLM_SCHEMA_NOTHING;
       i++) {
    VlmSchemaTerm term = g_array_index (terms, VlmSchemaTerm, i);
    const VlmSchemaShape *other = vlm_schema_term_shape (self, term);

    if (other == NULL) {
      shape = NULL;
      break;
    }
    shape = vlm_schema_intersect (self, term >> 1, shape, other);
  }
  self->set_shapes->pdata[set] = self->error == NULL ? shape : NULL;
  return self->set_shapes->pdata[set];
}

/* FALSE if it is not known yet. */
static gboolean
is_empty_set (VlmSchema *self, VlmSchemaSet set)
{
  const VlmSchemaShape *shape;
  gboolean empty;

  if (set <= VLM_SCHEMA_NOTHING)
    return set == VLM_SCHEMA_NOTHING;
  if (self->depth > 8)
    return FALSE;
  self->depth++;
  shape = vlm_schema_shape_of (self, set);
  empty = shape != NULL && vlm_schema_is_empty (self, shape);
  self->depth--;
  return empty;
}

gboolean
vlm_schema_is_empty (VlmSchema *self, const VlmSchemaShape *shape)
{
  /* Arrays and objects that nothing fits are left out when they are made. */
  return !shape->null && !shape->falsity && !shape->truth &&
      !shape->any_number &&
      (shape->numbers == NULL || vlm_chars_is_empty (shape->numbers)) &&
      shape->strings->len == 0 && shape->arrays->len == 0 &&
      shape->objects->len == 0;
}
