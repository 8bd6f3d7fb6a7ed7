/* gst-vlm: the bytes of a vocabulary as a tree
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "text/tokenizer.h"

/* Tokens that share their first bytes share a path. In preorder: the children
 * of a node follow it; what is below it ends at @skip. */
typedef struct
{
  guint32 skip;
  gint32 id;     /* of the token that ends here, -1 for none */
  guint16 depth; /* bytes from the root, 1 for the first */
  guint8 byte;
} VlmTrieNode;

/* Immutable, thread-safe. Atomic reference count. */
typedef struct
{
  gatomicrefcount refs;
  VlmTokenizer *tokenizer;
  guint vocab_size;
  VlmTrieNode *nodes;
  guint n_nodes;
  guint max_depth;
  /* What token-local.c keeps for all grammars; the only part that changes. */
  GMutex lock;
  GHashTable *locals; /* nullable */
  guint64 n_walked;   /* nodes that were walked for them */
} VlmTokenTrie;

/* All tokens that plain text is made of: no added ones, and none of
 * @vocab_size, what the model's logits cover, or more. Where two tokens have
 * the same bytes, the smaller id stays. Some 100 ms for Qwen2's vocabulary. */
VlmTokenTrie *vlm_token_trie_new (VlmTokenizer *tokenizer, guint vocab_size);
VlmTokenTrie *vlm_token_trie_ref (VlmTokenTrie *trie);
void vlm_token_trie_unref (VlmTokenTrie *trie);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmTokenTrie, vlm_token_trie_unref)
