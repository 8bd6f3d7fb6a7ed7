/* gst-vlm: vlmoverlay, the drawn picture
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "support/overlay-fixture.h"

static double
get_change_of_all (const GstVideoInfo *info, GstBuffer *a, GstBuffer *b)
{
  VlmRect all = { 0, 0, info->width, info->height };

  return overlay_get_change (info, a, b, all);
}

/* A frame at @pts with @event (nullable), as it comes out. */
static GstBuffer *
pass (OverlayFixture *f, gint64 pts, VlmEvent *event)
{
  GstBuffer *buffer = overlay_fixture_make_frame (f, pts);

  if (event != NULL)
    overlay_attach_event (buffer, event);
  return gst_harness_push_and_pull (f->harness, buffer);
}

/* How much of @area changes in a frame at @pts. */
static double
pass_and_compare (OverlayFixture *f, gint64 pts, VlmEvent *event, VlmRect area)
{
  g_autoptr (GstBuffer) before = overlay_fixture_make_frame (f, pts);
  g_autoptr (GstBuffer) after = pass (f, pts, event);

  g_assert_nonnull (after);
  g_assert_cmpuint (GST_BUFFER_PTS (after), ==, (guint64) pts);
  return overlay_get_change (&f->info, before, after, area);
}

static double
pass_and_compare_all (OverlayFixture *f, gint64 pts, VlmEvent *event)
{
  VlmRect all = { 0, 0, f->info.width, f->info.height };

  return pass_and_compare (f, pts, event, all);
}

static VlmEvent *
make_middle (const OverlayFixture *f, VlmEventState state, gint64 now)
{
  VlmRect box = { f->info.width / 4, f->info.height / 4, f->info.width / 4,
    f->info.height / 4 };

  return overlay_make_event (7, state, "a thing", now - VLM_SECOND, now, &box);
}

/* The same buffers come out, as long as nothing was found. */
static void
test_untouched (void)
{
  OverlayFixture f;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 160, 120);
  for (guint i = 0; i < 5; i++) {
    GstBuffer *in = overlay_fixture_make_frame (&f, i * VLM_SECOND);
    g_autoptr (GstBuffer) same = gst_buffer_copy_deep (in);
    g_autoptr (GstBuffer) out = gst_harness_push_and_pull (f.harness, in);

    g_assert_true (out == in);
    g_assert_cmpfloat (get_change_of_all (&f.info, same, out), ==, 0.0);
  }
  overlay_fixture_clear (&f);
}

/* A shared buffer is not drawn on. */
static void
test_shared_buffer (void)
{
  OverlayFixture f;
  g_autoptr (GstBuffer) in = NULL;
  g_autoptr (GstBuffer) same = NULL;
  g_autoptr (GstBuffer) out = NULL;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_NV12, 160, 120);
  in = overlay_fixture_make_frame (&f, VLM_SECOND);
  overlay_attach_event (
      in, make_middle (&f, VLM_EVENT_STATE_BEGIN, VLM_SECOND));
  same = gst_buffer_copy_deep (in);
  out = gst_harness_push_and_pull (f.harness, gst_buffer_ref (in));
  g_assert_cmpfloat (get_change_of_all (&f.info, in, same), ==, 0.0);
  g_assert_cmpfloat (get_change_of_all (&f.info, in, out), >, 5.0);
  overlay_fixture_clear (&f);
}

/* In every format the outline, the tag above it and the strip are drawn, and
 * nothing else. */
static void
test_format (gconstpointer data)
{
  GstVideoFormat format = (GstVideoFormat) GPOINTER_TO_INT (data);
  OverlayFixture f;
  g_autoptr (GstBuffer) before = NULL;
  g_autoptr (GstBuffer) after = NULL;

  overlay_fixture_init (&f, format, 322, 242);
  before = overlay_fixture_make_frame (&f, VLM_SECOND);
  after = pass (
      &f, VLM_SECOND, make_middle (&f, VLM_EVENT_STATE_BEGIN, VLM_SECOND));
  g_assert_nonnull (after);
#define CHANGE(...)                                                            \
  overlay_get_change (&f.info, before, after, (VlmRect){ __VA_ARGS__ })
  g_assert_cmpfloat (CHANGE (90, 61, 60, 2), >, 80.0);   /* its upper side */
  g_assert_cmpfloat (CHANGE (81, 80, 2, 30), >, 80.0);   /* its left side */
  g_assert_cmpfloat (CHANGE (157, 80, 2, 30), >, 80.0);  /* its right side */
  g_assert_cmpfloat (CHANGE (84, 48, 60, 8), >, 80.0);   /* the tag */
  g_assert_cmpfloat (CHANGE (0, 225, 322, 14), >, 80.0); /* the strip */
  g_assert_cmpfloat (CHANGE (92, 72, 56, 38), ==, 0.0);  /* its inside */
  g_assert_cmpfloat (CHANGE (0, 0, 322, 36), ==, 0.0);
  g_assert_cmpfloat (CHANGE (0, 40, 78, 120), ==, 0.0);
  g_assert_cmpfloat (CHANGE (0, 126, 322, 30), ==, 0.0);
#undef CHANGE
  overlay_fixture_clear (&f);
}

