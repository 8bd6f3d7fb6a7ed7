/* gst-vlm: configurations in all their layouts, and wrong ones
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-error.h>

#include "model/qwen2_5_vl/config.h"
#include "tests/support/files.h"
#include "tests/support/golden.h"

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
  { "\"num_hidden_layers\":36,", "", VLM_LOAD_ERROR_CORRUPT,
      "num_hidden_layers: missing" },
  { "\"vocab_size\":151936", "\"vocab_size\":-1", VLM_LOAD_ERROR_CORRUPT,
      "vocab_size: -1" },
  { "\"vocab_size\":151936", "\"vocab_size\":151650", VLM_LOAD_ERROR_CORRUPT,
      "image_token_id: 151655 is not within" },
  { "\"rms_norm_eps\":1e-06", "\"rms_norm_eps\":NaN", VLM_LOAD_ERROR_CORRUPT,
      "not JSON" },
  { "\"rms_norm_eps\":1e-06", "\"rms_norm_eps\":1e999", VLM_LOAD_ERROR_CORRUPT,
      "rms_norm_eps: inf" },
  { "\"rms_norm_eps\":1e-06", "\"rms_norm_eps\":0", VLM_LOAD_ERROR_CORRUPT,
      "rms_norm_eps: 0 is not" },
  { "\"rope_theta\":1000000.0", "\"rope_theta\":-1.0", VLM_LOAD_ERROR_CORRUPT,
      "rope_theta: -1" },
  { "\"rope_theta\":1000000.0,", "", VLM_LOAD_ERROR_CORRUPT,
      "rope_theta: missing" },
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
      "rope_scaling: missing" },
  { "\"use_sliding_window\":false", "\"use_sliding_window\":true",
      VLM_LOAD_ERROR_UNSUPPORTED, "use_sliding_window: " },
  { "\"attention_dropout\":0.0,\"hidden_act\":\"silu\"",
      "\"hidden_act\":\"gelu\"", VLM_LOAD_ERROR_UNSUPPORTED,
      "hidden_act: \"gelu\"" },
  { "\"attention_dropout\":0.0", "\"head_dim\":64", VLM_LOAD_ERROR_UNSUPPORTED,
      "head_dim: 64 is not" },
  { "\"tie_word_embeddings\":true", "\"tie_word_embeddings\":1",
      VLM_LOAD_ERROR_CORRUPT, "tie_word_embeddings: expected true or false" },
  { "\"vision_config\":{", "\"vision_config\":[],\"x\":{",
      VLM_LOAD_ERROR_CORRUPT, "vision_config: expected an object" },
  { "\"depth\":32", "\"depth\":31", VLM_LOAD_ERROR_CORRUPT,
      "vision_config.fullatt_block_indexes[3]: 31 is not within 0 to 30" },
  { "\"depth\":32", "\"depth\":0", VLM_LOAD_ERROR_CORRUPT,
      "vision_config.depth: 0" },
  { "\"num_heads\":16", "\"num_heads\":7", VLM_LOAD_ERROR_CORRUPT,
      "vision_config.hidden_size: 1280 is not divisible by the 7" },
  { "\"num_heads\":16", "\"num_heads\":320", VLM_LOAD_ERROR_UNSUPPORTED,
      "vision_config.hidden_size: a head of 4" },
  { "\"in_chans\":3", "\"in_chans\":4", VLM_LOAD_ERROR_UNSUPPORTED,
      "vision_config.in_chans: 4" },
  { "\"in_chans\":3,", "", VLM_LOAD_ERROR_CORRUPT, "in_channels: missing" },
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
  { "\"tokens_per_second\":2,", "", VLM_LOAD_ERROR_CORRUPT,
      "vision_config.tokens_per_second: missing" },
  { "\"image_token_id\":151655", "\"image_token_id\":151656",
      VLM_LOAD_ERROR_CORRUPT, "the same as image_token_id" },
  { "\"eos_token_id\":151645", "\"eos_token_id\":[151645,999999]",
      VLM_LOAD_ERROR_CORRUPT, "eos_token_id[1]: 999999" },
  { "\"eos_token_id\":151645", "\"eos_token_id\":[1,2,3,4,5,6,7,8,9]",
      VLM_LOAD_ERROR_TOO_LARGE, "more than 8" },
  { "\"bos_token_id\":151643,\"eos_token_id\":151645,", "",
      VLM_LOAD_ERROR_CORRUPT, "eos_token_id: missing" },
};

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

static VlmConfig *
load_with (const char *name, const char *json, GError **error)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *folder = files_new_folder (NULL);
  gsize n_bytes;
  g_autofree char *config = files_read (tiny, "config.json", &n_bytes);
  VlmConfig *loaded;

  files_write (folder, "config.json", config, n_bytes);
  if (name != NULL)
    files_write (folder, name, json, strlen (json));
  loaded = vlm_config_load (folder, error);
  files_remove (folder);
  return loaded;
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
}

static void
test_video_preprocessor (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmConfig) config = load_with ("video_preprocessor_config.json",
      "{\"min_pixels\":100,\"max_pixels\":2000}", &error);
  VlmGeometry geometry;

  g_assert_no_error (error);
  vlm_config_get_geometry (config, &geometry);
  g_assert_cmpuint (geometry.video_min_pixels, ==, 100);
  g_assert_cmpuint (geometry.video_max_pixels, ==, 2000);
  g_assert_cmpuint (geometry.image_max_pixels, ==, 12845056);
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
        "not JSON" },
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
  g_test_add_func ("/config/layouts", test_layouts);
  g_test_add_func ("/config/nested-wins", test_nested_wins);
  g_test_add_func ("/config/geometry", test_geometry);
  g_test_add_func ("/config/defects", test_defects);
  g_test_add_func ("/config/tiny", test_tiny);
  g_test_add_func ("/config/preprocessor", test_preprocessor);
  g_test_add_func ("/config/video-preprocessor", test_video_preprocessor);
  g_test_add_func ("/config/generation", test_generation);
  g_test_add_func ("/config/companion-defects", test_companion_defects);
  return g_test_run ();
}
