/* gst-vlm: labels of videos, and reports compared with them
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   test-footage FOLDER   with the labels of the clips */
#include <string.h>

#include <glib/gstdio.h>

#include "tools/eval/footage.h"

#define assert_near(a, b) g_assert_cmpfloat_with_epsilon (a, b, 1e-9)

static const char *folder;

static GPtrArray *
read_text (const char *text, const char *query, GError **error)
{
  g_autofree char *path = NULL;
  GPtrArray *readings;
  int fd = g_file_open_tmp ("labels-XXXXXX", &path, error);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, error));
  readings = eval_labels_read (path, query, error);
  g_unlink (path);
  return readings;
}

static const EvalLabel *
label_of (const EvalReading *reading, guint i)
{
  g_assert_cmpuint (i, <, reading->events->len);
  return &g_array_index (reading->events, EvalLabel, i);
}

/* --- labels --------------------------------------------------------------- */

static const char GATE[] =
    "{\"note\": \"ours\", \"events\": ["
    "  {\"label\": \"a car\", \"start_s\": 1, \"end_s\": 4, \"boxes\": ["
    "    {\"at_s\": 3, \"box\": [200, 0, 300, 50]},"
    "    {\"at_s\": 1, \"box\": [0, 100, 40, 200]}]},"
    "  {\"start_s\": 6, \"end_s\": 8.5}],"
    " \"readings\": {\"people\": ["
    "  {\"label\": \"a person\", \"start_s\": 2.5, \"end_s\": 3}]}}";

static void
test_object (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) readings = read_text (GATE, NULL, &error);
  const EvalReading *first;
  const EvalReading *second;

  g_assert_no_error (error);
  g_assert_cmpuint (readings->len, ==, 2);
  first = readings->pdata[0];
  second = readings->pdata[1];
  g_assert_null (first->name);
  g_assert_cmpuint (first->events->len, ==, 2);
  g_assert_cmpstr (label_of (first, 0)->label, ==, "a car");
  g_assert_cmpuint (label_of (first, 0)->places->len, ==, 2);
  g_assert_null (label_of (first, 1)->label);
  assert_near (label_of (first, 1)->span.end, 8.5);
  g_assert_cmpuint (label_of (first, 1)->places->len, ==, 0);
  g_assert_cmpstr (second->name, ==, "people");
  assert_near (label_of (second, 0)->span.start, 2.5);
}

static void
test_query (void)
{
  static const struct
  {
    const char *query;
    guint n;
  } cases[] = { { NULL, 2 }, { "object", 2 }, { "a car", 1 }, { "a dog", 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GPtrArray) readings = read_text (GATE, cases[i].query, NULL);

    g_assert_cmpuint (
        ((EvalReading *) readings->pdata[0])->events->len, ==, cases[i].n);
  }
}

/* Between two places, on the line; beyond them for half a second. */
static void
test_places (void)
{
  g_autoptr (GPtrArray) readings = read_text (GATE, NULL, NULL);
  const EvalReading *reading = readings->pdata[0];
  const EvalLabel *car = label_of (reading, 0);
  VlmRect rect;

  g_assert_true (eval_label_find (car, 1.0, &rect));
  g_assert_cmpint (rect.y, ==, 100);
  g_assert_true (eval_label_find (car, 2.0, &rect));
  g_assert_cmpint (rect.x, ==, 100);
  g_assert_cmpint (rect.y, ==, 50);
  g_assert_cmpint (rect.width, ==, 70);
  g_assert_cmpint (rect.height, ==, 75);
  g_assert_true (eval_label_find (car, 3.5, &rect));
  g_assert_cmpint (rect.x, ==, 200);
  g_assert_true (eval_label_find (car, 0.5, &rect));
  g_assert_cmpint (rect.x, ==, 0);
  g_assert_false (eval_label_find (car, 0.4, &rect));
  g_assert_false (eval_label_find (car, 3.6, &rect));
  g_assert_false (eval_label_find (label_of (reading, 1), 7.0, &rect));
}

static void
test_records (void)
{
  static const char text[] =
      "{\"state\": \"begin\", \"label\": \"red ring\","
      " \"start\": {\"stream_time\": 1}, \"end\": {\"stream_time\": 2}}\n\n"
      "{\"state\": \"end\", \"label\": \"red ring\","
      " \"start\": {\"stream_time\": 1}, \"end\": {\"stream_time\": 3}}\n"
      "{\"state\": \"end\", \"label\": \"object\","
      " \"start\": {\"stream_time\": 4}, \"end\": {\"stream_time\": 5}}\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = read_text (text, NULL, &error);
  g_autoptr (GPtrArray) one = read_text (text, "red ring", NULL);

  g_assert_no_error (error);
  g_assert_cmpuint (all->len, ==, 1);
  g_assert_cmpuint (((EvalReading *) all->pdata[0])->events->len, ==, 2);
  g_assert_cmpuint (((EvalReading *) one->pdata[0])->events->len, ==, 1);
  assert_near (label_of (one->pdata[0], 0)->span.end, 3.0);
}

