/* gst-vlm: any bytes as text, under both ways of splitting it
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/folder.h"
#include "tests/fuzz/target.h"
#include "tests/fuzz/tokenizer-use.h"
#include "tests/support/tiny-tokenizer.h"

static gsize n_split;

static void
count (const char *word, gsize n_bytes, gpointer user_data)
{
  g_assert_cmpuint (n_bytes, >, 0);
  n_split += n_bytes;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  static VlmTokenizer *tokenizer;
  static VlmPretokenizer *patched;
  const char *text = data != NULL ? (const char *) data : "";

  if (tokenizer == NULL) {
    (void) fuzz_folder ();
    tokenizer = tiny_tokenizer_new ();
    patched = vlm_pretokenizer_new (VLM_SPLIT_PATCHED);
  }
  fuzz_use_tokenizer (tokenizer, text, n_bytes);
  if (!g_utf8_validate_len (text, n_bytes, NULL))
    return 0;
  n_split = 0;
  vlm_pretokenizer_split (patched, text, n_bytes, count, NULL);
  g_assert_cmpuint (n_split, ==, n_bytes);
  return 0;
}
