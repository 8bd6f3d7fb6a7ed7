/* gst-vlm: windows, slices and 2-D angles of the vision tower
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include <vlm/vlm-error.h>

#include "model/qwen2_5_vl/vision-plan.h"

static const VlmVisionConfig config = {
  .hidden_size = 64,
  .n_heads = 4,
  .head_dim = 16,
  .patch_size = 14,
  .temporal_patch_size = 2,
  .spatial_merge_size = 2,
  .window_size = 112,
};

static VlmVisionPlan *
plan_new (const VlmGrid *grids, guint n_grids)
{
  g_autoptr (GError) error = NULL;
  VlmVisionPlan *plan = vlm_vision_plan_new (&config, grids, n_grids, &error);

  g_assert_no_error (error);
  return plan;
}

static void
assert_bounds (const guint32 *bounds, guint n, const guint32 *expected)
{
  for (guint i = 0; i <= n; i++)
    g_assert_cmpuint (bounds[i], ==, expected[i]);
}

/* 3 x 5 cells: one window of 3 x 4 and one of 3 x 1. */
static void
test_ragged (void)
{
  static const guint32 order[] = { 0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 4, 9,
    14 };
  static const guint32 windows[] = { 0, 48, 60 };
  static const guint32 slices[] = { 0, 60 };
  VlmGrid grid = { 1, 6, 10 };
  g_autoptr (VlmVisionPlan) plan = plan_new (&grid, 1);

  g_assert_cmpuint (plan->n_patches, ==, 60);
  g_assert_cmpuint (plan->n_cells, ==, 15);
  g_assert_cmpmem (plan->window_index, plan->n_cells * 4, order, sizeof order);
  g_assert_cmpuint (plan->n_windows, ==, 2);
  assert_bounds (plan->window_bounds, 2, windows);
  g_assert_cmpuint (plan->n_slices, ==, 1);
  assert_bounds (plan->slice_bounds, 1, slices);
  /* The last cell of the narrow window is that of row 2, column 4. */
  for (guint i = 0; i < 4; i++) {
    g_assert_cmpuint (plan->rows[56 + i], ==, 4 + i / 2);
    g_assert_cmpuint (plan->cols[56 + i], ==, 8 + i % 2);
  }
}

/* Sides that divide give no empty windows; slices and grids follow on. */
static void
test_several (void)
{
  static const guint32 windows[] = { 0, 64, 128, 192, 256, 260 };
  static const guint32 slices[] = { 0, 128, 256, 260 };
  static const VlmGrid grids[] = { { 2, 8, 16 }, { 1, 2, 2 } };
  g_autoptr (VlmVisionPlan) plan = plan_new (grids, 2);

  g_assert_cmpuint (plan->n_windows, ==, 5);
  assert_bounds (plan->window_bounds, 5, windows);
  g_assert_cmpuint (plan->n_slices, ==, 3);
  assert_bounds (plan->slice_bounds, 3, slices);
  g_assert_cmpuint (plan->window_index[0], ==, 0);
  g_assert_cmpuint (plan->window_index[4], ==, 8);
  g_assert_cmpuint (plan->window_index[16], ==, 4);
  g_assert_cmpuint (plan->window_index[32], ==, 32);
  g_assert_cmpuint (plan->window_index[64], ==, 64);
}

/* Every size: a permutation inside of each slice, windows no larger than 8 x 8
 * patches that end where slices end. */
static void
test_all_sizes (void)
{
  for (guint h = 2; h <= 22; h += 2)
    for (guint w = 2; w <= 22; w += 2) {
      VlmGrid grid = { 2, h, w };
      g_autoptr (VlmVisionPlan) plan = plan_new (&grid, 1);
      g_autofree gboolean *seen = g_new0 (gboolean, plan->n_cells);
      guint half = plan->n_cells / 2, at_slice_end = 0;

      for (guint i = 0; i < plan->n_cells; i++) {
        guint cell = plan->window_index[i];

        g_assert_cmpuint (cell / half, ==, i / half);
        g_assert_false (seen[cell]);
        seen[cell] = TRUE;
        g_assert_cmpuint (plan->rows[i * 4], ==, cell % half / (w / 2) * 2);
        g_assert_cmpuint (plan->cols[i * 4], ==, cell % half % (w / 2) * 2);
      }
      for (guint i = 0; i < plan->n_windows; i++) {
        guint n = plan->window_bounds[i + 1] - plan->window_bounds[i];

        g_assert_cmpuint (n, >, 0);
        g_assert_cmpuint (n, <=, 64);
        at_slice_end += plan->window_bounds[i + 1] == plan->slice_bounds[1];
      }
      g_assert_cmpuint (at_slice_end, ==, 1);
      g_assert_cmpuint (
          plan->window_bounds[plan->n_windows], ==, plan->n_patches);
    }
}

static void
test_angles (void)
{
  VlmGrid grid = { 1, 6, 10 };
  g_autoptr (VlmVisionPlan) plan = plan_new (&grid, 1);
  g_autofree float *angles = g_new (float, plan->n_patches * 16);

  vlm_vision_plan_angles (plan, &config, angles);
  for (guint i = 0; i < plan->n_patches; i++)
    for (guint j = 0; j < 8; j++) {
      guint position = j < 4 ? plan->rows[i] : plan->cols[i];
      double angle = position * pow (10000.0, -2.0 * (j % 4) / 8.0);

      g_assert_cmpfloat_with_epsilon (angles[i * 16 + j], cos (angle), 1e-6);
      g_assert_cmpfloat_with_epsilon (
          angles[i * 16 + 8 + j], sin (angle), 1e-6);
    }
}

static void
test_bad_grids (void)
{
  static const VlmGrid bad[] = { { 0, 2, 2 }, { 1, 0, 2 }, { 1, 3, 2 },
    { 1, 2, 5 }, { 1, 1u << 20, 1u << 20 }, { 1u << 30, 2, 2 } };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (vlm_vision_plan_new (&config, &bad[i], 1, &error));
    g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vision-plan/ragged", test_ragged);
  g_test_add_func ("/vision-plan/several", test_several);
  g_test_add_func ("/vision-plan/all-sizes", test_all_sizes);
  g_test_add_func ("/vision-plan/angles", test_angles);
  g_test_add_func ("/vision-plan/bad-grids", test_bad_grids);
  return g_test_run ();
}
