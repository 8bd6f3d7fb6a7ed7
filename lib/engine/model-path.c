/* gst-vlm: where the model that ships is
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* dladdr */
#include <dlfcn.h>
#include <stdlib.h>

#include <vlm/vlm-error.h>

#include "config.h"
#include "engine/model.h"
#include "model/checkpoint-path.h"

#define MODEL "models" G_DIR_SEPARATOR_S "demo"

/* The model beside the library that contains this code, even if the whole prefix
 * was moved after it was installed. NULL in a program that is linked statically,
 * or if only parts of the prefix were moved. */
static char *
find_beside_library (void)
{
  Dl_info info;
  g_autofree char *folder = NULL;
  g_autofree char *path = NULL;
  char *library;

  if (VLM_LIBDIR_TO_DATADIR[0] == '\0' ||
      dladdr ((const void *) vlm_model_find, &info) == 0)
    return NULL;
  library = realpath (info.dli_fname, NULL);
  if (library == NULL)
    return NULL;
  folder = g_path_get_dirname (library);
  free (library);
  path = g_build_filename (folder, VLM_LIBDIR_TO_DATADIR, MODEL, NULL);
  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    return NULL;
  return g_canonicalize_filename (path, NULL);
}

gboolean
vlm_model_find_mmproj (const char *mmproj, char **path, GError **error)
{
  *path = NULL;
  if (mmproj == NULL || mmproj[0] == '\0')
    return TRUE;
  *path = vlm_checkpoint_resolve (mmproj, error);
  return *path != NULL;
}

gboolean
vlm_model_is_elsewhere (const char *named)
{
  return (g_ascii_strncasecmp (named, "http://", 7) == 0 ||
             g_ascii_strncasecmp (named, "https://", 8) == 0) &&
      !vlm_checkpoint_is_hub_page (named);
}

/* Not with the address, which might have a password in it. */
static gboolean
check_is_here (const char *named, GError **error)
{
  if (!vlm_model_is_elsewhere (named))
    return TRUE;
  g_set_error_literal (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
      "an address is a model on another machine, which cannot be loaded here: "
      "only vlmevents and vlm-run can use it");
  return FALSE;
}

char *
vlm_model_find (const char *directory, GError **error)
{
  const char *wanted = g_getenv ("VLM_MODEL_PATH");
  g_autofree char *path = NULL;

  if (directory == NULL || directory[0] == '\0')
    directory = wanted;
  if (directory != NULL && !check_is_here (directory, error))
    return NULL;
  if (directory != NULL && directory[0] != '\0')
    return vlm_checkpoint_resolve (directory, error);
  path = find_beside_library ();
  if (path == NULL)
    path = g_build_filename (VLM_DATADIR, MODEL, NULL);
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return g_steal_pointer (&path);
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
      "no model is set, and the one that ships is not in %s: set the directory "
      "of a Qwen2.5-VL checkpoint",
      path);
  return NULL;
}
