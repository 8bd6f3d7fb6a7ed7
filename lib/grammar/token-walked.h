/* gst-vlm: what was reached on a walk over the tokens
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/grammar-private.h"

/* Rules that read a text in many ways reach the same way again and again, from
 * the same node of the trie: so often that a walk would not end. Zero is the
 * start. */
typedef struct
{
  guint64 n_reached;
  GHashTable *known; /* GBytes; NULL until there is much to remember */
} VlmTokenWalked;

/* Whether @way was reached at @node before, if that is known: the first @n_free
 * ones are not remembered, since most walks have few. */
gboolean vlm_token_walked_before (VlmTokenWalked *self, guint32 node,
    const VlmGrammarWay *way, guint64 n_free);
void vlm_token_walked_clear (VlmTokenWalked *self);
