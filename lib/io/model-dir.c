/* gst-vlm: the files of a checkpoint
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/model-dir.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "base/log.h"
#include "io/checkpoint-look.h"
#include "io/safetensors-index.h"

/* The path of @name when there is such a file; a link whose target is missing
 * counts, and opening it will report that. */
static char *
find_file (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  if (!g_file_test (path, G_FILE_TEST_EXISTS) &&
      !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    return NULL;
  return g_steal_pointer (&path);
}

/* How many files of the index are not there. FALSE when it cannot be read. */
static gboolean
count_missing (const VlmCheckpointLook *look, const char *path, guint *n,
    gboolean *has_single, GError **error)
{
  g_autoptr (VlmSafetensorsIndex) index =
      vlm_safetensors_index_load (path, error);
  const GPtrArray *shards;

  if (index == NULL)
    return FALSE;
  shards = vlm_safetensors_index_get_shards (index);
  *n = 0;
  for (guint i = 0; i < shards->len; i++) {
    *n += !vlm_checkpoint_look_has (look, shards->pdata[i]);
    *has_single |= g_str_equal (shards->pdata[i], "model.safetensors");
  }
  return TRUE;
}

/* An index and a single file: transformers leaves the single file of an earlier
 * save beside the shards of a later one, and the index of earlier shards, which
 * it removes, beside a later single file. */
static gboolean
choose_index (VlmModelDir *dir, const VlmCheckpointLook *look, GError **error)
{
  g_autofree char *single = find_file (dir->directory, "model.safetensors");
  g_autofree char *index = find_file (dir->directory, look->index);
  gboolean has_single = FALSE;
  guint n_missing;

  if (!count_missing (look, index, &n_missing, &has_single, error))
    return FALSE;
  if (single == NULL || has_single || n_missing == 0) {
    if (single != NULL && !has_single)
      vlm_warning ("%s: ignored, because all files of %s are there", single,
          look->index);
    dir->weights = g_steal_pointer (&index);
  } else {
    vlm_warning ("%s: ignored, because %u of its files are missing and "
                 "model.safetensors is there",
        index, n_missing);
    dir->weights = g_steal_pointer (&single);
  }
  return TRUE;
}

/* Whether all names are shards of one set. */
static gboolean
is_one_set (const GPtrArray *names)
{
  g_autofree char *first = NULL;
  guint number, n_first;

  if (names->len == 0 ||
      !vlm_checkpoint_parse_shard (names->pdata[0], &first, &number, &n_first))
    return FALSE;
  for (guint i = 1; i < names->len; i++) {
    g_autofree char *stem = NULL;
    guint n;

    if (!vlm_checkpoint_parse_shard (names->pdata[i], &stem, &number, &n) ||
        n != n_first || !g_str_equal (stem, first))
      return FALSE;
  }
  return TRUE;
}

static gboolean
find_weights (VlmModelDir *dir, const VlmCheckpointLook *look, GError **error)
{
  if (look->index != NULL)
    return choose_index (dir, look, error);
  dir->weights = find_file (dir->directory, "model.safetensors");
  if (dir->weights == NULL &&
      (look->safetensors->len == 1 || is_one_set (look->safetensors)))
    dir->weights = find_file (dir->directory, look->safetensors->pdata[0]);
  return dir->weights != NULL || vlm_checkpoint_look_fail_weights (look, error);
}

/* The base name; in a cache of Hugging Face, where that is a revision, the name
 * of the model: models--ORG--NAME/snapshots/REVISION. */
static char *
name_of (const char *absolute)
{
  g_autofree char *parent = g_path_get_dirname (absolute);
  g_autofree char *above = g_path_get_dirname (parent);
  g_autofree char *model = g_path_get_basename (above);

  if (g_str_has_suffix (parent, G_DIR_SEPARATOR_S "snapshots") &&
      g_str_has_prefix (model, "models--"))
    return g_strdup (g_strrstr (model, "--") + strlen ("--"));
  return g_path_get_basename (absolute);
}

static VlmModelDir *
open_config (
    const char *directory, const VlmCheckpointLook *look, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (directory, NULL);
  g_autoptr (VlmModelDir) dir = g_new0 (VlmModelDir, 1);

  dir->name = name_of (absolute);
  dir->directory = g_strdup (directory);
  dir->config = find_file (directory, "config.json");
  if (dir->config == NULL) {
    vlm_checkpoint_look_fail_config (look, error);
    return NULL;
  }
  dir->generation = find_file (directory, "generation_config.json");
  dir->preprocessor = find_file (directory, "preprocessor_config.json");
  dir->processor = find_file (directory, "processor_config.json");
  dir->video_preprocessor =
      find_file (directory, "video_preprocessor_config.json");
  return g_steal_pointer (&dir);
}

/* The directory that @path is, or is in. */
static char *
directory_of (const char *path, GError **error)
{
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return g_strdup (path);
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return g_path_get_dirname (path);
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
      "%s: no such directory", path);
  return NULL;
}

VlmModelDir *
vlm_model_dir_open_config (const char *path, GError **error)
{
  g_autofree char *directory = directory_of (path, error);
  g_autoptr (VlmCheckpointLook) look = NULL;

  if (directory == NULL)
    return NULL;
  look = vlm_checkpoint_look_new (directory);
  return open_config (directory, look, error);
}

VlmModelDir *
vlm_model_dir_open (const char *path, GError **error)
{
  g_autofree char *directory = directory_of (path, error);
  g_autoptr (VlmCheckpointLook) look = NULL;
  g_autoptr (VlmModelDir) dir = NULL;

  if (directory == NULL)
    return NULL;
  look = vlm_checkpoint_look_new (directory);
  dir = open_config (directory, look, error);
  if (dir == NULL)
    return NULL;
  if (!g_str_equal (path, directory))
    dir->weights = g_strdup (path);
  else if (!find_weights (dir, look, error))
    return NULL;
  if (look->adapter != NULL)
    vlm_warning ("%s: the LoRA adapter %s beside the weights is not applied",
        directory, look->adapter);
  return g_steal_pointer (&dir);
}

void
vlm_model_dir_free (VlmModelDir *dir)
{
  if (dir == NULL)
    return;
  g_free (dir->name);
  g_free (dir->directory);
  g_free (dir->config);
  g_free (dir->preprocessor);
  g_free (dir->processor);
  g_free (dir->video_preprocessor);
  g_free (dir->generation);
  g_free (dir->weights);
  g_free (dir);
}
