/* gst-vlm: the tokenizer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <json-glib/json-glib.h>

#include <vlm/vlm-error.h>

#include "tests/support/tiny-tokenizer.h"
#include "tests/support/warnings.h"
#include "text/nfc.h"

static GArray *
encode (const VlmTokenizer *tokenizer, const char *text, gssize n_bytes,
    gboolean parse_special)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (gint32));

  vlm_tokenizer_encode (tokenizer, text, n_bytes, parse_special, ids);
  return ids;
}

static char *
nfc (const char *text, gsize n_bytes)
{
  GString *out = g_string_new (NULL);

  vlm_nfc_append (out, text, n_bytes);
  return g_string_free (out, FALSE);
}

/* Random characters, most of them from where things compose and split. */
static char *
random_text (GRand *rand, guint n)
{
  static const struct
  {
    gunichar first, last;
  } ranges[] = { { 0x20, 0x7e }, { 0x9, 0xd }, { 0xa0, 0x17f },
    { 0x300, 0x345 }, { 0x900, 0x9ff }, { 0xf71, 0xf84 }, { 0x1100, 0x11ff },
    { 0x1e00, 0x1fff }, { 0x2000, 0x206f }, { 0x3040, 0x30ff },
    { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0x1d15e, 0x1d164 },
    { 0x1f600, 0x1f64f }, { 0x1, 0xd7ff }, { 0xe000, 0x10ffff } };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++) {
    guint range = (guint) g_rand_int_range (rand, 0, G_N_ELEMENTS (ranges));

    g_string_append_unichar (text,
        (gunichar) g_rand_int_range (rand, (gint32) ranges[range].first,
            (gint32) ranges[range].last + 1));
  }
  return g_string_free (text, FALSE);
}

static void
test_nfc (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  static const char zero[] = "e\314\201\0e\314\201";
  g_autofree char *with_zero = nfc (zero, sizeof zero - 1);

  g_assert_cmpmem (with_zero, 6, "\303\251\0\303\251", 6);
  for (gunichar c = 1; c < 0x110000; c++) {
    char text[8] = "";
    g_autofree char *actual = NULL, *expected = NULL;

    if (c >= 0xd800 && c < 0xe000)
      continue;
    text[g_unichar_to_utf8 (c, text)] = '\0';
    actual = nfc (text, strlen (text));
    expected = g_utf8_normalize (text, -1, G_NORMALIZE_NFC);
    g_assert_cmpstr (actual, ==, expected);
  }
  for (guint i = 0; i < 4000; i++) {
    g_autofree char *text = random_text (rand, 24);
    g_autofree char *actual = nfc (text, strlen (text));
    g_autofree char *expected = g_utf8_normalize (text, -1, G_NORMALIZE_NFC);

    g_assert_cmpstr (actual, ==, expected);
  }
}

static void
assert_round_trip (const VlmTokenizer *tokenizer, const char *text)
{
  g_autoptr (GArray) ids = encode (tokenizer, text, -1, FALSE);
  g_autofree char *expected = nfc (text, strlen (text));
  g_autofree char *actual = vlm_tokenizer_decode (
      tokenizer, (const gint32 *) (gpointer) ids->data, ids->len);
  g_autoptr (GString) streamed = g_string_new (NULL);
  VlmDetokenizer detokenizer;

  g_assert_cmpstr (actual, ==, expected);
  vlm_detokenizer_init (&detokenizer, tokenizer);
  for (guint i = 0; i < ids->len; i++) {
    vlm_detokenizer_push (
        &detokenizer, g_array_index (ids, gint32, i), streamed);
    g_assert_true (g_utf8_validate (streamed->str, -1, NULL));
  }
  g_assert_cmpuint (detokenizer.pending->len, ==, 0);
  vlm_detokenizer_clear (&detokenizer);
  g_assert_cmpstr (streamed->str, ==, expected);
}

static void
check_properties (const VlmTokenizer *tokenizer, guint n_texts)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (2);

  for (guint i = 0; i < n_texts; i++) {
    g_autofree char *text = random_text (rand, 1 + i % 60);

    assert_round_trip (tokenizer, text);
  }
}

static void
append_word (const char *word, gsize n_bytes, gpointer user_data)
{
  g_string_append_len (user_data, word, (gssize) n_bytes);
  g_string_append_c (user_data, '|');
}

/* Where Unicode and its readers disagree: U+017F is an s of another case, and
 * U+180E has not been white space since version 6.3. */
