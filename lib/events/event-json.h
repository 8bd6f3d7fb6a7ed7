/* gst-vlm: an event as JSON
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-event.h>

/* One object on one line. (transfer full) */
char *vlm_event_write_json (const VlmEvent *event);
