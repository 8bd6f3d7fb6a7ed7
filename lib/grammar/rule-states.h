/* gst-vlm: a rule as a nondeterministic automaton
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/grammar-private.h"
#include "grammar/rule-private.h"

#define VLM_RULE_NO_STATE G_MAXUINT32

/* Thompson's: a state reads one byte, or calls a unit, or reads nothing and
 * forks, or counts. */
typedef struct
{
  const guint32 *bytes; /* NULL when it reads nothing */
  const VlmRule *call;  /* NULL when it calls nothing */
  VlmGrammarOp op;
  guint32 next[2]; /* VLM_RULE_NO_STATE for none; without any, the end */
  gboolean stuck;  /* without any, and no end either */
} VlmRuleState;

/* Those of one unit at a time. */
typedef struct
{
  GArray *states;     /* VlmRuleState */
  GHashTable *ranges; /* of bytes: first, last -> guint32[8] */
  guint n_total;      /* of all units so far */
  GError *error;
} VlmRuleStates;

void vlm_rule_states_init (VlmRuleStates *self);
void vlm_rule_states_clear (VlmRuleStates *self);
/* Replaces the states by those of @body. Returns the first one;
 * VLM_RULE_NO_STATE with an error. */
guint32 vlm_rule_states_set (VlmRuleStates *self, const VlmRule *body);

guint32 vlm_rule_states_add (VlmRuleStates *self, VlmRuleState state);
/* The bytes first … last as a set that lives as long as @self. */
const guint32 *
vlm_rule_states_range (VlmRuleStates *self, guint8 first, guint8 last);
/* The state where texts of @chars begin if what comes after them is @next. */
guint32 vlm_rule_states_add_chars (VlmRuleStates *self, const VlmChars *chars,
    VlmSpelling spelling, guint32 next);

static inline const VlmRuleState *
vlm_rule_state (const VlmRuleStates *self, guint32 index)
{
  return &g_array_index (self->states, VlmRuleState, index);
}

static inline gboolean
vlm_rule_state_is_end (const VlmRuleState *state)
{
  return state->bytes == NULL && state->call == NULL && !state->stuck &&
      state->next[0] == VLM_RULE_NO_STATE &&
      state->next[1] == VLM_RULE_NO_STATE;
}