static void
test_words (void)
{
  static const char *const cases[][2] = {
    { "it's IT'S", "it|'s| IT|'S|" },
    { "it'\305\277x", "it|'\305\277|x|" },
    { "12 3", "1|2| |3|" },
    { "a  b \n\n c", "a| | b| \n\n| c|" },
    { "a \341\240\216", "a| \341\240\216|" },
    { "a \343\200\200\302\205b", "a| \343\200\200|\302\205b|" },
    { "?!\r\n x", "?!\r\n| x|" },
    { "x  ", "x|  |" },
  };
  g_autoptr (VlmPretokenizer) pretokenizer =
      vlm_pretokenizer_new (VLM_SPLIT_QWEN2);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GString) words = g_string_new (NULL);

    vlm_pretokenizer_split (
        pretokenizer, cases[i][0], strlen (cases[i][0]), append_word, words);
    g_assert_cmpstr (words->str, ==, cases[i][1]);
  }
}

/* Nothing in a text becomes a special token unless that is requested. */
static void
check_smuggling (const VlmTokenizer *tokenizer)
{
  static const char *const names[] = { "<|im_start|>", "<|im_end|>",
    "<|image_pad|>", "<|video_pad|>", "<|endoftext|>", "<tool_call>" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    gint32 id = vlm_tokenizer_find_special (tokenizer, names[i]);
    g_autofree char *text = g_strdup_printf ("a%s\n%s", names[i], names[i]);
    g_autoptr (GArray) plain = encode (tokenizer, text, -1, FALSE);
    g_autoptr (GArray) parsed = encode (tokenizer, text, -1, TRUE);
    guint n_parsed = 0;

    g_assert_cmpint (id, >=, 0);
    g_assert_true (vlm_tokenizer_is_added (tokenizer, id));
    for (guint j = 0; j < plain->len; j++)
      g_assert_false (
          vlm_tokenizer_is_added (tokenizer, g_array_index (plain, gint32, j)));
    for (guint j = 0; j < parsed->len; j++)
      n_parsed += g_array_index (parsed, gint32, j) == id;
    g_assert_cmpuint (n_parsed, ==, 2);
    assert_round_trip (tokenizer, text);
  }
}

/* Runs without a break, and marks in the wrong order: quadratic work would take
 * longer than any caller waits. */
static void
check_long (const VlmTokenizer *tokenizer)
{
  static const char *const units[] = { "a", " ", "\n", "<", "<|im_start|",
    "\314\201\314\226", "\346\227\245", "ab", "!\r", "\341\240\216" };

  for (guint i = 0; i < G_N_ELEMENTS (units); i++) {
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (GArray) ids = NULL;
    g_autofree char *actual = NULL, *expected = NULL;
    gint64 start;

    while (text->len < 1u << 20)
      g_string_append (text, units[i]);
    g_string_append_c (text, 'x');
    start = g_get_monotonic_time ();
    ids = encode (tokenizer, text->str, -1, TRUE);
    g_test_message ("\"%s\"…: %u tokens, %.1f ms", units[i], ids->len,
        (double) (g_get_monotonic_time () - start) / 1e3);
    actual = vlm_tokenizer_decode (
        tokenizer, (const gint32 *) (gpointer) ids->data, ids->len);
    expected = nfc (text->str, text->len);
    g_assert_true (g_str_equal (actual, expected));
  }
}

static void
test_tiny (void)
{
  g_autoptr (VlmTokenizer) tokenizer = tiny_tokenizer_new ();
  g_autoptr (GArray) ids = encode (tokenizer, "the x\303 <|im_end|>", -1, TRUE);
  static const char zero[] = { 'a', '\0', 'b' };
  g_autoptr (GArray) with_zero = encode (tokenizer, zero, 3, FALSE);
  g_autofree char *text = vlm_tokenizer_decode (
      tokenizer, (const gint32 *) (gpointer) ids->data, ids->len);
  gsize n_bytes;

  g_assert_cmpstr (text, ==, "the x\357\277\275 ");
  g_assert_cmpuint (with_zero->len, ==, 3);
  g_assert_cmpint (g_array_index (with_zero, gint32, 1), ==,
      vlm_tokenizer_get_byte_id (tokenizer, 0));
  g_assert_null (vlm_tokenizer_get_bytes (tokenizer, -1, &n_bytes));
  g_assert_null (vlm_tokenizer_get_bytes (
      tokenizer, (gint32) vlm_tokenizer_get_n_ids (tokenizer), &n_bytes));
  g_assert_cmpuint (n_bytes, ==, 0);
  g_assert_cmpint (vlm_tokenizer_find_special (tokenizer, "<|x|>"), ==, -1);
  check_properties (tokenizer, 500);
  check_smuggling (tokenizer);
  check_long (tokenizer);
}

/* A token that ends in the middle of a character, and text that never
 * completes one. */
