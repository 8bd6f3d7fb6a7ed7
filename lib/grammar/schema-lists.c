/* gst-vlm: arrays and objects as rules
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/schema-writer.h"

/* Items of a contains that are counted one by one. */
#define MAX_CONTAINS 8u
#define MAX_MARKS 64u

/* --- arrays -------------------------------------------------------------- */

static guint
limit (guint max)
{
  return max > VLM_GRAMMAR_MAX_COUNT ? VLM_RULE_UNLIMITED : max;
}

/* ", item" any number of times, each of which counts. */
static VlmRule *
new_more (VlmSchemaWriter *self, const VlmRule *item)
{
  VlmRule *unit = vlm_rule_unit_new (self->book);

  vlm_rule_unit_define (unit,
      vlm_rule_many (self->book,
          vlm_rule_sequence (self->book, vlm_rule_spend (self->book, 1),
              vlm_schema_write_mark (self, ","), item, NULL)));
  return unit;
}

/* What may come after @i items, the last of the prefix and what follows. */
static const VlmRule *
write_tail (VlmSchemaWriter *self, const VlmSchemaArray *array, guint i)
{
  const VlmRule *rest = NULL, *more;
  /* From the end: what comes behind item i - 1. */
  guint n = array->prefix->len;

  if (array->max > MAX (i, n)) {
    rest = vlm_schema_write_value (self, array->rest);
    if (rest != NULL)
      rest = vlm_rule_call (self->book, new_more (self, rest),
          array->min > MAX (i, n) ? array->min - MAX (i, n) : 0,
          array->max == G_MAXUINT ? VLM_RULE_UNLIMITED
                                  : limit (array->max - MAX (i, n)));
  }
  if (rest == NULL && array->min > MAX (i, n))
    return NULL;
  more = rest != NULL ? rest : vlm_rule_literal (self->book, "");
  for (guint j = n; j > i; j--) {
    VlmRule *choice = vlm_rule_choice_new (self->book);
    const VlmRule *item = j > array->max
        ? NULL
        : vlm_schema_write_value (
              self, g_array_index (array->prefix, VlmSchemaSet, j - 1));

    if (item != NULL && more != NULL)
      vlm_rule_add (choice,
          vlm_rule_sequence (
              self->book, vlm_schema_write_mark (self, ","), item, more, NULL));
    if (j > array->min)
      vlm_rule_add (choice, vlm_rule_literal (self->book, ""));
    if (j <= array->min && (item == NULL || more == NULL))
      return NULL;
    more = choice;
  }
  return more;
}

/* Items, at least contains->min and at most contains->max of which match, without
 * a comma before the first one. */
