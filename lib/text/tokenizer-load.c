/* gst-vlm: reading a tokenizer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-error.h>

#include "text/json-file.h"
#include "text/tokenizer-private.h"

/* What Qwen2.5 numbers on from its vocabulary, in this order. */
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

/* Code points by which a vocabulary spells bytes. */
#define N_SPELLINGS 324

typedef struct
{
  const char *path; /* of the file being read */
  VlmTokenizer *tokenizer;
  GHashTable *ids; /* spelling in the vocabulary -> id; borrowed strings */
  gint16 bytes[N_SPELLINGS]; /* by code point, -1 for none */
  GError **error;
} Loader;

static gboolean G_GNUC_PRINTF (3, 4)
    fail (Loader *loader, VlmLoadError code, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (
      loader->error, VLM_LOAD_ERROR, code, "%s: %s", loader->path, message);
  return FALSE;
}

/* GPT-2's alphabet: printable Latin-1 stands for itself, the other bytes follow
 * from U+0100 on. */
static void
init_spellings (gint16 bytes[N_SPELLINGS])
{
  gint16 next = 256;

  for (guint i = 0; i < N_SPELLINGS; i++)
    bytes[i] = -1;
  for (gint16 byte = 0; byte < 256; byte++) {
    gboolean printable = (byte >= '!' && byte <= '~') ||
        (byte >= 0xa1 && byte <= 0xff && byte != 0xad);

    bytes[printable ? byte : next++] = byte;
  }
}

/* Appends the bytes that @spelling stands for. */
static gboolean
append_spelled (const Loader *loader, const char *spelling, GString *bytes)
{
  for (const char *p = spelling; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    if (c >= N_SPELLINGS || loader->bytes[c] < 0)
      return FALSE;
    g_string_append_c (bytes, (char) loader->bytes[c]);
  }
  return TRUE;
}

/* The place for a token; NULL with an error when it cannot be there. */
static VlmToken *
claim_id (Loader *loader, const char *key, const char *name, gint64 id)
{
  VlmTokenizer *tokenizer = loader->tokenizer;
  gsize n_bytes = strlen (name);
  VlmToken *token;

  if (id < 0 || id >= VLM_TOKENIZER_MAX_IDS) {
    fail (loader, VLM_LOAD_ERROR_TOO_LARGE,
        "%s: id %" G_GINT64_FORMAT " is not in 0 … %u", key, id,
        VLM_TOKENIZER_MAX_IDS - 1);
    return NULL;
  }
  if (n_bytes == 0 || n_bytes > VLM_TOKENIZER_MAX_TOKEN_BYTES ||
      !g_utf8_validate (name, -1, NULL)) {
    fail (loader, VLM_LOAD_ERROR_CORRUPT,
        "%s: the text of id %" G_GINT64_FORMAT
        " is empty, too long or not UTF-8",
        key, id);
    return NULL;
  }
  if (id >= tokenizer->tokens->len)
    g_array_set_size (tokenizer->tokens, (guint) id + 1);
  token = &g_array_index (tokenizer->tokens, VlmToken, id);
  if ((token->flags & VLM_TOKEN_PRESENT) != 0) {
    fail (loader, VLM_LOAD_ERROR_CORRUPT,
        "%s: id %" G_GINT64_FORMAT " is used twice", key, id);
    return NULL;
  }
  token->offset = (guint32) tokenizer->bytes->len;
  token->flags = VLM_TOKEN_PRESENT;
  return token;
}

static gboolean
add_added (
    Loader *loader, const char *key, const char *name, gint64 id, guint8 flags)
{
  VlmTokenizer *tokenizer = loader->tokenizer;
  VlmToken *token = claim_id (loader, key, name, id);

  if (token == NULL)
    return FALSE;
  if (g_hash_table_size (tokenizer->added_ids) >= VLM_TOKENIZER_MAX_ADDED)
    return fail (loader, VLM_LOAD_ERROR_TOO_LARGE, "%s: more than %u tokens",
        key, VLM_TOKENIZER_MAX_ADDED);
  if (!g_hash_table_insert (
          tokenizer->added_ids, g_strdup (name), GINT_TO_POINTER ((int) id)))
    return fail (
        loader, VLM_LOAD_ERROR_CORRUPT, "%s: \"%s\" is there twice", key, name);
  g_string_append (tokenizer->bytes, name);
  token->n_bytes = (guint32) strlen (name);
  token->flags |= VLM_TOKEN_ADDED | flags;
  return TRUE;
}

