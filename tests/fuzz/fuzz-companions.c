/* gst-vlm: any bytes as the files beside config.json
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/target.h"

static const char config_json[] =
    "{\"model_type\":\"qwen2_5_vl\",\"hidden_size\":64,\"num_hidden_layers\":1,"
    "\"num_attention_heads\":2,\"num_key_value_heads\":1,"
    "\"intermediate_size\":68,\"vocab_size\":408,\"rms_norm_eps\":1e-6,"
    "\"rope_scaling\":{\"mrope_section\":[4,6,6]},\"eos_token_id\":3,"
    "\"image_token_id\":4,\"video_token_id\":5,\"vision_start_token_id\":6,"
    "\"vision_end_token_id\":7,\"vision_config\":{\"hidden_size\":80,"
    "\"num_heads\":1,\"out_hidden_size\":64,\"tokens_per_second\":2}}";

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  static const char *const names[] = { "preprocessor_config.json",
    "video_preprocessor_config.json", "processor_config.json",
    "generation_config.json" };
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmConfig) config = NULL;
  VlmGeometry geometry;

  fuzz_write ("config.json", config_json, sizeof config_json - 1);
  fuzz_write_parts (data, n_bytes, names, G_N_ELEMENTS (names));
  config = vlm_config_load (fuzz_folder (), &error);
  g_assert_true ((config != NULL) == (error == NULL));
  if (config == NULL)
    return 0;
  vlm_config_get_geometry (config, &geometry);
  g_assert_true (geometry.image_min_pixels <= geometry.image_max_pixels);
  g_assert_true (geometry.video_max_pixels == 0 ||
      geometry.video_min_pixels <= geometry.video_max_pixels);
  g_assert_true (
      config->generation.n_eos > 0 && config->generation.n_eos <= VLM_MAX_EOS);
  for (guint i = 0; i < config->generation.n_eos; i++)
    g_assert_true (config->generation.eos[i] >= 0 &&
        (guint) config->generation.eos[i] < config->text.vocab_size);
  for (guint i = 0; i < 3; i++)
    g_assert_true (config->preprocess.std[i] > 0.0f);
  return 0;
}
