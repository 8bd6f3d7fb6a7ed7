/* gst-vlm: shapes as rules
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/schema-writer.h"

/* The longest string that is counted. */
#define MAX_LENGTH VLM_GRAMMAR_MAX_COUNT
/* Automata of so few nodes are written out where they are used. */
#define MAX_INLINE_NODES 64u

VlmSpelling
vlm_schema_spelling (const VlmSchemaWriter *self)
{
  return self->form == VLM_SCHEMA_STRICT ? VLM_SPELLED_JSON
                                         : VLM_SPELLED_JSON_FREELY;
}

const VlmRule *
vlm_schema_write_mark (VlmSchemaWriter *self, const char *text)
{
  const VlmRule *literal = vlm_rule_literal (self->book, text);

  return self->space == NULL
      ? literal
      : vlm_rule_sequence (self->book, literal, self->space, NULL);
}

/* Whether only finitely many texts are in it: then it is written out. */
static gboolean
is_finite (const VlmChars *chars)
{
  /* Nodes of an automaton without a loop lead to ones of smaller height. */
  g_autofree guint *height = g_new0 (guint, chars->n_nodes);
  gboolean changed = TRUE;

  while (changed) {
    changed = FALSE;
    for (guint i = 0; i < chars->n_nodes; i++)
      for (guint j = 0; j < chars->nodes[i].n_edges; j++) {
        guint32 next = chars->edges[chars->nodes[i].first_edge + j].next;

        if (height[next] < height[i] + 1) {
          height[next] = height[i] + 1;
          changed = TRUE;
        }
        if (height[next] > chars->n_nodes)
          return FALSE;
      }
  }
  return TRUE;
}

/* As a unit that all places share, so that tokens are found once. */
const VlmRule *
vlm_schema_write_texts (
    VlmSchemaWriter *self, VlmChars *chars, VlmSpelling spelling)
{
  const VlmRule *rule;
  VlmRule *unit;

  if (chars->n_nodes <= MAX_INLINE_NODES && is_finite (chars))
    return vlm_rule_chars (self->book, chars, spelling);
  unit = g_hash_table_lookup (self->texts, chars);
  if (unit == NULL) {
    unit = vlm_rule_unit_new (self->book);
    rule = vlm_rule_chars (self->book, chars, spelling);
    vlm_rule_unit_define (unit, rule);
    g_hash_table_insert (self->texts, chars, unit);
  }
  return vlm_rule_call (self->book, unit, 0, VLM_RULE_UNLIMITED);
}

/* --- numbers ------------------------------------------------------------- */

/* As JSON has them, with exponents: what is read where all will do. */
static VlmChars *
all_numbers (VlmSchema *schema)
{
  return vlm_schema_pattern (schema, 0, NULL,
      "^-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+\\-]?[0-9]+)?$");
}

static const VlmRule *
write_number (VlmSchemaWriter *self, const VlmSchemaShape *shape)
{
  VlmSchema *schema = self->schema;
  VlmChars *chars = shape->numbers;

  if (shape->any_number)
    chars = self->form == VLM_SCHEMA_STRICT ? vlm_schema_decimals (schema)
                                            : all_numbers (schema);
  if (chars == NULL || vlm_chars_is_empty (chars))
    return NULL;
  if (self->form == VLM_SCHEMA_STRICT) {
    VlmChars *written =
        vlm_schema_both (schema, 0, chars, vlm_schema_written (schema));

    /* A value that is no such decimal stays as it is. */
    if (!vlm_chars_is_empty (written))
      chars = written;
  }
  return vlm_schema_write_texts (self, chars, VLM_SPELLED_PLAIN);
}

/* --- strings ------------------------------------------------------------- */

static const VlmRule *
write_length (VlmSchemaWriter *self, guint min, guint max)
{
  return vlm_schema_write_count (self,
      vlm_schema_length (self->schema, 0, 1, 1), min,
      max == G_MAXUINT ? VLM_RULE_UNLIMITED : MIN (max, MAX_LENGTH));
}

static const VlmRule *
write_string (VlmSchemaWriter *self, const VlmSchemaString *string)
{
  const VlmRule *quote = vlm_rule_literal (self->book, "\"");
  VlmChars *chars = string->chars;
  const VlmRule *body;

  if (string->min > MAX_LENGTH) {
    vlm_schema_fail (self->schema, string->place, "minLength",
        "a string of at least %u characters; the limit is %u", string->min,
        MAX_LENGTH);
    return NULL;
  }
  if (chars != NULL && (string->min > 0 || string->max < G_MAXUINT))
    chars = vlm_schema_both (self->schema, string->place, chars,
        vlm_schema_length (
            self->schema, string->place, string->min, string->max));
  if (chars != NULL && vlm_chars_is_empty (chars))
    return NULL;
  body = chars != NULL ? vlm_schema_write_runs (self, chars)
                       : write_length (self, string->min, string->max);
  return vlm_rule_sequence (self->book, quote, body, quote, NULL);
}

