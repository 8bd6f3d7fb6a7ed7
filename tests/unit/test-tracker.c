/* gst-vlm: reports of overlapping windows become events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/tracker.h"

#include <gio/gio.h>

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
  const VlmTrackerLook look = { .seen_from = (gint64) (start * SECOND),
    .asked_from = (gint64) (start * SECOND),
    .tolerance_ns = SECOND };

  if (first != NULL)
    g_ptr_array_add (reports, first);
  if (second != NULL)
    g_ptr_array_add (reports, second);
  return vlm_tracker_push (tracker, reports, &look, NULL);
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

#define BEGIN VLM_EVENT_STATE_BEGIN
#define UPDATE VLM_EVENT_STATE_UPDATE
#define END VLM_EVENT_STATE_END

/* A window: what it reports (with text), and the records (with an id) that
 * come of it. */
typedef struct
{
  double start;
  struct
  {
    double start, end;
    gboolean ongoing;
    const char *text;
  } reports[2];
  struct
  {
    guint64 id;
    VlmEventState state;
    double start, end;
  } records[2];
} Window;

static VlmEvent *
report_of (const Window *window, guint i)
{
  return window->reports[i].text == NULL
      ? NULL
      : report (window->reports[i].start, window->reports[i].end,
            window->reports[i].ongoing, window->reports[i].text);
}

static void
play (VlmTracker *tracker, const Window *windows, guint n_windows)
{
  for (guint i = 0; i < n_windows; i++) {
    const Window *w = &windows[i];
    g_autoptr (GPtrArray) records =
        push (tracker, w->start, report_of (w, 0), report_of (w, 1));
    guint n = 0;

    for (; n < 2 && w->records[n].id != 0; n++)
      check (records, n, w->records[n].id, w->records[n].state,
          w->records[n].start, w->records[n].end);
    g_assert_cmpuint (records->len, ==, n);
  }
}

#define PLAY(tracker, windows)                                                 \
  play ((tracker), (windows), G_N_ELEMENTS (windows))

/* Cut off by the window's end, seen whole by the next one. */
static void
test_life (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
  const Window windows[] = {
    { 0, { { 7, 10, TRUE, "a red car passes" } }, { { 1, BEGIN, 7, 10 } } },
    { 5, { { 7.5, 12, FALSE, "A red car passes." } }, { { 1, END, 7, 12 } } },
    { 10, { { 10, 12, FALSE, "a red car passes" } }, { { 0 } } },
  };

  PLAY (tracker, windows);
}

static void
test_complete_at_once (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
  const Window windows[] = {
    { 0, { { 6, 7, FALSE, "a dog barks" }, { 2, 3, FALSE, "a cat sits" } },
        { { 1, END, 2, 3 }, { 2, END, 6, 7 } } },
    { 5, { { 6, 7, FALSE, "a dog barks" } }, { { 0 } } },
  };

  PLAY (tracker, windows);
}

/* Not seen any more by a window that looks at what came after it. */
static void
test_vanishes (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
  const Window windows[] = {
    { 0, { { 7, 10, TRUE, "rain" } }, { { 1, BEGIN, 7, 10 } } },
    { 9.5, { { 0 } }, { { 1, END, 7, 10 } } },
  };

  PLAY (tracker, windows);
}

/* One window may overlook it, not two. */
static void
test_overlooked (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
  const Window windows[] = {
    { 0, { { 7, 10, TRUE, "rain" } }, { { 1, BEGIN, 7, 10 } } },
    { 2, { { 0 } }, { { 0 } } },
    { 4, { { 7, 14, TRUE, "rain" } }, { { 0 } } },
    { 6, { { 0 } }, { { 0 } } },
    { 8, { { 0 } }, { { 1, END, 7, 14 } } },
  };

  PLAY (tracker, windows);
}

