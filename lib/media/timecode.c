/* gst-vlm: times as text
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "media/timecode.h"

#include <vlm/vlm-error.h>

#define SECONDS_A_DAY 86400
#define DAYS_A_CYCLE 146097 /* 400 years */
/* Days from 0000-03-01 to 1970-01-01. */
#define DAYS_TO_EPOCH 719468

/* Years begin in March here, so that the leap day is their last one. */
static gint64
days_from_date (gint64 year, guint month, guint day)
{
  guint month_from_march = (month + 9) % 12;

  year -= month <= 2;
  gint64 cycle = (year >= 0 ? year : year - 399) / 400;
  gint64 of_cycle = year - cycle * 400;
  gint64 of_year = (153 * month_from_march + 2) / 5 + day - 1;
  return cycle * DAYS_A_CYCLE + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 +
      of_year - DAYS_TO_EPOCH;
}

static void
date_from_days (gint64 days, gint64 *year, guint *month, guint *day)
{
  days += DAYS_TO_EPOCH;

  gint64 cycle = (days >= 0 ? days : days - (DAYS_A_CYCLE - 1)) / DAYS_A_CYCLE;
  gint64 of_cycle = days - cycle * DAYS_A_CYCLE;
  gint64 years = (of_cycle - of_cycle / 1460 + of_cycle / 36524 -
                     of_cycle / (DAYS_A_CYCLE - 1)) /
      365;
  gint64 of_year = of_cycle - (365 * years + years / 4 - years / 100);
  guint month_from_march = (guint) ((5 * of_year + 2) / 153);

  *day = (guint) (of_year - (153 * month_from_march + 2) / 5 + 1);
  *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  *year = cycle * 400 + years + (*month <= 2);
}

char *
vlm_timecode_format_utc (gint64 utc_ns, guint n_digits)
{
  gint64 seconds = utc_ns / VLM_SECOND;
  gint64 fraction = utc_ns % VLM_SECOND;
  gint64 year;
  guint month, day;

  g_assert (n_digits <= 9);
  if (fraction < 0) {
    fraction += VLM_SECOND;
    seconds--;
  }
  gint64 days = seconds / SECONDS_A_DAY;
  guint of_day =
      (guint) ((seconds % SECONDS_A_DAY + SECONDS_A_DAY) % SECONDS_A_DAY);
  if (seconds % SECONDS_A_DAY < 0)
    days--;
  date_from_days (days, &year, &month, &day);

  GString *text = g_string_new (NULL);
  g_string_append_printf (text, "%04d-%02u-%02uT%02u:%02u:%02u", (int) year,
      month, day, of_day / 3600, of_day / 60 % 60, of_day % 60);
  if (n_digits > 0) {
    for (guint i = n_digits; i < 9; i++)
      fraction /= 10;
    g_string_append_printf (text, ".%0*d", (int) n_digits, (int) fraction);
  }
  g_string_append_c (text, 'Z');
  return g_string_free (text, FALSE);
}

static gboolean
fail_syntax (const char *text, const char *wanted, GError **error)
{
  g_set_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX,
      "\"%s\" is not a time like %s", text, wanted);
  return FALSE;
}

static gboolean
fail_range (const char *text, GError **error)
{
  g_set_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_TIME_RANGE,
      "the time \"%s\" is too far away", text);
  return FALSE;
}

/* Exactly @n_digits of them. */
static gboolean
take_number (const char **at, guint n_digits, guint *value)
{
  *value = 0;
  for (guint i = 0; i < n_digits; i++, (*at)++) {
    if (!g_ascii_isdigit (**at))
      return FALSE;
    *value = 10 * *value + (guint) (**at - '0');
  }
  return TRUE;
}

static gboolean
take_char (const char **at, char c)
{
  if (**at != c)
    return FALSE;
  (*at)++;
  return TRUE;
}

/* Nothing, or a point and digits. */
static gboolean
take_fraction (const char **at, gint64 *ns)
{
  gint64 unit = VLM_SECOND / 10;

  *ns = 0;
  if (!take_char (at, '.'))
    return TRUE;
  if (!g_ascii_isdigit (**at))
    return FALSE;
  for (; g_ascii_isdigit (**at); (*at)++, unit /= 10)
    *ns += unit * (**at - '0');
  return TRUE;
}

static gboolean
take_offset (const char **at, gint64 *seconds)
{
  guint hours, minutes;
  gboolean west = **at == '-';

  *seconds = 0;
  if (take_char (at, 'Z') || take_char (at, 'z'))
    return TRUE;
  if (!west && **at != '+')
    return FALSE;
  (*at)++;
  if (!take_number (at, 2, &hours) || !take_char (at, ':') ||
      !take_number (at, 2, &minutes) || hours > 23 || minutes > 59)
    return FALSE;
  *seconds = (gint64) (hours * 3600 + minutes * 60) * (west ? -1 : 1);
  return TRUE;
}

