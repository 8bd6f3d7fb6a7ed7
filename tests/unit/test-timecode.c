/* gst-vlm: times as text
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>

#include "media/timecode.h"

static const struct
{
  const char *text;
  gint64 ns;
} instants[] = {
  { "1970-01-01T00:00:00.000000000Z", 0 },
  { "1969-12-31T23:59:59.999999999Z", -1 },
  { "2000-02-29T12:00:00.000000001Z", 951825600000000001 },
  { "2026-11-23T05:08:32.125000000Z", 1795410512125000000 },
  { "2100-03-01T00:00:00.000000000Z", 4107542400000000000 },
  { "1900-02-28T23:59:59.000000000Z", -2203891201000000000 },
  { "2262-04-11T23:47:16.854775807Z", G_MAXINT64 },
  { "1677-09-21T00:12:43.145224193Z", G_MININT64 + 1 },
};

static void
assert_utc (const char *text, gint64 expected)
{
  g_autoptr (GError) error = NULL;
  gint64 ns = 0;

  vlm_timecode_parse_utc (text, &ns, &error);
  g_assert_no_error (error);
  g_assert_cmpint (ns, ==, expected);
}

static void
test_utc (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (instants); i++) {
    g_autofree char *text = vlm_timecode_format_utc (instants[i].ns, 9);

    g_assert_cmpstr (text, ==, instants[i].text);
    assert_utc (instants[i].text, instants[i].ns);
  }

  g_autofree char *cut = vlm_timecode_format_utc (1999999999, 3);
  g_assert_cmpstr (cut, ==, "1970-01-01T00:00:01.999Z");
  g_autofree char *before = vlm_timecode_format_utc (-1, 0);
  g_assert_cmpstr (before, ==, "1969-12-31T23:59:59Z");

  assert_utc ("1970-01-01T01:30:00+01:30", 0);
  assert_utc ("1969-12-31 19:00:00.5-05:00", VLM_SECOND / 2);
  assert_utc ("2016-12-31T23:59:60Z", 1483228800 * VLM_SECOND);
  assert_utc ("1970-01-01t00:00:00.1234567899z", 123456789);
}

/* Against GLib, over four centuries. */
static void
test_utc_days (void)
{
  for (gint64 day = -90000; day < 100000; day += 7) {
    gint64 second = day * 86400 + (day * 7919 % 86400 + 86400) % 86400;
    g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (second);
    g_autofree char *expected = g_date_time_format_iso8601 (date);
    g_autofree char *text = vlm_timecode_format_utc (second * VLM_SECOND, 0);

    g_assert_cmpstr (text, ==, expected);
    assert_utc (expected, second * VLM_SECOND);
  }
}

static void
test_utc_bad (void)
{
  static const char *const bad[] = { "", "2026", "2026-11-23",
    "2026-11-23T05:08:32", "2026-11-23T05:08:32.Z", "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
    "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:61Z", "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+1:00",
    "2026-01-01T00:00:00+24:00", " 2026-01-01T00:00:00Z", "2026-1-1T00:00:00Z",
    "+026-01-01T00:00:00Z" };
  static const char *const far[] = { "2262-04-11T23:47:16.854775808Z",
    "1677-09-21T00:12:43.145224192Z", "9999-12-31T23:59:59Z",
    "0000-01-01T00:00:00Z" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    gint64 ns;

    g_assert_false (vlm_timecode_parse_utc (bad[i], &ns, &error));
    g_assert_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX);
  }
  for (guint i = 0; i < G_N_ELEMENTS (far); i++) {
    g_autoptr (GError) error = NULL;
    gint64 ns;

    g_assert_false (vlm_timecode_parse_utc (far[i], &ns, &error));
    g_assert_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_TIME_RANGE);
  }
}

static void
assert_clock (gint64 ns, const char *expected)
{
  g_autofree char *text = vlm_timecode_format_clock (ns);

  g_assert_cmpstr (text, ==, expected);
}

static void
assert_parse (const char *text, gint64 expected)
{
  g_autoptr (GError) error = NULL;
  gint64 ns = 0;

  vlm_timecode_parse_clock (text, &ns, &error);
  g_assert_no_error (error);
  g_assert_cmpint (ns, ==, expected);
}

static void
test_clock (void)
{
  assert_clock (0, "00:00.00");
  assert_clock (21800 * (VLM_SECOND / 1000), "00:21.80");
  assert_clock (59994999999, "00:59.99");
  assert_clock (59995000000, "01:00.00");
  assert_clock (7507500000000, "125:07.50");
  assert_clock (-5000000, "00:00.00");
  assert_clock (-5000001, "-00:00.01");
  assert_clock (-61 * VLM_SECOND, "-01:01.00");
  assert_clock (G_MAXINT64, "153722867:16.85");

  assert_parse ("00:21.80", 21800 * (VLM_SECOND / 1000));
  assert_parse ("1:2", 62 * VLM_SECOND);
  assert_parse ("125:07.5", 7507500000000);
  assert_parse ("01:00:00.000000001", 3600 * VLM_SECOND + 1);
  assert_parse ("64.0", 64 * VLM_SECOND);
  assert_parse ("72", 72 * VLM_SECOND);
  assert_parse ("-00:00.25", -VLM_SECOND / 4);
  assert_parse ("9223372036.854775807", G_MAXINT64);

  for (gint64 ns = -70 * VLM_SECOND; ns < 70 * VLM_SECOND;
       ns += 10000000 * 37) {
    g_autofree char *text = vlm_timecode_format_clock (ns);

    assert_parse (text, ns);
  }
}

static void
test_clock_bad (void)
{
  static const char *const bad[] = { "", "-", ":", "1:", ":30", "1:60",
    "1:2:60", "1:60:00", "1:2:3:4", "1.", "1:2.", "a", "1:2a", "1 ", "--1",
    "+1", "1,5" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    gint64 ns;

    g_assert_false (vlm_timecode_parse_clock (bad[i], &ns, &error));
    g_assert_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX);
  }

  static const char *const far[] = { "9223372037", "9223372036.854775808",
    "99999999999999999999999999", "153722868:00", "-9223372036.854775808" };
  for (guint i = 0; i < G_N_ELEMENTS (far); i++) {
    g_autoptr (GError) error = NULL;
    gint64 ns;

    g_assert_false (vlm_timecode_parse_clock (far[i], &ns, &error));
    g_assert_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_TIME_RANGE);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/timecode/utc", test_utc);
  g_test_add_func ("/timecode/utc/days", test_utc_days);
  g_test_add_func ("/timecode/utc/bad", test_utc_bad);
  g_test_add_func ("/timecode/clock", test_clock);
  g_test_add_func ("/timecode/clock/bad", test_clock_bad);
  return g_test_run ();
}
