/* gst-vlm: vlmevents with a model, on a device that fails
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Plugin and library are linked into the program: the faults are not exported.
 */
#include <gst/check/gstharness.h>

#include "elements/gstvlmevents.h"
#include "vk/result.h"

#define CAPS "video/x-raw, format=GRAY8, width=56, height=56, framerate=2/1"
#define PATIENCE_US (600 * G_USEC_PER_SEC)
/* More than a recovery takes: one window meets the fault, and each of two that
 * fail while the device is brought back is followed by another try. */
#define MAX_WINDOWS 8

typedef struct
{
  GstElement *element;
  GstHarness *harness;
  GstBus *bus;
  guint n_windows; /* pushed so far, of two frames */
} Fixture;

static gboolean
can_inject (void)
{
  if (!vlm_vk_fault_available ())
    g_test_skip ("built without fault injection");
  return vlm_vk_fault_available ();
}

static void
fixture_init (Fixture *f, const char *on_error)
{
  g_autofree char *model =
      g_test_build_filename (G_TEST_DIST, "data", "tiny", "checkpoint", NULL);
  g_autoptr (GstMessage) message = NULL;
  GstProgressType type = GST_PROGRESS_TYPE_START;

  f->n_windows = 0;
  f->element = gst_object_ref_sink (g_object_new (GST_TYPE_VLM_EVENTS, NULL));
  g_object_set (f->element, "model", model, "window", 1.0, "max-tokens", 12,
      "max-pixels", (guint64) 3136, NULL);
  gst_util_set_object_arg (G_OBJECT (f->element), "on-error", on_error);
  f->bus = gst_bus_new ();
  gst_element_set_bus (f->element, f->bus);
  f->harness = gst_harness_new_with_element (f->element, "sink", "src");
  gst_harness_set_src_caps_str (f->harness, CAPS);
  while (type != GST_PROGRESS_TYPE_COMPLETE) {
    gst_clear_message (&message);
    message = gst_bus_timed_pop_filtered (
        f->bus, 600 * GST_SECOND, GST_MESSAGE_PROGRESS);
    g_assert_nonnull (message);
    gst_message_parse_progress (message, &type, NULL, NULL);
  }
}

static void
fixture_clear (Fixture *f)
{
  gst_harness_teardown (f->harness);
  gst_element_set_bus (f->element, NULL);
  g_assert_finalize_object (f->bus);
  g_assert_finalize_object (f->element);
}

static guint64
get_stat (Fixture *f, const char *name)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 value = 0;

  g_object_get (f->element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

static GstFlowReturn
push_frame (Fixture *f, guint index)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 56 * 56, NULL);

  gst_buffer_memset (buffer, 0, (guint8) (17 * index), 56 * 56);
  GST_BUFFER_PTS (buffer) = index * GST_SECOND / 2;
  GST_BUFFER_DURATION (buffer) = GST_SECOND / 2;
  return gst_harness_push (f->harness, buffer);
}

/* Fails with all that is known about @what, which did not come. */
static void
give_up (Fixture *f, const char *what)
{
  gboolean was_armed = vlm_vk_fault_clear ();

  g_error ("%s did not come: of %u windows %" G_GUINT64_FORMAT
           " were analysed and %" G_GUINT64_FORMAT
           " failed, the device was opened anew %" G_GUINT64_FORMAT
           " times, the fault %s",
      what, f->n_windows, get_stat (f, "windows-analysed"),
      get_stat (f, "windows-failed"), get_stat (f, "reloads"),
      was_armed ? "still waits for its call" : "happened, if there was one");
}

/* One more window, until it is done with, well or not. The window is complete
 * with its second frame. */
static void
run_window (Fixture *f)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE_US;

  g_assert_cmpint (push_frame (f, 2 * f->n_windows), ==, GST_FLOW_OK);
  g_assert_cmpint (push_frame (f, 2 * f->n_windows + 1), ==, GST_FLOW_OK);
  f->n_windows++;
  while (get_stat (f, "windows-analysed") + get_stat (f, "windows-failed") <
      f->n_windows) {
    if (g_get_monotonic_time () > deadline)
      give_up (f, "the end of the window");
    g_usleep (2000);
  }
  g_assert_cmpuint (
      gst_harness_buffers_received (f->harness), ==, 2 * f->n_windows);
}

/* Runs windows until the device was reopened @n_reloads times. */
static void
run_until_reloaded (Fixture *f, guint64 n_reloads)
{
  for (guint i = 0; get_stat (f, "reloads") < n_reloads; i++) {
    if (i == MAX_WINDOWS)
      give_up (f, "the recovery");
    run_window (f);
  }
}

/* (nullable): the next warning, as a GError. A window that failed is counted
 * before it is warned of: where there must be a warning, it is waited for. */
static GError *
pop_error (Fixture *f, GstMessageType type, gboolean wait)
{
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
      f->bus, wait ? PATIENCE_US * GST_USECOND : 0, type);
  GError *error = NULL;

  if (message != NULL && type == GST_MESSAGE_WARNING)
    gst_message_parse_warning (message, &error, NULL);
  else if (message != NULL)
    gst_message_parse_error (message, &error, NULL);
  return error;
}

/* No memory, at any of these calls: either one window is lost, with a warning,
 * or none; the next one is analysed. */
