/* gst-vlm: opening checkpoints, and broken ones of each container
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>

#include <glib/gstdio.h>

#include "io/safetensors-writer.h"
#include "io/safetensors.h"
#include "model/checkpoint.h"
#include "tests/support/files.h"
#include "tests/support/gguf-model.h"
#include "tests/support/golden.h"

static void
assert_refused (const char *path, const char *mmproj, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmCheckpoint) checkpoint =
      vlm_checkpoint_open (path, mmproj, &error);

  g_assert_null (checkpoint);
  g_assert_nonnull (error);
  g_assert_true (error->domain == VLM_LOAD_ERROR);
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, message);
}

static void
assert_opens (const char *path, const char *mmproj)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmCheckpoint) checkpoint =
      vlm_checkpoint_open (path, mmproj, &error);
  g_autoptr (VlmTokenizer) tokenizer = NULL;

  g_assert_no_error (error);
  tokenizer = vlm_checkpoint_load_tokenizer (checkpoint, &error);
  g_assert_no_error (error);
}

/* A pair in a folder of its own, by file and by folder. */
static void
test_pair (void)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autoptr (GgufWriter) text = gguf_model_new_text ();
  g_autoptr (GgufWriter) tower = gguf_model_new_tower ();
  g_autofree char *text_path = gguf_model_write (text, folder, "text.gguf");
  g_autofree char *tower_path = NULL;
  g_autofree char *by_file = NULL, *by_folder = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmConfig) config = NULL;

  assert_refused (text_path, NULL, "no vision tower beside it");
  tower_path = gguf_model_write (tower, folder, "tower.gguf");
  assert_opens (text_path, NULL);
  assert_opens (folder, NULL);
  assert_opens (text_path, tower_path);
  by_file = vlm_checkpoint_identify (text_path, tower_path, &error);
  g_assert_no_error (error);
  by_folder = vlm_checkpoint_identify (folder, NULL, &error);
  g_assert_cmpstr (by_file, ==, by_folder);
  config = vlm_checkpoint_load_config (folder, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (config->name, ==, "text");
  files_remove (folder);
}

/* A directory of Hugging Face has its tower itself, and is preferred to a GGUF
 * file in it. */
static void
test_directory (void)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *folder = files_new_folder (tiny);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmCheckpoint) checkpoint = NULL;

  assert_refused (folder, "x.gguf", "mmproj=x.gguf is for GGUF models");
  files_write (folder, "a.gguf", "GGUF", 4);
  checkpoint = vlm_checkpoint_open (folder, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (vlm_tensor_source_get_names (checkpoint->source), ==,
      VLM_TENSOR_NAMES_HUGGING_FACE);
  files_remove (folder);
}

/* The tiny checkpoint with a bias that no layer of the network has. */
static void
write_with_bias (const char *folder, const float *values, guint64 n)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *from = g_build_filename (tiny, "model.safetensors", NULL);
  g_autofree char *to = g_build_filename (folder, "model.safetensors", NULL);
  g_autoptr (VlmSafetensors) tensors = vlm_safetensors_open (from, NULL);
  g_autoptr (VlmSafetensorsWriter) writer = vlm_safetensors_writer_new ();

  for (guint i = 0; i < vlm_safetensors_get_n_tensors (tensors); i++) {
    g_auto (VlmTensorView) view = { 0 };
    g_autofree guint8 *data = NULL;

    vlm_safetensors_find (
        tensors, vlm_safetensors_get_name (tensors, i), &view);
    data = vlm_tensor_view_read_all (&view, NULL);
    vlm_safetensors_writer_add (
        writer, view.name, view.dtype, view.shape, view.n_dims, data);
  }
  vlm_safetensors_writer_add (writer, "model.layers.1.self_attn.o_proj.bias",
      VLM_DTYPE_F32, &n, 1, values);
  g_assert_true (vlm_safetensors_writer_write (writer, to, NULL));
}

static void
test_bias (void)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *folder = files_new_folder (tiny);
  float values[64] = { 0 };

  write_with_bias (folder, values, G_N_ELEMENTS (values));
  assert_opens (folder, NULL);
  values[63] = 1e-30f;
  write_with_bias (folder, values, G_N_ELEMENTS (values));
  assert_refused (
      folder, NULL, "tensor model.layers.1.self_attn.o_proj.bias is not zero");
  files_remove (folder);
}

