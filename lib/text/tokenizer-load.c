/* gst-vlm: reading a tokenizer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/tokenizer-loader.h"

#include <string.h>

#include "base/json-member.h"
#include "text/json-file.h"

gboolean
vlm_tokenizer_fail (
    VlmTokenizerLoader *loader, VlmLoadError code, const char *format, ...)
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

/* GPT-2's alphabet: printable Latin-1 is itself, the other bytes follow from
 * U+0100 on. */
static void
init_spellings (gint16 bytes[VLM_N_SPELLINGS])
{
  gint16 next = 256;

  for (guint i = 0; i < VLM_N_SPELLINGS; i++)
    bytes[i] = -1;
  for (gint16 byte = 0; byte < 256; byte++) {
    gboolean printable = (byte >= '!' && byte <= '~') ||
        (byte >= 0xa1 && byte <= 0xff && byte != 0xad);

    bytes[printable ? byte : next++] = byte;
  }
}

/* Appends the bytes that @spelling spells. */
static gboolean
append_spelled (
    const VlmTokenizerLoader *loader, const char *spelling, GString *bytes)
{
  for (const char *p = spelling; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    if (c >= VLM_N_SPELLINGS || loader->bytes[c] < 0)
      return FALSE;
    g_string_append_c (bytes, (char) loader->bytes[c]);
  }
  return TRUE;
}

/* The place for a token; NULL with an error when it cannot be there. */
static VlmToken *
claim_id (
    VlmTokenizerLoader *loader, const char *key, const char *name, gint64 id)
{
  VlmTokenizer *tokenizer = loader->tokenizer;
  gsize n_bytes = strlen (name);
  VlmToken *token;

  if (id < 0 || id >= VLM_TOKENIZER_MAX_IDS) {
    vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_TOO_LARGE,
        "%s: id %" G_GINT64_FORMAT " is not in 0 … %u", key, id,
        VLM_TOKENIZER_MAX_IDS - 1);
    return NULL;
  }
  if (n_bytes == 0 || n_bytes > VLM_TOKENIZER_MAX_TOKEN_BYTES ||
      !g_utf8_validate (name, -1, NULL)) {
    vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_CORRUPT,
        "%s: the text of id %" G_GINT64_FORMAT
        " is empty, too long or not UTF-8",
        key, id);
    return NULL;
  }
  if (id >= tokenizer->tokens->len)
    g_array_set_size (tokenizer->tokens, (guint) id + 1);
  token = &g_array_index (tokenizer->tokens, VlmToken, id);
  if ((token->flags & VLM_TOKEN_PRESENT) != 0) {
    vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_CORRUPT,
        "%s: id %" G_GINT64_FORMAT " is used twice", key, id);
    return NULL;
  }
  token->offset = (guint32) tokenizer->bytes->len;
  token->flags = VLM_TOKEN_PRESENT;
  return token;
}

/* The vocabulary, or the list itself, may have an added token again. */
static gboolean
is_added_as (const VlmTokenizer *tokenizer, const char *name, gint64 id)
{
  gpointer added;

  return g_hash_table_lookup_extended (
             tokenizer->added_ids, name, NULL, &added) &&
      GPOINTER_TO_INT (added) == id;
}

gboolean
vlm_tokenizer_add_added (VlmTokenizerLoader *loader, const char *key,
    const char *name, gint64 id, guint8 flags)
{
  VlmTokenizer *tokenizer = loader->tokenizer;
  VlmToken *token = claim_id (loader, key, name, id);

  if (token == NULL)
    return FALSE;
  if (g_hash_table_size (tokenizer->added_ids) >= VLM_TOKENIZER_MAX_ADDED)
    return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_TOO_LARGE,
        "%s: more than %u tokens", key, VLM_TOKENIZER_MAX_ADDED);
  if (!g_hash_table_insert (
          tokenizer->added_ids, g_strdup (name), GINT_TO_POINTER ((int) id)))
    return vlm_tokenizer_fail (
        loader, VLM_LOAD_ERROR_CORRUPT, "%s: \"%s\" occurs twice", key, name);
  g_string_append (tokenizer->bytes, name);
  token->n_bytes = (guint32) strlen (name);
  token->flags |= VLM_TOKEN_ADDED | flags;
  return TRUE;
}

gboolean
vlm_tokenizer_add_described (
    VlmTokenizerLoader *loader, const char *key, gint64 id, JsonObject *object)
{
  static const char *const unsupported[] = { "lstrip", "rstrip",
    "single_word" };
  const char *name = vlm_json_get_string (object, "content");
  guint8 flags = 0;

  if (name == NULL)
    return vlm_tokenizer_fail (
        loader, VLM_LOAD_ERROR_CORRUPT, "%s.content: not a string", key);
  for (guint i = 0; i < G_N_ELEMENTS (unsupported); i++)
    if (vlm_json_is_true (object, unsupported[i]))
      return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
          "%s.%s: only false is supported", key, unsupported[i]);
  if (vlm_json_is_true (object, "special"))
    flags |= VLM_TOKEN_SPECIAL;
  if (vlm_json_is_true (object, "normalized"))
    flags |= VLM_TOKEN_NORMALIZED;
  return is_added_as (loader->tokenizer, name, id) ||
      vlm_tokenizer_add_added (loader, key, name, id, flags);
}

