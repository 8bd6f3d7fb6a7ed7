/* gst-vlm: credentials for the server
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/credentials.h"

#include <gio/gio.h>
#include <string.h>

#include "publish/error.h"

#define MAX_BYTES (64 * 1024)

static const struct
{
  const char *name;
  gsize offset;
} fields[] = {
  { "username", G_STRUCT_OFFSET (GstVlmCredentials, username) },
  { "password", G_STRUCT_OFFSET (GstVlmCredentials, password) },
  { "token", G_STRUCT_OFFSET (GstVlmCredentials, token) },
  { "key-password", G_STRUCT_OFFSET (GstVlmCredentials, key_password) },
};

static char **
field_of (GstVlmCredentials *self, guint i)
{
  return G_STRUCT_MEMBER_P (self, fields[i].offset);
}

static void
free_secret (char **text)
{
  if (*text != NULL)
    explicit_bzero (*text, strlen (*text));
  g_clear_pointer (text, g_free);
}

void
gst_vlm_credentials_clear (GstVlmCredentials *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    free_secret (field_of (self, i));
}

static gboolean
read_line (GstVlmCredentials *self, char *line)
{
  char *value = strchr (line, '=');

  if (*g_strchug (line) == '#' || *line == '\0')
    return TRUE;
  if (value == NULL)
    return FALSE;
  *value++ = '\0';
  g_strchomp (line);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (strcmp (line, fields[i].name) == 0) {
      free_secret (field_of (self, i));
      *field_of (self, i) = g_strdup (g_strstrip (value));
      return TRUE;
    }
  return FALSE;
}

/* Reads a regular file, at most @size bytes of it. */
static gboolean
read_file (const char *path, char *text, gsize size, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = NULL;
  gsize n_read = 0;

  if (g_file_query_file_type (file, G_FILE_QUERY_INFO_NONE, NULL) !=
      G_FILE_TYPE_REGULAR) {
    g_set_error_literal (error, GST_VLM_PUBLISH_ERROR,
        GST_VLM_PUBLISH_ERROR_SETTINGS, "there is no such file");
    return FALSE;
  }
  stream = g_file_read (file, NULL, error);
  if (stream == NULL ||
      !g_input_stream_read_all (
          G_INPUT_STREAM (stream), text, size - 1, &n_read, NULL, error))
    return FALSE;
  text[n_read] = '\0';
  return TRUE;
}

static gboolean
read_lines (GstVlmCredentials *self, char *text, GError **error)
{
  guint number = 0;

  for (char *line = text; line != NULL;) {
    char *next = strchr (line, '\n');

    number++;
    if (next != NULL)
      *next++ = '\0';
    if (!read_line (self, line)) {
      g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS,
          "line %u is not NAME=VALUE, where NAME is username, password, token "
          "or key-password",
          number);
      return FALSE;
    }
    line = next;
  }
  return TRUE;
}

gboolean
gst_vlm_credentials_read (GstVlmCredentials *self, const char *path,
    const GstVlmLocation *location, GError **error)
{
  if (path != NULL) {
    char *text = g_malloc0 (MAX_BYTES);
    gboolean good = read_file (path, text, MAX_BYTES, error) &&
        read_lines (self, text, error);

    explicit_bzero (text, MAX_BYTES);
    g_free (text);
    if (!good) {
      g_prefix_error (error, "`credentials` %s: ", path);
      return FALSE;
    }
  }
  if (self->username == NULL)
    self->username = g_strdup (location->user);
  if (self->password == NULL)
    self->password = g_strdup (location->password);
  return TRUE;
}
