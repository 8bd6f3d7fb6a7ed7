/* gst-vlm: vlmtestsrc
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <gst/video/video.h>
#include <json-glib/json-glib.h>

#include <vlm/vlm-scene-box.h>
#include <vlm/vlm-scene.h>

#include "gstvlm.h"

#define CAPS(format, width, height, fps)                                       \
  "video/x-raw,format=" format ",width=" #width ",height=" #height             \
  ",framerate=" fps

typedef struct
{
  GstElement *pipeline;
  GPtrArray *buffers;
  GMutex lock;
} Film;

static void
on_handoff (
    GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user_data)
{
  Film *film = user_data;

  g_mutex_lock (&film->lock);
  g_ptr_array_add (film->buffers, gst_buffer_ref (buffer));
  g_mutex_unlock (&film->lock);
}

static void
film_init (Film *film, const char *properties, const char *caps)
{
  g_autofree char *line = g_strdup_printf ("vlmtestsrc name=src %s ! %s ! "
                                           "fakesink name=sink sync=false "
                                           "signal-handoffs=true",
      properties, caps);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) sink = NULL;

  film->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  film->buffers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);
  g_mutex_init (&film->lock);
  sink = gst_bin_get_by_name (GST_BIN (film->pipeline), "sink");
  g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff), film);
}

/* To its end, or to an error, which is returned. */
static GError *
film_play (Film *film)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (film->pipeline);
  g_autoptr (GstMessage) message = NULL;
  GError *error = NULL;

  gst_element_set_state (film->pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, 600 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  return error;
}

static void
film_clear (Film *film)
{
  gst_element_set_state (film->pipeline, GST_STATE_NULL);
  g_clear_object (&film->pipeline);
  g_clear_pointer (&film->buffers, g_ptr_array_unref);
  g_mutex_clear (&film->lock);
}

static void
film_run (Film *film, const char *properties, const char *caps)
{
  g_autoptr (GError) error = NULL;

  film_init (film, properties, caps);
  error = film_play (film);
  g_assert_no_error (error);
}

static gboolean
same_bytes (GstBuffer *a, GstBuffer *b)
{
  GstMapInfo x, y;
  gboolean same;

  gst_buffer_map (a, &x, GST_MAP_READ);
  gst_buffer_map (b, &y, GST_MAP_READ);
  same = x.size == y.size && memcmp (x.data, y.data, x.size) == 0;
  gst_buffer_unmap (a, &x);
  gst_buffer_unmap (b, &y);
  return same;
}

/* Frames follow each other without a gap up to the end of the last scene. */
static void
check_times (const char *caps, guint n_frames, GstClockTime total)
{
  Film film;
  GstClockTime next = 0;

  film_run (&film, "num-scenes=2 duration=1.5", caps);
  g_assert_cmpuint (film.buffers->len, ==, n_frames);
  for (guint i = 0; i < film.buffers->len; i++) {
    GstBuffer *buffer = film.buffers->pdata[i];

    g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, next);
    g_assert_cmpuint (GST_BUFFER_OFFSET (buffer), ==, i);
    next += GST_BUFFER_DURATION (buffer);
  }
  g_assert_cmpuint (next, ==, total);
  film_clear (&film);
}

static void
test_times (void)
{
  check_times (CAPS ("RGB", 32, 24, "10/1"), 30, 3 * GST_SECOND);
  check_times (CAPS ("RGB", 32, 24, "30000/1001"), 90, 3 * GST_SECOND);
  check_times (CAPS ("RGB", 32, 24, "1/2"), 2, 3 * GST_SECOND);
  check_times (CAPS ("RGB", 32, 24, "0/1"), 2, 3 * GST_SECOND);
}

static void
test_caps (void)
{
  static const char *const caps[] = { CAPS ("RGB", 1, 1, "5/1"),
    CAPS ("I420", 33, 17, "5/1"), CAPS ("NV12", 33, 17, "5/1"),
    CAPS ("RGBx", 16, 200, "5/1"), CAPS ("BGRx", 640, 2, "5/1"),
    "video/x-raw,format=NV12,height=480", "video/x-raw" };

  for (guint i = 0; i < G_N_ELEMENTS (caps); i++) {
    Film film;

    film_run (&film, "num-buffers=2", caps[i]);
    g_assert_cmpuint (film.buffers->len, ==, 2);
    film_clear (&film);
  }
}

