/* gst-vlm: jobs on several threads
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>

#include "base/crew.h"

#define N_JOBS 1000

typedef struct
{
  gint n_times[N_JOBS]; /* atomic */
  gint n_done;          /* atomic */
  guint bad;            /* job that fails; N_JOBS for none */
  GThread *caller;
  gint n_by_caller; /* atomic */
} Jobs;

static gboolean
count (guint job, gpointer user_data, GError **error)
{
  Jobs *jobs = user_data;

  g_atomic_int_inc (&jobs->n_times[job]);
  g_atomic_int_inc (&jobs->n_done);
  if (g_thread_self () == jobs->caller)
    g_atomic_int_inc (&jobs->n_by_caller);
  if (job != jobs->bad)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "job %u", job);
  return FALSE;
}

static void
test_once (void)
{
  for (guint n_threads = 1; n_threads <= 16; n_threads *= 4) {
    Jobs jobs = { .bad = N_JOBS, .caller = g_thread_self () };
    g_autoptr (GError) error = NULL;

    g_assert_true (vlm_crew_run (n_threads, N_JOBS, count, &jobs, &error));
    g_assert_no_error (error);
    for (guint i = 0; i < N_JOBS; i++)
      g_assert_cmpint (jobs.n_times[i], ==, 1);
    if (n_threads == 1)
      g_assert_cmpint (jobs.n_by_caller, ==, N_JOBS);
  }
  g_assert_true (vlm_crew_run (4, 0, count, NULL, NULL));
  g_assert_cmpuint (vlm_crew_size (), >=, 1);
}

/* Jobs start in order, so all before a bad one were started, and few after it. */
static void
test_failure (void)
{
  for (guint n_threads = 1; n_threads <= 4; n_threads++) {
    Jobs jobs = { .bad = 7, .caller = g_thread_self () };
    g_autoptr (GError) error = NULL;

    g_assert_false (vlm_crew_run (n_threads, N_JOBS, count, &jobs, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
    g_assert_cmpstr (error->message, ==, "job 7");
    for (guint i = 0; i <= 7; i++)
      g_assert_cmpint (jobs.n_times[i], ==, 1);
    if (n_threads == 1)
      g_assert_cmpint (jobs.n_done, ==, 8);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/crew/once", test_once);
  g_test_add_func ("/crew/failure", test_failure);
  return g_test_run ();
}
