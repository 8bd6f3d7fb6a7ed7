/* gst-vlm: the slots of a temporal patch, and of a video that is thinned out
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/slice.h"

#include "media/window.h"

VlmSlice *
vlm_slice_new (gint64 first_slot, guint level, guint depth)
{
  VlmSlice *slice = g_malloc0 (sizeof *slice + depth * sizeof (VlmSample));

  slice->index = first_slot / depth;
  slice->first_slot = first_slot;
  slice->end_slot = first_slot + ((gint64) depth << level);
  slice->level = level;
  slice->depth = depth;
  return slice;
}

void
vlm_slice_free (gpointer data)
{
  VlmSlice *slice = data;

  for (guint i = 0; i < slice->n_samples; i++)
    vlm_frame_unref (slice->samples[i].frame);
  g_free (slice);
}

void
vlm_slice_append (VlmSlice *slice, VlmFrame *frame, gint64 slot_time)
{
  g_assert (slice->n_samples < slice->depth);
  slice->samples[slice->n_samples++] =
      (VlmSample){ vlm_frame_ref (frame), slot_time };
}

void
vlm_slice_fill_from (
    VlmSlice *slice, const VlmSlice *from, gint64 slot, const VlmTimeGrid *grid)
{
  while (
      slice->n_samples < slice->depth && vlm_slice_next_slot (slice) < slot) {
    gint64 next = vlm_slice_next_slot (slice);
    gint64 shown = (next - from->first_slot) >> from->level;

    vlm_slice_append (slice,
        from->samples[MIN (shown, (gint64) from->n_samples - 1)].frame,
        vlm_time_grid_at (grid, next));
  }
}

/* --- a whole stream ------------------------------------------------------- */

static void
clear_sample (gpointer data)
{
  vlm_frame_unref (((VlmSample *) data)->frame);
}

void
vlm_thinning_init (VlmThinning *self, guint max_frames, guint depth)
{
  guint unit = depth % 2 == 0 ? depth : 2 * depth;

  self->depth = depth;
  self->max_frames = MAX (max_frames / unit, 1) * unit;
  self->level = 0;
  self->first_slot = 0;
  self->samples = g_array_new (FALSE, FALSE, sizeof (VlmSample));
  g_array_set_clear_func (self->samples, clear_sample);
}

void
vlm_thinning_clear (VlmThinning *self)
{
  g_clear_pointer (&self->samples, g_array_unref);
}

void
vlm_thinning_start (VlmThinning *self, gint64 first_slot)
{
  self->first_slot = first_slot;
  self->level = 0;
}

gboolean
vlm_thinning_wants (const VlmThinning *self, gint64 slot)
{
  return (slot - self->first_slot) % ((gint64) 1 << self->level) == 0;
}

static void
halve (VlmThinning *self)
{
  VlmSample *samples = (VlmSample *) (gpointer) self->samples->data;
  guint n = self->samples->len;

  /* Those that stay come first, the others after them. */
  for (guint i = 1; 2 * i < n; i++) {
    VlmSample gone = samples[i];

    samples[i] = samples[2 * i];
    samples[2 * i] = gone;
  }
  g_array_set_size (self->samples, (n + 1) / 2);
  self->level++;
}

void
vlm_thinning_add (
    VlmThinning *self, gint64 slot, VlmFrame *frame, gint64 slot_time)
{
  VlmSample sample = { frame, slot_time };

  if (self->samples->len >= self->max_frames)
    halve (self);
  if (!vlm_thinning_wants (self, slot))
    return;
  vlm_frame_ref (frame);
  g_array_append_val (self->samples, sample);
}

VlmWindow *
vlm_thinning_finish (VlmThinning *self, const VlmTimeGrid *grid)
{
  const VlmSample *samples = (VlmSample *) (gpointer) self->samples->data;
  guint n = self->samples->len;
  guint n_full = (n + self->depth - 1) / self->depth * self->depth;
  VlmWindow *window;

  if (n == 0)
    return NULL;
  window = vlm_window_new (n_full);
  for (guint i = 0; i < n_full; i++)
    window->samples[i] = (VlmSample){
      vlm_frame_ref (samples[MIN (i, n - 1)].frame),
      vlm_time_grid_at (grid, self->first_slot + ((gint64) i << self->level)),
    };
  window->start = window->samples[0].slot_time;
  window->end = vlm_time_grid_at (
      grid, self->first_slot + ((gint64) n_full << self->level));
  window->slot_duration =
      (n_full > 1 ? window->samples[1].slot_time : window->end) - window->start;
  g_array_set_size (self->samples, 0);
  return window;
}