static const VlmRule *
write_containing (VlmSchemaWriter *self, const VlmSchemaArray *array,
    const VlmSchemaContains *contains)
{
  gboolean bounded = contains->max != G_MAXUINT;
  VlmSchema *schema = self->schema;
  const VlmRule *comma = vlm_schema_write_mark (self, ",");
  const VlmRule *hit = vlm_schema_write_value (
      self, vlm_schema_set_join (schema, array->rest, contains->set));
  const VlmRule *other = vlm_schema_write_value (self,
      bounded ? vlm_schema_set_join (schema, array->rest, contains->others)
              : array->rest);
  const VlmRule *others, *rule;
  guint most = bounded ? contains->max : contains->min;
  VlmRule *unit;

  if (hit == NULL && contains->min > 0)
    return NULL;
  if (hit == NULL)
    most = 0;
  if (most > MAX_CONTAINS) {
    vlm_schema_fail (schema, contains->place,
        bounded ? "maxContains" : "minContains", "more than %u", MAX_CONTAINS);
    return NULL;
  }
  /* ", other" any number of times; from the end on, each hit that must be or
   * may be, with others after it. */
  others = other == NULL
      ? vlm_rule_literal (self->book, "")
      : vlm_rule_many (self->book,
            vlm_rule_sequence (self->book, vlm_rule_spend (self->book, 1),
                comma, other, NULL));
  rule = others;
  for (guint i = most; i > 1; i--) {
    const VlmRule *next =
        vlm_rule_sequence (self->book, comma, hit, rule, NULL);

    if (i > contains->min)
      next = vlm_rule_sequence (
          self->book, vlm_rule_spend (self->book, 1), next, NULL);
    next = vlm_rule_sequence (self->book, others, next, NULL);
    if (i > contains->min) {
      VlmRule *choice = vlm_rule_choice_new (self->book);

      vlm_rule_add (choice, next);
      vlm_rule_add (choice, others);
      next = choice;
    }
    rule = next;
  }
  {
    /* The first item is a hit, or there are others before the first hit. */
    VlmRule *choice = vlm_rule_choice_new (self->book);
    const VlmRule *first_hit =
        most == 0 ? NULL : vlm_rule_sequence (self->book, hit, rule, NULL);

    if (first_hit != NULL)
      vlm_rule_add (choice, first_hit);
    if (other != NULL && first_hit != NULL && contains->min > 0)
      vlm_rule_add (choice,
          vlm_rule_sequence (self->book, vlm_rule_spend (self->book, 1), other,
              others, comma, first_hit, NULL));
    if (other != NULL && contains->min == 0) {
      vlm_rule_add (
          choice, vlm_rule_sequence (self->book, other, others, NULL));
      if (first_hit != NULL)
        vlm_rule_add (choice,
            vlm_rule_sequence (self->book, other, others,
                vlm_rule_spend (self->book, 1), comma, first_hit, NULL));
    }
    if (first_hit == NULL && other == NULL)
      return NULL;
    rule = choice;
  }
  unit = vlm_rule_unit_new (self->book);
  vlm_rule_unit_define (unit, rule);
  most = MAX (1, contains->min); /* that do not count */
  if (array->max < most)
    return NULL;
  return vlm_rule_call (self->book, unit,
      array->min > most ? array->min - most : 0,
      array->max == G_MAXUINT ? VLM_RULE_UNLIMITED : limit (array->max - most));
}

/* All items, at least one; NULL when there cannot be one. */
static const VlmRule *
write_items (VlmSchemaWriter *self, const VlmSchemaArray *array)
{
  const VlmRule *first, *tail;

  if (array->contains->len > 0)
    return write_containing (
        self, array, &g_array_index (array->contains, VlmSchemaContains, 0));
  first = vlm_schema_write_value (self,
      array->prefix->len > 0 ? g_array_index (array->prefix, VlmSchemaSet, 0)
                             : array->rest);
  tail = first != NULL ? write_tail (self, array, 1) : NULL;
  return tail != NULL ? vlm_rule_sequence (self->book, first, tail, NULL)
                      : NULL;
}

const VlmRule *
vlm_schema_write_array (VlmSchemaWriter *self, const VlmSchemaArray *array)
{
  const VlmRule *items = NULL;
  VlmRule *choice = vlm_rule_choice_new (self->book);
  gboolean may_be_empty = array->min == 0;

  if (array->min > VLM_GRAMMAR_MAX_COUNT) {
    vlm_schema_fail (self->schema, array->place, "minItems",
        "an array of at least %u items; the limit is %u", array->min,
        VLM_GRAMMAR_MAX_COUNT);
    return NULL;
  }
  if (array->contains->len > 0) {
    const VlmSchemaContains *contains =
        &g_array_index (array->contains, VlmSchemaContains, 0);

    if (array->contains->len > 1 || array->prefix->len > 0) {
      vlm_schema_fail (self->schema, contains->place, "contains",
          "not supported beside another one, or beside prefixItems");
      return NULL;
    }
    may_be_empty = may_be_empty && contains->min == 0;
  }
  if (array->max > 0)
    items = write_items (self, array);
  if (self->schema->error != NULL || (items == NULL && !may_be_empty))
    return NULL;
  if (may_be_empty)
    vlm_rule_add (choice, vlm_schema_write_mark (self, "]"));
  if (items != NULL)
    vlm_rule_add (choice,
        vlm_rule_sequence (
            self->book, items, vlm_schema_write_mark (self, "]"), NULL));
  return vlm_rule_sequence (
      self->book, vlm_schema_write_mark (self, "["), choice, NULL);
}

