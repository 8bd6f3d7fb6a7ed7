/* gst-vlm: files that are not regular, and failed downloads
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <vlm/vlm-error.h>

#include "base/file.h"
#include "tests/support/files.h"

static void
assert_refused (const char *path, VlmLoadError code, const char *message)
{
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_bytes = 0;

  g_assert_false (vlm_file_read (path, 100, &contents, &n_bytes, &error));
  g_assert_null (contents);
  g_assert_error (error, VLM_LOAD_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, path));
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, message);
}

static void
test_read (void)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *path = g_build_filename (folder, "file", NULL);
  g_autofree char *contents = NULL;
  g_autofree char *empty = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_bytes;

  files_write (folder, "file", "a\0b", 3);
  g_assert_true (vlm_file_read (path, 3, &contents, &n_bytes, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (contents, n_bytes + 1, "a\0b\0", 4);
  files_write (folder, "file", "", 0);
  g_assert_true (vlm_file_read (path, 0, &empty, &n_bytes, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_bytes, ==, 0);
  g_assert_cmpstr (empty, ==, "");
  files_remove (folder);
}

static void
test_refused (void)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *fifo = g_build_filename (folder, "fifo", NULL);
  g_autofree char *link = g_build_filename (folder, "link", NULL);
  g_autofree char *large = g_build_filename (folder, "large", NULL);
  g_autofree char *dangling = g_build_filename (folder, "dangling", NULL);
  g_autofree char *absent = g_build_filename (folder, "absent", NULL);
  char data[101] = { 0 };

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_cmpint (symlink ("/dev/zero", link), ==, 0);
  g_assert_cmpint (symlink ("../blobs/0f", dangling), ==, 0);
  files_write (folder, "large", data, sizeof data);
  assert_refused (fifo, VLM_LOAD_ERROR_UNSUPPORTED, "a FIFO");
  assert_refused (link, VLM_LOAD_ERROR_UNSUPPORTED, "a device");
  assert_refused (folder, VLM_LOAD_ERROR_UNSUPPORTED, "a directory");
  assert_refused (large, VLM_LOAD_ERROR_TOO_LARGE, "101 bytes");
  assert_refused (dangling, VLM_LOAD_ERROR_NOT_FOUND,
      "a symbolic link to ../blobs/0f, which is not there");
  assert_refused (absent, VLM_LOAD_ERROR_NOT_FOUND, "No such file");
  files_remove (folder);
}

static void
test_shrinks (void)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *path = g_build_filename (folder, "file", NULL);
  g_autoptr (GError) error = NULL;
  VlmFileState state;
  char data[8];
  int fd;

  files_write (folder, "file", "12345678", 8);
  fd = vlm_file_open (path, &state, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (state.n_bytes, ==, 8);
  g_assert_cmpint (truncate (path, 5), ==, 0);
  g_assert_true (vlm_file_read_at (fd, path, 1, 4, data, &error));
  g_assert_cmpmem (data, 4, "2345", 4);
  g_assert_false (vlm_file_read_at (fd, path, 1, 5, data, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TRUNCATED);
  g_assert_nonnull (strstr (error->message, "only 5 bytes are left"));
  close (fd);
  files_remove (folder);
}

/* Sets the time at which a file was last written: two writes in a row may have
 * the same. */
static void
set_modified (const char *path, time_t seconds)
{
  const struct timespec times[] = { { .tv_nsec = UTIME_OMIT },
    { .tv_sec = seconds } };

  g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
}

