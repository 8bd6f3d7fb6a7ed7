/* gst-vlm: what a program is given to read
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <gst/app/gstappsink.h>
#include <gst/gst.h>

/* More is no picture. */
#define MAX_BYTES (G_GINT64_CONSTANT (1) << 30)

/* How late an error or a cancellation may be noticed. */
#define POLL_NS (20 * GST_MSECOND)

static gboolean
is_address (const char *word)
{
  const char *end = strstr (word, "://");

  return end != NULL && end > word && gst_uri_is_valid (word);
}

/* @word is named in errors. */
static char *
file_to_uri (const char *word, const char *path, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  char *uri = NULL;
  struct stat status;

  if (stat (absolute, &status) != 0)
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s",
        word, g_strerror (errno));
  else if (S_ISDIR (status.st_mode))
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR,
        "%s: is a folder, not a file", word);
  else
    uri = g_filename_to_uri (absolute, NULL, error);
  return uri;
}

char *
source_to_uri (const char *word, GError **error)
{
  g_autofree char *scheme = NULL;
  g_autofree char *path = NULL;

  if (g_str_equal (word, "-"))
    return g_strdup ("fd://0");
  if (!is_address (word))
    return file_to_uri (word, word, error);
  scheme = gst_uri_get_protocol (word);
  if (g_str_equal (scheme, "file")) {
    path = g_filename_from_uri (word, NULL, error);
    return path != NULL ? file_to_uri (word, path, error) : NULL;
  }
  if (gst_uri_protocol_is_supported (GST_URI_SRC, scheme))
    return g_strdup (word);
  g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
      "%s: no element of GStreamer that is installed here reads %s://", word,
      scheme);
  return NULL;
}

/* --- bytes ---------------------------------------------------------------- */

static gboolean
fail_large (GError **error)
{
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
      "more than %" G_GINT64_FORMAT " bytes are no picture", MAX_BYTES);
  return FALSE;
}

static gboolean
collect (GstAppSink *sink, GstBus *bus, GByteArray *bytes,
    GCancellable *cancellable, GError **error)
{
  while (!g_cancellable_set_error_if_cancelled (cancellable, error)) {
    g_autoptr (GstSample) sample = gst_app_sink_try_pull_sample (sink, POLL_NS);
    g_autoptr (GstMessage) message =
        gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    GstMapInfo map;

    if (message != NULL) {
      gst_message_parse_error (message, error, NULL);
      return FALSE;
    }
    if (sample == NULL) {
      if (gst_app_sink_is_eos (sink))
        return TRUE;
      continue;
    }
    if (gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ)) {
      g_byte_array_append (bytes, map.data, (guint) map.size);
      gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
    }
    if (bytes->len > MAX_BYTES)
      return fail_large (error);
  }
  return FALSE;
}

static GBytes *
read_all (const char *uri, GCancellable *cancellable, GError **error)
{
  g_autoptr (GstElement) pipeline = gst_pipeline_new (NULL);
  GstElement *source =
      gst_element_make_from_uri (GST_URI_SRC, uri, NULL, error);
  GstElement *sink = gst_element_factory_make ("appsink", NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  gboolean good;

  if (source == NULL) {
    gst_clear_object (&sink);
    return NULL;
  }
  g_object_set (sink, "sync", FALSE, NULL);
  gst_bin_add_many (GST_BIN (pipeline), source, sink, NULL);
  gst_element_link (source, sink);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  good = collect (GST_APP_SINK (sink), bus, bytes, cancellable, error);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return good ? g_byte_array_free_to_bytes (g_steal_pointer (&bytes)) : NULL;
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
    g_prefix_error (error, "%s: ", word);
  return bytes;
}

/* --- folders -------------------------------------------------------------- */

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  g_autofree char *first = g_filename_display_name (*(const char *const *) a);
  g_autofree char *second = g_filename_display_name (*(const char *const *) b);
  g_autofree char *keys[] = { g_utf8_collate_key_for_filename (first, -1),
    g_utf8_collate_key_for_filename (second, -1) };

  return strcmp (keys[0], keys[1]);
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
        "%s: there is no picture in this folder", folder);
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
