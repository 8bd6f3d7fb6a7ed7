/* gst-vlm: a rule as a nondeterministic automaton
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/rule-states.h"

#include <vlm/vlm-error.h>

/* Limits for rules that come from a user's schema. */
#define MAX_STATES (1u << 20)
#define MAX_DEPTH 64u

#define NONE VLM_RULE_NO_STATE

void
vlm_rule_states_init (VlmRuleStates *self)
{
  self->states = g_array_new (FALSE, FALSE, sizeof (VlmRuleState));
  self->ranges = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->n_total = 0;
  self->error = NULL;
}

void
vlm_rule_states_clear (VlmRuleStates *self)
{
  g_array_unref (self->states);
  g_hash_table_unref (self->ranges);
  g_clear_error (&self->error);
}

static guint32
    G_GNUC_PRINTF (2, 3) fail (VlmRuleStates *self, const char *format, ...)
{
  va_list arguments;

  if (self->error == NULL) {
    va_start (arguments, format);
    self->error = g_error_new_valist (
        VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT, format, arguments);
    va_end (arguments);
  }
  return NONE;
}

guint32
vlm_rule_states_add (VlmRuleStates *self, VlmRuleState state)
{
  if (self->n_total >= MAX_STATES)
    return fail (self, "a grammar of more than %u states", MAX_STATES);
  g_array_append_val (self->states, state);
  self->n_total++;
  return self->states->len - 1;
}

const guint32 *
vlm_rule_states_range (VlmRuleStates *self, guint8 first, guint8 last)
{
  gpointer key = GUINT_TO_POINTER ((guint) first << 8 | last);
  guint32 *bytes = g_hash_table_lookup (self->ranges, key);

  if (bytes == NULL) {
    bytes = vlm_bits_new (256);
    for (guint byte = first; byte <= last; byte++)
      vlm_bits_add (bytes, byte);
    g_hash_table_insert (self->ranges, key, bytes);
  }
  return bytes;
}

static guint32
add_fork (VlmRuleStates *self, guint32 first, guint32 second)
{
  return vlm_rule_states_add (
      self, (VlmRuleState){ .next = { first, second } });
}

static guint32
add_call (VlmRuleStates *self, const VlmRule *rule, guint32 next)
{
  const VlmRule *unit = g_ptr_array_index (rule->parts, 0);

  if (unit->kind != VLM_RULE_UNIT || unit->parts->len == 0)
    return fail (self, "a grammar that calls a unit without a body");
  if (rule->min > VLM_GRAMMAR_MAX_COUNT ||
      (rule->max > VLM_GRAMMAR_MAX_COUNT && rule->max != VLM_RULE_UNLIMITED) ||
      rule->min > rule->max)
    return fail (self,
        "a grammar with a budget of %u to %u; the most is %u, or none",
        rule->min, rule->max, VLM_GRAMMAR_MAX_COUNT);
  return vlm_rule_states_add (
      self, (VlmRuleState){ .call = rule, .next = { next, NONE } });
}

static guint32
add_op (VlmRuleStates *self, const VlmRule *rule, guint32 next)
{
  VlmRuleState state = { .next = { next, NONE } };

  if (rule->kind == VLM_RULE_MARK)
    state.op.marks = G_GUINT64_CONSTANT (1) << rule->count;
  else if (rule->count > VLM_GRAMMAR_MAX_COUNT)
    return fail (self, "a grammar that spends %u at once", rule->count);
  else
    state.op.take = (guint16) rule->count;
  return vlm_rule_states_add (self, state);
}

static guint32
add_rule (VlmRuleStates *self, const VlmRule *rule, guint depth, guint32 next);

/* @next, where 1 is spent for it. */
static guint32
add_spending (VlmRuleStates *self, guint32 next)
{
  VlmRuleState state = { .op = { .take = 1 }, .next = { next, NONE } };

  return vlm_rule_states_add (self, state);
}

/* Two chains side by side: where nothing was written yet, and where something
 * was and a separator is due. */