gboolean
vlm_tokenizer_add_spelled (
    VlmTokenizerLoader *loader, const char *key, const char *name, gint64 id)
{
  VlmTokenizer *tokenizer = loader->tokenizer;
  VlmToken *token;

  if (is_added_as (tokenizer, name, id))
    return TRUE;
  token = claim_id (loader, key, name, id);
  if (token == NULL)
    return FALSE;
  if (!append_spelled (loader, name, tokenizer->bytes))
    return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s: \"%s\" is not spelled in the byte alphabet", key, name);
  token->n_bytes = (guint32) (tokenizer->bytes->len - token->offset);
  if (token->n_bytes == 1)
    tokenizer->bpe.byte_ids[(guint8) tokenizer->bytes->str[token->offset]] =
        (gint32) id;
  g_hash_table_insert (
      loader->ids, (gpointer) name, GINT_TO_POINTER ((int) id));
  return TRUE;
}

gboolean
vlm_tokenizer_check_bytes (VlmTokenizerLoader *loader, const char *key)
{
  for (guint byte = 0; byte < 256; byte++)
    if (loader->tokenizer->bpe.byte_ids[byte] < 0)
      return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_UNSUPPORTED,
          "%s: no token for the byte 0x%02x", key, byte);
  return TRUE;
}

gboolean
vlm_tokenizer_load_vocab (
    VlmTokenizerLoader *loader, const char *key, JsonObject *vocab)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, vocab);
  while (json_object_iter_next (&iter, &name, &node)) {
    guint8 flags = 0;
    gboolean added;
    gint64 id;

    if (!vlm_json_node_int (node, &id))
      return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_CORRUPT,
          "%s: the id of \"%s\" is not a number", key, name);
    /* No merge makes one of these names: here it is only an added token. */
    added = vlm_tokenizer_find_qwen_added (name, &flags) &&
        !g_hash_table_contains (loader->tokenizer->added_ids, name);
    if (added ? !vlm_tokenizer_add_added (loader, key, name, id, flags)
              : !vlm_tokenizer_add_spelled (loader, key, name, id))
      return FALSE;
  }
  return vlm_tokenizer_check_bytes (loader, key);
}

gboolean
vlm_tokenizer_add_merge (VlmTokenizerLoader *loader, const char *key, guint i,
    const char *left, const char *right)
{
  g_autofree char *both = g_strconcat (left, right, NULL);
  const char *names[3] = { left, right, both };
  guint32 ids[3];

  for (guint j = 0; j < 3; j++) {
    gpointer id;

    if (!g_hash_table_lookup_extended (loader->ids, names[j], NULL, &id))
      return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_CORRUPT,
          "%s[%u]: \"%s\" is not in the vocabulary", key, i, names[j]);
    ids[j] = (guint32) GPOINTER_TO_INT (id);
  }
  if (!vlm_bpe_add (&loader->tokenizer->bpe, ids[0], ids[1], ids[2]))
    return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_CORRUPT,
        "%s[%u]: \"%s\" and \"%s\" merge twice", key, i, left, right);
  return TRUE;
}

gboolean
vlm_tokenizer_add_merge_line (
    VlmTokenizerLoader *loader, const char *key, guint i, const char *line)
{
  const char *space = strchr (line, ' ');
  g_autofree char *left = NULL;

  if (space == NULL || strchr (space + 1, ' ') != NULL)
    return vlm_tokenizer_fail (loader, VLM_LOAD_ERROR_CORRUPT,
        "%s[%u]: not two tokens with a space between them", key, i);
  left = g_strndup (line, (gsize) (space - line));
  return vlm_tokenizer_add_merge (loader, key, i, left, space + 1);
}

VlmTokenizer *
vlm_tokenizer_loader_init (VlmTokenizerLoader *loader, const char *path,
    GHashTable *ids, GError **error)
{
  VlmTokenizer *tokenizer = g_new0 (VlmTokenizer, 1);

  g_atomic_ref_count_init (&tokenizer->refs);
  tokenizer->tokens = g_array_new (FALSE, TRUE, sizeof (VlmToken));
  tokenizer->bytes = g_string_new (NULL);
  tokenizer->added_ids =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  vlm_bpe_init (&tokenizer->bpe);
  *loader = (VlmTokenizerLoader){
    .path = path, .tokenizer = tokenizer, .ids = ids, .error = error
  };
  init_spellings (loader->bytes);
  return tokenizer;
}

void
vlm_tokenizer_loader_finish (VlmTokenizerLoader *loader)
{
  if (loader->tokenizer->pretokenizer == NULL)
    loader->tokenizer->pretokenizer = vlm_pretokenizer_new (VLM_SPLIT_QWEN2);
  vlm_tokenizer_index_added (loader->tokenizer);
}

VlmTokenizer *
vlm_tokenizer_load (const char *directory, GError **error)
{
  g_autofree char *tokenizer_path =
      g_build_filename (directory, "tokenizer.json", NULL);
  g_autofree char *vocab_path =
      g_build_filename (directory, "vocab.json", NULL);
  g_autoptr (GHashTable) ids = g_hash_table_new (g_str_hash, g_str_equal);
  VlmTokenizerLoader loader;
  g_autoptr (VlmTokenizer) tokenizer =
      vlm_tokenizer_loader_init (&loader, tokenizer_path, ids, error);

  loader.directory = directory;
  if (g_file_test (tokenizer_path, G_FILE_TEST_EXISTS)) {
    if (!vlm_tokenizer_load_json (&loader))
      return NULL;
  } else if (g_file_test (vocab_path, G_FILE_TEST_EXISTS)) {
    loader.path = vocab_path;
    if (!vlm_tokenizer_load_files (&loader))
      return NULL;
  } else {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
        "%s: neither tokenizer.json nor vocab.json: use the tokenizer files of "
        "the model that this one was derived from",
        directory);
    return NULL;
  }
  vlm_tokenizer_loader_finish (&loader);
  return g_steal_pointer (&tokenizer);
}
