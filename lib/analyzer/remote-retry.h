/* gst-vlm: when a failed request is retried
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How long to wait before the next attempt, in µs, after @n_failures in a row,
 * from 1: half a second, twice as long each time; one half of it is scaled by
 * @jitter, from 0 to 1; never less than @retry_after, which the server
 * requested. -1: it is not retried any more. */
gint64
vlm_remote_retry_delay (guint n_failures, gint64 retry_after, double jitter);
/* A status that may be different the next time. */
gboolean vlm_remote_retry_is_worth (long status);
