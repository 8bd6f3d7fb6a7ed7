/* gst-vlm: how characters are encoded in bytes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "grammar/char-set.h"
#include "grammar/rule-states.h"

#define NONE VLM_RULE_NO_STATE

/* Where the ways from one node of the characters to another are collected. */
typedef struct
{
  VlmRuleStates *states;
  guint32 target;
  guint32 start; /* forks to all ways so far; NONE for none */
} Ways;

static void
add_way (Ways *ways, guint32 first)
{
  VlmRuleState fork = { .next = { first, ways->start } };

  ways->start = vlm_rule_states_add (ways->states, fork);
}

static guint32
read_range (VlmRuleStates *states, guint first, guint last, guint32 next)
{
  VlmRuleState state = {
    .bytes = vlm_rule_states_range (states, (guint8) first, (guint8) last),
    .next = { next, NONE },
  };

  return vlm_rule_states_add (states, state);
}

/* A digit of first … last, in lower case or in any. */
static guint32
read_digit (VlmRuleStates *states, guint first, guint last, gboolean any_case,
    guint32 next)
{
  static const char digits[] = "0123456789abcdef";
  guint32 start = NONE;

  if (first < 10)
    start = read_range (
        states, (guint) digits[first], (guint) digits[MIN (last, 9)], next);
  if (last < 10)
    return start;
  first = MAX (first, 10);
  for (guint i = 0; i < (any_case ? 2u : 1u); i++) {
    guint shift = i == 0 ? 0 : 'a' - 'A';
    VlmRuleState fork = { .next = { NONE, start } };

    fork.next[0] = read_range (states, (guint) digits[first] - shift,
        (guint) digits[last] - shift, next);
    start = vlm_rule_states_add (states, fork);
  }
  return start;
}

/* --- UTF-8 --------------------------------------------------------------- */

