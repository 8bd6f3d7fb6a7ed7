/* gst-vlm: work that all processors share
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/crew.h"

#define MAX_THREADS 8u

typedef struct
{
  guint n_jobs;
  VlmCrewFunc func;
  gpointer user_data;
  GMutex lock;   /* of what follows */
  guint next;    /* job */
  GError *error; /* the first */
} Crew;

guint
vlm_crew_size (void)
{
  return MIN (g_get_num_processors (), MAX_THREADS);
}

/* FALSE when there is nothing left to do. */
static gboolean
take_job (Crew *crew, guint *job)
{
  gboolean taken;

  g_mutex_lock (&crew->lock);
  taken = crew->error == NULL && crew->next < crew->n_jobs;
  if (taken)
    *job = crew->next++;
  g_mutex_unlock (&crew->lock);
  return taken;
}

static gpointer
work (gpointer data)
{
  Crew *crew = data;
  guint job;

  while (take_job (crew, &job)) {
    GError *error = NULL;

    if (crew->func (job, crew->user_data, &error))
      continue;
    g_mutex_lock (&crew->lock);
    if (crew->error == NULL)
      crew->error = g_steal_pointer (&error);
    g_mutex_unlock (&crew->lock);
    g_clear_error (&error);
  }
  return NULL;
}

gboolean
vlm_crew_run (guint n_threads, guint n_jobs, VlmCrewFunc func,
    gpointer user_data, GError **error)
{
  Crew crew = { .n_jobs = n_jobs, .func = func, .user_data = user_data };
  const guint n_wanted = MIN (MIN (n_threads, n_jobs), MAX_THREADS);
  GThread *helpers[MAX_THREADS];
  guint n_helpers = 0;

  g_mutex_init (&crew.lock);
  while (n_helpers + 1 < n_wanted) {
    helpers[n_helpers] = g_thread_try_new ("vlm-crew", work, &crew, NULL);
    if (helpers[n_helpers] == NULL)
      break;
    n_helpers++;
  }
  work (&crew);
  for (guint i = 0; i < n_helpers; i++)
    g_thread_join (helpers[i]);
  g_mutex_clear (&crew.lock);
  if (crew.error == NULL)
    return TRUE;
  g_propagate_error (error, crew.error);
  return FALSE;
}