static guint32
add_ordered (
    VlmRuleStates *self, const VlmRule *rule, guint depth, guint32 next)
{
  const VlmRule *separator = rule->parts->pdata[0];
  const VlmRule *more = rule->parts->pdata[1];
  guint32 first = NONE, later = next;
  /* One is always there, and so it is not counted. */
  gboolean first_counts = FALSE;

  for (guint i = 0; i < rule->needed->len; i++)
    first_counts = first_counts ||
        (rule->counted && g_array_index (rule->needed, gboolean, i));
  if (more != NULL) {
    guint32 again = add_fork (self, next, NONE), part, behind;

    part = add_rule (self, more, depth, again);
    behind = add_rule (self, separator, depth, part);
    if (rule->counted)
      behind = add_spending (self, behind);
    if (self->error != NULL)
      return NONE;
    g_array_index (self->states, VlmRuleState, again).next[1] = behind;
    later = rule->more_required ? behind : again;
    first = first_counts ? add_spending (self, part) : part;
  }
  for (guint i = rule->parts->len; i-- > 2 && self->error == NULL;) {
    gboolean needed = g_array_index (rule->needed, gboolean, i - 2);
    guint32 part = add_rule (self, rule->parts->pdata[i], depth, later);
    guint32 behind = add_rule (self, separator, depth, part);

    if (rule->counted && !needed)
      behind = add_spending (self, behind);
    if (first_counts && !needed)
      part = add_spending (self, part);
    first = needed ? part : add_fork (self, part, first);
    later = needed ? behind : add_fork (self, behind, later);
  }
  if (first != NONE || self->error != NULL)
    return first;
  return vlm_rule_states_add (
      self, (VlmRuleState){ .next = { NONE, NONE }, .stuck = TRUE });
}

/* The state where @rule begins if it goes on at @next. */
static guint32
add_rule (VlmRuleStates *self, const VlmRule *rule, guint depth, guint32 next)
{
  const VlmRule *part = rule->parts != NULL && rule->parts->len > 0
      ? g_ptr_array_index (rule->parts, 0)
      : NULL;
  guint32 start = next;

  if (depth > MAX_DEPTH || self->error != NULL)
    return fail (self, "a grammar of more than %u levels", MAX_DEPTH);
  switch (rule->kind) {
  case VLM_RULE_BYTES:
    start = vlm_rule_states_add (
        self, (VlmRuleState){ .bytes = rule->bytes, .next = { next, NONE } });
    break;
  case VLM_RULE_SEQUENCE:
    for (guint i = rule->parts->len; i > 0; i--)
      start = add_rule (
          self, g_ptr_array_index (rule->parts, i - 1), depth + 1, start);
    break;
  case VLM_RULE_CHOICE:
    start = NONE;
    for (guint i = rule->parts->len; i > 0; i--)
      start = add_fork (self,
          add_rule (
              self, g_ptr_array_index (rule->parts, i - 1), depth + 1, next),
          start);
    if (start == NONE) /* of nothing */
      start = vlm_rule_states_add (
          self, (VlmRuleState){ .next = { NONE, NONE }, .stuck = TRUE });
    break;
  case VLM_RULE_MANY:
    start = add_fork (self, next, NONE);
    if (start != NONE) {
      guint32 body = add_rule (self, part, depth + 1, start);

      g_array_index (self->states, VlmRuleState, start).next[1] = body;
    }
    break;
  case VLM_RULE_TIMES:
    for (guint i = 0; i < rule->count && self->error == NULL; i++)
      start = add_rule (self, part, depth + 1, start);
    break;
  case VLM_RULE_ORDERED:
    start = add_ordered (self, rule, depth + 1, next);
    break;
  case VLM_RULE_CALL:
    start = add_call (self, rule, next);
    break;
  case VLM_RULE_SPEND:
  case VLM_RULE_MARK:
    start = add_op (self, rule, next);
    break;
  case VLM_RULE_CHARS:
    start = vlm_rule_states_add_chars (self, rule->chars, rule->spelling, next);
    break;
  case VLM_RULE_UNIT:
    start = fail (self, "a grammar with a unit that is not called");
    break;
  }
  return start;
}

guint32
vlm_rule_states_set (VlmRuleStates *self, const VlmRule *body)
{
  guint32 end;

  g_array_set_size (self->states, 0);
  end = add_fork (self, NONE, NONE);
  return add_rule (self, body, 0, end);
}
