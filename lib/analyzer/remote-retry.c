/* gst-vlm: when a failed request is retried
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-retry.h"

#define FIRST_DELAY (G_USEC_PER_SEC / 2)
#define MAX_FAILURES 6

gint64
vlm_remote_retry_delay (guint n_failures, gint64 retry_after, double jitter)
{
  gint64 delay;

  if (n_failures == 0 || n_failures >= MAX_FAILURES)
    return -1;
  delay = (gint64) FIRST_DELAY << (n_failures - 1);
  delay = delay / 2 + (gint64) (jitter * (double) (delay - delay / 2));
  return MAX (delay, retry_after);
}

gboolean
vlm_remote_retry_is_worth (long status)
{
  return status == 408 || status == 425 || status == 429 || status == 500 ||
      status == 502 || status == 503 || status == 504;
}
