/* gst-vlm: video that waits for its analysis
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmdelay.h"

/* Of a buffer: no window that contains it is complete; none will contain it. */
#define UNKNOWN 0
#define FREE G_MAXUINT64

/* The time without input before it is checked whether any will come. */
#define STALL_US (2 * G_USEC_PER_SEC)

typedef struct
{
  GstMiniObject *object;
  guint64 ticket; /* that it waits for; FREE for events */
  gsize size;
  gint64 time;
  GstClockTime running_time;
} Item;

struct _GstVlmDelay
{
  guint64 max_bytes;
  GstVlmDelayFuncs funcs;
  gpointer user_data;

  GMutex lock;
  GCond changed;
  /* All under the lock. */
  GQueue items;
  guint64 n_bytes;
  guint64 next_ticket;
  GHashTable *open; /* tickets of windows that are not done, guint64 */
  gint64 free_until;
  GstFlowReturn flow;
  gboolean is_busy;  /* the input that came last is being processed */
  gboolean is_loose; /* nothing waits any more */
  gint64 idle_since; /* monotonic, us */
};

static void
item_free (gpointer data)
{
  Item *item = data;

  if (item->object != NULL)
    gst_mini_object_unref (item->object);
  g_free (item);
}

GstVlmDelay *
gst_vlm_delay_new (
    guint64 max_bytes, const GstVlmDelayFuncs *funcs, gpointer user_data)
{
  GstVlmDelay *self = g_new0 (GstVlmDelay, 1);

  self->max_bytes = max_bytes;
  self->funcs = *funcs;
  self->user_data = user_data;
  self->next_ticket = 1;
  self->free_until = VLM_TIME_NONE;
  self->flow = GST_FLOW_FLUSHING;
  self->open =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_queue_init (&self->items);
  return self;
}

void
gst_vlm_delay_free (GstVlmDelay *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (&self->items, item_free);
  g_hash_table_unref (self->open);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self);
}

