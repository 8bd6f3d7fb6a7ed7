/* gst-vlm: the watch, its queue
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One lock; no callback and no method of the analyzer is called under it. The
 * queue holds windows and marks; marks keep their place among the windows and
 * are never dropped. */
#include "elements/gstvlmwatch-private.h"

/* How long a cancelled analysis gets to notice: several steps of a slow model,
 * not felt at the end of a stream. */
#define CANCEL_GRACE_US (G_USEC_PER_SEC / 2)

void
gst_vlm_coverage_add (GstVlmCoverage *coverage, const GstVlmWatchItem *item)
{
  gint64 start = item->start.stream_time;
  gint64 end = item->end.stream_time;

  if (coverage->epoch != item->epoch || coverage->total_ns == 0) {
    coverage->epoch = item->epoch;
    coverage->until = start;
  }
  if (end > coverage->until) {
    coverage->total_ns += end - MAX (coverage->until, start);
    coverage->until = end;
  }
}

/* The clocks of @frame at @stream_time, which is at most a slot away. A stream
 * that is played faster runs faster than the clock: @other tells. */
static VlmInstant
instant_near (const VlmFrame *frame, const VlmFrame *other, gint64 stream_time)
{
  VlmInstant instant = frame->time;
  gint64 distance = stream_time - instant.stream_time;
  gint64 between = other->time.stream_time - instant.stream_time;

  instant.stream_time = stream_time;
  if (VLM_TIME_IS_VALID (instant.pts))
    instant.pts += distance;
  if (VLM_TIME_IS_VALID (instant.running_time)) {
    if (between != 0 && VLM_TIME_IS_VALID (other->time.running_time))
      distance = (gint64) ((double) distance *
          (double) (other->time.running_time - instant.running_time) /
          (double) between);
    instant.running_time += distance;
  }
  if (VLM_TIME_IS_VALID (instant.utc))
    instant.utc += stream_time - frame->time.stream_time;
  return instant;
}

static GstVlmWatchItem *
mark_new (GstVlmWatchItemKind kind, guint generation)
{
  GstVlmWatchItem *item = g_new0 (GstVlmWatchItem, 1);

  item->kind = kind;
  item->generation = generation;
  return item;
}

/* Takes @window over; a still one is let go, with its frames. */
static GstVlmWatchItem *
item_new (GstVlmWatchItemKind kind, VlmWindow *window, guint generation)
{
  GstVlmWatchItem *item = mark_new (kind, generation);
  const VlmFrame *first = window->samples[0].frame;
  const VlmFrame *last = window->samples[window->n_samples - 1].frame;

  item->epoch = window->epoch;
  item->start = instant_near (first, last, window->start);
  item->end = instant_near (last, first, window->end);
  if (kind == GST_VLM_WATCH_ITEM_WINDOW)
    item->window = window;
  else
    vlm_window_unref (window);
  return item;
}

void
gst_vlm_watch_item_free (GstVlmWatchItem *item)
{
  g_clear_pointer (&item->window, vlm_window_unref);
  g_free (item);
}

static void
report_unwatched (GstVlmWatch *watch, GPtrArray *items, GstVlmGapReason reason)
{
  for (guint i = 0; i < items->len; i++) {
    const GstVlmWatchItem *item = g_ptr_array_index (items, i);

    watch->funcs.unwatched (
        watch->user_data, &item->start, &item->end, reason, item->generation);
  }
}

/* Moves the windows that waited longest to @dropped, until no more than
 * @n_left wait. With the lock. */
static void
drop_windows (GstVlmWatch *watch, guint n_left, GPtrArray *dropped)
{
  GList *l = watch->items.head;

  while (l != NULL && watch->n_windows > n_left) {
    GList *next = l->next;

    if (((GstVlmWatchItem *) l->data)->kind == GST_VLM_WATCH_ITEM_WINDOW) {
      g_ptr_array_add (dropped, l->data);
      g_queue_delete_link (&watch->items, l);
      watch->n_windows--;
      watch->stats.n_dropped++;
    }
    l = next;
  }
}

