/* gst-vlm: what any tokenizer must be able to do
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "text/nfc.h"
#include "text/tokenizer.h"

#include <string.h>

/* Text comes back, normalised, and no id is out of range. */
static inline void
fuzz_use_tokenizer (const VlmTokenizer *tokenizer, const char *text, gsize n)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  const guint n_ids = vlm_tokenizer_get_n_ids (tokenizer);

  for (guint parse_special = 0; parse_special < 2; parse_special++) {
    g_array_set_size (ids, 0);
    vlm_tokenizer_encode (tokenizer, text, (gssize) n, parse_special != 0, ids);
    for (guint i = 0; i < ids->len; i++) {
      gint32 id = g_array_index (ids, gint32, i);

      g_assert_true (id >= 0 && (guint) id < n_ids);
      g_assert_true (
          parse_special != 0 || !vlm_tokenizer_is_added (tokenizer, id));
    }
    g_autofree char *back = vlm_tokenizer_decode (
        tokenizer, (const gint32 *) (gpointer) ids->data, ids->len);
    if (parse_special == 0 && memchr (text, 0, n) == NULL &&
        g_utf8_validate_len (text, n, NULL)) {
      g_autoptr (GString) normalised = g_string_new (NULL);

      vlm_nfc_append (normalised, text, n);
      g_assert_true (g_str_equal (back, normalised->str));
    }
  }
}