/* Files with one fault each, made from those that llama.cpp writes. */
static void
test_shared_gguf (void)
{
  static const struct
  {
    const char *name;
    const char *message;
  } files[] = {
    { "01-truncated-header", "01-truncated-header.gguf: key tokenizer." },
    { "02-truncated-data", "02-truncated-data.gguf: tensor " },
    { "03-tensor-count", "03-tensor-count.gguf: " },
    { "04-kv-count", "04-kv-count.gguf: " },
    { "05-offset-beyond-end", "tensor blk.0.ffn_up.weight: " },
    { "06-offset-wraps", "tensor blk.0.ffn_up.weight: " },
    { "07-overlap", "tensor blk.0.ffn_up.weight: " },
    { "08-unknown-type", "tensor blk.0.attn_q.weight: unknown type 200" },
    { "09-missing-key", "key qwen2vl.attention.head_count: missing" },
    { "10-block-count", "no tensor blk.1.attn_norm.weight" },
    { "11-string-length", "11-string-length.gguf: the name of key 3" },
    { "12-array-length", "key tokenizer.ggml.tokens: " },
    { "13-zero-dim", "tensor blk.0.attn_k.weight: dimension 1 is 0" },
    { "14-dims-overflow", "tensor blk.0.attn_k.weight: " },
    { "15-alignment", "key general.alignment: 24" },
    { "16-alignment-zero", "key general.alignment: 0" },
    { "17-shape", "tensor blk.0.attn_q.weight: rows of 16" },
    { "18-missing-tensor", "18-missing-tensor.gguf: tensor blk.0.ffn_gate" },
    { "19-version", "19-version.gguf: version 99" },
    { "20-architecture", "key general.architecture: \"llama\"" },
    { "21-n-dims", "4000000000 dimensions" },
    { "22-heads-zero", "key qwen2vl.attention.head_count: 0" },
    { "23-key-type", "key qwen2vl.block_count: expected an integer" },
    { "24-duplicate-tensor", "tensor blk.0.ffn_gate.weight: occurs twice" },
    { "30-mmproj-half-patch", "no tensor v.patch_embd.weight.1" },
    { "31-mmproj-pattern-zero", "key clip.vision.n_wa_pattern: 0" },
    { "32-mmproj-projector", "key clip.projector_type: \"qwen2vl_merger\"" },
    { "33-mmproj-block-count", "key clip.vision.block_count: 1000000000" },
    { "34-mmproj-projection", "key clip.vision.projection_dim: 48" },
  };
  g_autofree char *folder = golden_shared_path ("quantised/broken/gguf");
  g_autofree char *text = NULL, *tower = NULL;

  if (folder == NULL)
    return;
  text = g_build_filename (folder, "valid-text.gguf", NULL);
  tower = g_build_filename (folder, "valid-mmproj.gguf", NULL);
  assert_opens (text, tower);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree char *name = g_strconcat (files[i].name, ".gguf", NULL);
    g_autofree char *path = g_build_filename (folder, name, NULL);
    gboolean is_tower = strstr (name, "mmproj") != NULL;

    assert_refused (
        is_tower ? text : path, is_tower ? path : tower, files[i].message);
  }
}

static void
copy_files (const char *from, const char *to)
{
  g_autoptr (GDir) dir = g_dir_open (from, 0, NULL);

  for (const char *name; (name = g_dir_read_name (dir)) != NULL;) {
    gsize n_bytes;
    g_autofree char *data = files_read (from, name, &n_bytes);

    files_write (to, name, data, n_bytes);
  }
}

/* Every weight of both is the same. */
static void
assert_same_weights (const VlmCheckpoint *a, const VlmCheckpoint *b)
{
  g_assert_cmpuint (a->weights->n_items, ==, b->weights->n_items);
  for (guint i = 0; i < a->weights->n_items; i++) {
    const VlmCheckpoint *both[] = { a, b };
    guint8 *rows[2] = { NULL, NULL };
    gsize n_bytes[2];

    for (guint k = 0; k < 2; k++) {
      g_auto (VlmTensorView) view = { 0 };
      g_autoptr (GError) error = NULL;

      vlm_weight_item_find (
          &both[k]->weights->items[i], both[k]->source, &view, &error);
      g_assert_no_error (error);
      n_bytes[k] = view.n_bytes;
      rows[k] = g_malloc (view.n_bytes);
      vlm_tensor_view_read_rows (
          &view, 0, vlm_tensor_view_get_n_rows (&view), rows[k], &error);
      g_assert_no_error (error);
    }
    g_assert_cmpmem (rows[0], n_bytes[0], rows[1], n_bytes[1]);
    g_free (rows[0]);
    g_free (rows[1]);
  }
}

/* A fault may not matter; then everything is as in the control. A checkpoint is
 * refused or right, never wrong. */
static void
check_fault (const char *root, const char *kind, const char *fault)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autofree char *common = g_build_filename (root, "common", NULL);
  g_autofree char *valid = g_build_filename (root, kind, "valid", NULL);
  g_autofree char *broken = g_build_filename (root, kind, fault, NULL);
  g_autofree char *control = files_new_folder (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmCheckpoint) good = NULL, bad = NULL;

  copy_files (common, control);
  copy_files (valid, control);
  good = vlm_checkpoint_open (control, NULL, &error);
  g_assert_no_error (error);
  copy_files (control, folder);
  copy_files (broken, folder);
  bad = vlm_checkpoint_open (folder, NULL, &error);
  if (bad != NULL) {
    g_test_message ("%s/%s: right", kind, fault);
    assert_same_weights (good, bad);
  } else {
    g_test_message ("%s/%s: %s", kind, fault, error->message);
    g_assert_true (error->domain == VLM_LOAD_ERROR);
    g_assert_nonnull (strstr (error->message, folder));
  }
  files_remove (folder);
  files_remove (control);
}