GstVlmWatch *
gst_vlm_watch_new (VlmAnalyzer *analyzer, const VlmAnalyzerParams *params,
    guint generation, const GstVlmWatchFuncs *funcs, gpointer user_data)
{
  GstVlmWatch *watch = g_atomic_rc_box_new0 (GstVlmWatch);

  watch->analyzer = g_object_ref (analyzer);
  watch->params.model = g_strdup (params->model);
  watch->params.device = g_strdup (params->device);
  watch->params.max_context = params->max_context;
  watch->generation = generation;
  watch->funcs = *funcs;
  watch->user_data = user_data;
  watch->state = GST_VLM_WATCH_LOADING;
  watch->analysed_until.stream_time = VLM_TIME_NONE;
  g_mutex_init (&watch->lock);
  g_cond_init (&watch->changed);
  g_queue_init (&watch->items);
  g_queue_init (&watch->asks);
  g_queue_init (&watch->given_up);
  watch->thread = g_thread_new ("vlmwatch", gst_vlm_watch_run, watch);
  return watch;
}

void
gst_vlm_watch_stop (GstVlmWatch *watch)
{
  g_autoptr (GCancellable) cancellable = NULL;

  g_mutex_lock (&watch->lock);
  watch->stopping = TRUE;
  watch->state = GST_VLM_WATCH_STOPPED;
  g_set_object (&cancellable, watch->cancellable);
  g_cond_broadcast (&watch->changed);
  g_mutex_unlock (&watch->lock);
  g_cancellable_cancel (cancellable);
}

void
gst_vlm_watch_join (GstVlmWatch *watch)
{
  gst_vlm_watch_stop (watch);
  g_clear_pointer (&watch->thread, g_thread_join);
}

GstVlmWatch *
gst_vlm_watch_ref (GstVlmWatch *watch)
{
  return g_atomic_rc_box_acquire (watch);
}

static void
watch_clear (gpointer data)
{
  GstVlmWatch *watch = data;

  g_assert (watch->thread == NULL);
  g_queue_clear_full (&watch->items, (GDestroyNotify) gst_vlm_watch_item_free);
  g_clear_pointer (&watch->current, gst_vlm_watch_item_free);
  g_assert (g_queue_is_empty (&watch->asks) && watch->asking == NULL);
  g_clear_pointer (&watch->newest, gst_vlm_watch_item_free);
  g_clear_object (&watch->cancellable);
  g_object_unref (watch->analyzer);
  g_free ((char *) watch->params.model);
  g_free ((char *) watch->params.device);
  vlm_questions_free (watch->questions);
  g_mutex_clear (&watch->lock);
  g_cond_clear (&watch->changed);
}

void
gst_vlm_watch_unref (GstVlmWatch *watch)
{
  g_atomic_rc_box_release_full (watch, watch_clear);
}

void
gst_vlm_watch_set_questions (GstVlmWatch *watch, VlmQuestions *questions)
{
  g_mutex_lock (&watch->lock);
  vlm_questions_free (watch->questions);
  watch->questions = questions;
  g_mutex_unlock (&watch->lock);
}

GstVlmWatchState
gst_vlm_watch_get_state (GstVlmWatch *watch)
{
  GstVlmWatchState state;

  g_mutex_lock (&watch->lock);
  state = watch->state;
  g_mutex_unlock (&watch->lock);
  return state;
}

GstVlmWatchState
gst_vlm_watch_wait_loaded (GstVlmWatch *watch, gint64 timeout_us)
{
  gint64 deadline = g_get_monotonic_time () + timeout_us;
  GstVlmWatchState state;

  g_mutex_lock (&watch->lock);
  while (watch->state == GST_VLM_WATCH_LOADING &&
      g_cond_wait_until (&watch->changed, &watch->lock, deadline))
    continue;
  state = watch->state;
  g_mutex_unlock (&watch->lock);
  return state;
}

/* With the lock. */
static GstFlowReturn
get_flow (GstVlmWatch *watch)
{
  if (watch->flushing || watch->stopping)
    return GST_FLOW_FLUSHING;
  return watch->state == GST_VLM_WATCH_FAILED ? GST_FLOW_ERROR : GST_FLOW_OK;
}

