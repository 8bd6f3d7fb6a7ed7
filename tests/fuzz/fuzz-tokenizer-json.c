/* gst-vlm: any bytes as tokenizer.json
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/folder.h"
#include "tests/fuzz/target.h"
#include "tests/fuzz/tokenizer-use.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  static const char *const names[] = { "tokenizer.json",
    "tokenizer_config.json", "added_tokens.json" };
  static const char text[] = "Hello, wor\xc3\xa9ld's 12\n<|im_end|> \xff";
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmTokenizer) tokenizer = NULL;
  guint n_forgotten;

  fuzz_write_parts (data, n_bytes, names, G_N_ELEMENTS (names));
  tokenizer = vlm_tokenizer_load (fuzz_folder (), &error);
  g_assert_true ((tokenizer != NULL) == (error == NULL));
  if (tokenizer == NULL)
    return 0;
  fuzz_use_tokenizer (tokenizer, text, sizeof text - 1);
  (void) vlm_tokenizer_forget_from (
      tokenizer, vlm_tokenizer_get_n_ids (tokenizer) - 1, &n_forgotten);
  fuzz_use_tokenizer (tokenizer, text, sizeof text - 1);
  return 0;
}
