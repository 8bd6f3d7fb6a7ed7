/* gst-vlm: byte-pair merges
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct
{
  guint32 left, right; /* ids */
  guint32 rank;        /* the smaller the earlier */
  guint32 result;      /* id */
} VlmBpeMerge;

/* Which pairs merge, and into what. Immutable once filled. */
typedef struct
{
  VlmBpeMerge *slots; /* open addressing; rank G_MAXUINT32 is empty */
  guint32 mask;
  guint32 n_merges;
  gint32 byte_ids[256];
} VlmBpe;

void vlm_bpe_init (VlmBpe *bpe);
void vlm_bpe_clear (VlmBpe *bpe);
/* Before the first merge: at most so many will be added. */
void vlm_bpe_reserve (VlmBpe *bpe, guint n_merges);
/* Ranks count up from 0 in the order of the calls. FALSE when the pair is
 * there already. */
gboolean vlm_bpe_add (VlmBpe *bpe, guint32 left, guint32 right, guint32 result);

/* Room for vlm_bpe_encode (), kept from word to word. */
typedef struct
{
  GArray *symbols;
  GArray *heap;
} VlmBpeScratch;

void vlm_bpe_scratch_init (VlmBpeScratch *scratch);
void vlm_bpe_scratch_clear (VlmBpeScratch *scratch);

/* Appends the ids (gint32) of one word: always the merge of smallest rank
 * next, the leftmost of equals. n log n. */
void vlm_bpe_encode (const VlmBpe *bpe, const char *word, gsize n_bytes,
    VlmBpeScratch *scratch, GArray *ids);
