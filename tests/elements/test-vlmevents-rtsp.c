/* gst-vlm: vlmevents after a camera on the network
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>

#include "support/fake-analyzer.h"
#include "support/rtsp-camera.h"

#define HOUR (3600 * VLM_SECOND)
#define PATIENCE_US (600 * G_USEC_PER_SEC)

/* A bin with what belongs to the connection; it is restarted when the connection
 * breaks. vlmevents and what follows keep running. */
#define PIPELINE                                                               \
  "bin.( name=source rtspsrc name=rtsp latency=100 protocols=tcp "             \
  "add-reference-timestamp-meta=true  rtpjpegdepay name=depay "                \
  "! jpegdec name=decoder ) "                                                  \
  "vlmevents name=w window=0.5 fps=4/1 max-queue=100 min-pixels=12544 "        \
  "max-pixels=12544 ! fakesink name=sink"

typedef struct
{
  RtspCamera *camera;
  FakeAnalyzer *fake;
  GstElement *pipeline;
  GstElement *source;
  gint n_ends; /* atomic: EOS that came from the source */
} Client;

static GstPadProbeReturn
on_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Client *client = user_data;

  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) != GST_EVENT_EOS)
    return GST_PAD_PROBE_OK;
  g_atomic_int_inc (&client->n_ends);
  return GST_PAD_PROBE_DROP;
}

/* Again with every start: the pads of rtspsrc come and go. */
static void
on_pad_added (GstElement *rtsp, GstPad *pad, gpointer user_data)
{
  Client *client = user_data;
  g_autoptr (GstElement) depay =
      gst_bin_get_by_name (GST_BIN (client->source), "depay");
  g_autoptr (GstPad) sink = gst_element_get_static_pad (depay, "sink");

  g_assert_cmpint (gst_pad_link (pad, sink), ==, GST_PAD_LINK_OK);
}

static void
client_init (Client *client)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = NULL;

  client->n_ends = 0;
  client->camera = rtsp_camera_new ();
  rtsp_camera_start (client->camera);
  client->fake = fake_analyzer_new ();
  client->pipeline = gst_parse_launch (PIPELINE, &error);
  g_assert_no_error (error);
  client->source = gst_bin_get_by_name (GST_BIN (client->pipeline), "source");
  g_autoptr (GstElement) rtsp =
      gst_bin_get_by_name (GST_BIN (client->pipeline), "rtsp");
  g_autoptr (GstElement) decoder =
      gst_bin_get_by_name (GST_BIN (client->pipeline), "decoder");
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (client->pipeline), "w");
  g_autoptr (GstPad) decoded = gst_element_get_static_pad (decoder, "src");
  g_autoptr (GstPad) sink = gst_element_get_static_pad (element, "sink");
  GstPad *ghost = gst_ghost_pad_new ("src", decoded);

  gst_element_add_pad (client->source, ghost);
  g_assert_cmpint (gst_pad_link (ghost, sink), ==, GST_PAD_LINK_OK);
  gst_pad_add_probe (
      ghost, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event, client, NULL);
  g_signal_connect (rtsp, "pad-added", G_CALLBACK (on_pad_added), client);
  uri = rtsp_camera_get_uri (client->camera);
  g_object_set (rtsp, "location", uri, NULL);
  g_object_set (element, "analyzer", client->fake, NULL);
  gst_element_set_state (client->pipeline, GST_STATE_PLAYING);
}

static void
client_clear (Client *client)
{
  gst_element_set_state (client->pipeline, GST_STATE_NULL);
  gst_object_unref (client->source);
  gst_object_unref (client->pipeline);
  rtsp_camera_free (client->camera);
  g_assert_finalize_object (client->fake);
}

/* The UTC that the camera gives a frame, minus the time at which it was taken. */
static gint64
error_of (Client *client, const VlmFrame *frame)
{
  gint number = rtsp_camera_read_number (frame);

  g_assert_cmpint (number, >=, 0);
  g_assert_true (VLM_TIME_IS_VALID (frame->time.utc));
  return frame->time.utc - rtsp_camera_get_time (client->camera, number);
}

static gboolean
is_like (Client *client, const VlmFrame *frame, guint generation,
    VlmTimeSource source, gint64 offset)
{
  gint number = rtsp_camera_read_number (frame);

  return rtsp_camera_get_generation (number) == generation &&
      frame->time_source == source &&
      ABS (error_of (client, frame) - offset) < HOUR / 2;
}

/* Waits until a window was analysed whose frames are all like that. */
static void
wait_for_window (
    Client *client, guint generation, VlmTimeSource source, gint64 offset)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE_US;
  guint next = 0;

  for (;;) {
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    if (next >= fake_analyzer_get_n_windows (client->fake)) {
      g_usleep (20000);
      continue;
    }
    const FakeWindow *window = fake_analyzer_get_window (client->fake, next++);
    gboolean all = TRUE;

    for (guint i = 0; i < window->frames->len; i++)
      all = all &&
          is_like (
              client, window->frames->pdata[i], generation, source, offset);
    if (all)
      return;
  }
}