static void
test_out_of_memory (void)
{
  static const VkResult results[] = { VK_ERROR_OUT_OF_DEVICE_MEMORY,
    VK_ERROR_OUT_OF_HOST_MEMORY };
  static const guint calls[] = { 0, 1, 2, 5, 11, 30 };
  guint n_failed = 0;
  Fixture f;

  if (!can_inject ())
    return;
  fixture_init (&f, "warn");
  for (guint i = 0; i < G_N_ELEMENTS (results) * G_N_ELEMENTS (calls); i++) {
    guint n_before = (guint) get_stat (&f, "windows-failed");
    g_autoptr (GError) error = NULL;
    gboolean failed;

    vlm_vk_fault_inject_after (calls[i / 2], results[i % 2]);
    run_window (&f);
    vlm_vk_fault_clear ();
    failed = get_stat (&f, "windows-failed") > n_before;
    error = pop_error (&f, GST_MESSAGE_WARNING, failed);
    if (failed) {
      g_assert_error (
          error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT);
      n_failed++;
    } else {
      g_assert_no_error (error);
    }
    run_window (&f);
    g_assert_cmpuint (get_stat (&f, "windows-failed"), ==, n_failed);
  }
  g_test_message ("%u windows failed", n_failed);
  g_assert_cmpuint (n_failed, >, 0);
  g_assert_cmpuint (get_stat (&f, "reloads"), ==, 0);
  fixture_clear (&f);
}

/* The device is lost, the video continues, no window is missing in the end. */
static void
test_lost (void)
{
  static const guint calls[] = { 0, 9, 40 };
  Fixture f;

  if (!can_inject ())
    return;
  fixture_init (&f, "warn");
  run_window (&f);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++) {
    g_autoptr (GError) error = NULL;

    vlm_vk_fault_inject_after (calls[i], VK_ERROR_DEVICE_LOST);
    run_until_reloaded (&f, i + 1);
    g_assert_false (vlm_vk_fault_clear ());
    error = pop_error (&f, GST_MESSAGE_WARNING, TRUE);
    g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED);
    run_window (&f);
  }
  g_assert_cmpuint (get_stat (&f, "windows-failed"), ==, 0);
  g_assert_cmpuint (get_stat (&f, "unwatched"), ==, 0);
  fixture_clear (&f);
}

/* On the thread that posts the warning: before the device is reopened. */
static GstBusSyncReply
lose_again (GstBus *bus, GstMessage *message, gpointer user_data)
{
  gint *n_times = user_data;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING &&
      g_atomic_int_add (n_times, -1) > 0)
    vlm_vk_fault_inject_after (12, VK_ERROR_DEVICE_LOST);
  return GST_BUS_PASS;
}

/* Lost again while it is brought back: the next window tries again. */
static void
test_lost_while_recovering (void)
{
  gint n_times = 2;
  Fixture f;

  if (!can_inject ())
    return;
  fixture_init (&f, "warn");
  gst_bus_set_sync_handler (f.bus, lose_again, &n_times, NULL);
  vlm_vk_fault_inject_after (0, VK_ERROR_DEVICE_LOST);
  run_window (&f);
  g_assert_cmpuint (get_stat (&f, "windows-failed"), ==, 1);
  run_until_reloaded (&f, 1);
  vlm_vk_fault_clear ();
  g_assert_cmpint (g_atomic_int_get (&n_times), <=, 0);
  run_window (&f);
  g_assert_cmpuint (get_stat (&f, "windows-analysed"), >=, 2);
  gst_bus_set_sync_handler (f.bus, NULL, NULL, NULL);
  fixture_clear (&f);
}

static void
run_fail (VkResult result, gint code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstMessage) message = NULL;
  GstFlowReturn flow;
  Fixture f;

  fixture_init (&f, "fail");
  vlm_vk_fault_inject_after (0, result);
  g_assert_cmpint (push_frame (&f, 0), ==, GST_FLOW_OK);
  /* This one completes the window, which may have failed before it returns. */
  flow = push_frame (&f, 1);
  g_assert_true (flow == GST_FLOW_OK || flow == GST_FLOW_ERROR);
  message =
      gst_bus_timed_pop_filtered (f.bus, 600 * GST_SECOND, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, code);
  g_assert_cmpint (push_frame (&f, 2), ==, GST_FLOW_ERROR);
  g_assert_cmpuint (get_stat (&f, "reloads"), ==, 0);
  gst_clear_message (&message);
  fixture_clear (&f);
}

static void
test_fail (void)
{
  if (!can_inject ())
    return;
  run_fail (VK_ERROR_DEVICE_LOST, GST_RESOURCE_ERROR_FAILED);
  run_fail (VK_ERROR_OUT_OF_DEVICE_MEMORY, GST_RESOURCE_ERROR_NO_SPACE_LEFT);
}

static GLogWriterOutput
drop_warnings (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
    gpointer user_data)
{
  if ((level & G_LOG_LEVEL_WARNING) != 0)
    return G_LOG_WRITER_HANDLED;
  return g_log_writer_default (level, fields, n_fields, user_data);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  /* Failures that do no harm may warn. */
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  g_log_set_writer_func (drop_warnings, NULL, NULL);
  g_test_add_func ("/vlmevents/fault/out-of-memory", test_out_of_memory);
  g_test_add_func ("/vlmevents/fault/lost", test_lost);
  g_test_add_func (
      "/vlmevents/fault/lost-while-recovering", test_lost_while_recovering);
  g_test_add_func ("/vlmevents/fault/fail", test_fail);
  return g_test_run ();
}
