/* gst-vlm: the memory of a model is known before it is loaded, and refused if
 * it is too much
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vlm/vlm-error.h>

#include "model/memory.h"
#include "model/qwen2_5_vl/family.h"
#include "vk/device.h"
#include "vk/staging.h"

/* NULL after a skip: there is no device. */
static VlmVkDevice *
open_device (void)
{
  g_autoptr (GError) error = NULL;
  VlmVkDevice *device = vlm_vk_device_open (g_getenv ("VLM_DEVICE"), &error);

  if (g_error_matches (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_NO_DEVICE))
    g_test_skip (error->message);
  else
    g_assert_no_error (error);
  return device;
}

static VlmWeightList *
list_new (const VlmConfig *config)
{
  VlmWeightList *list =
      vlm_weight_list_new (config, VLM_TENSOR_NAMES_HUGGING_FACE);

  vlm_weight_list_set_type (list, VLM_DTYPE_BF16);
  return list;
}

/* Gigabytes that loading the published checkpoints was seen to take. */
static void
test_sizes (void)
{
  static const struct
  {
    double native, int8, int4;
  } expected[VLM_QWEN_N_SIZES] = { { 7.5, 4.2, 2.8 }, { 16.6, 9.3, 6.1 },
    { 66.9, 37.6, 22.1 }, { 146.8, 82.6, 47.5 } };

  for (guint i = 0; i < VLM_QWEN_N_SIZES; i++) {
    g_autoptr (VlmWeightList) list = list_new (&vlm_qwen_sizes[i].config);
    const double native = vlm_weight_list_get_device_bytes (list) / 1e9;
    const double int8 =
        vlm_weight_list_get_device_bytes_as (list, VLM_MODEL_WEIGHTS_INT8) /
        1e9;
    const double int4 =
        vlm_weight_list_get_device_bytes_as (list, VLM_MODEL_WEIGHTS_INT4) /
        1e9;

    g_test_message (
        "%s: %.2f %.2f %.2f GB", vlm_qwen_sizes[i].name, native, int8, int4);
    g_assert_cmpfloat_with_epsilon (native, expected[i].native, 0.1);
    g_assert_cmpfloat_with_epsilon (int8, expected[i].int8, 0.6);
    g_assert_cmpfloat_with_epsilon (int4, expected[i].int4, 0.6);
  }
}

/* 8192 tokens of the 3B model with weights of four bits, and of the 7B. */
static void
test_goals (void)
{
  static const double most[] = { 3.5, 7.5 };

  for (guint i = 0; i < G_N_ELEMENTS (most); i++) {
    const VlmConfig *config = &vlm_qwen_sizes[i].config;
    const VlmMemoryUse use = { 8192, 768 * 28 * 28, VLM_DTYPE_F16 };
    VlmMemoryUse longer = use, exact = use;
    g_autoptr (VlmWeightList) list = list_new (config);
    const guint64 weights =
        vlm_weight_list_get_device_bytes_as (list, VLM_MODEL_WEIGHTS_INT4);
    VlmMemoryPlan plan = vlm_memory_plan (config, weights, &use, NULL);
    VlmMemoryPlan other;

    plan.staging = VLM_VK_STAGING_BYTES; /* as on a GPU */
    g_test_message ("%s: weights %.3f, cache %.3f, features %.3f, scratch %.3f",
        vlm_qwen_sizes[i].name, plan.weights / 1e9, plan.cache / 1e9,
        plan.features / 1e9, plan.scratch / 1e9);
    g_assert_cmpfloat (vlm_memory_plan_total (&plan) / 1e9, <, most[i]);
    longer.n_tokens *= 2;
    other = vlm_memory_plan (config, weights, &longer, NULL);
    g_assert_cmpuint (other.cache, ==, 2 * plan.cache);
    g_assert_cmpuint (other.weights, ==, plan.weights);
    exact.cache_type = VLM_DTYPE_F32;
    other = vlm_memory_plan (config, weights, &exact, NULL);
    g_assert_cmpuint (other.cache, ==, 2 * plan.cache);
  }
}

/* Two layers of the 3B model. */
static VlmConfig
small_config (void)
{
  VlmConfig config = vlm_qwen_sizes[0].config;

  config.text.n_layers = 2;
  config.vision.depth = 2;
  return config;
}

/* What setrlimit() counts of this process. */
static guint64
data_bytes (void)
{
  g_autofree char *statm = NULL;
  g_auto (GStrv) numbers = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &statm, NULL, NULL));
  numbers = g_strsplit (statm, " ", -1);
  return g_ascii_strtoull (numbers[5], NULL, 10) *
      (guint64) sysconf (_SC_PAGESIZE);
}

/* With less and less memory: it fits, then as eight bits, then as four, then not
 * at all. */
static void
test_way_out (void)
{
  static const char *const ways[] = { NULL, "; weights=int8 would fit (",
    "; weights=int4 would fit (", "; even weights=int4 needs " };
  const VlmConfig config = small_config ();
  g_autoptr (VlmVkDevice) device = NULL;
  g_autoptr (VlmWeightList) list = list_new (&config);
  struct rlimit bounds;
  guint64 left = (guint64) 4 << 30;
  guint way = 0;

  if (!g_test_subprocess ()) {
    g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed ();
    return;
  }
  device = open_device ();
  if (device == NULL || !vlm_vk_device_get_caps (device)->is_cpu ||
      data_bytes () > (guint64) 1 << 40) /* the shadow of a sanitizer */
    return;
  g_assert_cmpint (getrlimit (RLIMIT_DATA, &bounds), ==, 0);
  while (way + 1 < G_N_ELEMENTS (ways)) {
    g_autoptr (GError) error = NULL;
    gboolean fits;

    bounds.rlim_cur = data_bytes () + left;
    g_assert_cmpint (setrlimit (RLIMIT_DATA, &bounds), ==, 0);
    fits = vlm_memory_check_weights (device, &config, list, "it", &error);
    if (!fits) {
      g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY);
      g_assert_true (
          g_str_has_prefix (error->message, "not enough memory: it needs "));
      while (way + 1 < G_N_ELEMENTS (ways) &&
          (ways[way] == NULL || strstr (error->message, ways[way]) == NULL))
        way++;
      g_assert_nonnull (strstr (error->message, ways[way]));
    } else {
      g_assert_cmpuint (way, ==, 0);
    }
    g_assert_cmpuint (left, >, 64 << 20);
    left -= 32 << 20;
  }
}

static void
test_context (void)
{
  g_autoptr (VlmVkDevice) device = open_device ();
  g_autoptr (GError) error = NULL;
  guint64 left;
  const char *limit;

  if (device == NULL)
    return;
  g_assert_true (vlm_memory_check_context (device, 1, 1, &error));
  g_assert_no_error (error);
  if (!vlm_nn_device_get_left (device, &left, &limit))
    return;
  g_assert_false (
      vlm_memory_check_context (device, G_MAXUINT64 / 2, 32768, &error));
  g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY);
  g_assert_nonnull (strstr (error->message, "a context of 32768 tokens needs"));
  g_assert_nonnull (strstr (error->message, "kv-cache=f16"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/memory/sizes", test_sizes);
  g_test_add_func ("/memory/goals", test_goals);
  g_test_add_func ("/memory/way-out", test_way_out);
  g_test_add_func ("/memory/context", test_context);
  return g_test_run ();
}