/* An added token with its attributes. */
static gboolean
add_described (Loader *loader, const char *key, gint64 id, JsonObject *object)
{
  static const char *const unsupported[] = { "lstrip", "rstrip",
    "single_word" };
  const char *name = vlm_json_get_string (object, "content");
  guint8 flags = 0;

  if (name == NULL)
    return fail (
        loader, VLM_LOAD_ERROR_CORRUPT, "%s.content: not a string", key);
  for (guint i = 0; i < G_N_ELEMENTS (unsupported); i++)
    if (vlm_json_is_true (object, unsupported[i]))
      return fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
          "%s.%s: only false is supported", key, unsupported[i]);
  if (vlm_json_is_true (object, "special"))
    flags |= VLM_TOKEN_SPECIAL;
  if (vlm_json_is_true (object, "normalized"))
    flags |= VLM_TOKEN_NORMALIZED;
  return add_added (loader, key, name, id, flags);
}

/* tokenizer.json: a list of objects that hold their id. */
static gboolean
load_added_list (Loader *loader, JsonObject *root)
{
  JsonArray *list = vlm_json_get_array (root, "added_tokens");
  guint n = list != NULL ? json_array_get_length (list) : 0;

  if (list == NULL && vlm_json_get (root, "added_tokens") != NULL)
    return fail (loader, VLM_LOAD_ERROR_CORRUPT, "added_tokens: not a list");
  for (guint i = 0; i < n; i++) {
    g_autofree char *key = g_strdup_printf ("added_tokens[%u]", i);
    JsonNode *node = json_array_get_element (list, i);
    gint64 id;

    if (!JSON_NODE_HOLDS_OBJECT (node))
      return fail (loader, VLM_LOAD_ERROR_CORRUPT, "%s: not an object", key);
    if (!vlm_json_node_int (
            json_object_get_member (json_node_get_object (node), "id"), &id))
      return fail (loader, VLM_LOAD_ERROR_CORRUPT, "%s.id: not a number", key);
    if (!add_described (loader, key, id, json_node_get_object (node)))
      return FALSE;
  }
  return TRUE;
}

/* The vocabulary may list an added token again. */
static gboolean
is_added_as (const VlmTokenizer *tokenizer, const char *name, gint64 id)
{
  gpointer added;

  return g_hash_table_lookup_extended (
             tokenizer->added_ids, name, NULL, &added) &&
      GPOINTER_TO_INT (added) == id;
}

static gboolean
load_vocab (Loader *loader, const char *key, JsonObject *vocab)
{
  VlmTokenizer *tokenizer = loader->tokenizer;
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, vocab);
  while (json_object_iter_next (&iter, &name, &node)) {
    VlmToken *token;
    gint64 id;

    if (!vlm_json_node_int (node, &id))
      return fail (loader, VLM_LOAD_ERROR_CORRUPT,
          "%s: the id of \"%s\" is not a number", key, name);
    if (is_added_as (tokenizer, name, id))
      continue;
    token = claim_id (loader, key, name, id);
    if (token == NULL)
      return FALSE;
    if (!append_spelled (loader, name, tokenizer->bytes))
      return fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
          "%s: \"%s\" is not spelled in the byte alphabet", key, name);
    token->n_bytes = (guint32) (tokenizer->bytes->len - token->offset);
    if (token->n_bytes == 1)
      tokenizer->bpe.byte_ids[(guint8) tokenizer->bytes->str[token->offset]] =
          (gint32) id;
    g_hash_table_insert (
        loader->ids, (gpointer) name, GINT_TO_POINTER ((int) id));
  }
  for (guint byte = 0; byte < 256; byte++)
    if (tokenizer->bpe.byte_ids[byte] < 0)
      return fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
          "%s: no token for the byte 0x%02x", key, byte);
  return TRUE;
}

