/* gst-vlm: how fast pictures are copied
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-motion.h>

#include "media/patchify.h"

#define N_RUNS 60

static const struct
{
  const char *name;
  VlmPixelFormat format;
  guint width;
  guint height;
  guint new_width;
  guint new_height;
  VlmResample resample;
} cases[] = {
  { "nv12 1080p -> 448x252", VLM_PIXEL_FORMAT_NV12, 1920, 1080, 448, 252,
      VLM_RESAMPLE_VIDEO },
  { "i420 1080p -> 448x252", VLM_PIXEL_FORMAT_I420, 1920, 1080, 448, 252,
      VLM_RESAMPLE_VIDEO },
  { "yuy2 1080p -> 448x252", VLM_PIXEL_FORMAT_YUY2, 1920, 1080, 448, 252,
      VLM_RESAMPLE_VIDEO },
  { "bgrx 1080p -> 448x252", VLM_PIXEL_FORMAT_BGRX, 1920, 1080, 448, 252,
      VLM_RESAMPLE_VIDEO },
  { "rgb 1080p -> 448x252", VLM_PIXEL_FORMAT_RGB, 1920, 1080, 448, 252,
      VLM_RESAMPLE_VIDEO },
  { "nv12 1080p -> 1036x588", VLM_PIXEL_FORMAT_NV12, 1920, 1080, 1036, 588,
      VLM_RESAMPLE_VIDEO },
  { "nv12 2160p -> 448x252", VLM_PIXEL_FORMAT_NV12, 3840, 2160, 448, 252,
      VLM_RESAMPLE_VIDEO },
  { "nv12 480p -> 448x336", VLM_PIXEL_FORMAT_NV12, 640, 480, 448, 336,
      VLM_RESAMPLE_VIDEO },
  { "nv12 1080p -> 448x252, image", VLM_PIXEL_FORMAT_NV12, 1920, 1080, 448, 252,
      VLM_RESAMPLE_IMAGE },
  { "nv12 1080p -> 1932x1092, image", VLM_PIXEL_FORMAT_NV12, 1920, 1080, 1932,
      1092, VLM_RESAMPLE_IMAGE },
};

static gsize
frame_bytes (VlmPixelFormat format, gsize n_pixels)
{
  if (format == VLM_PIXEL_FORMAT_NV12 || format == VLM_PIXEL_FORMAT_I420)
    return n_pixels * 3 / 2;
  if (format == VLM_PIXEL_FORMAT_YUY2)
    return n_pixels * 2;
  return n_pixels * (format == VLM_PIXEL_FORMAT_RGB ? 3 : 4);
}

/* Best of some: the machine may be busy. */
static double
time_memcpy (const guint8 *pixels, gsize n_bytes)
{
  g_autofree guint8 *copy = g_malloc (n_bytes);
  gint64 best = G_MAXINT64;

  for (guint i = 0; i < N_RUNS; i++) {
    gint64 start = g_get_monotonic_time ();

    memcpy (copy, pixels, n_bytes);
    __asm__ volatile("" : : "r"(copy) : "memory");
    best = MIN (best, g_get_monotonic_time () - start);
  }
  return (double) MAX (best, 1) / 1000.0;
}