/* seconds * 10^9 + ns; the parts of a time just above G_MININT64 are not both
 * in range. */
static gboolean
join (gint64 seconds, gint64 ns, gint64 *out)
{
  if (seconds < 0 && ns > 0) {
    seconds++;
    ns -= VLM_SECOND;
  }
  if (seconds > G_MAXINT64 / VLM_SECOND || seconds < G_MININT64 / VLM_SECOND)
    return FALSE;

  gint64 whole = seconds * VLM_SECOND;
  if (ns > 0 ? whole > G_MAXINT64 - ns : whole < G_MININT64 - ns)
    return FALSE;
  *out = whole + ns;
  /* VLM_TIME_NONE is not a time. */
  return VLM_TIME_IS_VALID (*out);
}

gboolean
vlm_timecode_parse_utc (const char *text, gint64 *utc_ns, GError **error)
{
  const char *wanted = "2026-11-23T05:08:32.125Z";
  const char *at = text;
  guint year, month, day, hour, minute, second;
  gint64 fraction, offset;

  if (!take_number (&at, 4, &year) || !take_char (&at, '-') ||
      !take_number (&at, 2, &month) || !take_char (&at, '-') ||
      !take_number (&at, 2, &day) ||
      !(take_char (&at, 'T') || take_char (&at, 't') || take_char (&at, ' ')) ||
      !take_number (&at, 2, &hour) || !take_char (&at, ':') ||
      !take_number (&at, 2, &minute) || !take_char (&at, ':') ||
      !take_number (&at, 2, &second) || !take_fraction (&at, &fraction) ||
      !take_offset (&at, &offset) || *at != '\0')
    return fail_syntax (text, wanted, error);
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 ||
      second > 60)
    return fail_syntax (text, wanted, error);

  gint64 days = days_from_date (year, month, day);
  gint64 check_year;
  guint check_month, check_day;
  date_from_days (days, &check_year, &check_month, &check_day);
  if (check_month != month || check_day != day)
    return fail_syntax (text, wanted, error);

  gint64 seconds = days * SECONDS_A_DAY + hour * 3600 + minute * 60 + second;
  if (!join (seconds - offset, fraction, utc_ns))
    return fail_range (text, error);
  return TRUE;
}

char *
vlm_timecode_format_clock (gint64 ns)
{
  const guint64 unit = VLM_SECOND / 100;
  guint64 magnitude = ns < 0 ? (guint64) - (ns + 1) + 1 : (guint64) ns;
  /* Half up is down for what is below zero. */
  guint64 hundredths = (magnitude + (ns < 0 ? unit / 2 - 1 : unit / 2)) / unit;

  return g_strdup_printf ("%s%02" G_GUINT64_FORMAT ":%02u.%02u",
      ns < 0 && hundredths > 0 ? "-" : "", hundredths / 6000,
      (guint) (hundredths / 100 % 60), (guint) (hundredths % 100));
}

gboolean
vlm_timecode_parse_clock (const char *text, gint64 *ns, GError **error)
{
  const char *wanted = "01:23.45";
  const char *at = text;
  gboolean negative = take_char (&at, '-');
  guint64 seconds = 0;
  gint64 fraction;

  for (guint n_fields = 1;; n_fields++) {
    guint64 field = 0;

    if (!g_ascii_isdigit (*at))
      return fail_syntax (text, wanted, error);
    for (; g_ascii_isdigit (*at); at++) {
      field = 10 * field + (guint64) (*at - '0');
      if (field > (guint64) (G_MAXINT64 / VLM_SECOND))
        return fail_range (text, error);
    }
    if (n_fields > 1 && field > 59)
      return fail_syntax (text, wanted, error);
    seconds = 60 * seconds + field;
    if (n_fields == 3 || !take_char (&at, ':'))
      break;
  }
  if (!take_fraction (&at, &fraction) || *at != '\0')
    return fail_syntax (text, wanted, error);

  gint64 sign = negative ? -1 : 1;
  if (seconds > (guint64) (G_MAXINT64 / VLM_SECOND) ||
      !join (sign * (gint64) seconds, 0, ns) ||
      (*ns > 0 && *ns > G_MAXINT64 - fraction))
    return fail_range (text, error);
  *ns += sign * fraction;
  if (!VLM_TIME_IS_VALID (*ns))
    return fail_range (text, error);
  return TRUE;
}