/* --- objects ------------------------------------------------------------- */

static const VlmRule *
write_member (VlmSchemaWriter *self, VlmChars *name, const VlmRule *mark,
    const VlmRule *value)
{
  const VlmRule *quote = vlm_rule_literal (self->book, "\"");

  return vlm_rule_sequence (self->book, quote,
      vlm_rule_chars (self->book, name, vlm_schema_spelling (self)), mark,
      vlm_schema_write_mark (self, "\""), vlm_schema_write_mark (self, ":"),
      value, NULL);
}

/* All names but those of members. */
static VlmChars *
other_names (
    VlmSchemaWriter *self, const VlmSchemaObject *object, VlmChars *names)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new ();

  for (guint i = 0; i < object->members->len; i++)
    g_ptr_array_add (
        texts, ((VlmSchemaMember *) object->members->pdata[i])->name);
  if (names == NULL)
    names = vlm_schema_length (self->schema, 0, 0, G_MAXUINT);
  return vlm_schema_without (self->schema, object->place, names,
      vlm_schema_texts (self->schema, texts));
}

/* Any member that has no name of its own; NULL for none. */
static const VlmRule *
write_others (VlmSchemaWriter *self, const VlmSchemaObject *object)
{
  VlmRule *choice = vlm_rule_choice_new (self->book);
  gboolean declared = FALSE;
  guint n = 0;

  for (guint i = 0; i < object->members->len; i++)
    declared =
        declared || ((VlmSchemaMember *) object->members->pdata[i])->declared;
  /* Members that are not required are not written. */
  if (self->form == VLM_SCHEMA_STRICT && declared && !object->is_open)
    return NULL;
  for (guint i = 0; i < object->classes->len; i++) {
    const VlmSchemaClass *class =
        &g_array_index (object->classes, VlmSchemaClass, i);
    const VlmRule *value = vlm_schema_write_value (self, class->set);
    VlmChars *names = other_names (self, object, class->names);

    if (value == NULL || names == NULL || vlm_chars_is_empty (names))
      continue;
    vlm_rule_add (choice,
        write_member (self, names, vlm_rule_literal (self->book, ""), value));
    n++;
  }
  return n > 0 ? choice : NULL;
}

/* In the order of the schema. */
static const VlmRule *
write_ordered (VlmSchemaWriter *self, const VlmSchemaObject *object,
    const VlmRule *others, guint n_free)
{
  VlmRule *members = vlm_rule_ordered_new (
      self->book, vlm_schema_write_mark (self, ","), n_free != G_MAXUINT);
  VlmRule *unit;

  for (guint i = 0; i < object->members->len; i++) {
    const VlmSchemaMember *member = object->members->pdata[i];
    const VlmRule *value = vlm_schema_write_value (self, member->set);

    if (value == NULL && member->required)
      return NULL;
    if (value != NULL)
      vlm_rule_ordered_add (members,
          write_member (self, vlm_schema_text (self->schema, member->name),
              vlm_rule_literal (self->book, ""), value),
          member->required);
  }
  if (others != NULL)
    vlm_rule_ordered_set_more (members, others, object->needs_more);
  if (n_free == G_MAXUINT)
    return members;
  unit = vlm_rule_unit_new (self->book);
  vlm_rule_unit_define (unit, members);
  return vlm_rule_call (self->book, unit, 0, limit (n_free));
}

