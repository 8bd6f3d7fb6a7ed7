/* gst-vlm: configurations in all their layouts, and wrong ones
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-error.h>

#include "model/config.h"
#include "tests/support/files.h"
#include "tests/support/golden.h"
#include "tests/support/warnings.h"

/* The 3B model as it was released. */
#define VISION_3B(channels)                                                    \
  "\"vision_config\":{\"depth\":32,\"hidden_act\":\"silu\","                   \
  "\"hidden_size\":1280,\"intermediate_size\":3420,\"num_heads\":16,"          \
  "\"" channels "\":3,\"out_hidden_size\":2048,\"patch_size\":14,"             \
  "\"spatial_merge_size\":2,\"spatial_patch_size\":14,"                        \
  "\"window_size\":112,\"fullatt_block_indexes\":[7,15,23,31],"                \
  "\"tokens_per_second\":2,\"temporal_patch_size\":2}"
#define TEXT_3B                                                                \
  "\"attention_dropout\":0.0,\"hidden_act\":\"silu\","                         \
  "\"hidden_size\":2048,\"initializer_range\":0.02,"                           \
  "\"intermediate_size\":11008,\"max_position_embeddings\":128000,"            \
  "\"max_window_layers\":70,\"num_attention_heads\":16,"                       \
  "\"num_hidden_layers\":36,\"num_key_value_heads\":2,"                        \
  "\"rms_norm_eps\":1e-06,\"sliding_window\":32768,\"use_cache\":true,"        \
  "\"use_sliding_window\":false,\"vocab_size\":151936"
#define ROPE_OLD(type)                                                         \
  "\"rope_theta\":1000000.0,\"rope_scaling\":{" type                           \
  "\"mrope_section\":[16,24,24]}"
#define ROPE_NEW                                                               \
  "\"rope_parameters\":{\"rope_theta\":1000000.0,\"rope_type\":\"default\","   \
  "\"mrope_section\":[16,24,24]}"
#define IDS_3B                                                                 \
  "\"vision_start_token_id\":151652,\"vision_end_token_id\":151653,"           \
  "\"image_token_id\":151655,\"video_token_id\":151656,"                       \
  "\"model_type\":\"qwen2_5_vl\""

/* clang-format off */
static const char *const layouts[] = {
  /* released */
  "{" IDS_3B ",\"bos_token_id\":151643,\"eos_token_id\":151645," TEXT_3B
  ",\"tie_word_embeddings\":true," ROPE_OLD ("\"type\":\"mrope\",")
  "," VISION_3B ("in_chans") "}",
  /* transformers 4.52 to 4.56: nested, and most keys at the top too */
  "{" IDS_3B ",\"bos_token_id\":151643,\"eos_token_id\":151645," TEXT_3B
  ",\"tie_word_embeddings\":true,"
  ROPE_OLD ("\"type\":\"default\",\"rope_type\":\"default\",")
  ",\"text_config\":{\"model_type\":\"qwen2_5_vl_text\","
  "\"bos_token_id\":151643,\"eos_token_id\":151645,"
  "\"image_token_id\":null," TEXT_3B ","
  ROPE_OLD ("\"type\":\"default\",\"rope_type\":\"default\",")
  ",\"tie_word_embeddings\":true}," VISION_3B ("in_channels") "}",
  /* transformers 5 */
  "{" IDS_3B ",\"tie_word_embeddings\":true,\"text_config\":{"
  "\"bos_token_id\":151643,\"eos_token_id\":[151645]," TEXT_3B "," ROPE_NEW
  "}," VISION_3B ("in_channels") "}",
};
/* clang-format on */

static void
assert_3b (const VlmConfig *config)
{
  g_assert_cmpuint (config->text.hidden_size, ==, 2048);
  g_assert_cmpuint (config->text.n_layers, ==, 36);
  g_assert_cmpuint (config->text.n_heads, ==, 16);
  g_assert_cmpuint (config->text.n_kv_heads, ==, 2);
  g_assert_cmpuint (config->text.head_dim, ==, 128);
  g_assert_cmpuint (config->text.intermediate_size, ==, 11008);
  g_assert_cmpuint (config->text.vocab_size, ==, 151936);
  g_assert_cmpuint (config->text.max_positions, ==, 128000);
  g_assert_true (config->text.tied);
  g_assert_cmpfloat (config->text.rms_norm_eps, ==, 1e-6);
  g_assert_cmpfloat (config->text.rope_theta, ==, 1e6);
  g_assert_cmpuint (config->text.mrope_section[0], ==, 16);
  g_assert_cmpuint (config->text.mrope_section[1], ==, 24);
  g_assert_cmpuint (config->text.mrope_section[2], ==, 24);
  g_assert_cmpuint (config->vision.depth, ==, 32);
  g_assert_cmpuint (config->vision.hidden_size, ==, 1280);
  g_assert_cmpuint (config->vision.n_heads, ==, 16);
  g_assert_cmpuint (config->vision.head_dim, ==, 80);
  g_assert_cmpuint (config->vision.intermediate_size, ==, 3420);
  g_assert_cmpuint (config->vision.out_hidden_size, ==, 2048);
  g_assert_cmpuint (config->vision.in_channels, ==, 3);
  g_assert_cmpuint (config->vision.window_size, ==, 112);
  g_assert_cmpuint (config->vision.tokens_per_second, ==, 2);
  g_assert_cmpuint (config->vision.n_full_blocks, ==, 4);
  for (guint i = 0; i < 32; i++)
    g_assert_cmpint (
        vlm_vision_config_is_full (&config->vision, i), ==, i % 8 == 7);
  g_assert_cmpint (config->image_token_id, ==, 151655);
  g_assert_cmpint (config->video_token_id, ==, 151656);
  g_assert_cmpint (config->vision_start_token_id, ==, 151652);
  g_assert_cmpint (config->vision_end_token_id, ==, 151653);
  g_assert_cmpuint (config->generation.n_eos, ==, 2);
  g_assert_cmpint (config->generation.eos[0], ==, 151645);
  g_assert_cmpint (config->generation.eos[1], ==, 151643);
  g_assert_true (config->generation.do_sample);
  g_assert_cmpfloat (config->generation.repetition_penalty, ==, 1.05);
  g_assert_cmpuint (config->preprocess.min_pixels, ==, 3136);
  g_assert_cmpuint (config->preprocess.max_pixels, ==, 12845056);
}

