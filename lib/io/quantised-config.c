/* gst-vlm: quantisation in config.json
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/quantised-private.h"

static const VlmQuantMethod *const methods[] = {
  &vlm_quant_awq,
  &vlm_quant_gptq,
  &vlm_quant_compressed_tensors,
  &vlm_quant_fp8,
  &vlm_quant_bitsandbytes,
};

static const VlmQuantMethod *
find_method (const VlmJson *at, GError **error)
{
  const char *name;

  /* bitsandbytes did not name itself at first. */
  if (!vlm_json_has (at, "quant_method") &&
      (vlm_json_has (at, "load_in_4bit") || vlm_json_has (at, "load_in_8bit")))
    return &vlm_quant_bitsandbytes;
  if (!vlm_json_has (at, "quant_method") && vlm_json_has (at, "group_size") &&
      vlm_json_has (at, "bits")) {
    vlm_json_fail (error, at, NULL, VLM_LOAD_ERROR_UNSUPPORTED,
        "weights quantised by MLX are not supported: " VLM_QUANT_INSTEAD);
    return NULL;
  }
  if (!vlm_json_read_string (at, "quant_method", &name, error))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (g_str_equal (name, methods[i]->name))
      return methods[i];
  vlm_json_fail (error, at, "quant_method", VLM_LOAD_ERROR_UNSUPPORTED,
      "\"%s\" is not supported: " VLM_QUANT_INSTEAD, name);
  return NULL;
}

static VlmQuantConfig *
config_new (const VlmJson *at, GError **error)
{
  g_autoptr (VlmQuantConfig) config = g_new0 (VlmQuantConfig, 1);

  config->method = find_method (at, error);
  if (config->method == NULL ||
      !config->method->read (at, &config->settings, error))
    return NULL;
  return g_steal_pointer (&config);
}

/* The part of the configuration about quantisation; *found is FALSE when there is
 * none. */
static gboolean
find_part (const VlmJson *root, VlmJson *text, VlmJson *part, gboolean *found,
    GError **error)
{
  static const char *const keys[] = { "quantization_config",
    "compression_config" };

  *found = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    if (vlm_json_has (root, keys[i]))
      return vlm_json_read_object (root, keys[i], part, error);
    if (!vlm_json_has (root, "text_config"))
      continue;
    if (!vlm_json_read_object (root, "text_config", text, error))
      return FALSE;
    if (vlm_json_has (text, keys[i]))
      return vlm_json_read_object (text, keys[i], part, error);
  }
  *found = FALSE;
  return TRUE;
}

static gboolean
read_document (
    const VlmJsonDocument *document, VlmQuantConfig **config, GError **error)
{
  VlmJson root, text, part;
  gboolean found;

  *config = NULL;
  if (!vlm_json_root (document, &root, error) ||
      !find_part (&root, &text, &part, &found, error))
    return FALSE;
  if (!found)
    return TRUE;
  *config = config_new (&part, error);
  return *config != NULL;
}

gboolean
vlm_quant_config_read (const char *json, gsize n_bytes, const char *source,
    VlmQuantConfig **config, GError **error)
{
  g_autoptr (VlmJsonDocument) document =
      vlm_json_document_new (json, n_bytes, source, error);

  *config = NULL;
  return document != NULL && read_document (document, config, error);
}

/* The file that AutoGPTQ and AutoAWQ write beside config.json. Its method is
 * GPTQ by default. */
static VlmQuantConfig *
load_companion (const char *path, GError **error)
{
  g_autoptr (VlmJsonDocument) document = vlm_json_document_load (path, error);
  g_autoptr (VlmQuantConfig) config = NULL;
  VlmJson root;

  if (document == NULL || !vlm_json_root (document, &root, error))
    return NULL;
  if (vlm_json_has (&root, "quant_method"))
    return config_new (&root, error);
  config = g_new0 (VlmQuantConfig, 1);
  config->method = &vlm_quant_gptq;
  if (!config->method->read (&root, &config->settings, error))
    return NULL;
  return g_steal_pointer (&config);
}

/* Only the companion may say that zeros are stored as they are. */
static gboolean
add_companion (const char *path, VlmQuantConfig **config, GError **error)
{
  g_autoptr (VlmQuantConfig) companion = NULL;

  if (*config != NULL && (*config)->method != &vlm_quant_gptq)
    return TRUE;
  companion = load_companion (path, error);
  if (companion == NULL)
    return FALSE;
  if (*config == NULL)
    *config = g_steal_pointer (&companion);
  else if (companion->method == &vlm_quant_gptq)
    (*config)->settings.has_true_zeros |= companion->settings.has_true_zeros;
  return TRUE;
}

gboolean
vlm_quant_config_load (
    const char *path, VlmQuantConfig **config, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *companion =
      g_build_filename (directory, "quantize_config.json", NULL);
  g_autoptr (VlmJsonDocument) document = vlm_json_document_load (path, error);

  *config = NULL;
  if (document == NULL || !read_document (document, config, error))
    return FALSE;
  if (!g_file_test (companion, G_FILE_TEST_EXISTS) ||
      add_companion (companion, config, error))
    return TRUE;
  g_clear_pointer (config, vlm_quant_config_free);
  return FALSE;
}

void
vlm_quant_config_free (VlmQuantConfig *config)
{
  g_free (config);
}

const char *
vlm_quant_config_get_method (const VlmQuantConfig *config)
{
  return config->method->name;
}
