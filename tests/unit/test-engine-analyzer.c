/* gst-vlm: windows go in, events come out
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm.h>

#include "tests/support/files.h"
#include "tests/support/warnings.h"

#define SIDE 56

static char *
get_tiny (void)
{
  return g_test_build_filename (
      G_TEST_DIST, "data", "tiny", "checkpoint", NULL);
}

static VlmAnalyzer *
load_analyzer (char *path, const char *queries, gboolean ground)
{
  VlmAnalyzer *analyzer = vlm_engine_analyzer_new ();
  const VlmAnalyzerParams params = { .model = { .path = path } };
  g_auto (GStrv) list = g_strsplit (queries, ";", -1);
  const VlmQuestions questions = {
    .version = 3, .queries = list, .max_tokens = 72, .ground = ground
  };
  g_autoptr (GError) error = NULL;

  g_assert_true (vlm_analyzer_load (analyzer, &params, NULL, &error));
  g_assert_no_error (error);
  vlm_analyzer_set_questions (analyzer, &questions);
  return analyzer;
}

static VlmFrame *
make_frame (gint64 time)
{
  guint8 pixels[SIDE * SIDE * 3];
  const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
    TRUE, SIDE, SIDE, { pixels }, { SIDE * 3 } };
  VlmFrame *frame;

  for (guint k = 0; k < sizeof pixels; k++)
    pixels[k] = (guint8) (k * (time / VLM_SECOND + 2) + k / 7);
  frame = vlm_frame_new (&view, SIDE, SIDE, VLM_RESAMPLE_VIDEO, NULL);
  frame->time =
      (VlmInstant){ time + 1, time + 2, time, time + 1700000000 * VLM_SECOND };
  frame->time_source = VLM_TIME_SOURCE_UNIX;
  return frame;
}

static void
check_box (const VlmEvent *event)
{
  g_assert_cmpint (event->bbox.x, >=, 0);
  g_assert_cmpint (event->bbox.y, >=, 0);
  g_assert_cmpint (event->bbox.height, >, 0);
  g_assert_cmpint (event->bbox.x + event->bbox.width, <=, SIDE);
  g_assert_cmpint (event->bbox.y + event->bbox.height, <=, SIDE);
  /* Of a frame that is nearest to the event. */
  g_assert_cmpint (event->bbox_time.stream_time, >=,
      event->start.stream_time - VLM_SECOND / 2);
  g_assert_cmpint (event->bbox_time.pts, ==, event->bbox_time.stream_time + 1);
}

static void
check_events (GPtrArray *events, const VlmWindow *window, guint64 *last_id,
    guint *n_boxes)
{
  for (guint i = 0; i < events->len; i++) {
    const VlmEvent *event = events->pdata[i];

    g_assert_cmpint (event->start.stream_time, <=, event->end.stream_time);
    g_assert_cmpint (event->start.stream_time, >=, 0);
    if (window != NULL)
      g_assert_cmpint (event->end.stream_time, <=, window->end);
    g_assert_cmpint (event->start.pts, ==, event->start.stream_time + 1);
    g_assert_cmpint (event->start.running_time, ==, event->start.pts + 1);
    g_assert_cmpint (
        event->end.utc, ==, event->end.stream_time + 1700000000 * VLM_SECOND);
    g_assert_cmpint (event->time_source, ==, VLM_TIME_SOURCE_UNIX);
    g_assert_cmpfloat (event->confidence, >=, 0.0);
    g_assert_cmpfloat (event->confidence, <=, 1.0);
    g_assert_cmpstr (event->model, ==, "checkpoint");
    g_assert_cmpuint (event->query_version, ==, 3);
    if (event->bbox.width > 0) {
      check_box (event);
      (*n_boxes)++;
    }
    g_assert_cmpuint (event->id, <=, *last_id + 1);
    *last_id = MAX (*last_id, event->id);
  }
}

