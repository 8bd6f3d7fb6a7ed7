/* gst-vlm: an RTSP camera whose every frame is known
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/rtsp-camera.h"

#include <gst/rtp/gstrtcpbuffer.h>
#include <gst/rtsp-server/rtsp-server.h>
#include <gst/video/video.h>

#define LAUNCH                                                                 \
  "( videotestsrc is-live=true pattern=black ! "                               \
  "video/x-raw,format=I420,width=224,height=56,framerate=10/1 ! "              \
  "identity name=mark ! jpegenc quality=95 ! rtpjpegpay name=pay0 )"

/* Bits of a number, each a column of BIT_WIDTH pixels; the first one is always
 * set, the second never. */
#define N_BITS 14
#define BIT_WIDTH 14
#define PER_GENERATION 2048
#define N_GENERATIONS 4
/* Soon and often, but not before the first frame. */
#define REPORT_INTERVAL (3 * GST_SECOND / 2)

struct _RtspCamera
{
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  GstRTSPServer *server;
  guint source_id;
  gint port;

  GMutex lock;
  guint n_starts;
  guint n_frames; /* of this start */
  gint64 times[N_GENERATIONS * PER_GENERATION];

  gint offset_s; /* atomic */
};

static void
paint (GstVideoFrame *frame, guint number)
{
  guint8 *luma = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);
  gint stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
  guint word = 1u | number << 2;

  for (guint bit = 0; bit < N_BITS + 2; bit++)
    for (gint y = 0; y < RTSP_CAMERA_HEIGHT; y++)
      memset (luma + y * stride + bit * BIT_WIDTH,
          (word >> bit & 1) != 0 ? 235 : 16, BIT_WIDTH);
}

/* When the frame was taken, not when it got here. */
static gint64
taken_at (GstPad *pad, GstBuffer *buffer)
{
  g_autoptr (GstElement) element = gst_pad_get_parent_element (pad);
  g_autoptr (GstClock) clock = gst_element_get_clock (element);
  GstClockTime now = gst_clock_get_time (clock);
  gint64 utc = g_get_real_time () * 1000;

  return utc -
      GST_CLOCK_DIFF (
          gst_element_get_base_time (element) + GST_BUFFER_PTS (buffer), now);
}

static GstPadProbeReturn
on_frame (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  RtspCamera *self = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  gint64 utc = taken_at (pad, buffer);
  GstVideoInfo video;
  GstVideoFrame frame;
  guint number;

  g_mutex_lock (&self->lock);
  g_assert_cmpuint (self->n_frames, <, PER_GENERATION);
  number = (self->n_starts - 1) * PER_GENERATION + self->n_frames++;
  self->times[number] = utc;
  g_mutex_unlock (&self->lock);

  buffer = gst_buffer_make_writable (buffer);
  info->data = buffer;
  gst_video_info_set_format (
      &video, GST_VIDEO_FORMAT_I420, RTSP_CAMERA_WIDTH, RTSP_CAMERA_HEIGHT);
  g_assert_true (gst_video_frame_map (&frame, &video, buffer, GST_MAP_WRITE));
  paint (&frame, number);
  gst_video_frame_unmap (&frame);
  return GST_PAD_PROBE_OK;
}

/* The camera's clock is off. */
static GstPadProbeReturn
on_report (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  RtspCamera *self = user_data;
  gint64 offset_s = g_atomic_int_get (&self->offset_s);
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  GstRTCPBuffer rtcp = GST_RTCP_BUFFER_INIT;
  GstRTCPPacket packet;
  guint32 ssrc, rtp_time, n_packets, n_octets;
  guint64 ntp;

  buffer = gst_buffer_make_writable (buffer);
  info->data = buffer;
  g_assert_true (gst_rtcp_buffer_map (buffer, GST_MAP_READWRITE, &rtcp));
  if (gst_rtcp_buffer_get_first_packet (&rtcp, &packet) &&
      gst_rtcp_packet_get_type (&packet) == GST_RTCP_TYPE_SR) {
    gst_rtcp_packet_sr_get_sender_info (
        &packet, &ssrc, &ntp, &rtp_time, &n_packets, &n_octets);
    ntp += (guint64) offset_s << 32;
    gst_rtcp_packet_sr_set_sender_info (
        &packet, ssrc, ntp, rtp_time, n_packets, n_octets);
  }
  gst_rtcp_buffer_unmap (&rtcp);
  return GST_PAD_PROBE_OK;
}

static void
watch_reports (const GValue *item, gpointer user_data)
{
  GstElement *element = g_value_get_object (item);
  GObject *session = NULL;
  GstPad *pad;

  if (!g_str_has_prefix (GST_OBJECT_NAME (element), "rtpbin"))
    return;
  pad = gst_element_get_static_pad (element, "send_rtcp_src_0");
  g_assert_nonnull (pad);
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER, on_report, user_data, NULL);
  gst_object_unref (pad);
  /* As cameras do: the time at which a frame was taken, not sent. */
  g_object_set (element, "rtcp-sync-send-time", FALSE, NULL);
  g_signal_emit_by_name (element, "get-internal-session", 0, &session);
  g_object_set (session, "rtcp-min-interval", REPORT_INTERVAL, NULL);
  g_object_unref (session);
}

