/* gst-vlm: a tokenizer in the lists of a GGUF file
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/tokenizer-loader.h"

/* llama.h of llama.cpp, enum llama_token_type. */
enum
{
  TYPE_NORMAL = 1,
  TYPE_CONTROL = 3,
  TYPE_USER_DEFINED = 4,
  TYPE_UNUSED = 5, /* a row of the embedding that no text has */
};

/* The conversion makes some tokens control tokens that the published tokenizer
 * shows as text: the flags of Qwen2.5 itself count. */
static gboolean
add_token (VlmTokenizerLoader *loader, const VlmTokenizerLists *lists, guint i)
{
  g_autofree char *key = g_strdup_printf ("tokenizer.ggml.tokens[%u]", i);
  const char *name = lists->tokens[i];
  guint8 flags = 0;

  switch (lists->types[i]) {
  case TYPE_NORMAL:
    return vlm_tokenizer_add_spelled (loader, key, name, i);
  case TYPE_CONTROL:
  case TYPE_USER_DEFINED:
    if (lists->types[i] == TYPE_CONTROL)
      flags = VLM_TOKEN_SPECIAL;
    vlm_tokenizer_find_qwen_added (name, &flags);
    return vlm_tokenizer_add_added (loader, key, name, i, flags);
  case TYPE_UNUSED:
    return TRUE;
  default:
    return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
        "tokenizer.ggml.token_type[%u]: %" G_GINT64_FORMAT
        " is not a token type of Qwen2",
        i, lists->types[i]);
  }
}

VlmTokenizer *
vlm_tokenizer_new_from_lists (const VlmTokenizerLists *lists, GError **error)
{
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  VlmTokenizerLoader loader;
  g_autoptr (VlmTokenizer) tokenizer =
      vlm_tokenizer_loader_init (&loader, lists->source, ids, error);

  for (guint i = 0; i < lists->n_tokens; i++)
    if (!add_token (&loader, lists, i))
      return NULL;
  if (!vlm_tokenizer_check_bytes (&loader, "tokenizer.ggml.tokens"))
    return NULL;
  vlm_bpe_reserve (&tokenizer->bpe, lists->n_merges);
  for (guint i = 0; i < lists->n_merges; i++)
    if (!vlm_tokenizer_add_merge_line (
            &loader, "tokenizer.ggml.merges", i, lists->merges[i]))
      return NULL;
  vlm_tokenizer_loader_finish (&loader);
  return g_steal_pointer (&tokenizer);
}
