/* gst-vlm: pauses between attempts to send
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/backoff.h"

#define FIRST_DELAY (G_USEC_PER_SEC / 2)
/* 2^20 half seconds are six days. */
#define MAX_DOUBLINGS 20

gint64
gst_vlm_backoff_get_delay (guint n, gint64 max, double jitter)
{
  guint doublings = CLAMP (n, 1, MAX_DOUBLINGS) - 1;
  gint64 delay = MIN (max, (gint64) FIRST_DELAY << doublings);

  return delay / 2 + (gint64) (jitter * (double) (delay - delay / 2));
}
