/* gst-vlm: configuration and tokenizer out of GGUF files
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/config.h"
#include "model/tokenizer-gguf.h"
#include "tests/support/files.h"
#include "tests/support/gguf-model.h"
#include "tests/support/golden.h"

static VlmConfig *
load_pair (const char *text_path, const char *tower_path, GError **error)
{
  g_autoptr (VlmGgufFiles) text = vlm_gguf_files_open (text_path, error);
  g_autoptr (VlmGgufFiles) tower =
      text != NULL ? vlm_gguf_files_open (tower_path, error) : NULL;

  return tower != NULL ? vlm_config_new_from_gguf (text, tower, error) : NULL;
}

static VlmConfig *
load_written (const GgufWriter *text, const GgufWriter *tower, GError **error)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *text_path = gguf_model_write (text, folder, "a-Q4.gguf");
  g_autofree char *tower_path = gguf_model_write (tower, folder, "b.gguf");
  VlmConfig *config = load_pair (text_path, tower_path, error);

  files_remove (folder);
  return config;
}

/* All values that the network uses. */
static void
assert_same (const VlmConfig *a, const VlmConfig *b)
{
  g_assert_cmpmem (&a->vision, sizeof a->vision, &b->vision, sizeof b->vision);
  g_assert_cmpuint (a->text.hidden_size, ==, b->text.hidden_size);
  g_assert_cmpuint (a->text.n_layers, ==, b->text.n_layers);
  g_assert_cmpuint (a->text.n_heads, ==, b->text.n_heads);
  g_assert_cmpuint (a->text.n_kv_heads, ==, b->text.n_kv_heads);
  g_assert_cmpuint (a->text.head_dim, ==, b->text.head_dim);
  g_assert_cmpuint (a->text.intermediate_size, ==, b->text.intermediate_size);
  g_assert_cmpuint (a->text.vocab_size, ==, b->text.vocab_size);
  g_assert_cmpuint (a->text.max_positions, ==, b->text.max_positions);
  g_assert_cmpint (a->text.tied, ==, b->text.tied);
  g_assert_cmpfloat (
      (float) a->text.rms_norm_eps, ==, (float) b->text.rms_norm_eps);
  g_assert_cmpfloat (a->text.rope_theta, ==, b->text.rope_theta);
  for (guint i = 0; i < 3; i++) {
    g_assert_cmpuint (a->text.mrope_section[i], ==, b->text.mrope_section[i]);
    g_assert_cmpfloat (a->preprocess.mean[i], ==, b->preprocess.mean[i]);
    g_assert_cmpfloat (a->preprocess.std[i], ==, b->preprocess.std[i]);
  }
  g_assert_cmpuint (a->preprocess.min_pixels, ==, b->preprocess.min_pixels);
  g_assert_cmpuint (a->preprocess.max_pixels, ==, b->preprocess.max_pixels);
  g_assert_cmpint (a->image_token_id, ==, b->image_token_id);
  g_assert_cmpint (a->video_token_id, ==, b->video_token_id);
  g_assert_cmpint (a->vision_start_token_id, ==, b->vision_start_token_id);
  g_assert_cmpint (a->vision_end_token_id, ==, b->vision_end_token_id);
}

static void
assert_same_generation (
    const VlmGenerationConfig *a, const VlmGenerationConfig *b)
{
  g_assert_cmpint (a->do_sample, ==, b->do_sample);
  g_assert_cmpfloat (
      (float) a->repetition_penalty, ==, (float) b->repetition_penalty);
  g_assert_cmpuint (a->n_eos, ==, b->n_eos);
  for (guint i = 0; i < a->n_eos; i++)
    g_assert_cmpint (a->eos[i], ==, b->eos[i]);
}

/* The pair says the same as the directory that it was made from. */
static void
test_same (void)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autoptr (GgufWriter) text = gguf_model_new_text_keys ();
  g_autoptr (GgufWriter) tower = gguf_model_new_tower_keys ();
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmConfig) config = load_written (text, tower, &error);
  g_autoptr (VlmConfig) published = NULL;

  g_assert_no_error (error);
  published = vlm_config_load (tiny, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (config->name, ==, "a-Q4");
  assert_same (config, published);
}

static void
test_untied (void)
{
  static const guint64 one[] = { 1 };
  g_autoptr (GgufWriter) text = gguf_model_new_text_keys ();
  g_autoptr (GgufWriter) tower = gguf_model_new_tower_keys ();
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmConfig) config = NULL;

  gguf_add_tensor (text, "output.weight", 0, one, 1, NULL, 4);
  config = load_written (text, tower, &error);
  g_assert_no_error (error);
  g_assert_false (config->text.tied);
}

