/* gst-vlm: tokenizer.json
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/tokenizer-loader.h"

#include "base/json-member.h"
#include "base/log.h"
#include "text/json-file.h"

/* tokenizer.json: a list of objects that hold their id. If it is empty, the
 * tokens are in the other files; *found: whether there are any. */
static gboolean
load_added_list (VlmTokenizerLoader *loader, JsonObject *root, gboolean *found)
{
  const char *path = loader->path;
  JsonArray *list = vlm_json_get_array (root, "added_tokens");
  guint n = list != NULL ? json_array_get_length (list) : 0;

  if (list == NULL && vlm_json_get (root, "added_tokens") != NULL)
    return vlm_tokenizer_fail (
        loader, VLM_LOAD_ERROR_CORRUPT, "added_tokens: not a list");
  for (guint i = 0; i < n; i++) {
    g_autofree char *key = g_strdup_printf ("added_tokens[%u]", i);
    JsonNode *node = json_array_get_element (list, i);
    gint64 id;

    if (!JSON_NODE_HOLDS_OBJECT (node))
      return vlm_tokenizer_fail (
          loader, VLM_LOAD_ERROR_CORRUPT, "%s: not an object", key);
    if (!vlm_json_node_int (
            json_object_get_member (json_node_get_object (node), "id"), &id))
      return vlm_tokenizer_fail (
          loader, VLM_LOAD_ERROR_CORRUPT, "%s.id: not a number", key);
    if (!vlm_tokenizer_add_described (
            loader, key, id, json_node_get_object (node)))
      return FALSE;
  }
  *found = n > 0;
  if (n > 0)
    return TRUE;
  if (!vlm_tokenizer_load_added_files (loader, found))
    return FALSE;
  loader->path = path;
  return TRUE;
}

/* Each is "left right", or ["left", "right"] in newer files. */
static gboolean
load_merge_list (VlmTokenizerLoader *loader, const char *key, JsonArray *list)
{
  guint n = json_array_get_length (list);

  vlm_bpe_reserve (&loader->tokenizer->bpe, n);
  for (guint i = 0; i < n; i++) {
    JsonNode *node = json_array_get_element (list, i);
    const char *line = vlm_json_node_string (node);
    const char *left = NULL, *right = NULL;
    gboolean added;

    if (JSON_NODE_HOLDS_ARRAY (node)) {
      JsonArray *pair = json_node_get_array (node);

      if (json_array_get_length (pair) == 2) {
        left = vlm_json_node_string (json_array_get_element (pair, 0));
        right = vlm_json_node_string (json_array_get_element (pair, 1));
      }
    }
    if (line != NULL)
      added = vlm_tokenizer_add_merge_line (loader, key, i, line);
    else if (left != NULL && right != NULL)
      added = vlm_tokenizer_add_merge (loader, key, i, left, right);
    else
      added = vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_CORRUPT,
          "%s[%u]: neither a string nor a pair of strings", key, i);
    if (!added)
      return FALSE;
  }
  return TRUE;
}

/* One or none of @keys … @type. */
static gboolean
check_type (VlmTokenizerLoader *loader, const char *key, JsonObject *object,
    const char *type, gboolean needed)
{
  const char *actual =
      object != NULL ? vlm_json_get_string (object, "type") : NULL;

  if (object == NULL && !needed)
    return TRUE;
  if (g_strcmp0 (actual, type) != 0)
    return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s.type: \"%s\", only \"%s\" is supported", key,
        actual != NULL ? actual : "(none)", type);
  return TRUE;
}

static gboolean
check_byte_level (
    VlmTokenizerLoader *loader, const char *key, JsonObject *object)
{
  if (!check_type (loader, key, object, "ByteLevel", TRUE))
    return FALSE;
  if (vlm_json_is_true (object, "add_prefix_space"))
    return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s.add_prefix_space: only false is supported", key);
  /* The default is true. */
  if (vlm_json_get (object, "use_regex") == NULL ||
      vlm_json_is_true (object, "use_regex"))
    return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s.use_regex: only false is supported", key);
  return TRUE;
}

