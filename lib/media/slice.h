/* gst-vlm: the slots of a temporal patch, and of a video that is thinned out
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-sampler.h>

#include "media/grid.h"

/* Slots that are always together. A slice of level k has every 2^k-th slot of
 * the grid and spans depth * 2^k slots; @index counts in slices of level 0. */
typedef struct
{
  gint64 index;
  gint64 first_slot;
  gint64 end_slot;
  guint level;
  guint depth;
  gboolean moves; /* something did, in one of the slots it spans */
  guint serial;   /* of the rate, when it was begun */
  guint n_samples;
  VlmSample samples[];
} VlmSlice;

VlmSlice *vlm_slice_new (gint64 first_slot, guint level, guint depth);
/* For g_queue_clear_full() too. */
void vlm_slice_free (gpointer slice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmSlice, vlm_slice_free)

/* How many slices of level 0 it spans. */
static inline gint64
vlm_slice_length (const VlmSlice *slice)
{
  return (gint64) 1 << slice->level;
}

/* The slot of its next sample. */
static inline gint64
vlm_slice_next_slot (const VlmSlice *slice)
{
  return slice->first_slot + ((gint64) slice->n_samples << slice->level);
}

void vlm_slice_append (VlmSlice *slice, VlmFrame *frame, gint64 slot_time);
/* Gives all samples whose slots are before @slot the frames that @from had
 * then. */
void vlm_slice_fill_from (VlmSlice *slice, const VlmSlice *from, gint64 slot,
    const VlmTimeGrid *grid);

/* --- a whole stream in a bounded number of frames ------------------------- */

/* Every 2^level-th slot; when there are too many, every second one goes. */
typedef struct
{
  guint max_frames; /* a multiple of @depth, and even */
  guint depth;
  guint level;
  gint64 first_slot;
  GArray *samples; /* VlmSample */
} VlmThinning;

void vlm_thinning_init (VlmThinning *self, guint max_frames, guint depth);
void vlm_thinning_clear (VlmThinning *self);
void vlm_thinning_start (VlmThinning *self, gint64 first_slot);
gboolean vlm_thinning_wants (const VlmThinning *self, gint64 slot);
void vlm_thinning_add (
    VlmThinning *self, gint64 slot, VlmFrame *frame, gint64 slot_time);
/* Takes the samples so far, filled up to whole slices, and forgets them; NULL if
 * there are none. */
VlmWindow *vlm_thinning_finish (VlmThinning *self, const VlmTimeGrid *grid);
