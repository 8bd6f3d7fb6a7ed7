/* gst-vlm: byte-pair merges
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/bpe.h"

#define NONE G_MAXUINT32

/* A linked list over the bytes of a word; a merge joins the right neighbour
 * into its left one. */
typedef struct
{
  guint32 id; /* NONE once joined into another */
  guint32 previous, next;
} Symbol;

void
vlm_bpe_init (VlmBpe *bpe)
{
  bpe->slots = NULL;
  vlm_bpe_reserve (bpe, 0);
  for (guint i = 0; i < G_N_ELEMENTS (bpe->byte_ids); i++)
    bpe->byte_ids[i] = -1;
}

void
vlm_bpe_reserve (VlmBpe *bpe, guint n_merges)
{
  guint32 n_slots = 16;

  /* At most half full, so that a search is short. */
  while (n_slots / 2 < n_merges)
    n_slots *= 2;
  g_free (bpe->slots);
  bpe->slots = g_new (VlmBpeMerge, n_slots);
  for (guint32 i = 0; i < n_slots; i++)
    bpe->slots[i].rank = NONE;
  bpe->mask = n_slots - 1;
  bpe->n_merges = 0;
}

void
vlm_bpe_clear (VlmBpe *bpe)
{
  g_clear_pointer (&bpe->slots, g_free);
}

/* The slot of a pair, or the empty one where it belongs. */
static VlmBpeMerge *
find_slot (const VlmBpe *bpe, guint32 left, guint32 right)
{
  guint64 hash = ((guint64) left << 32 | right) * 0x9e3779b97f4a7c15u;
  guint32 at = (guint32) (hash >> 32 ^ hash >> 51) & bpe->mask;

  for (;; at = (at + 1) & bpe->mask) {
    VlmBpeMerge *slot = &bpe->slots[at];

    if (slot->rank == NONE || (slot->left == left && slot->right == right))
      return slot;
  }
}

gboolean
vlm_bpe_add (VlmBpe *bpe, guint32 left, guint32 right, guint32 result)
{
  VlmBpeMerge *slot = find_slot (bpe, left, right);

  if (slot->rank != NONE)
    return FALSE;
  g_assert (bpe->n_merges <= bpe->mask / 2);
  *slot = (VlmBpeMerge){ left, right, bpe->n_merges++, result };
  return TRUE;
}

void
vlm_bpe_scratch_init (VlmBpeScratch *scratch)
{
  scratch->symbols = g_array_new (FALSE, FALSE, sizeof (Symbol));
  scratch->heap = g_array_new (FALSE, FALSE, sizeof (guint64));
}

void
vlm_bpe_scratch_clear (VlmBpeScratch *scratch)
{
  g_clear_pointer (&scratch->symbols, g_array_unref);
  g_clear_pointer (&scratch->heap, g_array_unref);
}

/* A binary heap of rank << 32 | position, the smallest first. */
static void
heap_push (GArray *heap, guint64 value)
{
  guint64 *values;
  guint at = heap->len;

  g_array_append_val (heap, value);
  values = (guint64 *) (gpointer) heap->data;
  while (at > 0 && values[(at - 1) / 2] > value) {
    values[at] = values[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  values[at] = value;
}

static guint64
heap_pop (GArray *heap)
{
  guint64 *values = (guint64 *) (gpointer) heap->data;
  guint64 first = values[0], last = values[heap->len - 1];
  guint n = heap->len - 1, at = 0;

  g_array_set_size (heap, n);
  while (2 * at + 1 < n) {
    guint child = 2 * at + 1;

    if (child + 1 < n && values[child + 1] < values[child])
      child++;
    if (values[child] >= last)
      break;
    values[at] = values[child];
    at = child;
  }
  if (n > 0)
    values[at] = last;
  return first;
}

static void
push_pair (const VlmBpe *bpe, const Symbol *symbols, guint32 left, GArray *heap)
{
  guint32 right = symbols[left].next;

  if (right != NONE) {
    guint32 rank = find_slot (bpe, symbols[left].id, symbols[right].id)->rank;

    if (rank != NONE)
      heap_push (heap, (guint64) rank << 32 | left);
  }
}

static void
merge_all (const VlmBpe *bpe, Symbol *symbols, GArray *heap)
{
  while (heap->len > 0) {
    guint64 top = heap_pop (heap);
    guint32 left = (guint32) top, right = symbols[left].next;
    const VlmBpeMerge *merge;

    /* What was pushed may be gone: joined, or with another neighbour now. */
    if (symbols[left].id == NONE || right == NONE)
      continue;
    merge = find_slot (bpe, symbols[left].id, symbols[right].id);
    if (merge->rank != top >> 32)
      continue;
    symbols[left].id = merge->result;
    symbols[left].next = symbols[right].next;
    symbols[right].id = NONE;
    if (symbols[left].next != NONE)
      symbols[symbols[left].next].previous = left;
    if (symbols[left].previous != NONE)
      push_pair (bpe, symbols, symbols[left].previous, heap);
    push_pair (bpe, symbols, left, heap);
  }
}

void
vlm_bpe_encode (const VlmBpe *bpe, const char *word, gsize n_bytes,
    VlmBpeScratch *scratch, GArray *ids)
{
  Symbol *symbols;
  guint32 n = (guint32) n_bytes;

  g_assert (n_bytes < NONE);
  if (n == 0)
    return;
  g_array_set_size (scratch->symbols, n);
  g_array_set_size (scratch->heap, 0);
  symbols = (Symbol *) (gpointer) scratch->symbols->data;
  for (guint32 i = 0; i < n; i++)
    symbols[i] = (Symbol){ (guint32) bpe->byte_ids[(guint8) word[i]],
      i == 0 ? NONE : i - 1, i + 1 == n ? NONE : i + 1 };
  for (guint32 i = 0; i < n; i++)
    push_pair (bpe, symbols, i, scratch->heap);
  merge_all (bpe, symbols, scratch->heap);
  for (guint32 i = 0; i != NONE; i = symbols[i].next) {
    gint32 id = (gint32) symbols[i].id;

    g_array_append_val (ids, id);
  }
}
