/* gst-vlm: the order of requests to one server, and their retries
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-queue.h"

#include <vlm/vlm-error.h>

#include "analyzer/remote-retry.h"

#define N_THREADS 12
#define N_TURNS 20
#define FOREVER (g_get_monotonic_time () + 600 * G_USEC_PER_SEC)

typedef struct
{
  VlmRemoteQueue *queue;
  GMutex lock;
  guint n_inside;
  guint most_inside;
  guint n_turns[N_THREADS];
  guint n_done;
} Shared;

typedef struct
{
  Shared *shared;
  guint index;
} Visitor;

static gpointer
visit (gpointer user_data)
{
  Visitor *visitor = user_data;
  Shared *shared = visitor->shared;

  for (guint i = 0; i < N_TURNS; i++) {
    g_assert_true (vlm_remote_queue_enter (shared->queue, FOREVER, NULL, NULL));
    g_mutex_lock (&shared->lock);
    shared->n_inside++;
    shared->most_inside = MAX (shared->most_inside, shared->n_inside);
    shared->n_turns[visitor->index]++;
    shared->n_done++;
    g_mutex_unlock (&shared->lock);
    g_thread_yield ();
    g_mutex_lock (&shared->lock);
    shared->n_inside--;
    g_mutex_unlock (&shared->lock);
    vlm_remote_queue_leave (shared->queue);
  }
  return NULL;
}

static void
test_places (void)
{
  Shared shared = { .queue = vlm_remote_queue_new () };
  Visitor visitors[N_THREADS];
  GThread *threads[N_THREADS];

  vlm_remote_queue_allow (shared.queue, 3);
  vlm_remote_queue_allow (shared.queue, 2);
  for (guint i = 0; i < N_THREADS; i++) {
    visitors[i] = (Visitor){ &shared, i };
    threads[i] = g_thread_new ("visitor", visit, &visitors[i]);
  }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (shared.n_done, ==, N_THREADS * N_TURNS);
  g_assert_cmpuint (shared.most_inside, <=, 3);
  vlm_remote_queue_free (shared.queue);
}

/* A caller that waits, and the order in which it was admitted. */
typedef struct
{
  VlmRemoteQueue *queue;
  GCancellable *cancellable;
  gint order;
  GError *error;
} Waiter;

static gint order; /* atomic */

static gpointer
wait_inside (gpointer user_data)
{
  Waiter *waiter = user_data;

  if (vlm_remote_queue_enter (
          waiter->queue, FOREVER, waiter->cancellable, &waiter->error)) {
    waiter->order = g_atomic_int_add (&order, 1) + 1;
    vlm_remote_queue_leave (waiter->queue);
  }
  return NULL;
}

/* A cancelled request ends at once, and the next one takes its turn. */
static void
test_cancelled (void)
{
  VlmRemoteQueue *queue = vlm_remote_queue_new ();
  Waiter first = { queue, g_cancellable_new (), 0, NULL };
  Waiter second = { queue, NULL, 0, NULL };
  GThread *threads[2];

  g_assert_true (vlm_remote_queue_enter (queue, FOREVER, NULL, NULL));
  threads[0] = g_thread_new ("first", wait_inside, &first);
  threads[1] = g_thread_new ("second", wait_inside, &second);
  g_cancellable_cancel (first.cancellable);
  g_thread_join (threads[0]);
  g_assert_error (first.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (first.order, ==, 0);
  vlm_remote_queue_leave (queue);
  g_thread_join (threads[1]);
  g_assert_cmpint (second.order, ==, 1);
  /* A request that is already cancelled is not admitted. */
  g_clear_error (&first.error);
  g_assert_false (
      vlm_remote_queue_enter (queue, FOREVER, first.cancellable, &first.error));
  g_assert_error (first.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&first.error);
  g_object_unref (first.cancellable);
  vlm_remote_queue_free (queue);
}

static void
test_times (void)
{
  VlmRemoteQueue *queue = vlm_remote_queue_new ();
  gint64 pause = g_get_monotonic_time () + G_USEC_PER_SEC / 10;
  g_autoptr (GError) error = NULL;

  vlm_remote_queue_pause (queue, pause);
  vlm_remote_queue_pause (queue, 0);
  g_assert_false (vlm_remote_queue_enter (
      queue, g_get_monotonic_time () - 1, NULL, &error));
  g_assert_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_TIMEOUT);
  g_assert_true (vlm_remote_queue_enter (queue, FOREVER, NULL, NULL));
  g_assert_cmpint (g_get_monotonic_time (), >=, pause);
  vlm_remote_queue_leave (queue);
  vlm_remote_queue_free (queue);
}

static void
test_retry (void)
{
  static const long worth[] = { 408, 425, 429, 500, 502, 503, 504 };
  static const long not_worth[] = { 200, 301, 400, 401, 403, 404, 413, 422,
    501 };

  g_assert_cmpint (vlm_remote_retry_delay (1, 0, 0.0), ==, 250000);
  g_assert_cmpint (vlm_remote_retry_delay (1, 0, 1.0), ==, 500000);
  g_assert_cmpint (vlm_remote_retry_delay (3, 0, 1.0), ==, 2000000);
  g_assert_cmpint (vlm_remote_retry_delay (1, 3000000, 0.5), ==, 3000000);
  g_assert_cmpint (vlm_remote_retry_delay (6, 3000000, 0.5), ==, -1);
  for (guint i = 0; i < G_N_ELEMENTS (worth); i++)
    g_assert_true (vlm_remote_retry_is_worth (worth[i]));
  for (guint i = 0; i < G_N_ELEMENTS (not_worth); i++)
    g_assert_false (vlm_remote_retry_is_worth (not_worth[i]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remote-queue/places", test_places);
  g_test_add_func ("/remote-queue/cancelled", test_cancelled);
  g_test_add_func ("/remote-queue/times", test_times);
  g_test_add_func ("/remote-queue/retry", test_retry);
  return g_test_run ();
}