/* All formats say the same as the RGB frame of the same time. */
static void
test_formats (void)
{
  Film rgb, i420, nv12, bgrx;
  GstMapInfo a, b, c, d;

  film_run (&rgb, "num-buffers=1 seed=4", CAPS ("RGB", 64, 48, "5/1"));
  film_run (&i420, "num-buffers=1 seed=4", CAPS ("I420", 64, 48, "5/1"));
  film_run (&nv12, "num-buffers=1 seed=4", CAPS ("NV12", 64, 48, "5/1"));
  film_run (&bgrx, "num-buffers=1 seed=4", CAPS ("BGRx", 64, 48, "5/1"));
  gst_buffer_map (rgb.buffers->pdata[0], &a, GST_MAP_READ);
  gst_buffer_map (i420.buffers->pdata[0], &b, GST_MAP_READ);
  gst_buffer_map (nv12.buffers->pdata[0], &c, GST_MAP_READ);
  gst_buffer_map (bgrx.buffers->pdata[0], &d, GST_MAP_READ);
  for (guint i = 0; i < 64 * 48; i++) {
    const guint8 *p = a.data + 3 * i;
    double luma =
        16.0 + (0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]) * 219.0 / 255.0;

    g_assert_cmpfloat_with_epsilon (luma, b.data[i], 1.0);
    g_assert_cmpuint (b.data[i], ==, c.data[i]);
    g_assert_cmpuint (p[0], ==, d.data[4 * i + 2]);
    g_assert_cmpuint (p[2], ==, d.data[4 * i]);
  }
  for (guint i = 0; i < 32 * 24; i++) {
    g_assert_cmpuint (b.data[64 * 48 + i], ==, c.data[64 * 48 + 2 * i]);
    g_assert_cmpuint (
        b.data[64 * 48 + 32 * 24 + i], ==, c.data[64 * 48 + 2 * i + 1]);
  }
  gst_buffer_unmap (rgb.buffers->pdata[0], &a);
  gst_buffer_unmap (i420.buffers->pdata[0], &b);
  gst_buffer_unmap (nv12.buffers->pdata[0], &c);
  gst_buffer_unmap (bgrx.buffers->pdata[0], &d);
  film_clear (&rgb);
  film_clear (&i420);
  film_clear (&nv12);
  film_clear (&bgrx);
}

static void
test_deterministic (void)
{
  Film a, b, c;
  guint n_equal = 0;

  film_run (&a, "num-scenes=2 duration=2 seed=9", CAPS ("RGB", 80, 60, "5/1"));
  film_run (&b, "num-scenes=2 duration=2 seed=9", CAPS ("RGB", 80, 60, "5/1"));
  film_run (&c, "num-scenes=1 duration=2 seed=10", CAPS ("RGB", 80, 60, "5/1"));
  g_assert_cmpuint (a.buffers->len, ==, 20);
  for (guint i = 0; i < 20; i++)
    g_assert_true (same_bytes (a.buffers->pdata[i], b.buffers->pdata[i]));
  /* The second scene is that of the next seed. */
  for (guint i = 0; i < 10; i++) {
    g_assert_true (same_bytes (a.buffers->pdata[10 + i], c.buffers->pdata[i]));
    n_equal += same_bytes (a.buffers->pdata[i], c.buffers->pdata[i]);
  }
  g_assert_cmpuint (n_equal, ==, 0);
  film_clear (&a);
  film_clear (&b);
  film_clear (&c);
}

static VlmScene *
make_scene (guint64 seed, guint width, guint height, gint64 duration)
{
  VlmSceneParams params = {
    .seed = seed,
    .width = width,
    .height = height,
    .duration = duration,
    .min_objects = 3,
    .max_objects = 3,
    .kind = VLM_SCENE_KIND_MIXED,
    .effects = VLM_SCENE_EFFECT_ALL,
    .perspective = 0.5,
    .troubles = VLM_SCENE_TROUBLE_SWAY | VLM_SCENE_TROUBLE_STAYS,
  };

  return vlm_scene_new (&params);
}

