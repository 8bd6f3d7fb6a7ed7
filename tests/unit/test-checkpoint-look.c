/* gst-vlm: directories that tools write, and those that are not checkpoints
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "io/checkpoint-look.h"
#include "io/model-dir.h"
#include "tests/support/files.h"
#include "tests/support/warnings.h"

#define SHARDS(n)                                                              \
  "{\"weight_map\":{\"a\":\"model-00001-of-0000" n                             \
  ".safetensors\",\"b\":\"model-0000" n "-of-0000" n ".safetensors\"}}"

/* Files of a name and a text; a name that ends in "/" is a directory. */
typedef const char *Entry[2];

static char *
make_folder (const Entry *entries)
{
  char *folder = files_new_folder (NULL);

  for (guint i = 0; entries[i][0] != NULL; i++) {
    g_autofree char *path = g_build_filename (folder, entries[i][0], NULL);
    g_autofree char *parent = g_path_get_dirname (path);

    g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
    g_assert_true (g_file_set_contents (
        path, entries[i][1] != NULL ? entries[i][1] : "", -1, NULL));
  }
  return folder;
}

/* Which file is chosen as the weights. */
static void
test_weights (void)
{
  static const struct
  {
    Entry entries[8];
    const char *weights;
    const char *warning;
  } cases[] = {
    { { { "model.safetensors" } }, "model.safetensors", NULL },
    { { { "tiny.safetensors" } }, "tiny.safetensors", NULL },
    { { { "model.safetensors" }, { "extra.safetensors" } }, "model.safetensors",
        NULL },
    { { { "model.fp16.safetensors" }, { "training_args.bin" },
          { "optimizer.safetensors" } },
        "model.fp16.safetensors", NULL },
    { { { "model-00001-of-00002.safetensors" },
          { "model-00002-of-00002.safetensors" },
          { "model.safetensors.index.json", SHARDS ("2") } },
        "model.safetensors.index.json", NULL },
    { { { "model-00001-of-00002.safetensors" },
          { "model-00002-of-00002.safetensors" } },
        "model-00001-of-00002.safetensors", NULL },
    { { { "model-00001-of-00002.fp16.safetensors" } },
        "model-00001-of-00002.fp16.safetensors", NULL },
    { { { "model-00001-of-00002.safetensors" },
          { "model-00002-of-00002.safetensors" },
          { "model.safetensors.index.fp16.json", SHARDS ("2") } },
        "model.safetensors.index.fp16.json", NULL },
    /* The shards are whole: the single file is of an earlier save. */
    { { { "model-00001-of-00002.safetensors" },
          { "model-00002-of-00002.safetensors" }, { "model.safetensors" },
          { "model.safetensors.index.json", SHARDS ("2") } },
        "model.safetensors.index.json", "model.safetensors: ignored" },
    /* They are not: the index is of an earlier save. */
    { { { "model.safetensors" },
          { "model.safetensors.index.json", SHARDS ("2") } },
        "model.safetensors", "index.json: ignored, because 2 of its files" },
    { { { "model-00001-of-00003.safetensors" },
          { "model.safetensors.index.json", SHARDS ("3") } },
        "model.safetensors.index.json", NULL },
    { { { "model.safetensors" },
          { "model.safetensors.index.json",
              "{\"weight_map\":{\"a\":\"model.safetensors\"}}" } },
        "model.safetensors.index.json", NULL },
    { { { "model.safetensors" }, { "adapter_model.safetensors" },
          { "adapter_config.json", "{}" } },
        "model.safetensors", "LoRA adapter adapter_config.json beside" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *folder = make_folder (cases[i].entries);
    g_autoptr (GError) error = NULL;

    files_write (folder, "config.json", "{}", 2);
    g_autoptr (VlmModelDir) dir = vlm_model_dir_open (folder, &error);
    g_assert_no_error (error);
    g_autofree char *name = g_path_get_basename (dir->weights);
    g_assert_cmpstr (name, ==, cases[i].weights);
    g_assert_cmpstr (dir->directory, ==, folder);
    if (cases[i].warning != NULL)
      warnings_expect (cases[i].warning);
    else
      warnings_expect_none ();
    files_remove (folder);
  }
}

/* A file that is named counts, whatever is beside it. */
static void
test_named_file (void)
{
  static const Entry entries[] = { { "config.json", "{}" },
    { "model.safetensors" }, { "ema.safetensors" }, { NULL } };
  g_autofree char *folder = make_folder (entries);
  g_autofree char *path = g_build_filename (folder, "ema.safetensors", NULL);
  g_autofree char *base = g_path_get_basename (folder);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmModelDir) dir = vlm_model_dir_open (path, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (dir->weights, ==, path);
  g_assert_cmpstr (dir->name, ==, base);
  files_remove (folder);
}

static void
test_refused (void)
{
  static const struct
  {
    Entry entries[6];
    VlmLoadError code;
    const char *message;
  } cases[] = {
    { { { NULL } }, VLM_LOAD_ERROR_NOT_FOUND, "the directory is empty" },
    { { { "README.md" }, { "a.txt" } }, VLM_LOAD_ERROR_NOT_FOUND,
        "no config.json, only README.md, a.txt: name the directory" },
    { { { "1" }, { "2" }, { "3" }, { "4" }, { "5" } }, VLM_LOAD_ERROR_NOT_FOUND,
        "only 1, 2, 3, 4 and 1 more" },
    { { { "adapter_model.safetensors" },
          { "adapter_config.json",
              "{\"base_model_name_or_path\":\"Qwen/Qwen2.5-VL-3B-Instruct\"}" },
          { "tokenizer.json" } },
        VLM_LOAD_ERROR_UNSUPPORTED,
        "a LoRA adapter (adapter_config.json) of Qwen/Qwen2.5-VL-3B-Instruct, "
        "not a whole model: merge it" },
    { { { "adapters.safetensors" } }, VLM_LOAD_ERROR_UNSUPPORTED,
        "a LoRA adapter (adapters.safetensors) of another model" },
    { { { "adapter_model.safetensors" }, { "config.json", "{}" },
          { "adapter_config.json", "{}" }, { "training_args.bin" } },
        VLM_LOAD_ERROR_UNSUPPORTED, "a LoRA adapter" },
    { { { "checkpoint-500/config.json", "{}" },
          { "checkpoint-1000/config.json", "{}" }, { "trainer_state.json" } },
        VLM_LOAD_ERROR_NOT_FOUND, "checkpoint-500: name one of these" },
    { { { "models--a--b/refs/main" }, { "models--c--d/x" }, { "version.txt" } },
        VLM_LOAD_ERROR_NOT_FOUND,
        "a cache of Hugging Face, not a model: name one of those in it "
        "(models--a--b, models--c--d)" },
    { { { "model_index.json" } }, VLM_LOAD_ERROR_UNSUPPORTED, "diffusers" },
    { { { "config.json", "{}" } }, VLM_LOAD_ERROR_NOT_FOUND,
        "neither model.safetensors nor model.safetensors.index.json: "
        "download" },
    { { { "config.json", "{}" }, { "a.safetensors" }, { "b.safetensors" } },
        VLM_LOAD_ERROR_NOT_FOUND,
        "2 files of weights (a.safetensors, b.safetensors), but no" },
    { { { "config.json", "{}" }, { "pytorch_model.bin" },
          { "training_args.bin" } },
        VLM_LOAD_ERROR_UNSUPPORTED,
        "pytorch_model.bin is not: load the model with transformers" },
    { { { "config.json", "{}" }, { "training_args.bin" },
          { "model.safetensors.incomplete" } },
        VLM_LOAD_ERROR_NOT_FOUND,
        "the download is not finished (model.safetensors.incomplete)" },
    { { { "config.json", "{}" },
          { ".cache/huggingface/download/a.0f3.incomplete" } },
        VLM_LOAD_ERROR_NOT_FOUND, "the download is not finished (.cache/" },
    { { { "config.json", "{}" },
          { "._____temp/model-00001-of-00002.safetensors" } },
        VLM_LOAD_ERROR_NOT_FOUND, "the download is not finished (._____temp/" },
    { { { "config.json", "{}" }, { "zero_to_fp32.py" }, { "latest" } },
        VLM_LOAD_ERROR_UNSUPPORTED, "DeepSpeed" },
    { { { "config.json", "{}" },
          { "model.safetensors.index.json", "<!DOCTYPE html>" },
          { "model.safetensors" } },
        VLM_LOAD_ERROR_CORRUPT, "index.json: a web page" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *folder = make_folder (cases[i].entries);
    g_autoptr (GError) error = NULL;

    g_assert_null (vlm_model_dir_open (folder, &error));
    g_assert_error (error, VLM_LOAD_ERROR, (int) cases[i].code);
    g_assert_nonnull (strstr (error->message, folder));
    if (strstr (error->message, cases[i].message) == NULL)
      g_error ("\"%s\" does not say \"%s\"", error->message, cases[i].message);
    files_remove (folder);
  }
  warnings_expect_none ();
}

/* A cache whose files are gone leaves links that lead nowhere. */
static void
test_dangling (void)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *link = g_build_filename (folder, "config.json", NULL);
  g_autofree char *weights =
      g_build_filename (folder, "model.safetensors", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (symlink ("../../blobs/d4a6", link), ==, 0);
  g_assert_cmpint (symlink ("../../blobs/0f37", weights), ==, 0);
  g_autoptr (VlmModelDir) dir = vlm_model_dir_open (folder, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (dir->config, ==, link);
  g_assert_cmpstr (dir->weights, ==, weights);
  g_unlink (link);
  g_unlink (weights);
  files_remove (folder);
}

static void
test_shard_names (void)
{
  static const struct
  {
    const char *name;
    const char *stem;
    guint number;
    guint n;
  } names[] = {
    { "model-00002-of-00005.safetensors", "model", 2, 5 },
    { "a-b-1-of-1.safetensors", "a-b", 1, 1 },
    { "model-00000-of-00005.safetensors", NULL, 0, 0 },
    { "model-00006-of-00005.safetensors", NULL, 0, 0 },
    { "model-1-of-9999.safetensors", NULL, 0, 0 },
    { "model-1-of-99999999999.safetensors", NULL, 0, 0 },
    { "model-of-2.safetensors", NULL, 0, 0 },
    { "-of-.safetensors", NULL, 0, 0 },
    { "1-of-2.safetensors", NULL, 0, 0 },
    { "model-1-of-2.safetensors.bak", NULL, 0, 0 },
    { "model.safetensors", NULL, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *stem = NULL;
    guint number = 0, n = 0;
    gboolean is_shard =
        vlm_checkpoint_parse_shard (names[i].name, &stem, &number, &n);

    g_assert_cmpint (is_shard, ==, names[i].stem != NULL);
    if (!is_shard)
      continue;
    g_assert_cmpstr (stem, ==, names[i].stem);
    g_assert_cmpuint (number, ==, names[i].number);
    g_assert_cmpuint (n, ==, names[i].n);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  warnings_keep ();
  g_test_add_func ("/checkpoint-look/weights", test_weights);
  g_test_add_func ("/checkpoint-look/named-file", test_named_file);
  g_test_add_func ("/checkpoint-look/refused", test_refused);
  g_test_add_func ("/checkpoint-look/dangling", test_dangling);
  g_test_add_func ("/checkpoint-look/shard-names", test_shard_names);
  return g_test_run ();
}