static void
ask (VlmAnalyzer *analyzer, VlmWindow *window)
{
  g_autoptr (GError) error = NULL;
  double confidence = -2.0;
  g_autofree char *answer = vlm_analyzer_ask (
      analyzer, window, "What colour is it?", &confidence, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (answer);
  g_assert_cmpfloat (confidence, >=, 0.0);
  g_assert_cmpfloat (confidence, <=, 1.0);
}

/* A model that says what it was trained for warns of other questions, once. */
static void
test_purpose (void)
{
  g_autofree char *tiny = get_tiny ();
  g_autofree char *folder = files_new_folder (tiny);
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (VlmSampler) sampler = NULL;
  g_autoptr (VlmFrame) frame = make_frame (0);
  g_autoptr (VlmWindow) window = NULL;
  const VlmSamplerParams params = { .window = VLM_SECOND };

  files_edit (folder, "config.json", "\"vision_config\"",
      "\"trained_for\": \"counting sheep\", \"vision_config\"");
  analyzer = load_analyzer (folder, "", FALSE);
  sampler = vlm_sampler_new (&params);
  g_assert_true (vlm_sampler_wants (sampler, 0, VLM_SECOND / 2));
  vlm_sampler_add (sampler, frame, VLM_SECOND / 2);
  window = vlm_sampler_finish (sampler);
  ask (analyzer, window);
  warnings_expect ("counting sheep; answers to other questions (free)");
  ask (analyzer, window);
  warnings_expect_none ();
  files_remove (folder);
}

typedef enum
{
  PLAIN,
  ASK_BETWEEN,
  GROUND,
} Mode;

/* Video in windows of 10 s, every 5 s; with a break at 20 s. */
static char *
watch (const char *queries, Mode mode, guint n_frames)
{
  const VlmSamplerParams params = { .window = 10 * VLM_SECOND,
    .hop = 5 * VLM_SECOND };
  g_autofree char *tiny = get_tiny ();
  g_autoptr (VlmAnalyzer) analyzer =
      load_analyzer (tiny, queries, mode == GROUND);
  g_autoptr (VlmSampler) sampler = vlm_sampler_new (&params);
  GString *log = g_string_new (NULL);
  guint64 last_id = 0;
  guint n_windows = 0;
  guint n_boxes = 0;

  for (guint i = 0; i <= n_frames; i++) {
    gint64 time = (gint64) i * VLM_SECOND / 2;
    VlmWindow *window;

    if (i == 40)
      vlm_sampler_reset (sampler);
    if (i < n_frames && vlm_sampler_wants (sampler, time, VLM_SECOND / 2)) {
      g_autoptr (VlmFrame) frame = make_frame (time);

      vlm_sampler_add (sampler, frame, VLM_SECOND / 2);
    }
    while ((window = i < n_frames ? vlm_sampler_pop (sampler)
                                  : vlm_sampler_finish (sampler)) != NULL) {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) events =
          vlm_analyzer_analyze (analyzer, window, NULL, &error);

      g_assert_no_error (error);
      check_events (events, window, &last_id, &n_boxes);
      if (mode == ASK_BETWEEN)
        ask (analyzer, window);
      for (guint k = 0; k < events->len; k++) {
        g_autofree char *json = vlm_event_to_json (events->pdata[k]);

        g_string_append_printf (log, "%s\n", json);
      }
      n_windows++;
      vlm_window_unref (window);
    }
  }
  g_assert_cmpuint (n_windows, >=, n_frames / 14);
  g_test_message ("%u boxes", n_boxes);
  g_assert_true (mode == GROUND || n_boxes == 0);
  g_assert_cmpuint (last_id, >, 0);
  return g_string_free (log, FALSE);
}

static void
test_windows (void)
{
  g_autofree char *first = watch ("", PLAIN, 60);
  g_autofree char *second = watch ("", ASK_BETWEEN, 60);
  g_autofree char *queries = watch ("a red car;a dog", GROUND, 40);

  /* Both runs are the same: questions in between change nothing. */
  g_assert_cmpstr (first, ==, second);
  g_assert_null (strstr (first, "\"query\": "));
  g_assert_nonnull (strstr (queries, "\"query\": \"a red car\""));
  g_assert_nonnull (strstr (queries, "\"query\": \"a dog\""));
}

static void
test_load_errors (void)
{
  g_autoptr (VlmAnalyzer) analyzer = vlm_engine_analyzer_new ();
  const VlmAnalyzerParams nothing = { 0 };
  const VlmAnalyzerParams nowhere = {
    .model = { .path = (char *) "/nonexistent/model" },
  };
  g_autofree char *saved = g_strdup (g_getenv ("VLM_MODEL_PATH"));
  g_autoptr (GError) error = NULL;

  /* No model means the one that ships, which is not there. */
  g_setenv ("VLM_MODEL_PATH", "/nonexistent/demo", TRUE);
  g_assert_false (vlm_analyzer_load (analyzer, &nothing, NULL, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "/nonexistent/demo"));
  g_clear_error (&error);
  if (saved != NULL)
    g_setenv ("VLM_MODEL_PATH", saved, TRUE);
  else
    g_unsetenv ("VLM_MODEL_PATH");
  g_assert_false (vlm_analyzer_load (analyzer, &nowhere, NULL, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "/nonexistent/model"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  warnings_keep ();
  g_test_add_func ("/engine-analyzer/load-errors", test_load_errors);
  g_test_add_func ("/engine-analyzer/purpose", test_purpose);
  g_test_add_func ("/engine-analyzer/windows", test_windows);
  return g_test_run ();
}
