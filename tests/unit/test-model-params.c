/* gst-vlm: which model, and where it runs, as a value
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm.h>

/* A copy is whole and owns what it has. */
static void
test_model (void)
{
  g_autofree char *path = g_strdup ("/models/x");
  g_autofree char *mmproj = g_strdup ("/models/y.gguf");
  VlmModelParams params = {
    .path = path,
    .device = (char *) "1",
    .mmproj = mmproj,
    .weights = VLM_MODEL_WEIGHTS_INT8,
    .kv_cache = VLM_KV_CACHE_F16,
    .precision = VLM_PRECISION_FAST,
  };
  g_autoptr (VlmModelParams) copy =
      g_boxed_copy (VLM_TYPE_MODEL_PARAMS, &params);
  const VlmModelParams nothing = { 0 };
  g_autoptr (VlmModelParams) empty = vlm_model_params_copy (&nothing);

  path[0] = '?';
  mmproj[0] = '?';
  g_assert_cmpstr (copy->path, ==, "/models/x");
  g_assert_cmpstr (copy->device, ==, "1");
  g_assert_cmpstr (copy->mmproj, ==, "/models/y.gguf");
  g_assert_cmpint (copy->weights, ==, VLM_MODEL_WEIGHTS_INT8);
  g_assert_cmpint (copy->kv_cache, ==, VLM_KV_CACHE_F16);
  g_assert_cmpint (copy->precision, ==, VLM_PRECISION_FAST);
  g_assert_null (empty->path);
  g_assert_null (empty->device);
  g_assert_null (empty->mmproj);
  vlm_model_params_free (NULL);
}

static void
test_analyzer (void)
{
  g_autofree char *device = g_strdup ("llvmpipe");
  const VlmAnalyzerParams params = { .model = { .device = device },
    .max_context = 7 };
  g_autoptr (VlmAnalyzerParams) copy =
      g_boxed_copy (VLM_TYPE_ANALYZER_PARAMS, &params);

  device[0] = '?';
  g_assert_null (copy->model.path);
  g_assert_cmpstr (copy->model.device, ==, "llvmpipe");
  g_assert_cmpint (copy->max_context, ==, 7);
  vlm_analyzer_params_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model-params/model", test_model);
  g_test_add_func ("/model-params/analyzer", test_analyzer);
  return g_test_run ();
}
