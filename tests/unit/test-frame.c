/* gst-vlm: pictures to small copies
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vlm/vlm-error.h>

#include "media/resample-kernels.h"
#include "media/resample.h"
#include "ref-media.h"

#define N_FORMATS (VLM_PIXEL_FORMAT_UYVY + 1)
#define GUARD 64

/* A picture whose planes end where the memory does: reading on is a fault. */
typedef struct
{
  VlmImageView view;
  guint8 *maps[3];
  gsize map_bytes[3];
} Picture;

static void
picture_clear (Picture *picture)
{
  for (guint i = 0; i < 3; i++)
    if (picture->maps[i] != NULL)
      munmap (picture->maps[i], picture->map_bytes[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Picture, picture_clear)

static void
plane_size (VlmPixelFormat format, guint plane, guint width, guint height,
    guint *row_bytes, guint *n_rows)
{
  guint half = (width + 1) / 2;

  *row_bytes = 0;
  *n_rows = plane == 0 ? height : (height + 1) / 2;
  switch (format) {
  case VLM_PIXEL_FORMAT_RGB:
  case VLM_PIXEL_FORMAT_BGR:
    *row_bytes = plane == 0 ? 3 * width : 0;
    break;
  case VLM_PIXEL_FORMAT_RGBX:
  case VLM_PIXEL_FORMAT_BGRX:
  case VLM_PIXEL_FORMAT_RGBA:
  case VLM_PIXEL_FORMAT_BGRA:
    *row_bytes = plane == 0 ? 4 * width : 0;
    break;
  case VLM_PIXEL_FORMAT_GRAY8:
    *row_bytes = plane == 0 ? width : 0;
    break;
  case VLM_PIXEL_FORMAT_NV12:
    *row_bytes = plane == 0 ? width : plane == 1 ? 2 * half : 0;
    break;
  case VLM_PIXEL_FORMAT_I420:
  case VLM_PIXEL_FORMAT_YV12:
    *row_bytes = plane == 0 ? width : half;
    break;
  case VLM_PIXEL_FORMAT_YUY2:
  case VLM_PIXEL_FORMAT_UYVY:
    *row_bytes = plane == 0 ? 4 * half : 0;
    break;
  }
}

static void
picture_init (Picture *picture, VlmPixelFormat format, guint width,
    guint height, gint padding, gboolean upside_down)
{
  gsize page = (gsize) sysconf (_SC_PAGESIZE);

  memset (picture, 0, sizeof *picture);
  picture->view.format = format;
  picture->view.width = width;
  picture->view.height = height;
  for (guint i = 0; i < 3; i++) {
    guint row_bytes, n_rows;

    plane_size (format, i, width, height, &row_bytes, &n_rows);
    if (row_bytes == 0)
      continue;

    gsize stride = row_bytes + padding;
    gsize n_bytes = stride * (n_rows - 1) + row_bytes;
    gsize usable = (n_bytes + page - 1) / page * page;
    guint8 *map = mmap (NULL, usable + page, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true (map != MAP_FAILED);
    g_assert_cmpint (mprotect (map + usable, page, PROT_NONE), ==, 0);
    picture->maps[i] = map;
    picture->map_bytes[i] = usable + page;

    guint8 *first = map + usable - n_bytes;
    for (gsize k = 0; k < n_bytes; k++)
      first[k] = (guint8) g_test_rand_int ();
    picture->view.planes[i] =
        upside_down ? first + stride * (n_rows - 1) : first;
    picture->view.strides[i] = upside_down ? -(gint) stride : (gint) stride;
  }
}

/* Between guards that must stay as they are. (transfer full) */
static guint8 *
resize (
    const VlmImageView *view, guint width, guint height, VlmResample resample)
{
  g_autoptr (GError) error = NULL;
  gsize n_bytes = (gsize) 3 * width * height;
  g_autofree guint8 *guarded = g_malloc (n_bytes + 2 * GUARD);

  memset (guarded, 0xa5, n_bytes + 2 * GUARD);
  vlm_resample (view, width, height, resample, guarded + GUARD, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < GUARD; i++) {
    g_assert_cmphex (guarded[i], ==, 0xa5);
    g_assert_cmphex (guarded[GUARD + n_bytes + i], ==, 0xa5);
  }
  return g_memdup2 (guarded + GUARD, n_bytes);
}

static guint
count_off (const guint8 *got, const guint8 *expected, gsize n, int allowed)
{
  guint n_off = 0;

  for (gsize i = 0; i < n; i++) {
    int off = abs (got[i] - expected[i]);

    if (off > allowed)
      g_error (
          "byte %" G_GSIZE_FORMAT " is %d, not %d", i, got[i], expected[i]);
    n_off += off != 0;
  }
  return n_off;
}

static VlmImageView
rgb_view (const guint8 *rgb, guint width, guint height)
{
  return (VlmImageView){ .format = VLM_PIXEL_FORMAT_RGB,
    .width = width,
    .height = height,
    .planes = { rgb },
    .strides = { 3 * (gint) width } };
}

/* Every format in its own size. */
static void
test_convert (void)
{
  static const guint sizes[][2] = { { 1, 1 }, { 2, 2 }, { 3, 5 }, { 16, 4 },
    { 33, 7 }, { 64, 3 }, { 127, 9 }, { 1030, 6 } };
  guint64 n_values = 0, n_off = 0;

  for (guint f = 0; f < N_FORMATS; f++)
    for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
      for (guint variant = 0; variant < 12; variant++) {
        guint width = sizes[s][0], height = sizes[s][1];
        gsize n = (gsize) 3 * width * height;
        g_auto (Picture) picture;

        picture_init (&picture, (VlmPixelFormat) f, width, height,
            variant % 4 * 5, variant % 2);
        picture.view.matrix = (VlmColorMatrix) (variant % 3);
        picture.view.full_range = variant / 6;

        g_autofree guint8 *got = resize (&picture.view, width, height,
            variant % 2 ? VLM_RESAMPLE_IMAGE : VLM_RESAMPLE_VIDEO);
        g_autofree guint8 *expected = g_malloc (n);
        ref_convert (&picture.view, expected);

        gboolean exact = f < VLM_PIXEL_FORMAT_NV12;
        n_off += count_off (got, expected, n, exact ? 0 : 1);
        n_values += n;
      }
  g_test_message ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                  " values are a level off",
      n_off, n_values);
  g_assert_cmpfloat ((double) n_off, <, 0.05 * (double) n_values);
}

static const guint resizes[][4] = { { 90, 60, 56, 28 }, { 61, 47, 84, 112 },
  { 56, 41, 56, 28 }, { 41, 56, 28, 56 }, { 28, 28, 28, 28 }, { 1, 1, 28, 28 },
  { 3, 200, 28, 28 }, { 700, 5, 28, 56 }, { 1001, 31, 84, 28 },
  { 3001, 20, 280, 28 }, { 300, 300, 28, 28 }, { 37, 37, 1, 1 },
  { 5, 5, 3, 7 } };

/* Noise, and edges that overshoot. */
static guint8 *
make_scene (guint width, guint height)
{
  guint8 *rgb = g_malloc ((gsize) 3 * width * height);

  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < 3 * width; x++)
      rgb[(gsize) 3 * width * y + x] = y % 16 < 8 ? (guint8) g_test_rand_int ()
          : (x / 21 + y / 3) % 2                  ? 255
                                                  : 0;
  return rgb;
}

static void
check_resize (const guint r[4])
{
  gsize n = (gsize) 3 * r[2] * r[3];
  g_autofree guint8 *rgb = make_scene (r[0], r[1]);
  g_autofree guint8 *expected = g_malloc (n);
  VlmImageView view = rgb_view (rgb, r[0], r[1]);

  g_autofree guint8 *image = resize (&view, r[2], r[3], VLM_RESAMPLE_IMAGE);
  ref_resize (rgb, r[0], r[1], r[2], r[3], VLM_RESAMPLE_IMAGE, expected);
  count_off (image, expected, n, 0);

  g_autofree guint8 *video = resize (&view, r[2], r[3], VLM_RESAMPLE_VIDEO);
  ref_resize (rgb, r[0], r[1], r[2], r[3], VLM_RESAMPLE_VIDEO, expected);
  count_off (video, expected, n, 0);
}

static void
test_resize (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (resizes); i++)
    check_resize (resizes[i]);
  for (guint i = 0; i < 24; i++) {
    guint random[4];

    for (guint k = 0; k < 4; k++)
      random[k] = (guint) g_test_rand_int_range (1, k < 2 ? 400 : 100);
    check_resize (random);
  }
}

