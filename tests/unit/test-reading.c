/* gst-vlm: parsed answers, as JSON
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/reading.h"

#include <vlm/vlm-error.h>

#include "analyzer/kinds.h"
#include "media/window.h"

/* Seen at half of its size, cut out of a larger picture. */
static const VlmFrame picture = { .width = 56,
  .height = 28,
  .source_x = 100,
  .source_y = 10,
  .source_width = 112,
  .source_height = 56 };

static void
check (const VlmAnswerKind *kind, const char *text, const char *value)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmReading) reading =
      vlm_reading_new (kind, text, NULL, NULL, &picture, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (reading->value, ==, value);
  g_assert_cmpuint (reading->n_rejected, ==, 0);
}

static void
test_values (void)
{
  check (NULL, " a \"dog\"\n", "\"a \\\"dog\\\"\"");
  check (&vlm_kind_yes_no, "Yes", "\"yes\"");
  check (&vlm_kind_boxes, "[]", "[]");
  check (&vlm_kind_boxes,
      "```json\n[\n\t{\"bbox_2d\": [0, 0, 56, 28], \"label\": \"all\"},\n"
      "\t{\"bbox_2d\": [28, 14, 29, 15], \"label\": \"a\\\"b\"}\n]\n```",
      "[\n\t{\"bbox_2d\": [100, 10, 212, 66], \"label\": \"all\"},\n"
      "\t{\"bbox_2d\": [156, 38, 158, 40], \"label\": \"a\\\"b\"}\n]");
}

static void
test_words (void)
{
  g_autoptr (VlmReading) words =
      vlm_reading_new (NULL, "\xffhi ", NULL, NULL, NULL, NULL);
  g_autoptr (VlmReading) boxes = vlm_reading_new (&vlm_kind_boxes,
      "[{\"bbox_2d\": [0, 0, 2, 99], \"label\": \"a\"}]", NULL, NULL, &picture,
      NULL);

  g_assert_cmpstr (words->words, ==, "\xef\xbf\xbdhi");
  g_assert_null (words->marks);
  g_assert_null (boxes->words);
  g_assert_cmpuint (boxes->marks->len, ==, 0);
  g_assert_cmpuint (boxes->n_rejected, ==, 1);
  g_assert_nonnull (strstr (boxes->why, "not inside the picture"));
}

/* In the time of the video, not of the window. */
static void
test_events (void)
{
  g_autoptr (VlmWindow) window = vlm_window_new (2);
  g_autoptr (VlmReading) reading = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 2; i++) {
    const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
      TRUE, 1, 1, { (const guint8 *) "abc" }, { 3 } };

    window->samples[i].slot_time = (60 + (gint64) i) * VLM_SECOND;
    window->samples[i].frame =
        vlm_frame_new (&view, 28, 28, VLM_RESAMPLE_VIDEO, NULL);
  }
  window->start = 60 * VLM_SECOND;
  window->end = 62 * VLM_SECOND;
  reading = vlm_reading_new (&vlm_kind_events,
      "[{\"start_time\": \"00:00.50\", \"end_time\": \"00:02.00\", "
      "\"description\": \"it rains\"}]",
      NULL, window, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (reading->value, ==,
      "[\n\t{\"start_time\": \"01:00.50\", \"end_time\": \"01:02.00\", "
      "\"description\": \"it rains\"}\n]");
}

static void
test_nothing (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (vlm_reading_new (
      &vlm_kind_boxes, "no boxes", NULL, NULL, &picture, &error));
  g_assert_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reading/values", test_values);
  g_test_add_func ("/reading/words", test_words);
  g_test_add_func ("/reading/events", test_events);
  g_test_add_func ("/reading/nothing", test_nothing);
  return g_test_run ();
}