/* Red, green and blue of 0 to 1, from luma and colour differences. */
static void
apply_matrix (const GstVideoInfo *info, const double yuv[3], double rgb[3])
{
  double kr;
  double kb;

  g_assert_true (
      gst_video_color_matrix_get_Kr_Kb (info->colorimetry.matrix, &kr, &kb));
  rgb[0] = yuv[0] + 2.0 * (1.0 - kr) * yuv[2];
  rgb[2] = yuv[0] + 2.0 * (1.0 - kb) * yuv[1];
  rgb[1] = (yuv[0] - kr * rgb[0] - kb * rgb[2]) / (1.0 - kr - kb);
}

/* The pixel at (@x, @y) as red, green and blue: what is stored, by definition.
 * The converters of GStreamer trade exactness for speed, each release its own
 * way. */
static void
get_colour (
    const GstVideoInfo *info, GstBuffer *buffer, int x, int y, guint8 *rgb)
{
  const GstVideoFormatInfo *format = info->finfo;
  const GstVideoFormatInfo *unpacked =
      gst_video_format_get_info (format->unpack_format);
  gboolean is_wide = unpacked->bits == 16;
  g_autofree guint16 *line = g_new0 (guint16, 4 * info->width);
  double values[3];
  gint offsets[4];
  gint scales[4];
  GstVideoFrame frame;

  g_assert_true (gst_video_frame_map (&frame, info, buffer, GST_MAP_READ));
  format->unpack_func (format, GST_VIDEO_PACK_FLAG_NONE, line, frame.data,
      frame.info.stride, 0, y, info->width);
  gst_video_frame_unmap (&frame);
  gst_video_color_range_offsets (
      info->colorimetry.range, unpacked, offsets, scales);
  for (guint i = 0; i < 3; i++) {
    int value = is_wide ? line[4 * x + 1 + (int) i]
                        : ((guint8 *) line)[4 * x + 1 + (int) i];

    values[i] = (double) (value - offsets[i]) / scales[i];
  }
  if (GST_VIDEO_FORMAT_INFO_IS_YUV (unpacked)) {
    double yuv[3] = { values[0], values[1], values[2] };

    apply_matrix (info, yuv, values);
  }
  for (guint i = 0; i < 3; i++)
    rgb[i] = (guint8) (0.5 + 255.0 * CLAMP (values[i], 0.0, 1.0));
}

/* The line of a box that has begun is yellow in the colours of every format:
 * here those of high definition. */
static void
test_colour (gconstpointer data)
{
  static const guint8 yellow[] = { 255, 219, 51 };
  OverlayFixture f;
  g_autoptr (GstBuffer) out = NULL;
  guint8 rgb[3];

  overlay_fixture_init (&f, (GstVideoFormat) GPOINTER_TO_INT (data), 320, 600);
  out = pass (
      &f, VLM_SECOND, make_middle (&f, VLM_EVENT_STATE_BEGIN, VLM_SECOND));
  get_colour (&f.info, out, 82, 220, rgb);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (ABS (rgb[i] - yellow[i]), <=, 6);
  overlay_fixture_clear (&f);
}

/* On a transparent frame a line keeps its opacity, and with half the opacity it
 * is half transparent. */
static void
test_transparent (void)
{
  OverlayFixture f;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_ARGB, 320, 240);
  for (guint i = 0; i < 2; i++) {
    GstBuffer *in = overlay_fixture_make_frame (&f, VLM_SECOND);
    g_autoptr (GstBuffer) out = NULL;
    guint8 argb[4];

    gst_buffer_memset (in, 0, 0, f.info.size);
    overlay_attach_event (
        in, make_middle (&f, VLM_EVENT_STATE_BEGIN, VLM_SECOND));
    g_object_set (f.element, "opacity", i == 0 ? 1.0 : 0.5, NULL);
    out = gst_harness_push_and_pull (f.harness, in);
    gst_buffer_extract (out, (gsize) (90 * 320 + 82) * 4, argb, 4);
    g_assert_cmpint (argb[0], ==, i == 0 ? 255 : 128);
    g_assert_cmpint (argb[1], >=, 253);
    g_assert_cmpint (ABS (argb[2] - 219), <=, 2);
    g_assert_cmpint (ABS (argb[3] - 51), <=, 2);
  }
  overlay_fixture_clear (&f);
}