/* Each is refused, and the message says where. */
static void
test_refused (void)
{
  static const struct
  {
    const char *text;
    const char *why;
  } cases[] = {
    { "", "line 1" },
    { "[]", "line 1" },
    { "{}", "line 1" },
    { "{\"any\": 1}", "\"events\"" },
    { "{\"state\": \"end\"}\n{}", "line 1" },
    { "{\"state\": \"end\"}\n{\"events\": []}", "line 1" },
    { "{\"events\": 7}", "\"events\" is no list" },
    { "{\"events\": [3]}", "event 1 of \"events\"" },
    { "{\"events\": [{\"start_s\": 1}]}", "event 1 of" },
    { "{\"events\": [{\"start_s\": 1, \"end_s\": 2},"
      " {\"start_s\": 3, \"end_s\": 2}]}",
        "event 2 of" },
    { "{\"events\": [{\"start_s\": -1, \"end_s\": 2}]}", "event 1 of" },
    { "{\"events\": [{\"start_s\": 1, \"end_s\": \"2\"}]}", "event 1 of" },
    { "{\"events\": [{\"start_s\": 1, \"end_s\": 2, \"boxes\": 3}]}",
        "event 1 of" },
    { "{\"events\": [{\"start_s\": 1, \"end_s\": 2, \"boxes\": [{\"at_s\": 1,"
      " \"box\": [1, 2, 3]}]}]}",
        "event 1 of" },
    { "{\"events\": [{\"start_s\": 1, \"end_s\": 2, \"boxes\": [{\"at_s\": 1,"
      " \"box\": [5, 2, 5, 4]}]}]}",
        "event 1 of" },
    { "{\"events\": [{\"start_s\": 1, \"end_s\": 2, \"boxes\": ["
      "{\"box\": [5, 2, 9, 4]}]}]}",
        "event 1 of" },
    { "{\"events\": [], \"readings\": []}", "\"readings\" is no object" },
    { "{\"events\": [], \"readings\": {\"other\": 1}}", "\"other\"" },
    { "{\"events\": [], \"readings\": {\"other\": [{}]}}",
        "event 1 of \"other\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) readings = read_text (cases[i].text, NULL, &error);

    g_assert_null (readings);
    g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, cases[i].why));
  }
}

