/* gst-vlm: the configuration of a model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config.h"

#include <string.h>

#include "model/arch.h"

static const VlmArch *
find_arch (const VlmJsonDocument *document)
{
  static const char key[] = "model_type";
  const char *type = NULL;
  VlmJson root;

  if (!vlm_json_root (document, &root, NULL) || !vlm_json_has (&root, key) ||
      !vlm_json_read_string (&root, key, &type, NULL))
    return vlm_arch_find (NULL);
  return vlm_arch_find (type);
}

static gboolean
check_eos (const VlmConfig *config, const char *path, GError **error)
{
  if (config->generation.n_eos > 0)
    return TRUE;
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_CORRUPT,
      "%s: eos_token_id: missing", path);
  return FALSE;
}

/* @dir: what is beside it, or NULL. */
static VlmConfig *
read_document (const VlmJsonDocument *document, const char *source,
    const char *name, const VlmModelDir *dir, GError **error)
{
  const VlmArch *arch = find_arch (document);
  g_autoptr (VlmConfig) config = arch->read_config (document, dir, error);

  if (config == NULL || !check_eos (config, source, error))
    return NULL;
  config->arch = arch;
  config->name = g_strdup (name);
  return g_steal_pointer (&config);
}

VlmConfig *
vlm_config_load (const char *directory, GError **error)
{
  g_autoptr (VlmModelDir) dir = vlm_model_dir_open_config (directory, error);
  g_autoptr (VlmJsonDocument) document = NULL;

  if (dir == NULL)
    return NULL;
  document = vlm_json_document_load (dir->config, error);
  return document != NULL
      ? read_document (document, dir->config, dir->name, dir, error)
      : NULL;
}

VlmConfig *
vlm_config_load_file (const char *path, GError **error)
{
  g_autoptr (VlmJsonDocument) document = vlm_json_document_load (path, error);
  g_autofree char *absolute = NULL, *directory = NULL, *name = NULL;

  if (document == NULL)
    return NULL;
  absolute = g_canonicalize_filename (path, NULL);
  directory = g_path_get_dirname (absolute);
  name = g_path_get_basename (directory);
  return read_document (document, path, name, NULL, error);
}

VlmConfig *
vlm_config_new_from_data (
    const char *json, gsize n_bytes, const char *source, GError **error)
{
  g_autoptr (VlmJsonDocument) document =
      vlm_json_document_new (json, n_bytes, source, error);

  return document != NULL
      ? read_document (document, source, source, NULL, error)
      : NULL;
}

/* "Qwen2.5-VL-3B-Instruct-Q4_K_M" of its file. */
static char *
name_of (const VlmGguf *gguf)
{
  static const char suffix[] = ".gguf";
  g_autofree char *name = g_path_get_basename (vlm_gguf_get_path (gguf));

  if (g_str_has_suffix (name, suffix))
    name[strlen (name) - strlen (suffix)] = '\0';
  return g_steal_pointer (&name);
}

VlmConfig *
vlm_config_new_from_gguf (
    const VlmGgufFiles *text, const VlmGgufFiles *mmproj, GError **error)
{
  const VlmGguf *head = vlm_gguf_files_get_head (text);
  g_autofree char *architecture = NULL;
  const VlmArch *arch;
  VlmConfig *config;

  vlm_gguf_read_string (head, "general.architecture", &architecture, NULL);
  arch = vlm_arch_find_gguf (architecture);
  config = arch->read_gguf (text, mmproj, error);
  if (config == NULL)
    return NULL;
  config->arch = arch;
  config->name = name_of (head);
  return config;
}

void
vlm_config_init_copy (VlmConfig *copy, const VlmConfig *config)
{
  *copy = *config;
  copy->name = g_strdup (config->name);
  copy->trained_for = g_strdup (config->trained_for);
  copy->times_follow_motion = g_strdup (config->times_follow_motion);
}

void
vlm_config_clear (VlmConfig *config)
{
  g_clear_pointer (&config->name, g_free);
  g_clear_pointer (&config->trained_for, g_free);
  g_clear_pointer (&config->times_follow_motion, g_free);
}

VlmConfig *
vlm_config_copy (const VlmConfig *config)
{
  VlmConfig *copy = g_new (VlmConfig, 1);

  vlm_config_init_copy (copy, config);
  return copy;
}

void
vlm_config_free (VlmConfig *config)
{
  if (config == NULL)
    return;
  vlm_config_clear (config);
  g_free (config);
}

gboolean
vlm_vision_config_is_full (const VlmVisionConfig *config, guint block)
{
  for (guint i = 0; i < config->n_full_blocks; i++)
    if (config->full_blocks[i] == block)
      return TRUE;
  return FALSE;
}

void
vlm_config_get_geometry (const VlmConfig *config, VlmGeometry *geometry)
{
  *geometry = (VlmGeometry){
    .patch_size = config->vision.patch_size,
    .merge_size = config->vision.spatial_merge_size,
    .temporal_patch_size = config->vision.temporal_patch_size,
    .image_min_pixels = config->preprocess.min_pixels,
    .image_max_pixels = config->preprocess.max_pixels,
    .video_min_pixels = config->preprocess.video_min_pixels,
    .video_max_pixels = config->preprocess.video_max_pixels,
  };
}
