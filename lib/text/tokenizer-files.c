/* gst-vlm: vocab.json and what comes with it
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/tokenizer-loader.h"

#include <string.h>

#include "base/json-member.h"
#include "text/json-file.h"

/* The tokens that Qwen2.5 adds after its vocabulary, in this order. */
static const char *const qwen_added[] = {
  "<|endoftext|>",
  "<|im_start|>",
  "<|im_end|>",
  "<|object_ref_start|>",
  "<|object_ref_end|>",
  "<|box_start|>",
  "<|box_end|>",
  "<|quad_start|>",
  "<|quad_end|>",
  "<|vision_start|>",
  "<|vision_end|>",
  "<|vision_pad|>",
  "<|image_pad|>",
  "<|video_pad|>",
  "<tool_call>",
  "</tool_call>",
  "<|fim_prefix|>",
  "<|fim_middle|>",
  "<|fim_suffix|>",
  "<|fim_pad|>",
  "<|repo_name|>",
  "<|file_sep|>",
};
#define N_QWEN_SPECIAL 14 /* the first ones; the others are only added */

/* tokenizer_config.json: {"151643": {"content": …}, …} */
static gboolean
load_added_decoder (VlmTokenizerLoader *loader, JsonObject *decoder)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, decoder);
  while (json_object_iter_next (&iter, &name, &node)) {
    g_autofree char *key = g_strdup_printf ("added_tokens_decoder.%s", name);
    guint64 id;

    if (!g_ascii_string_to_unsigned (
            name, 10, 0, VLM_TOKENIZER_MAX_IDS - 1, &id, NULL))
      return vlm_tokenizer_fail (
          loader, VLM_LOAD_ERROR_CORRUPT, "%s: not an id", key);
    if (!JSON_NODE_HOLDS_OBJECT (node))
      return vlm_tokenizer_fail (
          loader, VLM_LOAD_ERROR_CORRUPT, "%s: not an object", key);
    if (!vlm_tokenizer_add_described (
            loader, key, (gint64) id, json_node_get_object (node)))
      return FALSE;
  }
  return TRUE;
}

gboolean
vlm_tokenizer_find_qwen_added (const char *name, guint8 *flags)
{
  for (guint i = 0; i < G_N_ELEMENTS (qwen_added); i++)
    if (strcmp (qwen_added[i], name) == 0) {
      *flags = i < N_QWEN_SPECIAL ? VLM_TOKEN_SPECIAL : 0;
      return TRUE;
    }
  return FALSE;
}

gboolean
vlm_tokenizer_add_qwen (VlmTokenizerLoader *loader)
{
  VlmTokenizer *tokenizer = loader->tokenizer;
  guint next = tokenizer->tokens->len;

  for (guint i = 0; i < G_N_ELEMENTS (qwen_added); i++) {
    guint8 flags = 0;

    if (g_hash_table_contains (tokenizer->added_ids, qwen_added[i]))
      continue;
    vlm_tokenizer_find_qwen_added (qwen_added[i], &flags);
    if (!vlm_tokenizer_add_added (
            loader, "vocabulary", qwen_added[i], next++, flags))
      return FALSE;
  }
  return TRUE;
}

/* added_tokens.json: {"<|im_end|>": 151645, …} */
static gboolean
load_added_map (VlmTokenizerLoader *loader, JsonObject *map)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, map);
  while (json_object_iter_next (&iter, &name, &node)) {
    guint8 flags = 0;
    gint64 id;

    if (!vlm_json_node_int (node, &id))
      return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_CORRUPT,
          "the id of \"%s\" is not a number", name);
    vlm_tokenizer_find_qwen_added (name, &flags);
    if (!vlm_tokenizer_add_added (loader, name, name, id, flags))
      return FALSE;
  }
  return TRUE;
}

/* Sets *object to NULL when there is no such file. */
static gboolean
read_if_there (
    VlmTokenizerLoader *loader, const char *path, JsonObject **object)
{
  *object = NULL;
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  loader->path = path;
  *object = vlm_json_file_read (path, loader->error);
  return *object != NULL;
}