/* In any order: each once, as far as it can be marked. */
static const VlmRule *
write_unordered (
    VlmSchemaWriter *self, const VlmSchemaObject *object, const VlmRule *others)
{
  VlmRule *choice = vlm_rule_choice_new (self->book);
  VlmRule *unit = vlm_rule_unit_new (self->book);
  guint64 marks = 0, required = 0;
  guint n_marks = 0, n = 0;
  const VlmRule *more;

  /* Those that must be there are marked first. */
  for (guint round = 0; round < 2; round++)
    for (guint i = 0; i < object->members->len; i++) {
      const VlmSchemaMember *member = object->members->pdata[i];
      const VlmRule *value, *mark;

      if (member->required != (round == 0))
        continue;
      value = vlm_schema_write_value (self, member->set);
      if (value == NULL && member->required)
        return NULL;
      if (value == NULL)
        continue;
      if (n_marks < MAX_MARKS) {
        guint64 bit = G_GUINT64_CONSTANT (1) << n_marks;

        mark = vlm_rule_mark (self->book, n_marks++);
        marks |= bit;
        required |= member->required ? bit : 0;
      } else if (member->required) {
        vlm_schema_fail (self->schema, object->place, "required",
            "more than %u names in any order", MAX_MARKS);
        return NULL;
      } else {
        mark = vlm_rule_literal (self->book, "");
      }
      vlm_rule_add (choice,
          write_member (
              self, vlm_schema_text (self->schema, member->name), mark, value));
      n++;
    }
  if (others != NULL)
    vlm_rule_add (choice, others);
  if (n == 0 && others == NULL)
    return NULL;
  more = vlm_rule_many (self->book,
      vlm_rule_sequence (self->book, vlm_rule_spend (self->book, 1),
          vlm_schema_write_mark (self, ","), choice, NULL));
  vlm_rule_unit_define (
      unit, vlm_rule_sequence (self->book, choice, more, NULL));
  vlm_rule_unit_set_marks (unit, marks, required);
  return vlm_rule_call (self->book, unit, 0,
      object->max == G_MAXUINT ? VLM_RULE_UNLIMITED : limit (object->max - 1));
}

const VlmRule *
vlm_schema_write_object (VlmSchemaWriter *self, const VlmSchemaObject *object)
{
  VlmRule *choice = vlm_rule_choice_new (self->book);
  const VlmRule *others = write_others (self, object), *members = NULL;
  guint n_required = 0, n_members = 0;

  for (guint i = 0; i < object->members->len; i++) {
    const VlmSchemaMember *member = object->members->pdata[i];

    n_required += member->required;
    n_members += member->set != VLM_SCHEMA_NOTHING;
  }
  if (n_required > object->max || (object->needs_more && others == NULL))
    return NULL;
  /* Names may be written twice, so only one member can be counted on. */
  if (object->min > MAX (n_required, 1)) {
    vlm_schema_fail (self->schema, object->place, "minProperties",
        "%u: only supported up to 1 or the number of required properties",
        object->min);
    return NULL;
  }
  if (object->needs_more &&
      (self->form == VLM_SCHEMA_LOOSE || object->max < G_MAXUINT)) {
    vlm_schema_fail (self->schema, object->place, NULL,
        "an object that must have more than its properties");
    return NULL;
  }
  if (object->max > 0 && self->form == VLM_SCHEMA_STRICT)
    members = write_ordered (self, object, others,
        object->max >= n_members && others == NULL ? G_MAXUINT
            : object->max == G_MAXUINT             ? G_MAXUINT
                                       : object->max - MAX (n_required, 1));
  else if (object->max > 0)
    members = write_unordered (self, object, others);
  if (self->schema->error != NULL)
    return NULL;
  if (n_required == 0 && object->min == 0 && !object->needs_more)
    vlm_rule_add (choice, vlm_schema_write_mark (self, "}"));
  else if (members == NULL)
    return NULL;
  if (members != NULL)
    vlm_rule_add (choice,
        vlm_rule_sequence (
            self->book, members, vlm_schema_write_mark (self, "}"), NULL));
  return vlm_rule_sequence (
      self->book, vlm_schema_write_mark (self, "{"), choice, NULL);
}