static void
check_regions (GstBuffer *buffer, VlmScene *scene, gint64 time)
{
  for (guint i = 0; i < vlm_scene_get_n_events (scene); i++) {
    gboolean expected;
    gboolean found = FALSE;
    gpointer state = NULL;
    GstMeta *meta;
    VlmRect box;

    expected = vlm_scene_get_box (scene, i, time, 96, 64, &box);
    while ((meta = gst_buffer_iterate_meta_filtered (buffer, &state,
                GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) != NULL) {
      GstVideoRegionOfInterestMeta *roi = (GstVideoRegionOfInterestMeta *) meta;

      if (roi->id != (gint) i + 1)
        continue;
      found = TRUE;
      g_assert_cmpstr (g_quark_to_string (roi->roi_type), ==, "vlm-truth");
      g_assert_cmpuint (roi->x, ==, box.x);
      g_assert_cmpuint (roi->y, ==, box.y);
      g_assert_cmpuint (roi->w, ==, box.width);
      g_assert_cmpuint (roi->h, ==, box.height);
    }
    g_assert_cmpint (found, ==, expected);
  }
}

/* Each event has one begin, on the first frame in view, and one end, on the
 * last one. */
static void
check_event (Film *film, VlmScene *scene, guint index, gint64 duration)
{
  const VlmSceneEvent *truth = vlm_scene_get_event (scene, index);
  guint n_begins = 0, n_ends = 0;

  for (guint i = 0; i < film->buffers->len; i++) {
    GstBuffer *buffer = film->buffers->pdata[i];
    GstVlmEventMeta *meta = gst_vlm_buffer_get_event_meta (buffer);
    gint64 pts = (gint64) GST_BUFFER_PTS (buffer);
    gint64 next = pts + (gint64) GST_BUFFER_DURATION (buffer);

    for (guint k = 0; meta != NULL && k < meta->events->len; k++) {
      VlmEvent *event = gst_vlm_event_meta_get_event (meta, k);

      if (event->id != index + 1)
        continue;
      g_assert_cmpstr (event->label, ==, truth->label);
      g_assert_cmpstr (event->description, ==, truth->description);
      g_assert_cmpint (event->start.stream_time, ==, truth->start);
      g_assert_cmpint (event->start.running_time, ==, truth->start);
      g_assert_cmpint (event->bbox.width, >, 0);
      if (event->state == VLM_EVENT_STATE_BEGIN) {
        n_begins++;
        g_assert_true (event->ongoing);
        g_assert_cmpint (pts, >=, truth->start);
        g_assert_true (i == 0 ||
            (gint64) GST_BUFFER_PTS (film->buffers->pdata[i - 1]) <
                truth->start);
      } else {
        n_ends++;
        g_assert_false (event->ongoing);
        g_assert_cmpint (event->end.stream_time, ==, truth->end);
        g_assert_cmpint (pts, <, truth->end);
        g_assert_true (next >= truth->end || next >= duration);
      }
    }
  }
  g_assert_cmpuint (n_begins, ==, 1);
  g_assert_cmpuint (n_ends, ==, 1);
}

static void
check_truth (const char *caps, guint64 seed)
{
  g_autofree char *properties =
      g_strdup_printf ("num-scenes=1 duration=8 min-objects=3 perspective=0.5 "
                       "troubles=sway+stays "
                       "seed=%" G_GUINT64_FORMAT,
          seed);
  g_autoptr (VlmScene) scene = make_scene (seed, 96, 64, 8 * VLM_SECOND);
  Film film;

  film_run (&film, properties, caps);
  for (guint i = 0; i < film.buffers->len; i++)
    check_regions (film.buffers->pdata[i], scene,
        (gint64) GST_BUFFER_PTS (film.buffers->pdata[i]));
  for (guint i = 0; i < 3; i++)
    check_event (&film, scene, i, 8 * VLM_SECOND);
  film_clear (&film);
}

/* The same times at all rates. */
static void
test_truth (void)
{
  for (guint64 seed = 0; seed < 8; seed++) {
    check_truth (CAPS ("RGB", 96, 64, "5/1"), seed);
    check_truth (CAPS ("I420", 96, 64, "30/1"), seed);
  }
}

static void
test_no_meta (void)
{
  Film film;

  film_run (&film, "num-scenes=1 min-objects=3 add-meta=false",
      CAPS ("RGB", 96, 64, "5/1"));
  for (guint i = 0; i < film.buffers->len; i++) {
    g_assert_null (gst_vlm_buffer_get_event_meta (film.buffers->pdata[i]));
    g_assert_null (gst_buffer_get_video_region_of_interest_meta_id (
        film.buffers->pdata[i], 1));
  }
  film_clear (&film);
}

/* One line for each event, and each is an event as it is everywhere. */
static void
test_file (void)
{
  g_autofree char *folder = g_dir_make_tmp ("vlmtestsrc-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "truth.jsonl", NULL);
  g_autofree char *properties = g_strdup_printf (
      "num-scenes=3 duration=4 min-objects=3 truth-location=%s", path);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  Film film;

  film_run (&film, properties, CAPS ("RGB", 96, 64, "10/1"));
  film_clear (&film);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 10);
  for (guint i = 0; i < 9; i++) {
    g_autoptr (JsonNode) node = json_from_string (lines[i], NULL);
    JsonObject *object = json_node_get_object (node);

    g_assert_cmpstr (
        json_object_get_string_member (object, "state"), ==, "end");
    g_assert_cmpstr (
        json_object_get_string_member (object, "model"), ==, "vlmtestsrc");
    g_assert_true (json_object_has_member (object, "bbox"));
  }
  g_remove (path);
  g_rmdir (folder);
}

static void
test_bad_file (void)
{
  g_autoptr (GError) error = NULL;
  Film film;

  film_init (&film, "truth-location=/nowhere/truth.jsonl", "video/x-raw");
  error = film_play (&film);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE);
  g_assert_nonnull (strstr (error->message, "/nowhere/truth.jsonl"));
  film_clear (&film);
}

