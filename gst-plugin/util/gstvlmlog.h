/* gst-vlm: the library's messages in GStreamer's log
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* From now on the messages of the library are in the debug categories `vlm` and
 * `vlm-answer`. To be called once in a process. */
void gst_vlm_log_init (void);

G_END_DECLS
