/* gst-vlm: frames to rows of patches
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-error.h>

#include "media/patchify.h"

static const float mean[3] = { 0.48145466f, 0.4578275f, 0.40821073f };
static const float std[3] = { 0.26862954f, 0.26130258f, 0.27577711f };

static VlmFrame *
make_frame (guint width, guint height)
{
  g_autofree guint8 *rgb = g_malloc ((gsize) 3 * width * height);
  VlmImageView view = { .format = VLM_PIXEL_FORMAT_RGB,
    .width = width,
    .height = height,
    .planes = { rgb },
    .strides = { 3 * (gint) width } };

  for (gsize i = 0; i < (gsize) 3 * width * height; i++)
    rgb[i] = (guint8) g_test_rand_int ();
  return vlm_frame_new (&view, width, height, VLM_RESAMPLE_IMAGE, NULL);
}

/* Where the value of a pixel belongs, from the definition: the axes of
 * [t, d, c, cell row, row in cell, y, cell column, column in cell, x] are put
 * into the order t, cell row, cell column, row in cell, column in cell, c, d,
 * y, x. */
static gsize
place (const VlmGeometry *g, const VlmPatchGrid *grid, guint frame, guint c,
    guint y, guint x)
{
  guint p = g->patch_size, m = g->merge_size, d = g->temporal_patch_size;
  guint axes[9] = { frame / d, y / (p * m), x / (p * m), y / p % m, x / p % m,
    c, frame % d, y % p, x % p };
  guint sizes[9] = { grid->t, grid->h / m, grid->w / m, m, m, 3, d, p, p };
  gsize index = 0;

  for (guint i = 0; i < 9; i++)
    index = index * sizes[i] + axes[i];
  return index;
}

static void
check (const VlmGeometry *g, guint width, guint height, guint n_frames)
{
  g_autoptr (GPtrArray) frames =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_frame_unref);
  VlmFrame *const *list;
  g_autoptr (GError) error = NULL;
  VlmNormTable table;
  VlmPatchGrid grid;

  for (guint i = 0; i < n_frames; i++)
    g_ptr_array_add (frames, make_frame (width, height));
  list = (VlmFrame *const *) frames->pdata;
  vlm_norm_table_init (&table, mean, std);
  vlm_patch_grid (g, list, n_frames, &grid, &error);
  g_assert_no_error (error);

  guint depth = g->temporal_patch_size;
  guint n_all = (n_frames + depth - 1) / depth * depth;
  gsize n = (gsize) grid.n_patches * grid.patch_floats;
  g_assert_cmpuint (n, ==, (gsize) 3 * width * height * n_all);

  /* a guard after the last one */
  g_autofree float *patches = g_new (float, n + 1);
  patches[n] = 1234.5f;
  vlm_patchify (g, &table, &grid, list, n_frames, patches);
  g_assert_cmpfloat (patches[n], ==, 1234.5f);
  for (guint t = 0; t < n_all; t++)
    for (gsize i = 0; i < (gsize) 3 * width * height; i++) {
      guint c = i % 3, x = (guint) (i / 3 % width);
      guint y = (guint) (i / 3 / width);
      guint8 byte = list[MIN (t, n_frames - 1)]->pixels[i];
      float scaled = (float) (byte * (1.0 / 255.0));
      float expected = (scaled - mean[c]) / std[c];

      g_assert_cmpfloat (patches[place (g, &grid, t, c, y, x)], ==, expected);
    }
}

static void
test_order (void)
{
  static const VlmGeometry real = { 14, 2, 2, 3136, 12845056 };
  static const VlmGeometry other = { 3, 4, 3, 1, 1000 };

  check (&real, 28, 28, 1);
  check (&real, 84, 56, 2);
  check (&real, 56, 112, 5);
  check (&other, 24, 36, 4);
}

static void
test_bad (void)
{
  static const VlmGeometry real = { 14, 2, 2, 3136, 12845056 };
  static const VlmGeometry none = { 0 };
  g_autoptr (VlmFrame) frame = make_frame (28, 28);
  g_autoptr (VlmFrame) larger = make_frame (56, 28);
  g_autoptr (VlmFrame) ragged = make_frame (42, 28);
  VlmFrame *const mixed[] = { frame, larger };
  VlmPatchGrid grid;
  GError *error = NULL;

  g_assert_false (vlm_patch_grid (&real, mixed, 2, &grid, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  g_assert_nonnull (strstr (error->message, "frame 1 has 56x28"));
  g_clear_error (&error);
  g_assert_false (vlm_patch_grid (&real, &ragged, 1, &grid, &error));
  g_assert_nonnull (strstr (error->message, "multiples of 28"));
  g_clear_error (&error);
  g_assert_false (vlm_patch_grid (&real, mixed, 0, &grid, &error));
  g_clear_error (&error);
  g_assert_false (vlm_patch_grid (&none, mixed, 1, &grid, &error));
  g_clear_error (&error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/patchify/order", test_order);
  g_test_add_func ("/patchify/bad", test_bad);
  return g_test_run ();
}