static void
test_stream (void)
{
  g_autoptr (VlmTokenizer) tokenizer = tiny_tokenizer_new ();
  static const guint8 bytes[] = { 0xf0, 0x9f, 0x98, 0x80, 0xe6, 0x97, 'a', 0xff,
    0xc3 };
  static const char *const expected[] = { "", "", "", "😀", "😀", "😀",
    "😀\357\277\275a", "😀\357\277\275a\357\277\275",
    "😀\357\277\275a\357\277\275" };
  g_autoptr (GString) text = g_string_new (NULL);
  VlmDetokenizer detokenizer;

  vlm_detokenizer_init (&detokenizer, tokenizer);
  for (guint i = 0; i < sizeof bytes; i++) {
    vlm_detokenizer_push (
        &detokenizer, vlm_tokenizer_get_byte_id (tokenizer, bytes[i]), text);
    g_assert_cmpstr (text->str, ==, expected[i]);
  }
  vlm_detokenizer_finish (&detokenizer, text);
  g_assert_cmpstr (text->str, ==, "😀\357\277\275a\357\277\275\357\277\275");
  vlm_detokenizer_clear (&detokenizer);
}

static void
assert_same (const VlmTokenizer *a, const VlmTokenizer *b)
{
  g_assert_cmpuint (
      vlm_tokenizer_get_n_ids (a), ==, vlm_tokenizer_get_n_ids (b));
  for (guint i = 0; i < vlm_tokenizer_get_n_ids (a); i++) {
    gsize n_a, n_b;
    const char *bytes_a = vlm_tokenizer_get_bytes (a, (gint32) i, &n_a);
    const char *bytes_b = vlm_tokenizer_get_bytes (b, (gint32) i, &n_b);

    g_assert_cmpmem (bytes_a, n_a, bytes_b, n_b);
    g_assert_cmpint (vlm_tokenizer_is_special (a, (gint32) i), ==,
        vlm_tokenizer_is_special (b, (gint32) i));
  }
}

/* Where added tokens may come from when there is no tokenizer.json. */
static void
test_layouts (void)
{
  g_autofree char *json = tiny_tokenizer_json (TRUE);
  char *directory = tiny_write ("tokenizer.json", json);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmTokenizer) pairs = vlm_tokenizer_load (directory, &error);
  g_autoptr (VlmTokenizer) strings = tiny_tokenizer_new ();
  g_autoptr (VlmTokenizer) files = NULL, mapped = NULL, described = NULL;
  g_autoptr (GString) merges = g_string_new ("#version: 0.2\n");
  g_autofree char *vocab_json = NULL, *merges_path = NULL, *map_path = NULL;
  g_autofree char *config_path = NULL;
  g_autoptr (GArray) from_pairs = NULL, from_files = NULL;
  TinyVocab vocab;

  g_assert_no_error (error);
  assert_same (pairs, strings);
  tiny_remove (directory);

  tiny_vocab_init (&vocab);
  vocab_json = tiny_vocab_json (&vocab);
  for (guint i = 0; i < vocab.merges->len; i++)
    g_string_append_printf (
        merges, "%s\r\n", (char *) g_ptr_array_index (vocab.merges, i));
  directory = tiny_write ("vocab.json", vocab_json);
  merges_path = g_build_filename (directory, "merges.txt", NULL);
  map_path = g_build_filename (directory, "added_tokens.json", NULL);
  config_path = g_build_filename (directory, "tokenizer_config.json", NULL);
  g_assert_true (g_file_set_contents (merges_path, merges->str, -1, NULL));
  files = vlm_tokenizer_load (directory, &error);
  g_assert_no_error (error);
  g_assert_cmpint (vlm_tokenizer_find_special (files, "<|file_sep|>"), ==,
      vocab.tokens->len + 21);
  from_pairs = encode (pairs, "the person's \"},\n日本", -1, TRUE);
  from_files = encode (files, "the person's \"},\n日本", -1, TRUE);
  g_assert_cmpmem (from_pairs->data, from_pairs->len * sizeof (gint32),
      from_files->data, from_files->len * sizeof (gint32));

  g_assert_true (g_file_set_contents (
      map_path, "{\"<|im_end|>\": 5000, \"<x>\": 5001}", -1, NULL));
  mapped = vlm_tokenizer_load (directory, &error);
  g_assert_no_error (error);
  g_assert_cmpint (vlm_tokenizer_find_special (mapped, "<x>"), ==, 5001);
  g_assert_true (vlm_tokenizer_is_special (mapped, 5000));
  g_assert_false (vlm_tokenizer_is_special (mapped, 5001));

  g_assert_true (g_file_set_contents (config_path,
      "{\"tokenizer_class\": \"Qwen2Tokenizer\", \"added_tokens_decoder\":"
      " {\"6000\": {\"content\": \"<|im_end|>\", \"special\": true}, "
      "\"6001\": {\"content\": \"\303\251v\", \"normalized\": true}}}",
      -1, NULL));
  described = vlm_tokenizer_load (directory, &error);
  g_assert_no_error (error);
  g_array_set_size (from_files, 0);
  vlm_tokenizer_encode (described, "e\314\201v", -1, TRUE, from_files);
  g_assert_cmpuint (from_files->len, ==, 1);
  g_assert_cmpint (g_array_index (from_files, gint32, 0), ==, 6001);
  tiny_vocab_clear (&vocab);
  tiny_remove (directory);
}

