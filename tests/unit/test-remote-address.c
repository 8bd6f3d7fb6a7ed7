/* gst-vlm: addresses of models on other machines, and keys
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-address.h"

#include <string.h>

#include <glib/gstdio.h>
#include <vlm/vlm-error.h>
#include <vlm/vlm-remote.h>

#include "analyzer/remote-key.h"

static void
check (const char *text, const char *base, const char *root, const char *host,
    const char *model, gboolean is_private)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmRemoteAddress) address = vlm_remote_address_new (text, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (address->base, ==, base);
  g_assert_cmpstr (address->root, ==, root);
  g_assert_cmpstr (address->host, ==, host);
  g_assert_cmpstr (address->model, ==, model);
  g_assert_cmpint (address->is_private, ==, is_private);
}

static void
test_parts (void)
{
  check ("http://gpu:8000/v1#Qwen/Qwen2.5-VL-7B-Instruct", "http://gpu:8000/v1",
      "http://gpu:8000", "gpu:8000", "Qwen/Qwen2.5-VL-7B-Instruct", FALSE);
  check ("https://gpu/v1/#qwen2.5vl:7b", "https://gpu/v1", "https://gpu", "gpu",
      "qwen2.5vl:7b", TRUE);
  /* Without a path it is that of version 1. */
  check ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1",
      "http://127.0.0.1:8000", "127.0.0.1:8000", NULL, TRUE);
  check ("http://[::1]:80/api/v1#", "http://[::1]:80/api/v1",
      "http://[::1]:80/api", "[::1]:80", NULL, TRUE);
  check ("http://localhost/other#a%20b", "http://localhost/other",
      "http://localhost/other", "localhost", "a b", TRUE);
}

static void
test_refused (void)
{
  static const char *const texts[] = { "http://", "http:///v1#m",
    "http://u:secret@gpu/v1#m", "http://secret@gpu/v1",
    "http://gpu/v1?key=secret#m", "http://gpu:secret/v1" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (vlm_remote_address_new (texts[i], &error));
    g_assert_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SETTINGS);
    g_assert_null (strstr (error->message, "secret"));
  }
}

static void
test_hidden (void)
{
  static const char *const texts[][2] = {
    { "http://u:secret@gpu:1/v1#m", "http://...@gpu:1/v1#m" },
    { "https://sec@ret@gpu/v1?key=secret#m@n", "https://...@gpu/v1?...#m@n" },
    { "http://gpu/v1#a@b", "http://gpu/v1#a@b" },
    { "HTTP://secret@gpu", "HTTP://...@gpu" },
    { "/models/a@b?c", "/models/a@b?c" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree char *shown = vlm_remote_hide_secrets (texts[i][0]);

    g_assert_cmpstr (shown, ==, texts[i][1]);
  }
}

static void
test_meant (void)
{
  VlmModelParams params = { .path = (char *) "HTTPS://gpu" };

  g_assert_true (vlm_remote_is_meant (&params));
  params.path = (char *) "/http://gpu";
  g_assert_false (vlm_remote_is_meant (&params));
  /* A page to download from is no server; loading says how. */
  params.path = (char *) "https://huggingface.co/Qwen/Qwen2.5-VL-3B-Instruct";
  g_assert_false (vlm_remote_is_meant (&params));
  params.path = (char *) "https://router.huggingface.co/v1#m";
  g_assert_true (vlm_remote_is_meant (&params));
  params.path = NULL;
  g_setenv ("VLM_MODEL_PATH", "http://gpu", TRUE);
  g_assert_true (vlm_remote_is_meant (&params));
  g_setenv ("VLM_MODEL_PATH", "/models", TRUE);
  g_assert_false (vlm_remote_is_meant (&params));
}

static void
check_key (const char *path, const char *text, gsize length, const char *wanted)
{
  g_autoptr (GError) error = NULL;
  char *key;

  g_assert_true (g_file_set_contents (path, text, (gssize) length, NULL));
  g_assert_cmpint (
      vlm_remote_key_read (path, &key, &error), ==, wanted != NULL);
  g_assert_cmpstr (key, ==, wanted);
  if (wanted == NULL) {
    g_assert_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SETTINGS);
    g_assert_nonnull (strstr (error->message, path));
    g_assert_null (strstr (error->message, "secret"));
  }
  vlm_remote_key_free (key);
}

static void
test_key (void)
{
  g_autofree char *folder = g_dir_make_tmp ("vlm-key-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "key", NULL);
  g_autoptr (GError) error = NULL;
  char *key = NULL;

  check_key (path, "secret\nmore\n", 12, "secret");
  check_key (path, "  secret \r\n", 11, "secret");
  check_key (path, "", 0, NULL);
  check_key (path, "\nsecret", 7, NULL);
  check_key (path, "secret key", 10, NULL);
  check_key (path, "secret\303\244", 8, NULL);
  g_unlink (path);
  g_assert_false (vlm_remote_key_read (path, &key, &error));
  g_assert_error (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SETTINGS);
  g_assert_false (vlm_remote_key_read (folder, &key, NULL));
  g_rmdir (folder);

  g_setenv ("VLM_API_KEY", "secret", TRUE);
  g_assert_true (vlm_remote_key_read ("", &key, NULL));
  g_assert_cmpstr (key, ==, "secret");
  vlm_remote_key_free (key);
  g_unsetenv ("VLM_API_KEY");
  g_assert_true (vlm_remote_key_read (NULL, &key, NULL));
  g_assert_null (key);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remote-address/parts", test_parts);
  g_test_add_func ("/remote-address/refused", test_refused);
  g_test_add_func ("/remote-address/hidden", test_hidden);
  g_test_add_func ("/remote-address/meant", test_meant);
  g_test_add_func ("/remote-address/key", test_key);
  return g_test_run ();
}