/* Converting on the way is the same as converting first. */
static void
test_fused (void)
{
  for (guint f = 0; f < N_FORMATS; f++)
    for (guint i = 0; i < G_N_ELEMENTS (resizes); i++)
      for (guint k = 0; k < 2; k++) {
        const guint *r = resizes[i];
        gsize n = (gsize) 3 * r[2] * r[3];
        g_auto (Picture) picture;

        picture_init (&picture, (VlmPixelFormat) f, r[0], r[1], 3, i % 2);
        picture.view.matrix = VLM_COLOR_MATRIX_BT709;

        g_autofree guint8 *rgb =
            resize (&picture.view, r[0], r[1], VLM_RESAMPLE_IMAGE);
        VlmImageView view = rgb_view (rgb, r[0], r[1]);
        g_autofree guint8 *expected =
            resize (&view, r[2], r[3], (VlmResample) k);
        g_autofree guint8 *got =
            resize (&picture.view, r[2], r[3], (VlmResample) k);
        count_off (got, expected, n, 0);
      }
}

/* The results of all kernels of a set for the same bytes. */
typedef struct
{
  float *turned;  /* [3, n, VLM_ROWS] */
  float *across;  /* [VLM_ROWS, 3, n] */
  float *down;    /* [3, n] */
  gint32 *wide;   /* [VLM_ROWS, 3, n] */
  gint32 *narrow; /* [3, n] */
  gint32 *bytes;  /* [3, n] */
  guint8 *packed[2];
} Outputs;