/* What is committed: in the picture, within the video, and enough of it. */
static void
test_clips (void)
{
  static const struct
  {
    const char *name;
    guint n_readings, n_events;
    gint width, height;
    double duration;
  } clips[] = { { "car-detection.json", 1, 4, 768, 432, 30.16 },
    { "bottle-detection.json", 2, 8, 640, 360, 39.85 } };

  for (guint i = 0; i < G_N_ELEMENTS (clips); i++) {
    g_autofree char *path = g_build_filename (folder, clips[i].name, NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) readings = eval_labels_read (path, NULL, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (readings->len, ==, clips[i].n_readings);
    for (guint r = 0; r < readings->len; r++) {
      const EvalReading *reading = readings->pdata[r];
      guint n_places = 0;

      if (r == 0)
        g_assert_cmpuint (reading->events->len, ==, clips[i].n_events);
      for (guint e = 0; e < reading->events->len; e++) {
        const EvalLabel *label = label_of (reading, e);

        g_assert_cmpfloat (label->span.end, <=, clips[i].duration);
        for (guint p = 0; p < label->places->len; p++, n_places++) {
          const EvalPlace *place = &g_array_index (label->places, EvalPlace, p);

          g_assert_cmpfloat (place->time, >=, label->span.start - 0.02);
          g_assert_cmpfloat (place->time, <=, label->span.end + 0.02);
          g_assert_cmpint (
              place->rect.x + place->rect.width, <=, clips[i].width);
          g_assert_cmpint (
              place->rect.y + place->rect.height, <=, clips[i].height);
        }
      }
      g_assert_cmpuint (n_places, >=, 20);
    }
  }
}

/* --- scores --------------------------------------------------------------- */

static void
see (GArray *sightings, double start, double end, double confidence,
    const VlmRect *box, double box_time)
{
  EvalSighting sighting = { { start, end }, g_strdup ("object"), confidence,
    .box_time = box_time };

  if (box != NULL)
    sighting.box = *box;
  g_array_append_val (sightings, sighting);
}

static void
test_score (void)
{
  g_autoptr (GPtrArray) readings = read_text (GATE, NULL, NULL);
  g_autoptr (GArray) sightings = eval_sightings_new ();
  g_autoptr (GArray) judged = g_array_new (FALSE, FALSE, sizeof (EvalJudged));
  EvalFootageScore score = { 0 };

  /* within the collar: as good as the truth; once */
  see (sightings, 0.6, 4.4, 0.9, NULL, 0.0);
  see (sightings, 1.0, 4.0, 0.8, NULL, 0.0);
  /* half of it is too little */
  see (sightings, 6.6, 7.7, 0.7, NULL, 0.0);
  /* nothing is there */
  see (sightings, 9.0, 10.0, 0.6, NULL, 0.0);
  eval_footage_add (readings->pdata[0], sightings, 12.0, &score, judged);

  g_assert_cmpuint (score.n_videos, ==, 1);
  assert_near (score.duration, 12.0);
  g_assert_cmpuint (score.n_true, ==, 2);
  g_assert_cmpuint (score.n_found, ==, 4);
  g_assert_cmpuint (score.n_right, ==, 1);
  assert_near (score.false_s, 0.4 + 0.4 + 1.0);
  assert_near (score.missed_s, 1.4);
  assert_near (score.sum_iou, (3.0 + 1.1) / (3.8 + 2.5 + 1.0));
  g_assert_cmpuint (score.n_boxes, ==, 0);
  g_assert_cmpuint (judged->len, ==, 4);
  for (guint i = 0; i < 4; i++) {
    const EvalJudged *one = &g_array_index (judged, EvalJudged, i);

    assert_near (one->confidence, 0.9 - 0.1 * i);
    g_assert_true (one->right == (i == 0));
  }

  /* and a second video adds up */
  eval_footage_add (readings->pdata[1], sightings, 12.0, &score, NULL);
  g_assert_cmpuint (score.n_videos, ==, 2);
  g_assert_cmpuint (score.n_true, ==, 3);
  g_assert_cmpuint (score.n_right, ==, 1);
}

/* Nothing happens, and nothing is reported: all is well. */
static void
test_empty (void)
{
  g_autoptr (GPtrArray) readings = read_text ("{\"events\": []}", NULL, NULL);
  g_autoptr (GArray) sightings = eval_sightings_new ();
  EvalFootageScore score = { 0 };

  eval_footage_add (readings->pdata[0], sightings, 60.0, &score, NULL);
  assert_near (score.sum_iou, 1.0);
  assert_near (score.false_s, 0.0);
  see (sightings, 0.0, 2.0, 0.5, NULL, 0.0);
  eval_footage_add (readings->pdata[0], sightings, 60.0, &score, NULL);
  assert_near (score.sum_iou, 1.0);
  assert_near (score.false_s, 2.0);
  g_assert_cmpuint (score.n_right, ==, 0);
}

/* At 2 s the car is at 100, 50, with a size of 70x75. */
static void
test_boxes (void)
{
  static const struct
  {
    VlmRect box;
    double time;
    gboolean is_on;
  } cases[] = {
    { { 100, 50, 70, 75 }, 2.0, TRUE },
    /* a part of it, and with something around it */
    { { 110, 60, 30, 40 }, 2.0, TRUE },
    { { 90, 40, 85, 100 }, 2.0, TRUE },
    /* a speck, far too much, beside it, at another time */
    { { 110, 60, 10, 10 }, 2.0, FALSE },
    { { 0, 0, 400, 300 }, 2.0, FALSE },
    { { 165, 50, 70, 75 }, 2.0, FALSE },
    { { 100, 50, 70, 75 }, 7.0, FALSE },
  };
  g_autoptr (GPtrArray) readings = read_text (GATE, NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GArray) sightings = eval_sightings_new ();
    EvalFootageScore score = { 0 };

    see (sightings, 1.0, 4.0, 0.5, &cases[i].box, cases[i].time);
    eval_footage_add (readings->pdata[0], sightings, 9.0, &score, NULL);
    g_assert_cmpuint (score.n_boxes, ==, 1);
    g_assert_cmpuint (score.n_right_boxes, ==, 1);
    g_assert_cmpuint (score.n_on, ==, cases[i].is_on ? 1 : 0);
    if (i == 0)
      assert_near (score.sum_box_iou, 1.0);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  folder = argv[1];
  g_test_add_func ("/labels/object", test_object);
  g_test_add_func ("/labels/query", test_query);
  g_test_add_func ("/labels/places", test_places);
  g_test_add_func ("/labels/records", test_records);
  g_test_add_func ("/labels/refused", test_refused);
  g_test_add_func ("/labels/clips", test_clips);
  g_test_add_func ("/footage/score", test_score);
  g_test_add_func ("/footage/empty", test_empty);
  g_test_add_func ("/footage/boxes", test_boxes);
  return g_test_run ();
}