static gboolean
add_merge (Loader *loader, const char *key, guint i, const char *left,
    const char *right)
{
  g_autofree char *both = g_strconcat (left, right, NULL);
  const char *names[3] = { left, right, both };
  guint32 ids[3];

  for (guint j = 0; j < 3; j++) {
    gpointer id;

    if (!g_hash_table_lookup_extended (loader->ids, names[j], NULL, &id))
      return fail (loader, VLM_LOAD_ERROR_CORRUPT,
          "%s[%u]: \"%s\" is not in the vocabulary", key, i, names[j]);
    ids[j] = (guint32) GPOINTER_TO_INT (id);
  }
  if (!vlm_bpe_add (&loader->tokenizer->bpe, ids[0], ids[1], ids[2]))
    return fail (loader, VLM_LOAD_ERROR_CORRUPT,
        "%s[%u]: \"%s\" and \"%s\" merge twice", key, i, left, right);
  return TRUE;
}

/* "left right" */
static gboolean
add_merge_line (Loader *loader, const char *key, guint i, const char *line)
{
  const char *space = strchr (line, ' ');
  g_autofree char *left = NULL;

  if (space == NULL || strchr (space + 1, ' ') != NULL)
    return fail (loader, VLM_LOAD_ERROR_CORRUPT,
        "%s[%u]: not two tokens with a space between them", key, i);
  left = g_strndup (line, (gsize) (space - line));
  return add_merge (loader, key, i, left, space + 1);
}

/* Each is "left right", or ["left", "right"] in newer files. */
static gboolean
load_merge_list (Loader *loader, const char *key, JsonArray *list)
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
      added = add_merge_line (loader, key, i, line);
    else if (left != NULL && right != NULL)
      added = add_merge (loader, key, i, left, right);
    else
      added = fail (loader, VLM_LOAD_ERROR_CORRUPT,
          "%s[%u]: neither a string nor a pair of strings", key, i);
    if (!added)
      return FALSE;
  }
  return TRUE;
}

/* One or none of @keys … @type. */
static gboolean
check_type (Loader *loader, const char *key, JsonObject *object,
    const char *type, gboolean needed)
{
  const char *actual =
      object != NULL ? vlm_json_get_string (object, "type") : NULL;

  if (object == NULL && !needed)
    return TRUE;
  if (g_strcmp0 (actual, type) != 0)
    return fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s.type: \"%s\", only \"%s\" is supported", key,
        actual != NULL ? actual : "(none)", type);
  return TRUE;
}

static gboolean
check_byte_level (Loader *loader, const char *key, JsonObject *object)
{
  if (!check_type (loader, key, object, "ByteLevel", TRUE))
    return FALSE;
  if (vlm_json_is_true (object, "add_prefix_space"))
    return fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s.add_prefix_space: only false is supported", key);
  /* The default is true. */
  if (vlm_json_get (object, "use_regex") == NULL ||
      vlm_json_is_true (object, "use_regex"))
    return fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s.use_regex: only false is supported", key);
  return TRUE;
}

/* A split by Qwen2's pattern, then bytes. */
static gboolean
check_pretokenizer (Loader *loader, JsonObject *root)
{
  static const char key[] = "pre_tokenizer";
  JsonObject *object = vlm_json_get_object (root, key);
  JsonArray *list;
  JsonObject *steps[2], *pattern;

  if (!check_type (loader, key, object, "Sequence", TRUE))
    return FALSE;
  list = vlm_json_get_array (object, "pretokenizers");
  if (list == NULL || json_array_get_length (list) != 2)
    return fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
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
  if (pattern == NULL ||
      g_strcmp0 (vlm_json_get_string (pattern, "Regex"),
          vlm_pretokenizer_pattern) != 0)
    return fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s.pretokenizers[0].pattern.Regex: not that of Qwen2", key);
  if (g_strcmp0 (vlm_json_get_string (steps[0], "behavior"), "Isolated") != 0 ||
      vlm_json_is_true (steps[0], "invert"))
    return fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s.pretokenizers[0]: only behavior \"Isolated\" without invert is "
        "supported",
        key);
  return TRUE;
}