/* Something to see, but not much, whatever the size. */
static void
test_size (gconstpointer data)
{
  const int *size = data;
  OverlayFixture f;
  double change;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, size[0], size[1]);
  change = pass_and_compare_all (
      &f, VLM_SECOND, make_middle (&f, VLM_EVENT_STATE_BEGIN, VLM_SECOND));
  g_assert_cmpfloat (change, >, size[0] < 16 ? 0.0 : 3.0);
  g_assert_cmpfloat (change, <, size[1] < 100 ? 100.1 : 35.0);
  overlay_fixture_clear (&f);
}

/* Each property takes away what it says; all of them together, all. */
static void
test_switches (void)
{
  static const char *const names[] = { "draw-strip", "draw-age",
    "draw-confidence", "draw-labels", "draw-boxes" };
  OverlayFixture f;
  double last = 100.0;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_BGRx, 320, 240);
  g_assert_cmpfloat (pass_and_compare_all (&f, VLM_SECOND,
                         make_middle (&f, VLM_EVENT_STATE_BEGIN, VLM_SECOND)),
      >, 5.0);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    double change;

    g_object_set (f.element, names[i], FALSE, NULL);
    change = pass_and_compare_all (&f, VLM_SECOND, NULL);
    g_assert_cmpfloat (change, <, last);
    last = change;
  }
  g_assert_cmpfloat (last, ==, 0.0);
  g_object_set (f.element, "draw-boxes", TRUE, "opacity", 0.0, NULL);
  g_assert_cmpfloat (pass_and_compare_all (&f, VLM_SECOND, NULL), ==, 0.0);
  g_object_set (f.element, "opacity", 0.5, NULL);
  g_assert_cmpfloat (pass_and_compare_all (&f, VLM_SECOND, NULL), >, 1.0);
  overlay_fixture_clear (&f);
}

static void
test_style (void)
{
  OverlayFixture f;
  double small;
  double large;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 320, 240);
  g_object_set (f.element, "draw-boxes", FALSE, "draw-strip", FALSE, NULL);
  small = pass_and_compare_all (
      &f, VLM_SECOND, make_middle (&f, VLM_EVENT_STATE_BEGIN, VLM_SECOND));
  g_object_set (f.element, "scale", 2.0, NULL);
  large = pass_and_compare_all (&f, VLM_SECOND, NULL);
  g_assert_cmpfloat (large, >, 2.0 * small);
  g_object_set (f.element, "font", "No such font anywhere Bold 90", NULL);
  g_assert_cmpfloat (pass_and_compare_all (&f, VLM_SECOND, NULL), >, small);
  g_object_set (f.element, "font", NULL, "scale", 8.0, NULL);
  g_assert_cmpfloat (pass_and_compare_all (&f, VLM_SECOND, NULL), >, small);
  overlay_fixture_clear (&f);
}

/* It begins, goes on, moves, ends, is held and is gone; then it leaves the
 * strip. */
static void
test_life (void)
{
  const VlmRect there = { 40, 20, 30, 20 };
  const VlmRect elsewhere = { 220, 20, 30, 20 };
  VlmRect bottom = { 0, 200, 320, 38 };
  OverlayFixture f;
  VlmEvent *event;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 320, 240);
  g_object_set (f.element, "tolerance", 3.0, "history", 10.0, "draw-labels",
      FALSE, "draw-age", FALSE, "draw-confidence", FALSE, NULL);
#define BOX(second, new_event, area)                                           \
  pass_and_compare (&f, (gint64) ((second) *VLM_SECOND), new_event, area)
  event = overlay_make_event (
      1, VLM_EVENT_STATE_BEGIN, "it", 0, VLM_SECOND, &there);
  event->window.start = 0;
  event->window.end = 4 * VLM_SECOND;
  g_assert_cmpfloat (BOX (1, event, there), >, 10.0);
  /* For an open event, too, only the time at which it was there counts. */
  g_assert_cmpfloat (BOX (3.9, NULL, there), >, 10.0);
  g_assert_cmpfloat (BOX (4.1, NULL, there), ==, 0.0);
  event = overlay_make_event (
      1, VLM_EVENT_STATE_UPDATE, "it", 0, 13 * VLM_SECOND, &elsewhere);
  g_assert_cmpfloat (BOX (13, event, there), ==, 0.0);
  g_assert_cmpfloat (BOX (13.1, NULL, elsewhere), >, 10.0);
  event = overlay_make_event (
      1, VLM_EVENT_STATE_END, "it", 0, 14 * VLM_SECOND, &elsewhere);
  g_assert_cmpfloat (BOX (15, event, elsewhere), >, 10.0);
  g_assert_cmpfloat (BOX (16.9, NULL, elsewhere), >, 10.0);
  g_assert_cmpfloat (BOX (17.1, NULL, elsewhere), ==, 0.0);
  g_assert_cmpfloat (BOX (18.2, NULL, bottom), >, 80.0);
  g_assert_cmpfloat (BOX (23.9, NULL, bottom), >, 80.0);
  g_assert_cmpfloat (BOX (24.1, NULL, bottom), ==, 0.0);
