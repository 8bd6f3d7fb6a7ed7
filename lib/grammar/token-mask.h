/* gst-vlm: which tokens a grammar allows next
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/grammar.h"
#include "grammar/token-trie.h"

/* A grammar over the tokens of a vocabulary, with the masks that were needed so
 * far. One thread. */
typedef struct _VlmTokenMask VlmTokenMask;

/* @end_ids: what may follow a complete text, such as <|im_end|>. */
VlmTokenMask *vlm_token_mask_new (VlmGrammar *grammar, VlmTokenTrie *trie,
    const gint32 *end_ids, guint n_end_ids);
void vlm_token_mask_free (VlmTokenMask *mask);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmTokenMask, vlm_token_mask_free)

/* Tokens of the shortest answer, without the end token; G_MAXUINT when the
 * vocabulary cannot spell one. */
guint vlm_token_mask_get_min_tokens (const VlmTokenMask *mask);
/* Nodes of the trie that were walked so far, for its masks and for places of all
 * grammars. Places inside of texts take most of them; vlm_token_mask_new() has
 * done up to 16 such places. */
guint64 vlm_token_mask_get_work (const VlmTokenMask *mask);

/* One answer in the making. Nothing to clear; @mask must outlive it. */
typedef struct
{
  VlmTokenMask *mask;
  VlmGrammarState state;
  gboolean ended; /* an end token was accepted */
} VlmMatcher;

/* VLM_INFER_ERROR_BAD_INPUT when @max_tokens is too few for any answer. */
gboolean vlm_matcher_init (
    VlmMatcher *matcher, VlmTokenMask *mask, guint max_tokens, GError **error);

/* The tokens after which the text can still be completed when @n_left tokens,
 * the next one included, are all there is: as VlmChoose.allowed, over the
 * vocab_size of the trie. Never empty while @n_left >= 1, no matter what was
 * accepted before, if each call had one token less than the one before. End
 * tokens are in it when the text is complete. Valid until the next call for the
 * same VlmTokenMask. */
const guint32 *vlm_matcher_get_mask (VlmMatcher *matcher, guint n_left);
/* Tokens of the shortest way to complete the text, as vlm_matcher_get_mask()
 * counts them. */
guint vlm_matcher_get_min_tokens (const VlmMatcher *matcher);
/* @id is out of the last mask. */
void vlm_matcher_accept (VlmMatcher *matcher, gint32 id);

/* Jump ahead: accepts the tokens that must come next and appends them (gint32)
 * to @ids, at most @n_left. They spell the bytes that the grammar forces, as
 * the tokenizer would; it stops where a token could reach beyond those bytes.
 * Returns how many. */
guint vlm_matcher_force (VlmMatcher *matcher, guint n_left, GArray *ids);

/* The text is whole: it may end here. */
gboolean vlm_matcher_is_complete (const VlmMatcher *matcher);
/* The text is complete and only an end token can follow: no decoding step is
 * needed for it. */
gboolean vlm_matcher_is_final (const VlmMatcher *matcher);
