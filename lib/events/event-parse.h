/* gst-vlm: the times that a model writes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-event-parse.h>

/* "mm:ss.ff", "hh:mm:ss", "12.5", "12.5s" to ns. FALSE if it is none. */
gboolean vlm_event_parse_time (const char *text, gint64 *ns);