static guint
length_of (guint32 c)
{
  return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

/* Whether the @n_low bits at the end are all there are, from @first to @last. */
static gboolean
is_whole (guint32 first, guint32 last, guint n_low)
{
  guint32 low = (1u << n_low) - 1;

  return (first & ~low) == (last & ~low) ||
      ((first & low) == 0 && (last & low) == low);
}

/* All from @first to @last, whose spellings are equally long. */
static void
spell_utf8 (Ways *ways, guint32 first, guint32 last)
{
  guint n = length_of (first);
  guint32 next = ways->target;
  guint8 a[6], b[6];

  for (guint i = 1; i < n; i++) {
    guint32 low = (1u << (6 * i)) - 1;

    if (is_whole (first, last, 6 * i))
      continue;
    if ((first & low) != 0) {
      spell_utf8 (ways, first, first | low);
      spell_utf8 (ways, (first | low) + 1, last);
    } else {
      spell_utf8 (ways, first, (last & ~low) - 1);
      spell_utf8 (ways, last & ~low, last);
    }
    return;
  }
  g_unichar_to_utf8 (first, (char *) a);
  g_unichar_to_utf8 (last, (char *) b);
  for (guint i = n; i-- > 0;)
    next = read_range (ways->states, a[i], b[i], next);
  add_way (ways, next);
}

static void
spell_plain (Ways *ways, guint32 first, guint32 last)
{
  static const guint32 ends[] = { 0x7f, 0x7ff, 0xffff, VLM_MAX_CHARACTER };

  for (guint i = 0; i < G_N_ELEMENTS (ends) && first <= last; i++)
    if (first <= ends[i]) {
      spell_utf8 (ways, first, MIN (last, ends[i]));
      first = ends[i] + 1;
    }
}

/* --- escapes ------------------------------------------------------------- */

static guint32
read_text (VlmRuleStates *states, const char *text, guint32 next)
{
  for (gsize i = strlen (text); i-- > 0;)
    next = read_range (states, (guint8) text[i], (guint8) text[i], next);
  return next;
}

/* "\u" and four digits for first … last. */
static void
spell_hex (Ways *ways, guint32 first, guint32 last, gboolean any_case)
{
  guint32 next = ways->target;

  for (guint i = 1; i < 4; i++) {
    guint32 low = (1u << (4 * i)) - 1;

    if (is_whole (first, last, 4 * i))
      continue;
    if ((first & low) != 0) {
      spell_hex (ways, first, first | low, any_case);
      spell_hex (ways, (first | low) + 1, last, any_case);
    } else {
      spell_hex (ways, first, (last & ~low) - 1, any_case);
      spell_hex (ways, last & ~low, last, any_case);
    }
    return;
  }
  for (guint i = 0; i < 4; i++)
    next = read_digit (ways->states, first >> (4 * i) & 15,
        last >> (4 * i) & 15, any_case, next);
  add_way (ways, read_text (ways->states, "\\u", next));
}

/* Two surrogates for first … last, which are beyond 0xffff. */
static void
spell_pairs (Ways *ways, guint32 first, guint32 last)
{
  const guint32 low = 0x3ff;
  Ways second = { ways->states, ways->target, NONE };
  Ways whole = { ways->states, NONE, NONE };

  first -= 0x10000;
  last -= 0x10000;
  if (!is_whole (first, last, 10)) {
    guint32 middle = (first & low) != 0 ? first | low : (last & ~low) - 1;

    spell_pairs (ways, 0x10000 + first, 0x10000 + middle);
    spell_pairs (ways, 0x10000 + middle + 1, 0x10000 + last);
    return;
  }
  spell_hex (&second, 0xdc00 + (first & low), 0xdc00 + (last & low), TRUE);
  whole.target = second.start;
  spell_hex (&whole, 0xd800 + (first >> 10), 0xd800 + (last >> 10), TRUE);
  add_way (ways, whole.start);
}

static gboolean
must_escape (guint32 c)
{
  return c < 0x20 || c == '"' || c == '\\';
}

static const char short_of[] = "\"\\/\b\f\n\r\t";
static const char short_as[] = "\"\\/bfnrt";

static void
spell_short (Ways *ways, guint32 c, gboolean freely)
{
  const char *found = c > 0 && c < 0x80 ? strchr (short_of, (int) c) : NULL;
  char text[] = "\\x";

  if (found == NULL || (c == '/' && !freely))
    return;
  text[1] = short_as[found - short_of];
  add_way (ways, read_text (ways->states, text, ways->target));
}

static void
spell_json (Ways *ways, guint32 first, guint32 last, gboolean freely)
{
  guint32 from = first;

  for (guint32 c = first; c <= last && c < 0x80; c++) {
    gboolean has_short =
        c > 0 && c < 0x80 && strchr (short_of, (int) c) != NULL;

    spell_short (ways, c, freely);
    if (!must_escape (c))
      continue;
    if (c > from)
      spell_plain (ways, from, c - 1);
    from = c + 1;
    /* Others have one spelling; U+0000, which many readers take for the end, is
     * written only where it must be. */
    if (!freely && !has_short && (c > 0 || last == 0))
      spell_hex (ways, c, c, FALSE);
  }
  if (from <= last)
    spell_plain (ways, from, last);
  if (!freely)
    return;
  if (first <= 0xffff)
    spell_hex (ways, first, MIN (last, 0xffff), TRUE);
  if (last > 0xffff)
    spell_pairs (ways, MAX (first, 0x10000), last);
}

/* --- automata ------------------------------------------------------------ */

static guint32
spell_node (VlmRuleStates *states, const VlmChars *chars, guint index,
    VlmSpelling spelling, guint32 first_node, guint32 next)
{
  const VlmCharsNode *node = &chars->nodes[index];
  Ways ways = { states, NONE, NONE };

  if (node->accepting)
    add_way (&ways, next);
  for (guint i = 0; i < node->n_edges && states->error == NULL; i++) {
    const VlmCharsEdge *edge = &chars->edges[node->first_edge + i];

    ways.target = first_node + edge->next;
    if (spelling == VLM_SPELLED_PLAIN)
      spell_plain (&ways, edge->first, edge->last);
    else
      spell_json (
          &ways, edge->first, edge->last, spelling == VLM_SPELLED_JSON_FREELY);
  }
  return ways.start;
}

guint32
vlm_rule_states_add_chars (VlmRuleStates *self, const VlmChars *chars,
    VlmSpelling spelling, guint32 next)
{
  VlmRuleState fork = { .next = { NONE, NONE } };
  guint32 first = self->states->len;

  /* One for each node, to be linked to. */
  for (guint i = 0; i < chars->n_nodes; i++)
    vlm_rule_states_add (self, fork);
  if (self->error != NULL)
    return NONE;
  for (guint i = 0; i < chars->n_nodes && self->error == NULL; i++) {
    guint32 ways = spell_node (self, chars, i, spelling, first, next);

    /* A node without a way is no end. */
    if (ways != NONE)
      g_array_index (self->states, VlmRuleState, first + i).next[0] = ways;
    else
      g_array_index (self->states, VlmRuleState, first + i).stuck = TRUE;
  }
  return first;
}
