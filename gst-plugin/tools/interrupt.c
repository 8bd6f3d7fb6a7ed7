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

gboolean
interrupt_watch (GCancellable *cancellable, GError **error)
{
  GMainContext *context = g_main_context_new ();
  g_autoptr (GSource) source = g_unix_signal_source_new (SIGINT);
  GThread *thread;

  g_source_set_callback (
      source, on_interrupt, g_object_ref (cancellable), g_object_unref);
  g_source_attach (source, context);
  thread = g_thread_try_new ("signals", serve_signals, context, error);
  if (thread == NULL) {
    g_source_destroy (source);
    g_main_context_unref (context);
    return FALSE;
  }
  g_thread_unref (thread);
  return TRUE;
}
