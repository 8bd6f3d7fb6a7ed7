/* gst-vlm: the content of a context, which the next prompt can reuse
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "model/positions.h"

/* A token, or a cell of encoded features, at a position. Two equal places after
 * equal places have equal keys and values in the cache. */
typedef struct
{
  guint64 key;
  gint32 position[3];
} VlmPlace;

static inline guint64
vlm_place_of_token (gint32 token)
{
  return (guint64) token;
}

/* @serial as vlm_feature_cache_prepare() gives it. */
static inline guint64
vlm_place_of_cell (guint64 serial, guint cell)
{
  return G_GUINT64_CONSTANT (1) << 63 | serial << 20 | cell;
}

typedef struct
{
  GArray *places; /* VlmPlace */
} VlmSequence;

void vlm_sequence_init (VlmSequence *sequence);
void vlm_sequence_clear (VlmSequence *sequence);
void vlm_sequence_truncate (VlmSequence *sequence, guint n);
/* @axis_index: the index of the place in @positions. */
void vlm_sequence_add (VlmSequence *sequence, guint64 key,
    const VlmPositions *positions, guint axis_index);
/* Length of the longest common beginning. */
guint vlm_sequence_common (const VlmSequence *a, const VlmSequence *b);
