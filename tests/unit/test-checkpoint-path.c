/* gst-vlm: names of checkpoints as users write them
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <vlm/vlm-error.h>

#include "io/model-dir.h"
#include "model/checkpoint-path.h"
#include "model/hub-cache.h"
#include "tests/support/files.h"

static void
add (const char *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
assert_resolves (const char *named, const char *folder, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = vlm_checkpoint_resolve (named, &error);
  g_autofree char *whole = expected == NULL || *expected == '\0'
      ? g_strdup (folder)
      : g_build_filename (folder, expected, NULL);

  g_assert_no_error (error);
  g_assert_cmpstr (path, ==, whole);
}

static void
assert_refused (const char *named, VlmLoadError code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (vlm_checkpoint_resolve (named, &error));
  g_assert_error (error, VLM_LOAD_ERROR, (int) code);
  if (strstr (error->message, message) == NULL ||
      strstr (error->message, named) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, message);
}

static void
test_files (void)
{
  static const char *const of_the_directory[] = { "config.json",
    "tokenizer.json", "model-00001-of-00002.safetensors" };
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *sole = files_new_folder (NULL);
  g_autofree char *spaced = g_build_filename (folder, "with space", NULL);
  g_autofree char *uri = NULL;
  g_autoptr (GError) error = NULL;

  add (folder, "with space/config.json", "{}");
  add (folder, "with space/tokenizer.json", "{}");
  add (folder, "with space/model-00001-of-00002.safetensors", "");
  add (folder, "with space/model.safetensors", "");
  add (folder, "with space/ema.safetensors", "");
  add (folder, "with space/text-Q4_K_M.gguf", "");
  add (folder, "with space/pytorch_model.bin", "");
  assert_resolves (spaced, spaced, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (of_the_directory); i++) {
    g_autofree char *path =
        g_build_filename (spaced, of_the_directory[i], NULL);

    assert_resolves (path, spaced, NULL);
  }
  g_autofree char *ema = g_build_filename (spaced, "ema.safetensors", NULL);
  g_autofree char *gguf = g_build_filename (spaced, "text-Q4_K_M.gguf", NULL);
  g_autofree char *bin = g_build_filename (spaced, "pytorch_model.bin", NULL);
  assert_resolves (ema, ema, NULL);
  assert_resolves (gguf, gguf, NULL);
  assert_refused (bin, VLM_LOAD_ERROR_UNSUPPORTED, "must be safetensors");

  uri = g_filename_to_uri (spaced, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (uri, "%20"));
  assert_resolves (uri, spaced, NULL);
  g_autofree char *file_uri = g_strconcat (uri, "/config.json", NULL);
  assert_resolves (file_uri, spaced, NULL);

  add (sole, "tiny.safetensors", "");
  g_autofree char *tiny = g_build_filename (sole, "tiny.safetensors", NULL);
  assert_resolves (tiny, sole, NULL);
  g_autofree char *directory = vlm_checkpoint_directory (tiny);
  g_assert_cmpstr (directory, ==, sole);
  files_remove (folder);
  files_remove (sole);
}

static void
test_elsewhere (void)
{
  assert_refused ("https://huggingface.co/Qwen/Qwen2.5-VL-3B-Instruct",
      VLM_LOAD_ERROR_UNSUPPORTED,
      "hf download Qwen/Qwen2.5-VL-3B-Instruct --local-dir DIR");
  assert_refused (
      "https://huggingface.co/Qwen/Qwen2.5-VL-3B-Instruct/tree/main",
      VLM_LOAD_ERROR_UNSUPPORTED,
      "hf download Qwen/Qwen2.5-VL-3B-Instruct --local-dir DIR");
  assert_refused ("http://example.org/model.safetensors",
      VLM_LOAD_ERROR_UNSUPPORTED, "download it and name its directory");
  assert_refused ("s3://bucket/model", VLM_LOAD_ERROR_UNSUPPORTED,
      "not loaded from the network");
  assert_refused ("Qwen/Qwen2.5-VL-3B-Instruct", VLM_LOAD_ERROR_NOT_FOUND,
      "hf download Qwen/Qwen2.5-VL-3B-Instruct --local-dir DIR");
  assert_refused (
      "/nonexistent/model", VLM_LOAD_ERROR_NOT_FOUND, "no such file");
  assert_refused ("model:v2", VLM_LOAD_ERROR_NOT_FOUND, "no such file");
  assert_refused ("./a/b", VLM_LOAD_ERROR_NOT_FOUND, "no such file");
}

static void
test_ids (void)
{
  static const char *const ids[] = { "Qwen/Qwen2.5-VL-3B-Instruct", "a/b",
    "0rg_x/n.1" };
  static const char *const others[] = { "", "a", "/a", "a/", "./a", "../a",
    "a/b/c", "a/.b", "a b/c", "a/b\n" };

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    g_assert_true (vlm_hub_is_id (ids[i]));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (vlm_hub_is_id (others[i]));
}

#define MODEL "models--Qwen--Tiny-VL"

/* The cache as huggingface_hub lays it out: files are links into blobs. */
static void
test_hub_revisions (void)
{
  g_autofree char *cache = files_new_folder (NULL);
  g_autofree char *model = g_build_filename (cache, MODEL, NULL);
  g_autofree char *snapshots = g_build_filename (model, "snapshots", NULL);
  g_autofree char *revision = g_build_filename (snapshots, "0f37", NULL);
  g_autofree char *link = g_build_filename (revision, "config.json", NULL);
  g_autoptr (GError) error = NULL;

  add (model, "blobs/d4a6", "{}");
  g_assert_cmpint (g_mkdir_with_parents (revision, 0700), ==, 0);
  g_assert_cmpint (symlink ("../../blobs/d4a6", link), ==, 0);
  g_setenv ("HF_HUB_CACHE", cache, TRUE);
  assert_resolves (model, revision, NULL);
  assert_resolves (snapshots, revision, NULL);
  assert_resolves (revision, revision, NULL);
  assert_resolves (link, revision, NULL);
  assert_resolves ("Qwen/Tiny-VL", revision, NULL);

  g_autoptr (VlmModelDir) dir = vlm_model_dir_open_config (revision, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (dir->name, ==, "Tiny-VL");

  add (model, "snapshots/1111/config.json", "{}");
  assert_refused (model, VLM_LOAD_ERROR_NOT_FOUND, "has 2 snapshots, such as");
  add (model, "refs/main", "0f37\n");
  assert_resolves (model, revision, NULL);
  add (model, "refs/main", "../../../etc");
  assert_refused (model, VLM_LOAD_ERROR_NOT_FOUND, "has 2 snapshots");
  g_unsetenv ("HF_HUB_CACHE");

  g_autofree char *home = files_new_folder (NULL);
  add (home, "hub/" MODEL "/snapshots/2222/config.json", "{}");
  g_setenv ("HF_HOME", home, TRUE);
  g_autofree char *found =
      g_build_filename (home, "hub", MODEL, "snapshots", "2222", NULL);
  assert_resolves ("Qwen/Tiny-VL", found, NULL);
  g_unsetenv ("HF_HOME");
  files_remove (cache);
  files_remove (home);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* Not that of the person who runs the tests. */
  g_setenv ("HF_HOME", "/nonexistent", TRUE);
  g_unsetenv ("HF_HUB_CACHE");
  g_unsetenv ("HUGGINGFACE_HUB_CACHE");
  g_test_add_func ("/checkpoint-path/files", test_files);
  g_test_add_func ("/checkpoint-path/elsewhere", test_elsewhere);
  g_test_add_func ("/checkpoint-path/ids", test_ids);
  g_test_add_func ("/checkpoint-path/hub-revisions", test_hub_revisions);
  return g_test_run ();
}
