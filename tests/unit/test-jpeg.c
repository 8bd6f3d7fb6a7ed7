/* gst-vlm: pictures as JPEG
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gio/gio.h>
#include <jpeglib.h>
#include <vlm/vlm-jpeg.h>

static VlmFrame *
make_frame (guint width, guint height)
{
  g_autofree guint8 *pixels = g_malloc0 ((gsize) 3 * width * height);
  VlmImageView view = {
    .format = VLM_PIXEL_FORMAT_RGB,
    .width = width,
    .height = height,
    .planes = { pixels },
    .strides = { (gint) (3 * width) },
  };
  g_autoptr (GError) error = NULL;
  VlmFrame *frame;

  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++) {
      guint8 *p = pixels + 3 * (y * width + x);

      p[0] = (guint8) (255 * x / width);
      p[1] = (guint8) (255 * y / height);
      p[2] = 100;
    }
  frame = vlm_frame_new (&view, width, height, VLM_RESAMPLE_VIDEO, &error);
  g_assert_no_error (error);
  return frame;
}

/* What a reader sees, as RGB. */
static guint8 *
decode (GBytes *bytes, guint width, guint height)
{
  struct jpeg_decompress_struct codec;
  struct jpeg_error_mgr errors;
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  guint8 *pixels = g_malloc ((gsize) 3 * width * height);

  codec.err = jpeg_std_error (&errors);
  jpeg_create_decompress (&codec);
  jpeg_mem_src (&codec, data, size);
  g_assert_cmpint (jpeg_read_header (&codec, TRUE), ==, JPEG_HEADER_OK);
  jpeg_start_decompress (&codec);
  g_assert_cmpuint (codec.output_width, ==, width);
  g_assert_cmpuint (codec.output_height, ==, height);
  g_assert_cmpint (codec.output_components, ==, 3);
  while (codec.output_scanline < height) {
    JSAMPROW row = pixels + (gsize) codec.output_scanline * 3 * width;

    jpeg_read_scanlines (&codec, &row, 1);
  }
  jpeg_finish_decompress (&codec);
  jpeg_destroy_decompress (&codec);
  return pixels;
}

/* Sizes that fit no block; a smooth picture comes back within a few levels. */
static void
test_round_trip (void)
{
  static const guint sizes[][2] = { { 1, 1 }, { 28, 28 }, { 61, 47 },
    { 448, 252 } };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    guint width = sizes[i][0];
    guint height = sizes[i][1];
    g_autoptr (VlmFrame) frame = make_frame (width, height);
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) bytes = vlm_frame_to_jpeg (frame, 95, &error);
    g_autofree guint8 *pixels = NULL;
    guint64 sum = 0;

    g_assert_no_error (error);
    pixels = decode (bytes, width, height);
    for (gsize k = 0; k < (gsize) 3 * width * height; k++)
      sum += (guint64) abs (pixels[k] - frame->pixels[k]);
    g_assert_cmpuint (sum, <=, (guint64) 3 * width * height * 3);
  }
}

static void
test_quality (void)
{
  g_autoptr (VlmFrame) frame = make_frame (448, 252);
  g_autoptr (GBytes) good = vlm_frame_to_jpeg (frame, 90, NULL);
  g_autoptr (GBytes) small = vlm_frame_to_jpeg (frame, 10, NULL);

  g_assert_cmpuint (g_bytes_get_size (small), <, g_bytes_get_size (good));
}

/* A picture too large for the format is an error, and not the process's end. */
static void
test_too_wide (void)
{
  g_autoptr (VlmFrame) frame = make_frame (65536, 1);
  g_autoptr (GError) error = NULL;

  g_assert_null (vlm_frame_to_jpeg (frame, 80, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "JPEG"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/jpeg/round-trip", test_round_trip);
  g_test_add_func ("/jpeg/quality", test_quality);
  g_test_add_func ("/jpeg/too-wide", test_too_wide);
  return g_test_run ();
}
