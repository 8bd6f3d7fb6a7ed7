/* gst-vlm: from slices to windows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/run.h"

#include "media/window.h"

/* Slices in a window: rounded up, but not because a time in whole nanoseconds is
 * inexact. */
static gint64
count_slices (VlmWide slice, VlmWide window)
{
  return MAX (1, (gint64) ((window * 1000 + slice * 999) / (slice * 1000)));
}

void
vlm_run_init (
    VlmRun *run, const VlmSamplerParams *params, const VlmTimeGrid *grid)
{
  *run = (VlmRun){
    .grid = grid,
    .depth = params->frames_per_slice,
    .overlaps = params->hop <= params->window,
    .slice = (VlmWide) grid->numerator * params->frames_per_slice,
    .hop = (VlmWide) params->hop * params->fps_n,
    .covered_end = VLM_TIME_NONE,
  };
  run->window_slices =
      count_slices (run->slice, (VlmWide) params->window * params->fps_n);
  g_queue_init (&run->slices);
  g_queue_init (&run->ready);
}

void
vlm_run_clear (VlmRun *run)
{
  g_queue_clear_full (&run->slices, vlm_slice_free);
  g_queue_clear_full (&run->ready, (GDestroyNotify) vlm_window_unref);
}

void
vlm_run_begin (VlmRun *run, gint64 first)
{
  run->first = first;
  run->window_number = 0;
  run->window_slice = first;
  run->covered = first;
}

static void
append_samples (VlmWindow *window, guint *n, const VlmSlice *slice)
{
  for (guint i = 0; i < slice->n_samples; i++) {
    window->samples[*n].frame = vlm_frame_ref (slice->samples[i].frame);
    window->samples[*n].slot_time = slice->samples[i].slot_time;
    (*n)++;
  }
}

/* The shortest distance of two slots. */
static gint64
slot_duration (const VlmRun *run)
{
  const VlmSlice *finest = run->slices.head->data;
  gint64 first;

  for (GList *l = run->slices.head; l != NULL; l = l->next)
    if (((VlmSlice *) l->data)->level < finest->level)
      finest = l->data;
  first = finest->first_slot;
  return vlm_time_grid_at (run->grid, first + ((gint64) 1 << finest->level)) -
      vlm_time_grid_at (run->grid, first);
}

/* All the slices there are. */
static void
emit_window (VlmRun *run, gboolean partial)
{
  const VlmSlice *head = g_queue_peek_head (&run->slices);
  const VlmSlice *tail = g_queue_peek_tail (&run->slices);
  VlmWindow *window = vlm_window_new (run->slices.length * run->depth);
  guint n = 0;

  window->still = TRUE;
  for (GList *l = run->slices.head; l != NULL; l = l->next) {
    append_samples (window, &n, l->data);
    window->still = window->still && !((VlmSlice *) l->data)->moves;
  }
  window->serial = run->serial++;
  window->epoch = run->epoch;
  window->start = vlm_time_grid_at (run->grid, head->first_slot);
  window->end = vlm_time_grid_at (run->grid, tail->end_slot);
  window->slot_duration = slot_duration (run);
  window->period = window->end -
      (VLM_TIME_IS_VALID (run->covered_end) ? run->covered_end : window->start);
  window->rate_serial = head->serial;
  window->partial = partial;
  g_queue_push_tail (&run->ready, window);
  run->covered = tail->index + vlm_slice_length (tail);
  run->covered_end = window->end;
}

/* The slice at which window @number should begin. */
static VlmWide
window_target (const VlmRun *run, VlmWide number)
{
  return run->first + vlm_round_div (number * run->hop, run->slice);
}

/* The window after the one that begins with @head. */
static void
next_window (VlmRun *run, const VlmSlice *head)
{
  VlmWide nearest;

  run->window_number++;
  run->window_slice = head->index + 1;
  nearest = window_target (run, run->window_number);
  if (run->overlaps)
    nearest = MIN (nearest, (VlmWide) run->covered);
  run->window_slice = (gint64) MAX (nearest, (VlmWide) run->window_slice);
}

void
vlm_run_push (VlmRun *run, VlmSlice *slice)
{
  g_queue_push_tail (&run->slices, slice);
}

void
vlm_run_close (VlmRun *run)
{
  for (;;) {
    const VlmSlice *head;
    const VlmSlice *tail;

    while ((head = g_queue_peek_head (&run->slices)) != NULL &&
        head->index < run->window_slice)
      vlm_slice_free (g_queue_pop_head (&run->slices));
    if (head == NULL)
      return;
    tail = g_queue_peek_tail (&run->slices);
    if (tail->index + vlm_slice_length (tail) - head->index <
        run->window_slices)
      return;
    emit_window (run, FALSE);
    next_window (run, head);
  }
}

void
vlm_run_finish (VlmRun *run)
{
  const VlmSlice *tail;

  vlm_run_close (run);
  tail = g_queue_peek_tail (&run->slices);
  if (tail != NULL && tail->index + vlm_slice_length (tail) > run->covered)
    emit_window (run, TRUE);
  g_queue_clear_full (&run->slices, vlm_slice_free);
}

guint
vlm_run_fit (const VlmRun *run, gint64 index, gint64 end, guint level)
{
  while (level > 0 &&
      ((index - run->first) % ((gint64) 1 << level) != 0 ||
          index + ((gint64) 1 << level) > end))
    level--;
  return level;
}

gint64
vlm_run_boundary (const VlmRun *run, gint64 index)
{
  VlmWide boundary = G_MAXINT64;

  for (guint is_end = 0; is_end <= 1; is_end++) {
    gint64 length = is_end ? run->window_slices : 0;
    VlmWide distance = index - length - run->first;
    VlmWide number =
        MAX (vlm_floor_div (distance * run->slice, run->hop) - 1, 0);

    while (window_target (run, number) + length <= index)
      number++;
    boundary = MIN (boundary, window_target (run, number) + length);
  }
  return (gint64) boundary;
}