/* Names that are compatible with Qwen2's: its own, and those of classes that
 * can be any tokenizer. */
static gboolean
check_class (VlmTokenizerLoader *loader, JsonObject *config)
{
  static const char *const known[] = { "Qwen2", "TokenizersBackend",
    "PreTrainedTokenizer", "PythonBackend" };
  const char *class = vlm_json_get_string (config, "tokenizer_class");

  for (guint i = 0; class != NULL && i < G_N_ELEMENTS (known); i++)
    if (g_str_has_prefix (class, known[i]))
      return TRUE;
  return class == NULL ||
      vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
          "tokenizer_class: \"%s\", only Qwen2's is supported: use the "
          "tokenizer files of the model that this one was derived from",
          class);
}

gboolean
vlm_tokenizer_load_added_files (VlmTokenizerLoader *loader, gboolean *found)
{
  g_autofree char *config_path =
      g_build_filename (loader->directory, "tokenizer_config.json", NULL);
  g_autofree char *map_path =
      g_build_filename (loader->directory, "added_tokens.json", NULL);
  g_autoptr (JsonObject) config = NULL;
  g_autoptr (JsonObject) map = NULL;
  JsonObject *decoder = NULL;
  gboolean ok = TRUE;

  *found = FALSE;
  if (!read_if_there (loader, config_path, &config) ||
      (config != NULL && !check_class (loader, config)))
    return FALSE;
  if (config != NULL)
    decoder = vlm_json_get_object (config, "added_tokens_decoder");
  /* An empty one is normal when the tokens are elsewhere. */
  if (decoder != NULL && json_object_get_size (decoder) > 0) {
    *found = TRUE;
    ok = load_added_decoder (loader, decoder);
  } else if (!read_if_there (loader, map_path, &map)) {
    ok = FALSE;
  } else if (map != NULL && json_object_get_size (map) > 0) {
    *found = TRUE;
    ok = load_added_map (loader, map);
  }
  loader->path = loader->directory; /* the names above are gone */
  return ok;
}

/* Skips a byte order mark. */
static char *
skip_mark (char *text)
{
  return g_str_has_prefix (text, "\357\273\277") ? text + 3 : text;
}

static gboolean
load_merges_txt (VlmTokenizerLoader *loader)
{
  g_autofree char *path =
      g_build_filename (loader->directory, "merges.txt", NULL);
  g_autofree char *text = NULL;
  gsize n_bytes;
  guint i = 0;

  loader->path = path;
  if (!vlm_text_file_read (path, &text, &n_bytes, loader->error))
    return FALSE;
  if (strlen (text) != n_bytes)
    return vlm_tokenizer_fail (
        loader, VLM_LOAD_ERROR_CORRUPT, "holds a zero byte");
  for (gsize at = 0; at < n_bytes; at++)
    i += text[at] == '\n';
  vlm_bpe_reserve (&loader->tokenizer->bpe, i + 1);
  i = 0;
  for (char *line = skip_mark (text), *next; line != NULL; line = next) {
    gsize n = strcspn (line, "\n");

    next = line[n] == '\n' ? line + n + 1 : NULL;
    if (n > 0 && line[n - 1] == '\r')
      n--;
    line[n] = '\0';
    if (n == 0 || (i == 0 && g_str_has_prefix (line, "#version")))
      continue;
    if (!vlm_tokenizer_add_merge_line (loader, "merge", i++, line))
      return FALSE;
  }
  return TRUE;
}

gboolean
vlm_tokenizer_load_files (VlmTokenizerLoader *loader)
{
  const char *path = loader->path;
  g_autoptr (JsonObject) vocab = NULL;
  gboolean found;

  if (!vlm_tokenizer_load_added_files (loader, &found))
    return FALSE;
  loader->path = path;
  vocab = vlm_json_file_read (path, loader->error);
  if (vocab == NULL || !vlm_tokenizer_load_vocab (loader, "vocabulary", vocab))
    return FALSE;
  if (!found && !vlm_tokenizer_add_qwen (loader))
    return FALSE;
  return load_merges_txt (loader);
}
