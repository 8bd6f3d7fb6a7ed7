/* gst-vlm: calls that fail
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A program that links this has the library's calls of these families counted
 * and, one of them or all from one on, fail without being made. Calls that
 * others make, a driver or GLib, are not among them. From any thread. */
#pragma once

#include <glib.h>

/* The message of a GError that such a call gives. */
#define CALLS_REFUSED "refused by a test"

typedef enum
{
  CALLS_VULKAN, /* those that return a VkResult */
  CALLS_SYSTEM, /* files, threads, memory that may be refused, PCRE2 */
} CallFamily;

/* Counts from now on; none fails. */
void calls_count (CallFamily family);
/* The @n-th call from now, and where @lasts all that come after it. @result: a
 * VkResult; the others have a failure each. */
void calls_fail (CallFamily family, guint n, gboolean lasts, int result);
/* Nothing fails or is counted any more. How many calls there were; @failed: the
 * first that failed, NULL where none did. */
guint calls_end (const char **failed);
