/* gst-vlm: pauses between attempts to send
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* After the @n-th failure in a row, from 1: half a second, a second, two …, up
 * to @max µs. @jitter, from 0 to 1, varies the second half of it: publishers
 * that lost one broker together do not come back together. */
gint64 gst_vlm_backoff_get_delay (guint n, gint64 max, double jitter);

G_END_DECLS