/* Keys as the real tools write them. */
static void
test_shared (void)
{
  g_autofree char *hf = golden_shared_path ("quantised/hf-bf16");
  g_autofree char *text = NULL, *tower = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmConfig) config = NULL, published = NULL;

  if (hf == NULL)
    return;
  text = golden_shared_path (
      "quantised/gguf/splitmeta-text-Q2_K-00001-of-00003.gguf");
  tower = golden_shared_path ("quantised/gguf/mmproj-Q8_0.gguf");
  config = load_pair (text, tower, &error);
  g_assert_no_error (error);
  published = vlm_config_load (hf, &error);
  g_assert_no_error (error);
  assert_same (config, published);
  assert_same_generation (&config->generation, &published->generation);
}

/* One key with another value, or without one. */
typedef struct
{
  gboolean is_tower;
  const char *key;
  guint32 kind; /* 0: left out */
  guint64 value;
  const char *text; /* of a string */
  VlmLoadError code;
  const char *message;
} Defect;

static const Defect defects[] = {
  { FALSE, "general.architecture", GGUF_STRING, 0, "llama",
      VLM_LOAD_ERROR_UNSUPPORTED, "\"llama\" is not qwen2vl" },
  { FALSE, "qwen2vl.attention.head_count", 0, 0, NULL, VLM_LOAD_ERROR_CORRUPT,
      "key qwen2vl.attention.head_count: missing" },
  { FALSE, "qwen2vl.attention.head_count", GGUF_UINT32, 0, NULL,
      VLM_LOAD_ERROR_CORRUPT, "head_count: 0 is not within 1" },
  { FALSE, "qwen2vl.attention.head_count", GGUF_UINT32, 3, NULL,
      VLM_LOAD_ERROR_CORRUPT, "3 does not divide the embedding_length 64" },
  { FALSE, "qwen2vl.attention.head_count", GGUF_UINT32, 16, NULL,
      VLM_LOAD_ERROR_UNSUPPORTED, "a head of 4 is not a multiple of 8" },
  { FALSE, "qwen2vl.attention.head_count_kv", GGUF_UINT32, 3, NULL,
      VLM_LOAD_ERROR_CORRUPT, "3 does not divide the 2 heads" },
  { FALSE, "qwen2vl.block_count", GGUF_UINT32, 1000000000, NULL,
      VLM_LOAD_ERROR_CORRUPT, "block_count: 1000000000 is not within" },
  { FALSE, "qwen2vl.block_count", GGUF_STRING, 0, "3", VLM_LOAD_ERROR_CORRUPT,
      "block_count: expected an integer" },
  { FALSE, "qwen2vl.rope.dimension_sections", GGUF_UINT32, 3, NULL,
      VLM_LOAD_ERROR_CORRUPT, "dimension_sections: expected a list" },
  { FALSE, "qwen2vl.rope.scaling.type", GGUF_STRING, 0, "yarn",
      VLM_LOAD_ERROR_UNSUPPORTED, "rope.scaling.type: \"yarn\" is not none" },
  { FALSE, "qwen2vl.attention.key_length", GGUF_UINT32, 128, NULL,
      VLM_LOAD_ERROR_UNSUPPORTED, "key_length: 128 is not 32" },
  { FALSE, "tokenizer.ggml.tokens", 0, 0, NULL, VLM_LOAD_ERROR_CORRUPT,
      "key tokenizer.ggml.tokens: missing" },
  { FALSE, "tokenizer.ggml.eos_token_id", GGUF_UINT32, 408, NULL,
      VLM_LOAD_ERROR_CORRUPT, "eos_token_id: 408 is not within 0 … 407" },
  { FALSE, "general.sampling.temp", GGUF_UINT32, 100000, NULL,
      VLM_LOAD_ERROR_CORRUPT, "sampling.temp: 100000 is not within" },
  { TRUE, "general.architecture", GGUF_STRING, 0, "qwen2vl",
      VLM_LOAD_ERROR_UNSUPPORTED, "this is not a vision tower (mmproj)" },
  { TRUE, "clip.projector_type", GGUF_STRING, 0, "qwen2vl_merger",
      VLM_LOAD_ERROR_UNSUPPORTED, "\"qwen2vl_merger\" is not qwen2.5vl" },
  { TRUE, "clip.use_silu", GGUF_BOOL, 0, NULL, VLM_LOAD_ERROR_UNSUPPORTED,
      "use_silu: only true" },
  { TRUE, "clip.use_gelu", GGUF_BOOL, 1, NULL, VLM_LOAD_ERROR_UNSUPPORTED,
      "use_gelu: only false" },
  { TRUE, "clip.vision.n_wa_pattern", GGUF_UINT32, 0, NULL,
      VLM_LOAD_ERROR_CORRUPT, "n_wa_pattern: 0 is not within 1" },
  { TRUE, "clip.vision.n_wa_pattern", 0, 0, NULL, VLM_LOAD_ERROR_CORRUPT,
      "n_wa_pattern: missing" },
  { TRUE, "clip.vision.block_count", GGUF_UINT32, 1000000000, NULL,
      VLM_LOAD_ERROR_CORRUPT, "block_count: 1000000000 is not within" },
  { TRUE, "clip.vision.projection_dim", GGUF_UINT32, 128, NULL,
      VLM_LOAD_ERROR_MISMATCH, "128 is not the embedding_length 64 of " },
  { TRUE, "clip.vision.patch_size", GGUF_UINT32, 16, NULL,
      VLM_LOAD_ERROR_UNSUPPORTED, "windows of 112 are not whole cells of 32" },
  { TRUE, "clip.vision.spatial_merge_size", GGUF_UINT32, 4, NULL,
      VLM_LOAD_ERROR_UNSUPPORTED, "spatial_merge_size: 4 is not 2" },
};