static void
test_shared_directories (void)
{
  static const char *const kinds[] = { "hf-awq", "hf-gptq-int4",
    "hf-fp8-compressed-tensors", "hf-fp8-block", "hf-bnb-nf4" };
  g_autofree char *root = golden_shared_path ("quantised/broken/hf");

  if (root == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autofree char *path = g_build_filename (root, kinds[i], NULL);
    g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

    for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
      if (!g_str_equal (name, "valid"))
        check_fault (root, kinds[i], name);
  }
}

typedef void (*Damage) (const char *path);

static void
cut (const char *path)
{
  GStatBuf status;

  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (truncate (path, status.st_size / 2), ==, 0);
}

/* As a copy into the same file does. */
static void
write_over (const char *path)
{
  static const guint8 zeros[4096] = { 0 };
  FILE *file = g_fopen (path, "r+");

  g_assert_nonnull (file);
  g_assert_cmpint (fseek (file, -(long) sizeof zeros, SEEK_END), ==, 0);
  g_assert_cmpuint (fwrite (zeros, sizeof zeros, 1, file), ==, 1);
  g_assert_cmpint (fclose (file), ==, 0);
}

/* Weights that are damaged once they are open are never read without an error. */
static void
check_damage (const char *from, Damage damage)
{
  g_autofree char *folder = files_new_folder (from);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) weights = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (VlmCheckpoint) checkpoint = NULL;
  g_autoptr (GError) error = NULL;
  const struct utimbuf before = { 1000, 1000 };

  for (const char *name; (name = g_dir_read_name (dir)) != NULL;)
    if (g_str_has_suffix (name, ".safetensors") ||
        g_str_has_suffix (name, ".gguf")) {
      char *path = g_build_filename (folder, name, NULL);

      g_assert_cmpint (g_utime (path, (struct utimbuf *) &before), ==, 0);
      g_ptr_array_add (weights, path);
    }
  checkpoint = vlm_checkpoint_open (folder, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < weights->len; i++)
    damage (weights->pdata[i]);
  for (guint i = 0; i < checkpoint->weights->n_items; i++) {
    g_auto (VlmTensorView) view = { 0 };
    g_autofree guint8 *rows = NULL;
    g_autoptr (GError) fault = NULL;

    if (vlm_weight_item_find (&checkpoint->weights->items[i],
            checkpoint->source, &view, &fault)) {
      rows = g_malloc (view.n_bytes);
      vlm_tensor_view_read_rows (
          &view, 0, vlm_tensor_view_get_n_rows (&view), rows, &fault);
    }
    g_assert_nonnull (fault);
    g_assert_true (fault->domain == VLM_LOAD_ERROR);
    g_assert_nonnull (strstr (fault->message, folder));
  }
  files_remove (folder);
}

static void
test_damaged_while_loading (void)
{
  static const char *const kinds[] = { "hf-awq", "hf-gptq-int4",
    "hf-fp8-compressed-tensors", "hf-fp8-block", "hf-bnb-nf4" };
  static const Damage damages[] = { cut, write_over };
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *pair = files_new_folder (NULL);
  g_autoptr (GgufWriter) text = gguf_model_new_text ();
  g_autoptr (GgufWriter) tower = gguf_model_new_tower ();
  g_autofree char *text_path = gguf_model_write (text, pair, "text.gguf");
  g_autofree char *tower_path = gguf_model_write (tower, pair, "tower.gguf");
  g_autofree char *root = golden_shared_path ("quantised/broken/hf");

  for (guint i = 0; i < G_N_ELEMENTS (damages); i++) {
    check_damage (tiny, damages[i]);
    check_damage (pair, damages[i]);
    for (guint k = 0; root != NULL && k < G_N_ELEMENTS (kinds); k++) {
      g_autofree char *common = g_build_filename (root, "common", NULL);
      g_autofree char *valid = g_build_filename (root, kinds[k], "valid", NULL);
      g_autofree char *folder = files_new_folder (common);

      copy_files (valid, folder);
      check_damage (folder, damages[i]);
      files_remove (folder);
    }
  }
  files_remove (pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/checkpoint/pair", test_pair);
  g_test_add_func ("/checkpoint/directory", test_directory);
  g_test_add_func ("/checkpoint/bias", test_bias);
  g_test_add_func ("/checkpoint/shared-gguf", test_shared_gguf);
  g_test_add_func ("/checkpoint/shared-directories", test_shared_directories);
  g_test_add_func (
      "/checkpoint/damaged-while-loading", test_damaged_while_loading);
  return g_test_run ();
}
