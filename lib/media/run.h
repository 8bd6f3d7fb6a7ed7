/* gst-vlm: from slices to windows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "media/slice.h"

/* Slices in a row, and the windows that are made of them. It begins with a
 * slice, and all its frames have one size. Slices of level k begin at multiples
 * of their length from the first one on. */
typedef struct
{
  /* Set once; slice and hop in ns * the rate's numerator. */
  const VlmTimeGrid *grid;
  guint depth;
  gboolean overlaps; /* or at least leaves nothing out */
  VlmWide slice;
  VlmWide hop;
  gint64 window_slices;

  guint64 serial; /* of the next window */
  guint64 epoch;
  gint64 first;          /* index of the first slice */
  guint64 window_number; /* the oldest that is not complete */
  gint64 window_slice;   /* first slice that may start it */
  gint64 covered;        /* first slice that was in no window yet */
  gint64 covered_end;    /* the time of that; VLM_TIME_NONE in a new epoch */
  GQueue slices;         /* of VlmSlice: complete, from its start on */
  GQueue ready;          /* of VlmWindow */
} VlmRun;

void vlm_run_init (
    VlmRun *run, const VlmSamplerParams *params, const VlmTimeGrid *grid);
void vlm_run_clear (VlmRun *run);
void vlm_run_begin (VlmRun *run, gint64 first);
/* Takes @slice over. */
void vlm_run_push (VlmRun *run, VlmSlice *slice);
/* Makes the windows that are complete; drops slices that none needs any more. */
void vlm_run_close (VlmRun *run);
/* Makes a last window of the slices that were in none, and drops all slices. */
void vlm_run_finish (VlmRun *run);
/* The coarsest level of up to @level that a slice at @index can have if it ends
 * at @end or before. */
guint vlm_run_fit (const VlmRun *run, gint64 index, gint64 end, guint level);
/* The next slice after @index at which a window begins or ends: no slice may
 * span it, except the finest ones, if a window is not a whole number of
 * them. */
gint64 vlm_run_boundary (const VlmRun *run, gint64 index);
