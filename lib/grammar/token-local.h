/* gst-vlm: the tokens that may come at a place of a unit
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/token-costs.h"

/* Tokens that take as much from the limit of the unit, and leave as much to the
 * end of it. */
typedef struct
{
  guint32 take;
  guint32 cost; /* tokens to the end of the unit, where nothing is owed */
  guint n_ids, n_room;
  gint32 *ids;   /* [n_room]; NULL when there are many */
  guint32 *bits; /* instead */
} VlmTokenGroup;

/* A node of the trie before which the unit may end: its byte, and what follows,
 * comes after the unit. */
typedef struct
{
  guint32 trie_node;
  guint32 take;
} VlmTokenExit;

/* Whatever is around the unit: which tokens end inside of it, and how others
 * leave it. */
typedef struct
{
  gatomicrefcount refs;
  GArray *groups; /* VlmTokenGroup */
  GArray *exits;  /* VlmTokenExit */
  guint height;   /* units entered at once on the way out of any token */
} VlmTokenLocal;

/* For the node @index of the grammar of @costs. Milliseconds inside a string,
 * with a large vocabulary; so the trie keeps those of units that call no others,
 * for all grammars that have the same. (transfer full) */
VlmTokenLocal *vlm_token_local_get (const VlmTokenCosts *costs, guint32 index);
/* How many nodes of the trie it takes to make that, at most. */
guint vlm_token_local_estimate (const VlmTokenCosts *costs, guint32 index);
void vlm_token_local_unref (VlmTokenLocal *self);
