/* gst-vlm: times as text
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-types.h>

/* All arithmetic is in integers; parsing what was formatted with 9 digits gives
 * the same nanosecond. Parsers set VLM_EVENT_ERROR_SYNTAX for what is not a
 * time, VLM_EVENT_ERROR_TIME_RANGE for one that has no place in 64 bits of
 * nanoseconds. Digits of a fraction beyond the ninth are dropped. */

/* ISO 8601 in UTC with @n_digits (0 to 9) of a second, the rest cut off:
 * "2026-11-23T05:08:32.125Z". (transfer full) */
char *vlm_timecode_format_utc (gint64 utc_ns, guint n_digits);

/* "YYYY-MM-DDThh:mm:ss", a fraction if any, then "Z" or an offset "+hh:mm". A
 * leap second is the second after it, as in Unix time. */
gboolean vlm_timecode_parse_utc (
    const char *text, gint64 *utc_ns, GError **error);

/* "mm:ss.ff", rounded to the nearest hundredth, half up; minutes go on beyond
 * 59, a minus sign comes first. (transfer full) */
char *vlm_timecode_format_clock (gint64 ns);

/* "mm:ss", "hh:mm:ss" or "ss", each with a fraction if any. */
gboolean vlm_timecode_parse_clock (
    const char *text, gint64 *ns, GError **error);