/* A split by Qwen2's pattern, then bytes. */
static gboolean
check_pretokenizer (VlmTokenizerLoader *loader, JsonObject *root)
{
  static const char key[] = "pre_tokenizer";
  JsonObject *object = vlm_json_get_object (root, key);
  JsonArray *list;
  JsonObject *steps[2], *pattern;
  VlmSplit split;

  if (!check_type (loader, key, object, "Sequence", TRUE))
    return FALSE;
  list = vlm_json_get_array (object, "pretokenizers");
  if (list == NULL || json_array_get_length (list) != 2)
    return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s.pretokenizers: not a list of two", key);
  for (guint i = 0; i < 2; i++) {
    JsonNode *node = json_array_get_element (list, i);

    steps[i] =
        JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  }
  if (!check_type (
          loader, "pre_tokenizer.pretokenizers[0]", steps[0], "Split", TRUE) ||
      !check_byte_level (loader, "pre_tokenizer.pretokenizers[1]", steps[1]))
    return FALSE;
  pattern = vlm_json_get_object (steps[0], "pattern");
  split = pattern != NULL
      ? vlm_pretokenizer_find_split (vlm_json_get_string (pattern, "Regex"))
      : VLM_N_SPLITS;
  if (split == VLM_N_SPLITS)
    return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s.pretokenizers[0].pattern.Regex: not that of Qwen2: use "
        "tokenizer.json of the model that this one was derived from",
        key);
  if (split == VLM_SPLIT_PATCHED)
    vlm_warning ("%s: %s.pretokenizers[0].pattern.Regex: Mistral's instead of "
                 "Qwen2's, as some versions of transformers save it; it is "
                 "used as it is",
        loader->path, key);
  if (g_strcmp0 (vlm_json_get_string (steps[0], "behavior"), "Isolated") != 0 ||
      vlm_json_is_true (steps[0], "invert"))
    return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s.pretokenizers[0]: only behavior \"Isolated\" without invert is "
        "supported",
        key);
  loader->tokenizer->pretokenizer = vlm_pretokenizer_new (split);
  return TRUE;
}

static gboolean
check_model (VlmTokenizerLoader *loader, JsonObject *model)
{
  static const char *const texts[] = { "continuing_subword_prefix",
    "end_of_word_suffix", "unk_token" };
  static const char *const switches[] = { "byte_fallback", "ignore_merges" };

  double dropout = 0.0;

  /* Files of old versions have no type. */
  if ((model == NULL || vlm_json_get (model, "type") != NULL ||
          vlm_json_get (model, "merges") == NULL) &&
      !check_type (loader, "model", model, "BPE", TRUE))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (vlm_json_has_text (model, texts[i]))
      return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
          "model.%s: only null is supported", texts[i]);
  for (guint i = 0; i < G_N_ELEMENTS (switches); i++)
    if (vlm_json_is_true (model, switches[i]))
      return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
          "model.%s: only false is supported", switches[i]);
  if (vlm_json_get (model, "dropout") != NULL &&
      (!vlm_json_get_number (model, "dropout", &dropout) || dropout != 0.0))
    return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
        "model.dropout: only null is supported");
  return TRUE;
}

gboolean
vlm_tokenizer_load_json (VlmTokenizerLoader *loader)
{
  g_autoptr (JsonObject) root =
      vlm_json_file_read (loader->path, loader->error);
  JsonObject *model, *vocab;
  JsonArray *merges;
  gboolean found;

  if (root == NULL)
    return FALSE;
  model = vlm_json_get_object (root, "model");
  if (!check_model (loader, model) ||
      !check_type (loader, "normalizer",
          vlm_json_get_object (root, "normalizer"), "NFC", TRUE) ||
      !check_pretokenizer (loader, root) ||
      !check_type (loader, "decoder", vlm_json_get_object (root, "decoder"),
          "ByteLevel", TRUE) ||
      !check_type (loader, "post_processor",
          vlm_json_get_object (root, "post_processor"), "ByteLevel", FALSE))
    return FALSE;
  vocab = vlm_json_get_object (model, "vocab");
  merges = vlm_json_get_array (model, "merges");
  if (vocab == NULL)
    return vlm_tokenizer_fail (
        loader, VLM_LOAD_ERROR_CORRUPT, "model.vocab: not an object");
  if (merges == NULL)
    return vlm_tokenizer_fail (
        loader, VLM_LOAD_ERROR_CORRUPT, "model.merges: not a list");
  return load_added_list (loader, root, &found) &&
      vlm_tokenizer_load_vocab (loader, "model.vocab", vocab) &&
      (found || vlm_tokenizer_add_qwen (loader)) &&
      load_merge_list (loader, "model.merges", merges);
}
