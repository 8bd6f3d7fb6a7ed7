/* gst-vlm: reports of overlapping windows become events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/tracker.h"

#define SECOND VLM_SECOND

static VlmEvent *
report (double start, double end, gboolean ongoing, const char *text)
{
  VlmEvent *event = vlm_event_new ();

  event->start.stream_time = (gint64) (start * SECOND);
  event->end.stream_time = (gint64) (end * SECOND);
  event->ongoing = ongoing;
  event->description = g_strdup (text);
  return event;
}

/* Pushes a window of 10 s that starts at @start with up to two reports. */
static GPtrArray *
push (VlmTracker *tracker, double start, VlmEvent *first, VlmEvent *second)
{
  GPtrArray *reports =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
  VlmEventWindow window = { .start = (gint64) (start * SECOND),
    .end = (gint64) ((start + 10) * SECOND) };

  if (first != NULL)
    g_ptr_array_add (reports, first);
  if (second != NULL)
    g_ptr_array_add (reports, second);
  return vlm_tracker_push (tracker, reports, &window);
}

static void
check (GPtrArray *records, guint i, guint64 id, VlmEventState state,
    double start, double end)
{
  VlmEvent *event;

  g_assert_cmpuint (i, <, records->len);
  event = records->pdata[i];
  g_assert_cmpuint (event->id, ==, id);
  g_assert_cmpint (event->state, ==, state);
  g_assert_cmpint (event->ongoing, ==, state != VLM_EVENT_STATE_END);
  g_assert_cmpint (event->start.stream_time, ==, (gint64) (start * SECOND));
  g_assert_cmpint (event->end.stream_time, ==, (gint64) (end * SECOND));
}

/* Cut off by the window's end, seen whole by the next one. */
static void
test_life (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new (SECOND);
  g_autoptr (GPtrArray) a =
      push (tracker, 0, report (7, 10, TRUE, "a red car passes"), NULL);
  g_autoptr (GPtrArray) b =
      push (tracker, 5, report (7.5, 12, FALSE, "A red car passes."), NULL);
  g_autoptr (GPtrArray) c =
      push (tracker, 10, report (10, 12, FALSE, "a red car passes"), NULL);

  g_assert_cmpuint (a->len, ==, 1);
  check (a, 0, 1, VLM_EVENT_STATE_BEGIN, 7, 10);
  g_assert_cmpuint (b->len, ==, 1);
  check (b, 0, 1, VLM_EVENT_STATE_END, 7, 12);
  g_assert_cmpuint (c->len, ==, 0);
}

static void
test_complete_at_once (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new (SECOND);
  g_autoptr (GPtrArray) a = push (tracker, 0,
      report (6, 7, FALSE, "a dog barks"), report (2, 3, FALSE, "a cat sits"));
  g_autoptr (GPtrArray) b =
      push (tracker, 5, report (6, 7, FALSE, "a dog barks"), NULL);

  g_assert_cmpuint (a->len, ==, 2);
  check (a, 0, 1, VLM_EVENT_STATE_END, 2, 3);
  check (a, 1, 2, VLM_EVENT_STATE_END, 6, 7);
  g_assert_cmpuint (b->len, ==, 0);
}

/* Not seen any more: it was over when the last window that saw it ended. */
static void
test_vanishes (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new (SECOND);
  g_autoptr (GPtrArray) a =
      push (tracker, 0, report (7, 10, TRUE, "rain"), NULL);
  g_autoptr (GPtrArray) b = push (tracker, 5, NULL, NULL);

  g_assert_cmpuint (b->len, ==, 1);
  check (b, 0, 1, VLM_EVENT_STATE_END, 7, 10);
}

static void
test_finish (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new (SECOND);
  g_autoptr (GPtrArray) a =
      push (tracker, 0, report (7, 10, TRUE, "rain"), NULL);
  g_autoptr (GPtrArray) end = vlm_tracker_finish (tracker);
  g_autoptr (GPtrArray) again = vlm_tracker_finish (tracker);
  g_autoptr (GPtrArray) b =
      push (tracker, 20, report (21, 22, FALSE, "rain"), NULL);

  g_assert_cmpuint (end->len, ==, 1);
  check (end, 0, 1, VLM_EVENT_STATE_END, 7, 10);
  g_assert_cmpuint (again->len, ==, 0);
  check (b, 0, 2, VLM_EVENT_STATE_END, 21, 22);
}

static void
test_update (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new (SECOND);
  g_autoptr (GPtrArray) a =
      push (tracker, 0, report (8, 10, TRUE, "smoke"), NULL);
  g_autoptr (GPtrArray) b =
      push (tracker, 5, report (5, 15, TRUE, "smoke"), NULL);
  g_autoptr (GPtrArray) c =
      push (tracker, 10, report (10, 20, TRUE, "smoke"), NULL);

  g_assert_cmpuint (b->len, ==, 1);
  check (b, 0, 1, VLM_EVENT_STATE_UPDATE, 5, 15);
  g_assert_cmpuint (c->len, ==, 0);
}

/* Random reports: each id begins at most once, ends exactly once, and nothing
 * follows its end. */
static void
test_life_is_lawful (void)
{
  static const char *const words[] = { "car", "dog", "cat" };

  for (guint round = 0; round < 300; round++) {
    g_autoptr (VlmTracker) tracker = vlm_tracker_new (SECOND);
    g_autoptr (GHashTable) ended = g_hash_table_new (NULL, NULL);
    g_autoptr (GHashTable) begun = g_hash_table_new (NULL, NULL);
    gboolean over = FALSE;

    for (guint step = 0; !over; step++) {
      g_autoptr (GPtrArray) records = NULL;
      double from = 2.0 * step;

      over = step == 20;
      if (over) {
        records = vlm_tracker_finish (tracker);
      } else {
        VlmEvent *events[2];

        for (guint i = 0; i < 2; i++) {
          double start = from + g_test_rand_double_range (0, 9);
          double end = start + g_test_rand_double_range (0, from + 10 - start);

          events[i] = report (start, end, end > from + 9.5,
              words[g_test_rand_int_range (0, 3)]);
        }
        records = push (tracker, from, events[0], events[1]);
      }
      for (guint i = 0; i < records->len; i++) {
        VlmEvent *event = records->pdata[i];
        gpointer id = GSIZE_TO_POINTER (event->id);

        g_assert_false (g_hash_table_contains (ended, id));
        if (event->state == VLM_EVENT_STATE_BEGIN)
          g_assert_true (g_hash_table_add (begun, id));
        if (event->state == VLM_EVENT_STATE_UPDATE)
          g_assert_true (g_hash_table_contains (begun, id));
        if (event->state == VLM_EVENT_STATE_END)
          g_hash_table_add (ended, id);
      }
    }
    for (GList *id = g_hash_table_get_keys (begun); id != NULL;
         id = g_list_delete_link (id, id))
      g_assert_true (g_hash_table_contains (ended, id->data));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tracker/life", test_life);
  g_test_add_func ("/tracker/complete-at-once", test_complete_at_once);
  g_test_add_func ("/tracker/vanishes", test_vanishes);
  g_test_add_func ("/tracker/finish", test_finish);
  g_test_add_func ("/tracker/update", test_update);
  g_test_add_func ("/tracker/life-is-lawful", test_life_is_lawful);
  return g_test_run ();
}
