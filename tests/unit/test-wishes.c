/* gst-vlm: tests of kernels that are selected by name
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/select.h"
#include "nn/wishes.h"
#include "tests/support/warnings.h"

static void
test_patterns (void)
{
  const char *text = "matvec_group_*, -matvec_group_8 ,-choose_8,rms_norm";

  g_assert_cmpint (vlm_nn_wish (NULL, "rms_norm"), ==, VLM_NN_WISH_NONE);
  g_assert_cmpint (vlm_nn_wish ("", "rms_norm"), ==, VLM_NN_WISH_NONE);
  g_assert_cmpint (vlm_nn_wish (text, "rms_norm"), ==, VLM_NN_WISH_WANTED);
  g_assert_cmpint (vlm_nn_wish (text, "rms_norm_lanes"), ==, VLM_NN_WISH_NONE);
  g_assert_cmpint (vlm_nn_wish (text, "choose_8"), ==, VLM_NN_WISH_REFUSED);
  g_assert_cmpint (
      vlm_nn_wish (text, "matvec_group_4"), ==, VLM_NN_WISH_WANTED);
  /* the last one that fits */
  g_assert_cmpint (
      vlm_nn_wish (text, "matvec_group_8"), ==, VLM_NN_WISH_REFUSED);
}

static void
test_unknown (void)
{
  const char *const names[] = { "a_1", "a_2", "b", NULL };
  g_autofree char *none = vlm_nn_wishes_unknown ("a_*,-b,", names);
  g_autofree char *one = vlm_nn_wishes_unknown ("b,-c*", names);

  g_assert_null (vlm_nn_wishes_unknown (NULL, names));
  g_assert_null (none);
  g_assert_cmpstr (one, ==, "-c*");
}

/* A software device with and without wishes. */
static const char *
choose (VlmNn *nn, const char *wishes, guint64 rows)
{
  const VlmNnProblem problem = { .op = VLM_NN_OP_NORM, .m = rows, .k = 64 };

  nn->wishes = wishes;
  return vlm_nn_select (nn, &problem)->name;
}

static void
test_select (void)
{
  const VlmVkCaps caps = {
    .is_cpu = TRUE,
    .min_subgroup_size = 8,
    .max_subgroup_size = 8,
    .subgroup_size = 8,
    .subgroup_ops = VK_SUBGROUP_FEATURE_SHUFFLE_BIT,
    .max_shared_bytes = 32768,
    .max_workgroup_invocations = 1024,
  };
  VlmNn nn = { .caps = &caps };

  g_assert_cmpstr (choose (&nn, NULL, 4), ==, "rms_norm_lanes");
  g_assert_cmpstr (choose (&nn, "rms_norm", 4), ==, "rms_norm");
  g_assert_cmpstr (choose (&nn, "-rms_norm_lanes", 4), ==, "rms_norm");
  g_assert_cmpstr (choose (&nn, "-rms_norm*", 4), ==, "rms_norm");
  warnings_expect ("VLM_KERNELS leaves no kernel for norm");
  nn.wishes = "rms_norm_lanes,matvec";
  g_clear_pointer (&nn.notes, g_hash_table_unref);
  g_assert_cmpstr (choose (&nn, nn.wishes, 4), ==, "rms_norm_lanes");
  warnings_expect ("no kernel is named \"matvec\"");
  g_hash_table_unref (nn.notes);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  warnings_keep ();
  g_test_add_func ("/wishes/patterns", test_patterns);
  g_test_add_func ("/wishes/unknown", test_unknown);
  g_test_add_func ("/wishes/select", test_select);
  return g_test_run ();
}
