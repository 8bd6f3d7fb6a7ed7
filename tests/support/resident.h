/* gst-vlm: how much memory this process has now
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

/* Of the runtime; Debian's GCC has no header for it. */
gsize __sanitizer_get_current_allocated_bytes (void);

/* KiB that were taken and not freed: a sanitizer keeps what is freed for a while,
 * and notes about all memory that was ever used. */
static inline gint64
resident_kb (void)
{
  return (gint64) (__sanitizer_get_current_allocated_bytes () / 1024);
}

/* The runtime does not know the most that it was. */
static inline gint64
peak_kb (void)
{
  return 0;
}

#else

/* KiB; 0 where it is not known. */
static inline gint64
resident_kb (void)
{
  g_autofree char *text = NULL;
  long pages = 0;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL) ||
      sscanf (text, "%*d %ld", &pages) != 1)
    return 0;
  return pages * (sysconf (_SC_PAGESIZE) / 1024);
}

/* The most that was resident ever; 0 where it is not known. */
static inline gint64
peak_kb (void)
{
  g_autofree char *text = NULL;
  const char *line = NULL;

  if (g_file_get_contents ("/proc/self/status", &text, NULL, NULL))
    line = strstr (text, "VmHWM:");
  return line != NULL ? g_ascii_strtoll (line + strlen ("VmHWM:"), NULL, 10)
                      : 0;
}

#endif
