/* gst-vlm: vlmevents, pictures of events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include "gstvlm.h"
#include "support/watch-fixture.h"

#define DATA_URI "data:image/jpeg;base64,"

/* Frames every half second, each as light as its time: 20 levels a second. */
static void
push_video (WatchFixture *f)
{
  for (GstClockTime pts = 0; pts < 8 * GST_SECOND; pts += GST_SECOND / 2) {
    GstBuffer *buffer = watch_fixture_make_frame (
        pts, GST_SECOND / 2, (guint8) (20 + 20 * pts / GST_SECOND));

    g_assert_cmpint (gst_harness_push (f->harness, buffer), ==, GST_FLOW_OK);
  }
  watch_fixture_finish (f);
}

typedef struct
{
  guint width;
  guint height;
  guint8 *pixels;
} Picture;

static Picture
decode (const guint8 *data, gsize size)
{
  struct jpeg_decompress_struct codec;
  struct jpeg_error_mgr errors;
  Picture picture;

  codec.err = jpeg_std_error (&errors);
  jpeg_create_decompress (&codec);
  jpeg_mem_src (&codec, data, size);
  jpeg_read_header (&codec, TRUE);
  jpeg_start_decompress (&codec);
  picture.width = codec.output_width;
  picture.height = codec.output_height;
  picture.pixels = g_malloc ((gsize) 3 * picture.width * picture.height);
  while (codec.output_scanline < picture.height) {
    JSAMPROW row =
        picture.pixels + (gsize) codec.output_scanline * 3 * picture.width;

    jpeg_read_scanlines (&codec, &row, 1);
  }
  jpeg_finish_decompress (&codec);
  jpeg_destroy_decompress (&codec);
  return picture;
}

/* The picture of a record: in a file, or in the record itself. */
static Picture
read_picture (const char *snapshot)
{
  g_autofree char *data = NULL;
  gsize size;

  g_assert_nonnull (snapshot);
  if (g_str_has_prefix (snapshot, DATA_URI))
    data = (char *) g_base64_decode (snapshot + strlen (DATA_URI), &size);
  else
    g_assert_true (g_file_get_contents (snapshot, &data, &size, NULL));
  return decode ((const guint8 *) data, size);
}

static guint
level_at (const Picture *picture, guint x, guint y)
{
  return picture->pixels[3 * (y * picture->width + x)];
}

static VlmEvent *
next_event (WatchFixture *f)
{
  g_autoptr (GstMessage) message =
      watch_fixture_pop_message (f, GST_MESSAGE_ELEMENT, "vlm-event", TRUE);

  g_assert_nonnull (message);
  return gst_vlm_message_get_event (message);
}

static void
init (WatchFixture *f, const char *folder)
{
  static const VlmRect box = { 16, 12, 32, 24 };

  watch_fixture_init (f);
  g_object_set (
      f->element, "snapshots", TRUE, "snapshot-location", folder, NULL);
  fake_analyzer_add_event (
      f->fake, "something", 3 * VLM_SECOND, 6 * VLM_SECOND, &box);
}

/* All records of an event name its file, which shows its start. */
static void
test_file (void)
{
  WatchFixture f;
  g_autofree char *base = g_dir_make_tmp ("vlm-snapshots-XXXXXX", NULL);
  g_autofree char *folder = g_build_filename (base, "a", "b", NULL);
  g_autofree char *path = NULL;
  gboolean ended = FALSE;

  init (&f, folder);
  watch_fixture_start (&f, FALSE);
  push_video (&f);
  for (guint i = 0; !ended; i++) {
    g_autoptr (VlmEvent) event = next_event (&f);
    g_autofree char *name = g_strconcat (event->event_uid, ".jpg", NULL);
    g_autofree char *expected = g_build_filename (folder, name, NULL);

    g_assert_cmpstr (event->snapshot, ==, expected);
    if (i == 0) {
      Picture picture = read_picture (event->snapshot);

      path = g_strdup (event->snapshot);
      g_assert_cmpuint (
          level_at (&picture, picture.width / 2, picture.height / 2), >, 76);
      g_assert_cmpuint (
          level_at (&picture, picture.width / 2, picture.height / 2), <, 84);
      g_free (picture.pixels);
    }
    ended = event->state == VLM_EVENT_STATE_END;
  }
  watch_fixture_clear (&f);
  g_unlink (path);
  g_rmdir (folder);
  g_free (folder);
  folder = g_build_filename (base, "a", NULL);
  g_rmdir (folder);
  g_rmdir (base);
}

/* Only the first record has it, with the box on the frame it was found in. */
static void
test_in_record (void)
{
  WatchFixture f;
  g_autoptr (VlmEvent) first = NULL;
  g_autoptr (VlmEvent) second = NULL;
  Picture picture;

  init (&f, NULL);
  g_object_set (f.element, "snapshot-boxes", TRUE, NULL);
  watch_fixture_start (&f, FALSE);
  push_video (&f);
  first = next_event (&f);
  second = next_event (&f);
  g_assert_true (g_str_has_prefix (first->snapshot, DATA_URI));
  g_assert_null (second->snapshot);
  picture = read_picture (first->snapshot);
  /* The box is a quarter of the picture from each edge; blue is its mark. */
  g_assert_cmpuint (
      picture
          .pixels[3 * (picture.height / 4 * picture.width + picture.width / 2)],
      >, 150);
  g_assert_cmpuint (
      level_at (&picture, picture.width / 2, picture.height / 2), <, 150);
  g_free (picture.pixels);
  watch_fixture_clear (&f);
}

static void
test_off (void)
{
  WatchFixture f;
  g_autoptr (VlmEvent) event = NULL;

  init (&f, NULL);
  g_object_set (f.element, "snapshots", FALSE, NULL);
  watch_fixture_start (&f, FALSE);
  push_video (&f);
  event = next_event (&f);
  g_assert_null (event->snapshot);
  watch_fixture_clear (&f);
}

/* One that cannot be used is an error at the start. */
static void
test_bad_folder (void)
{
  g_autoptr (GstElement) element =
      gst_object_ref_sink (gst_element_factory_make ("vlmevents", NULL));
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (FakeAnalyzer) fake = fake_analyzer_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_bus (element, bus);
  g_object_set (element, "analyzer", fake, "snapshots", TRUE,
      "snapshot-location", "/dev/null/x", NULL);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, "snapshot-location=/dev/null/x"));
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
}

/* The folder disappears while the stream plays: a warning, and events go on. */
static void
test_folder_goes (void)
{
  WatchFixture f;
  g_autofree char *base = g_dir_make_tmp ("vlm-snapshots-XXXXXX", NULL);
  g_autofree char *folder = g_build_filename (base, "a", NULL);
  GstMessage *warning;
  g_autoptr (VlmEvent) event = NULL;

  init (&f, folder);
  watch_fixture_start (&f, FALSE);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  push_video (&f);
  warning = watch_fixture_pop_message (&f, GST_MESSAGE_WARNING, NULL, TRUE);
  g_assert_nonnull (warning);
  gst_message_unref (warning);
  event = next_event (&f);
  g_assert_null (event->snapshot);
  watch_fixture_clear (&f);
  g_rmdir (base);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/vlmevents/snapshots/file", test_file);
  g_test_add_func ("/vlmevents/snapshots/in-record", test_in_record);
  g_test_add_func ("/vlmevents/snapshots/off", test_off);
  g_test_add_func ("/vlmevents/snapshots/bad-folder", test_bad_folder);
  g_test_add_func ("/vlmevents/snapshots/folder-goes", test_folder_goes);
  return g_test_run ();
}
