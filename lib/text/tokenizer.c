/* gst-vlm: Qwen2's byte-level BPE
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/tokenizer-private.h"

#include <string.h>

#include "text/nfc.h"
#include "text/utf8.h"

VlmTokenizer *
vlm_tokenizer_ref (VlmTokenizer *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
vlm_tokenizer_unref (VlmTokenizer *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  g_array_unref (self->tokens);
  g_string_free (self->bytes, TRUE);
  g_hash_table_unref (self->added_ids);
  g_clear_pointer (&self->raw.ids, g_array_unref);
  g_clear_pointer (&self->normalized.ids, g_array_unref);
  vlm_bpe_clear (&self->bpe);
  vlm_pretokenizer_free (self->pretokenizer);
  g_free (self);
}

static const VlmToken *
get_token (const VlmTokenizer *self, gint32 id)
{
  const VlmToken *token;

  if (id < 0 || (guint) id >= self->tokens->len)
    return NULL;
  token = &g_array_index (self->tokens, VlmToken, id);
  return (token->flags & VLM_TOKEN_PRESENT) != 0 ? token : NULL;
}

guint
vlm_tokenizer_get_n_ids (const VlmTokenizer *self)
{
  return self->tokens->len;
}

const char *
vlm_tokenizer_get_bytes (const VlmTokenizer *self, gint32 id, gsize *n_bytes)
{
  const VlmToken *token = get_token (self, id);

  *n_bytes = token != NULL ? token->n_bytes : 0;
  return token != NULL ? self->bytes->str + token->offset : NULL;
}

gboolean
vlm_tokenizer_is_special (const VlmTokenizer *self, gint32 id)
{
  const VlmToken *token = get_token (self, id);

  return token != NULL && (token->flags & VLM_TOKEN_SPECIAL) != 0;
}

gboolean
vlm_tokenizer_is_added (const VlmTokenizer *self, gint32 id)
{
  const VlmToken *token = get_token (self, id);

  return token != NULL && (token->flags & VLM_TOKEN_ADDED) != 0;
}

gint32
vlm_tokenizer_find_special (const VlmTokenizer *self, const char *name)
{
  gpointer id;

  if (!g_hash_table_lookup_extended (self->added_ids, name, NULL, &id))
    return -1;
  return GPOINTER_TO_INT (id);
}

gint32
vlm_tokenizer_get_byte_id (const VlmTokenizer *self, guint8 byte)
{
  return self->bpe.byte_ids[byte];
}

static int
compare_added (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const VlmTokenizer *self = user_data;
  const VlmToken *x = get_token (self, *(const gint32 *) a);
  const VlmToken *y = get_token (self, *(const gint32 *) b);
  guint8 first_x = (guint8) self->bytes->str[x->offset];
  guint8 first_y = (guint8) self->bytes->str[y->offset];

  if (first_x != first_y)
    return first_x < first_y ? -1 : 1;
  return (x->n_bytes < y->n_bytes) - (x->n_bytes > y->n_bytes);
}

static void
index_added (VlmTokenizer *self, VlmAddedTokens *added, guint8 normalized)
{
  guint at = 0;

  g_clear_pointer (&added->ids, g_array_unref);
  added->ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  for (gint32 id = 0; id < (gint32) self->tokens->len; id++) {
    guint8 flags = g_array_index (self->tokens, VlmToken, id).flags;

    if ((flags & VLM_TOKEN_ADDED) != 0 &&
        (flags & VLM_TOKEN_NORMALIZED) == normalized)
      g_array_append_val (added->ids, id);
  }
  g_array_sort_with_data (added->ids, compare_added, self);
  for (guint byte = 0; byte < 256; byte++) {
    added->first[byte] = at;
    while (at < added->ids->len) {
      const VlmToken *token =
          get_token (self, g_array_index (added->ids, gint32, at));

      if ((guint8) self->bytes->str[token->offset] != byte)
        break;
      at++;
    }
  }
  added->first[256] = at;
}

void
vlm_tokenizer_index_added (VlmTokenizer *self)
{
  index_added (self, &self->raw, 0);
  index_added (self, &self->normalized, VLM_TOKEN_NORMALIZED);
}

static gboolean
is_from (gpointer name, gpointer id, gpointer first)
{
  return GPOINTER_TO_INT (id) >= GPOINTER_TO_INT (first);
}

gboolean
vlm_tokenizer_forget_from (VlmTokenizer *self, guint n_ids, guint *n_forgotten)
{
  *n_forgotten = 0;
  for (guint id = n_ids; id < self->tokens->len; id++) {
    guint8 flags = g_array_index (self->tokens, VlmToken, id).flags;

    if ((flags & VLM_TOKEN_ADDED) != 0)
      (*n_forgotten)++;
    else if ((flags & VLM_TOKEN_PRESENT) != 0)
      return FALSE;
  }
  if (n_ids >= self->tokens->len)
    return TRUE;
  g_hash_table_foreach_remove (
      self->added_ids, is_from, GINT_TO_POINTER ((int) n_ids));
  g_array_set_size (self->tokens, n_ids);
  vlm_tokenizer_index_added (self);
  return TRUE;
}

/* The longest name that @text starts with; -1 for none. */
static gint32
match_added (const VlmTokenizer *self, const VlmAddedTokens *added,
    const char *text, gsize n_bytes)
{
  guint8 byte = (guint8) text[0];

  for (guint i = added->first[byte]; i < added->first[byte + 1]; i++) {
    gint32 id = g_array_index (added->ids, gint32, i);
    const VlmToken *token = get_token (self, id);

    if (token->n_bytes <= n_bytes &&
        memcmp (text, self->bytes->str + token->offset, token->n_bytes) == 0)
      return id;
  }
  return -1;
}

