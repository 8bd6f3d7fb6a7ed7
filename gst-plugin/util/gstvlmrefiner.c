/* gst-vlm: which windows are worth all their frames
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmrefiner.h"

/* An overview is no longer than what small models are trained on, and has a frame
 * every four seconds: an eighth of those at two a second. */
#define MAX_SPAN (30 * VLM_SECOND)
#define PERIOD (4 * VLM_SECOND)

struct _GstVlmRefiner
{
  GPtrArray *still; /* VlmWindow, in a row; NULL when there is none */
  VlmInstant start; /* of them */
  VlmInstant end;
  guint depth;
  GQueue items; /* GstVlmWindowerItem, on their way out */
};

GstVlmRefiner *
gst_vlm_refiner_new (void)
{
  GstVlmRefiner *self = g_new0 (GstVlmRefiner, 1);

  g_queue_init (&self->items);
  return self;
}

void
gst_vlm_refiner_flush (GstVlmRefiner *self)
{
  g_clear_pointer (&self->still, g_ptr_array_unref);
  g_queue_clear_full (
      &self->items, (GDestroyNotify) gst_vlm_windower_item_free);
}

void
gst_vlm_refiner_free (GstVlmRefiner *self)
{
  if (self == NULL)
    return;
  gst_vlm_refiner_flush (self);
  g_free (self);
}

static void
put_out (GstVlmRefiner *self, const GstVlmWindowerItem *item)
{
  g_queue_push_tail (&self->items, g_memdup2 (item, sizeof *item));
}

static void
end_still (GstVlmRefiner *self)
{
  GPtrArray *still = g_steal_pointer (&self->still);

  if (still == NULL)
    return;
  put_out (self,
      &(GstVlmWindowerItem){
          .kind = GST_VLM_WINDOWER_ITEM_OVERVIEW,
          .window = vlm_window_overview ((VlmWindow *const *) still->pdata,
              still->len, PERIOD, self->depth),
          .details = still,
          .start = self->start,
          .end = self->end,
      });
}

/* Whether @window can join those that are gathered. */
static gboolean
goes_on (const GstVlmRefiner *self, const VlmWindow *window)
{
  const VlmWindow *first = self->still->pdata[0];
  const VlmFrame *a = first->samples[0].frame;
  const VlmFrame *b = window->samples[0].frame;

  return first->epoch == window->epoch && a->width == b->width &&
      a->height == b->height && window->end - first->start <= MAX_SPAN;
}

static void
add_still (GstVlmRefiner *self, const GstVlmWindowerItem *item)
{
  if (self->still != NULL && !goes_on (self, item->window))
    end_still (self);
  if (self->still == NULL) {
    self->still =
        g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_window_unref);
    self->start = item->start;
  }
  g_ptr_array_add (self->still, item->window);
  self->end = item->end;
}

void
gst_vlm_refiner_put (
    GstVlmRefiner *self, const GstVlmWindowerItem *item, guint frames_per_slice)
{
  self->depth = frames_per_slice;
  if (item->kind == GST_VLM_WINDOWER_ITEM_STILL) {
    add_still (self, item);
    return;
  }
  end_still (self);
  put_out (self, item);
}

gboolean
gst_vlm_refiner_pop (GstVlmRefiner *self, GstVlmWindowerItem *item)
{
  GstVlmWindowerItem *first = g_queue_pop_head (&self->items);

  if (first == NULL)
    return FALSE;
  *item = *first;
  g_free (first);
  return TRUE;
}
