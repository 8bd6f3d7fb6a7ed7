/* gst-vlm: Ctrl-C in programs that work for long
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/interrupt.h"

#include <glib-unix.h>

static gboolean
on_interrupt (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

static gpointer
serve_signals (gpointer context)
{
  g_main_context_push_thread_default (context);
  while (TRUE)
    g_main_context_iteration (context, TRUE);
  return NULL;
}

void
interrupt_watch (GCancellable *cancellable)
{
  GMainContext *context = g_main_context_new ();
  GSource *source = g_unix_signal_source_new (SIGINT);

  g_source_set_callback (
      source, on_interrupt, g_object_ref (cancellable), g_object_unref);
  g_source_attach (source, context);
  g_source_unref (source);
  g_thread_unref (g_thread_new ("signals", serve_signals, context));
}
