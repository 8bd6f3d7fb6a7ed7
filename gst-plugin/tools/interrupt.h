/* gst-vlm: Ctrl-C in programs that work for long
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* Cancels @cancellable upon SIGINT, so that the work ends within one step; a
 * second one ends the program. The signal is served by a thread of its own:
 * FALSE if none can be started. To be called once in a program. */
gboolean interrupt_watch (GCancellable *cancellable, GError **error);
