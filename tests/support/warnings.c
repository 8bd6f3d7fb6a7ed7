/* gst-vlm: the warnings that a test expects
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/warnings.h"

#include <string.h>

static GMutex lock;
static GPtrArray *kept;

static GLogWriterOutput
keep (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
    gpointer user_data)
{
  if ((level & G_LOG_LEVEL_WARNING) == 0)
    return g_log_writer_default (level, fields, n_fields, user_data);
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE")) {
      g_mutex_lock (&lock);
      g_ptr_array_add (kept, g_strdup (fields[i].value));
      g_mutex_unlock (&lock);
    }
  return G_LOG_WRITER_HANDLED;
}

void
warnings_keep (void)
{
  kept = g_ptr_array_new_with_free_func (g_free);
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  g_log_set_writer_func (keep, NULL, NULL);
}

void
warnings_expect (const char *text)
{
  g_mutex_lock (&lock);
  if (kept->len == 0)
    g_error ("nobody warned of \"%s\"", text);
  for (guint i = 0; i < kept->len; i++)
    if (strstr (kept->pdata[i], text) == NULL)
      g_error ("a warning of something else than \"%s\": %s", text,
          (char *) kept->pdata[i]);
  g_ptr_array_set_size (kept, 0);
  g_mutex_unlock (&lock);
}

void
warnings_expect_none (void)
{
  g_mutex_lock (&lock);
  if (kept->len > 0)
    g_error ("an unexpected warning: %s", (char *) kept->pdata[0]);
  g_mutex_unlock (&lock);
}
