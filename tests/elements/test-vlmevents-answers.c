/* gst-vlm: vlmevents, positions of answers on buffers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/marked-answer.h"
#include "support/watch-fixture.h"

#include "gstvlm.h"

/* The regions of one buffer, a line each. */
static char *
describe_regions (GstBuffer *buffer)
{
  GString *text = g_string_new (NULL);

  for (gint i = 0; TRUE; i++) {
    GstVideoRegionOfInterestMeta *region =
        gst_buffer_get_video_region_of_interest_meta_id (buffer, i);
    const GValue *points;
    GstStructure *about;

    if (region == NULL)
      return g_string_free (text, FALSE);
    g_assert_cmpstr (g_quark_to_string (region->roi_type), ==, "vlm-answer");
    about = gst_video_region_of_interest_meta_get_param (region, "vlm-answer");
    g_assert_nonnull (about);
    points = gst_structure_get_value (about, "points");
    g_string_append_printf (text, "%u %u %u %u, %s, %s, %s", region->x,
        region->y, region->w, region->h,
        gst_structure_get_string (about, "task"),
        gst_structure_get_string (about, "label"),
        gst_structure_get_string (about, "text"));
    for (guint k = 0; points != NULL && k < gst_value_array_get_size (points);
         k++)
      g_string_append_printf (text, "%s%d", k == 0 ? ": " : " ",
          g_value_get_int (gst_value_array_get_value (points, k)));
    g_string_append_c (text, '\n');
  }
}

/* Each region says of which record and of which frame it is. */
static void
check_origin (GstBuffer *buffer, const VlmAnswerRecord *record)
{
  for (gint i = 0; i < (gint) MARKED_N_MARKS; i++) {
    GstVideoRegionOfInterestMeta *region =
        gst_buffer_get_video_region_of_interest_meta_id (buffer, i);
    GstStructure *about =
        gst_video_region_of_interest_meta_get_param (region, "vlm-answer");
    gint64 time = -1;

    g_assert_cmpstr (
        gst_structure_get_string (about, "event-uid"), ==, record->event_uid);
    g_assert_true (gst_structure_get_int64 (about, "stream-time", &time));
    g_assert_cmpint (time, ==, record->frame.stream_time);
  }
}

/* Of all buffers that come out: how many answers are on them. Each buffer with
 * one has @regions. */
static guint
count_answers (WatchFixture *f, gboolean delayed, const char *regions)
{
  GstBuffer *buffer;
  guint n_answers = 0;

  while ((buffer = gst_harness_try_pull (f->harness)) != NULL) {
    g_autofree char *found = describe_regions (buffer);
    GstVlmAnswerMeta *meta = gst_vlm_buffer_get_answer_meta (buffer);

    if (meta == NULL) {
      g_assert_cmpstr (found, ==, "");
    } else {
      const VlmAnswerRecord *record = gst_vlm_answer_meta_get_answer (meta, 0);

      g_assert_cmpuint (gst_vlm_answer_meta_get_n_answers (meta), ==, 1);
      g_assert_cmpstr (found, ==, regions);
      if (regions[0] != '\0')
        check_origin (buffer, record);
      if (delayed)
        g_assert_cmpint (
            record->frame.stream_time, ==, (gint64) GST_BUFFER_PTS (buffer));
      n_answers++;
    }
    gst_buffer_unref (buffer);
  }
  return n_answers;
}

static void
init (WatchFixture *f, VlmAnswerRecord *like)
{
  watch_fixture_init (f);
  g_object_set (f->element, "hop", 2.0, "answers", TRUE, NULL);
  fake_analyzer_add_answer (f->fake, like);
}

#define REGIONS                                                                \
  "10 20 30 15, boxes, a dog, (null)\n"                                        \
  "40 30 1 1, boxes, lamp, (null): 40 30\n"                                    \
  "4 5 20 6, boxes, (null), EXIT <b>: 4 5 24 6 24 11 4 10\n"

/* On the next buffer after the answer is known. */
static void
test_regions (void)
{
  WatchFixture f;
  GstMessage *message;

  init (&f, marked_answer_new ());
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 2500 * GST_MSECOND, 4);
  message =
      watch_fixture_pop_message (&f, GST_MESSAGE_ELEMENT, "vlm-answer", TRUE);
  g_assert_nonnull (message);
  gst_message_unref (message);
  g_assert_cmpint (watch_fixture_push (&f, 2500 * GST_MSECOND, GST_SECOND / 4),
      ==, GST_FLOW_OK);
  watch_fixture_finish (&f);
  g_assert_cmpuint (count_answers (&f, FALSE, REGIONS), ==, 1);
  watch_fixture_clear (&f);
}

/* Of six seconds, each frame waits until its window has been analysed. */
static void
check_delayed (VlmAnswerRecord *like, const char *regions)
{
  WatchFixture f;

  init (&f, like);
  g_object_set (f.element, "delay-video", TRUE, NULL);
  watch_fixture_start (&f, FALSE);
  watch_fixture_push_span (&f, 0, 6 * GST_SECOND, 4);
  watch_fixture_finish (&f);
  g_assert_cmpuint (count_answers (&f, TRUE, regions), ==, 3);
  watch_fixture_clear (&f);
}

/* On the frame in which the positions were found. */
static void
test_own_frame (void)
{
  check_delayed (marked_answer_new (), REGIONS);
}

/* Boxes of a question on the way to an event are those of the event. */
static void
test_no_result (void)
{
  VlmAnswerRecord *like = marked_answer_new ();

  like->is_result = FALSE;
  check_delayed (like, "");
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vlmevents/answers/regions", test_regions);
  g_test_add_func ("/vlmevents/answers/own-frame", test_own_frame);
  g_test_add_func ("/vlmevents/answers/no-result", test_no_result);
  return g_test_run ();
}