static void
test_layouts (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (layouts); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmConfig) config = vlm_config_new_from_data (
        layouts[i], strlen (layouts[i]), "layout", &error);

    g_assert_no_error (error);
    assert_3b (config);

    g_autoptr (VlmConfig) copy = vlm_config_copy (config);
    g_clear_pointer (&config, vlm_config_free);
    assert_3b (copy);
    g_assert_cmpstr (copy->name, ==, "layout");
  }
}

/* text_config says what the decoder is where both say something. */
static void
test_nested_wins (void)
{
  g_autofree char *json = files_replace (layouts[2], "\"text_config\"",
      "\"vocab_size\":7,\"hidden_size\":16,\"text_config\"");
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmConfig) config =
      vlm_config_new_from_data (json, strlen (json), "f", &error);

  g_assert_no_error (error);
  assert_3b (config);
}

static void
test_geometry (void)
{
  g_autoptr (VlmConfig) config =
      vlm_config_new_from_data (layouts[0], strlen (layouts[0]), "f", NULL);
  VlmGeometry geometry;

  vlm_config_get_geometry (config, &geometry);
  g_assert_cmpuint (geometry.patch_size, ==, 14);
  g_assert_cmpuint (geometry.merge_size, ==, 2);
  g_assert_cmpuint (geometry.temporal_patch_size, ==, 2);
  g_assert_cmpuint (geometry.image_max_pixels, ==, 12845056);
}

