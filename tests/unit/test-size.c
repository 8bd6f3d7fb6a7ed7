/* gst-vlm: the size pictures are brought to
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-error.h>
#include <vlm/vlm-frame.h>
#include <vlm/vlm-size.h>

static const VlmGeometry geometry = { 14, 2, 2, 3136, 12845056 };

/* What the reference's rule gives, worked out in Python. */
static const struct
{
  guint width, height;
  guint64 min_pixels, max_pixels;
  guint new_width, new_height;
} images[] = {
  { 42, 42, 0, 0, 56, 56 },
  { 98, 70, 0, 0, 112, 56 },
  { 14, 14, 0, 0, 56, 56 },
  { 1, 1, 0, 0, 56, 56 },
  { 200, 1, 0, 0, 812, 28 },
  { 28, 28, 0, 0, 56, 56 },
  { 84, 56, 0, 0, 84, 56 },
  { 640, 480, 0, 0, 644, 476 },
  { 1920, 1080, 0, 0, 1932, 1092 },
  { 3840, 2160, 0, 0, 3836, 2156 },
  { 6000, 4000, 0, 0, 4368, 2912 },
  { 10000, 10000, 0, 0, 3556, 3556 },
  { 2800, 30, 0, 0, 2800, 28 },
  { 317, 211, 0, 0, 308, 224 },
  { 1000, 13, 0, 0, 504, 28 },
  { 20000, 100, 0, 0, 19992, 112 },
  { 3, 1, 0, 0, 112, 56 },
  { 3584, 3584, 0, 0, 3584, 3584 },
  { 3584, 3585, 0, 0, 3584, 3584 },
  { 640, 480, 0, 156800, 448, 336 },
  { 1920, 1080, 0, 112896, 448, 252 },
  { 600, 600, 501760, 12845056, 728, 728 },
  { 2800, 30, 784, 1568, 364, 28 },
  { 9000, 50, 784, 3136, 728, 28 },
};

static const struct
{
  guint n_frames, width, height;
  guint64 min_pixels, max_pixels, total_pixels;
  guint new_width, new_height;
} videos[] = {
  { 4, 1920, 1080, 0, 0, 0, 1008, 560 },
  { 20, 1920, 1080, 0, 0, 0, 1008, 560 },
  { 300, 1920, 1080, 0, 0, 0, 1008, 560 },
  { 301, 1920, 1080, 0, 0, 0, 1008, 560 },
  { 768, 1920, 1080, 0, 0, 0, 644, 336 },
  { 768, 3840, 2160, 0, 0, 0, 644, 336 },
  { 1700, 1920, 1080, 0, 0, 0, 420, 224 },
  { 2000, 1920, 1080, 0, 0, 0, 420, 224 },
  { 100000, 1920, 1080, 0, 0, 0, 420, 224 },
  { 20, 160, 120, 0, 0, 0, 392, 280 },
  { 6, 160, 120, 12544, 50176, 0, 168, 112 },
  { 5, 130, 90, 12544, 50176, 0, 140, 112 },
  { 20, 1920, 1080, 0, 112896, 0, 448, 252 },
  { 20, 1920, 1080, 0, 900000, 0, 1008, 560 },
  { 64, 1920, 1080, 12544, 0, 16056320, 924, 504 },
  { 768, 1920, 1080, 12544, 0, 16056320, 252, 140 },
  { 10, 3, 2, 784, 0, 0, 28, 28 },
  { 10, 5000, 30, 100352, 0, 0, 5012, 28 },
  { 7, 777, 333, 0, 0, 1234567, 784, 336 },
};

static void
test_image (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (images); i++) {
    g_autoptr (GError) error = NULL;
    guint width = 0, height = 0;

    vlm_image_plan_size (&geometry, images[i].width, images[i].height,
        images[i].min_pixels, images[i].max_pixels, &width, &height, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (width, ==, images[i].new_width);
    g_assert_cmpuint (height, ==, images[i].new_height);
  }
}

static void
test_video (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (videos); i++) {
    VlmVideoLimits limits = { videos[i].min_pixels, videos[i].max_pixels,
      videos[i].total_pixels };
    g_autoptr (GError) error = NULL;
    guint width = 0, height = 0;

    vlm_video_plan_size (&geometry, &limits, videos[i].n_frames,
        videos[i].width, videos[i].height, &width, &height, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (width, ==, videos[i].new_width);
    g_assert_cmpuint (height, ==, videos[i].new_height);
  }
}

