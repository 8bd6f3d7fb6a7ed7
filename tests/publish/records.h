/* gst-vlm: made-up records
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A record of an event, as vlmevents writes it; a newline is not part of it.
 * (transfer full) */
char *
make_event (const char *stream, const char *uid, guint seq, const char *state);

/* Starts servers that end with the thread that starts them, also where the test
 * aborts: one that stays holds the pipes of the harness, which then waits for
 * ever. (transfer full) */
GSubprocessLauncher *make_launcher (GSubprocessFlags flags);

/* A folder of this test alone, and its end. (transfer full) */
char *make_folder (void);
void remove_folder (char *path);

G_END_DECLS