GstFlowReturn
gst_vlm_watch_wait_ready (GstVlmWatch *watch)
{
  GstFlowReturn flow;

  g_mutex_lock (&watch->lock);
  while ((flow = get_flow (watch)) == GST_FLOW_OK &&
      watch->state == GST_VLM_WATCH_LOADING)
    g_cond_wait (&watch->changed, &watch->lock);
  g_mutex_unlock (&watch->lock);
  return flow;
}

void
gst_vlm_watch_get_geometry (GstVlmWatch *watch, VlmGeometry *geometry)
{
  *geometry = watch->geometry;
}

/* With the lock. What was just seen, analysed or not. */
static void
remember (GstVlmWatch *watch, VlmWindow *window)
{
  g_clear_pointer (&watch->newest, gst_vlm_watch_item_free);
  watch->newest = item_new (
      GST_VLM_WATCH_ITEM_WINDOW, vlm_window_ref (window), watch->generation);
}

GstFlowReturn
gst_vlm_watch_push (
    GstVlmWatch *watch, VlmWindow *window, GstVlmPolicy policy, guint max_queue)
{
  g_autoptr (GPtrArray) dropped =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_vlm_watch_item_free);
  GstVlmWatchItem *item;
  GstFlowReturn flow;

  g_mutex_lock (&watch->lock);
  while ((flow = get_flow (watch)) == GST_FLOW_OK &&
      policy == GST_VLM_POLICY_BLOCK && watch->n_windows >= max_queue)
    g_cond_wait (&watch->changed, &watch->lock);
  if (flow != GST_FLOW_OK) {
    g_mutex_unlock (&watch->lock);
    vlm_window_unref (window);
    return flow;
  }

  remember (watch, window);
  item = item_new (GST_VLM_WATCH_ITEM_WINDOW, window, watch->generation);
  gst_vlm_coverage_add (&watch->seen, item);
  if (policy == GST_VLM_POLICY_LATEST_ONLY)
    drop_windows (watch, 0, dropped);
  else if (policy == GST_VLM_POLICY_DROP_OLDEST)
    drop_windows (watch, max_queue - 1, dropped);
  if (policy == GST_VLM_POLICY_DROP_NEWEST && watch->n_windows >= max_queue) {
    g_ptr_array_add (dropped, item);
    watch->stats.n_dropped++;
  } else {
    g_queue_push_tail (&watch->items, item);
    watch->n_windows++;
  }
  g_cond_broadcast (&watch->changed);
  g_mutex_unlock (&watch->lock);

  report_unwatched (watch, dropped, GST_VLM_GAP_QUEUE_FULL);
  return GST_FLOW_OK;
}

GstFlowReturn
gst_vlm_watch_skip (GstVlmWatch *watch, VlmWindow *window)
{
  GstVlmWatchItem *item;
  GstFlowReturn flow;

  g_mutex_lock (&watch->lock);
  flow = get_flow (watch);
  if (flow == GST_FLOW_OK)
    remember (watch, window);
  item = item_new (GST_VLM_WATCH_ITEM_STILL, window, watch->generation);
  if (flow == GST_FLOW_OK) {
    gst_vlm_coverage_add (&watch->seen, item);
    watch->stats.n_skipped++;
    g_queue_push_tail (&watch->items, g_steal_pointer (&item));
    g_cond_broadcast (&watch->changed);
  }
  g_mutex_unlock (&watch->lock);
  if (item != NULL)
    gst_vlm_watch_item_free (item);
  return flow;
}

gboolean
gst_vlm_watch_take_measurement (
    GstVlmWatch *watch, VlmRateMeasurement *measurement)
{
  gboolean has_measurement;

  g_mutex_lock (&watch->lock);
  has_measurement = watch->has_measurement;
  *measurement = watch->measurement;
  watch->has_measurement = FALSE;
  g_mutex_unlock (&watch->lock);
  return has_measurement;
}

void
gst_vlm_watch_cut (GstVlmWatch *watch)
{
  g_mutex_lock (&watch->lock);
  if (!watch->flushing) {
    g_queue_push_tail (
        &watch->items, mark_new (GST_VLM_WATCH_ITEM_CUT, watch->generation));
    g_cond_broadcast (&watch->changed);
  }
  g_mutex_unlock (&watch->lock);
}

