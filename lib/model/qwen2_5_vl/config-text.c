/* gst-vlm: the decoder's part of config.json
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/qwen2_5_vl/config-private.h"
#include "base/log.h"

#define MAX_VOCAB (1u << 24)

/* Qwen2_5_VLTextConfig's. The released models have other values for all but the
 * 72B's, so these are seen in its files only. */
#define DEFAULT_HIDDEN 8192
#define DEFAULT_LAYERS 80
#define DEFAULT_HEADS 64
#define DEFAULT_KV_HEADS 8
#define DEFAULT_INTERMEDIATE 29568
#define DEFAULT_VOCAB 152064
#define DEFAULT_POSITIONS 32768
#define DEFAULT_MAX_WINDOW_LAYERS 80
#define DEFAULT_EPS 1e-5 /* released: 1e-6 */
#define DEFAULT_THETA 1e6

static gboolean
read_uint (const VlmConfigLayout *layout, const char *key, guint min, guint max,
    guint fallback, guint *value, GError **error)
{
  return vlm_json_read_uint_or (
      vlm_config_place_of (layout, key), key, min, max, fallback, value, error);
}

/* "mrope" and "default" both mean that frequencies are not scaled. */
static gboolean
check_rope_type (const VlmJson *rope, const char *key, GError **error)
{
  const char *type;

  if (!vlm_json_has (rope, key))
    return TRUE;
  if (!vlm_json_read_string (rope, key, &type, error))
    return FALSE;
  if (!g_str_equal (type, "mrope") && !g_str_equal (type, "default"))
    return vlm_json_fail (error, rope, key, VLM_LOAD_ERROR_UNSUPPORTED,
        "\"%s\" is neither mrope nor default: set it to mrope, for the context "
        "that the model was trained with",
        type);
  return TRUE;
}

static gboolean
read_mrope_section (const VlmJson *rope, VlmTextConfig *text, GError **error)
{
  VlmJson section;
  guint n;
  guint sum = 0;

  if (!vlm_json_read_list (rope, "mrope_section", &section, &n, error))
    return FALSE;
  if (n != G_N_ELEMENTS (text->mrope_section))
    return vlm_json_fail (error, &section, NULL, VLM_LOAD_ERROR_CORRUPT,
        "expected 3 numbers, not %u", n);
  for (guint i = 0; i < n; i++) {
    VlmJson element = vlm_json_element (&section, i);

    if (!vlm_json_read_uint (&element, NULL, 0, VLM_CONFIG_MAX_WIDTH,
            &text->mrope_section[i], error))
      return FALSE;
    sum += text->mrope_section[i];
  }
  if (sum != text->head_dim / 2)
    return vlm_json_fail (error, &section, NULL, VLM_LOAD_ERROR_CORRUPT,
        "the sum is %u, not half of the head size %u", sum, text->head_dim);
  return TRUE;
}

/* Until transformers 5 rope_scaling and, beside it, rope_theta; since then
 * rope_parameters has both. A file that was converted many times may have all. */
static gboolean
read_rope (const VlmConfigLayout *layout, VlmTextConfig *text, GError **error)
{
  static const char *const keys[] = { "rope_parameters", "rope_scaling" };
  const VlmJson *theta = vlm_config_place_of (layout, "rope_theta");
  gboolean has_section = FALSE;
  VlmJson ropes[G_N_ELEMENTS (keys)];

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    const VlmJson *at = vlm_config_place_of (layout, keys[i]);

    if (!vlm_json_has (at, keys[i]))
      continue;
    if (!vlm_json_read_object (at, keys[i], &ropes[i], error) ||
        !check_rope_type (&ropes[i], "type", error) ||
        !check_rope_type (&ropes[i], "rope_type", error))
      return FALSE;
    if (vlm_json_has (&ropes[i], "rope_theta") &&
        (i == 0 || !vlm_json_has (theta, "rope_theta")))
      theta = &ropes[i];
    if (has_section || !vlm_json_has (&ropes[i], "mrope_section"))
      continue;
    has_section = TRUE;
    if (!read_mrope_section (&ropes[i], text, error))
      return FALSE;
  }
  if (!has_section)
    return vlm_json_fail (error, vlm_config_place_of (layout, keys[1]), keys[1],
        VLM_LOAD_ERROR_CORRUPT,
        "no mrope_section here or in rope_parameters: use config.json of the "
        "model that this one was derived from");
  return vlm_json_read_double_or (
      theta, "rope_theta", 1.0, 1e12, DEFAULT_THETA, &text->rope_theta, error);
}

