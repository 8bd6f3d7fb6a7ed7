/* gst-vlm: whether the limits of this process allow the threads it needs
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/threads.h"

static gpointer
wait_for (gpointer mutex)
{
  g_mutex_lock (mutex);
  g_mutex_unlock (mutex);
  return NULL;
}

gboolean
threads_check (GError **error)
{
  GThread *threads[THREADS_NEEDED];
  guint n = 0;
  GMutex mutex;

  g_mutex_init (&mutex);
  g_mutex_lock (&mutex);
  while (n < THREADS_NEEDED &&
      (threads[n] = g_thread_try_new ("probe", wait_for, &mutex, error)) !=
          NULL)
    n++;
  g_mutex_unlock (&mutex);
  for (guint i = 0; i < n; i++)
    g_thread_join (threads[i]);
  g_mutex_clear (&mutex);
  if (n < THREADS_NEEDED)
    g_prefix_error (error,
        "%d threads are needed, but the limits of this process (ulimit -u, "
        "ulimit -v) allow %u: ",
        THREADS_NEEDED, n);
  return n == THREADS_NEEDED;
}
