/* gst-vlm: the tokenizer in a GGUF file
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/tokenizer-gguf.h"

#define KEY(key) "tokenizer.ggml." key
#define MAX_TOKENS (1u << 20) /* what a tokenizer may have */

static gboolean
check_kind (
    const VlmGguf *gguf, const char *key, const char *expected, GError **error)
{
  g_autofree char *value = NULL;

  if (!vlm_gguf_read_string (gguf, key, &value, error))
    return FALSE;
  if (g_str_equal (value, expected))
    return TRUE;
  return vlm_gguf_fail (gguf, key, VLM_LOAD_ERROR_UNSUPPORTED, error,
      "\"%s\" is not %s, which Qwen2.5's tokenizer is", value, expected);
}

VlmTokenizer *
vlm_gguf_load_tokenizer (const VlmGgufFiles *files, GError **error)
{
  const VlmGguf *gguf = vlm_gguf_files_get_head (files);
  g_auto (GStrv) tokens = NULL, merges = NULL;
  g_autofree gint64 *types = NULL;
  VlmTokenizerLists lists = { .source = vlm_gguf_get_path (gguf) };
  guint n_types;

  if (!check_kind (gguf, KEY ("model"), "gpt2", error) ||
      !check_kind (gguf, KEY ("pre"), "qwen2", error) ||
      !vlm_gguf_read_string_list (
          gguf, KEY ("tokens"), MAX_TOKENS, &tokens, &lists.n_tokens, error) ||
      !vlm_gguf_read_int_list (
          gguf, KEY ("token_type"), MAX_TOKENS, &types, &n_types, error) ||
      !vlm_gguf_read_string_list (
          gguf, KEY ("merges"), MAX_TOKENS, &merges, &lists.n_merges, error))
    return NULL;
  if (n_types != lists.n_tokens) {
    vlm_gguf_fail (gguf, KEY ("token_type"), VLM_LOAD_ERROR_CORRUPT, error,
        "%u types of %u tokens", n_types, lists.n_tokens);
    return NULL;
  }
  lists.tokens = tokens;
  lists.types = types;
  lists.merges = merges;
  return vlm_tokenizer_new_from_lists (&lists, error);
}
