/* gst-vlm: what the two layouts of a tokenizer share
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include <vlm/vlm-error.h>

#include "text/tokenizer-private.h"

/* Code points by which a vocabulary spells bytes. */
#define VLM_N_SPELLINGS 324

typedef struct
{
  const char *path;      /* of the file being read */
  const char *directory; /* of vocabularies that several files make */
  VlmTokenizer *tokenizer;
  GHashTable *ids; /* spelling in the vocabulary -> id; borrowed strings */
  gint16 bytes[VLM_N_SPELLINGS]; /* by code point, -1 for none */
  GError **error;
} VlmTokenizerLoader;

/* A tokenizer without tokens, the caller's; @loader adds to it. */
VlmTokenizer *vlm_tokenizer_loader_init (VlmTokenizerLoader *loader,
    const char *path, GHashTable *ids, GError **error);
/* Once all is there. */
void vlm_tokenizer_loader_finish (VlmTokenizerLoader *loader);

/* Each returns FALSE with an error set, which names the file; @key is where in
 * it. */
gboolean vlm_tokenizer_fail (VlmTokenizerLoader *loader, VlmLoadError code,
    const char *format, ...) G_GNUC_PRINTF (3, 4);
gboolean vlm_tokenizer_add_added (VlmTokenizerLoader *loader, const char *key,
    const char *name, gint64 id, guint8 flags);
/* An added token with its attributes. */
gboolean vlm_tokenizer_add_described (
    VlmTokenizerLoader *loader, const char *key, gint64 id, JsonObject *object);
/* A token of the vocabulary. @name must live until the last merge is added. */
gboolean vlm_tokenizer_add_spelled (
    VlmTokenizerLoader *loader, const char *key, const char *name, gint64 id);
/* After the last: every byte has a token. */
gboolean
vlm_tokenizer_check_bytes (VlmTokenizerLoader *loader, const char *key);
/* After the added tokens, where a file has both. @vocab must live until the
 * last merge is added. */
gboolean vlm_tokenizer_load_vocab (
    VlmTokenizerLoader *loader, const char *key, JsonObject *vocab);
gboolean vlm_tokenizer_add_merge (VlmTokenizerLoader *loader, const char *key,
    guint i, const char *left, const char *right);
/* "left right" */
gboolean vlm_tokenizer_add_merge_line (
    VlmTokenizerLoader *loader, const char *key, guint i, const char *line);

/* The added tokens of tokenizer_config.json or added_tokens.json; *found:
 * whether there are any. Leaves another path. */
gboolean
vlm_tokenizer_load_added_files (VlmTokenizerLoader *loader, gboolean *found);
/* All of Qwen2.5's that are not there yet, from the end of the vocabulary on. */
gboolean vlm_tokenizer_add_qwen (VlmTokenizerLoader *loader);

/* tokenizer.json, at loader->path */
gboolean vlm_tokenizer_load_json (VlmTokenizerLoader *loader);
/* vocab.json, at loader->path, and what is beside it. */
gboolean vlm_tokenizer_load_files (VlmTokenizerLoader *loader);
/* Whether Qwen2.5 adds a token of that name, and with which flags. */
gboolean vlm_tokenizer_find_qwen_added (const char *name, guint8 *flags);