static guint
count_warnings (Film *film)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (film->pipeline);
  GstMessage *message;
  guint n_warnings = 0;

  while ((message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING)) != NULL) {
    n_warnings++;
    gst_message_unref (message);
  }
  return n_warnings;
}

/* A setting that contradicts another, or comes too late, is reported. */
static void
test_settings (void)
{
  g_autoptr (GstElement) source = NULL;
  Film film;

  film_init (&film, "min-objects=5 max-objects=2", "video/x-raw");
  source = gst_bin_get_by_name (GST_BIN (film.pipeline), "src");
  gst_element_set_state (film.pipeline, GST_STATE_PAUSED);
  g_assert_cmpint (
      gst_element_get_state (film.pipeline, NULL, NULL, 600 * GST_SECOND), ==,
      GST_STATE_CHANGE_SUCCESS);
  g_assert_cmpuint (count_warnings (&film), ==, 1);
  g_object_set (source, "min-objects", 1, NULL);
  g_assert_cmpuint (count_warnings (&film), ==, 1);
  gst_element_set_state (film.pipeline, GST_STATE_NULL);
  g_object_set (source, "seed", (guint64) 3, NULL);
  g_assert_cmpuint (count_warnings (&film), ==, 0);
  film_clear (&film);
}

/* The buffer that waits for the pipeline to play. */
static GstBuffer *
last_buffer (Film *film)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (film->pipeline), "sink");
  g_autoptr (GstSample) sample = NULL;

  g_object_get (sink, "last-sample", &sample, NULL);
  g_assert_nonnull (sample);
  return gst_buffer_ref (gst_sample_get_buffer (sample));
}

static void
wait_for_state (Film *film)
{
  GstStateChangeReturn change =
      gst_element_get_state (film->pipeline, NULL, NULL, 600 * GST_SECOND);

  g_assert_cmpint (change, ==, GST_STATE_CHANGE_SUCCESS);
}

/* Whatever is in view begins with this frame. */
static void
check_begins (GstBuffer *buffer)
{
  GstVlmEventMeta *meta = gst_vlm_buffer_get_event_meta (buffer);
  gpointer state = NULL;
  GstMeta *region;

  while ((region = gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) != NULL) {
    gint id = ((GstVideoRegionOfInterestMeta *) region)->id;
    guint n_begins = 0;

    for (guint i = 0; meta != NULL && i < meta->events->len; i++) {
      VlmEvent *event = gst_vlm_event_meta_get_event (meta, i);

      n_begins +=
          event->id == (guint64) id && event->state == VLM_EVENT_STATE_BEGIN;
    }
    g_assert_cmpuint (n_begins, ==, 1);
  }
}

