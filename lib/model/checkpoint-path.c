/* gst-vlm: from a name to the files of a checkpoint
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/checkpoint-path.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "io/checkpoint-look.h"
#include "model/hub-cache.h"

static char *fail (GError **error, VlmLoadError code, const char *named,
    const char *format, ...) G_GNUC_PRINTF (4, 5);

/* NULL, with "named: message". */
static char *
fail (GError **error, VlmLoadError code, const char *named, const char *format,
    ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, VLM_LOAD_ERROR, code, "%s: %s", named, message);
  return NULL;
}

/* What comes after the host in the address of a page; NULL for others. */
static const char *
find_hub_page (const char *uri)
{
  static const char *const hubs[] = { "https://huggingface.co/",
    "http://huggingface.co/", "https://hf.co/", "http://hf.co/", "hf://" };

  for (guint i = 0; i < G_N_ELEMENTS (hubs); i++)
    if (g_str_has_prefix (uri, hubs[i]))
      return uri + strlen (hubs[i]);
  return NULL;
}

gboolean
vlm_checkpoint_is_hub_page (const char *named)
{
  return find_hub_page (named) != NULL;
}

/* Other URIs: what must be downloaded first. */
static char *
fail_remote (const char *uri, GError **error)
{
  const char *page = find_hub_page (uri);
  g_auto (GStrv) parts = g_strsplit (page != NULL ? page : "", "/", 3);

  if (g_strv_length (parts) >= 2)
    return fail (error, VLM_LOAD_ERROR_UNSUPPORTED, uri,
        "a model is not loaded from the network: download it with \"hf "
        "download %s/%s --local-dir DIR\" and name DIR",
        parts[0], parts[1]);
  return fail (error, VLM_LOAD_ERROR_UNSUPPORTED, uri,
      "a model is not loaded from the network: download it and name its "
      "directory");
}

/* The path of a "file:" URI, or @named itself with "~/" resolved; NULL for
 * another URI. */
static char *
to_path (const char *named, GError **error)
{
  g_autofree char *scheme = g_uri_parse_scheme (named);
  g_autoptr (GError) fault = NULL;
  char *path;

  if (g_str_has_prefix (named, "~/"))
    return g_build_filename (g_get_home_dir (), named + 2, NULL);
  if (scheme == NULL || g_file_test (named, G_FILE_TEST_EXISTS))
    return g_strdup (named);
  if (g_ascii_strcasecmp (scheme, "file") != 0)
    return strstr (named, "://") != NULL ? fail_remote (named, error)
                                         : g_strdup (named);
  path = g_filename_from_uri (named, NULL, &fault);
  if (path == NULL)
    return fail (error, VLM_LOAD_ERROR_NOT_FOUND, named, "%s", fault->message);
  return path;
}

/* A file: the directory, unless it is one of several that may be meant. */
static char *
resolve_file (const char *path, GError **error)
{
  static const char *const foreign[] = { ".bin", ".pt", ".pth", ".ckpt" };
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr (VlmCheckpointLook) look = NULL;
  guint number, n_shards;

  if (g_str_has_suffix (name, ".gguf"))
    return g_strdup (path);
  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    if (g_str_has_suffix (name, foreign[i]))
      return fail (error, VLM_LOAD_ERROR_UNSUPPORTED, path,
          "weights must be safetensors: load the model with transformers and "
          "save it with save_pretrained(DIR, safe_serialization=True)");
  if (!g_str_has_suffix (name, ".safetensors") ||
      vlm_checkpoint_parse_shard (name, NULL, &number, &n_shards))
    return g_steal_pointer (&directory);
  look = vlm_checkpoint_look_new (directory);
  if (look->index == NULL && look->safetensors->len == 1)
    return g_steal_pointer (&directory);
  return g_strdup (path);
}

/* A path that does not exist: the name of a model of a hub, or a mistake. */
static char *
resolve_absent (const char *named, const char *path, GError **error)
{
  char *found;

  if (!vlm_hub_is_id (named))
    return fail (
        error, VLM_LOAD_ERROR_NOT_FOUND, path, "no such file or directory");
  found = vlm_hub_cache_find (named);
  if (found != NULL)
    return found;
  return fail (error, VLM_LOAD_ERROR_NOT_FOUND, named,
      "no such directory, and not in the cache of Hugging Face: download it "
      "with \"hf download %s --local-dir DIR\" and name DIR",
      named);
}

char *
vlm_checkpoint_resolve (const char *named, GError **error)
{
  g_autofree char *path = to_path (named, error);

  if (path == NULL)
    return NULL;
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return vlm_hub_cache_enter (path, error);
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return resolve_file (path, error);
  return resolve_absent (named, path, error);
}

char *
vlm_checkpoint_directory (const char *path)
{
  return g_file_test (path, G_FILE_TEST_IS_DIR) ? g_strdup (path)
                                                : g_path_get_dirname (path);
}
