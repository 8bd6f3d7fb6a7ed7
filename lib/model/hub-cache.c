/* gst-vlm: models in the cache of Hugging Face
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/hub-cache.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "base/file.h"
#include "io/checkpoint-look.h"

#define MAX_REVISION_BYTES 256

gboolean
vlm_hub_is_id (const char *name)
{
  const char *slash = strchr (name, '/');

  if (slash == NULL || slash == name || slash[1] == '\0' ||
      !g_ascii_isalnum (name[0]) || !g_ascii_isalnum (slash[1]))
    return FALSE;
  for (const char *p = name; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("._-", *p) == NULL && p != slash)
      return FALSE;
  return TRUE;
}

/* Where the cache is, as huggingface_hub looks for it. */
static char *
find_cache (void)
{
  static const char *const variables[] = { "HF_HUB_CACHE",
    "HUGGINGFACE_HUB_CACHE" };
  const char *home = g_getenv ("HF_HOME");

  for (guint i = 0; i < G_N_ELEMENTS (variables); i++) {
    const char *value = g_getenv (variables[i]);

    if (value != NULL && *value != '\0')
      return g_strdup (value);
  }
  if (home != NULL && *home != '\0')
    return g_build_filename (home, "hub", NULL);
  return g_build_filename (g_get_user_cache_dir (), "huggingface", "hub", NULL);
}

/* The snapshot that refs/main names; NULL when there is none. */
static char *
find_main (const char *model)
{
  g_autofree char *path = g_build_filename (model, "refs", "main", NULL);
  g_autofree char *revision = NULL;
  g_autofree char *snapshot = NULL;
  gsize n_bytes;

  if (!vlm_file_read (path, MAX_REVISION_BYTES, &revision, &n_bytes, NULL))
    return NULL;
  g_strstrip (revision);
  if (*revision == '\0' || strpbrk (revision, "/\\") != NULL ||
      revision[0] == '.')
    return NULL;
  snapshot = g_build_filename (model, "snapshots", revision, NULL);
  if (!g_file_test (snapshot, G_FILE_TEST_IS_DIR))
    return NULL;
  return g_steal_pointer (&snapshot);
}

/* @snapshots: MODEL/snapshots. */
static char *
choose_snapshot (const char *snapshots, GError **error)
{
  g_autofree char *model = g_path_get_dirname (snapshots);
  g_autoptr (VlmCheckpointLook) look = NULL;
  char *found = find_main (model);

  if (found != NULL)
    return found;
  look = vlm_checkpoint_look_new (snapshots);
  if (look->names->len == 1)
    return g_build_filename (snapshots, look->names->pdata[0], NULL);
  if (look->names->len == 0)
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
        "%s: has no snapshot: the download is not finished", snapshots);
  else
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
        "%s: has %u snapshots, such as %s: name one of them", snapshots,
        look->names->len, (const char *) look->names->pdata[0]);
  return NULL;
}

char *
vlm_hub_cache_enter (const char *path, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *name = g_path_get_basename (absolute);
  g_autofree char *parent = g_path_get_dirname (absolute);
  g_autofree char *parent_name = g_path_get_basename (parent);
  g_autofree char *config = g_build_filename (path, "config.json", NULL);
  g_autofree char *snapshots = g_build_filename (path, "snapshots", NULL);

  if (g_file_test (config, G_FILE_TEST_EXISTS))
    return g_strdup (path);
  if (g_file_test (snapshots, G_FILE_TEST_IS_DIR))
    return choose_snapshot (snapshots, error);
  if (g_str_equal (name, "snapshots") &&
      g_str_has_prefix (parent_name, "models--"))
    return choose_snapshot (absolute, error);
  return g_strdup (path);
}

char *
vlm_hub_cache_find (const char *id)
{
  g_autofree char *cache = find_cache ();
  g_auto (GStrv) parts = g_strsplit (id, "/", 2);
  g_autofree char *folder =
      g_strdup_printf ("models--%s--%s", parts[0], parts[1]);
  g_autofree char *snapshots =
      g_build_filename (cache, folder, "snapshots", NULL);

  if (!g_file_test (snapshots, G_FILE_TEST_IS_DIR))
    return NULL;
  return choose_snapshot (snapshots, NULL);
}
