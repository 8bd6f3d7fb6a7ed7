/* gst-vlm: nothing of a blackened region is left in a copy
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-blackout.h>

#define WIDTH 322
#define HEIGHT 180

/* Gray, and @inside where the regions are, by the even-odd rule at the middle
 * of each pixel. */
static guint8 *
paint (const VlmRegions *regions, guint8 inside)
{
  guint8 *pixels = g_malloc (WIDTH * HEIGHT);

  for (guint y = 0; y < HEIGHT; y++) {
    for (guint x = 0; x < WIDTH; x++) {
      gboolean is_in = FALSE;

      for (guint r = 0; r < vlm_regions_get_n_regions (regions); r++) {
        guint n = vlm_regions_get_n_points (regions, r);

        for (guint i = 0; i < n; i++) {
          double x0, y0, x1, y1, py = y + 0.5;

          vlm_regions_get_point (regions, r, i, WIDTH, HEIGHT, &x0, &y0);
          vlm_regions_get_point (
              regions, r, (i + 1) % n, WIDTH, HEIGHT, &x1, &y1);
          if ((y0 <= py) != (y1 <= py) &&
              x + 0.5 < x0 + (x1 - x0) * (py - y0) / (y1 - y0))
            is_in = !is_in;
        }
      }
      pixels[y * WIDTH + x] = is_in ? inside : 128;
    }
  }
  return pixels;
}

static VlmFrame *
copy (const guint8 *pixels, const VlmRect *part, guint width, guint height,
    VlmResample resample)
{
  const VlmImageView whole = { .format = VLM_PIXEL_FORMAT_GRAY8,
    .full_range = TRUE,
    .width = WIDTH,
    .height = HEIGHT,
    .planes = { pixels },
    .strides = { WIDTH } };
  VlmImageView view;
  VlmFrame *frame;

  vlm_image_view_crop (&whole, part, &view);
  frame = vlm_frame_new (&view, width, height, resample, NULL);
  g_assert_nonnull (frame);
  frame->source_x = (guint) part->x;
  frame->source_y = (guint) part->y;
  return frame;
}

/* Whatever is in the regions, the copies are the same; and only what is near to
 * them is black. */
static void
check (const char *text, VlmRect part, guint width, guint height)
{
  g_autoptr (VlmRegions) regions = vlm_regions_parse (text, NULL);
  g_autoptr (VlmBlackout) blackout = vlm_blackout_new (regions);
  g_autofree guint8 *white = paint (regions, 255);
  g_autofree guint8 *dark = paint (regions, 1);

  for (VlmResample way = VLM_RESAMPLE_IMAGE; way <= VLM_RESAMPLE_VIDEO; way++) {
    g_autoptr (VlmFrame) a = copy (white, &part, width, height, way);
    g_autoptr (VlmFrame) b = copy (dark, &part, width, height, way);
    gsize n = (gsize) 3 * width * height, n_black = 0, n_different = 0;

    for (gsize i = 0; i < n; i++)
      n_different += a->pixels[i] != b->pixels[i];
    g_assert_cmpuint (n_different, >, 0);
    vlm_blackout_apply (blackout, a, WIDTH, HEIGHT);
    vlm_blackout_apply (blackout, b, WIDTH, HEIGHT);
    g_assert_cmpmem (a->pixels, n, b->pixels, n);
    for (gsize i = 0; i < n; i++)
      n_black += a->pixels[i] == 0;
    /* at most three pixels on each side of what differed */
    g_assert_cmpuint (n_black, >=, n_different);
    g_assert_cmpuint (n_black, <, n_different + 3 * 16 * (width + height));
    g_assert_cmpuint (n_black, <, n);
  }
}

static void
test_hides (void)
{
  static const char *const texts[] = {
    "0.3,0.3 0.6,0.3 0.6,0.7 0.3,0.7",
    "100,20 220,60 140,150",       /* slanted */
    "40,40 200,140 200,40 40,140", /* crosses itself */
    "100,60 150,60 150,61 100,61",
    "0,0 0.2,0 0,0.2; 0.8,1 1,0.8 1,1", /* corners */
    "0.5,0 0.502,0 0.502,1 0.5,1",
  };
  const VlmRect all = { 0, 0, WIDTH, HEIGHT }, part = { 20, 10, 282, 160 };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    check (texts[i], all, 112, 56);  /* smaller */
    check (texts[i], all, 644, 364); /* larger */
    check (texts[i], all, 112, 364); /* both */
    check (texts[i], part, 140, 84);
  }
}

/* The plan follows the size of copy and part. */
static void
test_sizes (void)
{
  g_autoptr (VlmRegions) regions =
      vlm_regions_parse ("0.5,0 1,0 1,1 0.5,1", NULL);
  g_autoptr (VlmBlackout) blackout = vlm_blackout_new (regions);
  g_autofree guint8 *pixels = paint (regions, 255);
  const VlmRect all = { 0, 0, WIDTH, HEIGHT }, left = { 0, 0, 100, HEIGHT };

  for (guint i = 0; i < 2; i++) {
    g_autoptr (VlmFrame) whole =
        copy (pixels, &all, 56, 28, VLM_RESAMPLE_VIDEO);
    g_autoptr (VlmFrame) cut = copy (pixels, &left, 28, 56, VLM_RESAMPLE_VIDEO);

    vlm_blackout_apply (blackout, whole, WIDTH, HEIGHT);
    g_assert_cmpuint (whole->pixels[3 * 55], ==, 0);
    g_assert_cmpuint (whole->pixels[3 * 20], ==, 128);
    vlm_blackout_apply (blackout, cut, WIDTH, HEIGHT);
    for (guint k = 0; k < 3 * 28 * 56; k++)
      g_assert_cmpuint (cut->pixels[k], ==, 128);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/blackout/hides", test_hides);
  g_test_add_func ("/blackout/sizes", test_sizes);
  return g_test_run ();
}