/* The tiny file with parts replaced, from and to, and another file beside it. */
static VlmTokenizer *
load_beside (const char *const changes[][2], guint n_changes, const char *name,
    const char *text, GError **error)
{
  g_autofree char *json = tiny_tokenizer_json (FALSE);
  g_autoptr (GString) changed = g_string_new (json);
  VlmTokenizer *tokenizer;
  char *directory;

  for (guint i = 0; i < n_changes; i++)
    g_assert_cmpuint (
        g_string_replace (changed, changes[i][0], changes[i][1], 1), ==, 1);
  directory = tiny_write ("tokenizer.json", changed->str);
  if (name != NULL) {
    g_autofree char *path = g_build_filename (directory, name, NULL);

    g_assert_true (g_file_set_contents (path, text, -1, NULL));
  }
  tokenizer = vlm_tokenizer_load (directory, error);
  tiny_remove (directory);
  return tokenizer;
}

/* What changes nothing about the tokens. */
static void
test_tolerant (void)
{
  static const char *const changes[][2] = {
    { "\"type\": \"BPE\",", "" },
    { "\"dropout\": null", "\"dropout\": 0.0" },
    { "\"added_tokens\": [", NULL },
  };
  g_autoptr (VlmTokenizer) whole = tiny_tokenizer_new ();
  g_autofree char *again = g_strdup_printf (
      "\"added_tokens\": [{\"id\": %d, \"content\": \"<|im_end|>\", "
      "\"special\": true},",
      vlm_tokenizer_find_special (whole, "<|im_end|>"));

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++) {
    const char *const change[][2] = { { changes[i][0],
        changes[i][1] != NULL ? changes[i][1] : again } };
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmTokenizer) tokenizer =
        load_beside (change, 1, NULL, NULL, &error);

    g_assert_no_error (error);
    assert_same (tokenizer, whole);
  }
}

#define NO_ADDED                                                               \
  {                                                                            \
    "\"added_tokens\": [", "\"added_tokens\": [], \"x\": ["                    \
  }

/* Where tools put the added tokens: in another file, or nowhere. */
static void
test_added_elsewhere (void)
{
  static const char *const changes[][2] = { NO_ADDED };
  static const struct
  {
    const char *name;
    const char *text;
    gint32 im_end; /* -1: Qwen2.5's own number */
  } cases[] = {
    { NULL, NULL, -1 },
    { "tokenizer_config.json", "{\"added_tokens_decoder\": {}}", -1 },
    { "tokenizer_config.json",
        "{\"tokenizer_class\": \"TokenizersBackend\", "
        "\"model_max_length\": 1000000000000000019884624838656, "
        "\"added_tokens_decoder\": {\"6000\": {\"content\": \"<|im_end|>\", "
        "\"special\": true}}}",
        6000 },
    { "added_tokens.json", "{\"<|im_end|>\": 5000.0}", 5000 },
    { "added_tokens.json", "{}", -1 },
  };
  g_autoptr (VlmTokenizer) whole = tiny_tokenizer_new ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmTokenizer) tokenizer =
        load_beside (changes, 1, cases[i].name, cases[i].text, &error);
    gint32 expected = cases[i].im_end >= 0
        ? cases[i].im_end
        : vlm_tokenizer_find_special (whole, "<|im_end|>");

    g_assert_no_error (error);
    g_assert_cmpint (
        vlm_tokenizer_find_special (tokenizer, "<|im_end|>"), ==, expected);
    g_assert_true (vlm_tokenizer_is_special (tokenizer, expected));
  }
}

/* An added token that only the vocabulary lists, as any other. */
static void
test_added_in_vocabulary (void)
{
  static const char *const changes[][2] = { NO_ADDED,
    { "\"!\":33,", "\"!\":33,\"<|im_end|>\":7000," } };
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmTokenizer) tokenizer =
      load_beside (changes, 2, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (
      vlm_tokenizer_find_special (tokenizer, "<|im_end|>"), ==, 7000);
  g_assert_true (vlm_tokenizer_is_special (tokenizer, 7000));
  g_assert_cmpint (
      vlm_tokenizer_find_special (tokenizer, "<|im_start|>"), ==, 7002);
}

