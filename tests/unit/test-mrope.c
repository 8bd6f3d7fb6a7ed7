/* gst-vlm: three-axis positions with absolute time
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "model/qwen2_5_vl/mrope.h"

static const VlmVisionConfig vision = {
  .patch_size = 14,
  .spatial_merge_size = 2,
  .temporal_patch_size = 2,
  .tokens_per_second = 2,
};

static gint32
position (const VlmPositions *positions, guint axis, guint i)
{
  return g_array_index (positions->axes[axis], gint32, i);
}

static void
assert_position (
    const VlmPositions *positions, guint i, gint32 t, gint32 h, gint32 w)
{
  g_assert_cmpint (position (positions, 0, i), ==, t);
  g_assert_cmpint (position (positions, 1, i), ==, h);
  g_assert_cmpint (position (positions, 2, i), ==, w);
}

/* Text, an image of 2 x 3 cells, text, a video of 2 slices of 1 x 2, text. */
static void
test_mixed (void)
{
  VlmPositions p;

  vlm_positions_init (&p);
  vlm_positions_add_text (&p, 0);
  vlm_positions_add_text (&p, 3);
  vlm_positions_add_image (&p, &vision, (VlmGrid){ 1, 4, 6 });
  assert_position (&p, 2, 2, 2, 2);
  assert_position (&p, 3, 3, 3, 3);
  assert_position (&p, 5, 3, 3, 5);
  assert_position (&p, 8, 3, 4, 5);
  g_assert_cmpint (p.next, ==, 6);
  vlm_positions_add_text (&p, 1);
  assert_position (&p, 9, 6, 6, 6);
  vlm_positions_add_video (&p, &vision, (VlmGrid){ 2, 2, 4 }, 2.0f);
  assert_position (&p, 11, 7, 7, 8);
  assert_position (&p, 12, 11, 7, 7);
  /* The temporal axis is the longest here. */
  g_assert_cmpint (p.next, ==, 12);
  vlm_positions_add_text (&p, 1);
  assert_position (&p, 14, 12, 12, 12);
  g_assert_cmpuint (p.axes[0]->len, ==, 15);
  vlm_positions_clear (&p);
}

static void
test_rates (void)
{
  static const struct
  {
    double fps;
    gint32 expected[4];
  } cases[] = {
    { 0.5, { 0, 8, 16, 24 } },
    { 1, { 0, 4, 8, 12 } },
    { 1.5, { 0, 2, 5, 8 } },
    { 2, { 0, 2, 4, 6 } },
    { 3, { 0, 1, 2, 4 } },
    { 4, { 0, 1, 2, 3 } },
    { 30, { 0, 0, 0, 0 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VlmPositions p;

    vlm_positions_init (&p);
    vlm_positions_add_video (
        &p, &vision, (VlmGrid){ 4, 2, 2 }, (float) (2 / cases[i].fps));
    for (guint s = 0; s < 4; s++)
      g_assert_cmpint (position (&p, 0, s), ==, cases[i].expected[s]);
    vlm_positions_clear (&p);
  }
}

/* Slice times of a uniform grid give what the reference rule gives, wherever
 * the grid begins and however its times were rounded. */
static void
test_times_equal_rule (void)
{
  static const guint rates[][2] = { { 1, 2 }, { 1, 1 }, { 3, 2 }, { 2, 1 },
    { 5, 2 }, { 3, 1 }, { 4, 1 }, { 8, 1 }, { 30, 1 } };
  enum
  {
    N = 200
  };
  VlmGrid grid = { N, 2, 2 };

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++)
    for (guint up = 0; up < 2; up++) {
      gint64 first = 1000003;
      gint64 times[N];
      VlmPositions by_rule, by_time;

      for (guint s = 0; s < N; s++) {
        gint64 units = (first + 2 * s) * rates[i][1] * VLM_SECOND;

        times[s] = (units + up * (rates[i][0] - 1)) / rates[i][0];
      }
      vlm_positions_init (&by_rule);
      vlm_positions_init (&by_time);
      vlm_positions_add_video (
          &by_rule, &vision, grid, 2.0f * rates[i][1] / rates[i][0]);
      vlm_positions_add_video_times (&by_time, &vision, grid, times);
      for (guint s = 0; s < N; s++)
        g_assert_cmpint (position (&by_time, 0, s), ==,
            2 * 2 * (gint32) s * rates[i][1] / rates[i][0]);
      g_assert_cmpint (by_time.next, ==, by_rule.next);
      g_assert_cmpmem (
          by_time.axes[0]->data, N * 4, by_rule.axes[0]->data, N * 4);
      vlm_positions_clear (&by_rule);
      vlm_positions_clear (&by_time);
    }
}

static void
test_uneven_times (void)
{
  static const gint64 times[] = { 7, 500000006, 500000007, 3999999999999 };
  static const gint32 expected[] = { 0, 0, 1, 7999 };
  VlmPositions p;

  vlm_positions_init (&p);
  vlm_positions_add_video_times (&p, &vision, (VlmGrid){ 4, 2, 2 }, times);
  for (guint s = 0; s < 4; s++)
    g_assert_cmpint (position (&p, 0, s), ==, expected[s]);
  g_assert_cmpint (p.next, ==, 8000);
  vlm_positions_clear (&p);
}

/* Frequency j turns with the axis its section names. */
static void
test_angles (void)
{
  const VlmConfig config = { .text = { .head_dim = 32,
                                 .rope_theta = 1000000.0,
                                 .mrope_section = { 4, 6, 6 } } };
  float angles[12 * 32];
  VlmPositions p;

  vlm_positions_init (&p);
  vlm_positions_add_text (&p, 5);
  vlm_positions_add_video (&p, &vision, (VlmGrid){ 2, 4, 6 }, 1.0f);
  vlm_mrope_angles (&p, &config, 3, 12, angles);
  for (guint i = 0; i < 12; i++)
    for (guint j = 0; j < 16; j++) {
      guint axis = j < 4 ? 0 : j < 10 ? 1 : 2;
      double angle = position (&p, axis, 3 + i) * pow (1e6, -2.0 * j / 32);

      g_assert_cmpfloat_with_epsilon (angles[i * 32 + j], cos (angle), 2e-6);
      g_assert_cmpfloat_with_epsilon (
          angles[i * 32 + 16 + j], sin (angle), 2e-6);
    }
  vlm_positions_clear (&p);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mrope/mixed", test_mixed);
  g_test_add_func ("/mrope/rates", test_rates);
  g_test_add_func ("/mrope/times-equal-rule", test_times_equal_rule);
  g_test_add_func ("/mrope/uneven-times", test_uneven_times);
  g_test_add_func ("/mrope/angles", test_angles);
  return g_test_run ();
}