/* Renames the existing key, and adds the defect. */
static void
damage (GgufWriter *writer, const Defect *defect)
{
  gsize n = strlen (defect->key);

  for (guint8 *at = writer->keys->data;
       at + n <= writer->keys->data + writer->keys->len; at++)
    if (memcmp (at, defect->key, n) == 0 && at[n + 1] == 0 && at[-5] == 0)
      at[0] = 'X';
  if (defect->kind == GGUF_STRING)
    gguf_add_string (writer, defect->key, defect->text);
  else if (defect->kind == GGUF_BOOL)
    gguf_add_bool (writer, defect->key, defect->value != 0);
  else if (defect->kind != 0)
    gguf_add_int (writer, defect->key, defect->kind, 4, defect->value);
}

static void
test_defects (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (defects); i++) {
    g_autoptr (GgufWriter) text = gguf_model_new_text_keys ();
    g_autoptr (GgufWriter) tower = gguf_model_new_tower_keys ();
    g_autoptr (VlmConfig) config = NULL;
    g_autoptr (GError) error = NULL;

    damage (defects[i].is_tower ? tower : text, &defects[i]);
    config = load_written (text, tower, &error);
    g_assert_null (config);
    if (!g_error_matches (error, VLM_LOAD_ERROR, (int) defects[i].code) ||
        strstr (error->message, defects[i].message) == NULL)
      g_error (
          "\"%s\" does not say \"%s\"", error->message, defects[i].message);
    g_assert_nonnull (strstr (error->message, "key "));
    g_assert_nonnull (strstr (
        error->message, defects[i].is_tower ? "b.gguf: " : "a-Q4.gguf: "));
  }
}

static VlmTokenizer *
load_tokenizer (const char *path, GError **error)
{
  g_autoptr (VlmGgufFiles) files = vlm_gguf_files_open (path, error);

  return files != NULL ? vlm_gguf_load_tokenizer (files, error) : NULL;
}

static void
assert_same_tokenizer (const VlmTokenizer *a, const VlmTokenizer *b)
{
  static const char *const texts[] = { "a cat crosses the street",
    "<|im_start|>user\n<tool_call>x</tool_call><|vision_start|>",
    "déjà vu 12345 日本 😀", " \n\n  x", "<|fim_prefix|>" };
  const guint n = vlm_tokenizer_get_n_ids (b);

  g_assert_cmpuint (vlm_tokenizer_get_n_ids (a), ==, n);
  for (gint32 id = 0; id < (gint32) n; id++) {
    gsize n_a, n_b;
    const char *bytes_a = vlm_tokenizer_get_bytes (a, id, &n_a);
    const char *bytes_b = vlm_tokenizer_get_bytes (b, id, &n_b);

    g_assert_cmpmem (bytes_a, n_a, bytes_b, n_b);
    g_assert_cmpint (
        vlm_tokenizer_is_special (a, id), ==, vlm_tokenizer_is_special (b, id));
    g_assert_cmpint (
        vlm_tokenizer_is_added (a, id), ==, vlm_tokenizer_is_added (b, id));
  }
  for (guint i = 0; i < 2 * G_N_ELEMENTS (texts); i++) {
    g_autoptr (GArray) ids_a = g_array_new (FALSE, FALSE, sizeof (gint32));
    g_autoptr (GArray) ids_b = g_array_new (FALSE, FALSE, sizeof (gint32));

    vlm_tokenizer_encode (a, texts[i / 2], -1, i % 2 == 0, ids_a);
    vlm_tokenizer_encode (b, texts[i / 2], -1, i % 2 == 0, ids_b);
    g_assert_cmpmem (ids_a->data, ids_a->len * sizeof (gint32), ids_b->data,
        ids_b->len * sizeof (gint32));
  }
}