static void
test_classes (void)
{
  static const char *const changes[][2] = { NO_ADDED };
  static const struct
  {
    const char *class;
    gboolean good;
  } classes[] = { { "\"Qwen2Tokenizer\"", TRUE },
    { "\"Qwen2TokenizerFast\"", TRUE }, { "\"TokenizersBackend\"", TRUE },
    { "\"PreTrainedTokenizerFast\"", TRUE }, { "null", TRUE },
    { "\"GPT2Tokenizer\"", FALSE }, { "\"LlamaTokenizer\"", FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (classes); i++) {
    g_autofree char *config = g_strdup_printf (
        "\357\273\277{\"tokenizer_class\": %s, \"added_tokens_decoder\": {}}",
        classes[i].class);
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmTokenizer) tokenizer =
        load_beside (changes, 1, "tokenizer_config.json", config, &error);

    g_assert_cmpint (tokenizer != NULL, ==, classes[i].good);
    if (!classes[i].good)
      g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED);
  }
}

/* A file whose pattern a tool replaced is read as it is written. */
static void
test_patched_pattern (void)
{
  static const char text[] = "NaOH isn't  eBay's/\n 12";
  g_autoptr (GString) from = g_string_new (NULL);
  g_autoptr (GString) to = g_string_new (NULL);
  g_autoptr (VlmPretokenizer) split = vlm_pretokenizer_new (VLM_SPLIT_PATCHED);
  g_autoptr (GString) words = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmTokenizer) tokenizer = NULL;

  tiny_append_json (from, vlm_pretokenizer_get_pattern (VLM_SPLIT_QWEN2));
  tiny_append_json (to, vlm_pretokenizer_get_pattern (VLM_SPLIT_PATCHED));
  const char *const changes[][2] = { { from->str, to->str } };
  tokenizer = load_beside (changes, 1, NULL, NULL, &error);
  g_assert_no_error (error);
  warnings_expect ("pattern.Regex: Mistral's");
  vlm_pretokenizer_split (split, text, strlen (text), append_word, words);
  g_assert_cmpstr (words->str, ==, "Na|OH| isn|'t| | e|Bay|'s|/\n| |1|2|");
}

static void
test_forget (void)
{
  g_autoptr (VlmTokenizer) tokenizer = tiny_tokenizer_new ();
  gint32 first = vlm_tokenizer_find_special (tokenizer, "<tool_call>");
  guint n_all = vlm_tokenizer_get_n_ids (tokenizer), n;
  g_autoptr (GArray) ids = NULL;

  g_assert_true (vlm_tokenizer_forget_from (tokenizer, n_all, &n));
  g_assert_cmpuint (n, ==, 0);
  g_assert_false (vlm_tokenizer_forget_from (tokenizer, 10, &n));
  g_assert_cmpuint (vlm_tokenizer_get_n_ids (tokenizer), ==, n_all);
  g_assert_true (vlm_tokenizer_forget_from (tokenizer, (guint) first, &n));
  g_assert_cmpuint (n, ==, n_all - (guint) first);
  g_assert_cmpuint (vlm_tokenizer_get_n_ids (tokenizer), ==, first);
  g_assert_cmpint (
      vlm_tokenizer_find_special (tokenizer, "<tool_call>"), ==, -1);
  g_assert_cmpint (
      vlm_tokenizer_find_special (tokenizer, "<|video_pad|>"), ==, first - 1);
  ids = encode (tokenizer, "<tool_call><|video_pad|>", -1, TRUE);
  for (guint i = 0; i < ids->len; i++)
    g_assert_cmpint (g_array_index (ids, gint32, i), <, first);
  g_assert_cmpint (g_array_index (ids, gint32, ids->len - 1), ==, first - 1);
}

static void
assert_refused (const char *json, VlmLoadError code, const char *what)
{
  char *directory = tiny_write ("tokenizer.json", json);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmTokenizer) tokenizer = vlm_tokenizer_load (directory, &error);

  g_assert_null (tokenizer);
  g_assert_error (error, VLM_LOAD_ERROR, (int) code);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "tokenizer.json"));
  g_assert_nonnull (strstr (error->message, what));
  tiny_remove (directory);
}

/* The tiny file with one thing changed in it. */
static void
assert_change_refused (
    const char *from, const char *to, VlmLoadError code, const char *what)
{
  g_autofree char *json = tiny_tokenizer_json (FALSE);
  g_autoptr (GString) changed = g_string_new (json);

  g_assert_cmpuint (g_string_replace (changed, from, to, 1), ==, 1);
  assert_refused (changed->str, code, what);
}