#undef BOX
  overlay_fixture_clear (&f);
}

/* A box is not drawn on frames that are too long after or before its own. */
static void
test_tolerance (void)
{
  const VlmRect there = { 40, 20, 30, 20 };
  OverlayFixture f;
  double hold;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 320, 240);
  g_object_set (f.element, "draw-labels", FALSE, "draw-age", FALSE,
      "draw-confidence", FALSE, NULL);
  /* Known at 8, seen at 2. */
  g_assert_cmpfloat (pass_and_compare (&f, 8 * VLM_SECOND,
                         overlay_make_event (1, VLM_EVENT_STATE_UPDATE, "it", 0,
                             2 * VLM_SECOND, &there),
                         there),
      ==, 0.0);
  /* Known at 9, there at 12. */
  g_assert_cmpfloat (pass_and_compare (&f, 9 * VLM_SECOND,
                         overlay_make_event (2, VLM_EVENT_STATE_UPDATE, "it", 0,
                             12 * VLM_SECOND, &there),
                         there),
      ==, 0.0);
  g_assert_cmpfloat (
      pass_and_compare (&f, 114 * VLM_SECOND / 10, NULL, there), ==, 0.0);
  g_assert_cmpfloat (
      pass_and_compare (&f, 116 * VLM_SECOND / 10, NULL, there), >, 10.0);
  g_assert_cmpfloat (
      pass_and_compare (&f, 126 * VLM_SECOND / 10, NULL, there), ==, 0.0);
  /* The old name. */
  g_object_set (f.element, "hold", 7.0, NULL);
  g_object_get (f.element, "tolerance", &hold, NULL);
  g_assert_cmpfloat (hold, ==, 7.0);
  g_assert_cmpfloat (
      pass_and_compare (&f, 127 * VLM_SECOND / 10, NULL, there), >, 10.0);
  overlay_fixture_clear (&f);
}

/* A frame of one colour, BGRx. */
static GstBuffer *
make_plain (const OverlayFixture *f, gint64 pts, guint8 red)
{
  GstBuffer *buffer = overlay_fixture_make_frame ((OverlayFixture *) f, pts);
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
  for (gsize i = 0; i < map.size; i++)
    map.data[i] = i % 4 == 2 ? red : 30;
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

/* How many pixels of the lower left part are as red as that frame was. */
static guint
count_red (const OverlayFixture *f, GstBuffer *buffer)
{
  GstMapInfo map;
  guint n = 0;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  for (int y = 2 * f->info.height / 3; y < f->info.height; y++)
    for (int x = 0; x < f->info.width / 3; x++) {
      const guint8 *pixel = map.data + y * f->info.stride[0] + 4 * x;

      n += pixel[2] > 230 && pixel[1] < 60 && pixel[0] < 60;
    }
  gst_buffer_unmap (buffer, &map);
  return n;
}

/* Where a box is too old to be drawn, the strip shows the frame it was in. */
static void
test_pictures (void)
{
  const VlmRect there = { 400, 100, 60, 60 };
  OverlayFixture f;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_BGRx, 640, 480);
  for (guint i = 0; i <= 40; i++) {
    GstBuffer *in = make_plain (&f, i * VLM_SECOND / 4, i == 16 ? 250 : 100);
    g_autoptr (GstBuffer) out = NULL;

    /* The box is of 4.0 s, and known at 9.0 s. */
    if (i >= 36)
      overlay_attach_event (in,
          overlay_make_event (1, VLM_EVENT_STATE_UPDATE, "it", 3 * VLM_SECOND,
              4 * VLM_SECOND, &there));
    if (i == 38)
      g_object_set (f.element, "draw-pictures", FALSE, NULL);
    out = gst_harness_push_and_pull (f.harness, in);
    if (i == 16)
      continue;
    if (i < 36 || i >= 38)
      g_assert_cmpuint (count_red (&f, out), <, 20);
    else
      g_assert_cmpuint (count_red (&f, out), >, 1000);
  }
  overlay_fixture_clear (&f);
}