#define N_COLUMNS (5 * VLM_BLOCK)
#define N_OUT 61

static void
outputs_init (Outputs *self, const VlmResampleKernels *set, const guint8 *bytes)
{
  const guint n = N_COLUMNS;
  VlmColumns columns = { 0, N_OUT, 0, n, n };
  const float *f32_rows[VLM_ROWS];
  float *out_rows[VLM_ROWS];
  const gint32 *i32_rows[VLM_ROWS];
  VlmTaps f32, fixed;

  vlm_taps_init_f32 (&f32, n, N_OUT);
  vlm_taps_init_fixed (&fixed, n, N_OUT);
  self->turned = g_new0 (float, 3 * n * VLM_ROWS);
  self->across = g_new0 (float, 3 * n * VLM_ROWS);
  self->down = g_new0 (float, 3 * n);
  self->wide = g_new0 (gint32, 3 * n * VLM_ROWS + 64);
  self->narrow = g_new0 (gint32, 3 * n);
  self->bytes = g_new0 (gint32, 3 * n);
  for (guint i = 0; i < VLM_ROWS; i++) {
    f32_rows[i] = out_rows[i] = self->across + 3 * n * i;
    i32_rows[i] = self->wide + 3 * n * i;
  }
  for (guint i = 0; i < 3; i++)
    set->turn (bytes + n * i, 3 * n, n, self->turned + n * VLM_ROWS * i);
  set->across_f32 (&f32, &columns, self->turned, out_rows);
  /* Fewer than a four, whole fours, all remainders. */
  for (guint i = 0; i < 3; i++)
    for (guint k = 0; k < n / VLM_BLOCK; k++)
      set->down_f32 (f32_rows, f32.f32 + (7 * k + 3) * f32.stride,
          1 + 3 * (5 * i + k) % VLM_ROWS, VLM_BLOCK,
          self->down + n * i + VLM_BLOCK * k);
  set->widen_i32 (bytes, 3 * n * VLM_ROWS, self->wide);
  set->down_i32 (i32_rows, fixed.fixed, VLM_ROWS, 3 * n, self->narrow);
  set->across_i32 (&fixed, &columns, self->wide, self->bytes);
  for (guint i = 0; i < 2; i++)
    self->packed[i] = g_malloc0 (3 * n);
  set->pack_f32 (self->across, n, N_OUT, self->packed[0]);
  set->pack_i32 (self->bytes, n, N_OUT, self->packed[1]);
  set->round_i32 (self->bytes, 3 * n);
  vlm_taps_clear (&f32);
  vlm_taps_clear (&fixed);
}

static void
outputs_clear (Outputs *self)
{
  g_free (self->turned);
  g_free (self->across);
  g_free (self->down);
  g_free (self->wide);
  g_free (self->narrow);
  g_free (self->bytes);
  g_free (self->packed[0]);
  g_free (self->packed[1]);
}