static void
test_hostile (void)
{
  static const struct
  {
    const char *from, *to;
    VlmLoadError code;
    const char *what;
  } cases[] = {
    { "\"!\":33", "\"!\":-1", VLM_LOAD_ERROR_TOO_LARGE, "model.vocab: id -1" },
    { "\"!\":33", "\"!\":1048576", VLM_LOAD_ERROR_TOO_LARGE, "model.vocab" },
    { "\"!\":33", "\"!\":99999999999999999999", VLM_LOAD_ERROR_TOO_LARGE,
        "model.vocab" },
    { "\"!\":33", "\"!\":34", VLM_LOAD_ERROR_CORRUPT, "used twice" },
    { "\"!\":33", "\"!\":\"33\"", VLM_LOAD_ERROR_CORRUPT, "not a number" },
    { "\"!\":33", "\"!\":3.5", VLM_LOAD_ERROR_CORRUPT, "not a number" },
    { "\"!\":33", "\"!\":[33]", VLM_LOAD_ERROR_CORRUPT, "not a number" },
    { "\"!\":33", "\"!!\":33", VLM_LOAD_ERROR_UNSUPPORTED, "0x21" },
    { "\"!\":33", "\"\\u65e5\":33", VLM_LOAD_ERROR_UNSUPPORTED, "alphabet" },
    { "\"!\":33", "\"\":33", VLM_LOAD_ERROR_CORRUPT, "id 33" },
    { "\"merges\": [", "\"merges\": [\"q zz\",", VLM_LOAD_ERROR_CORRUPT,
        "model.merges[0]: \"zz\"" },
    { "\"merges\": [", "\"merges\": [\"q\",", VLM_LOAD_ERROR_CORRUPT,
        "model.merges[0]" },
    { "\"merges\": [", "\"merges\": [\"t h e\",", VLM_LOAD_ERROR_CORRUPT,
        "model.merges[0]" },
    { "\"merges\": [", "\"merges\": [\"t h\",", VLM_LOAD_ERROR_CORRUPT,
        "model.merges[1]" },
    { "\"merges\": [", "\"merges\": [7,", VLM_LOAD_ERROR_CORRUPT,
        "model.merges[0]" },
    { "\"merges\": [", "\"merges\": [null,", VLM_LOAD_ERROR_CORRUPT,
        "model.merges[0]" },
    { "\"merges\": [", "\"merges\": [[\"t\"],", VLM_LOAD_ERROR_CORRUPT,
        "model.merges[0]" },
    { "\"merges\": [", "\"merges\": [[\"t\", 1],", VLM_LOAD_ERROR_CORRUPT,
        "model.merges[0]" },
    { "\"merges\": [", "\"merges\": {}, \"x\": [", VLM_LOAD_ERROR_CORRUPT,
        "model.merges" },
    { "\"vocab\":", "\"vocab\": [], \"x\":", VLM_LOAD_ERROR_CORRUPT,
        "model.vocab" },
    { "\"BPE\"", "\"WordPiece\"", VLM_LOAD_ERROR_UNSUPPORTED, "model.type" },
    { "\"BPE\"", "7", VLM_LOAD_ERROR_UNSUPPORTED, "model.type" },
    { "\"dropout\": null", "\"dropout\": 0.1", VLM_LOAD_ERROR_UNSUPPORTED,
        "model.dropout" },
    { "\"dropout\": null", "\"byte_fallback\": true",
        VLM_LOAD_ERROR_UNSUPPORTED, "model.byte_fallback" },
    { "\"dropout\": null", "\"unk_token\": \"x\"", VLM_LOAD_ERROR_UNSUPPORTED,
        "model.unk_token" },
    { "\"NFC\"", "\"NFKC\"", VLM_LOAD_ERROR_UNSUPPORTED, "normalizer.type" },
    { "\"Sequence\"", "\"Whitespace\"", VLM_LOAD_ERROR_UNSUPPORTED,
        "pre_tokenizer.type" },
    { "\"Split\"", "\"Digits\"", VLM_LOAD_ERROR_UNSUPPORTED,
        "pre_tokenizer.pretokenizers[0].type" },
    { "p{N}|", "p{N}{1,3}|", VLM_LOAD_ERROR_UNSUPPORTED, "pattern.Regex" },
    { "\"Isolated\"", "\"Removed\"", VLM_LOAD_ERROR_UNSUPPORTED, "behavior" },
    { "\"use_regex\": false", "\"use_regex\": true", VLM_LOAD_ERROR_UNSUPPORTED,
        "use_regex" },
    { "\"added_tokens\": [", "\"added_tokens\": [7,", VLM_LOAD_ERROR_CORRUPT,
        "added_tokens[0]" },
    { "\"added_tokens\": [", "\"added_tokens\": [{\"content\": \"x\"},",
        VLM_LOAD_ERROR_CORRUPT, "added_tokens[0].id" },
    { "\"added_tokens\": [", "\"added_tokens\": [{\"id\": 9},",
        VLM_LOAD_ERROR_CORRUPT, "added_tokens[0].content" },
    { "\"added_tokens\": [",
        "\"added_tokens\": [{\"id\": 9, \"content\": \"\"},",
        VLM_LOAD_ERROR_CORRUPT, "added_tokens[0]" },
    { "\"added_tokens\": [",
        "\"added_tokens\": [{\"id\": 9, \"content\": \"z\"},",
        VLM_LOAD_ERROR_CORRUPT, "id 9 is used twice" },
    { "\"added_tokens\": [",
        "\"added_tokens\": [{\"id\": 9999, \"content\": \"<|im_end|>\"},",
        VLM_LOAD_ERROR_CORRUPT, "occurs twice" },
    { "\"added_tokens\": [",
        "\"added_tokens\": [{\"id\": 9999, \"content\": \"z\", \"lstrip\": "
        "true},",
        VLM_LOAD_ERROR_UNSUPPORTED, "added_tokens[0].lstrip" },
    { "\"added_tokens\": [", "\"added_tokens\": 3, \"x\": [",
        VLM_LOAD_ERROR_CORRUPT, "added_tokens" },
  };
  g_autoptr (GString) deep = g_string_new ("{\"a\": ");
  g_autofree char *json = tiny_tokenizer_json (FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_change_refused (
        cases[i].from, cases[i].to, cases[i].code, cases[i].what);
  for (guint i = 0; i < 1000000; i++)
    g_string_append_c (deep, '[');
  assert_refused (deep->str, VLM_LOAD_ERROR_TOO_LARGE, "nested");
  g_string_insert (deep, 0, "/* \" */");
  assert_refused (deep->str, VLM_LOAD_ERROR_CORRUPT, ":1:1: not JSON");
  assert_refused ("", VLM_LOAD_ERROR_TRUNCATED, "empty");
  assert_refused ("[1]", VLM_LOAD_ERROR_CORRUPT, "object");
  assert_refused (
      "{\"model\": {\"type\": \"\377\"}}", VLM_LOAD_ERROR_CORRUPT, "UTF-8");
  json[strlen (json) / 2] = '\0'; /* cut in the middle */
  assert_refused (json, VLM_LOAD_ERROR_CORRUPT, "");
}

/* Any damage gives an error or a tokenizer that works. */
static void
test_damaged (void)
{
  static const char replacements[] = "\"\\{}[]:, 09-eu\n\0\377a";
  g_autoptr (GRand) rand = g_rand_new_with_seed (4);
  g_autofree char *json = tiny_tokenizer_json (TRUE);
  gsize n_bytes = strlen (json);
  g_autofree char *directory = g_dir_make_tmp ("vlm-text-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "tokenizer.json", NULL);
  guint n_loaded = 0;

  for (guint i = 0; i < 400; i++) {
    g_autofree char *damaged = g_memdup2 (json, n_bytes);
    gsize n_kept = i % 10 == 0
        ? (gsize) g_rand_int_range (rand, 0, (gint32) n_bytes)
        : n_bytes;
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmTokenizer) tokenizer = NULL;

    for (gint32 n = g_rand_int_range (rand, 1, 4); n > 0; n--)
      damaged[g_rand_int_range (rand, 0, (gint32) n_bytes)] =
          replacements[g_rand_int_range (rand, 0, sizeof replacements - 1)];
    g_assert_true (g_file_set_contents (path, damaged, (gssize) n_kept, NULL));
    tokenizer = vlm_tokenizer_load (directory, &error);
    g_assert_cmpint (tokenizer != NULL, !=, error != NULL);
    if (tokenizer != NULL) {
      assert_round_trip (tokenizer, "the person's \"},\n日本");
      n_loaded++;
    } else {
      g_assert_true (error->domain == VLM_LOAD_ERROR);
      g_assert_nonnull (strstr (error->message, "tokenizer.json"));
    }
  }
  g_test_message ("%u of 400 load", n_loaded);
  g_unlink (path);
  g_rmdir (directory);
}

static void
test_missing (void)
{
  char *directory = g_dir_make_tmp ("vlm-text-XXXXXX", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (directory, "vocab.json", NULL);
  g_autofree char *json = NULL;
  TinyVocab vocab;

  g_assert_null (vlm_tokenizer_load (directory, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND);
  g_clear_error (&error);
  tiny_vocab_init (&vocab);
  json = tiny_vocab_json (&vocab);
  tiny_vocab_clear (&vocab);
  g_assert_true (g_file_set_contents (path, json, -1, NULL));
  g_assert_null (vlm_tokenizer_load (directory, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "merges.txt"));
  tiny_remove (directory);
}

/* Qwen2's own vocabulary, against what others make of the same texts. */

static void
check_cases (
    const VlmTokenizer *tokenizer, const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  JsonArray *cases;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  cases = json_node_get_array (json_parser_get_root (parser));
  g_assert_cmpuint (json_array_get_length (cases), >, 0);
  for (guint i = 0; i < json_array_get_length (cases); i++) {
    JsonObject *object = json_array_get_object_element (cases, i);
    const char *text = json_object_get_string_member (object, "text");
    JsonArray *expected = json_object_get_array_member (object, "ids");
    g_autoptr (GArray) ids = encode (tokenizer, text, -1,
        json_object_get_boolean_member_with_default (
            object, "parse_special", FALSE));

    if (ids->len != json_array_get_length (expected))
      g_test_message ("%s: \"%s\"", name, text);
    g_assert_cmpuint (ids->len, ==, json_array_get_length (expected));
    for (guint j = 0; j < ids->len; j++)
      g_assert_cmpint (g_array_index (ids, gint32, j), ==,
          json_array_get_int_element (expected, j));
  }
}

/* The same vocabulary as vocab.json and merges.txt alone. */
static VlmTokenizer *
load_files_only (const char *directory)
{
  char *copy = g_dir_make_tmp ("vlm-text-XXXXXX", NULL);
  static const char *const names[] = { "vocab.json", "merges.txt" };
  g_autoptr (GError) error = NULL;
  VlmTokenizer *tokenizer;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *from = g_build_filename (directory, names[i], NULL);
    g_autofree char *to = g_build_filename (copy, names[i], NULL);
    g_autoptr (GFile) source = g_file_new_for_path (from);
    g_autoptr (GFile) destination = g_file_new_for_path (to);

    g_file_copy (
        source, destination, G_FILE_COPY_NONE, NULL, NULL, NULL, &error);
    g_assert_no_error (error);
  }
  tokenizer = vlm_tokenizer_load (copy, &error);
  g_assert_no_error (error);
  tiny_remove (copy);
  return tokenizer;
}

static void
test_qwen2 (void)
{
  const char *shared = g_getenv ("VLM_SHARED");
  g_autofree char *directory = shared != NULL
      ? g_build_filename (shared, "tokenizer", "qwen2", NULL)
      : NULL;
  g_autoptr (VlmTokenizer) tokenizer = NULL, files = NULL;
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();

  if (directory == NULL || !g_file_test (directory, G_FILE_TEST_IS_DIR)) {
    g_test_skip ("no vocabulary of Qwen2 here");
    return;
  }
  tokenizer = vlm_tokenizer_load (directory, &error);
  g_assert_no_error (error);
  g_test_message ("tokenizer.json: %.0f ms",
      (double) (g_get_monotonic_time () - start) / 1e3);
  start = g_get_monotonic_time ();
  files = load_files_only (directory);
  g_test_message ("vocab.json and merges.txt: %.0f ms",
      (double) (g_get_monotonic_time () - start) / 1e3);
  assert_same (tokenizer, files);
  g_assert_cmpint (
      vlm_tokenizer_find_special (tokenizer, "<|im_end|>"), ==, 151645);
  check_cases (tokenizer, directory, "tests.llamacpp.json");
  check_cases (tokenizer, directory, "tests.extra.json");
  check_cases (files, directory, "tests.llamacpp.json");
  check_cases (files, directory, "tests.extra.json");
  check_properties (tokenizer, 1000);
  check_smuggling (tokenizer);
  check_long (tokenizer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  warnings_keep ();
  g_test_add_func ("/tokenizer/nfc", test_nfc);
  g_test_add_func ("/tokenizer/words", test_words);
  g_test_add_func ("/tokenizer/tiny", test_tiny);
  g_test_add_func ("/tokenizer/stream", test_stream);
  g_test_add_func ("/tokenizer/layouts", test_layouts);
  g_test_add_func ("/tokenizer/tolerant", test_tolerant);
  g_test_add_func ("/tokenizer/added-elsewhere", test_added_elsewhere);
  g_test_add_func ("/tokenizer/added-in-vocabulary", test_added_in_vocabulary);
  g_test_add_func ("/tokenizer/classes", test_classes);
  g_test_add_func ("/tokenizer/patched-pattern", test_patched_pattern);
  g_test_add_func ("/tokenizer/forget", test_forget);
  g_test_add_func ("/tokenizer/hostile", test_hostile);
  g_test_add_func ("/tokenizer/damaged", test_damaged);
  g_test_add_func ("/tokenizer/missing", test_missing);
  g_test_add_func ("/tokenizer/qwen2", test_qwen2);
  return g_test_run ();
}