/* Drawn again when the second changes, and not in between. */
static void
test_still (void)
{
  OverlayFixture f;
  g_autoptr (GstBuffer) first = NULL;
  g_autoptr (GstBuffer) second = NULL;
  g_autoptr (GstBuffer) third = NULL;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 320, 240);
  first = pass (&f, VLM_SECOND, make_middle (&f, VLM_EVENT_STATE_UPDATE, 0));
  second = pass (&f, VLM_SECOND * 19 / 10, NULL);
  third = pass (&f, VLM_SECOND * 21 / 10, NULL);
  g_assert_cmpfloat (get_change_of_all (&f.info, second, third), >, 0.05);
  g_assert_cmpfloat (get_change_of_all (&f.info, second, third), <, 15.0);
  /* The line of the box becomes dashed in the meantime; the strip stays. */
  g_assert_cmpfloat (
      overlay_get_change (&f.info, first, second, (VlmRect){ 0, 190, 320, 50 }),
      ==, 0.0);
  overlay_fixture_clear (&f);
}

/* The age of an event is that of its time, not of its arrival. */
static void
test_late_event (void)
{
  OverlayFixture f;
  g_autoptr (GstBuffer) late = NULL;
  g_autoptr (GstBuffer) later = NULL;
  VlmRect bar = { 200, 215, 20, 10 };

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_BGRx, 320, 240);
  g_object_set (f.element, "history", 20.0, NULL);
  late = pass (&f, 20 * VLM_SECOND,
      overlay_make_event (
          1, VLM_EVENT_STATE_END, "it", 0, 2 * VLM_SECOND, NULL));
  later = pass (&f, 20 * VLM_SECOND,
      overlay_make_event (
          1, VLM_EVENT_STATE_END, "it", 0, 18 * VLM_SECOND, NULL));
  g_assert_cmpfloat (overlay_get_change (&f.info, late, later, bar), >, 15.0);
  overlay_fixture_clear (&f);
}

static void
flush (OverlayFixture *f)
{
  GstSegment segment;

  gst_harness_push_event (f->harness, gst_event_new_flush_start ());
  gst_harness_push_event (f->harness, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (f->harness, gst_event_new_segment (&segment));
}

static void
test_seek (void)
{
  OverlayFixture f;
  VlmEvent *event;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 320, 240);
  event = make_middle (&f, VLM_EVENT_STATE_BEGIN, 9 * VLM_SECOND);
  g_assert_cmpfloat (pass_and_compare_all (&f, 9 * VLM_SECOND, event), >, 5.0);
  flush (&f);
  g_assert_cmpfloat (pass_and_compare_all (&f, 9 * VLM_SECOND, NULL), ==, 0.0);
  event = make_middle (&f, VLM_EVENT_STATE_BEGIN, 10 * VLM_SECOND);
  g_assert_cmpfloat (pass_and_compare_all (&f, 10 * VLM_SECOND, event), >, 5.0);
  /* A loop without a flush. */
  g_assert_cmpfloat (pass_and_compare_all (&f, 2 * VLM_SECOND, NULL), ==, 0.0);
  overlay_fixture_clear (&f);
}

/* Old boxes are of another picture; the strip stays. */
static void
test_new_caps (void)
{
  OverlayFixture f;
  VlmRect box = { 0, 0, 640, 300 };
  VlmRect bottom = { 0, 440, 640, 38 };

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 320, 240);
  g_assert_cmpfloat (pass_and_compare_all (&f, VLM_SECOND,
                         make_middle (&f, VLM_EVENT_STATE_BEGIN, VLM_SECOND)),
      >, 5.0);
  overlay_fixture_set_size (&f, 640, 480);
  g_assert_cmpfloat (pass_and_compare (&f, VLM_SECOND, NULL, box), ==, 0.0);
  g_assert_cmpfloat (pass_and_compare (&f, VLM_SECOND, NULL, bottom), >, 80.0);
  overlay_fixture_clear (&f);
}

static void
test_hostile_text (gconstpointer data)
{
  OverlayFixture f;
  VlmEvent *event;
  double change;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 320, 240);
  event = make_middle (&f, VLM_EVENT_STATE_BEGIN, VLM_SECOND);
  g_free (event->label);
  g_free (event->description);
  event->label = g_strdup (data);
  event->description = g_strdup (data);
  change = pass_and_compare_all (&f, VLM_SECOND, event);
  g_assert_cmpfloat (change, >, 5.0);
  g_assert_cmpfloat (change, <, 35.0);
  overlay_fixture_clear (&f);
}

