/* gst-vlm: a vlmoverlay in a harness
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/overlay-fixture.h"

#include <string.h>

#include "gstvlm.h"

static void
set_caps (OverlayFixture *f)
{
  GstCaps *caps;

  f->info.fps_n = 30;
  f->info.fps_d = 1;
  caps = gst_video_info_to_caps (&f->info);
  gst_harness_set_src_caps (f->harness, caps);
}

void
overlay_fixture_init (
    OverlayFixture *f, GstVideoFormat format, int width, int height)
{
  f->harness = gst_harness_new ("vlmoverlay");
  f->element = gst_harness_find_element (f->harness, "vlmoverlay");
  gst_video_info_set_format (&f->info, format, (guint) width, (guint) height);
  set_caps (f);
}

void
overlay_fixture_set_size (OverlayFixture *f, int width, int height)
{
  gst_video_info_set_format (&f->info, GST_VIDEO_INFO_FORMAT (&f->info),
      (guint) width, (guint) height);
  set_caps (f);
}

void
overlay_fixture_clear (OverlayFixture *f)
{
  gst_clear_object (&f->element);
  gst_harness_teardown (f->harness);
}

/* Grey that drifts over the frame, in any format; no byte is all ones, which is
 * not a value in some formats. */
GstBuffer *
overlay_fixture_make_frame (OverlayFixture *f, gint64 pts)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, f->info.size, NULL);
  GstMapInfo map;

  GST_BUFFER_PTS (buffer) = (GstClockTime) pts;
  GST_BUFFER_DURATION (buffer) = GST_SECOND / 30;
  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (gsize i = 0; i < map.size; i++)
    map.data[i] = (guint8) (100 + (i * 7 + i / 977) % 40);
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

VlmEvent *
overlay_make_event (guint64 id, VlmEventState state, const char *label,
    gint64 start, gint64 end, const VlmRect *box)
{
  VlmEvent *event = vlm_event_new ();

  event->id = id;
  event->state = state;
  event->ongoing = state != VLM_EVENT_STATE_END;
  event->label = g_strdup (label);
  event->description = g_strdup_printf ("%s moves across the picture", label);
  event->start.stream_time = start;
  event->end.stream_time = end;
  event->confidence = 0.87;
  if (box != NULL) {
    event->bbox = *box;
    event->bbox_time.stream_time = end;
  }
  return event;
}

void
overlay_attach_events (GstBuffer *buffer, GPtrArray *events)
{
  gst_vlm_buffer_add_event_meta (buffer, events);
}

void
overlay_attach_event (GstBuffer *buffer, VlmEvent *event)
{
  g_autoptr (GPtrArray) events =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);

  g_ptr_array_add (events, event);
  overlay_attach_events (buffer, events);
}

GPtrArray *
overlay_make_scene (const GstVideoInfo *info, gint64 now)
{
  static const struct
  {
    VlmEventState state;
    const char *label;
    double start, end;
    double x, y, width, height;
  } table[] = {
    { VLM_EVENT_STATE_END, "person with a red umbrella", -48.0, -31.0, 0.05,
        0.1, 0.16, 0.42 },
    { VLM_EVENT_STATE_UPDATE, "white delivery van", -26.0, -1.2, 0.34, 0.3, 0.3,
        0.26 },
    { VLM_EVENT_STATE_END, "dog", -12.0, -7.0, 0.74, 0.46, 0.14, 0.14 },
    { VLM_EVENT_STATE_BEGIN, "bicycle", -3.0, 0.0, 0.72, 0.08, 0.2, 0.22 },
  };
  GPtrArray *events =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);

  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    VlmRect box = { (int) (table[i].x * info->width),
      (int) (table[i].y * info->height), (int) (table[i].width * info->width),
      (int) (table[i].height * info->height) };

    g_ptr_array_add (events,
        overlay_make_event (i + 1, table[i].state, table[i].label,
            now + (gint64) (table[i].start * VLM_SECOND),
            now + (gint64) (table[i].end * VLM_SECOND), &box));
  }
  return events;
}

double
overlay_get_change (
    const GstVideoInfo *info, GstBuffer *a, GstBuffer *b, VlmRect area)
{
  GstVideoFrame frames[2];
  const GstVideoFormatInfo *format = info->finfo;
  gboolean deep = GST_VIDEO_FORMAT_INFO_DEPTH (format, 0) > 8;
  gsize bytes = deep ? 8 : 4;
  g_autofree guint8 *lines = g_malloc (2 * bytes * (gsize) (info->width + 16));
  guint8 *line[2] = { lines, lines + bytes * (gsize) (info->width + 16) };
  guint n = 0;

  g_assert_true (gst_video_frame_map (&frames[0], info, a, GST_MAP_READ));
  g_assert_true (gst_video_frame_map (&frames[1], info, b, GST_MAP_READ));
  for (int y = area.y; y < area.y + area.height; y++) {
    for (guint i = 0; i < 2; i++)
      format->unpack_func (format, GST_VIDEO_PACK_FLAG_NONE, line[i],
          frames[i].data, frames[i].info.stride, 0, y, info->width);
    for (int x = area.x; x < area.x + area.width; x++)
      n += memcmp (line[0] + bytes * (gsize) x, line[1] + bytes * (gsize) x,
               bytes) != 0;
  }
  gst_video_frame_unmap (&frames[0]);
  gst_video_frame_unmap (&frames[1]);
  return 100.0 * n / (area.width * area.height);
}