/* One wrong value each, in the layout as released. */
static const struct
{
  const char *from;
  const char *to;
  VlmLoadError code;
  const char *message;
} defects[] = {
  { "qwen2_5_vl", "qwen2_vl", VLM_LOAD_ERROR_UNSUPPORTED,
      "model_type: \"qwen2_vl\"" },
  { "\"model_type\":\"qwen2_5_vl\",", "", VLM_LOAD_ERROR_CORRUPT,
      "model_type: missing" },
  { "\"hidden_size\":2048", "\"hidden_size\":0", VLM_LOAD_ERROR_CORRUPT,
      "hidden_size: 0 is not within" },
  { "\"hidden_size\":2048", "\"hidden_size\":\"2048\"", VLM_LOAD_ERROR_CORRUPT,
      "hidden_size: expected an integer" },
  { "\"hidden_size\":2048", "\"hidden_size\":4000000000",
      VLM_LOAD_ERROR_CORRUPT, "4000000000 is not within" },
  { "\"hidden_size\":2048", "\"hidden_size\":2056", VLM_LOAD_ERROR_CORRUPT,
      "2056 is not divisible by the 16 heads" },
  { "\"num_attention_heads\":16", "\"num_attention_heads\":512",
      VLM_LOAD_ERROR_UNSUPPORTED, "a head of 4" },
  { "\"num_attention_heads\":16", "\"num_attention_heads\":0",
      VLM_LOAD_ERROR_CORRUPT, "num_attention_heads: 0" },
  { "\"num_key_value_heads\":2", "\"num_key_value_heads\":3",
      VLM_LOAD_ERROR_CORRUPT, "num_key_value_heads: 3 does not divide" },
  { "\"num_key_value_heads\":2", "\"num_key_value_heads\":32",
      VLM_LOAD_ERROR_CORRUPT, "num_key_value_heads: 32 does not divide" },
  { "\"num_hidden_layers\":36", "\"num_hidden_layers\":1000000000",
      VLM_LOAD_ERROR_CORRUPT, "num_hidden_layers: 1000000000" },
  { "\"vocab_size\":151936", "\"vocab_size\":-1", VLM_LOAD_ERROR_CORRUPT,
      "vocab_size: -1" },
  { "\"vocab_size\":151936", "\"vocab_size\":151650", VLM_LOAD_ERROR_CORRUPT,
      "image_token_id: 151655 is not within" },
  { "\"rms_norm_eps\":1e-06", "\"rms_norm_eps\":NaN", VLM_LOAD_ERROR_CORRUPT,
      "NaN" },
  { "\"rms_norm_eps\":1e-06", "\"rms_norm_eps\":1e999", VLM_LOAD_ERROR_CORRUPT,
      "rms_norm_eps: inf" },
  { "\"rms_norm_eps\":1e-06", "\"rms_norm_eps\":0", VLM_LOAD_ERROR_CORRUPT,
      "rms_norm_eps: 0 is not" },
  { "\"rope_theta\":1000000.0", "\"rope_theta\":-1.0", VLM_LOAD_ERROR_CORRUPT,
      "rope_theta: -1" },
  { "[16,24,24]", "[16,24,23]", VLM_LOAD_ERROR_CORRUPT,
      "rope_scaling.mrope_section: the sum is 63" },
  { "[16,24,24]", "[64]", VLM_LOAD_ERROR_CORRUPT, "expected 3 numbers" },
  { "[16,24,24]", "[128,-32,-32]", VLM_LOAD_ERROR_CORRUPT,
      "mrope_section[1]: -32" },
  { "\"type\":\"mrope\"", "\"type\":\"yarn\",\"factor\":4",
      VLM_LOAD_ERROR_UNSUPPORTED, "rope_scaling.type: \"yarn\"" },
  { "\"type\":\"mrope\"", "\"rope_type\":\"linear\"",
      VLM_LOAD_ERROR_UNSUPPORTED, "rope_scaling.rope_type: \"linear\"" },
  { "\"rope_scaling\":", "\"rope_scalings\":", VLM_LOAD_ERROR_CORRUPT,
      "rope_scaling: no mrope_section" },
  { "\"use_sliding_window\":false",
      "\"use_sliding_window\":true,\"max_window_layers\":28",
      VLM_LOAD_ERROR_UNSUPPORTED, "use_sliding_window: the 8 layers" },
  { "\"attention_dropout\":0.0,\"hidden_act\":\"silu\"",
      "\"hidden_act\":\"gelu\"", VLM_LOAD_ERROR_UNSUPPORTED,
      "hidden_act: \"gelu\"" },
  { "\"attention_dropout\":0.0", "\"head_dim\":64", VLM_LOAD_ERROR_UNSUPPORTED,
      "head_dim: 64 is not" },
  { "\"tie_word_embeddings\":true", "\"tie_word_embeddings\":1",
      VLM_LOAD_ERROR_CORRUPT, "tie_word_embeddings: expected true or false" },
  { "\"vision_config\":{", "\"vision_config\":[],\"x\":{",
      VLM_LOAD_ERROR_CORRUPT, "vision_config: expected an object" },
  { "[7,15,23,31]", "[7,15,-1]", VLM_LOAD_ERROR_CORRUPT,
      "vision_config.fullatt_block_indexes[2]: -1 is not within" },
  { "\"vision_config\":{", "\"vision_configs\":{", VLM_LOAD_ERROR_UNSUPPORTED,
      "vision_config: missing" },
  { "\"depth\":32", "\"depth\":0", VLM_LOAD_ERROR_CORRUPT,
      "vision_config.depth: 0" },
  { "\"num_heads\":16", "\"num_heads\":7", VLM_LOAD_ERROR_CORRUPT,
      "vision_config.hidden_size: 1280 is not divisible by the 7" },
  { "\"num_heads\":16", "\"num_heads\":320", VLM_LOAD_ERROR_UNSUPPORTED,
      "vision_config.hidden_size: a head of 4" },
  { "\"in_chans\":3", "\"in_chans\":4", VLM_LOAD_ERROR_UNSUPPORTED,
      "vision_config.in_chans: 4" },
  { "\"in_chans\":3", "\"in_chans\":3,\"in_channels\":1",
      VLM_LOAD_ERROR_UNSUPPORTED, "vision_config.in_channels: 1" },
  { "\"patch_size\":14,", "\"patch_size\":[14,16],", VLM_LOAD_ERROR_UNSUPPORTED,
      "patch_size[1]: 16 is not the 14" },
  { "\"patch_size\":14,", "\"patch_size\":[],", VLM_LOAD_ERROR_CORRUPT,
      "patch_size: an empty list" },
  { "\"patch_size\":14,", "\"patch_size\":14.5,", VLM_LOAD_ERROR_CORRUPT,
      "patch_size: expected an integer" },
  { "\"out_hidden_size\":2048", "\"out_hidden_size\":3584",
      VLM_LOAD_ERROR_CORRUPT, "3584 is not the decoder's" },
  { "\"window_size\":112", "\"window_size\":100", VLM_LOAD_ERROR_CORRUPT,
      "window_size: 100 is not a multiple of 28" },
  { "\"window_size\":112", "\"window_size\":0", VLM_LOAD_ERROR_CORRUPT,
      "window_size: 0" },
  { "\"temporal_patch_size\":2", "\"temporal_patch_size\":1",
      VLM_LOAD_ERROR_UNSUPPORTED, "temporal_patch_size: 1 is not 2" },
  { "\"spatial_merge_size\":2", "\"spatial_merge_size\":3",
      VLM_LOAD_ERROR_UNSUPPORTED, "spatial_merge_size: 3 is not 2" },
  { "\"image_token_id\":151655", "\"image_token_id\":151656",
      VLM_LOAD_ERROR_CORRUPT, "the same as image_token_id" },
  { "\"eos_token_id\":151645", "\"eos_token_id\":[1,2,3,4,5,6,7,8,9]",
      VLM_LOAD_ERROR_TOO_LARGE, "more than 8" },
};