static void
test_hostile_values (void)
{
  static const VlmRect boxes[] = { { G_MININT, G_MININT, G_MAXINT, G_MAXINT },
    { G_MAXINT, G_MAXINT, G_MAXINT, G_MAXINT }, { -50, -50, 1000, 1000 },
    { 319, 239, 1, 1 }, { 5, 5, 1, 100 }, { 3, 3, -4, 9 }, { 0, 0, 0, 0 } };
  static const gint64 times[] = { VLM_TIME_NONE, G_MAXINT64, G_MININT64 + 1, -5,
    0 };
  static const double confidences[] = { -1.0, 2.0, G_MAXDOUBLE, -G_MAXDOUBLE };
  OverlayFixture f;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 320, 240);
  for (guint i = 0; i < 140; i++) {
    VlmEvent *event = overlay_make_event (i, (VlmEventState) (i % 3), NULL,
        times[i % 5], times[i / 7 % 5], &boxes[i % 7]);

    event->confidence = confidences[i % 4];
    event->window.start = times[i % 5];
    event->window.end = times[i / 5 % 5];
    pass_and_compare_all (&f, i * VLM_SECOND / 10, event);
  }
  overlay_fixture_clear (&f);
}

/* Boxes of other detectors are there in their frame only; those of our events
 * move them. */
static void
test_regions (void)
{
  OverlayFixture f;
  VlmRect face = { 200, 20, 40, 40 };
  GstBuffer *in;
  g_autoptr (GstBuffer) out = NULL;
  g_autoptr (GstBuffer) plain = NULL;
  GstVideoRegionOfInterestMeta *region;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 320, 240);
  plain = overlay_fixture_make_frame (&f, 0);
  in = overlay_fixture_make_frame (&f, 0);
  gst_buffer_add_video_region_of_interest_meta (in, "face", 200, 20, 40, 40);
  out = gst_harness_push_and_pull (f.harness, in);
  g_assert_cmpfloat (overlay_get_change (&f.info, plain, out, face), >, 10.0);
  g_assert_cmpfloat (pass_and_compare_all (&f, 0, NULL), ==, 0.0);
  gst_clear_buffer (&out);

  in = overlay_fixture_make_frame (&f, 0);
  region = gst_buffer_add_video_region_of_interest_meta (
      in, "vlm-event", 200, 20, 40, 40);
  gst_video_region_of_interest_meta_add_param (region,
      gst_structure_new ("vlm-event", "id", G_TYPE_UINT64, (guint64) 1, "state",
          G_TYPE_STRING, "begin", "label", G_TYPE_STRING, "it", "stream-time",
          G_TYPE_INT64, (gint64) 0, NULL));
  out = gst_harness_push_and_pull (f.harness, in);
  g_assert_cmpfloat (overlay_get_change (&f.info, plain, out, face), >, 10.0);
  g_assert_cmpfloat (pass_and_compare (&f, 0, NULL, face), >, 10.0);
  overlay_fixture_clear (&f);
}

/* The box of a test source's event is where its object truly is. */
static void
test_truth (void)
{
  const VlmRect there = { 40, 60, 40, 40 };
  const VlmRect elsewhere = { 200, 60, 40, 40 };
  OverlayFixture f;
  VlmEvent *event;
  GstBuffer *in;
  g_autoptr (GstBuffer) out = NULL;
  g_autoptr (GstBuffer) plain = NULL;
  GstVideoRegionOfInterestMeta *region;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 320, 240);
  event = overlay_make_event (4, VLM_EVENT_STATE_BEGIN, "it", 0, 0, &there);
  event->model = g_strdup ("vlmtestsrc");
  g_assert_cmpfloat (pass_and_compare (&f, 0, event, there), >, 10.0);
  plain = overlay_fixture_make_frame (&f, 0);
  in = overlay_fixture_make_frame (&f, 0);
  region = gst_buffer_add_video_region_of_interest_meta (
      in, "vlm-truth", 200, 60, 40, 40);
  gst_video_region_of_interest_meta_add_param (region,
      gst_structure_new ("vlm-truth", "id", G_TYPE_UINT64, (guint64) 4, NULL));
  out = gst_harness_push_and_pull (f.harness, in);
  g_assert_cmpfloat (
      overlay_get_change (&f.info, plain, out, elsewhere), >, 10.0);
  g_assert_cmpfloat (overlay_get_change (&f.info, plain, out, there), ==, 0.0);
  overlay_fixture_clear (&f);
}