/* To the frame, forwards and backwards, with the events that are in view. */
static void
test_seek (void)
{
  static const struct
  {
    GstClockTime to;
    guint frame;
  } seeks[] = { { 3 * GST_SECOND, 75 }, { 3039999999, 75 }, { 3040000000, 76 },
    { 15 * GST_SECOND + 1, 375 }, { 0, 0 }, { 19999999999, 499 } };
  const char *properties = "num-scenes=2 min-objects=3 seed=3";
  Film film, whole;
  gint64 duration = 0;

  film_run (&whole, properties, CAPS ("RGB", 96, 64, "25/1"));
  film_init (&film, properties, CAPS ("RGB", 96, 64, "25/1"));
  gst_element_set_state (film.pipeline, GST_STATE_PAUSED);
  wait_for_state (&film);
  g_assert_true (
      gst_element_query_duration (film.pipeline, GST_FORMAT_TIME, &duration));
  g_assert_cmpint (duration, ==, 20 * GST_SECOND);
  for (guint i = 0; i < G_N_ELEMENTS (seeks); i++) {
    g_autoptr (GstBuffer) buffer = NULL;
    GstBuffer *expected = whole.buffers->pdata[seeks[i].frame];

    g_assert_true (gst_element_seek_simple (film.pipeline, GST_FORMAT_TIME,
        GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, (gint64) seeks[i].to));
    wait_for_state (&film);
    buffer = last_buffer (&film);
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, GST_BUFFER_PTS (expected));
    g_assert_true (same_bytes (buffer, expected));
    check_begins (buffer);
  }
  film_clear (&film);
  film_clear (&whole);
}

static void
test_live (void)
{
  g_autoptr (GstQuery) latency = gst_query_new_latency ();
  g_autoptr (GstElement) source = NULL;
  g_autoptr (GError) error = NULL;
  const char *properties =
      "is-live=true num-scenes=1 duration=0.5 min-objects=3";
  GstClockTime min, max;
  gboolean live = FALSE;
  guint n_events = 0;
  Film film;

  film_init (&film, properties, CAPS ("RGB", 96, 64, "10/1"));
  g_assert_cmpint (gst_element_set_state (film.pipeline, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_NO_PREROLL);
  source = gst_bin_get_by_name (GST_BIN (film.pipeline), "src");
  g_assert_true (gst_element_query (source, latency));
  gst_query_parse_latency (latency, &live, &min, &max);
  g_assert_true (live);
  g_assert_false (gst_element_seek_simple (
      film.pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
  error = film_play (&film);
  g_assert_no_error (error);
  g_assert_cmpuint (film.buffers->len, ==, 5);
  for (guint i = 0; i < film.buffers->len; i++) {
    GstVlmEventMeta *meta =
        gst_vlm_buffer_get_event_meta (film.buffers->pdata[i]);

    for (guint k = 0; meta != NULL && k < meta->events->len; k++) {
      VlmEvent *event = gst_vlm_event_meta_get_event (meta, k);

      g_assert_cmpint (event->time_source, ==, VLM_TIME_SOURCE_CLOCK);
      n_events++;
    }
  }
  g_assert_cmpuint (n_events, ==, 6);
  film_clear (&film);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmtestsrc/times", test_times);
  g_test_add_func ("/vlmtestsrc/caps", test_caps);
  g_test_add_func ("/vlmtestsrc/formats", test_formats);
  g_test_add_func ("/vlmtestsrc/deterministic", test_deterministic);
  g_test_add_func ("/vlmtestsrc/truth", test_truth);
  g_test_add_func ("/vlmtestsrc/no-meta", test_no_meta);
  g_test_add_func ("/vlmtestsrc/file", test_file);
  g_test_add_func ("/vlmtestsrc/bad-file", test_bad_file);
  g_test_add_func ("/vlmtestsrc/settings", test_settings);
  g_test_add_func ("/vlmtestsrc/seek", test_seek);
  g_test_add_func ("/vlmtestsrc/live", test_live);
  return g_test_run ();
}