/* The layout as released with one thing changed in it. */
static VlmConfig *
load_changed (const char *from, const char *to)
{
  g_autofree char *json = files_replace (layouts[0], from, to);
  g_autoptr (GError) error = NULL;
  VlmConfig *config =
      vlm_config_new_from_data (json, strlen (json), "c.json", &error);

  g_test_message ("%s -> %s", from, to);
  g_assert_no_error (error);
  return config;
}

/* What tools write differently or leave out, and values that change nothing. */
static void
test_tolerant (void)
{
  static const char *const changes[][2] = {
    { "\"depth\":32,", "" },
    { "\"depth\":32,", "\"depth\":32.0," },
    { "\"depth\":32,\"hidden_act\":\"silu\",", "" },
    { "\"intermediate_size\":3420,\"num_heads\":16,", "" },
    { "\"in_chans\":3,", "" },
    { "\"patch_size\":14,\"spatial_merge_size\":2,", "" },
    { "\"patch_size\":14,", "\"patch_size\":[14,14]," },
    { "\"window_size\":112,\"fullatt_block_indexes\":[7,15,23,31],", "" },
    { "[7,15,23,31]", "[7,15,23,31,39]" },
    { ",\"temporal_patch_size\":2", "" },
    { "\"attention_dropout\":0.0,\"hidden_act\":\"silu\",", "" },
    { "\"hidden_size\":2048,", "\"hidden_size\":2048.0," },
    { "\"rope_theta\":1000000.0,", "" },
    { "\"rope_theta\":1000000.0,", "\"rope_theta\":1000000," },
    { "\"use_sliding_window\":false", "\"use_sliding_window\":true" },
    { "\"sliding_window\":32768,\"use_cache\":true,"
      "\"use_sliding_window\":false",
        "\"sliding_window\":null,\"max_window_layers\":1,"
        "\"use_sliding_window\":true" },
    { "\"vision_start_token_id\":151652,\"vision_end_token_id\":151653,"
      "\"image_token_id\":151655,\"video_token_id\":151656,",
        "" },
    { "\"model_type\":\"qwen2_5_vl\"",
        "\"architectures\":[\"Qwen2_5_VLForConditionalGeneration\"]" },
    { "\"eos_token_id\":151645", "\"eos_token_id\":[-1,151645,999999]" },
    { "\"bos_token_id\":151643,\"eos_token_id\":151645,", "" },
    { "\"bos_token_id\":151643,", "\"bos_token_id\":null," },
    { "\"initializer_range\":0.02",
        "\"model_max_length\":1000000000000000019884624838656" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++) {
    g_autoptr (VlmConfig) config = load_changed (changes[i][0], changes[i][1]);

    assert_3b (config);
  }

  g_autofree char *marked = g_strconcat ("\357\273\277", layouts[2], NULL);
  g_autoptr (VlmConfig) config =
      vlm_config_new_from_data (marked, strlen (marked), "c.json", NULL);
  assert_3b (config);
  warnings_expect_none ();
}

/* Defaults of the reference that differ from the released models are used with a
 * warning. */
static void
test_defaults (void)
{
  static const char all_left_out[] =
      "{\"model_type\":\"qwen2_5_vl\",\"text_config\":{\"rms_norm_eps\":1e-06,"
      "\"rope_parameters\":{\"mrope_section\":[16,24,24]}},"
      "\"vision_config\":{\"hidden_size\":1280,\"out_hidden_size\":8192,"
      "\"tokens_per_second\":2}}";
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmConfig) large = vlm_config_new_from_data (
      all_left_out, strlen (all_left_out), "c.json", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (large->text.hidden_size, ==, 8192);
  g_assert_cmpuint (large->text.n_layers, ==, 80);
  g_assert_cmpuint (large->text.n_heads, ==, 64);
  g_assert_cmpuint (large->text.n_kv_heads, ==, 8);
  g_assert_cmpuint (large->text.intermediate_size, ==, 29568);
  g_assert_cmpuint (large->text.vocab_size, ==, 152064);
  g_assert_cmpuint (large->text.max_positions, ==, 32768);
  g_assert_false (large->text.tied);
  g_assert_cmpfloat (large->text.rope_theta, ==, 1e6);
  g_assert_cmpuint (large->vision.depth, ==, 32);
  g_assert_cmpuint (large->vision.n_heads, ==, 16);
  g_assert_cmpuint (large->vision.n_full_blocks, ==, 4);
  g_assert_cmpint (large->video_token_id, ==, 151656);
  warnings_expect_none ();

  g_autoptr (VlmConfig) slow = load_changed ("\"tokens_per_second\":2,", "");
  g_assert_cmpuint (slow->vision.tokens_per_second, ==, 4);
  warnings_expect ("c.json: vision_config.tokens_per_second: missing");

  g_autoptr (VlmConfig) eps = load_changed ("\"rms_norm_eps\":1e-06,", "");
  g_assert_cmpfloat (eps->text.rms_norm_eps, ==, 1e-5);
  warnings_expect ("c.json: rms_norm_eps: missing");

  g_autoptr (VlmConfig) kv = load_changed (
      "\"num_key_value_heads\":2,", "\"num_key_value_heads\":null,");
  g_assert_cmpuint (kv->text.n_kv_heads, ==, 16);
  g_autoptr (VlmConfig) cut = load_changed ("\"depth\":32", "\"depth\":24");
  g_assert_cmpuint (cut->vision.n_full_blocks, ==, 3);
}

/* rope_theta where each version of transformers puts it. */
static void
test_rope_places (void)
{
  static const struct
  {
    const char *rope;
    double theta;
  } ropes[] = {
    { "\"rope_scaling\":{\"type\":\"mrope\",\"mrope_section\":[16,24,24]},"
      "\"rope_theta\":5e5",
        5e5 },
    { "\"rope_scaling\":{\"rope_type\":\"default\",\"type\":\"default\","
      "\"mrope_section\":[16,24,24],\"rope_theta\":4e5}",
        4e5 },
    { "\"rope_parameters\":{\"mrope_section\":[16,24,24],\"rope_theta\":3e5},"
      "\"rope_theta\":1e4,\"rope_scaling\":null",
        3e5 },
    { "\"rope_parameters\":{\"rope_theta\":3e5},"
      "\"rope_scaling\":{\"mrope_section\":[16,24,24]}",
        3e5 },
    { "\"rope_scaling\":{\"mrope_section\":[16,24,24]}", 1e6 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ropes); i++) {
    g_autoptr (VlmConfig) config =
        load_changed (ROPE_OLD ("\"type\":\"mrope\","), ropes[i].rope);

    g_assert_cmpfloat (config->text.rope_theta, ==, ropes[i].theta);
  }
}

static void
test_tied (void)
{
  static const char key[] = "\"tie_word_embeddings\":true";
  g_autoptr (VlmConfig) absent = load_changed (key, "\"x\":1");
  g_autoptr (VlmConfig) nested =
      load_changed (key, "\"text_config\":{\"tie_word_embeddings\":true}");
  g_autoptr (VlmConfig) disputed = load_changed (key,
      "\"tie_word_embeddings\":false,"
      "\"text_config\":{\"tie_word_embeddings\":true}");

  g_assert_false (absent->text.tied);
  g_assert_false (absent->text.tied_is_disputed);
  g_assert_true (nested->text.tied);
  g_assert_false (nested->text.tied_is_disputed);
  g_assert_true (disputed->text.tied_is_disputed);
}

static void
test_defects (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (defects); i++) {
    g_autofree char *json =
        files_replace (layouts[0], defects[i].from, defects[i].to);
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmConfig) config =
        vlm_config_new_from_data (json, strlen (json), "c.json", &error);

    g_test_message ("%s -> %s", defects[i].from, defects[i].to);
    g_assert_null (config);
    g_assert_error (error, VLM_LOAD_ERROR, (int) defects[i].code);
    if (strstr (error->message, defects[i].message) == NULL)
      g_error (
          "\"%s\" does not say \"%s\"", error->message, defects[i].message);
    g_assert_true (g_str_has_prefix (error->message, "c.json:"));
  }
}

