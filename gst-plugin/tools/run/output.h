/* gst-vlm: standard output of vlm-run, and its errors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* Answers go to standard output; what would steer a terminal is written as
 * \uXXXX. Progress is one line on standard error that is overwritten, if that is
 * a terminal. Zero, with @cancellable and @shows_progress set. */
typedef struct
{
  GCancellable *cancellable; /* of the work, which a broken output ends */
  gboolean shows_progress;
  char *stage;
  int percent;
  GError *error; /* why nothing can be written any more */
} Output;

void output_clear (Output *output);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Output, output_clear)

void output_progress (Output *output, const char *stage, double fraction);
void output_end_progress (Output *output);
void output_write (Output *output, const char *text);
/* FALSE if something could not be written: with that error, instead of the one
 * with which the cancelled work has set @error. */
gboolean output_check (Output *output, GError **error);
