/* gst-vlm: input files and URIs of programs
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/pipeline.h"

/* Larger files are not pictures. */
#define MAX_BYTES (G_GINT64_CONSTANT (1) << 30)

const char *
source_get_name (const char *word)
{
  return g_str_equal (word, "-") ? "standard input" : word;
}

/* --- words ---------------------------------------------------------------- */

static gboolean
is_supported (const char *scheme)
{
  return gst_uri_protocol_is_supported (GST_URI_SRC, scheme);
}

/* data: and the like have no slashes; a file may have such a name, too. */
static gboolean
is_address (const char *word)
{
  g_autofree char *scheme = NULL;

  if (!gst_uri_is_valid (word))
    return FALSE;
  scheme = gst_uri_get_protocol (word);
  return g_str_has_prefix (word + strlen (scheme), "://") ||
      (is_supported (scheme) && !g_file_test (word, G_FILE_TEST_EXISTS));
}

/* Sets one of them for @word: the path of a file, or an address. */
static gboolean
split (const char *word, char **path, char **address, GError **error)
{
  g_autofree char *scheme = NULL;

  if (!is_address (word)) {
    *path = g_canonicalize_filename (word, NULL);
    return TRUE;
  }
  scheme = gst_uri_get_protocol (word);
  if (g_str_equal (scheme, "file")) {
    g_autofree char *host = NULL;

    *path = g_filename_from_uri (word, &host, error);
    if (*path == NULL || host == NULL || g_str_equal (host, "localhost"))
      return *path != NULL;
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
        "%s: names another machine, \"%s\": write a file with three slashes, "
        "file:///PATH",
        word, host);
    return FALSE;
  }
  if (is_supported (scheme)) {
    *address = g_strdup (word);
    return TRUE;
  }
  g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
      "%s: no installed GStreamer element can read %s://", word, scheme);
  return FALSE;
}

/* @word is named in errors. */
static gboolean
check_file (
    const char *word, const char *path, gboolean *is_pipe, GError **error)
{
  struct stat status;

  *is_pipe = FALSE;
  if (word[0] == '\0') {
    g_set_error_literal (
        error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "the name of a file is empty");
  } else if (stat (path, &status) != 0) {
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s",
        word, g_strerror (errno));
  } else if (S_ISDIR (status.st_mode)) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR,
        "%s: is a folder, not a file", word);
  } else {
    *is_pipe = S_ISFIFO (status.st_mode);
    return TRUE;
  }
  return FALSE;
}

gboolean
source_check (const char *word, GError **error)
{
  g_autofree char *path = NULL;
  g_autofree char *address = NULL;
  gboolean is_pipe;

  if (g_str_equal (word, "-"))
    return TRUE;
  return split (word, &path, &address, error) &&
      (path == NULL || check_file (word, path, &is_pipe, error));
}

static gboolean
is_file (const char *word, const struct stat *file)
{
  g_autofree char *path = NULL;
  g_autofree char *address = NULL;
  struct stat status;

  return !g_str_equal (word, "-") && split (word, &path, &address, NULL) &&
      path != NULL && stat (path, &status) == 0 &&
      status.st_dev == file->st_dev && status.st_ino == file->st_ino;
}

gboolean
source_check_result (char **words, const char *path, GError **error)
{
  struct stat result;

  if (words == NULL || stat (path, &result) != 0)
    return TRUE;
  for (guint i = 0; words[i] != NULL; i++)
    if (is_file (words[i], &result)) {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
          "%s: is the input %s itself: write to another file", path, words[i]);
      return FALSE;
    }
  return TRUE;
}

/* Does not wait for its writer, as filesrc would. */
static char *
open_pipe (const char *word, const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

  if (fd >= 0)
    return g_strdup_printf ("fd://%d", fd);
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s",
      word, g_strerror (errno));
  return NULL;
}