static void
test_finish (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
  const Window before[] = {
    { 0, { { 7, 10, TRUE, "rain" } }, { { 1, BEGIN, 7, 10 } } },
  };
  const Window after[] = {
    { 20, { { 21, 22, FALSE, "rain" } }, { { 2, END, 21, 22 } } },
  };
  g_autoptr (GPtrArray) end = NULL;
  g_autoptr (GPtrArray) again = NULL;

  PLAY (tracker, before);
  end = vlm_tracker_finish (tracker);
  g_assert_cmpuint (end->len, ==, 1);
  check (end, 0, 1, END, 7, 10);
  again = vlm_tracker_finish (tracker);
  g_assert_cmpuint (again->len, ==, 0);
  PLAY (tracker, after);
}

static void
test_update (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
  const Window windows[] = {
    { 0, { { 8, 10, TRUE, "smoke" } }, { { 1, BEGIN, 8, 10 } } },
    { 5, { { 5, 15, TRUE, "smoke" } }, { { 1, UPDATE, 5, 15 } } },
    { 10, { { 10, 20, TRUE, "smoke" } }, { { 0 } } },
  };

  PLAY (tracker, windows);
}

/* The picture in docs/events.md. */
static void
test_picture (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
  const Window windows[] = {
    { 0,
        { { 3, 10, TRUE, "a car is parked" },
            { 7.5, 9.5, TRUE, "a dog barks" } },
        { { 1, BEGIN, 3, 10 }, { 2, BEGIN, 7.5, 9.5 } } },
    { 4,
        { { 4, 14, TRUE, "a car is parked" },
            { 7.5, 9.5, FALSE, "a dog barks" } },
        { { 2, END, 7.5, 9.5 } } },
    { 8, { { 0 } }, { { 0 } } },
    { 12, { { 12, 15, FALSE, "a car is parked" } }, { { 1, END, 3, 15 } } },
    { 16, { { 0 } }, { { 0 } } },
  };

  PLAY (tracker, windows);
}

/* Two events that differ only in their subject; and one that an answer has in two
 * pieces. */
static void
test_apart_and_together (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
  const Window windows[] = {
    { 0,
        { { 2, 6, FALSE, "red circle enters from the left" },
            { 3, 7, FALSE, "blue circle enters from the left" } },
        { { 1, END, 2, 6 }, { 2, END, 3, 7 } } },
    { 20,
        { { 22, 24, FALSE, "a car passes" },
            { 24.5, 26, FALSE, "a car passes" } },
        { { 3, END, 22, 26 } } },
  };

  PLAY (tracker, windows);
}

/* A report that spans two open events: the older continues, the younger ends. */
static void
test_bridge (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
  const Window windows[] = {
    { 0, { { 6, 10, TRUE, "smoke" } }, { { 1, BEGIN, 6, 10 } } },
    { 4, { { 12, 14, TRUE, "smoke" } }, { { 2, BEGIN, 12, 14 } } },
    { 6, { { 7, 16, TRUE, "smoke" } }, { { 2, END, 12, 14 } } },
  };
  g_autoptr (GPtrArray) end = NULL;

  PLAY (tracker, windows);
  end = vlm_tracker_finish (tracker);
  g_assert_cmpuint (end->len, ==, 1);
  check (end, 0, 1, END, 6, 16);
}

/* A window that saw past the end is right, not one that cut the event off; and an
 * event that has ended does not continue. */
static void
test_end (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
  const Window windows[] = {
    { 0, { { 6, 10, TRUE, "smoke" } }, { { 1, BEGIN, 6, 10 } } },
    { 2, { { 6, 9.5, FALSE, "smoke" } }, { { 1, END, 6, 9.5 } } },
    { 4, { { 6, 10.5, FALSE, "smoke" } }, { { 0 } } },
    { 6, { { 9, 16, TRUE, "smoke" } }, { { 2, BEGIN, 9, 16 } } },
  };

  PLAY (tracker, windows);
}