static void
bench_frame (guint index)
{
  guint width = cases[index].width, height = cases[index].height;
  gsize n = (gsize) width * height;
  gsize n_bytes = frame_bytes (cases[index].format, n);
  g_autofree guint8 *pixels = g_malloc (n_bytes);
  VlmImageView view = { cases[index].format, VLM_COLOR_MATRIX_BT709, FALSE,
    width, height, { pixels, pixels + n, pixels + n * 5 / 4 },
    { (gint) width, (gint) width, (gint) width / 2 } };
  gint64 best = G_MAXINT64;

  if (view.format == VLM_PIXEL_FORMAT_I420)
    view.strides[1] /= 2;
  else if (view.format != VLM_PIXEL_FORMAT_NV12)
    view.strides[0] = (gint) (n_bytes / height);
  for (gsize i = 0; i < n_bytes; i++)
    pixels[i] = (guint8) (i * 7 + i / 1920 * 13);
  for (guint i = 0; i < N_RUNS; i++) {
    gint64 start = g_get_monotonic_time ();
    g_autoptr (VlmFrame) frame = vlm_frame_new (&view, cases[index].new_width,
        cases[index].new_height, cases[index].resample, NULL);

    g_assert_nonnull (frame);
    best = MIN (best, g_get_monotonic_time () - start);
  }

  double ms = (double) best / 1000.0;
  double copy_ms = time_memcpy (pixels, n_bytes);
  g_print ("{\"bench\": \"frame\", \"case\": \"%s\", \"ms\": %.3f, "
           "\"memcpy_ms\": %.3f, \"ratio\": %.1f}\n",
      cases[index].name, ms, copy_ms, ms / copy_ms);
}

/* The cost of a frame that is checked for motion, but not sampled. */
static void
bench_motion (guint width, guint height)
{
  gsize n = (gsize) width * height;
  g_autofree guint8 *pixels = g_malloc (n * 3 / 2);
  VlmImageView view = { .format = VLM_PIXEL_FORMAT_NV12,
    .width = width,
    .height = height,
    .planes = { pixels, pixels + n },
    .strides = { (gint) width, (gint) width } };
  g_autoptr (VlmMotion) motion = vlm_motion_new ();
  gint64 best = G_MAXINT64;
  float changed;

  for (gsize i = 0; i < n * 3 / 2; i++)
    pixels[i] = (guint8) (i * 7 + i / 1920 * 13);
  for (guint i = 0; i < N_RUNS; i++) {
    gint64 start = g_get_monotonic_time ();

    g_assert_true (vlm_motion_look (motion, &view, &changed, NULL));
    best = MIN (best, g_get_monotonic_time () - start);
    vlm_motion_keep (motion);
  }
  g_print ("{\"bench\": \"motion\", \"case\": \"%ux%u NV12\", "
           "\"ms\": %.3f}\n",
      width, height, (double) best / 1000.0);
}

static void
bench_patchify (void)
{
  static const VlmGeometry geometry = { 14, 2, 2, 3136, 12845056 };
  static const float mean[3] = { 0.5f, 0.5f, 0.5f };
  static const float std[3] = { 0.25f, 0.25f, 0.25f };
  g_autofree guint8 *pixels = g_malloc0 (3 * 448 * 252);
  VlmImageView view = { .format = VLM_PIXEL_FORMAT_RGB,
    .width = 448,
    .height = 252,
    .planes = { pixels },
    .strides = { 3 * 448 } };
  g_autoptr (VlmFrame) frame =
      vlm_frame_new (&view, 448, 252, VLM_RESAMPLE_VIDEO, NULL);
  VlmFrame *frames[2] = { frame, frame };
  VlmNormTable table;
  VlmPatchGrid grid;
  gint64 best = G_MAXINT64;

  vlm_norm_table_init (&table, mean, std);
  g_assert_true (vlm_patch_grid (&geometry, frames, 2, &grid, NULL));
  g_autofree float *patches =
      g_new (float, (gsize) grid.n_patches *grid.patch_floats);
  for (guint i = 0; i < N_RUNS; i++) {
    gint64 start = g_get_monotonic_time ();

    vlm_patchify (&geometry, &table, &grid, frames, 2, patches);
    best = MIN (best, g_get_monotonic_time () - start);
  }
  g_print ("{\"bench\": \"patchify\", \"case\": \"a slice of 448x252\", "
           "\"ms\": %.3f}\n",
      (double) best / 1000.0);
}

int
main (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    bench_frame (i);
  bench_motion (1920, 1080);
  bench_motion (3840, 2160);
  bench_patchify ();
  return 0;
}
