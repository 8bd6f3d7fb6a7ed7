/* gst-vlm: parsing answers of models
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>
#include <vlm/vlm-event-parse.h>

#include "events/event-parse.h"
#include "events/event-schema.h"

#define MINUTE (60 * VLM_SECOND)

static void
test_times (void)
{
  static const struct
  {
    const char *text;
    gint64 ns;
  } good[] = {
    { "00:00.00", 0 },
    { "00:21.80", 21800000000 },
    { "01:02.5", 62500000000 },
    { "1:00:00", 3600 * VLM_SECOND },
    { "12.25", 12250000000 },
    { " 3s ", 3 * VLM_SECOND },
    { "0.0000000019", 1 },
  };
  static const char *const bad[] = { "", "x", "00:60.00", "-1", "1:2:3:4",
    "12:", ":30", "1.2.3", "99999999999", "1e3" };
  gint64 ns;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_assert_true (vlm_event_parse_time (good[i].text, &ns));
    g_assert_cmpint (ns, ==, good[i].ns);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_test_message ("%s", bad[i]);
    g_assert_false (vlm_event_parse_time (bad[i], &ns));
  }
}

static GPtrArray *
parse (const char *text, guint expect_rejected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL;
  guint n_rejected;
  GPtrArray *findings =
      vlm_event_parse (text, MINUTE, &n_rejected, &why, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (n_rejected, ==, expect_rejected);
  g_assert_true ((why != NULL) == (expect_rejected > 0));
  return findings;
}

static void
test_list (void)
{
  static const char text[] =
      "```json\n[\n"
      "    {\"start_time\": \"00:01.00\", \"end_time\": \"00:02.50\", "
      "\"description\": \"a } in a \\\"string\\\"\"},\n"
      "    {\"start_time\": 3, \"end_time\": 4.5, \"description\": \"b\"}\n"
      "]\n```";
  g_autoptr (GPtrArray) findings = parse (text, 0);
  VlmFinding *first;

  g_assert_cmpuint (findings->len, ==, 2);
  first = findings->pdata[0];
  g_assert_cmpint (first->start_ns, ==, VLM_SECOND);
  g_assert_cmpint (first->end_ns, ==, 2500000000);
  g_assert_cmpstr (first->description, ==, "a } in a \"string\"");
  g_assert_cmpint (text[first->text_start], ==, '{');
  g_assert_cmpint (text[first->text_end - 1], ==, '}');
}

/* Complete events count; wrong ones are left out and reported. */
static void
test_rejects (void)
{
  g_autoptr (GPtrArray) empty = parse ("[]", 0);
  g_autoptr (GPtrArray) cut = parse (
      "[{\"start_time\": 1, \"end_time\": 2, \"description\": \"x\"}, {\"sta",
      0);
  g_autoptr (GPtrArray) late = parse (
      "[{\"start_time\": 1, \"end_time\": 61, \"description\": \"x\"}]", 1);
  g_autoptr (GPtrArray) backwards = parse (
      "[{\"start_time\": 5, \"end_time\": 2, \"description\": \"x\"}]", 1);
  g_autoptr (GPtrArray) mixed =
      parse ("[{\"start_time\": 5}, {bad}, {\"start_time\": 1, \"end_time\": 2,"
             " \"description\": \"x\"}]",
          2);

  g_assert_cmpuint (empty->len, ==, 0);
  g_assert_cmpuint (cut->len, ==, 1);
  g_assert_cmpuint (late->len, ==, 0);
  g_assert_cmpuint (backwards->len, ==, 0);
  g_assert_cmpuint (mixed->len, ==, 1);
}

static void
test_sentence (void)
{
  g_autoptr (GPtrArray) findings =
      parse ("The given query happens in 4.0 - 12.5 seconds.", 0);
  VlmFinding *finding = findings->pdata[0];

  g_assert_cmpint (finding->start_ns, ==, 4 * VLM_SECOND);
  g_assert_cmpint (finding->end_ns, ==, 12500000000);
}

static void
test_syntax (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL;
  guint n_rejected;

  g_assert_null (
      vlm_event_parse ("I see nothing.", MINUTE, &n_rejected, &why, &error));
  g_assert_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX);
}

/* Random edits of a good answer never crash, and never give a bad time. */
static void
test_mutations (void)
{
  static const char seed[] =
      "```json\n[{\"start_time\": \"00:01.00\", \"end_time\": \"00:02.50\", "
      "\"description\": \"\xc3\xa9 [x]\"}]\n```";

  for (guint round = 0; round < 20000; round++) {
    g_autofree char *text = g_strdup (seed);
    g_autofree char *why = NULL;
    g_autoptr (GPtrArray) findings = NULL;
    guint n_rejected;

    for (int i = g_test_rand_int_range (1, 6); i > 0; i--)
      text[g_test_rand_int_range (0, sizeof seed - 1)] =
          "{}[]\"\\:,.0159x\xff\n"[g_test_rand_int_range (0, 17)];
    findings = vlm_event_parse (text, MINUTE, &n_rejected, &why, NULL);
    for (guint i = 0; findings != NULL && i < findings->len; i++) {
      VlmFinding *finding = findings->pdata[i];

      g_assert_cmpint (finding->start_ns, >=, 0);
      g_assert_cmpint (finding->start_ns, <=, finding->end_ns);
      g_assert_cmpint (finding->end_ns, <=, MINUTE);
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/event-parse/times", test_times);
  g_test_add_func ("/event-parse/list", test_list);
  g_test_add_func ("/event-parse/rejects", test_rejects);
  g_test_add_func ("/event-parse/sentence", test_sentence);
  g_test_add_func ("/event-parse/syntax", test_syntax);
  g_test_add_func ("/event-parse/mutations", test_mutations);
  return g_test_run ();
}
