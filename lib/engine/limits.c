/* gst-vlm: constraints of answers that no rule can express
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/limits.h"

#include <string.h>

void
vlm_limiter_clear (VlmLimiter *self)
{
  g_clear_pointer (&self->bits, g_free);
}

static guint
n_words (const VlmLimiter *self)
{
  return (self->n_vocab + 31) / 32;
}

static gboolean
is_empty (const VlmLimiter *self, const guint32 *mask)
{
  for (guint i = 0; mask != NULL && i < n_words (self); i++)
    if (mask[i] != 0)
      return FALSE;
  return TRUE;
}

/* Whether the part may continue with this token; @part is restored afterwards. */
static gboolean
token_fits (const VlmLimiter *self, GString *part, gint32 token)
{
  gsize n = part->len;
  gsize n_bytes;
  const char *bytes =
      vlm_tokenizer_get_bytes (self->tokenizer, token, &n_bytes);
  gboolean fits;

  g_string_append_len (part, bytes, (gssize) n_bytes);
  fits = self->limits->fits (part->str, part->len, self->bounds);
  g_string_truncate (part, n);
  return fits;
}

/* What is left of @mask, NULL if nothing is. */
static const guint32 *
take_out (VlmLimiter *self, const guint32 *mask, GString *part)
{
  if (is_empty (self, mask))
    return NULL;
  if (self->bits == NULL)
    self->bits = g_new (guint32, n_words (self));
  memcpy (self->bits, mask, n_words (self) * sizeof *self->bits);
  for (guint i = 0; i < n_words (self); i++)
    for (guint bit = 0; bit < 32 && self->bits[i] >> bit != 0; bit++)
      if ((self->bits[i] >> bit & 1) != 0 &&
          !token_fits (self, part, (gint32) (32 * i + bit)))
        self->bits[i] &= ~(1u << bit);
  return is_empty (self, self->bits) ? NULL : self->bits;
}

const guint32 *
vlm_limiter_get_mask (
    VlmLimiter *self, VlmMatcher *matcher, const GString *text, guint n_left)
{
  g_autoptr (GString) part = NULL;
  const guint32 *mask;
  const char *begin;
  guint spare;
  guint least;

  if (self->limits == NULL)
    return vlm_matcher_get_mask (matcher, n_left);
  spare = self->limits->spare (self->bounds);
  least = MIN (vlm_matcher_get_min_tokens (matcher), n_left);
  mask = vlm_matcher_get_mask (
      matcher, n_left > spare ? MAX (n_left - spare, least) : least);
  begin = self->limits->find (text->str, text->len);
  if (begin == NULL)
    return mask;
  part = g_string_new_len (begin, text->str + text->len - begin);
  mask = take_out (self, mask, part);
  if (mask != NULL)
    return mask;
  /* This is what they were kept back for. If the vocabulary cannot spell what is
   * left, the grammar and the constraints allow no token. */
  take_out (self, vlm_matcher_get_mask (matcher, n_left), part);
  return self->bits;
}