/* Whether some layer only attends to a window. */
static gboolean
check_sliding_window (
    const VlmConfigLayout *layout, const VlmTextConfig *text, GError **error)
{
  static const char key[] = "use_sliding_window";
  static const char layers_key[] = "max_window_layers";
  const VlmJson *at = vlm_config_place_of (layout, key);
  gboolean use;
  guint n_full;

  if (!vlm_json_read_boolean_or (at, key, FALSE, &use, error) ||
      !read_uint (layout, layers_key, 0, G_MAXINT32, DEFAULT_MAX_WINDOW_LAYERS,
          &n_full, error))
    return FALSE;
  if (!use || n_full >= text->n_layers ||
      vlm_json_is_null (
          vlm_config_place_of (layout, "sliding_window"), "sliding_window"))
    return TRUE;
  return vlm_json_fail (error, at, key, VLM_LOAD_ERROR_UNSUPPORTED,
      "the %u layers after max_window_layers would use sliding windows, which "
      "are not supported",
      text->n_layers - n_full);
}

/* If the top level and text_config differ, the content of the files decides. */
static gboolean
read_tied (const VlmConfigLayout *layout, VlmTextConfig *text, GError **error)
{
  static const char key[] = "tie_word_embeddings";
  gboolean nested;

  if (!vlm_json_read_boolean_or (vlm_json_has (&layout->root, key)
              ? &layout->root
              : vlm_config_place_of (layout, key),
          key, FALSE, &text->tied, error))
    return FALSE;
  if (!layout->has_nested)
    return TRUE;
  if (!vlm_json_read_boolean_or (
          &layout->nested, key, text->tied, &nested, error))
    return FALSE;
  text->tied_is_disputed = nested != text->tied;
  return TRUE;
}

static gboolean
read_heads (const VlmConfigLayout *layout, VlmTextConfig *text, GError **error)
{
  static const char kv_key[] = "num_key_value_heads";
  const VlmJson *at = vlm_config_place_of (layout, kv_key);
  gboolean kv_is_null = layout->has_nested
      ? vlm_json_is_null (&layout->nested, kv_key)
      : vlm_json_is_null (at, kv_key);
  guint stated;

  if (!read_uint (layout, "num_attention_heads", 1, VLM_CONFIG_MAX_HEADS,
          DEFAULT_HEADS, &text->n_heads, error) ||
      !read_uint (layout, kv_key, 1, VLM_CONFIG_MAX_HEADS,
          kv_is_null ? text->n_heads : DEFAULT_KV_HEADS, &text->n_kv_heads,
          error))
    return FALSE;
  if (text->n_heads % text->n_kv_heads != 0)
    return vlm_json_fail (error, at, kv_key, VLM_LOAD_ERROR_CORRUPT,
        "%u does not divide the %u heads", text->n_kv_heads, text->n_heads);
  at = vlm_config_place_of (layout, "hidden_size");
  if (!vlm_config_check_heads (
          at, text->hidden_size, text->n_heads, &text->head_dim, error) ||
      !read_uint (layout, "head_dim", 1, VLM_CONFIG_MAX_WIDTH, text->head_dim,
          &stated, error))
    return FALSE;
  if (stated != text->head_dim)
    return vlm_json_fail (error, vlm_config_place_of (layout, "head_dim"),
        "head_dim", VLM_LOAD_ERROR_UNSUPPORTED,
        "%u is not hidden_size / num_attention_heads = %u", stated,
        text->head_dim);
  return TRUE;
}

static gboolean
read_eps (const VlmConfigLayout *layout, VlmTextConfig *text, GError **error)
{
  static const char key[] = "rms_norm_eps";
  const VlmJson *at = vlm_config_place_of (layout, key);

  if (!vlm_json_has (at, key))
    vlm_warning (
        "%s: %s: missing, %g is used, as in transformers; the released "
        "models have 1e-06",
        layout->root.source, key, DEFAULT_EPS);
  return vlm_json_read_double_or (
      at, key, 1e-12, 1.0, DEFAULT_EPS, &text->rms_norm_eps, error);
}

gboolean
vlm_config_read_text (
    const VlmConfigLayout *layout, VlmTextConfig *text, GError **error)
{
  return read_uint (layout, "hidden_size", VLM_CONFIG_MIN_WIDTH,
             VLM_CONFIG_MAX_WIDTH, DEFAULT_HIDDEN, &text->hidden_size, error) &&
      read_uint (layout, "num_hidden_layers", 1, VLM_CONFIG_MAX_LAYERS,
          DEFAULT_LAYERS, &text->n_layers, error) &&
      read_heads (layout, text, error) &&
      read_uint (layout, "intermediate_size", 1, VLM_CONFIG_MAX_WIDTH,
          DEFAULT_INTERMEDIATE, &text->intermediate_size, error) &&
      read_uint (layout, "vocab_size", 1, MAX_VOCAB, DEFAULT_VOCAB,
          &text->vocab_size, error) &&
      read_uint (layout, "max_position_embeddings", 1, G_MAXINT32,
          DEFAULT_POSITIONS, &text->max_positions, error) &&
      read_eps (layout, text, error) &&
      vlm_config_check_silu (
          vlm_config_place_of (layout, "hidden_act"), error) &&
      check_sliding_window (layout, text, error) &&
      read_tied (layout, text, error) && read_rope (layout, text, error);
}