/* What is worth an update: much more confidence, other words. */
static void
test_material (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
  static const double confidences[] = { 0.5, 0.55, 0.7, 0.3 };

  for (guint i = 0; i < G_N_ELEMENTS (confidences); i++) {
    VlmEvent *seen = report (2, 10 + i, TRUE, "a car stands");
    g_autoptr (GPtrArray) records = NULL;

    seen->confidence = confidences[i];
    records = push (tracker, i, seen, NULL);
    g_assert_cmpuint (records->len, ==, i == 0 || i == 2 ? 1 : 0);
    if (i == 2)
      check (records, 0, 1, VLM_EVENT_STATE_UPDATE, 2, 12);
  }
  {
    g_autoptr (GPtrArray) records =
        push (tracker, 5, report (2, 15, TRUE, "a white car stands"), NULL);

    check (records, 0, 1, VLM_EVENT_STATE_UPDATE, 2, 15);
    g_assert_cmpstr (((VlmEvent *) records->pdata[0])->description, ==,
        "a white car stands");
  }
}

static gboolean
complete (VlmEvent *event, gpointer user_data, GError **error)
{
  guint *left = user_data;

  if ((*left)-- == 0) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "no box");
    return FALSE;
  }
  event->bbox = (VlmRect){ 1, 2, 3, 4 };
  return TRUE;
}

static GPtrArray *
push_completed (VlmTracker *tracker, guint n_completed, GError **error)
{
  GPtrArray *reports =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
  const VlmTrackerLook look = {
    .tolerance_ns = SECOND, .complete = complete, .user_data = &n_completed
  };

  g_ptr_array_add (reports, report (2, 12, TRUE, "a dog barks"));
  g_ptr_array_add (reports, report (3, 12, TRUE, "a cat sits"));
  return vlm_tracker_push (tracker, reports, &look, error);
}

/* Each event is completed once; where that fails, the window was never there. */
static void
test_complete (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) failed = push_completed (tracker, 1, &error);
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GPtrArray) end = NULL;

  g_assert_null (failed);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  first = push_completed (tracker, 2, NULL);
  g_assert_cmpuint (first->len, ==, 2);
  check (first, 0, 1, VLM_EVENT_STATE_BEGIN, 2, 12);
  check (first, 1, 2, VLM_EVENT_STATE_BEGIN, 3, 12);
  again = push_completed (tracker, 0, NULL);
  g_assert_nonnull (again);
  g_assert_cmpuint (again->len, ==, 0);
  end = vlm_tracker_finish (tracker);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (((VlmEvent *) end->pdata[i])->bbox.width, ==, 3);
}

/* A border cuts one stay in two, with other words for each half. */
static void
test_border (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
  GPtrArray *records =
      push (tracker, 0, report (2, 10, TRUE, "a person enters"), NULL);

  g_assert_cmpuint (records->len, ==, 1);
  check (records, 0, 1, BEGIN, 2, 10);
  g_ptr_array_unref (records);
  records =
      push (tracker, 10, report (10, 14, FALSE, "the person disappears"), NULL);
  g_assert_cmpuint (records->len, ==, 1);
  check (records, 0, 1, END, 2, 14);
  g_ptr_array_unref (records);
  /* After the end of it: another one. */
  records = push (tracker, 20, report (21, 30, TRUE, "a person appears"), NULL);
  g_assert_cmpuint (records->len, ==, 1);
  check (records, 0, 2, BEGIN, 21, 30);
  g_ptr_array_unref (records);
  /* Not at the border, and another subject: both new. */
  records = push (tracker, 30, report (34, 36, FALSE, "a person leaves"),
      report (30, 35, FALSE, "a dog leaves"));
  g_assert_cmpuint (records->len, ==, 3);
  check (records, 0, 2, END, 21, 30);
  check (records, 1, 3, END, 30, 35);
  check (records, 2, 4, END, 34, 36);
  g_ptr_array_unref (records);
}