static void
on_prepared (GstRTSPMedia *media, gpointer user_data)
{
  g_autoptr (GstElement) bin = gst_rtsp_media_get_element (media);
  g_autoptr (GstObject) pipeline = gst_object_get_parent (GST_OBJECT (bin));
  GstIterator *it = gst_bin_iterate_elements (GST_BIN (pipeline));

  gst_iterator_foreach (it, watch_reports, user_data);
  gst_iterator_free (it);
}

static void
on_configure (
    GstRTSPMediaFactory *factory, GstRTSPMedia *media, gpointer user_data)
{
  g_autoptr (GstElement) bin = gst_rtsp_media_get_element (media);
  g_autoptr (GstElement) mark = gst_bin_get_by_name (GST_BIN (bin), "mark");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (mark, "src");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, user_data, NULL);
  g_signal_connect (media, "prepared", G_CALLBACK (on_prepared), user_data);
}

static gpointer
serve (gpointer data)
{
  RtspCamera *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

RtspCamera *
rtsp_camera_new (void)
{
  RtspCamera *self = g_new0 (RtspCamera, 1);

  g_mutex_init (&self->lock);
  self->context = g_main_context_new ();
  return self;
}

void
rtsp_camera_start (RtspCamera *self)
{
  g_autofree char *service = g_strdup_printf ("%d", self->port);
  GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new ();
  GstRTSPMountPoints *mounts;

  g_mutex_lock (&self->lock);
  g_assert_cmpuint (self->n_starts, <, N_GENERATIONS);
  self->n_starts++;
  self->n_frames = 0;
  g_mutex_unlock (&self->lock);

  gst_rtsp_media_factory_set_launch (factory, LAUNCH);
  gst_rtsp_media_factory_set_shared (factory, TRUE);
  g_signal_connect (
      factory, "media-configure", G_CALLBACK (on_configure), self);
  self->server = gst_rtsp_server_new ();
  gst_rtsp_server_set_address (self->server, "127.0.0.1");
  gst_rtsp_server_set_service (self->server, service);
  mounts = gst_rtsp_server_get_mount_points (self->server);
  gst_rtsp_mount_points_add_factory (mounts, "/camera", factory);
  g_object_unref (mounts);
  self->source_id = gst_rtsp_server_attach (self->server, self->context);
  g_assert_cmpuint (self->source_id, !=, 0);
  self->port = gst_rtsp_server_get_bound_port (self->server);
  self->loop = g_main_loop_new (self->context, FALSE);
  self->thread = g_thread_new ("camera", serve, self);
}

static GstRTSPFilterResult
remove_client (GstRTSPServer *server, GstRTSPClient *client, gpointer user_data)
{
  return GST_RTSP_FILTER_REMOVE;
}

static gboolean
hang_up (gpointer data)
{
  RtspCamera *self = data;

  g_source_destroy (
      g_main_context_find_source_by_id (self->context, self->source_id));
  gst_rtsp_server_client_filter (self->server, remove_client, NULL);
  return G_SOURCE_REMOVE;
}

static gboolean
quit (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

void
rtsp_camera_stop (RtspCamera *self)
{
  if (self->server == NULL)
    return;
  g_main_context_invoke (self->context, hang_up, self);
  g_main_context_invoke_full (
      self->context, G_PRIORITY_LOW, quit, self->loop, NULL);
  g_thread_join (self->thread);
  while (g_main_context_iteration (self->context, FALSE))
    continue;
  g_clear_object (&self->server);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

void
rtsp_camera_free (RtspCamera *self)
{
  rtsp_camera_stop (self);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_free (self);
}

char *
rtsp_camera_get_uri (RtspCamera *self)
{
  return g_strdup_printf ("rtsp://127.0.0.1:%d/camera", self->port);
}

void
rtsp_camera_set_clock (RtspCamera *self, gint offset_s)
{
  g_atomic_int_set (&self->offset_s, offset_s);
}

gint
rtsp_camera_read_number (const VlmFrame *frame)
{
  const guint8 *row =
      frame->pixels + 3 * (gsize) frame->width * (frame->height / 2);
  guint word = 0;

  if (frame->width != RTSP_CAMERA_WIDTH || frame->height != RTSP_CAMERA_HEIGHT)
    return -1;
  for (guint bit = 0; bit < N_BITS + 2; bit++)
    if (row[3 * (bit * BIT_WIDTH + BIT_WIDTH / 2)] > 127)
      word |= 1u << bit;
  return (word & 3) == 1 ? (gint) (word >> 2) : -1;
}

gint64
rtsp_camera_get_time (RtspCamera *self, gint number)
{
  gint64 time;

  g_assert_cmpint (number, >=, 0);
  g_assert_cmpint (number, <, N_GENERATIONS * PER_GENERATION);
  g_mutex_lock (&self->lock);
  time = self->times[number];
  g_mutex_unlock (&self->lock);
  return time;
}

guint
rtsp_camera_get_generation (gint number)
{
  return (guint) number / PER_GENERATION;
}