char *
source_to_uri (const char *word, GError **error)
{
  g_autofree char *path = NULL;
  g_autofree char *address = NULL;
  gboolean is_pipe;

  if (g_str_equal (word, "-"))
    return g_strdup ("fd://0");
  if (!split (word, &path, &address, error))
    return NULL;
  if (address != NULL)
    return g_steal_pointer (&address);
  if (!check_file (word, path, &is_pipe, error))
    return NULL;
  return is_pipe ? open_pipe (word, path, error)
                 : g_filename_to_uri (path, NULL, error);
}

/* --- bytes ---------------------------------------------------------------- */

static gboolean
fail_large (GError **error)
{
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
      "more than %" G_GINT64_FORMAT " bytes, the limit of a picture",
      MAX_BYTES);
  return FALSE;
}

static gboolean
collect (Pipeline *pipeline, GByteArray *bytes, GError **error)
{
  GstSample *sample;

  while (pipeline_pull (pipeline, &sample, error)) {
    GstMapInfo map;

    if (sample == NULL)
      return TRUE;
    if (gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ)) {
      g_byte_array_append (bytes, map.data, (guint) map.size);
      gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
    }
    gst_sample_unref (sample);
    if (bytes->len > MAX_BYTES)
      return fail_large (error);
  }
  return FALSE;
}

static GBytes *
read_all (const char *uri, GCancellable *cancellable, GError **error)
{
  g_auto (Pipeline) pipeline = { 0 };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  GstElement *source =
      gst_element_make_from_uri (GST_URI_SRC, uri, NULL, error);
  GstElement *element;
  GstElement *sink;

  if (source == NULL)
    return NULL;
  element = gst_pipeline_new (NULL);
  sink = gst_element_factory_make ("appsink", "sink");
  gst_bin_add_many (GST_BIN (element), source, sink, NULL);
  gst_element_link (source, sink);
  pipeline_init (&pipeline, element, uri, cancellable);
  gst_base_sink_set_sync (GST_BASE_SINK (pipeline.sink), FALSE);
  /* Limits what an endless input has in memory. */
  gst_app_sink_set_max_buffers (pipeline.sink, 16);
  return pipeline_set_state (&pipeline, GST_STATE_PLAYING, error) &&
          collect (&pipeline, bytes, error)
      ? g_byte_array_free_to_bytes (g_steal_pointer (&bytes))
      : NULL;
}

GBytes *
source_read (const char *word, GCancellable *cancellable, GError **error)
{
  g_autofree char *uri = source_to_uri (word, error);
  GBytes *bytes;

  if (uri == NULL)
    return NULL;
  bytes = read_all (uri, cancellable, error);
  if (bytes == NULL)
    g_prefix_error (error, "%s: ", source_get_name (word));
  return bytes;
}

/* --- folders -------------------------------------------------------------- */

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  g_autofree char *first = g_filename_display_name (*(const char *const *) a);
  g_autofree char *second = g_filename_display_name (*(const char *const *) b);
  g_autofree char *first_key = g_utf8_collate_key_for_filename (first, -1);
  g_autofree char *second_key = g_utf8_collate_key_for_filename (second, -1);

  return strcmp (first_key, second_key);
}

static gboolean
list_folder (const char *folder, GPtrArray *words, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, error);
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  if (dir == NULL)
    return FALSE;
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);

    if (name[0] != '.' && g_file_test (path, G_FILE_TEST_IS_REGULAR))
      g_ptr_array_add (found, g_steal_pointer (&path));
  }
  if (found->len == 0) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
        "%s: this folder contains no picture", folder);
    return FALSE;
  }
  g_ptr_array_sort (found, compare_names);
  g_ptr_array_extend_and_steal (words, g_steal_pointer (&found));
  return TRUE;
}

char **
source_expand (char **words, GError **error)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; words != NULL && words[i] != NULL; i++) {
    if (!g_file_test (words[i], G_FILE_TEST_IS_DIR))
      g_ptr_array_add (all, g_strdup (words[i]));
    else if (!list_folder (words[i], all, error))
      return NULL;
  }
  g_ptr_array_add (all, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&all), FALSE);
}