/* With the lock. FALSE when @deadline (0 for none) passed first. */
static gboolean
wait_idle (GstVlmWatch *watch, gint64 deadline)
{
  while (get_flow (watch) == GST_FLOW_OK &&
      (watch->current != NULL || watch->asking != NULL ||
          !g_queue_is_empty (&watch->items) ||
          gst_vlm_watch_can_answer (watch))) {
    if (deadline == 0)
      g_cond_wait (&watch->changed, &watch->lock);
    else if (!g_cond_wait_until (&watch->changed, &watch->lock, deadline))
      return FALSE;
  }
  return TRUE;
}

GstFlowReturn
gst_vlm_watch_drain (GstVlmWatch *watch, gint64 timeout_us)
{
  g_autoptr (GPtrArray) dropped =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_vlm_watch_item_free);
  g_autoptr (GCancellable) cancellable = NULL;
  GstFlowReturn flow;

  g_mutex_lock (&watch->lock);
  if (!wait_idle (
          watch, timeout_us < 0 ? 0 : g_get_monotonic_time () + timeout_us)) {
    drop_windows (watch, 0, dropped);
    gst_vlm_watch_give_up_asks (watch);
    g_set_object (&cancellable, watch->cancellable);
  }
  g_mutex_unlock (&watch->lock);

  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
  report_unwatched (watch, dropped, GST_VLM_GAP_EOS_TIMEOUT);

  g_mutex_lock (&watch->lock);
  wait_idle (watch, g_get_monotonic_time () + CANCEL_GRACE_US);
  flow = get_flow (watch);
  g_mutex_unlock (&watch->lock);
  return flow;
}

void
gst_vlm_watch_flush_start (GstVlmWatch *watch, guint generation)
{
  g_autoptr (GCancellable) cancellable = NULL;

  g_mutex_lock (&watch->lock);
  watch->flushing = TRUE;
  watch->generation = generation;
  g_queue_clear_full (&watch->items, (GDestroyNotify) gst_vlm_watch_item_free);
  watch->n_windows = 0;
  g_clear_pointer (&watch->newest, gst_vlm_watch_item_free);
  gst_vlm_watch_give_up_asks (watch);
  g_queue_push_tail (
      &watch->items, mark_new (GST_VLM_WATCH_ITEM_RESET, watch->generation));
  /* A flush does not stop the model from being loaded. */
  if (watch->state == GST_VLM_WATCH_READY)
    g_set_object (&cancellable, watch->cancellable);
  g_cond_broadcast (&watch->changed);
  g_mutex_unlock (&watch->lock);
  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
}

void
gst_vlm_watch_flush_stop (GstVlmWatch *watch)
{
  g_mutex_lock (&watch->lock);
  watch->flushing = FALSE;
  g_mutex_unlock (&watch->lock);
}

static gboolean
has_span (const GstVlmWatchItem *item)
{
  return item->kind == GST_VLM_WATCH_ITEM_WINDOW ||
      item->kind == GST_VLM_WATCH_ITEM_STILL;
}

void
gst_vlm_watch_get_stats (GstVlmWatch *watch, GstVlmWatchStats *stats)
{
  GstVlmCoverage expected;

  g_mutex_lock (&watch->lock);
  *stats = watch->stats;
  stats->queue_level = watch->n_windows;
  stats->watched_ns = watch->watched.total_ns;
  stats->skipped_ns = watch->accounted.total_ns - watch->watched.total_ns;
  /* What was seen, but neither done with nor still waits for its turn. */
  expected = watch->accounted;
  if (watch->current != NULL && has_span (watch->current))
    gst_vlm_coverage_add (&expected, watch->current);
  for (GList *l = watch->items.head; l != NULL; l = l->next)
    if (has_span (l->data))
      gst_vlm_coverage_add (&expected, l->data);
  stats->unwatched_ns = MAX (0, watch->seen.total_ns - expected.total_ns);
  g_mutex_unlock (&watch->lock);
}
