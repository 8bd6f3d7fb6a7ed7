/* gst-vlm: what vlmoverlay costs, and what it looks like
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   bench-overlay FORMAT WIDTH HEIGHT [PICTURE.png]
 *
 * Prints the microseconds of a frame that passes: through identity, through
 * vlmoverlay without events, with events that stand still, with boxes that move
 * in every frame, and when the strip is redrawn. Or writes a picture. */
#include <stdlib.h>

#include "gstvlm.h"
#include "support/overlay-fixture.h"

#define N_FRAMES 150

typedef enum
{
  RUN_QUIET,
  RUN_STILL,
  RUN_MOVING,
  RUN_REDRAWN,
} Run;

static void
add_regions (GstBuffer *buffer, const GstVideoInfo *info, guint frame)
{
  for (guint i = 0; i < 4; i++) {
    GstVideoRegionOfInterestMeta *region =
        gst_buffer_add_video_region_of_interest_meta (buffer, "vlm-event",
            (guint) info->width / 8 * i + frame, (guint) info->height / 4,
            (guint) info->width / 10, (guint) info->height / 3);

    gst_video_region_of_interest_meta_add_param (region,
        gst_structure_new (
            "vlm-event", "id", G_TYPE_UINT64, (guint64) i + 1, NULL));
  }
}

static gboolean
remove_meta (GstBuffer *buffer, GstMeta **meta, gpointer data)
{
  *meta = NULL;
  return TRUE;
}

/* Microseconds a frame, by one buffer that goes round. */
static double
measure (OverlayFixture *f, Run run)
{
  GstBuffer *buffer = overlay_fixture_make_frame (f, 60 * GST_SECOND);
  gint64 spent = 0;

  if (run != RUN_QUIET) {
    g_autoptr (GPtrArray) events =
        overlay_make_scene (&f->info, 60 * VLM_SECOND);

    overlay_attach_events (buffer, events);
  }
  buffer = gst_harness_push_and_pull (f->harness, buffer);
  for (guint i = 0; i < N_FRAMES; i++) {
    gst_buffer_foreach_meta (buffer, remove_meta, NULL);
    if (run == RUN_MOVING)
      add_regions (buffer, &f->info, i);
    GST_BUFFER_PTS (buffer) = 60 * GST_SECOND +
        (run == RUN_REDRAWN ? i % 2 * GST_SECOND : i * GST_MSECOND);
    spent -= g_get_monotonic_time ();
    buffer = gst_harness_push_and_pull (f->harness, buffer);
    spent += g_get_monotonic_time ();
  }
  gst_buffer_unref (buffer);
  return (double) spent / N_FRAMES;
}

static double
measure_identity (const OverlayFixture *like)
{
  OverlayFixture f = { gst_harness_new ("identity"), NULL, like->info };
  double us;

  gst_harness_set_src_caps (f.harness, gst_video_info_to_caps (&f.info));
  us = measure (&f, RUN_QUIET);
  overlay_fixture_clear (&f);
  return us;
}

static void
print_times (OverlayFixture *f)
{
  double base = measure_identity (f);
  static const char *const names[] = { "no events", "4 events, still",
    "4 events, boxes move", "4 events, all is redrawn" };

  g_print ("%-26s %9.1f us\n", "identity", base);
  for (Run run = RUN_QUIET; run <= RUN_REDRAWN; run++) {
    double us = measure (f, run);

    g_print ("%-26s %9.1f us  %5.2f %% of 1/30 s\n", names[run], us,
        us / 33333.3 * 100.0);
  }
}

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *probe, gpointer data)
{
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (probe));
  g_autoptr (GPtrArray) events = NULL;

  events = overlay_make_scene (data, (gint64) GST_BUFFER_PTS (buffer));
  overlay_attach_events (buffer, events);
  gst_buffer_add_video_region_of_interest_meta (buffer, "face", 0, 0,
      (guint) ((GstVideoInfo *) data)->width / 10,
      (guint) ((GstVideoInfo *) data)->height / 10);
  GST_PAD_PROBE_INFO_DATA (probe) = buffer;
  return GST_PAD_PROBE_OK;
}

static void
write_picture (const GstVideoInfo *info, const char *path)
{
  const char *wanted = g_getenv ("VLM_OVERLAY_PROPERTIES");
  const char *source = g_getenv ("VLM_OVERLAY_SOURCE");
  g_autofree char *line = g_strdup_printf (
      "%s ! video/x-raw, format=%s, width=%d, height=%d ! vlmoverlay name=o "
      "%s ! videoconvert ! pngenc snapshot=true ! filesink location=%s",
      source != NULL ? source : "videotestsrc pattern=smpte num-buffers=1",
      gst_video_format_to_string (GST_VIDEO_INFO_FORMAT (info)), info->width,
      info->height, wanted != NULL ? wanted : "", path);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstElement) overlay = NULL;
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;

  if (error != NULL)
    g_error ("%s", error->message);
  overlay = gst_bin_get_by_name (GST_BIN (pipeline), "o");
  pad = gst_element_get_static_pad (overlay, "sink");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, (gpointer) info, NULL);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    g_printerr ("no picture\n");
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

int
main (int argc, char **argv)
{
  OverlayFixture f;
  GstVideoFormat format;

  gst_init (&argc, &argv);
  format = argc >= 4 ? gst_video_format_from_string (argv[1])
                     : GST_VIDEO_FORMAT_UNKNOWN;
  if (format == GST_VIDEO_FORMAT_UNKNOWN) {
    g_printerr ("usage: %s FORMAT WIDTH HEIGHT [PICTURE.png]\n", argv[0]);
    return 2;
  }
  overlay_fixture_init (&f, format, atoi (argv[2]), atoi (argv[3]));
  if (argc > 4)
    write_picture (&f.info, argv[4]);
  else
    print_times (&f);
  overlay_fixture_clear (&f);
  return 0;
}