/* The config.json of the tests, with files of a name and a text beside it. */
static VlmConfig *
load_files (const char *const files[][2], guint n_files, GError **error)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *folder = files_new_folder (NULL);
  gsize n_bytes;
  g_autofree char *config = files_read (tiny, "config.json", &n_bytes);
  VlmConfig *loaded;

  files_write (folder, "config.json", config, n_bytes);
  for (guint i = 0; i < n_files; i++)
    files_write (folder, files[i][0], files[i][1], strlen (files[i][1]));
  loaded = vlm_config_load (folder, error);
  files_remove (folder);
  return loaded;
}

static VlmConfig *
load_with (const char *name, const char *json, GError **error)
{
  const char *const files[][2] = { { name, json } };

  return load_files (files, name != NULL ? 1 : 0, error);
}

static void
test_tiny (void)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmConfig) config = vlm_config_load (tiny, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (config->name, ==, "checkpoint");
  g_assert_cmpuint (config->vision.head_dim, ==, 80);
  g_assert_cmpuint (config->vision.intermediate_size % 8, !=, 0);
  g_assert_cmpuint (config->text.head_dim, ==, 32);
  /* generation_config.json is there and has no penalty: there is none. */
  g_assert_false (config->generation.do_sample);
  g_assert_cmpfloat (config->generation.repetition_penalty, ==, 1.0);
  g_assert_cmpuint (config->generation.n_eos, ==, 2);
}

