/* gst-vlm: standard output of vlm-run, and its errors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run/output.h"

#include <errno.h>
#include <stdio.h>

#include "util/gstvlmtext.h"

void
output_clear (Output *output)
{
  g_free (output->stage);
  g_clear_error (&output->error);
}

void
output_progress (Output *output, const char *stage, double fraction)
{
  int percent = (int) (fraction * 100.0);

  if (!output->shows_progress ||
      (percent == output->percent && g_strcmp0 (stage, output->stage) == 0))
    return;
  g_free (output->stage);
  output->stage = g_strdup (stage);
  output->percent = percent;
  fprintf (stderr, "\r\033[K%s %d %%", stage, percent);
  fflush (stderr);
}

void
output_end_progress (Output *output)
{
  if (output->stage != NULL)
    fprintf (stderr, "\r\033[K");
  g_clear_pointer (&output->stage, g_free);
}

void
output_write (Output *output, const char *text)
{
  g_autofree char *safe = gst_vlm_text_for_terminal (text);

  output_end_progress (output);
  if (output->error != NULL ||
      (fputs (safe, stdout) >= 0 && fflush (stdout) == 0))
    return;
  output->error = g_error_new (G_FILE_ERROR, g_file_error_from_errno (errno),
      "standard output: %s", g_strerror (errno));
  g_cancellable_cancel (output->cancellable);
}

gboolean
output_check (Output *output, GError **error)
{
  if (output->error == NULL)
    return TRUE;
  g_clear_error (error);
  g_propagate_error (error, g_steal_pointer (&output->error));
  return FALSE;
}