/* One generation, one clock, and to a frame the time at which it was taken. */
static void
check_window (Client *client, const FakeWindow *window, gint64 jump)
{
  gint first = rtsp_camera_read_number (window->frames->pdata[0]);
  gint64 offset = VLM_TIME_NONE;

  for (guint i = 0; i < window->frames->len; i++) {
    const VlmFrame *frame = window->frames->pdata[i];
    gint number = rtsp_camera_read_number (frame);
    gint64 error = error_of (client, frame);
    gint64 nearest = ABS (error - jump) < HOUR / 2 ? jump : 0;

    g_assert_cmpuint (rtsp_camera_get_generation (number), ==,
        rtsp_camera_get_generation (first));
    g_assert_true (!VLM_TIME_IS_VALID (offset) || offset == nearest);
    offset = nearest;
    if (frame->time_source == VLM_TIME_SOURCE_NTP)
      g_assert_cmpint (ABS (error - nearest), <=, RTSP_CAMERA_INTERVAL);
    else
      g_assert_cmpint (frame->time_source, ==, VLM_TIME_SOURCE_CLOCK);
  }
}

static void
check_windows (Client *client, gint64 jump)
{
  guint n_windows = fake_analyzer_get_n_windows (client->fake);
  gint64 worst = 0;

  for (guint i = 0; i < n_windows; i++)
    check_window (client, fake_analyzer_get_window (client->fake, i), jump);
  for (guint i = 0; i < n_windows; i++) {
    const FakeWindow *window = fake_analyzer_get_window (client->fake, i);
    const VlmFrame *frame = window->frames->pdata[0];
    gint64 error = error_of (client, frame);

    if (frame->time_source == VLM_TIME_SOURCE_NTP && ABS (error) < HOUR / 2)
      worst = MAX (worst, ABS (error));
  }
  g_test_message ("%u windows, UTC within %.1f ms", n_windows, worst / 1e6);
}

static void
assert_no_error_message (Client *client)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (client->pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);

  g_assert_null (message);
}

/* Times are by our own clock until the first sender report, by the camera's from
 * then on; when that clock is set by an hour, no window has both times. */
static void
test_clock (void)
{
  Client client;

  client_init (&client);
  wait_for_window (&client, 0, VLM_TIME_SOURCE_NTP, 0);
  {
    const FakeWindow *window = fake_analyzer_get_window (client.fake, 0);
    const VlmFrame *frame = window->frames->pdata[0];

    g_assert_cmpint (frame->time_source, ==, VLM_TIME_SOURCE_CLOCK);
  }
  rtsp_camera_set_clock (client.camera, 3600);
  wait_for_window (&client, 0, VLM_TIME_SOURCE_NTP, HOUR);
  rtsp_camera_set_clock (client.camera, 0);
  gst_element_set_state (client.pipeline, GST_STATE_PAUSED);
  assert_no_error_message (&client);
  check_windows (&client, HOUR);
  client_clear (&client);
}

/* The camera goes and comes back. The application has to connect again; the rest
 * of the pipeline keeps running, and no window spans the time between. */
static void
test_restart (void)
{
  gint64 deadline;
  Client client;

  client_init (&client);
  wait_for_window (&client, 0, VLM_TIME_SOURCE_NTP, 0);
  rtsp_camera_stop (client.camera);
  deadline = g_get_monotonic_time () + PATIENCE_US;
  while (g_atomic_int_get (&client.n_ends) == 0) {
    g_assert_cmpint (g_get_monotonic_time (), <, deadline);
    g_usleep (20000);
  }
  gst_element_set_state (client.source, GST_STATE_NULL);
  rtsp_camera_start (client.camera);
  gst_element_sync_state_with_parent (client.source);
  wait_for_window (&client, 1, VLM_TIME_SOURCE_NTP, 0);
  assert_no_error_message (&client);
  gst_element_set_state (client.pipeline, GST_STATE_PAUSED);
  check_windows (&client, 0);
  client_clear (&client);
}

static gboolean
has_elements (void)
{
  static const char *const names[] = { "rtspsrc", "rtpjpegpay", "rtpjpegdepay",
    "jpegenc", "jpegdec" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GstElementFactory) factory = gst_element_factory_find (names[i]);

    if (factory == NULL)
      return FALSE;
  }
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  if (!has_elements ())
    return 77;
  g_test_add_func ("/vlmevents/rtsp/clock", test_clock);
  g_test_add_func ("/vlmevents/rtsp/restart", test_restart);
  return g_test_run ();
}