typedef struct
{
  const VlmTokenizer *tokenizer;
  gboolean parse_special;
  GArray *ids;
  GString *normalized;
  VlmBpeScratch scratch;
} Encoder;

static void
encode_word (const char *word, gsize n_bytes, gpointer user_data)
{
  Encoder *encoder = user_data;

  vlm_bpe_encode (
      &encoder->tokenizer->bpe, word, n_bytes, &encoder->scratch, encoder->ids);
}

/* Text that holds no name any more. */
static void
encode_plain (Encoder *encoder, const char *text, gsize n_bytes)
{
  vlm_pretokenizer_split (
      encoder->tokenizer->pretokenizer, text, n_bytes, encode_word, encoder);
}

/* Splits off the names in @added; @encode takes what is between them. */
static void
split_added (Encoder *encoder, const VlmAddedTokens *added, const char *text,
    gsize n_bytes, void (*encode) (Encoder *, const char *, gsize))
{
  gsize start = 0, at = 0;

  while (encoder->parse_special && added->ids->len > 0 && at < n_bytes) {
    gint32 id =
        match_added (encoder->tokenizer, added, text + at, n_bytes - at);

    if (id < 0) {
      at++;
      continue;
    }
    if (at > start)
      encode (encoder, text + start, at - start);
    g_array_append_val (encoder->ids, id);
    at += get_token (encoder->tokenizer, id)->n_bytes;
    start = at;
  }
  if (n_bytes > start)
    encode (encoder, text + start, n_bytes - start);
}

static void
encode_raw (Encoder *encoder, const char *text, gsize n_bytes)
{
  g_string_truncate (encoder->normalized, 0);
  vlm_nfc_append (encoder->normalized, text, n_bytes);
  split_added (encoder, &encoder->tokenizer->normalized,
      encoder->normalized->str, encoder->normalized->len, encode_plain);
}

void
vlm_tokenizer_encode (const VlmTokenizer *self, const char *text,
    gssize n_bytes, gboolean parse_special, GArray *ids)
{
  gsize n = n_bytes < 0 ? strlen (text) : (gsize) n_bytes;
  GString *valid = g_string_sized_new (n);
  Encoder encoder = {
    .tokenizer = self,
    .parse_special = parse_special,
    .ids = ids,
    .normalized = g_string_new (NULL),
  };

  if (vlm_utf8_append_valid (valid, text, n) > 0)
    g_string_append (valid, VLM_UTF8_REPLACEMENT);
  vlm_bpe_scratch_init (&encoder.scratch);
  split_added (&encoder, &self->raw, valid->str, valid->len, encode_raw);
  vlm_bpe_scratch_clear (&encoder.scratch);
  g_string_free (encoder.normalized, TRUE);
  g_string_free (valid, TRUE);
}

char *
vlm_tokenizer_decode (const VlmTokenizer *self, const gint32 *ids, guint n_ids)
{
  GString *text = g_string_new (NULL);
  VlmDetokenizer detokenizer;

  vlm_detokenizer_init (&detokenizer, self);
  for (guint i = 0; i < n_ids; i++)
    vlm_detokenizer_push (&detokenizer, ids[i], text);
  vlm_detokenizer_finish (&detokenizer, text);
  vlm_detokenizer_clear (&detokenizer);
  return g_string_free (text, FALSE);
}

void
vlm_detokenizer_init (VlmDetokenizer *self, const VlmTokenizer *tokenizer)
{
  self->tokenizer = tokenizer;
  self->pending = g_string_new (NULL);
}

void
vlm_detokenizer_clear (VlmDetokenizer *self)
{
  if (self->pending != NULL)
    g_string_free (g_steal_pointer (&self->pending), TRUE);
}

void
vlm_detokenizer_push (VlmDetokenizer *self, gint32 id, GString *text)
{
  const VlmToken *token = get_token (self->tokenizer, id);
  const char *bytes;
  gsize n_left;

  if (token == NULL || (token->flags & VLM_TOKEN_SPECIAL) != 0)
    return;
  bytes = self->tokenizer->bytes->str + token->offset;
  for (guint i = 0; i < token->n_bytes; i++)
    if (bytes[i] != '\0')
      g_string_append_c (self->pending, bytes[i]);
    else /* would end a C string */
      g_string_append (self->pending, VLM_UTF8_REPLACEMENT);
  n_left = vlm_utf8_append_valid (text, self->pending->str, self->pending->len);
  g_string_erase (self->pending, 0, (gssize) (self->pending->len - n_left));
}

void
vlm_detokenizer_finish (VlmDetokenizer *self, GString *text)
{
  if (self->pending->len > 0)
    g_string_append (text, VLM_UTF8_REPLACEMENT);
  g_string_truncate (self->pending, 0);
}
