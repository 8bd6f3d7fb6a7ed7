/* gst-vlm: vlmevents, questions and their changes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/watch-fixture.h"

#include "gstvlm.h"

static guint64
get_version (WatchFixture *f)
{
  guint64 version;

  g_object_get (f->element, "query-version", &version, NULL);
  return version;
}

static void
check_asked (WatchFixture *f, guint window, const char *queries)
{
  const VlmQuestions *asked =
      fake_analyzer_get_window (f->fake, window)->questions;
  g_autofree char *joined = NULL;

  g_assert_nonnull (asked);
  joined = g_strjoinv ("|", asked->queries);
  g_assert_cmpstr (joined, ==, queries);
}

static void
test_queries (void)
{
  WatchFixture f;
  const VlmQuestions *asked;

  watch_fixture_init (&f);
  g_object_set (f.element, "query", "a dog; or a cat", "queries",
      " a person falls ;; a vehicle blocks the gate;a person falls;", "prompt",
      "When {query}?", "max-tokens", 77, NULL);
  watch_fixture_start (&f, FALSE);
  g_assert_cmpuint (get_version (&f), ==, 1);
  watch_fixture_push_span (&f, 0, 2 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  check_asked (
      &f, 0, "a dog; or a cat|a person falls|a vehicle blocks the gate");
  asked = fake_analyzer_get_window (f.fake, 0)->questions;
  g_assert_cmpstr (asked->prompt, ==, "When {query}?");
  g_assert_cmpuint (asked->max_tokens, ==, 77);
  g_assert_cmpuint (asked->version, ==, 1);
  watch_fixture_clear (&f);
}

/* From the next window on, and the events say so. */
static void
test_change_while_playing (void)
{
  WatchFixture f;
  GstMessage *message;
  guint n_old = 0;
  guint n_new = 0;

  watch_fixture_init (&f);
  fake_analyzer_add_event (f.fake, "a car stands", 0, 60 * GST_SECOND, NULL);
  g_object_set (f.element, "queries", "a car", NULL);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 2500 * GST_MSECOND, 4);
  g_assert_true (fake_analyzer_wait_returned (f.fake, 1));

  /* What stays the same is no change. */
  g_object_set (f.element, "queries", "a car", "prompt", "", NULL);
  g_assert_cmpuint (get_version (&f), ==, 1);
  g_object_set (f.element, "queries", "a car; a bus", NULL);
  g_assert_cmpuint (get_version (&f), ==, 2);
  watch_fixture_push_span (&f, 2500 * GST_MSECOND, 6 * GST_SECOND, 4);
  watch_fixture_finish (&f);

  check_asked (&f, 0, "a car");
  check_asked (&f, 1, "a car|a bus");
  while ((message = watch_fixture_pop_message (
              &f, GST_MESSAGE_ELEMENT, "vlm-event", FALSE)) != NULL) {
    g_autoptr (VlmEvent) event = gst_vlm_message_get_event (message);
    g_autofree char *json = vlm_event_to_json (event);

    g_assert_cmpstr (event->query, ==, "a car");
    g_assert_nonnull (strstr (json, "\"query_version\": "));
    if (event->window.start == 0) {
      g_assert_cmpuint (event->query_version, ==, 1);
      n_old++;
    } else {
      g_assert_cmpuint (event->query_version, ==, 2);
      n_new++;
    }
    gst_message_unref (message);
  }
  g_assert_cmpuint (n_old, ==, 1);
  g_assert_cmpuint (n_new, >, 1);
  watch_fixture_clear (&f);
}

/* What is set reaches the analyzer, and may change. */
static void
test_conditions (void)
{
  WatchFixture f;
  const VlmQuestions *asked;
  g_autofree char *joined = NULL;

  watch_fixture_init (&f);
  g_object_set (f.element, "conditions",
      "gate = the gate is open;; it rains ; it rains", "confirm", 3, "cooldown",
      1.5, NULL);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 2500 * GST_MSECOND, 4);
  g_assert_true (fake_analyzer_wait_returned (f.fake, 1));
  g_assert_cmpuint (get_version (&f), ==, 1);
  g_object_set (f.element, "on-threshold", 0.75, "off-threshold", 0.5, NULL);
  g_assert_cmpuint (get_version (&f), ==, 3);
  watch_fixture_push_span (&f, 2500 * GST_MSECOND, 6 * GST_SECOND, 4);
  watch_fixture_finish (&f);

  asked = fake_analyzer_get_window (f.fake, 0)->questions;
  joined = g_strjoinv ("|", asked->conditions);
  g_assert_cmpstr (joined, ==, "gate = the gate is open|it rains");
  g_assert_cmpfloat (asked->condition_rules.on_threshold, ==, 0.6);
  g_assert_cmpfloat (asked->condition_rules.off_threshold, ==, 0.4);
  g_assert_cmpuint (asked->condition_rules.confirm, ==, 3);
  g_assert_cmpint (asked->condition_rules.cooldown, ==, 1500 * GST_MSECOND);
  asked = fake_analyzer_get_window (f.fake, 1)->questions;
  g_assert_cmpfloat (asked->condition_rules.on_threshold, ==, 0.75);
  g_assert_cmpfloat (asked->condition_rules.off_threshold, ==, 0.5);
  watch_fixture_clear (&f);
}

/* Each start counts from 1 again. */
static void
test_restart (void)
{
  WatchFixture f;

  watch_fixture_init (&f);
  watch_fixture_start (&f, FALSE);
  g_object_set (f.element, "query", "a car", NULL);
  g_assert_cmpuint (get_version (&f), ==, 2);
  gst_element_set_state (f.element, GST_STATE_READY);
  gst_element_set_state (f.element, GST_STATE_PLAYING);
  g_assert_cmpuint (get_version (&f), ==, 1);
  watch_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vlmevents/questions/queries", test_queries);
  g_test_add_func (
      "/vlmevents/questions/change-while-playing", test_change_while_playing);
  g_test_add_func ("/vlmevents/questions/conditions", test_conditions);
  g_test_add_func ("/vlmevents/questions/restart", test_restart);
  return g_test_run ();
}