/* The set for this processor and the one for any: the same to the last bit. */
static void
test_kernels (void)
{
  const VlmResampleKernels *sets[2] = { vlm_resample_kernels_plain (),
    vlm_resample_kernels () };
  const gsize n = 3 * N_COLUMNS * sizeof (float);
  g_autofree guint8 *bytes = g_malloc (3 * N_COLUMNS * VLM_ROWS);
  Outputs o[2];

  if (sets[0] == sets[1]) {
    g_test_skip ("this processor has one set only");
    return;
  }
  for (guint round = 0; round < 20; round++) {
    for (guint i = 0; i < 3 * N_COLUMNS * VLM_ROWS; i++)
      bytes[i] = (guint8) g_test_rand_int ();
    for (guint s = 0; s < 2; s++)
      outputs_init (&o[s], sets[s], bytes);
    g_assert_cmpmem (o[0].turned, n * VLM_ROWS, o[1].turned, n * VLM_ROWS);
    g_assert_cmpmem (o[0].across, n * VLM_ROWS, o[1].across, n * VLM_ROWS);
    g_assert_cmpmem (o[0].down, n, o[1].down, n);
    g_assert_cmpmem (o[0].wide, n * VLM_ROWS, o[1].wide, n * VLM_ROWS);
    g_assert_cmpmem (o[0].narrow, n, o[1].narrow, n);
    g_assert_cmpmem (o[0].bytes, n, o[1].bytes, n);
    for (guint i = 0; i < 2; i++)
      g_assert_cmpmem (
          o[0].packed[i], 3 * N_COLUMNS, o[1].packed[i], 3 * N_COLUMNS);
    for (guint s = 0; s < 2; s++)
      outputs_clear (&o[s]);
  }
}

/* A last tap that is fused: one rounding. The sums are next to the middle of two
 * floats, so close that in double they are the middle; the last one is it. */
static void
test_fused_tap (void)
{
  static const float sums[][4] = { /* start, factors, result */
    { 1.0f, 0x1.001p-12f, 0x0.fff001p-12f, 0x1.000002p0f },
    { 0x1.000002p0f, 0x1.000002p-12f, 0x0.fffffep-12f, 0x1.000002p0f },
    { 1.0f, 0x1p-12f, 0x1p-12f, 1.0f }
  };
  const VlmResampleKernels *sets[2] = { vlm_resample_kernels_plain (),
    vlm_resample_kernels () };

  for (guint i = 0; i < G_N_ELEMENTS (sums); i++)
    for (guint s = 0; s < 2; s++) {
      float rows[2][VLM_BLOCK], out[VLM_BLOCK];
      const float *pointers[2] = { rows[0], rows[1] };
      const float weights[2] = { 1.0f, sums[i][2] };

      for (guint k = 0; k < VLM_BLOCK; k++) {
        rows[0][k] = sums[i][0];
        rows[1][k] = sums[i][1];
      }
      sets[s]->down_f32 (pointers, weights, 2, VLM_BLOCK, out);
      for (guint k = 0; k < VLM_BLOCK; k++)
        g_assert_cmpfloat (out[k], ==, sums[i][3]);
    }
}

