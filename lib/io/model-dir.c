/* gst-vlm: the files of a checkpoint directory
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/model-dir.h"

#include <vlm/vlm-error.h>

/* The path of @name when there is such a file. */
static char *
find_file (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return NULL;
  return g_steal_pointer (&path);
}

typedef struct
{
  char *safetensors; /* the sole one */
  guint n_safetensors;
  char *foreign; /* weights in another format */
} Listing;

static void
look_at (Listing *listing, const char *name)
{
  static const char *const foreign[] = { ".bin", ".gguf", ".pt", ".pth" };

  if (g_str_has_suffix (name, ".safetensors")) {
    if (listing->n_safetensors++ == 0)
      listing->safetensors = g_strdup (name);
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    if (listing->foreign == NULL && g_str_has_suffix (name, foreign[i]))
      listing->foreign = g_strdup (name);
}

static gboolean
fail_weights (const char *path, const Listing *listing, GError **error)
{
  if (listing->n_safetensors > 1)
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
        "%s: %u *.safetensors files, but no model.safetensors.index.json", path,
        listing->n_safetensors);
  else if (listing->foreign != NULL)
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s: weights must be safetensors, %s is not", path, listing->foreign);
  else
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
        "%s: neither model.safetensors nor model.safetensors.index.json", path);
  return FALSE;
}

static gboolean
find_weights (VlmModelDir *dir, const char *path, GError **error)
{
  Listing listing = { 0 };
  gboolean found;

  dir->weights = find_file (path, "model.safetensors");
  if (dir->weights == NULL)
    dir->weights = find_file (path, "model.safetensors.index.json");
  if (dir->weights != NULL)
    return TRUE;

  g_autoptr (GDir) entries = g_dir_open (path, 0, NULL);
  for (const char *name;
       entries != NULL && (name = g_dir_read_name (entries)) != NULL;)
    look_at (&listing, name);
  if (listing.n_safetensors == 1)
    dir->weights = find_file (path, listing.safetensors);
  found = dir->weights != NULL || fail_weights (path, &listing, error);
  g_free (listing.safetensors);
  g_free (listing.foreign);
  return found;
}

VlmModelDir *
vlm_model_dir_open_config (const char *path, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autoptr (VlmModelDir) dir = g_new0 (VlmModelDir, 1);

  dir->name = g_path_get_basename (absolute);
  if (!g_file_test (path, G_FILE_TEST_IS_DIR)) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
        "%s: no such directory", path);
    return NULL;
  }
  dir->config = find_file (path, "config.json");
  if (dir->config == NULL) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
        "%s: no config.json", path);
    return NULL;
  }
  dir->generation = find_file (path, "generation_config.json");
  dir->preprocessor = find_file (path, "preprocessor_config.json");
  dir->processor = find_file (path, "processor_config.json");
  dir->video_preprocessor = find_file (path, "video_preprocessor_config.json");
  return g_steal_pointer (&dir);
}

VlmModelDir *
vlm_model_dir_open (const char *path, GError **error)
{
  g_autoptr (VlmModelDir) dir = vlm_model_dir_open_config (path, error);

  if (dir == NULL || !find_weights (dir, path, error))
    return NULL;
  return g_steal_pointer (&dir);
}

void
vlm_model_dir_free (VlmModelDir *dir)
{
  if (dir == NULL)
    return;
  g_free (dir->name);
  g_free (dir->config);
  g_free (dir->preprocessor);
  g_free (dir->processor);
  g_free (dir->video_preprocessor);
  g_free (dir->generation);
  g_free (dir->weights);
  g_free (dir);
}
