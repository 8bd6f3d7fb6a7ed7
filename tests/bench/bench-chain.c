/* gst-vlm: how long vlmevents holds the thread of the stream
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   bench-chain [FORMAT WIDTH HEIGHT]
 *
 * Pushes frames through identity and through vlmevents, whose analyzer does
 * nothing, and prints one line of JSON each: microseconds of a push for frames
 * that pass, and for those that are sampled. */
#include <stdlib.h>
#include <time.h>

#include "support/watch-fixture.h"

#define N_SAMPLED 60
#define FRAMES_PER_SAMPLE 15
#define SLOT (GST_SECOND / 2)

static GstBuffer *
make_buffer (const GstVideoInfo *info)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, info->size, NULL);
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
  for (gsize i = 0; i < map.size; i++)
    map.data[i] = (guint8) (i * 7 + i / 1920 * 13);
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a;
  gint64 y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

static void
report (const char *element, const char *kind, GArray *times)
{
  const gint64 *ns = (const gint64 *) (gpointer) times->data;

  qsort (times->data, times->len, sizeof (gint64), compare_times);
  g_print ("{\"bench\": \"chain\", \"element\": \"%s\", \"frames\": \"%s\", "
           "\"n\": %u, \"min_us\": %.1f, \"median_us\": %.1f, "
           "\"p90_us\": %.1f}\n",
      element, kind, times->len, ns[0] / 1e3, ns[times->len / 2] / 1e3,
      ns[times->len * 9 / 10] / 1e3);
  g_array_set_size (times, 0);
}

/* Of the thread's own time: what else runs on the machine is not measured. */
static gint64
thread_time_ns (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return (gint64) time.tv_sec * 1000000000 + time.tv_nsec;
}

static void
measure (GstHarness *harness, const GstVideoInfo *info, const char *element)
{
  g_autoptr (GArray) passed = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) sampled = g_array_new (FALSE, FALSE, sizeof (gint64));
  GstBuffer *buffer = make_buffer (info);

  for (guint i = 0; i < N_SAMPLED * FRAMES_PER_SAMPLE; i++) {
    gboolean in_slot = i % FRAMES_PER_SAMPLE == 0;
    gint64 spent;

    GST_BUFFER_PTS (buffer) = i * SLOT / FRAMES_PER_SAMPLE;
    GST_BUFFER_DURATION (buffer) = SLOT / FRAMES_PER_SAMPLE;
    spent = -thread_time_ns ();
    g_assert_cmpint (gst_harness_push (harness, buffer), ==, GST_FLOW_OK);
    spent += thread_time_ns ();
    buffer = gst_harness_pull (harness);
    if (i >= FRAMES_PER_SAMPLE) /* the first one plans */
      g_array_append_val (in_slot ? sampled : passed, spent);
  }
  gst_buffer_unref (buffer);
  report (element, "passed", passed);
  report (element, "sampled", sampled);
}

static void
bench_identity (const GstVideoInfo *info)
{
  GstHarness *harness = gst_harness_new ("identity");

  gst_harness_set_src_caps (harness, gst_video_info_to_caps (info));
  measure (harness, info, "identity");
  gst_harness_teardown (harness);
}

static void
bench_vlmevents (const GstVideoInfo *info)
{
  WatchFixture f;

  watch_fixture_init (&f);
  g_object_set (f.element, "window", 10.0, "hop", 0.0, "min-pixels",
      (guint64) 0, "max-pixels", (guint64) 448 * 252, NULL);
  watch_fixture_start (&f, TRUE);
  watch_fixture_wait_loaded (&f);
  gst_harness_set_src_caps (f.harness, gst_video_info_to_caps (info));
  measure (f.harness, info, "vlmevents");
  watch_fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  const char *name = argc == 4 ? argv[1] : "NV12";
  guint width = argc == 4 ? (guint) atoi (argv[2]) : 1920;
  guint height = argc == 4 ? (guint) atoi (argv[3]) : 1080;
  GstVideoFormat format;
  GstVideoInfo info;

  gst_init (NULL, NULL);
  format = gst_video_format_from_string (name);
  if ((argc != 1 && argc != 4) || format == GST_VIDEO_FORMAT_UNKNOWN ||
      !gst_video_info_set_format (&info, format, width, height)) {
    g_printerr ("usage: bench-chain [FORMAT WIDTH HEIGHT]\n");
    return 1;
  }
  info.fps_n = 30;
  bench_identity (&info);
  bench_vlmevents (&info);
  return 0;
}