/* How far back a model can look reliably is in its config.json, if at all. */
static void
test_context (void)
{
  static const struct
  {
    const char *key;
    guint n_windows; /* 0: refused */
  } cases[] = { { "\"max_context_windows\": 1,", 1 },
    { "\"max_context_windows\": 4.0,", 4 },
    { "\"max_context_windows\": 0,", 0 },
    { "\"max_context_windows\": \"all\",", 0 } };
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autoptr (VlmConfig) config = vlm_config_load (tiny, NULL);
  gsize n_bytes;
  g_autofree char *text = files_read (tiny, "config.json", &n_bytes);

  g_assert_cmpuint (config->max_context_windows, ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *json =
        g_strconcat ("{", cases[i].key, strchr (text, '{') + 1, NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmConfig) loaded = load_with ("config.json", json, &error);

    if (cases[i].n_windows > 0) {
      g_assert_no_error (error);
      g_assert_cmpuint (loaded->max_context_windows, ==, cases[i].n_windows);
    } else {
      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, "max_context_windows"));
    }
  }
}

/* The least confidence of events counts only if the model's confidence ranks. */
static void
test_confidence (void)
{
  static const struct
  {
    const char *keys;
    double least; /* -1: refused */
  } cases[] = {
    { "\"min_confidence\": 0.4, \"confidence_auc\": 0.8,", 0.4 },
    { "\"min_confidence\": 0.4, \"confidence_auc\": 0.75,", 0.4 },
    { "\"min_confidence\": 0.4, \"confidence_auc\": 0.74,", 0.0 },
    { "\"min_confidence\": 0.4,", 0.0 },
    { "\"confidence_auc\": 0.9,", 0.0 },
    { "", 0.0 },
    { "\"boxes_follow_motion\": true,", 0.0 },
    { "\"min_confidence\": 1.5, \"confidence_auc\": 0.8,", -1.0 },
    { "\"min_confidence\": 0.5, \"confidence_auc\": \"good\",", -1.0 },
  };
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  gsize n_bytes;
  g_autofree char *text = files_read (tiny, "config.json", &n_bytes);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *json =
        g_strconcat ("{", cases[i].keys, strchr (text, '{') + 1, NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmConfig) loaded = load_with ("config.json", json, &error);

    if (cases[i].least >= 0.0) {
      g_assert_no_error (error);
      g_assert_cmpfloat (loaded->min_confidence, ==, cases[i].least);
      g_assert_true (loaded->boxes_follow_motion ==
          (strstr (cases[i].keys, "boxes_follow") != NULL));
    } else {
      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, "confidence"));
    }
  }
}

/* What a model was trained for, and the label whose times follow motion, are as
 * its config.json says. */
static void
test_texts (void)
{
  static const char *const keys[] = { "trained_for", "times_follow_motion" };
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  gsize n_bytes;
  g_autofree char *text = files_read (tiny, "config.json", &n_bytes);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_autofree char *good = g_strdup_printf (
        "{\"%s\": \"boxes\",%s", keys[i], strchr (text, '{') + 1);
    g_autofree char *bad =
        g_strdup_printf ("{\"%s\": 1,%s", keys[i], strchr (text, '{') + 1);
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmConfig) loaded = load_with ("config.json", good, &error);
    g_autoptr (VlmConfig) copy = NULL;

    g_assert_no_error (error);
    copy = vlm_config_copy (loaded);
    g_assert_cmpstr (copy->trained_for, ==, i == 0 ? "boxes" : NULL);
    g_assert_cmpstr (copy->times_follow_motion, ==, i == 1 ? "boxes" : NULL);
    g_assert_null (load_with ("config.json", bad, &error));
    g_assert_nonnull (strstr (error->message, keys[i]));
  }
}

