/* gst-vlm: tests of the types that tensors of GGUF files have
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "io/gguf-files.h"
#include "io/gguf-mixtures.h"
#include "model/qwen2_5_vl/family.h"
#include "tests/support/golden.h"

static const VlmGgufMixture *
find (const char *name)
{
  const VlmGgufMixture *mixture;

  for (guint i = 0; (mixture = vlm_gguf_mixture_get (i)) != NULL; i++)
    if (g_str_equal (vlm_gguf_mixture_get_name (mixture), name))
      return mixture;
  g_error ("no mixture %s", name);
}

/* Which layers of 36 have more bits, and what is used instead for rows that are
 * no multiple of 256. */
static void
test_rules (void)
{
  static const guint more[] = { 0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30,
    31, 32, 33, 34, 35 };
  const VlmGgufModelShape shape = { 36, 16, 2, TRUE };
  const VlmGgufModelShape large = { 80, 64, 8, FALSE };
  guint n = 0;

  for (guint i = 0; i < shape.n_layers; i++) {
    g_autofree char *name = g_strdup_printf ("blk.%u.ffn_down.weight", i);
    const gboolean is_more = n < G_N_ELEMENTS (more) && more[n] == i;

    n += is_more;
    g_assert_cmpint (
        vlm_gguf_mixture_get_type (find ("Q4_K_M"), &shape, name, 11008), ==,
        is_more ? VLM_DTYPE_Q6_K : VLM_DTYPE_Q4_K);
  }
  g_assert_cmpuint (n, ==, G_N_ELEMENTS (more));
  g_assert_cmpint (vlm_gguf_mixture_get_type (
                       find ("Q4_K_M"), &large, "blk.0.ffn_down.weight", 29568),
      ==, VLM_DTYPE_Q8_0);
  g_assert_cmpint (vlm_gguf_mixture_get_type (find ("Q4_K_M"), &large,
                       "blk.10.ffn_down.weight", 29568),
      ==, VLM_DTYPE_Q5_0);
  g_assert_cmpint (vlm_gguf_mixture_get_type (
                       find ("Q8_0"), &large, "blk.0.ffn_down.weight", 148),
      ==, VLM_DTYPE_F16);
  g_assert_cmpint (vlm_gguf_mixture_get_type (
                       find ("Q4_K_M"), &shape, "token_embd.weight", 2048),
      ==, VLM_DTYPE_Q6_K);
  g_assert_cmpint (vlm_gguf_mixture_get_type (
                       find ("Q4_K_M"), &large, "token_embd.weight", 8192),
      ==, VLM_DTYPE_Q4_K);
}

/* Gigabytes that docs/checkpoints.md says of the language model, with a tower of
 * 1.4 as F16. */
static void
test_sizes (void)
{
  static const struct
  {
    const char *name;
    double gigabytes[VLM_QWEN_N_SIZES];
  } expected[] = {
    { "Q8_0", { 3.5, 8.6, 36.9, 81.8 } },
    { "Q6_K", { 2.6, 6.3, 27.1, 66.0 } },
    { "Q5_K_M", { 2.3, 5.6, 23.7, 55.9 } },
    { "Q4_K_M", { 2.0, 4.8, 20.3, 49.4 } },
    { "Q4_0", { 2.0, 4.9, 20.6, 45.7 } },
    { "Q3_K_M", { 1.6, 4.0, 16.6, 39.9 } },
    { "Q2_K", { 1.3, 3.1, 12.6, 31.1 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    for (guint j = 0; j < VLM_QWEN_N_SIZES; j++) {
      const VlmConfig *config = &vlm_qwen_sizes[j].config;
      g_autoptr (VlmWeightList) list =
          vlm_weight_list_new (config, VLM_TENSOR_NAMES_GGUF);
      double gigabytes;

      vlm_weight_list_set_mixture (list, config, find (expected[i].name));
      gigabytes = vlm_weight_list_get_device_bytes (list) / 1e9;
      g_test_message (
          "%s %s: %.2f", vlm_qwen_sizes[j].name, expected[i].name, gigabytes);
      g_assert_cmpfloat_with_epsilon (
          gigabytes, expected[i].gigabytes[j] + 1.4, 0.15);
    }
}

/* As the tool itself wrote files of two layers. */
static void
test_files (void)
{
  static const char *const tensors[] = { "token_embd", "output", "attn_q",
    "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down" };
  const VlmGgufModelShape shape = { 2, 4, 1, FALSE };
  const VlmGgufMixture *mixture;

  for (guint i = 0; (mixture = vlm_gguf_mixture_get (i)) != NULL; i++) {
    const char *name = vlm_gguf_mixture_get_name (mixture);
    g_autofree char *file =
        g_strdup_printf ("quantised/gguf/text-%s.gguf", name);
    g_autofree char *path = golden_shared_path (file);
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmGgufFiles) files = vlm_gguf_files_open (path, &error);

    g_assert_no_error (error);
    for (guint j = 0; j < 2 * G_N_ELEMENTS (tensors); j++) {
      const char *part = tensors[j / 2];
      g_autofree char *tensor = j / 2 < 2
          ? g_strconcat (part, ".weight", NULL)
          : g_strdup_printf ("blk.%u.%s.weight", j % 2, part);
      g_auto (VlmTensorView) view = { 0 };

      g_assert_true (vlm_gguf_files_find (files, tensor, &view));
      g_test_message ("%s %s", name, tensor);
      g_assert_cmpstr (vlm_dtype_name (view.dtype), ==,
          vlm_dtype_name (vlm_gguf_mixture_get_type (
              mixture, &shape, tensor, (guint) view.shape[1])));
    }
  }
}

static void
test_skip (void)
{
  g_test_skip ("the reference data is not there");
}

int
main (int argc, char **argv)
{
  const char *shared = g_getenv ("VLM_SHARED");
  g_autofree char *folder = g_build_filename (
      shared != NULL ? shared : "", "quantised", "gguf", NULL);

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/gguf-mixtures/rules", test_rules);
  g_test_add_func ("/gguf-mixtures/sizes", test_sizes);
  g_test_add_func ("/gguf-mixtures/files",
      g_file_test (folder, G_FILE_TEST_IS_DIR) ? test_files : test_skip);
  return g_test_run ();
}