/* Elements downstream that show overlays get them and an unchanged picture. */
static void
test_attached (void)
{
  OverlayFixture f;
  g_autoptr (GstBuffer) before = NULL;
  g_autoptr (GstBuffer) after = NULL;
  GstVideoOverlayCompositionMeta *meta;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 320, 240);
  gst_harness_add_propose_allocation_meta (
      f.harness, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, NULL);
  overlay_fixture_set_size (&f, 320, 242);
  before = overlay_fixture_make_frame (&f, VLM_SECOND);
  after = pass (
      &f, VLM_SECOND, make_middle (&f, VLM_EVENT_STATE_BEGIN, VLM_SECOND));
  g_assert_cmpfloat (get_change_of_all (&f.info, before, after), ==, 0.0);
  meta = gst_buffer_get_video_overlay_composition_meta (after);
  g_assert_nonnull (meta);
  /* Four sides, the tag and the strip. */
  g_assert_cmpuint (
      gst_video_overlay_composition_n_rectangles (meta->overlay), ==, 6);
  overlay_fixture_clear (&f);
}

/* Overlays that come along from upstream stay. */
static void
test_attached_to_others (void)
{
  OverlayFixture f;
  GstVideoOverlayRectangle *rectangle;
  GstVideoOverlayComposition *composition;
  GstBuffer *pixels = gst_buffer_new_allocate (NULL, 4 * 4 * 4, NULL);
  GstBuffer *in;
  g_autoptr (GstBuffer) out = NULL;
  GstVideoOverlayCompositionMeta *meta;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 320, 240);
  gst_harness_set_src_caps_str (f.harness,
      "video/x-raw(meta:GstVideoOverlayComposition), format=I420, width=320, "
      "height=240, framerate=30/1");
  gst_buffer_add_video_meta (pixels, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, 4, 4);
  rectangle = gst_video_overlay_rectangle_new_raw (
      pixels, 0, 0, 4, 4, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);
  composition = gst_video_overlay_composition_new (rectangle);
  in = overlay_fixture_make_frame (&f, VLM_SECOND);
  gst_buffer_add_video_overlay_composition_meta (in, composition);
  overlay_attach_event (
      in, make_middle (&f, VLM_EVENT_STATE_BEGIN, VLM_SECOND));
  out = gst_harness_push_and_pull (f.harness, in);
  meta = gst_buffer_get_video_overlay_composition_meta (out);
  g_assert_cmpuint (
      gst_video_overlay_composition_n_rectangles (meta->overlay), ==, 7);
  g_assert_cmpuint (
      gst_video_overlay_composition_n_rectangles (composition), ==, 1);
  gst_video_overlay_composition_unref (composition);
  gst_video_overlay_rectangle_unref (rectangle);
  gst_buffer_unref (pixels);
  overlay_fixture_clear (&f);
}

/* Letters are as wide on the screen, whatever the shape of pixels. */
static void
test_pixel_aspect (void)
{
  OverlayFixture f;
  VlmRect tag = { 0, 30, 320, 26 };
  double square;
  double wide;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 320, 240);
  g_object_set (f.element, "draw-boxes", FALSE, "draw-strip", FALSE, NULL);
  square = pass_and_compare (
      &f, VLM_SECOND, make_middle (&f, VLM_EVENT_STATE_BEGIN, VLM_SECOND), tag);
  f.info.par_n = 2;
  gst_harness_set_src_caps (f.harness, gst_video_info_to_caps (&f.info));
  wide = pass_and_compare (&f, VLM_SECOND, NULL, tag);
  g_assert_cmpfloat (wide, <, 0.6 * square);
  g_assert_cmpfloat (wide, >, 0.4 * square);
  overlay_fixture_clear (&f);
}

/* Nothing of a stream outlives the element. */
static void
test_restart (void)
{
  OverlayFixture f;
  g_autoptr (VlmEvent) event = NULL;
  g_autoptr (GstBuffer) out = NULL;
  GstElement *element;

  overlay_fixture_init (&f, GST_VIDEO_FORMAT_I420, 320, 240);
  event = make_middle (&f, VLM_EVENT_STATE_BEGIN, VLM_SECOND);
  out = pass (&f, VLM_SECOND, vlm_event_ref (event));
  element = f.element;
  g_object_add_weak_pointer (G_OBJECT (element), (gpointer *) &element);
  overlay_fixture_clear (&f);
  g_assert_null (element);
}