void
gst_vlm_delay_set_flow (GstVlmDelay *self, GstFlowReturn flow)
{
  g_mutex_lock (&self->lock);
  self->flow = flow;
  self->is_busy = FALSE;
  self->is_loose = FALSE;
  self->n_bytes = 0;
  self->free_until = VLM_TIME_NONE;
  self->idle_since = g_get_monotonic_time ();
  g_queue_clear_full (&self->items, item_free);
  g_hash_table_remove_all (self->open);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
gst_vlm_delay_flush (GstVlmDelay *self, GQueue *events)
{
  g_mutex_lock (&self->lock);
  for (GList *l = self->items.head; l != NULL; l = l->next) {
    Item *item = l->data;

    if (GST_IS_EVENT (item->object) &&
        GST_EVENT_IS_STICKY (GST_EVENT_CAST (item->object)) &&
        GST_EVENT_TYPE (GST_EVENT_CAST (item->object)) != GST_EVENT_SEGMENT &&
        GST_EVENT_TYPE (GST_EVENT_CAST (item->object)) != GST_EVENT_EOS)
      g_queue_push_tail (events, g_steal_pointer (&item->object));
  }
  g_mutex_unlock (&self->lock);
  gst_vlm_delay_set_flow (self, GST_FLOW_FLUSHING);
}

GstFlowReturn
gst_vlm_delay_get_flow (GstVlmDelay *self)
{
  GstFlowReturn flow;

  g_mutex_lock (&self->lock);
  flow = self->flow;
  g_mutex_unlock (&self->lock);
  return flow;
}

static gboolean
may_leave (GstVlmDelay *self, const Item *item)
{
  if (self->is_loose || item->ticket == FREE)
    return TRUE;
  return item->ticket != UNKNOWN &&
      !g_hash_table_contains (self->open, &item->ticket);
}

/* The head, if it waits for a window that is not yet complete; NULL if it will
 * leave sooner or later. */
static Item *
find_stuck (GstVlmDelay *self)
{
  Item *head = g_queue_peek_head (&self->items);

  return head != NULL && head->ticket == UNKNOWN && !self->is_loose ? head
                                                                    : NULL;
}

static gboolean
is_full (GstVlmDelay *self, gsize size)
{
  return self->n_bytes > 0 && self->n_bytes + size > self->max_bytes;
}

/* With the lock. Whether buffers had to be released for it. */
static gboolean
make_room (GstVlmDelay *self, gsize size, gboolean waits)
{
  gboolean is_short = FALSE;
  guint64 excess;

  while (self->flow == GST_FLOW_OK && is_full (self, size) && waits) {
    Item *stuck = find_stuck (self);

    if (stuck != NULL) {
      stuck->ticket = FREE;
      is_short = TRUE;
      g_cond_broadcast (&self->changed);
    }
    g_cond_wait (&self->changed, &self->lock);
  }
  if (waits || !is_full (self, size))
    return is_short;
  /* Nothing waits for room on a live stream: the oldest buffers leave. */
  excess = self->n_bytes + size - self->max_bytes;
  for (GList *l = self->items.head; l != NULL && excess > 0; l = l->next) {
    Item *item = l->data;

    item->ticket = FREE;
    excess -= MIN (excess, item->size);
  }
  return TRUE;
}

GstVlmDelayResult
gst_vlm_delay_push (GstVlmDelay *self, GstBuffer *buffer, gint64 time,
    GstClockTime running_time, gboolean waits)
{
  GstVlmDelayResult result = GST_VLM_DELAY_REFUSED;
  gsize size = gst_buffer_get_size (buffer);
  gboolean is_short;
  Item *item;

  g_mutex_lock (&self->lock);
  self->is_busy = TRUE;
  is_short = make_room (self, size, waits);
  if (self->flow == GST_FLOW_OK) {
    result = is_short ? GST_VLM_DELAY_TOO_SMALL : GST_VLM_DELAY_TAKEN;
    item = g_new0 (Item, 1);
    item->object = GST_MINI_OBJECT_CAST (buffer);
    item->ticket =
        VLM_TIME_IS_VALID (time) && time >= self->free_until ? UNKNOWN : FREE;
    item->size = size;
    item->time = time;
    item->running_time = running_time;
    g_queue_push_tail (&self->items, item);
    self->n_bytes += size;
    g_cond_broadcast (&self->changed);
  } else {
    gst_buffer_unref (buffer);
  }
  g_mutex_unlock (&self->lock);
  return result;
}

gboolean
gst_vlm_delay_push_event (GstVlmDelay *self, GstEvent *event)
{
  gboolean taken;
  Item *item;

  g_mutex_lock (&self->lock);
  taken = self->flow == GST_FLOW_OK;
  if (taken) {
    item = g_new0 (Item, 1);
    item->object = GST_MINI_OBJECT_CAST (event);
    item->ticket = FREE;
    g_queue_push_tail (&self->items, item);
    g_cond_broadcast (&self->changed);
  } else {
    gst_event_unref (event);
  }
  g_mutex_unlock (&self->lock);
  return taken;
}

void
gst_vlm_delay_rest (GstVlmDelay *self)
{
  g_mutex_lock (&self->lock);
  self->is_busy = FALSE;
  self->idle_since = g_get_monotonic_time ();
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

static guint64
open_ticket (GstVlmDelay *self)
{
  guint64 ticket = self->next_ticket++;

  g_hash_table_add (self->open, g_memdup2 (&ticket, sizeof ticket));
  return ticket;
}

guint64
gst_vlm_delay_cut (GstVlmDelay *self)
{
  guint64 ticket;

  g_mutex_lock (&self->lock);
  ticket = open_ticket (self);
  for (GList *l = self->items.head; l != NULL; l = l->next) {
    Item *item = l->data;

    if (item->ticket == UNKNOWN || item->ticket == ticket - 1)
      item->ticket = ticket;
  }
  self->free_until = VLM_TIME_NONE;
  g_mutex_unlock (&self->lock);
  return ticket;
}

guint64
gst_vlm_delay_expect (GstVlmDelay *self, gint64 until, gint64 free_until)
{
  guint64 ticket;

  g_mutex_lock (&self->lock);
  ticket = open_ticket (self);
  for (GList *l = self->items.head; l != NULL; l = l->next) {
    Item *item = l->data;

    if (item->ticket != UNKNOWN)
      continue;
    if (item->time < until)
      item->ticket = ticket;
    else if (item->time < free_until)
      item->ticket = FREE;
  }
  self->free_until = free_until;
  g_mutex_unlock (&self->lock);
  return ticket;
}

void
gst_vlm_delay_done (GstVlmDelay *self, guint64 ticket)
{
  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->open, &ticket);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
gst_vlm_delay_release (GstVlmDelay *self)
{
  g_mutex_lock (&self->lock);
  if (!g_queue_is_empty (&self->items))
    ((Item *) g_queue_peek_tail (&self->items))->ticket = FREE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
gst_vlm_delay_settle (GstVlmDelay *self)
{
  g_mutex_lock (&self->lock);
  for (GList *l = self->items.head; l != NULL; l = l->next)
    if (((Item *) l->data)->ticket == UNKNOWN)
      ((Item *) l->data)->ticket = FREE;
  self->free_until = VLM_TIME_NONE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* With the lock, which is released meanwhile. */
static gint64
query_patience (GstVlmDelay *self, GstClockTime running_time)
{
  gint64 patience;

  g_mutex_unlock (&self->lock);
  patience = self->funcs.get_patience (self->user_data, running_time);
  g_mutex_lock (&self->lock);
  return patience;
}

/* With the lock, which is released meanwhile. */
static void
check_stall (GstVlmDelay *self)
{
  gint64 idle_since = self->idle_since;
  gboolean is_stalled;

  if (self->is_busy || find_stuck (self) == NULL ||
      g_get_monotonic_time () - idle_since < STALL_US)
    return;
  g_mutex_unlock (&self->lock);
  is_stalled = self->funcs.is_stalled (self->user_data);
  g_mutex_lock (&self->lock);
  if (idle_since != self->idle_since)
    return;
  self->is_loose |= is_stalled;
  self->idle_since = g_get_monotonic_time ();
}

/* With the lock: waits until the head, which exists, may leave. FALSE if the
 * caller has to check again. */
static gboolean
wait_for_head (GstVlmDelay *self)
{
  const Item *head = g_queue_peek_head (&self->items);
  gint64 patience;

  if (may_leave (self, head))
    return TRUE;
  patience = query_patience (self, head->running_time);
  if (self->flow != GST_FLOW_OK)
    return FALSE;
  /* No other thread removes items. */
  head = g_queue_peek_head (&self->items);
  if (patience <= 0 || may_leave (self, head))
    return TRUE;
  g_cond_wait_until (&self->changed, &self->lock,
      g_get_monotonic_time () + MIN (patience, STALL_US));
  if (patience == G_MAXINT64 && self->flow == GST_FLOW_OK)
    check_stall (self);
  return FALSE;
}

GstMiniObject *
gst_vlm_delay_pop (GstVlmDelay *self, gint64 *time)
{
  GstMiniObject *object = NULL;
  Item *item;

  g_mutex_lock (&self->lock);
  while (self->flow == GST_FLOW_OK) {
    if (g_queue_is_empty (&self->items))
      g_cond_wait (&self->changed, &self->lock);
    else if (wait_for_head (self))
      break;
  }
  if (self->flow == GST_FLOW_OK) {
    item = g_queue_pop_head (&self->items);
    object = g_steal_pointer (&item->object);
    *time = item->time;
    self->n_bytes -= item->size;
    item_free (item);
    g_cond_broadcast (&self->changed);
  }
  g_mutex_unlock (&self->lock);
  return object;
}

guint64
gst_vlm_delay_get_level (GstVlmDelay *self)
{
  guint64 n_bytes;

  g_mutex_lock (&self->lock);
  n_bytes = self->n_bytes;
  g_mutex_unlock (&self->lock);
  return n_bytes;
}
