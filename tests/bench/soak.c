/* gst-vlm: vlmevents for as long as you like
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   soak [SECONDS]
 *
 * Runs a stream at thirty times its speed through vlmevents, with all that a
 * live day brings: lost frames, gaps, jumps in time, flushes, other sizes, an
 * analyzer that is now and then too slow, fails or loses its device. Prints a
 * line every tenth of the time, and fails when memory or a queue grows, or when
 * nothing is analysed any more. */
#include <stdio.h>
#include <stdlib.h>

#include <vlm/vlm-error.h>

#include "support/resident.h"
#include "support/watch-fixture.h"

#define FPS 30
#define N_LINES 10
/* What caches, pools and the allocator may still take after the first third. */
#define MAX_GROWTH_KB 8192
#define MIN_SECONDS_JUDGED 10

typedef struct
{
  WatchFixture f;
  GRand *rand;
  GstClockTime pts;
  guint height;
  guint64 n_frames;
  guint64 n_flushes;
  guint64 n_breaks;
  guint64 n_messages;
  guint max_queue;
  gint64 worst_flush_us;
  guint64 n_analysed; /* when the last line was printed */
  gboolean stood_still;
} Soak;

/* The harness keeps its output until it is pulled. */
static void
drain (GstHarness *harness)
{
  GstBuffer *buffer;
  GstEvent *event;

  while ((buffer = gst_harness_try_pull (harness)) != NULL)
    gst_buffer_unref (buffer);
  while ((event = gst_harness_try_pull_event (harness)) != NULL ||
      (event = gst_harness_try_pull_upstream_event (harness)) != NULL)
    gst_event_unref (event);
}

