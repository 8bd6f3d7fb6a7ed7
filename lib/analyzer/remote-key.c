/* gst-vlm: the key for a server
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "analyzer/remote-key.h"

#include <string.h>

#include <gio/gio.h>
#include <vlm/vlm-error.h>

#define MAX_BYTES 4096

void
vlm_remote_key_free (char *key)
{
  if (key == NULL)
    return;
  explicit_bzero (key, strlen (key));
  g_free (key);
}

/* A header would end at a line's end, and cannot carry much else. */
static gboolean
is_key (const char *text)
{
  for (; *text != '\0'; text++)
    if (!g_ascii_isgraph (*text))
      return FALSE;
  return TRUE;
}

/* A regular file; at most @size - 1 bytes of it. */
static gboolean
read_file (const char *path, char *text, gsize size, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = NULL;
  gsize n_read = 0;

  if (g_file_query_file_type (file, G_FILE_QUERY_INFO_NONE, NULL) !=
      G_FILE_TYPE_REGULAR) {
    g_set_error_literal (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SETTINGS,
        "there is no such file");
    return FALSE;
  }
  stream = g_file_read (file, NULL, error);
  return stream != NULL &&
      g_input_stream_read_all (
          G_INPUT_STREAM (stream), text, size - 1, &n_read, NULL, error);
}

static gboolean
take (char *text, char **key, GError **error)
{
  text[strcspn (text, "\n")] = '\0';
  g_strstrip (text);
  if (*text == '\0' || !is_key (text)) {
    g_set_error_literal (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SETTINGS,
        "the first line is not a key: it is empty, or contains white space or "
        "bytes beyond ASCII");
    return FALSE;
  }
  *key = g_strdup (text);
  return TRUE;
}

gboolean
vlm_remote_key_read (const char *path, char **key, GError **error)
{
  const char *value = g_getenv ("VLM_API_KEY");
  char text[MAX_BYTES] = "";
  gboolean good;

  *key = NULL;
  if (path != NULL && *path != '\0') {
    good =
        read_file (path, text, sizeof text, error) && take (text, key, error);
  } else if (value != NULL && *value != '\0') {
    g_strlcpy (text, value, sizeof text);
    good = take (text, key, error);
    path = "VLM_API_KEY";
  } else {
    return TRUE;
  }
  explicit_bzero (text, sizeof text);
  if (!good)
    g_prefix_error (error, "the key of the server, from %s: ", path);
  return good;
}
