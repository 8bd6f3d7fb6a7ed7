/* gst-vlm: the form of an answer, byte by byte
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/rule.h"

/* Automata over bytes that call one another and count. Immutable after creation,
 * thread-safe. Atomic reference count. */
typedef struct _VlmGrammar VlmGrammar;

/* How deep units may call one another: deeper calls are refused. */
#define VLM_GRAMMAR_MAX_DEPTH 64
/* How many ways a text may be read in at once. */
#define VLM_GRAMMAR_MAX_WAYS 16
/* The largest limit of a call; VLM_RULE_UNLIMITED is none. */
#define VLM_GRAMMAR_MAX_COUNT 32767u

/* A unit that was entered. */
typedef struct
{
  guint32 node; /* where it is, or continues after what it calls */
  guint16 left; /* to spend; G_MAXUINT16 without a limit */
  guint16 owed; /* to be spent before it ends */
  guint64 open; /* marks that may still come */
} VlmGrammarFrame;

/* One way to read the text so far. */
typedef struct
{
  guint depth; /* frames[depth] is the innermost unit; below it, its callers */
  VlmGrammarFrame frames[VLM_GRAMMAR_MAX_DEPTH];
} VlmGrammarWay;

/* Where in a text one is: a value, copied freely. */
typedef struct
{
  guint n_ways;
  gboolean lost; /* there were more ways than can be kept */
  VlmGrammarWay ways[VLM_GRAMMAR_MAX_WAYS];
} VlmGrammarState;

/* VLM_INFER_ERROR_BAD_INPUT for a rule that is too large, that calls itself
 * before it reads anything, or that can get stuck; what marks bring about is
 * not looked at. Parts of @root without a way to the end at any price are left
 * out. @root is not needed afterwards. */
VlmGrammar *vlm_grammar_new (const VlmRule *root, GError **error);
VlmGrammar *vlm_grammar_ref (VlmGrammar *grammar);
void vlm_grammar_unref (VlmGrammar *grammar);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmGrammar, vlm_grammar_unref)

/* The start of the text. */
void vlm_grammar_start (const VlmGrammar *grammar, VlmGrammarState *state);
/* FALSE, with @state as it was, when @byte may not come next. */
gboolean vlm_grammar_step (
    const VlmGrammar *grammar, VlmGrammarState *state, guint8 byte);
/* The text may end here. */
gboolean vlm_grammar_is_complete (
    const VlmGrammar *grammar, const VlmGrammarState *state);
/* The byte that must come next; -1 when there is none, a choice, or the text
 * may end here. */
int vlm_grammar_get_forced_byte (
    const VlmGrammar *grammar, const VlmGrammarState *state);

typedef enum
{
  VLM_GRAMMAR_REFUSED,
  VLM_GRAMMAR_MATCHED,
  VLM_GRAMMAR_UNDECIDED, /* not matched, but more ways than can be kept */
} VlmGrammarVerdict;

/* About a whole text. @end: nullable; of a text that is not matched, how many
 * bytes of it may begin one that is. */
VlmGrammarVerdict vlm_grammar_match (
    const VlmGrammar *grammar, const char *text, gsize n_bytes, gsize *end);