/* A planned size stays as it is when it is planned again. */
static void
test_again (void)
{
  for (guint i = 0; i < 500; i++) {
    guint width = (guint) g_test_rand_int_range (200, 4000);
    guint height = (guint) g_test_rand_int_range (200, 4000);
    guint n_frames = (guint) g_test_rand_int_range (1, 2000);
    guint w[2], h[2];

    g_assert_true (vlm_video_plan_size (
        &geometry, NULL, n_frames, width, height, &w[0], &h[0], NULL));
    g_assert_cmpuint (w[0] % 28 + h[0] % 28, ==, 0);
    g_assert_cmpuint (w[0] * h[0], <=, 768 * 784);
    g_assert_true (
        vlm_image_plan_size (&geometry, w[0], h[0], 0, 0, &w[1], &h[1], NULL));
    g_assert_cmpuint (w[1], ==, w[0]);
    g_assert_cmpuint (h[1], ==, h[0]);
  }
}

/* A limit that is given moves the other one's default out of the way. */
static void
test_limits (void)
{
  VlmVideoLimits limits = { 0, 50176, 0 };
  guint width, height;

  g_assert_true (vlm_video_plan_size (
      &geometry, &limits, 8, 1920, 1080, &width, &height, NULL));
  g_assert_cmpuint (width * height, <=, 50176);
  g_assert_true (vlm_image_plan_size (
      &geometry, 1920, 1080, 0, 784, &width, &height, NULL));
  g_assert_cmpuint (width * height, ==, 784);
}

/* A model's own limits hold unless the user sets others. */
static void
test_model_limits (void)
{
  VlmGeometry small = geometry;
  VlmVideoLimits limits = { 0, 602112, 0 };
  guint width, height;

  small.video_min_pixels = 12544;
  small.video_max_pixels = 37632;
  g_assert_true (
      vlm_video_plan_size (&small, NULL, 20, 640, 360, &width, &height, NULL));
  g_assert_cmpuint (width, ==, 252);
  g_assert_cmpuint (height, ==, 140);
  g_assert_true (
      vlm_video_plan_size (&small, NULL, 20, 60, 40, &width, &height, NULL));
  g_assert_cmpuint (width * height, >=, 12544);
  g_assert_true (vlm_video_plan_size (
      &small, &limits, 20, 1920, 1080, &width, &height, NULL));
  g_assert_cmpuint (width, ==, 1008);
}

static void
assert_bad (gboolean ok, GError *error, const char *part)
{
  g_assert_false (ok);
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  if (strstr (error->message, part) == NULL)
    g_error ("\"%s\" does not tell \"%s\"", error->message, part);
  g_error_free (error);
}

static void
assert_bad_image (const VlmGeometry *model, guint width, guint height,
    guint64 min_pixels, guint64 max_pixels, const char *part)
{
  GError *error = NULL;
  guint w, h;
  gboolean ok = vlm_image_plan_size (
      model, width, height, min_pixels, max_pixels, &w, &h, &error);

  assert_bad (ok, error, part);
}

static void
test_bad (void)
{
  VlmGeometry none = { 0 };
  VlmVideoLimits narrow = { 0, 784, 0 };
  GError *error = NULL;
  guint w, h;

  assert_bad_image (&geometry, 0, 10, 0, 0, "0x10");
  assert_bad_image (&geometry, 70000, 70000, 0, 0, "70000x70000");
  assert_bad_image (&geometry, 2010, 10, 0, 0, "201.0 times");
  assert_bad_image (&geometry, 10, 2001, 0, 0, "200.1 times");
  assert_bad_image (&geometry, 100, 100, 7840, 784, "7840");
  assert_bad_image (
      &geometry, 100, 100, G_GUINT64_CONSTANT (1) << 60, 0, "100x100");
  assert_bad_image (&none, 100, 100, 0, 0, "multiple");

  gboolean ok =
      vlm_video_plan_size (&geometry, NULL, 0, 640, 480, &w, &h, &error);
  assert_bad (ok, g_steal_pointer (&error), "without frames");
  /* by the reference's rule the short side would be 0 */
  ok = vlm_video_plan_size (&geometry, &narrow, 2, 1000, 100, &w, &h, &error);
  assert_bad (ok, g_steal_pointer (&error), "1000x100");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/size/image", test_image);
  g_test_add_func ("/size/video", test_video);
  g_test_add_func ("/size/again", test_again);
  g_test_add_func ("/size/limits", test_limits);
  g_test_add_func ("/size/model-limits", test_model_limits);
  g_test_add_func ("/size/bad", test_bad);
  return g_test_run ();
}
