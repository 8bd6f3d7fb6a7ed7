/* gst-vlm: how many frames fit into a budget, and their size
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-plan.h>
#include <vlm/vlm-rate.h>
#include <vlm/vlm-size.h>

static const VlmGeometry geometry = { 14, 2, 2, 3136, 12845056, 0, 0 };

static VlmVideoPlan
make_plan (const VlmVideoBudget *budget)
{
  g_autoptr (GError) error = NULL;
  VlmVideoPlan plan;

  g_assert_true (vlm_video_plan (&geometry, budget, 1920, 1080, &plan, &error));
  g_assert_no_error (error);
  return plan;
}

/* The sizes are those of qwen-vl-utils for so many frames and total_pixels. */
static void
assert_plan (const VlmVideoBudget *budget, guint n_shared, guint n_frames,
    double fps, gboolean is_lowered)
{
  VlmVideoPlan plan = make_plan (budget);
  VlmVideoLimits limits = { budget->min_pixels, budget->max_pixels,
    (budget->max_tokens != 0 ? budget->max_tokens : 24576) * 784ull };
  guint width;
  guint height;

  g_assert_true (vlm_video_plan_size (
      &geometry, &limits, n_shared, 1920, 1080, &width, &height, NULL));
  g_assert_cmpuint (plan.width, ==, width);
  g_assert_cmpuint (plan.height, ==, height);
  g_assert_cmpuint (plan.n_frames, ==, n_frames);
  g_assert_cmpfloat_with_epsilon ((double) plan.fps_n / plan.fps_d, fps, 1e-9);
  g_assert_cmpint (plan.is_lowered, ==, is_lowered);
}

static void
test_fits (void)
{
  VlmVideoBudget budget = {
    .duration = 10 * VLM_SECOND, .fps_n = 2, .fps_d = 1
  };

  /* 1008x560 are 720 tokens: 34 slices of them */
  assert_plan (&budget, 20, 68, 2.0, FALSE);
  /* half a slice more is a slice more */
  budget.duration = 10 * VLM_SECOND + 1;
  assert_plan (&budget, 22, 68, 2.0, FALSE);
}

static void
test_pixels_first (void)
{
  VlmVideoBudget budget = {
    .duration = 60 * VLM_SECOND, .fps_n = 2, .fps_d = 1
  };

  /* 120 frames share the tokens: 728x420 are 390 of 409 */
  assert_plan (&budget, 120, 126, 2.0, FALSE);
  g_assert_cmpuint (make_plan (&budget).width, ==, 728);
}

/* At the smallest area there are still too many. */
static void
test_then_rate (void)
{
  VlmVideoBudget budget = {
    .duration = 600 * VLM_SECOND, .fps_n = 4, .fps_d = 1
  };
  VlmVideoPlan plan;

  assert_plan (&budget, 768, 408, 408.0 / 600.0, TRUE);
  plan = make_plan (&budget);
  /* no more than the tokens, but nearly all of them */
  g_assert_cmpuint (
      plan.n_frames / 2 * (plan.width * plan.height / 784), <=, 24576);
  g_assert_cmpuint (
      (plan.n_frames / 2 + 1) * (plan.width * plan.height / 784), >, 24576);

  budget.max_frames = 17;
  assert_plan (&budget, 16, 16, 16.0 / 600.0, TRUE);
  budget.max_frames = 2;
  budget.max_tokens = 1;
  assert_plan (&budget, 2, 2, 2.0 / 600.0, TRUE);
}

static void
test_unknown_duration (void)
{
  VlmVideoBudget budget = { .fps_n = 4, .fps_d = 1 };

  assert_plan (&budget, 768, 408, 4.0, FALSE);
}

static void
test_long (void)
{
  static const gint64 days[] = { 1, 40, 100 };

  for (guint i = 0; i < G_N_ELEMENTS (days); i++) {
    VlmVideoBudget budget = {
      .duration = days[i] * 86400 * VLM_SECOND, .fps_n = 30000, .fps_d = 1001
    };

    assert_plan (&budget, 768, 408, 408.0 / (double) (days[i] * 86400), TRUE);
  }
}

static void
test_smaller (void)
{
  VlmVideoBudget budget = {
    .duration = 10 * VLM_SECOND, .fps_n = 2, .fps_d = 1
  };
  VlmVideoPlan plan = make_plan (&budget);
  guint64 before = (guint64) plan.width * plan.height;
  guint width;
  guint height;
  guint step = 1;

  g_assert_true (vlm_video_plan_smaller (
      &geometry, &budget, 1920, 1080, &plan, 0, &width, &height));
  g_assert_cmpuint (width, ==, plan.width);
  for (; vlm_video_plan_smaller (
           &geometry, &budget, 1920, 1080, &plan, step, &width, &height);
       step++) {
    g_assert_cmpuint ((guint64) width * height, <, before);
    g_assert_cmpuint ((guint64) width * height, <=,
        ((guint64) plan.width * plan.height) >> step);
    before = (guint64) width * height;
  }
  g_assert_cmpuint (step, >=, 4);

  /* never below the smallest area that was requested */
  budget.min_pixels = 200000;
  plan = make_plan (&budget);
  g_assert_true (vlm_video_plan_smaller (
      &geometry, &budget, 1920, 1080, &plan, 1, &width, &height));
  g_assert_cmpuint (width * height, >=, 200000);
  g_assert_false (vlm_video_plan_smaller (
      &geometry, &budget, 1920, 1080, &plan, 2, &width, &height));
}

static void
test_bad (void)
{
  VlmVideoBudget budget = { .fps_n = 1, .fps_d = 1, .max_frames = 1 };
  g_autoptr (GError) error = NULL;
  VlmVideoPlan plan;

  g_assert_false (
      vlm_video_plan (&geometry, &budget, 1920, 1080, &plan, &error));
  g_assert_nonnull (strstr (error->message, "max-frames 1"));
  g_clear_error (&error);
  budget = (VlmVideoBudget){
    .fps_n = 1, .fps_d = 1, .min_pixels = 2000, .max_pixels = 1000
  };
  g_assert_false (
      vlm_video_plan (&geometry, &budget, 1920, 1080, &plan, &error));
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/fits", test_fits);
  g_test_add_func ("/plan/pixels-first", test_pixels_first);
  g_test_add_func ("/plan/then-rate", test_then_rate);
  g_test_add_func ("/plan/unknown-duration", test_unknown_duration);
  g_test_add_func ("/plan/long", test_long);
  g_test_add_func ("/plan/smaller", test_smaller);
  g_test_add_func ("/plan/bad", test_bad);
  return g_test_run ();
}
