/* gst-vlm: the bytes of a vocabulary as a tree
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/token-trie.h"

#include <string.h>

typedef struct
{
  const guint8 *bytes;
  guint n_bytes;
  gint32 id;
} Entry;

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  const Entry *x = a, *y = b;
  int order = memcmp (x->bytes, y->bytes, MIN (x->n_bytes, y->n_bytes));

  if (order != 0)
    return order;
  if (x->n_bytes != y->n_bytes)
    return x->n_bytes < y->n_bytes ? -1 : 1;
  return x->id < y->id ? -1 : 1;
}

static GArray *
sorted_entries (const VlmTokenizer *tokenizer, guint vocab_size)
{
  GArray *entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  guint n_ids = MIN (vlm_tokenizer_get_n_ids (tokenizer), vocab_size);

  for (gint32 id = 0; id < (gint32) n_ids; id++) {
    gsize n_bytes;
    const char *bytes = vlm_tokenizer_get_bytes (tokenizer, id, &n_bytes);
    Entry entry = { (const guint8 *) bytes, (guint) n_bytes, id };

    if (n_bytes > 0 && !vlm_tokenizer_is_added (tokenizer, id))
      g_array_append_val (entries, entry);
  }
  g_array_sort (entries, compare_entries);
  return entries;
}

static void
close_nodes (GArray *nodes, GArray *path, guint depth)
{
  while (path->len > depth) {
    guint32 last = g_array_index (path, guint32, path->len - 1);

    g_array_index (nodes, VlmTrieNode, last).skip = nodes->len;
    g_array_set_size (path, path->len - 1);
  }
}

VlmTokenTrie *
vlm_token_trie_new (VlmTokenizer *tokenizer, guint vocab_size)
{
  VlmTokenTrie *self = g_new0 (VlmTokenTrie, 1);
  g_autoptr (GArray) entries = sorted_entries (tokenizer, vocab_size);
  g_autoptr (GArray) path = g_array_new (FALSE, FALSE, sizeof (guint32));
  GArray *nodes = g_array_new (FALSE, FALSE, sizeof (VlmTrieNode));
  const Entry *previous = NULL;

  for (guint i = 0; i < entries->len; i++) {
    const Entry *entry = &g_array_index (entries, Entry, i);
    guint shared = 0;

    while (previous != NULL && shared < previous->n_bytes &&
        shared < entry->n_bytes &&
        previous->bytes[shared] == entry->bytes[shared])
      shared++;
    previous = entry;
    if (shared == entry->n_bytes) /* the same bytes again */
      continue;
    close_nodes (nodes, path, shared);
    for (guint j = shared; j < entry->n_bytes; j++) {
      guint32 index = nodes->len;
      VlmTrieNode node = { 0, j + 1 == entry->n_bytes ? entry->id : -1,
        (guint16) (j + 1), entry->bytes[j] };

      g_array_append_val (nodes, node);
      g_array_append_val (path, index);
    }
    self->max_depth = MAX (self->max_depth, entry->n_bytes);
  }
  close_nodes (nodes, path, 0);
  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->tokenizer = vlm_tokenizer_ref (tokenizer);
  self->vocab_size = vocab_size;
  self->n_nodes = nodes->len;
  self->nodes = (VlmTrieNode *) (gpointer) g_array_free (nodes, FALSE);
  return self;
}

VlmTokenTrie *
vlm_token_trie_ref (VlmTokenTrie *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
vlm_token_trie_unref (VlmTokenTrie *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->locals, g_hash_table_unref);
  g_mutex_clear (&self->lock);
  vlm_tokenizer_unref (self->tokenizer);
  g_free (self->nodes);
  g_free (self);
}