static void
push_frame (Soak *soak, gboolean discont)
{
  GstBuffer *buffer =
      gst_buffer_new_allocate (NULL, 64 * (gsize) soak->height * 3, NULL);

  gst_buffer_memset (
      buffer, 0, (guint8) soak->n_frames, gst_buffer_get_size (buffer));
  GST_BUFFER_PTS (buffer) = soak->pts;
  GST_BUFFER_DURATION (buffer) = GST_SECOND / FPS;
  if (discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  g_assert_cmpint (gst_harness_push (soak->f.harness, buffer), ==, GST_FLOW_OK);
  drain (soak->f.harness);
  soak->pts += GST_SECOND / FPS;
  soak->n_frames++;
}

/* The call of an application that seeks. */
static void
flush (Soak *soak)
{
  gint64 start = g_get_monotonic_time ();
  GstSegment segment;

  gst_harness_push_event (soak->f.harness, gst_event_new_flush_start ());
  gst_harness_push_event (soak->f.harness, gst_event_new_flush_stop (TRUE));
  soak->worst_flush_us =
      MAX (soak->worst_flush_us, g_get_monotonic_time () - start);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (soak->f.harness, gst_event_new_segment (&segment));
  soak->n_flushes++;
}

static void
fail_once (Soak *soak)
{
  gboolean lost = g_rand_boolean (soak->rand);

  fake_analyzer_set_errors (soak->f.fake,
      g_error_new (VLM_DEVICE_ERROR,
          lost ? VLM_DEVICE_ERROR_LOST : VLM_DEVICE_ERROR_OUT_OF_MEMORY,
          "injected by the soak test"),
      1);
}

static void
change_size (Soak *soak)
{
  g_autofree char *caps = NULL;

  soak->height = 48 + 4 * (guint) g_rand_int_range (soak->rand, 0, 20);
  caps = g_strdup_printf (
      "video/x-raw,format=RGB,width=64,height=%u,framerate=0/1", soak->height);
  gst_harness_set_src_caps_str (soak->f.harness, caps);
}

/* What happens beside a frame, once in a while. */
static gboolean
disturb (Soak *soak)
{
  gint what = g_rand_int_range (soak->rand, 0, 1000);

  if (what < 40) { /* lost */
    soak->pts += GST_SECOND / FPS;
    return TRUE;
  }
  if (what < 43) {
    gst_harness_push_event (
        soak->f.harness, gst_event_new_gap (soak->pts, GST_SECOND));
    soak->pts += GST_SECOND;
  } else if (what < 45) { /* a clock that jumps, either way */
    gint64 jump = g_rand_int_range (soak->rand, -3600, 3600) * VLM_SECOND;

    soak->pts = (GstClockTime) MAX (0, (gint64) soak->pts + jump);
    soak->n_breaks++;
    return TRUE;
  } else if (what < 48) {
    flush (soak);
  } else if (what < 49) {
    change_size (soak);
  } else if (what < 50) {
    fail_once (soak);
  } else if (what < 54) {
    fake_analyzer_set_steps (
        soak->f.fake, (guint) g_rand_int_range (soak->rand, 0, 120), 1000);
  }
  return FALSE;
}

static void
watch_queue (Soak *soak)
{
  g_autoptr (GstStructure) stats = NULL;
  guint level = 0;

  g_object_get (soak->f.element, "stats", &stats, NULL);
  gst_structure_get_uint (stats, "queue-level", &level);
  soak->max_queue = MAX (soak->max_queue, level);
}

static void
drain_bus (Soak *soak)
{
  GstMessage *message;

  while ((message = gst_bus_pop (soak->f.bus)) != NULL) {
    soak->n_messages++;
    gst_message_unref (message);
  }
}

static void
run_second (Soak *soak)
{
  gint64 end = g_get_monotonic_time () + G_USEC_PER_SEC / 30;
  gint64 left;

  for (guint i = 0; i < FPS; i++)
    push_frame (soak, disturb (soak));
  watch_queue (soak);
  drain_bus (soak);
  fake_analyzer_forget_windows (soak->f.fake);
  left = end - g_get_monotonic_time ();
  if (left > 0)
    g_usleep ((gulong) left);
}

static void
print_line (Soak *soak, gint64 seconds)
{
  guint64 n_analysed = watch_fixture_get_stat (&soak->f, "windows-analysed");

  /* Over less than this, pauses after a lost device look like it. */
  soak->stood_still |=
      n_analysed == soak->n_analysed && seconds >= MIN_SECONDS_JUDGED;
  soak->n_analysed = n_analysed;
  g_print ("| %" G_GINT64_FORMAT " | %" G_GUINT64_FORMAT " | %" G_GUINT64_FORMAT
           " | %" G_GUINT64_FORMAT " | %" G_GUINT64_FORMAT
           " | %" G_GUINT64_FORMAT " | %u | %.1f | %" G_GINT64_FORMAT " |\n",
      seconds, soak->n_frames, n_analysed,
      watch_fixture_get_stat (&soak->f, "windows-dropped"),
      watch_fixture_get_stat (&soak->f, "reloads"), soak->n_flushes,
      soak->max_queue, (double) soak->worst_flush_us / 1000.0, resident_kb ());
}

static int
run (Soak *soak, gint64 seconds)
{
  gint64 start = g_get_monotonic_time ();
  gint64 reference_kb = 0;
  gint64 last_kb = 0;
  guint n_lines = 0;

  g_print ("| seconds | frames | windows | dropped | reloads | flushes | "
           "longest queue | slowest flush, ms | resident, KiB |\n"
           "|---|---|---|---|---|---|---|---|---|\n");
  while (n_lines < N_LINES) {
    gint64 passed = (g_get_monotonic_time () - start) / G_USEC_PER_SEC;

    run_second (soak);
    if (passed * N_LINES < seconds * (n_lines + 1))
      continue;
    print_line (soak, passed);
    last_kb = resident_kb ();
    if (++n_lines == N_LINES / 3)
      reference_kb = last_kb;
  }
  g_print ("memory grew by %" G_GINT64_FORMAT " KiB after the first third\n",
      last_kb - reference_kb);
  if (soak->stood_still)
    g_print ("no window was analysed for a tenth of the time\n");
  return last_kb - reference_kb > MAX_GROWTH_KB || soak->max_queue > 2 ||
      soak->stood_still;
}

int
main (int argc, char **argv)
{
  gint64 seconds = argc > 1 ? g_ascii_strtoll (argv[1], NULL, 10) : 60;
  Soak soak = { .height = 48 };
  int status;

  if (argc > 2 || seconds < 1) {
    g_printerr ("usage: soak [SECONDS]\n");
    return 1;
  }
  gst_init (NULL, NULL);
  soak.rand = g_rand_new_with_seed (1);
  watch_fixture_init (&soak.f);
  fake_analyzer_add_event (
      soak.f.fake, "an ongoing event", 0, 1000000 * VLM_SECOND, NULL);
  watch_fixture_start (&soak.f, TRUE);
  watch_fixture_wait_loaded (&soak.f);
  fake_analyzer_set_steps (soak.f.fake, 5, 1000);
  status = run (&soak, seconds);
  watch_fixture_clear (&soak.f);
  g_rand_free (soak.rand);
  return status;
}