static void
add_format_tests (void)
{
  g_autoptr (GstElementFactory) factory =
      gst_element_factory_find ("vlmoverlay");
  const GList *templates =
      gst_element_factory_get_static_pad_templates (factory);
  g_autoptr (GstCaps) caps = gst_static_pad_template_get_caps (templates->data);
  const GValue *formats =
      gst_structure_get_value (gst_caps_get_structure (caps, 0), "format");

  for (guint i = 0; i < gst_value_list_get_size (formats); i++) {
    const char *name =
        g_value_get_string (gst_value_list_get_value (formats, i));
    g_autofree char *path = g_strconcat ("/vlmoverlay/format/", name, NULL);

    g_test_add_data_func (path,
        GINT_TO_POINTER (gst_video_format_from_string (name)), test_format);
    if (!g_str_equal (name, "GRAY8")) {
      g_autofree char *colour = g_strconcat ("/vlmoverlay/colour/", name, NULL);

      g_test_add_data_func (colour,
          GINT_TO_POINTER (gst_video_format_from_string (name)), test_colour);
    }
  }
}

static void
add_size_tests (void)
{
  static const int sizes[][2] = { { 1, 1 }, { 2, 2 }, { 16, 16 }, { 33, 9 },
    { 160, 120 }, { 161, 121 }, { 640, 360 }, { 360, 640 }, { 1920, 1080 },
    { 3840, 2160 } };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autofree char *path =
        g_strdup_printf ("/vlmoverlay/size/%dx%d", sizes[i][0], sizes[i][1]);

    g_test_add_data_func (path, sizes[i], test_size);
  }
}

static void
add_text_tests (void)
{
  static char long_text[100000];
  static char accents[20000];
  static const struct
  {
    const char *name;
    const char *text;
  } texts[] = {
    { "markup", "<b>bold & <span size='900000'>huge</span>" },
    { "control", "a\a\b\033[31mred\r\n\n\n\tb\x7f" },
    { "not-utf8", "\xff\xfe\x80 caf\xe9 \xc3\x28 \xf0\x9f" },
    { "right-to-left",
        "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xd8\xb3\xd9\x84\xd8\xa7\xd9\x85" },
    { "override",
        "\xe2\x80\xae"
        "backwards\xe2\x81\xa6\xe2\x81\xa6" },
    { "long", long_text },
    { "accents", accents },
    { "unassigned", "\xf3\xb0\x80\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf" },
  };

  memset (long_text, 'W', sizeof long_text - 1);
  accents[0] = 'e';
  for (gsize i = 1; i + 2 < sizeof accents; i += 2)
    memcpy (accents + i, "\xcc\x81", 2);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree char *path =
        g_strconcat ("/vlmoverlay/text/", texts[i].name, NULL);

    g_test_add_data_func (path, texts[i].text, test_hostile_text);
  }
}

/* A file that nothing decodes is refused, with what to do. */
static void
test_no_caps (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (
      "fakesrc num-buffers=1 sizetype=fixed ! vlmoverlay ! fakesink", &error);
  g_autoptr (GstBus) bus = NULL;
  GstMessage *message;

  g_assert_no_error (error);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION);
  g_assert_nonnull (strstr (error->message, "in front of vlmoverlay"));
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmoverlay/no-caps", test_no_caps);
  g_test_add_func ("/vlmoverlay/untouched", test_untouched);
  g_test_add_func ("/vlmoverlay/shared-buffer", test_shared_buffer);
  add_format_tests ();
  add_size_tests ();
  g_test_add_func ("/vlmoverlay/transparent", test_transparent);
  g_test_add_func ("/vlmoverlay/switches", test_switches);
  g_test_add_func ("/vlmoverlay/style", test_style);
  g_test_add_func ("/vlmoverlay/life", test_life);
  g_test_add_func ("/vlmoverlay/still", test_still);
  g_test_add_func ("/vlmoverlay/late-event", test_late_event);
  g_test_add_func ("/vlmoverlay/seek", test_seek);
  g_test_add_func ("/vlmoverlay/new-caps", test_new_caps);
  add_text_tests ();
  g_test_add_func ("/vlmoverlay/values", test_hostile_values);
  g_test_add_func ("/vlmoverlay/regions", test_regions);
  g_test_add_func ("/vlmoverlay/truth", test_truth);
  g_test_add_func ("/vlmoverlay/attached", test_attached);
  g_test_add_func ("/vlmoverlay/attached-to-others", test_attached_to_others);
  g_test_add_func ("/vlmoverlay/pixel-aspect", test_pixel_aspect);
  g_test_add_func ("/vlmoverlay/restart", test_restart);
  g_test_add_func ("/vlmoverlay/tolerance", test_tolerance);
  g_test_add_func ("/vlmoverlay/pictures", test_pictures);
  return g_test_run ();
}
