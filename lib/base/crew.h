/* gst-vlm: work that all processors share
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* One of the jobs; FALSE with an error ends the work. Any thread, several at
 * once; the calling thread of vlm_crew_run () does jobs, too. */
typedef gboolean (*VlmCrewFunc) (guint job, gpointer user_data, GError **error);

/* How many threads are worth it: one a processor, but no more than a bus keeps
 * busy. */
guint vlm_crew_size (void);

/* Jobs 0 … n_jobs - 1, taken in this order by @n_threads threads, the caller
 * among them; returns once all have ended. After a failure no further job
 * begins, and the error is the first one. Where a thread cannot be made there is
 * one less. */
gboolean vlm_crew_run (guint n_threads, guint n_jobs, VlmCrewFunc func,
    gpointer user_data, GError **error);