static gboolean
check_model (Loader *loader, JsonObject *model)
{
  static const char *const texts[] = { "continuing_subword_prefix",
    "end_of_word_suffix", "unk_token" };
  static const char *const switches[] = { "byte_fallback", "ignore_merges" };

  if (!check_type (loader, "model", model, "BPE", TRUE))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (vlm_json_has_text (model, texts[i]))
      return fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
          "model.%s: only null is supported", texts[i]);
  for (guint i = 0; i < G_N_ELEMENTS (switches); i++)
    if (vlm_json_is_true (model, switches[i]))
      return fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
          "model.%s: only false is supported", switches[i]);
  if (vlm_json_get (model, "dropout") != NULL)
    return fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
        "model.dropout: only null is supported");
  return TRUE;
}

static gboolean
load_tokenizer_json (Loader *loader)
{
  g_autoptr (JsonObject) root =
      vlm_json_file_read (loader->path, loader->error);
  JsonObject *model, *vocab;
  JsonArray *merges;

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
    return fail (loader, VLM_LOAD_ERROR_CORRUPT, "model.vocab: not an object");
  if (merges == NULL)
    return fail (loader, VLM_LOAD_ERROR_CORRUPT, "model.merges: not a list");
  return load_added_list (loader, root) &&
      load_vocab (loader, "model.vocab", vocab) &&
      load_merge_list (loader, "model.merges", merges);
}

/* tokenizer_config.json: {"151643": {"content": …}, …} */
static gboolean
load_added_decoder (Loader *loader, JsonObject *decoder)
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
      return fail (loader, VLM_LOAD_ERROR_CORRUPT, "%s: not an id", key);
    if (!JSON_NODE_HOLDS_OBJECT (node))
      return fail (loader, VLM_LOAD_ERROR_CORRUPT, "%s: not an object", key);
    if (!add_described (loader, key, (gint64) id, json_node_get_object (node)))
      return FALSE;
  }
  return TRUE;
}

static guint8
qwen_flags (const char *name)
{
  for (guint i = 0; i < N_QWEN_SPECIAL; i++)
    if (strcmp (qwen_added[i], name) == 0)
      return VLM_TOKEN_SPECIAL;
  return 0;
}

/* added_tokens.json: {"<|im_end|>": 151645, …} */
static gboolean
load_added_map (Loader *loader, JsonObject *map)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, map);
  while (json_object_iter_next (&iter, &name, &node)) {
    gint64 id;

    if (!vlm_json_node_int (node, &id))
      return fail (loader, VLM_LOAD_ERROR_CORRUPT,
          "the id of \"%s\" is not a number", name);
    if (!add_added (loader, name, name, id, qwen_flags (name)))
      return FALSE;
  }
  return TRUE;
}

/* Sets *object to NULL when there is no such file. */
static gboolean
read_if_there (Loader *loader, const char *path, JsonObject **object)
{
  *object = NULL;
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  loader->path = path;
  *object = vlm_json_file_read (path, loader->error);
  return *object != NULL;
}

/* The added tokens that come with vocab.json; *found says whether there are
 * any. */
static gboolean
load_added_files (Loader *loader, const char *directory, gboolean *found)
{
  g_autofree char *config_path =
      g_build_filename (directory, "tokenizer_config.json", NULL);
  g_autofree char *map_path =
      g_build_filename (directory, "added_tokens.json", NULL);
  g_autoptr (JsonObject) config = NULL;
  g_autoptr (JsonObject) map = NULL;
  JsonObject *decoder = NULL;

  *found = TRUE;
  if (!read_if_there (loader, config_path, &config))
    return FALSE;
  if (config != NULL) {
    const char *class = vlm_json_get_string (config, "tokenizer_class");

    if (class != NULL && !g_str_has_prefix (class, "Qwen2Tokenizer"))
      return fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
          "tokenizer_class: \"%s\", only Qwen2's is supported", class);
    decoder = vlm_json_get_object (config, "added_tokens_decoder");
  }
  if (decoder != NULL)
    return load_added_decoder (loader, decoder);
  if (!read_if_there (loader, map_path, &map))
    return FALSE;
  if (map != NULL)
    return load_added_map (loader, map);
  *found = FALSE;
  return TRUE;
}

