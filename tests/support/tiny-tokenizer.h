/* gst-vlm: a small vocabulary for tests
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib/gstdio.h>

#include "text/pretokenizer.h"
#include "text/tokenizer.h"

/* All bytes, the beginnings of some words (each grown letter by letter), then
 * Qwen2's names. Among the words are pieces of JSON answers, so that tokens
 * cross the joints of the grammar. */
static const char *const tiny_words[] = {
  "the",
  " the",
  " person",
  "ing",
  "aaaa",
  "  ",
  "    ",
  "\n    ",
  "\n\n",
  "```",
  "json",
  "[\n",
  "{\"",
  "\":",
  " \"",
  "\": \"",
  "\",",
  "\"}",
  "\"},\n",
  "},\n",
  "\n]",
  "]\n",
  "}\n]",
  "start",
  "_time",
  "_time\":",
  "end",
  "description",
  "bbox",
  "_2d",
  "label",
  "00",
  "05",
  ":0",
  ".0",
  ".5",
  "59",
  ", ",
  "\xc3\xa9",
  "\xc3\xa4",
  "\xe6\x97\xa5",
  "\xe6\x97\xa5\xe6\x9c\xac",
  "\xe6\x97",
  "\xf0\x9f",
  "\xf0\x9f\x98",
  "x\xc3",
  "\xa9s",
  "\\\"",
  "\\n",
  "\\u00",
  "\\",
  "'s",
  "1",
  "[]",
  "[]\n",
  "}]",
  "\"\n",
  "\t{\"",
  "[\n\t",
};

typedef struct
{
  GPtrArray *tokens; /* GString, spelled; the index is the id */
  GPtrArray *merges; /* char *, "left right" */
  GString *spelling[256];
} TinyVocab;

static inline void
tiny_free_string (gpointer string)
{
  g_string_free (string, TRUE);
}

static inline void
tiny_vocab_init (TinyVocab *vocab)
{
  gunichar next = 256;
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  vocab->tokens = g_ptr_array_new_with_free_func (tiny_free_string);
  vocab->merges = g_ptr_array_new_with_free_func (g_free);
  for (guint byte = 0; byte < 256; byte++) {
    gboolean printable =
        (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte != 0xad);

    vocab->spelling[byte] = g_string_new (NULL);
    g_string_append_unichar (vocab->spelling[byte], printable ? byte : next++);
    g_ptr_array_add (vocab->tokens, g_string_new (vocab->spelling[byte]->str));
  }
  for (guint i = 0; i < G_N_ELEMENTS (tiny_words); i++) {
    const guint8 *word = (const guint8 *) tiny_words[i];
    g_autoptr (GString) left = g_string_new (vocab->spelling[word[0]]->str);

    for (guint j = 1; word[j] != '\0'; j++) {
      const char *right = vocab->spelling[word[j]]->str;
      char *merge = g_strdup_printf ("%s %s", left->str, right);

      g_string_append (left, right);
      if (g_hash_table_add (seen, g_strdup (left->str))) {
        g_ptr_array_add (vocab->tokens, g_string_new (left->str));
        g_ptr_array_add (vocab->merges, merge);
      } else {
        g_free (merge);
      }
    }
  }
}

static inline void
tiny_vocab_clear (TinyVocab *vocab)
{
  g_ptr_array_unref (vocab->tokens);
  g_ptr_array_unref (vocab->merges);
  for (guint byte = 0; byte < 256; byte++)
    g_string_free (vocab->spelling[byte], TRUE);
}

/* @text as a JSON string. */
static inline void
tiny_append_json (GString *json, const char *text)
{
  g_string_append_c (json, '"');
  for (; *text != '\0'; text++) {
    if (*text == '"' || *text == '\\')
      g_string_append_c (json, '\\');
    g_string_append_c (json, *text);
  }
  g_string_append_c (json, '"');
}

