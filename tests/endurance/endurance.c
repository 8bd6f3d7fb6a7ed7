/* gst-vlm: live video whose records are published, for as long as you like
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   endurance outage SECONDS
 *   endurance soak|remote SECONDS MODEL
 *
 * outage: at least 3000 records while there is no broker; then one comes. soak: a
 * model with conditions, and a broker that stops, starts and stalls.
 * remote: the same, with another name in the output. All print a line every
 * tenth of the time and one at the end, and fail when a record is lost, when the
 * video waits, or when memory grows. */
#include <json-glib/json-glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publish/broker.h"
#include "publish/records.h"
#include "support/resident.h"
#include "support/watch-fixture.h"

#define TOPIC "endurance"
#define FPS 10
#define MIN_RECORDS 3000
#define N_LINES 10
/* What pools and the allocator may still take after the first third. Features of
 * past slices are kept for a while: with the frames of the soak it takes minutes
 * until their number is at its limit. */
#define MAX_GROWTH_KB 16384
#define MIN_SECONDS_OF_OUTAGE 60
#define MIN_SECONDS_OF_SOAK 1800
/* A busy machine shows a frame late; a video that waits for a broker or for the
 * analysis would be minutes behind. */
#define MAX_LATE (20 * GST_SECOND)
#define PATIENCE_S 600

typedef struct
{
  const char *name;
  double seconds;
  double min_seconds; /* for memory to be judged */
  Broker broker;
  Listener listener;
  char *folder; /* the spool is in it */
  FakeAnalyzer *fake;
  GstElement *pipeline;
  GstElement *publish;
  GMutex lock;
  /* Under the lock, of the streaming threads. */
  guint64 n_frames;
  guint64 n_records;
  GstClockTime latest; /* how late a frame was shown */
  gint64 early_kb;
} Run;

static guint64
get_stat (GstElement *element, const char *name)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 value = 0;

  g_object_get (element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

/* --- what passes ---------------------------------------------------------- */

static GstPadProbeReturn
on_frame (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Run *run = user_data;
  GstClockTime pts = GST_BUFFER_PTS (GST_PAD_PROBE_INFO_BUFFER (info));
  GstClockTime now = gst_element_get_current_running_time (run->pipeline);

  g_mutex_lock (&run->lock);
  run->n_frames++;
  if (GST_CLOCK_TIME_IS_VALID (now) && now > pts)
    run->latest = MAX (run->latest, now - pts);
  g_mutex_unlock (&run->lock);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_record (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Run *run = user_data;

  g_mutex_lock (&run->lock);
  run->n_records++;
  g_mutex_unlock (&run->lock);
  return GST_PAD_PROBE_OK;
}

static void
add_probe (
    Run *run, GstElement *element, const char *name, GstPadProbeCallback probe)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, name);

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, probe, run, NULL);
}

/* --- the run -------------------------------------------------------------- */

/* So many records a second that there are enough at the end. */
static FakeAnalyzer *
make_script (double seconds)
{
  FakeAnalyzer *fake = fake_analyzer_new ();
  guint n = (guint) (MIN_RECORDS / seconds) + 2;

  for (guint i = 0; i < n; i++) {
    g_autofree char *text = g_strdup_printf ("thing %u", i);

    fake_analyzer_add_event (
        fake, text, 100 * GST_MSECOND, 1000000 * VLM_SECOND, NULL);
  }
  return fake;
}

static void
make_pipeline (Run *run, const char *settings)
{
  g_autofree char *line = g_strdup_printf (
      "vlmtestsrc is-live=true seed=1 name=s ! "
      "video/x-raw, width=160, height=120, framerate=%d/1 ! "
      "vlmevents name=w window=2 hop=1 fps=4 min-pixels=15680 "
      "max-pixels=15680 max-tokens=48 stream-label=gate %s ! fakesink "
      "name=video sync=false  "
      "w.events ! vlmpublish name=p max-backoff=1 eos-drain-timeout=600 "
      "spool=%s/spool location=mqtt://127.0.0.1:%u/" TOPIC,
      FPS, settings, run->folder, run->broker.port);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) video = NULL;
  g_autoptr (GstElement) watch = NULL;

  run->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  run->publish = gst_bin_get_by_name (GST_BIN (run->pipeline), "p");
  video = gst_bin_get_by_name (GST_BIN (run->pipeline), "video");
  watch = gst_bin_get_by_name (GST_BIN (run->pipeline), "w");
  if (run->fake != NULL)
    g_object_set (watch, "analyzer", run->fake, NULL);
  add_probe (run, video, "sink", on_frame);
  add_probe (run, run->publish, "sink", on_record);
}