static gboolean
load_merges_txt (Loader *loader, const char *directory)
{
  g_autofree char *path = g_build_filename (directory, "merges.txt", NULL);
  g_autofree char *text = NULL;
  gsize n_bytes;
  guint i = 0;

  loader->path = path;
  if (!vlm_text_file_read (path, &text, &n_bytes, loader->error))
    return FALSE;
  if (strlen (text) != n_bytes)
    return fail (loader, VLM_LOAD_ERROR_CORRUPT, "holds a zero byte");
  for (gsize at = 0; at < n_bytes; at++)
    i += text[at] == '\n';
  vlm_bpe_reserve (&loader->tokenizer->bpe, i + 1);
  i = 0;
  for (char *line = text, *next; line != NULL; line = next) {
    gsize n = strcspn (line, "\n");

    next = line[n] == '\n' ? line + n + 1 : NULL;
    if (n > 0 && line[n - 1] == '\r')
      n--;
    line[n] = '\0';
    if (n == 0 || (line == text && g_str_has_prefix (line, "#version")))
      continue;
    if (!add_merge_line (loader, "merge", i++, line))
      return FALSE;
  }
  return TRUE;
}

static gboolean
load_vocab_json (Loader *loader, const char *directory)
{
  const char *path = loader->path;
  g_autoptr (JsonObject) vocab = NULL;
  gboolean found;

  if (!load_added_files (loader, directory, &found))
    return FALSE;
  loader->path = path;
  vocab = vlm_json_file_read (path, loader->error);
  if (vocab == NULL || !load_vocab (loader, "vocabulary", vocab))
    return FALSE;
  if (!found) {
    guint n = loader->tokenizer->tokens->len;

    for (guint i = 0; i < G_N_ELEMENTS (qwen_added); i++)
      if (!add_added (loader, "vocabulary", qwen_added[i], n + i,
              qwen_flags (qwen_added[i])))
        return FALSE;
  }
  return load_merges_txt (loader, directory);
}

VlmTokenizer *
vlm_tokenizer_load (const char *directory, GError **error)
{
  g_autofree char *tokenizer_path =
      g_build_filename (directory, "tokenizer.json", NULL);
  g_autofree char *vocab_path =
      g_build_filename (directory, "vocab.json", NULL);
  g_autoptr (VlmTokenizer) tokenizer = g_new0 (VlmTokenizer, 1);
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  Loader loader = {
    .path = tokenizer_path,
    .tokenizer = tokenizer,
    .ids = ids,
    .error = error,
  };

  g_atomic_ref_count_init (&tokenizer->refs);
  tokenizer->tokens = g_array_new (FALSE, TRUE, sizeof (VlmToken));
  tokenizer->bytes = g_string_new (NULL);
  tokenizer->added_ids =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  vlm_bpe_init (&tokenizer->bpe);
  tokenizer->pretokenizer = vlm_pretokenizer_new ();
  init_spellings (loader.bytes);
  if (g_file_test (tokenizer_path, G_FILE_TEST_EXISTS)) {
    if (!load_tokenizer_json (&loader))
      return NULL;
  } else if (g_file_test (vocab_path, G_FILE_TEST_EXISTS)) {
    loader.path = vocab_path;
    if (!load_vocab_json (&loader, directory))
      return NULL;
  } else {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
        "%s: neither tokenizer.json nor vocab.json", directory);
    return NULL;
  }
  vlm_tokenizer_index_added (tokenizer);
  return g_steal_pointer (&tokenizer);
}