static void
test_preprocessor (void)
{
  static const char *const documents[] = {
    "{\"min_pixels\":100,\"max_pixels\":2000}",
    "{\"size\":{\"shortest_edge\":100,\"longest_edge\":2000}}",
    "{\"min_pixels\":100,\"max_pixels\":2000,"
    "\"size\":{\"shortest_edge\":7,\"longest_edge\":7}}",
    "{\"min_pixels\":null,\"max_pixels\":2000,"
    "\"size\":{\"shortest_edge\":100,\"longest_edge\":7}}",
    "{\"size\":{\"min_pixels\":100,\"max_pixels\":2000}}",
    "{\"min_pixels\":100.0,\"max_pixels\":-1,"
    "\"size\":{\"max_pixels\":2000.0}}",
    "{\"min_pixels\":100,\"max_pixels\":2000,\"do_rescale\":true,"
    "\"rescale_factor\":0.00392156862745098,\"do_normalize\":true}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (documents); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmConfig) config =
        load_with ("preprocessor_config.json", documents[i], &error);

    g_assert_no_error (error);
    g_assert_cmpuint (config->preprocess.min_pixels, ==, 100);
    g_assert_cmpuint (config->preprocess.max_pixels, ==, 2000);
    g_assert_cmpfloat_with_epsilon (
        config->preprocess.std[2], 0.27577711f, 1e-9);
  }

  g_autoptr (GError) error = NULL;
  g_autoptr (VlmConfig) config = load_with ("processor_config.json",
      "{\"image_processor\":{\"size\":{\"longest_edge\":5000},"
      "\"image_mean\":[0.5,0.5,0.25]}}",
      &error);
  g_assert_no_error (error);
  g_assert_cmpuint (config->preprocess.max_pixels, ==, 5000);
  g_assert_cmpfloat (config->preprocess.mean[2], ==, 0.25f);
  g_clear_pointer (&config, vlm_config_free);

  /* Before transformers 5 that file was about something else. */
  config = load_with ("processor_config.json",
      "{\"processor_class\":\"Qwen2_5_VLProcessor\",\"min_pixels\":7}", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (config->preprocess.min_pixels, ==, 3136);
  g_clear_pointer (&config, vlm_config_free);

  config = load_with ("preprocessor_config.json",
      "{\"image_mean\":0.5,\"image_std\":0.25}", &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (config->preprocess.mean[1], ==, 0.5f);
  g_assert_cmpfloat (config->preprocess.std[2], ==, 0.25f);
  g_clear_pointer (&config, vlm_config_free);

  config = load_with (
      "preprocessor_config.json", "{\"do_normalize\":false}", &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (config->preprocess.mean[1], ==, 0.0f);
  g_assert_cmpfloat (config->preprocess.std[1], ==, 1.0f);
  warnings_expect_none ();
  g_clear_pointer (&config, vlm_config_free);

  config = load_with ("preprocessor_config.json",
      "{\"max_pixels\":5000,\"size\":{\"height\":448,\"width\":448}}", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (config->preprocess.max_pixels, ==, 5000);
  warnings_expect ("size.height: has no effect");
}

/* What a video_preprocessor_config.json beside preprocessor_config.json means:
 * limits of images that were copied into it change nothing, 0. */
static void
test_video_preprocessor (void)
{
  static const struct
  {
    const char *image;
    const char *video;
    guint64 min_pixels;
    guint64 max_pixels;
  } cases[] = {
    { NULL, "\"min_pixels\":100,\"max_pixels\":2000", 100, 2000 },
    { NULL, "\"min_pixels\":3136,\"max_pixels\":12845056", 0, 0 },
    { NULL, "\"size\":{\"shortest_edge\":3136,\"longest_edge\":12845056}", 0,
        0 },
    { NULL, "\"min_pixels\":3136,\"max_pixels\":300000", 0, 300000 },
    { NULL, "\"size\":{\"shortest_edge\":100352,\"longest_edge\":602112}",
        100352, 602112 },
    { NULL, "\"max_pixels\":50176", 3136, 50176 },
    { NULL, "\"min_pixels\":3136,\"max_pixels\":50176", 3136, 50176 },
    { NULL, "\"min_pixels\":1003520,\"max_pixels\":12845056", 1003520,
        12845056 },
    /* what is stricter than what video has anyway counts, copied or not */
    { "\"min_pixels\":6272,\"max_pixels\":1003520",
        "\"min_pixels\":6272,\"max_pixels\":1003520", 0, 0 },
    { "\"min_pixels\":200704,\"max_pixels\":401408",
        "\"min_pixels\":200704,\"max_pixels\":401408", 200704, 401408 },
    { "\"min_pixels\":6272,\"max_pixels\":1003520",
        "\"min_pixels\":6271,\"max_pixels\":1003521", 6271, 1003521 },
    { NULL, "\"patch_size\":14", 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *video = g_strdup_printf ("{%s}", cases[i].video);
    g_autofree char *image =
        g_strdup_printf ("{%s}", cases[i].image != NULL ? cases[i].image : "");
    g_autofree char *both = g_strdup_printf (
        "{\"image_processor\":%s,\"video_processor\":%s}", image, video);
    const char *const files[][2] = {
      { "preprocessor_config.json", image },
      { "video_preprocessor_config.json", video },
    };
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmConfig) config = load_files (files, 2, &error);
    g_autoptr (VlmConfig) joined =
        load_with ("processor_config.json", both, NULL);
    VlmGeometry geometry;

    g_test_message ("%s beside %s", video, image);
    g_assert_no_error (error);
    vlm_config_get_geometry (config, &geometry);
    g_assert_cmpuint (geometry.video_min_pixels, ==, cases[i].min_pixels);
    g_assert_cmpuint (geometry.video_max_pixels, ==, cases[i].max_pixels);
    vlm_config_get_geometry (joined, &geometry);
    g_assert_cmpuint (geometry.video_min_pixels, ==, cases[i].min_pixels);
    g_assert_cmpuint (geometry.video_max_pixels, ==, cases[i].max_pixels);
  }
}

static void
test_generation (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmConfig) config = load_with ("generation_config.json",
      "{\"do_sample\":true,\"temperature\":0.1,\"top_p\":0.001,\"top_k\":1,"
      "\"repetition_penalty\":1.05,\"eos_token_id\":3}",
      &error);

  g_assert_no_error (error);
  g_assert_true (config->generation.do_sample);
  g_assert_cmpfloat (config->generation.temperature, ==, 0.1);
  g_assert_cmpfloat (config->generation.top_p, ==, 0.001);
  g_assert_cmpuint (config->generation.top_k, ==, 1);
  g_assert_cmpuint (config->generation.n_eos, ==, 1);
  g_assert_cmpint (config->generation.eos[0], ==, 3);
  g_clear_pointer (&config, vlm_config_free);

  config = load_with ("generation_config.json",
      "{\"top_k\":50.0,\"eos_token_id\":[3.0,-1]}", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (config->generation.top_k, ==, 50);
  g_assert_cmpuint (config->generation.n_eos, ==, 1);
  g_clear_pointer (&config, vlm_config_free);

  config = load_with ("generation_config.json",
      "{\"top_k\":-1,\"eos_token_id\":-1,\"temperature\":null}", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (config->generation.top_k, ==, 0);
  g_assert_cmpuint (config->generation.n_eos, ==, 2); /* of config.json */
  g_clear_pointer (&config, vlm_config_free);

  /* Absent: as released. */
  config = load_with (NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (config->generation.repetition_penalty, ==, 1.05);
  g_assert_cmpuint (config->generation.n_eos, ==, 2);
}

static void
test_companion_defects (void)
{
  static const struct
  {
    const char *file;
    const char *json;
    VlmLoadError code;
    const char *message;
  } wrong[] = {
    { "preprocessor_config.json", "{\"patch_size\":16}",
        VLM_LOAD_ERROR_MISMATCH, "patch_size: 16, but config.json says 14" },
    { "preprocessor_config.json", "{\"min_pixels\":0}", VLM_LOAD_ERROR_CORRUPT,
        "min_pixels: 0" },
    { "preprocessor_config.json", "{\"max_pixels\":100}",
        VLM_LOAD_ERROR_CORRUPT, "min_pixels 3136 is above" },
    { "preprocessor_config.json", "{\"image_std\":[0,1,1]}",
        VLM_LOAD_ERROR_CORRUPT, "image_std[0]: 0" },
    { "preprocessor_config.json", "{\"image_mean\":[1]}",
        VLM_LOAD_ERROR_CORRUPT, "image_mean: expected 3" },
    { "preprocessor_config.json", "{\"size\":{\"height\":448,\"width\":448}}",
        VLM_LOAD_ERROR_UNSUPPORTED, "size.height: Qwen2.5-VL has no" },
    { "preprocessor_config.json", "{\"rescale_factor\":1}",
        VLM_LOAD_ERROR_UNSUPPORTED, "rescale_factor: pixels are always" },
    { "preprocessor_config.json", "{\"do_rescale\":false}",
        VLM_LOAD_ERROR_UNSUPPORTED, "do_rescale: pixels are always" },
    { "preprocessor_config.json", "[]", VLM_LOAD_ERROR_CORRUPT,
        "expected an object" },
    { "video_preprocessor_config.json",
        "{\"min_pixels\":200,\"max_pixels\":100}", VLM_LOAD_ERROR_CORRUPT,
        "min_pixels 200 is above" },
    { "generation_config.json", "{\"repetition_penalty\":0}",
        VLM_LOAD_ERROR_CORRUPT, "repetition_penalty: 0" },
    { "generation_config.json", "{\"eos_token_id\":\"x\"}",
        VLM_LOAD_ERROR_CORRUPT, "eos_token_id: expected an integer" },
    { "generation_config.json", "{\"temperature\":NaN}", VLM_LOAD_ERROR_CORRUPT,
        "NaN" },
    { "generation_config.json", "{", VLM_LOAD_ERROR_CORRUPT, "JSON ends" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (load_with (wrong[i].file, wrong[i].json, &error));
    g_assert_error (error, VLM_LOAD_ERROR, (int) wrong[i].code);
    if (strstr (error->message, wrong[i].message) == NULL ||
        strstr (error->message, wrong[i].file) == NULL)
      g_error ("%s: %s", wrong[i].json, error->message);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  warnings_keep ();
  g_test_add_func ("/config/layouts", test_layouts);
  g_test_add_func ("/config/nested-wins", test_nested_wins);
  g_test_add_func ("/config/geometry", test_geometry);
  g_test_add_func ("/config/tolerant", test_tolerant);
  g_test_add_func ("/config/defaults", test_defaults);
  g_test_add_func ("/config/rope-places", test_rope_places);
  g_test_add_func ("/config/tied", test_tied);
  g_test_add_func ("/config/defects", test_defects);
  g_test_add_func ("/config/tiny", test_tiny);
  g_test_add_func ("/config/preprocessor", test_preprocessor);
  g_test_add_func ("/config/video-preprocessor", test_video_preprocessor);
  g_test_add_func ("/config/generation", test_generation);
  g_test_add_func ("/config/companion-defects", test_companion_defects);
  g_test_add_func ("/config/context", test_context);
  g_test_add_func ("/config/confidence", test_confidence);
  g_test_add_func ("/config/texts", test_texts);
  return g_test_run ();
}