static void
test_tokenizer (void)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *folder = files_new_folder (NULL);
  g_autoptr (GgufWriter) text = gguf_model_new_text_keys ();
  g_autofree char *path = gguf_model_write (text, folder, "a.gguf");
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmTokenizer) tokenizer = load_tokenizer (path, &error);
  g_autoptr (VlmTokenizer) published = NULL;

  g_assert_no_error (error);
  published = vlm_tokenizer_load (tiny, &error);
  g_assert_no_error (error);
  assert_same_tokenizer (tokenizer, published);
  files_remove (folder);
}

static void
test_shared_tokenizer (void)
{
  g_autofree char *hf = golden_shared_path ("quantised/hf-bf16");
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmTokenizer) tokenizer = NULL, published = NULL;

  if (hf == NULL)
    return;
  path = golden_shared_path ("quantised/gguf/text-Q4_K_M.gguf");
  tokenizer = load_tokenizer (path, &error);
  g_assert_no_error (error);
  published = vlm_tokenizer_load (hf, &error);
  g_assert_no_error (error);
  assert_same_tokenizer (tokenizer, published);
}

static void
test_bad_tokenizer (void)
{
  static const Defect bad[] = {
    { FALSE, "tokenizer.ggml.model", GGUF_STRING, 0, "llama",
        VLM_LOAD_ERROR_UNSUPPORTED, "\"llama\" is not gpt2" },
    { FALSE, "tokenizer.ggml.pre", GGUF_STRING, 0, "default",
        VLM_LOAD_ERROR_UNSUPPORTED, "\"default\" is not qwen2" },
    { FALSE, "tokenizer.ggml.token_type", 0, 0, NULL, VLM_LOAD_ERROR_CORRUPT,
        "token_type: missing" },
    { FALSE, "tokenizer.ggml.merges", 0, 0, NULL, VLM_LOAD_ERROR_CORRUPT,
        "merges: missing" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *folder = files_new_folder (NULL);
    g_autoptr (GgufWriter) text = gguf_model_new_text_keys ();
    g_autofree char *path = NULL;
    g_autoptr (VlmTokenizer) tokenizer = NULL;
    g_autoptr (GError) error = NULL;

    damage (text, &bad[i]);
    path = gguf_model_write (text, folder, "a.gguf");
    tokenizer = load_tokenizer (path, &error);
    g_assert_null (tokenizer);
    g_assert_error (error, VLM_LOAD_ERROR, (int) bad[i].code);
    if (strstr (error->message, bad[i].message) == NULL)
      g_error ("\"%s\" does not say \"%s\"", error->message, bad[i].message);
    files_remove (folder);
  }
}

/* Lists that no conversion writes. */
static void
test_bad_lists (void)
{
  g_auto (GStrv) tokens = g_new0 (char *, 3);
  gint64 types[] = { 1, 2 };
  VlmTokenizerLists lists = {
    .source = "memory", .tokens = tokens, .types = types, .n_tokens = 2
  };
  g_autoptr (GError) error = NULL;

  tokens[0] = g_strdup ("a");
  tokens[1] = g_strdup ("b");
  g_assert_null (vlm_tokenizer_new_from_lists (&lists, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED);
  g_assert_nonnull (
      strstr (error->message, "memory: tokenizer.ggml.token_type[1]: 2"));
  g_clear_error (&error);
  types[1] = 1;
  g_assert_null (vlm_tokenizer_new_from_lists (&lists, &error));
  g_assert_nonnull (strstr (error->message, "no token for the byte 0x00"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config-gguf/same", test_same);
  g_test_add_func ("/config-gguf/untied", test_untied);
  g_test_add_func ("/config-gguf/shared", test_shared);
  g_test_add_func ("/config-gguf/defects", test_defects);
  g_test_add_func ("/tokenizer-gguf/same", test_tokenizer);
  g_test_add_func ("/tokenizer-gguf/shared", test_shared_tokenizer);
  g_test_add_func ("/tokenizer-gguf/defects", test_bad_tokenizer);
  g_test_add_func ("/tokenizer-gguf/lists", test_bad_lists);
  return g_test_run ();
}
