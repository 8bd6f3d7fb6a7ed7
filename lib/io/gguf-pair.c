/* gst-vlm: the two GGUF files of a vision model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/gguf-pair.h"

#include "io/gguf-files.h"

#define SUFFIX ".gguf"
#define TOWER "clip" /* the architecture of every vision tower */

/* The GGUF files of a folder, one entry a model. */
typedef struct
{
  GPtrArray *texts;  /* names */
  GPtrArray *towers; /* names */
  GError *broken;    /* what is wrong with the first that cannot be read */
} Folder;

void
vlm_gguf_pair_clear (VlmGgufPair *pair)
{
  g_free (pair->text);
  g_free (pair->mmproj);
  *pair = (VlmGgufPair){ 0 };
}

static void
folder_clear (Folder *folder)
{
  g_clear_pointer (&folder->texts, g_ptr_array_unref);
  g_clear_pointer (&folder->towers, g_ptr_array_unref);
  g_clear_error (&folder->broken);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Folder, folder_clear)

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

static void
add_file (Folder *folder, const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autofree char *architecture = NULL;
  guint no, count;

  /* The first part represents all. */
  if (!g_str_has_suffix (name, SUFFIX) ||
      (vlm_gguf_part_of_name (name, &no, &count) && no > 1))
    return;
  architecture = vlm_gguf_peek_architecture (
      path, folder->broken == NULL ? &folder->broken : NULL);
  if (architecture != NULL)
    g_ptr_array_add (
        g_str_equal (architecture, TOWER) ? folder->towers : folder->texts,
        g_strdup (name));
}

static void
folder_read (Folder *folder, const char *directory)
{
  g_autoptr (GDir) entries = g_dir_open (directory, 0, NULL);

  folder->texts = g_ptr_array_new_with_free_func (g_free);
  folder->towers = g_ptr_array_new_with_free_func (g_free);
  for (const char *name;
       entries != NULL && (name = g_dir_read_name (entries)) != NULL;)
    add_file (folder, directory, name);
  g_ptr_array_sort (folder->texts, compare_names);
  g_ptr_array_sort (folder->towers, compare_names);
}

/* "a.gguf, b.gguf" */
static char *
join_names (const GPtrArray *names)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < names->len; i++)
    g_string_append_printf (
        text, "%s%s", i > 0 ? ", " : "", (const char *) names->pdata[i]);
  return g_string_free (text, FALSE);
}

/* The only language model of a directory. */
static char *
find_text (const Folder *folder, const char *directory, GError **error)
{
  g_autofree char *names = join_names (folder->texts);

  if (folder->texts->len == 1)
    return g_build_filename (directory, folder->texts->pdata[0], NULL);
  if (folder->texts->len > 1)
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
        "%s: %u language models (%s): name one of the files as the model",
        directory, folder->texts->len, names);
  else if (folder->broken != NULL)
    g_propagate_error (error, g_error_copy (folder->broken));
  else
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
        "%s: no GGUF file of a language model", directory);
  return NULL;
}

static char *
find_tower (const Folder *folder, const char *directory, const char *text,
    GError **error)
{
  g_autofree char *names = join_names (folder->towers);

  if (folder->towers->len == 1)
    return g_build_filename (directory, folder->towers->pdata[0], NULL);
  if (folder->towers->len > 1)
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
        "%s: %u vision towers beside it (%s): set mmproj= to one of them", text,
        folder->towers->len, names);
  else if (folder->broken != NULL)
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
        "%s: no vision tower beside it, and one file cannot be read (%s): set "
        "mmproj= to the mmproj file of this model",
        text, folder->broken->message);
  else
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
        "%s: no vision tower beside it: set mmproj= to the mmproj file of this "
        "model, or put it into the folder",
        text);
  return NULL;
}

static gboolean
check_text (const char *path, GError **error)
{
  g_autofree char *architecture = vlm_gguf_peek_architecture (path, error);

  if (architecture == NULL)
    return FALSE;
  if (!g_str_equal (architecture, TOWER))
    return TRUE;
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
      "%s: the vision tower alone (mmproj): name the file of the language "
      "model",
      path);
  return FALSE;
}

/* Parts after the first have no keys of the model. */
static gboolean
is_later_part (const char *path)
{
  guint no, count;

  return vlm_gguf_part_of_name (path, &no, &count) && no > 1;
}

gboolean
vlm_gguf_pair_find (
    const char *path, const char *mmproj, VlmGgufPair *pair, GError **error)
{
  gboolean is_folder = g_file_test (path, G_FILE_TEST_IS_DIR);
  gboolean has_tower = mmproj != NULL && mmproj[0] != '\0';
  g_autofree char *directory =
      is_folder ? g_strdup (path) : g_path_get_dirname (path);
  g_auto (VlmGgufPair) found = { 0 };
  g_auto (Folder) folder = { 0 };

  if (is_folder || !has_tower)
    folder_read (&folder, directory);
  if (is_folder)
    found.text = find_text (&folder, directory, error);
  else if (is_later_part (path) || check_text (path, error))
    found.text = g_strdup (path);
  if (found.text == NULL)
    return FALSE;
  found.mmproj = has_tower ? g_strdup (mmproj)
                           : find_tower (&folder, directory, found.text, error);
  if (found.mmproj == NULL)
    return FALSE;
  *pair = found;
  found = (VlmGgufPair){ 0 };
  return TRUE;
}