/* --- values -------------------------------------------------------------- */

static void
add (VlmSchemaWriter *self, VlmRule *choice, const VlmRule *rule, guint *n)
{
  if (rule == NULL)
    return;
  vlm_rule_add (choice,
      self->space != NULL
          ? vlm_rule_sequence (self->book, rule, self->space, NULL)
          : rule);
  (*n)++;
}

/* Arrays and objects of @shape; NULL for none. They read the white space behind
 * themselves. */
static const VlmRule *
write_nested (VlmSchemaWriter *self, const VlmSchemaShape *shape)
{
  VlmRule *choice = vlm_rule_choice_new (self->book);
  guint n = 0;

  for (guint i = 0; i < shape->arrays->len; i++) {
    const VlmRule *rule =
        vlm_schema_write_array (self, shape->arrays->pdata[i]);

    if (rule != NULL)
      vlm_rule_add (choice, rule);
    n += rule != NULL;
  }
  for (guint i = 0; i < shape->objects->len; i++) {
    const VlmRule *rule =
        vlm_schema_write_object (self, shape->objects->pdata[i]);

    if (rule != NULL)
      vlm_rule_add (choice, rule);
    n += rule != NULL;
  }
  return n > 0 ? choice : NULL;
}

/* The arrays and objects that fit a set are a unit: it may call itself, and all
 * places that need it share it. A unit without a body stands for none. */
static const VlmRule *
call_nested (
    VlmSchemaWriter *self, VlmSchemaSet set, const VlmSchemaShape *shape)
{
  gpointer key = GUINT_TO_POINTER (set);
  VlmRule *unit = g_hash_table_lookup (self->values, key);
  const VlmRule *body;

  if (unit == NULL) {
    unit = vlm_rule_unit_new (self->book);
    g_hash_table_insert (self->values, key, unit);
    body = write_nested (self, shape);
    if (body == NULL) {
      body = vlm_rule_choice_new (self->book);
      g_hash_table_add (self->empty, key);
    }
    vlm_rule_unit_define (unit, body);
  }
  if (g_hash_table_contains (self->empty, key))
    return NULL;
  return vlm_rule_call (self->book, unit, 0, VLM_RULE_UNLIMITED);
}

const VlmRule *
vlm_schema_write_value (VlmSchemaWriter *self, VlmSchemaSet set)
{
  const VlmSchemaShape *shape = vlm_schema_shape_of (self->schema, set);
  VlmRule *choice = vlm_rule_choice_new (self->book);
  guint n = 0;

  if (shape == NULL)
    return NULL;
  if (shape->null)
    add (self, choice, vlm_rule_literal (self->book, "null"), &n);
  if (shape->falsity)
    add (self, choice, vlm_rule_literal (self->book, "false"), &n);
  if (shape->truth)
    add (self, choice, vlm_rule_literal (self->book, "true"), &n);
  add (self, choice, write_number (self, shape), &n);
  for (guint i = 0; i < shape->strings->len; i++)
    add (self, choice, write_string (self, shape->strings->pdata[i]), &n);
  if (shape->arrays->len > 0 || shape->objects->len > 0) {
    const VlmRule *nested = call_nested (self, set, shape);

    if (nested != NULL)
      vlm_rule_add (choice, nested);
    n += nested != NULL;
  }
  return n > 0 && self->schema->error == NULL ? choice : NULL;
}

const VlmRule *
vlm_schema_rule (
    VlmSchema *schema, VlmRuleBook *book, VlmSchemaForm form, GError **error)
{
  VlmSchemaWriter self = { .schema = schema, .book = book, .form = form };
  VlmSchemaSet root;
  const VlmRule *rule;

  self.values = g_hash_table_new (NULL, NULL);
  self.texts = g_hash_table_new (NULL, NULL);
  self.kinds = g_hash_table_new (NULL, NULL);
  self.empty = g_hash_table_new (NULL, NULL);
  if (form == VLM_SCHEMA_LOOSE)
    self.space = vlm_rule_many (book, vlm_rule_any_of (book, " \t\n\r"));
  root = vlm_schema_set_of (schema, vlm_schema_term (0, FALSE));
  rule = vlm_schema_write_value (&self, root);
  if (rule != NULL && self.space != NULL)
    rule = vlm_rule_sequence (book, self.space, rule, NULL);
  g_hash_table_unref (self.values);
  g_hash_table_unref (self.texts);
  g_hash_table_unref (self.kinds);
  g_hash_table_unref (self.empty);
  if (rule == NULL && schema->error == NULL && form == VLM_SCHEMA_LOOSE)
    return vlm_rule_range (book, 0xff, 0xff); /* which no text has */
  if (rule == NULL && schema->error == NULL)
    vlm_schema_fail (schema, 0, NULL, "no value matches");
  if (schema->error != NULL) {
    g_propagate_error (error, g_error_copy (schema->error));
    return NULL;
  }
  return rule;
}
