/* gst-vlm: which windows an external trigger selects
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmtrigger.h"

/* So many spans are kept; with more, the two oldest become one, which includes
 * the time between them: rather too much than too little. */
#define MAX_SPANS 256

/* What is analysed, margins included. */
typedef struct
{
  gint64 start;
  gint64 end;
} Span;

struct _GstVlmTrigger
{
  gint64 before;
  gint64 after;
  GQueue items; /* GstVlmWindowerItem */
  gint64 now;   /* of the newest frame */
  guint n_cuts; /* in the queue: items before one wait no longer */

  GMutex lock;
  /* All under the lock. */
  GArray *spans;    /* Span, in order, apart from each other */
  gboolean is_next; /* the next frame is a trigger */
  gint64 decided_until;
  guint64 n_fired;
  guint64 n_late;
};

GstVlmTrigger *
gst_vlm_trigger_new (gint64 before, gint64 after)
{
  GstVlmTrigger *self = g_new0 (GstVlmTrigger, 1);

  self->before = before;
  self->after = after;
  self->now = VLM_TIME_NONE;
  self->decided_until = VLM_TIME_NONE;
  self->spans = g_array_new (FALSE, FALSE, sizeof (Span));
  g_mutex_init (&self->lock);
  g_queue_init (&self->items);
  return self;
}

void
gst_vlm_trigger_free (GstVlmTrigger *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (
      &self->items, (GDestroyNotify) gst_vlm_windower_item_free);
  g_array_unref (self->spans);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
gst_vlm_trigger_flush (GstVlmTrigger *self)
{
  g_queue_clear_full (
      &self->items, (GDestroyNotify) gst_vlm_windower_item_free);
  self->now = VLM_TIME_NONE;
  self->n_cuts = 0;
  g_mutex_lock (&self->lock);
  g_array_set_size (self->spans, 0);
  self->is_next = FALSE;
  self->decided_until = VLM_TIME_NONE;
  g_mutex_unlock (&self->lock);
}

/* --- triggers ------------------------------------------------------------- */

static Span *
span_at (GstVlmTrigger *self, guint i)
{
  return &g_array_index (self->spans, Span, i);
}

/* With the lock: makes one span of @i and the next one. */
static void
merge_next (GstVlmTrigger *self, guint i)
{
  span_at (self, i)->end =
      MAX (span_at (self, i)->end, span_at (self, i + 1)->end);
  g_array_remove_index (self->spans, i + 1);
}

/* With the lock. */
static void
add_span (GstVlmTrigger *self, gint64 time)
{
  Span span = { vlm_time_add (time, -self->before),
    vlm_time_add (time, self->after) };
  guint i = 0;

  self->n_fired++;
  if (VLM_TIME_IS_VALID (self->decided_until) &&
      span.start < self->decided_until)
    self->n_late++;
  while (i < self->spans->len && span_at (self, i)->start <= span.start)
    i++;
  g_array_insert_val (self->spans, i, span);
  if (i > 0 && span_at (self, i - 1)->end >= span.start)
    merge_next (self, --i);
  while (i + 1 < self->spans->len &&
      span_at (self, i + 1)->start <= span_at (self, i)->end)
    merge_next (self, i);
  if (self->spans->len > MAX_SPANS)
    merge_next (self, 0);
}

void
gst_vlm_trigger_fire (GstVlmTrigger *self, gint64 time)
{
  g_mutex_lock (&self->lock);
  if (VLM_TIME_IS_VALID (time))
    add_span (self, time);
  else
    self->is_next = TRUE;
  g_mutex_unlock (&self->lock);
}

void
gst_vlm_trigger_advance (GstVlmTrigger *self, gint64 time)
{
  if (!VLM_TIME_IS_VALID (time))
    return;
  self->now = time;
  g_mutex_lock (&self->lock);
  if (self->is_next)
    add_span (self, time);
  self->is_next = FALSE;
  g_mutex_unlock (&self->lock);
}

void
gst_vlm_trigger_get_counts (
    GstVlmTrigger *self, guint64 *n_fired, guint64 *n_late)
{
  g_mutex_lock (&self->lock);
  *n_fired = self->n_fired;
  *n_late = self->n_late;
  g_mutex_unlock (&self->lock);
}

/* --- windows -------------------------------------------------------------- */

/* Whether triggers decide about @item. */
static gboolean
has_choice (const GstVlmWindowerItem *item)
{
  return item->kind == GST_VLM_WINDOWER_ITEM_WINDOW ||
      item->kind == GST_VLM_WINDOWER_ITEM_STILL ||
      (item->kind == GST_VLM_WINDOWER_ITEM_GAP &&
          item->reason == GST_VLM_GAP_BETWEEN);
}

void
gst_vlm_trigger_put (GstVlmTrigger *self, const GstVlmWindowerItem *item)
{
  self->n_cuts += item->kind == GST_VLM_WINDOWER_ITEM_CUT;
  g_queue_push_tail (&self->items, g_memdup2 (item, sizeof *item));
}

/* Whether @item reaches into a span. A time that is not known is in all of
 * them. */
static gboolean
is_wanted (GstVlmTrigger *self, const GstVlmWindowerItem *item)
{
  gint64 start = item->start.running_time;
  gint64 end = item->end.running_time;
  gboolean is_known = VLM_TIME_IS_VALID (start) && VLM_TIME_IS_VALID (end);
  gboolean wanted = !is_known;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->spans->len && !wanted; i++)
    wanted = start <= span_at (self, i)->end && end > span_at (self, i)->start;
  g_mutex_unlock (&self->lock);
  return wanted;
}

/* Drops spans before @item: they do not matter for what begins later. */
static void
decide (GstVlmTrigger *self, const GstVlmWindowerItem *item, gboolean wanted)
{
  gint64 start = item->start.running_time;

  if (!VLM_TIME_IS_VALID (start))
    return;
  g_mutex_lock (&self->lock);
  while (self->spans->len > 0 && span_at (self, 0)->end < start)
    g_array_remove_index (self->spans, 0);
  if (!wanted && VLM_TIME_IS_VALID (item->end.running_time))
    self->decided_until = item->end.running_time;
  g_mutex_unlock (&self->lock);
}

/* Whether no future trigger can reach back to @item. */
static gboolean
is_over (GstVlmTrigger *self, const GstVlmWindowerItem *item)
{
  return self->n_cuts > 0 ||
      (VLM_TIME_IS_VALID (self->now) &&
          vlm_time_since (self->now, item->end.running_time) >= self->before);
}

gboolean
gst_vlm_trigger_pop (GstVlmTrigger *self, GstVlmWindowerItem *item)
{
  GstVlmWindowerItem *head;

  while ((head = g_queue_peek_head (&self->items)) != NULL) {
    gboolean wanted = !has_choice (head) || is_wanted (self, head);
    gboolean is_gap = head->kind == GST_VLM_WINDOWER_ITEM_GAP;

    if (!wanted && !is_over (self, head))
      return FALSE;
    if (has_choice (head))
      decide (self, head, wanted);
    if (head->kind == GST_VLM_WINDOWER_ITEM_CUT)
      self->n_cuts--;
    *item = *head;
    g_free (g_queue_pop_head (&self->items));
    if (wanted)
      return TRUE;
    if (!is_gap) {
      item->kind = GST_VLM_WINDOWER_ITEM_UNTRIGGERED;
      return TRUE;
    }
  }
  return FALSE;
}
