/* gst-vlm: a cache of keys and values grows by further segments
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>

#include "nn/context.h"
#include "nn/kv.h"
#include "vk/result.h"

enum
{
  HEADS = 2,
  HEAD_DIM = 16,
  SEGMENT = 32
};

static VlmNn *nn;

static gboolean
reserve (VlmNnKv *kv, VlmDType dtype, guint n_keys, GError **error)
{
  return vlm_nn_kv_reserve (kv, nn, dtype, HEADS, HEAD_DIM, n_keys, error);
}

/* Another segment for each key that does not fit; what is there stays where it
 * is, and nothing is copied or even submitted. */
static void
test_grow (gconstpointer data)
{
  const VlmDType dtype = GPOINTER_TO_UINT (data);
  static const guint sizes[] = { 1, 7, 13, 32, 33, 64, 127, 1025 };
  const guint64 submitted = nn->submitted, n_dispatches = nn->n_dispatches;
  VlmNnKv kv = { 0 };
  g_autoptr (GPtrArray) seen = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_assert_true (reserve (&kv, dtype, sizes[i], &error));
    g_assert_no_error (error);
    g_assert_cmpuint (kv.n_segments, ==, (sizes[i] + SEGMENT - 1) / SEGMENT);
    g_assert_cmpuint (
        vlm_nn_kv_capacity (&kv), ==, vlm_nn_kv_round_up (nn, sizes[i]));
    for (guint s = 0; s < seen->len / 2; s++) {
      g_assert_true (kv.segments[s].keys == seen->pdata[2 * s]);
      g_assert_true (kv.segments[s].values == seen->pdata[2 * s + 1]);
    }
    for (guint s = seen->len / 2; s < kv.n_segments; s++) {
      g_ptr_array_add (seen, kv.segments[s].keys);
      g_ptr_array_add (seen, kv.segments[s].values);
    }
  }
  /* less is there already */
  g_assert_true (reserve (&kv, dtype, 5, &error));
  g_assert_cmpuint (kv.n_segments, ==, 33);
  g_assert_cmpuint (nn->copied_bytes, ==, 0);
  g_assert_cmpuint (nn->n_dispatches, ==, n_dispatches);
  g_assert_cmpuint (nn->submitted, ==, submitted);
  vlm_nn_kv_clear (&kv);
  vlm_nn_kv_clear (&kv);
}

