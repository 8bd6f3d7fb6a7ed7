/* gst-vlm: log messages of the library
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"

static GMutex lock;
static VlmLogFunc sink;
static gpointer sink_data;

/**
 * vlm_log_set_func: (skip)
 * @func: (nullable) (scope forever): receives all messages
 * @user_data: closure of @func
 *
 * Every message goes to GLib, which prints warnings, and other messages if
 * `G_MESSAGES_DEBUG` contains the domain. @func receives all messages as well,
 * from all threads. There is one such function in a process; if the GStreamer
 * plugin is loaded, it sets its own.
 *
 * Since: 0.1
 */
void
vlm_log_set_func (VlmLogFunc func, gpointer user_data)
{
  g_mutex_lock (&lock);
  sink = func;
  sink_data = user_data;
  g_mutex_unlock (&lock);
}

void
vlm_log (const char *domain, GLogLevelFlags level, const char *format, ...)
{
  g_autofree char *message = NULL;
  gpointer user_data;
  VlmLogFunc func;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_mutex_lock (&lock);
  func = sink;
  user_data = sink_data;
  g_mutex_unlock (&lock);
  if (func != NULL)
    func (domain, level, message, user_data);
  g_log_structured (domain, level, "MESSAGE", "%s", message);
}
