/* gst-vlm: any bytes as a GGUF file
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/blocks.h"
#include "io/gguf.h"
#include "tests/fuzz/target.h"

/* Every byte that the table of contents promises is there, once. */
static void
read_tensors (const VlmGguf *gguf, gsize n_file)
{
  guint64 n_bytes = 0;

  for (guint i = 0; i < vlm_gguf_get_n_tensors (gguf); i++) {
    g_auto (VlmTensorView) view = { 0 };
    g_autofree guint8 *data = NULL;
    float values[VLM_MAX_BLOCK];
    gboolean found = vlm_gguf_find (gguf, vlm_gguf_get_name (gguf, i), &view);

    g_assert_true (found && view.n_bytes <= n_file);
    n_bytes += view.n_bytes;
    data = vlm_tensor_view_read_all (&view, NULL);
    g_assert_nonnull (data);
    if (vlm_block_type (view.dtype) != NULL)
      vlm_dequantise (
          view.dtype, data, vlm_dtype_block_length (view.dtype), values);
  }
  g_assert_cmpuint (n_bytes, <=, n_file);
}

/* Some keys of each kind, as what they are and as what they are not. */
static void
read_keys (const VlmGguf *gguf)
{
  static const char *const keys[] = { "general.architecture",
    "general.alignment", "qwen2vl.block_count", "qwen2vl.rope.freq_base",
    "qwen2vl.rope.dimension_sections", "tokenizer.ggml.tokens", "clip.use_silu",
    "clip.vision.image_mean", "k" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autofree char *text = NULL;
    g_autofree gint64 *numbers = NULL;
    g_auto (GStrv) words = NULL;
    double value, three[3];
    gboolean flag;
    guint n;

    vlm_gguf_read_string (gguf, keys[i], &text, NULL);
    vlm_gguf_read_uint (gguf, keys[i], 0, G_MAXUINT, &n, NULL);
    vlm_gguf_read_double (
        gguf, keys[i], -G_MAXDOUBLE, G_MAXDOUBLE, &value, NULL);
    vlm_gguf_read_boolean (gguf, keys[i], &flag, NULL);
    vlm_gguf_read_doubles (
        gguf, keys[i], 3, -G_MAXDOUBLE, G_MAXDOUBLE, three, NULL);
    vlm_gguf_read_int_list (gguf, keys[i], 1000, &numbers, &n, NULL);
    if (vlm_gguf_read_string_list (gguf, keys[i], 1000, &words, &n, NULL))
      g_assert_cmpuint (g_strv_length (words), ==, n);
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, n_bytes);
  g_autoptr (VlmDataFile) file = vlm_data_file_new_from_bytes (bytes, "fuzz");
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmGguf) gguf = vlm_gguf_new (file, &error);

  g_assert_true ((gguf != NULL) == (error == NULL));
  if (gguf == NULL)
    return 0;
  read_tensors (gguf, n_bytes);
  read_keys (gguf);
  return 0;
}