/* 32k tokens of the 3B model: no buffer is larger than one for a segment. */
static void
test_long (void)
{
  const guint64 most =
      vlm_nn_kv_bytes (VLM_DTYPE_F16, 2, 128, VLM_NN_KV_SEGMENT) / 2;
  VlmNnKv kv = { 0 };
  g_autoptr (GError) error = NULL;
  guint64 n_bytes = 0;

  vlm_nn_set_kv_segment (nn, VLM_NN_KV_SEGMENT);
  g_assert_true (
      vlm_nn_kv_reserve (&kv, nn, VLM_DTYPE_F16, 2, 128, 32768, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (kv.n_segments, ==, 32768 / VLM_NN_KV_SEGMENT);
  for (guint i = 0; i < kv.n_segments; i++) {
    g_assert_cmpuint (vlm_vk_buffer_get_size (kv.segments[i].keys), ==, most);
    g_assert_cmpuint (vlm_vk_buffer_get_size (kv.segments[i].values), ==, most);
    n_bytes += 2 * most;
  }
  g_assert_cmpuint (most, <=, 2 << 20);
  g_assert_cmpuint (
      n_bytes, ==, vlm_nn_kv_bytes (VLM_DTYPE_F16, 2, 128, 32768));
  vlm_nn_kv_clear (&kv);
  vlm_nn_set_kv_segment (nn, SEGMENT);
}

/* Whichever call fails, the cache is as before, and can grow afterwards. */
static void
test_failure (void)
{
  VlmNnKv kv = { 0 };
  g_autoptr (GError) error = NULL;
  guint n_failed = 0;

  if (!vlm_vk_fault_available ()) {
    g_test_skip ("built without fault injection");
    return;
  }
  for (guint before = 0; before <= SEGMENT; before += SEGMENT) {
    g_assert_true (before == 0 || reserve (&kv, VLM_DTYPE_F32, before, &error));
    g_assert_no_error (error);
    for (guint n = 0;; n++) {
      vlm_vk_fault_inject_after (n, VK_ERROR_OUT_OF_DEVICE_MEMORY);
      if (reserve (&kv, VLM_DTYPE_F32, before + 3 * SEGMENT, &error)) {
        vlm_vk_fault_clear ();
        break;
      }
      g_assert_false (vlm_vk_fault_clear ());
      g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY);
      g_assert_nonnull (strstr (error->message, "cache of "));
      g_clear_error (&error);
      g_assert_cmpuint (vlm_nn_kv_capacity (&kv), ==, before);
      g_assert_true (before > 0 || kv.segments == NULL);
      n_failed++;
    }
    g_assert_no_error (error);
    g_assert_cmpuint (vlm_nn_kv_capacity (&kv), ==, before + 3 * SEGMENT);
    vlm_nn_kv_clear (&kv);
  }
  g_assert_cmpuint (n_failed, >, 6);
}

static void
check_refused (guint n_heads, guint head_dim)
{
  VlmNnKv kv = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (vlm_nn_kv_reserve (
      &kv, nn, VLM_DTYPE_F32, n_heads, head_dim, 100, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  g_assert_cmpuint (vlm_nn_kv_capacity (&kv), ==, 0);
}

static void
test_bad (void)
{
  const VlmNnLimits limits = nn->limits;

  check_refused (0, HEAD_DIM);
  check_refused (HEADS, 12);
  nn->limits.binding_bytes = SEGMENT * HEAD_DIM * 4 - 1;
  check_refused (HEADS, HEAD_DIM);
  nn->limits = limits;
}

/* A plan for other segments than those of the cache is an error. */
static void
test_mismatch (void)
{
  VlmNnTensor q = { 0 }, out = { 0 };
  g_autoptr (VlmNnAttentionPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  VlmNnKv kv = { 0 };

  g_assert_true (reserve (&kv, VLM_DTYPE_F32, 100, &error));
  g_assert_true (vlm_nn_tensor_init (&q, nn, 8, HEADS * HEAD_DIM, &error));
  g_assert_true (vlm_nn_tensor_init (&out, nn, 8, HEADS * HEAD_DIM, &error));
  vlm_nn_set_kv_segment (nn, 2 * SEGMENT);
  plan = vlm_nn_attention_plan_new_causal (
      nn, 8, 92, HEADS, HEADS, HEAD_DIM, &error);
  g_assert_no_error (error);
  vlm_nn_begin (nn);
  vlm_nn_attention (nn, &q, &kv, plan, &out);
  g_assert_false (vlm_nn_submit (nn, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  vlm_nn_set_kv_segment (nn, SEGMENT);
  vlm_nn_tensor_clear (&q);
  vlm_nn_tensor_clear (&out);
  vlm_nn_kv_clear (&kv);
}

static void
test_no_device (void)
{
  g_test_skip ("no device");
}

int
main (int argc, char **argv)
{
  g_autoptr (VlmVkDevice) device = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  device = vlm_vk_device_open (g_getenv ("VLM_DEVICE"), &error);
  if (g_error_matches (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_NO_DEVICE)) {
    g_test_add_func ("/kv/no-device", test_no_device);
    return g_test_run ();
  }
  g_assert_no_error (error);
  nn = vlm_nn_new (device, &error);
  g_assert_no_error (error);
  vlm_nn_set_kv_segment (nn, SEGMENT);
  g_test_add_data_func (
      "/kv/grow/f32", GUINT_TO_POINTER (VLM_DTYPE_F32), test_grow);
  g_test_add_data_func (
      "/kv/grow/f16", GUINT_TO_POINTER (VLM_DTYPE_F16), test_grow);
  g_test_add_func ("/kv/long", test_long);
  g_test_add_func ("/kv/failure", test_failure);
  g_test_add_func ("/kv/bad", test_bad);
  g_test_add_func ("/kv/mismatch", test_mismatch);
  status = g_test_run ();
  vlm_nn_free (nn);
  return status;
}