/* Two objects of one name stay two: each continues with one report. */
static void
test_border_of_two (void)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
  GPtrArray *records =
      push (tracker, 0, report (2, 10, TRUE, "a person walks to the left"),
          report (5, 10, TRUE, "a person sits on a chair"));

  g_assert_cmpuint (records->len, ==, 2);
  g_ptr_array_unref (records);
  records = push (tracker, 10, report (10, 14, FALSE, "a person leaves"),
      report (10, 20, TRUE, "a person gets up"));
  g_assert_cmpuint (records->len, ==, 2);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpuint (((VlmEvent *) records->pdata[i])->id, <=, 2);
  g_ptr_array_unref (records);
  /* The event that is left continues with one of the two; the other is new. */
  records = push (tracker, 20, report (20, 24, FALSE, "a person leaves"),
      report (20, 30, TRUE, "a person reads"));
  g_assert_cmpuint (records->len, ==, 2);
  g_assert_cmpuint (MIN (((VlmEvent *) records->pdata[0])->id,
                        ((VlmEvent *) records->pdata[1])->id),
      <=, 2);
  g_assert_cmpuint (MAX (((VlmEvent *) records->pdata[0])->id,
                        ((VlmEvent *) records->pdata[1])->id),
      ==, 3);
  g_ptr_array_unref (records);
}

/* Boxes that are apart belong to two objects. */
static void
test_border_boxes (void)
{
  static const VlmRect boxes[] = { { 10, 10, 40, 80 }, { 60, 10, 40, 80 },
    { 400, 10, 40, 80 } };

  for (guint i = 1; i < 3; i++) {
    g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
    VlmEvent *first = report (2, 10, TRUE, "a person enters");
    VlmEvent *second = report (10, 14, FALSE, "a person leaves");
    GPtrArray *records;

    first->bbox = boxes[0];
    second->bbox = boxes[i];
    g_ptr_array_unref (push (tracker, 0, first, NULL));
    records = push (tracker, 10, second, NULL);
    g_assert_cmpuint (records->len, ==, i);
    check (records, i - 1, i, END, i == 1 ? 2 : 10, 14);
    g_ptr_array_unref (records);
  }
}

/* A window reports twice, in the same words, what another one reported in others:
 * that is one event, whether it has ended or continues. What it reports in yet
 * other words is another event. */
static void
test_told_twice (void)
{
  g_autoptr (VlmTracker) over = vlm_tracker_new ();
  const Window windows_over[] = {
    { 0, { { 5, 9, FALSE, "object appears" } }, { { 1, END, 5, 9 } } },
    { 5,
        { { 5, 9, FALSE, "object leaves at the top" },
            { 5, 9, FALSE, "object leaves at the top" } },
        { { 0 } } },
    { 6,
        { { 6, 9, FALSE, "object leaves at the top" },
            { 6, 9, FALSE, "object falls over" } },
        { { 2, END, 6, 9 } } },
  };
  g_autoptr (VlmTracker) open = vlm_tracker_new ();
  const Window windows_open[] = {
    { 0, { { 5, 10, TRUE, "object appears" } }, { { 1, BEGIN, 5, 10 } } },
    { 5,
        { { 5, 12, FALSE, "object leaves at the top" },
            { 5, 11.5, FALSE, "object leaves at the top" } },
        { { 1, END, 5, 12 } } },
  };

  PLAY (over, windows_over);
  PLAY (open, windows_open);
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
  g_test_add_func ("/tracker/overlooked", test_overlooked);
  g_test_add_func ("/tracker/picture", test_picture);
  g_test_add_func ("/tracker/apart-and-together", test_apart_and_together);
  g_test_add_func ("/tracker/bridge", test_bridge);
  g_test_add_func ("/tracker/end", test_end);
  g_test_add_func ("/tracker/material", test_material);
  g_test_add_func ("/tracker/complete", test_complete);
  g_test_add_func ("/tracker/border", test_border);
  g_test_add_func ("/tracker/border-of-two", test_border_of_two);
  g_test_add_func ("/tracker/border-boxes", test_border_boxes);
  g_test_add_func ("/tracker/told-twice", test_told_twice);
  return g_test_run ();
}
