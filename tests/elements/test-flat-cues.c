/* gst-vlm: cues for a track that shows one at a time
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/gstvlmflatcues.h"

/* In seconds: "start-end text" of all that can be taken. */
static char *
take_all (GstVlmFlatCues *cues, GstClockTime settled)
{
  GString *all = g_string_new (NULL);
  GstClockTime start;
  GstClockTime end;
  char *text;

  while (
      (text = gst_vlm_flat_cues_take (cues, settled, &start, &end)) != NULL) {
    g_string_append_printf (all, "%d-%d %s; ", (int) (start / GST_SECOND),
        (int) (end / GST_SECOND), text);
    g_free (text);
  }
  return g_string_free (all, FALSE);
}

static gboolean
add (GstVlmFlatCues *cues, const char *text, guint start, guint end)
{
  return gst_vlm_flat_cues_add (
      cues, g_strdup (text), start * GST_SECOND, end * GST_SECOND);
}

static void
test_overlap (void)
{
  GstVlmFlatCues *cues = gst_vlm_flat_cues_new ();
  g_autofree char *all = NULL;

  add (cues, "within", 3, 4);
  add (cues, "long", 1, 9);
  add (cues, "same start", 1, 2);
  add (cues, "across", 8, 11);
  add (cues, "apart", 20, 21);
  all = take_all (cues, GST_CLOCK_TIME_NONE);
  g_assert_cmpstr (all, ==,
      "1-2 long\nsame start; 2-3 long; 3-4 within\nlong; 4-8 long; "
      "8-9 long\nacross; 9-11 across; 20-21 apart; ");
  gst_vlm_flat_cues_free (cues);
}

/* An event that goes on is one cue, in whatever order its parts come. */
static void
test_join (void)
{
  GstVlmFlatCues *cues = gst_vlm_flat_cues_new ();
  g_autofree char *all = NULL;

  add (cues, "on", 0, 2);
  add (cues, "on", 4, 6);
  add (cues, "on", 9, 10);
  add (cues, "on", 2, 4);
  all = take_all (cues, GST_CLOCK_TIME_NONE);
  g_assert_cmpstr (all, ==, "0-6 on; 9-10 on; ");
  gst_vlm_flat_cues_free (cues);
}

/* A cue that may still change is kept; one that is out is not overlapped. */
static void
test_settled (void)
{
  GstVlmFlatCues *cues = gst_vlm_flat_cues_new ();
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *rest = NULL;

  add (cues, "a", 0, 5);
  add (cues, "b", 2, 8);
  first = take_all (cues, 5 * GST_SECOND);
  g_assert_cmpstr (first, ==, "0-2 a; ");
  second = take_all (cues, 6 * GST_SECOND);
  g_assert_cmpstr (second, ==, "2-5 a\nb; ");
  g_assert_true (add (cues, "late", 3, 6));
  g_assert_false (add (cues, "too late", 1, 5));
  rest = take_all (cues, GST_CLOCK_TIME_NONE);
  g_assert_cmpstr (rest, ==, "5-6 b\nlate; 6-8 b; ");

  gst_vlm_flat_cues_clear (cues);
  g_assert_true (add (cues, "a seek back", 1, 2));
  gst_vlm_flat_cues_free (cues);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/flat-cues/overlap", test_overlap);
  g_test_add_func ("/flat-cues/join", test_join);
  g_test_add_func ("/flat-cues/settled", test_settled);
  return g_test_run ();
}
