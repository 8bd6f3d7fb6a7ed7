/* gst-vlm: Qwen2's byte-level BPE
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Immutable after loading; thread-safe. Atomic reference count. */
typedef struct _VlmTokenizer VlmTokenizer;

/* From tokenizer.json, or vocab.json + merges.txt (added tokens then from
 * added_tokens.json / tokenizer_config.json, or Qwen2.5's own). Errors are of
 * VLM_LOAD_ERROR and name the file and the key. */
VlmTokenizer *vlm_tokenizer_load (const char *directory, GError **error);
/* The lists that a GGUF file keeps under tokenizer.ggml. */
typedef struct
{
  const char *source; /* names them in messages */
  char *const *tokens;
  const gint64 *types; /* of each token, the file's numbers */
  guint n_tokens;
  char *const *merges; /* "left right" */
  guint n_merges;
} VlmTokenizerLists;
/* The same tokenizer as from the files that the lists were made of. */
VlmTokenizer *
vlm_tokenizer_new_from_lists (const VlmTokenizerLists *lists, GError **error);
VlmTokenizer *vlm_tokenizer_ref (VlmTokenizer *tokenizer);
void vlm_tokenizer_unref (VlmTokenizer *tokenizer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmTokenizer, vlm_tokenizer_unref)

/* Leaves out the added tokens from id @n_ids on, which a network of that many
 * has no embedding for, before others use the tokenizer; *n_forgotten: how
 * many. FALSE when there are other tokens from there on. */
gboolean vlm_tokenizer_forget_from (
    VlmTokenizer *tokenizer, guint n_ids, guint *n_forgotten);

/* One more than the largest id. */
guint vlm_tokenizer_get_n_ids (const VlmTokenizer *tokenizer);

/* Appends the ids (gint32) of @text to @ids. Without @parse_special the names
 * of special tokens are ordinary text: nothing a user writes can become one.
 * Not quadratic in anything. Invalid UTF-8 is encoded as U+FFFD. */
void vlm_tokenizer_encode (const VlmTokenizer *tokenizer, const char *text,
    gssize n_bytes, gboolean parse_special, GArray *ids);

/* The bytes of a token: may be part of a UTF-8 character. NULL with *n_bytes 0
 * for an id that is not in the vocabulary. Special tokens give their name. */
const char *vlm_tokenizer_get_bytes (
    const VlmTokenizer *tokenizer, gint32 id, gsize *n_bytes);
/* A token that decoded text leaves out. */
gboolean vlm_tokenizer_is_special (const VlmTokenizer *tokenizer, gint32 id);
/* A token that plain text never becomes, special or not ("<tool_call>" is
 * added, but not special: decoded text shows it). */
gboolean vlm_tokenizer_is_added (const VlmTokenizer *tokenizer, gint32 id);
/* The token of a single byte: every vocabulary has all 256. */
gint32 vlm_tokenizer_get_byte_id (const VlmTokenizer *tokenizer, guint8 byte);

/* The id of an added token such as "<|im_start|>"; -1 when there is none. */
gint32
vlm_tokenizer_find_special (const VlmTokenizer *tokenizer, const char *name);

/* All text at once; invalid UTF-8 and U+0000 become U+FFFD; special tokens are
 * left out.
 * (transfer full) */
char *vlm_tokenizer_decode (
    const VlmTokenizer *tokenizer, const gint32 *ids, guint n_ids);

/* Decoding as tokens come: whole UTF-8 characters only. */
typedef struct
{
  const VlmTokenizer *tokenizer;
  GString *pending; /* bytes of a character that is not complete yet */
} VlmDetokenizer;

void vlm_detokenizer_init (
    VlmDetokenizer *detokenizer, const VlmTokenizer *tokenizer);
void vlm_detokenizer_clear (VlmDetokenizer *detokenizer);
/* Appends what became whole to @text. */
void
vlm_detokenizer_push (VlmDetokenizer *detokenizer, gint32 id, GString *text);
/* Appends U+FFFD for an unfinished character. */
void vlm_detokenizer_finish (VlmDetokenizer *detokenizer, GString *text);