static inline char *
tiny_vocab_json (const TinyVocab *vocab)
{
  GString *json = g_string_new ("{");

  for (guint i = 0; i < vocab->tokens->len; i++) {
    const GString *token = g_ptr_array_index (vocab->tokens, i);

    g_string_append (json, i > 0 ? "," : "");
    tiny_append_json (json, token->str);
    g_string_append_printf (json, ":%u", i);
  }
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}

/* @as_pairs: the spelling of newer files */
static inline char *
tiny_merges_json (const TinyVocab *vocab, gboolean as_pairs)
{
  GString *json = g_string_new ("[");

  for (guint i = 0; i < vocab->merges->len; i++) {
    const char *merge = g_ptr_array_index (vocab->merges, i);
    g_auto (GStrv) pair = g_strsplit (merge, " ", 2);

    g_string_append (json, i > 0 ? "," : "");
    if (as_pairs) {
      g_string_append_c (json, '[');
      tiny_append_json (json, pair[0]);
      g_string_append_c (json, ',');
      tiny_append_json (json, pair[1]);
      g_string_append_c (json, ']');
    } else {
      tiny_append_json (json, merge);
    }
  }
  g_string_append_c (json, ']');
  return g_string_free (json, FALSE);
}

static inline char *
tiny_added_json (const TinyVocab *vocab)
{
  static const char *const names[] = { "<|endoftext|>", "<|im_start|>",
    "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>",
    "<|video_pad|>", "<tool_call>" };
  GString *json = g_string_new ("[");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_string_append_printf (json,
        "%s{\"id\": %u, \"content\": \"%s\", \"special\": %s}",
        i > 0 ? "," : "", vocab->tokens->len + i, names[i],
        names[i][1] == '|' ? "true" : "false");
  g_string_append_c (json, ']');
  return g_string_free (json, FALSE);
}

static inline char *
tiny_tokenizer_json (gboolean as_pairs)
{
  TinyVocab vocab;
  g_autofree char *tokens = NULL, *merges = NULL, *added = NULL;
  g_autoptr (GString) pattern = g_string_new (NULL);
  char *json;

  tiny_vocab_init (&vocab);
  tokens = tiny_vocab_json (&vocab);
  merges = tiny_merges_json (&vocab, as_pairs);
  added = tiny_added_json (&vocab);
  tiny_append_json (pattern, vlm_pretokenizer_get_pattern (VLM_SPLIT_QWEN2));
  json = g_strdup_printf (
      "{\"added_tokens\": %s, \"normalizer\": {\"type\": \"NFC\"},"
      "\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": ["
      "{\"type\": \"Split\", \"pattern\": {\"Regex\": %s},"
      " \"behavior\": \"Isolated\", \"invert\": false},"
      "{\"type\": \"ByteLevel\", \"add_prefix_space\": false,"
      " \"use_regex\": false}]},"
      "\"post_processor\": null, \"decoder\": {\"type\": \"ByteLevel\"},"
      "\"model\": {\"type\": \"BPE\", \"dropout\": null, \"vocab\": %s,"
      " \"merges\": %s}}",
      added, pattern->str, tokens, merges);
  tiny_vocab_clear (&vocab);
  return json;
}

/* A new directory with one file; free with tiny_remove (). */
static inline char *
tiny_write (const char *name, const char *contents)
{
  char *directory = g_dir_make_tmp ("vlm-text-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, name, NULL);

  g_assert_true (g_file_set_contents (path, contents, -1, NULL));
  return directory;
}

static inline void
tiny_remove (char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (directory, name, NULL);

    g_unlink (path);
  }
  g_rmdir (directory);
  g_free (directory);
}

static inline VlmTokenizer *
tiny_tokenizer_new (void)
{
  g_autofree char *json = tiny_tokenizer_json (FALSE);
  char *directory = tiny_write ("tokenizer.json", json);
  g_autoptr (GError) error = NULL;
  VlmTokenizer *tokenizer = vlm_tokenizer_load (directory, &error);

  g_assert_no_error (error);
  tiny_remove (directory);
  return tokenizer;
}
