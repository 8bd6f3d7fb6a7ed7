/* gst-vlm: folders of tests, and damage to their files
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/files.h"

#include <string.h>

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>

char *
files_read (const char *folder, const char *name, gsize *n_bytes)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  char *data;

  g_file_get_contents (path, &data, n_bytes, &error);
  g_assert_no_error (error);
  return data;
}

void
files_write (
    const char *folder, const char *name, gconstpointer data, gsize n_bytes)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, data, (gssize) n_bytes, &error);
  g_assert_no_error (error);
}

char *
files_new_folder (const char *from)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("vlm-test-XXXXXX", &error);

  g_assert_no_error (error);
  if (from == NULL)
    return folder;

  g_autoptr (GDir) dir = g_dir_open (from, 0, &error);
  g_assert_no_error (error);
  for (const char *name; (name = g_dir_read_name (dir)) != NULL;) {
    gsize n_bytes;
    g_autofree char *data = files_read (from, name, &n_bytes);

    files_write (folder, name, data, n_bytes);
  }
  return folder;
}

void
files_remove (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  for (const char *name;
       dir != NULL && (name = g_dir_read_name (dir)) != NULL;) {
    g_autofree char *path = g_build_filename (folder, name, NULL);

    if (g_file_test (path, G_FILE_TEST_IS_DIR) &&
        !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
      files_remove (path);
    else
      g_assert_cmpint (g_remove (path), ==, 0);
  }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

char *
files_replace (const char *text, const char *from, const char *to)
{
  const char *at = strstr (text, from);

  if (at == NULL || strstr (at + strlen (from), from) != NULL)
    g_error ("\"%s\" is not there once", from);
  return g_strdup_printf (
      "%.*s%s%s", (int) (at - text), text, to, at + strlen (from));
}

void
files_edit (
    const char *folder, const char *name, const char *from, const char *to)
{
  gsize n_bytes;
  g_autofree char *before = files_read (folder, name, &n_bytes);
  g_autofree char *after = files_replace (before, from, to);

  files_write (folder, name, after, strlen (after));
}

void
files_teach_yes_no (const char *folder)
{
  files_edit (folder, "tokenizer.json", "\"You\":", "\"Yes\":");
  files_edit (folder, "tokenizer.json", "\"Y ou\"", "\"Y es\"");
  files_edit (folder, "tokenizer.json", "\"an\":", "\"No\":");
  files_edit (folder, "tokenizer.json", "\"a n\"", "\"N o\"");
}

char *
files_safetensors_header (const char *file, gsize *data_offset)
{
  guint64 length;

  memcpy (&length, file, sizeof length);
  length = GUINT64_FROM_LE (length);
  *data_offset = sizeof length + length;
  return g_strndup (file + sizeof length, length);
}

char *
files_safetensors_join (
    const char *header, const char *data, gsize n_data, gsize *n_bytes)
{
  guint64 n_header = strlen (header);
  guint64 length = GUINT64_TO_LE (n_header);
  char *file = g_malloc (sizeof length + n_header + n_data);

  memcpy (file, &length, sizeof length);
  memcpy (file + sizeof length, header, n_header);
  if (n_data > 0)
    memcpy (file + sizeof length + n_header, data, n_data);
  *n_bytes = sizeof length + n_header + n_data;
  return file;
}

/* Of one tensor, which is at @object's "data_offsets" from @data on. */
static void
spoil (char *data, JsonObject *object, guint16 bits)
{
  JsonArray *offsets = json_object_get_array_member (object, "data_offsets");
  gsize end = (gsize) json_array_get_int_element (offsets, 1);
  guint16 stored = GUINT16_TO_LE (bits);

  g_assert_cmpstr (json_object_get_string_member (object, "dtype"), ==, "BF16");
  for (gsize at = (gsize) json_array_get_int_element (offsets, 0); at < end;
       at += sizeof stored)
    memcpy (data + at, &stored, sizeof stored);
}

char *
files_new_spoilt_checkpoint (const char *prefix, guint16 bits)
{
  static const char name[] = "model.safetensors";
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "data", "tiny", "checkpoint", NULL);
  char *folder = files_new_folder (path);
  gsize n_bytes;
  gsize offset;
  g_autofree char *file = files_read (folder, name, &n_bytes);
  g_autofree char *header = files_safetensors_header (file, &offset);
  g_autoptr (JsonNode) root = json_from_string (header, NULL);
  JsonObjectIter iter;
  const char *tensor;
  JsonNode *node;
  guint n_spoilt = 0;

  json_object_iter_init (&iter, json_node_get_object (root));
  while (json_object_iter_next (&iter, &tensor, &node))
    if (g_str_has_prefix (tensor, prefix)) {
      spoil (file + offset, json_node_get_object (node), bits);
      n_spoilt++;
    }
  g_assert_cmpuint (n_spoilt, >, 0);
  files_write (folder, name, file, n_bytes);
  return folder;
}