/* Reading a file and giving it another name is no change. */
static void
test_changes (void)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *path = g_build_filename (folder, "file", NULL);
  g_autofree char *moved = g_build_filename (folder, "moved", NULL);
  g_autoptr (GError) error = NULL;
  VlmFileState state;
  char data[8];
  int fd;

  files_write (folder, "file", "12345678", 8);
  set_modified (path, 1000);
  fd = vlm_file_open (path, &state, &error);
  g_assert_no_error (error);
  g_assert_cmpint (state.modified_s, ==, 1000);
  g_assert_true (vlm_file_read_at (fd, path, 0, 8, data, &error));
  g_assert_cmpint (rename (path, moved), ==, 0);
  g_assert_true (vlm_file_check_unchanged (fd, path, &state, &error));
  g_assert_no_error (error);
  set_modified (moved, 1001);
  g_assert_false (vlm_file_check_unchanged (fd, path, &state, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_CORRUPT);
  g_assert_nonnull (strstr (error->message, "was changed while it was read"));
  g_clear_error (&error);
  set_modified (moved, 1000);
  g_assert_cmpint (truncate (moved, 9), ==, 0);
  set_modified (moved, 1000);
  g_assert_false (vlm_file_check_unchanged (fd, path, &state, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_CORRUPT);
  close (fd);
  files_remove (folder);
}

#define CASE(data, code, message)                                              \
  {                                                                            \
    data, sizeof data - 1, VLM_LOAD_ERROR_##code, message                      \
  }

static void
test_kinds (void)
{
  static const struct
  {
    const char *data;
    gsize n_bytes;
    VlmLoadError code;
    const char *message;
  } cases[] = {
    CASE ("version https://git-lfs.github.com/spec/v1\n"
          "oid sha256:0123\nsize 3998\n",
        NOT_FOUND, "Git LFS pointer"),
    CASE ("/annex/objects/MD5-s12--34\n", NOT_FOUND, "git-annex"),
    CASE ("../../blobs/d4a6c1", NOT_FOUND, "symbolic link"),
    CASE ("<!DOCTYPE html>\n<html>", CORRUPT, "web page"),
    CASE ("\n  <HTML lang=en>", CORRUPT, "web page"),
    CASE ("\357\273\277<html>", CORRUPT, "web page"),
    CASE ("<?xml version=\"1.0\"?><Error>", CORRUPT, "message of a server"),
    CASE ("{\"error\":\"Repository is gated\"}", CORRUPT, "of a server"),
    CASE ("Entry not found", CORRUPT, "of a server"),
    CASE ("Invalid username or password.", CORRUPT, "log in"),
    CASE ("GGUF\3\0\0\0", UNSUPPORTED, "*.gguf"),
    CASE ("PK\3\4rest", UNSUPPORTED, "ZIP"),
    CASE ("\037\213\010", UNSUPPORTED, "gzip"),
    CASE ("\377\376{\0", UNSUPPORTED, "UTF-16"),
    CASE ("", TRUNCATED, "empty"),
    CASE ("\0\0\0\0", TRUNCATED, "zeros"),
  };
  static const char good[] = "{\"error_rate\": 1}";
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) fault = NULL;

    g_assert_false (
        vlm_file_check_kind ("f.bin", cases[i].data, cases[i].n_bytes, &fault));
    g_assert_error (fault, VLM_LOAD_ERROR, (int) cases[i].code);
    g_assert_true (g_str_has_prefix (fault->message, "f.bin: "));
    if (strstr (fault->message, cases[i].message) == NULL)
      g_error ("\"%s\" does not say \"%s\"", fault->message, cases[i].message);
  }
  g_assert_true (vlm_file_check_kind ("f", good, strlen (good), &error));
  g_assert_no_error (error);

  /* A text that is a message if it is the whole file may begin a long one. */
  g_autofree char *filled = g_strnfill (2 * VLM_FILE_KIND_BYTES, ' ');
  memcpy (filled, "{\"error\": 4388,", 15);
  g_assert_true (
      vlm_file_check_kind ("f", filled, 2 * VLM_FILE_KIND_BYTES, &error));
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/file/read", test_read);
  g_test_add_func ("/file/refused", test_refused);
  g_test_add_func ("/file/shrinks", test_shrinks);
  g_test_add_func ("/file/changes", test_changes);
  g_test_add_func ("/file/kinds", test_kinds);
  return g_test_run ();
}