static void
test_known (void)
{
  static const struct
  {
    VlmColorMatrix matrix;
    gboolean full;
    guint8 yuv[3];
    guint8 rgb[3];
  } colors[] = {
    { VLM_COLOR_MATRIX_BT601, FALSE, { 81, 90, 240 }, { 254, 0, 0 } },
    { VLM_COLOR_MATRIX_BT709, FALSE, { 63, 102, 240 }, { 255, 1, 0 } },
    { VLM_COLOR_MATRIX_BT709, FALSE, { 235, 128, 128 }, { 255, 255, 255 } },
    { VLM_COLOR_MATRIX_BT2020, FALSE, { 16, 128, 128 }, { 0, 0, 0 } },
    { VLM_COLOR_MATRIX_BT601, TRUE, { 29, 255, 107 }, { 0, 0, 254 } },
    { VLM_COLOR_MATRIX_BT601, FALSE, { 255, 128, 128 }, { 255, 255, 255 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (colors); i++) {
    VlmImageView view = { VLM_PIXEL_FORMAT_I420, colors[i].matrix,
      colors[i].full, 1, 1,
      { colors[i].yuv, colors[i].yuv + 1, colors[i].yuv + 2 }, { 1, 1, 1 } };
    g_autofree guint8 *rgb = resize (&view, 1, 1, VLM_RESAMPLE_VIDEO);

    count_off (rgb, colors[i].rgb, 3, 1);
  }
}

static void
test_frame (void)
{
  g_autofree guint8 *rgb = make_scene (90, 60);
  VlmImageView view = rgb_view (rgb, 90, 60);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmFrame) frame =
      vlm_frame_new (&view, 56, 28, VLM_RESAMPLE_VIDEO, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (frame->width, ==, 56);
  g_assert_cmpuint (frame->height, ==, 28);
  g_assert_cmpuint (frame->source_width, ==, 90);
  g_assert_cmpuint (frame->source_height, ==, 60);
  g_assert_false (VLM_TIME_IS_VALID (frame->time.pts));
  g_assert_false (VLM_TIME_IS_VALID (frame->time.utc));
  g_assert_cmpint (frame->time_source, ==, VLM_TIME_SOURCE_NONE);
  g_assert_cmpfloat (frame->motion, ==, -1.0f);

  g_autoptr (VlmFrame) same = g_boxed_copy (VLM_TYPE_FRAME, frame);
  g_assert_true (same == frame);
}

static void
assert_bad (VlmImageView view, guint width, guint height, const char *part)
{
  g_autoptr (GError) error = NULL;
  VlmFrame *frame =
      vlm_frame_new (&view, width, height, VLM_RESAMPLE_VIDEO, &error);

  g_assert_null (frame);
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  g_assert_nonnull (strstr (error->message, part));
}

static void
test_bad (void)
{
  guint8 pixels[3 * 16] = { 0 };
  VlmImageView good = rgb_view (pixels, 4, 4);
  VlmImageView view;

  assert_bad (good, 0, 4, "0x4");
  assert_bad (good, 4, 100000, "4x100000");
  assert_bad (good, 60000, 60000, "60000x60000");
  view = good;
  view.width = 0;
  assert_bad (view, 4, 4, "0x4");
  view = good;
  view.height = 100000;
  assert_bad (view, 4, 4, "4x100000");
  view = good;
  view.strides[0] = 11;
  assert_bad (view, 4, 4, "stride 11, a row needs 12");
  view.strides[0] = -11;
  assert_bad (view, 4, 4, "stride -11");
  view = good;
  view.planes[0] = NULL;
  assert_bad (view, 4, 4, "no data");
  view = good;
  view.format = (VlmPixelFormat) N_FORMATS;
  assert_bad (view, 4, 4, "format 12");
  view = good;
  view.matrix = (VlmColorMatrix) 7;
  assert_bad (view, 4, 4, "matrix 7");
  /* 4:2:2 rows hold whole pairs */
  view = good;
  view.format = VLM_PIXEL_FORMAT_YUY2;
  view.width = 7;
  assert_bad (view, 4, 4, "needs 16 bytes");
}

/* A part of a picture has the pixels that the whole has there. */
static void
test_crop (void)
{
  static const VlmRect parts[] = { { 0, 0, 37, 23 }, { 10, 6, 12, 9 },
    { 36, 22, 1, 1 }, { 2, 0, 35, 1 } };

  for (VlmPixelFormat format = 0; format < N_FORMATS; format++) {
    g_auto (Picture) picture;
    g_autofree guint8 *whole = NULL;

    picture_init (&picture, format, 37, 23, 3, format % 2 == 0);
    whole = resize (&picture.view, 37, 23, VLM_RESAMPLE_IMAGE);
    for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
      const VlmRect *part = &parts[i];
      guint width = (guint) part->width, height = (guint) part->height;
      g_autofree guint8 *cut = NULL;
      VlmImageView view;

      vlm_image_view_crop (&picture.view, part, &view);
      cut = resize (&view, width, height, VLM_RESAMPLE_IMAGE);
      for (guint y = 0; y < height; y++)
        g_assert_cmpmem (cut + 3 * y * width, 3 * width,
            whole + 3 * (((guint) part->y + y) * 37 + (guint) part->x),
            3 * width);
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frame/convert", test_convert);
  g_test_add_func ("/frame/known-colors", test_known);
  g_test_add_func ("/frame/resize", test_resize);
  g_test_add_func ("/frame/fused", test_fused);
  g_test_add_func ("/frame/kernels", test_kernels);
  g_test_add_func ("/frame/fused-tap", test_fused_tap);
  g_test_add_func ("/frame/new", test_frame);
  g_test_add_func ("/frame/crop", test_crop);
  g_test_add_func ("/frame/bad", test_bad);
  return g_test_run ();
}
