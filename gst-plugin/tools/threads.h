/* gst-vlm: whether the limits of this process allow the threads it needs
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* About as many as a file with picture and sound needs. */
#define THREADS_NEEDED 8

/* FALSE with an error if fewer than THREADS_NEEDED more threads can be started.
 * To be called before what does not survive that: GLib and OpenBLAS end the
 * program, GStreamer (1.22) waits forever. */
gboolean threads_check (GError **error);
