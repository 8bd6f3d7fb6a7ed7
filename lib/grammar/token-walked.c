/* gst-vlm: what was reached on a walk over the tokens
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "grammar/token-walked.h"

gboolean
vlm_token_walked_before (VlmTokenWalked *self, guint32 node,
    const VlmGrammarWay *way, guint64 n_free)
{
  gsize n_bytes = (way->depth + 1) * sizeof way->frames[0];
  GByteArray *key;

  if (self->n_reached++ < n_free)
    return FALSE;
  if (self->known == NULL)
    self->known = g_hash_table_new_full (
        g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  key = g_byte_array_sized_new ((guint) (n_bytes + sizeof node));
  g_byte_array_append (key, (const guint8 *) &node, sizeof node);
  g_byte_array_append (key, (const guint8 *) way->frames, (guint) n_bytes);
  return !g_hash_table_add (self->known, g_byte_array_free_to_bytes (key));
}

void
vlm_token_walked_clear (VlmTokenWalked *self)
{
  g_clear_pointer (&self->known, g_hash_table_unref);
}