static void
read_bus (Run *run, GstClockTime timeout, gboolean *is_over)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (run->pipeline);
  GstMessage *message;

  while ((message = gst_bus_timed_pop (bus, timeout)) != NULL) {
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
      g_autoptr (GError) error = NULL;

      gst_message_parse_error (message, &error, NULL);
      g_error ("%s", error->message);
    }
    *is_over = GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
    gst_message_unref (message);
    if (*is_over)
      return;
  }
}

static void
print_line (Run *run, gint64 seconds)
{
  g_mutex_lock (&run->lock);
  printf ("%7" G_GINT64_FORMAT " s %8" G_GUINT64_FORMAT
          " frames %7" G_GUINT64_FORMAT " records %7" G_GUINT64_FORMAT
          " sent %7" G_GUINT64_FORMAT " waiting %8" G_GINT64_FORMAT " KiB\n",
      seconds, run->n_frames, run->n_records, get_stat (run->publish, "sent"),
      get_stat (run->publish, "waiting"), resident_kb ());
  g_mutex_unlock (&run->lock);
  fflush (stdout);
}

/* Seconds, in each of which @each is called. */
static void
play (Run *run, void (*each) (Run *run, gint64 second))
{
  gint64 start = g_get_monotonic_time ();
  gint64 second = 0;
  gint64 lines = 0;
  gboolean is_over = FALSE;

  gst_element_set_state (run->pipeline, GST_STATE_PLAYING);
  while (g_get_monotonic_time () - start < run->seconds * G_USEC_PER_SEC) {
    gint64 now;

    read_bus (run, GST_SECOND / 10, &is_over);
    now = (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
    while (second < now)
      each (run, second++);
    if (run->early_kb == 0 && 3 * now > run->seconds)
      run->early_kb = resident_kb ();
    while (N_LINES * now >= (lines + 1) * run->seconds) {
      print_line (run, now);
      lines++;
    }
    if (run->fake != NULL)
      fake_analyzer_forget_windows (run->fake);
  }
}

static void
finish (Run *run)
{
  gint64 until = g_get_monotonic_time () + PATIENCE_S * G_USEC_PER_SEC;
  gboolean is_over = FALSE;

  gst_element_send_event (run->pipeline, gst_event_new_eos ());
  while (!is_over) {
    read_bus (run, GST_SECOND, &is_over);
    if (g_get_monotonic_time () > until)
      g_error ("the stream does not end");
  }
}

/* --- the end -------------------------------------------------------------- */

static gint64
get_seq (const char *line)
{
  g_autoptr (JsonNode) node = NULL;

  g_assert_true (g_str_has_prefix (line, TOPIC " 0 "));
  node = json_from_string (line + strlen (TOPIC " 0 "), NULL);
  g_assert_nonnull (node);
  return json_object_get_int_member (json_node_get_object (node), "seq");
}

/* The lines until the last of @n records is there. Some may have come twice, from
 * where a connection broke off: as many lines are not yet all records. */
static GStrv
wait_for_last (Run *run, guint64 n)
{
  GStrv lines = listener_wait (&run->listener, (guint) n);
  guint n_read = 0;
  gint64 newest = 0;

  for (;;) {
    for (; lines[n_read] != NULL; n_read++)
      newest = MAX (newest, get_seq (lines[n_read]));
    if (newest >= (gint64) n)
      return lines;
    g_strfreev (lines);
    lines = listener_wait (&run->listener, n_read + 1);
  }
}

/* How many of the @n records did not come, or out of order. */
static guint64
count_lost (Run *run, guint64 n)
{
  g_auto (GStrv) lines = wait_for_last (run, n);
  g_autofree gboolean *seen = g_new0 (gboolean, n + 1);
  guint64 n_lost = 0;
  gint64 newest = 0;

  for (guint i = 0; lines[i] != NULL; i++) {
    gint64 seq = get_seq (lines[i]);

    if (seq < 1 || seq > (gint64) n || (!seen[seq] && seq < newest))
      g_error ("record %" G_GINT64_FORMAT " of %" G_GUINT64_FORMAT
               " came behind %" G_GINT64_FORMAT,
          seq, n, newest);
    seen[seq] = TRUE;
    newest = MAX (newest, seq);
  }
  for (guint64 i = 1; i <= n; i++)
    n_lost += !seen[i];
  return n_lost;
}

static gboolean
judge (Run *run)
{
  guint64 n_lost = count_lost (run, run->n_records);
  guint64 n_dropped = get_stat (run->publish, "dropped");
  gint64 kb = resident_kb ();
  gboolean is_long = run->seconds >= run->min_seconds;
  gboolean has_grown = is_long && kb - run->early_kb > MAX_GROWTH_KB;
  /* In some seconds a fast machine has nothing to report: no event, no gap. */
  gboolean has_records = run->n_records > 0 || !is_long;
  gboolean passed = n_lost == 0 && n_dropped == 0 && run->latest < MAX_LATE &&
      has_records && !has_grown;

  printf ("%s: %s: %.1f minutes, %" G_GUINT64_FORMAT
          " records, %" G_GUINT64_FORMAT " lost, %" G_GUINT64_FORMAT
          " dropped, %" G_GUINT64_FORMAT
          " frames, at most %.2f s late, %" G_GINT64_FORMAT
          " KiB, %" G_GINT64_FORMAT " more than after the first third%s\n",
      run->name, passed ? "passed" : "FAILED", run->seconds / 60.0,
      run->n_records, n_lost, n_dropped, run->n_frames,
      (double) run->latest / GST_SECOND, kb, kb - run->early_kb,
      is_long ? "" : " (too short to judge)");
  return passed;
}

static void
init (Run *run)
{
  g_mutex_init (&run->lock);
  run->folder = make_folder ();
  broker_init (&run->broker, NULL);
  broker_start (&run->broker);
  listener_init (&run->listener, &run->broker, TOPIC, "-c -i listener");
}

static void
clear (Run *run)
{
  gst_element_set_state (run->pipeline, GST_STATE_NULL);
  gst_clear_object (&run->publish);
  gst_clear_object (&run->pipeline);
  g_clear_object (&run->fake);
  listener_clear (&run->listener);
  broker_clear (&run->broker);
  remove_folder (run->folder);
  g_mutex_clear (&run->lock);
}

static void
wait_in_peace (Run *run, gint64 second)
{
}

static gboolean
run_outage (double seconds)
{
  Run run = {
    .name = "outage", .seconds = seconds, .min_seconds = MIN_SECONDS_OF_OUTAGE
  };
  gboolean passed;

  init (&run);
  broker_stop (&run.broker);
  run.fake = make_script (seconds);
  make_pipeline (&run, "");
  play (&run, wait_in_peace);
  g_assert_cmpuint (get_stat (run.publish, "sent"), ==, 0);
  broker_start (&run.broker);
  finish (&run);
  passed = judge (&run) && run.n_records >= MIN_RECORDS;
  clear (&run);
  return passed;
}

/* In every two minutes there is no broker for half a minute, and a stalled one
 * for a quarter of a minute. */
static void
trouble (Run *run, gint64 second)
{
  switch (second % 120) {
  case 30:
    broker_stop (&run->broker);
    break;
  case 60:
    broker_start (&run->broker);
    break;
  case 90:
    broker_signal (&run->broker, SIGSTOP);
    break;
  case 105:
    broker_signal (&run->broker, SIGCONT);
    break;
  default:
    break;
  }
}

static gboolean
run_soak (const char *name, double seconds, const char *model)
{
  Run run = {
    .name = name, .seconds = seconds, .min_seconds = MIN_SECONDS_OF_SOAK
  };
  g_autofree char *settings = g_strdup_printf (
      "model=%s queries=\"a circle\" on-threshold=0.5 off-threshold=0.5 "
      "conditions=\"gate=the gate is open; it rains; a dog barks; the light is "
      "on; a circle is red; nothing moves\"",
      model);
  gboolean passed;

  init (&run);
  make_pipeline (&run, settings);
  play (&run, trouble);
  if (run.broker.process == NULL)
    broker_start (&run.broker);
  broker_signal (&run.broker, SIGCONT);
  finish (&run);
  passed = judge (&run);
  clear (&run);
  return passed;
}

int
main (int argc, char **argv)
{
  double seconds = argc > 2 ? g_ascii_strtod (argv[2], NULL) : 0.0;

  gst_init (&argc, &argv);
  if (argc == 3 && g_str_equal (argv[1], "outage") && seconds > 0.0)
    return run_outage (seconds) ? EXIT_SUCCESS : EXIT_FAILURE;
  if (argc == 4 && seconds > 0.0 &&
      (g_str_equal (argv[1], "soak") || g_str_equal (argv[1], "remote")))
    return run_soak (argv[1], seconds, argv[3]) ? EXIT_SUCCESS : EXIT_FAILURE;
  fprintf (stderr,
      "endurance outage SECONDS\nendurance soak|remote SECONDS MODEL\n");
  return 2;
}
