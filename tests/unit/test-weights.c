/* gst-vlm: the table of checkpoint tensors, and checkpoints with one defect
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <glib/gstdio.h>
#include <vlm/vlm-error.h>

#include "io/model-dir.h"
#include "io/safetensors-writer.h"
#include "model/qwen2_5_vl/weights.h"
#include "tests/support/files.h"
#include "tests/support/golden.h"

/* What loading does before anything is uploaded. */
static gboolean
check_folder (const char *path, guint64 *n_bytes, GError **error)
{
  g_autoptr (VlmModelDir) dir = vlm_model_dir_open (path, error);
  g_autoptr (VlmConfig) config =
      dir != NULL ? vlm_config_load (path, error) : NULL;
  g_autoptr (VlmTensorSource) source =
      config != NULL ? vlm_tensor_source_open (dir->weights, error) : NULL;

  if (source == NULL)
    return FALSE;

  g_autoptr (VlmWeightList) list =
      vlm_weight_list_new (config, VLM_TENSOR_NAMES_HUGGING_FACE);
  if (!vlm_weight_list_check (list, config, source, n_bytes, error))
    return FALSE;
  g_assert_cmpuint (
      list->n_items, ==, vlm_tensor_source_get_n_tensors (source));
  return TRUE;
}

/* Old names, new names, shards and both dtypes describe the same network. */
static void
test_reference (gconstpointer name)
{
  g_autofree char *relative = g_strconcat ("golden/checkpoints/", name, NULL);
  g_autofree char *path = golden_shared_path (relative);
  g_autoptr (GError) error = NULL;
  guint64 n_bytes;

  if (path == NULL)
    return;
  check_folder (path, &n_bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (
      n_bytes, ==, strstr (name, "bf16") != NULL ? 2364736 : 2 * 2364736);
}

static void
test_tiny (void)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autoptr (GError) error = NULL;
  guint64 n_bytes;

  check_folder (tiny, &n_bytes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_bytes, >, 800000);
}

/* The parts of a weight fill it exactly: no row is left out or written twice,
 * and the parts of one weight come one after another. */
static void
test_parts_fill (void)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autoptr (VlmConfig) config = vlm_config_load (tiny, NULL);
  g_autoptr (VlmWeightList) list =
      vlm_weight_list_new (config, VLM_TENSOR_NAMES_HUGGING_FACE);
  guint n_whole = 0;

  for (guint i = 0, end; i < list->n_items; i = end, n_whole++) {
    const VlmWeightItem *first = &list->items[i];
    guint n_out, n_in;

    vlm_weight_get_size (first->weight, config, &n_out, &n_in);
    g_autofree guint8 *filled = g_malloc0 (n_out + 16);
    for (end = i; end < list->n_items; end++) {
      const VlmWeightItem *item = &list->items[end];

      if (item->weight != first->weight || item->layer != first->layer)
        break;
      g_assert_cmpuint (item->n_in, ==, n_in);
      for (guint row = 0; row < item->n_out; row++) {
        guint place = vlm_nn_rows_place (item->rows, item->first_out + row);

        g_assert_cmpuint (place, <, n_out + 16);
        g_assert_cmpuint (filled[place]++, ==, 0);
      }
    }
    if (first->rows == VLM_NN_ROWS_PLAIN)
      for (guint row = 0; row < n_out; row++)
        g_assert_cmpuint (filled[row], ==, 1);
  }

  guint expected = 0;
  for (guint weight = 0; weight < VLM_N_WEIGHTS; weight++)
    expected += vlm_weight_get_n_layers (weight, config);
  g_assert_cmpuint (n_whole, ==, expected);
  g_assert_cmpuint (
      vlm_weight_get_n_layers (VLM_WEIGHT_TEXT_HEAD, config), ==, 0);
}

/* 8.29 billion parameters: the table knows the 7B model without its files. */
static void
test_7b (void)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autoptr (VlmConfig) config = vlm_config_load (tiny, NULL);
  guint64 n = 0;

  config->vision = (VlmVisionConfig){ .depth = 32,
    .hidden_size = 1280,
    .n_heads = 16,
    .head_dim = 80,
    .intermediate_size = 3420,
    .out_hidden_size = 3584,
    .in_channels = 3,
    .patch_size = 14,
    .temporal_patch_size = 2,
    .spatial_merge_size = 2 };
  config->text = (VlmTextConfig){ .hidden_size = 3584,
    .n_layers = 28,
    .n_heads = 28,
    .n_kv_heads = 4,
    .head_dim = 128,
    .intermediate_size = 18944,
    .vocab_size = 152064 };

  g_autoptr (VlmWeightList) list =
      vlm_weight_list_new (config, VLM_TENSOR_NAMES_HUGGING_FACE);
  for (guint i = 0; i < list->n_items; i++)
    n += (guint64) list->items[i].n_out * list->items[i].n_in;
  g_assert_cmpuint (list->n_items, ==, 729);
  g_assert_cmpuint (n, ==, G_GUINT64_CONSTANT (8292166656));
}

static void
assert_refused (const char *folder, VlmLoadError code, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (check_folder (folder, NULL, &error));
  g_assert_error (error, VLM_LOAD_ERROR, (int) code);
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, message);
  g_assert_nonnull (strstr (error->message, folder));
}

/* The tiny checkpoint with an edited header. */
static void
test_tensor_defects (void)
{
  static const struct
  {
    const char *from;
    const char *to;
    VlmLoadError code;
    const char *message;
  } defects[] = {
    { "\"model.norm.weight\"", "\"model.norm.wait\"", VLM_LOAD_ERROR_NOT_FOUND,
        "no tensor model.norm.weight (nor model.language_model.norm.weight)" },
    { "\"BF16\",\"shape\":[408,64]", "\"I16\",\"shape\":[408,64]",
        VLM_LOAD_ERROR_UNSUPPORTED,
        "tensor model.embed_tokens.weight is of type I16" },
    { "\"shape\":[408,64]", "\"shape\":[64,408]", VLM_LOAD_ERROR_MISMATCH,
        "model.embed_tokens.weight has the shape [64, 408], "
        "config.json asks for [408, 64]" },
    { "\"shape\":[80,3,2,14,14]", "\"shape\":[80,1176]",
        VLM_LOAD_ERROR_MISMATCH, "asks for [80, 3, 2, 14, 14]" },
  };
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  gsize n_bytes, data_offset;
  g_autofree char *file = files_read (tiny, "model.safetensors", &n_bytes);
  g_autofree char *header = files_safetensors_header (file, &data_offset);

  for (guint i = 0; i < G_N_ELEMENTS (defects); i++) {
    g_autofree char *folder = files_new_folder (tiny);
    g_autofree char *damaged =
        files_replace (header, defects[i].from, defects[i].to);
    gsize n_damaged;
    g_autofree char *joined = files_safetensors_join (
        damaged, file + data_offset, n_bytes - data_offset, &n_damaged);

    files_write (folder, "model.safetensors", joined, n_damaged);
    assert_refused (folder, defects[i].code, defects[i].message);
    files_remove (folder);
  }
}

/* The tiny checkpoint with one tensor of another type of the same size. */
static VlmWeightList *
check_with_f16 (const char *name, VlmConfig **config)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *folder = files_new_folder (tiny);
  g_autofree char *path = g_build_filename (folder, "model.safetensors", NULL);
  g_autofree char *from = g_strdup_printf ("\"%s\":{\"dtype\":\"BF16\"", name);
  g_autofree char *to = g_strdup_printf ("\"%s\":{\"dtype\":\"F16\"", name);
  gsize n_bytes, data_offset, n_changed;
  g_autofree char *file = files_read (tiny, "model.safetensors", &n_bytes);
  g_autofree char *header = files_safetensors_header (file, &data_offset);
  g_autofree char *changed = files_replace (header, from, to);
  g_autofree char *joined = files_safetensors_join (
      changed, file + data_offset, n_bytes - data_offset, &n_changed);
  g_autoptr (GError) error = NULL;

  files_write (folder, "model.safetensors", joined, n_changed);
  *config = vlm_config_load (folder, &error);
  g_assert_no_error (error);

  g_autoptr (VlmTensorSource) source = vlm_tensor_source_open (path, &error);
  g_assert_no_error (error);

  g_autoptr (VlmWeightList) list =
      vlm_weight_list_new (*config, VLM_TENSOR_NAMES_HUGGING_FACE);
  vlm_weight_list_check (list, *config, source, NULL, &error);
  g_assert_no_error (error);
  files_remove (folder);
  return g_steal_pointer (&list);
}

static guint
find_first (const VlmWeightList *list, VlmWeight weight)
{
  guint i = 0;

  while (list->items[i].weight != weight)
    i++;
  return i;
}

/* Queries, keys and values may be of several types, as merging leaves them: each
 * keeps its own. */
static void
test_mixed_types (void)
{
  g_autoptr (VlmConfig) config = NULL;
  g_autoptr (VlmWeightList) list =
      check_with_f16 ("model.layers.0.self_attn.k_proj.weight", &config);
  const guint n_kv = config->text.n_kv_heads * config->text.head_dim;
  VlmNnSegment segments[VLM_WEIGHT_MAX_SEGMENTS];
  guint first = find_first (list, VLM_WEIGHT_TEXT_QKV);

  g_assert_cmpuint (
      vlm_weight_list_get_segments (list, first, segments), ==, 3);
  g_assert_cmpint (segments[0].dtype, ==, VLM_DTYPE_BF16);
  g_assert_cmpuint (
      segments[0].n_out, ==, config->text.n_heads * config->text.head_dim);
  g_assert_cmpint (segments[1].dtype, ==, VLM_DTYPE_F16);
  g_assert_cmpuint (segments[1].n_out, ==, n_kv);
  g_assert_cmpint (segments[2].dtype, ==, VLM_DTYPE_BF16);
  g_assert_cmpuint (segments[2].n_out, ==, n_kv);
  /* Those of the next layer are of one type, and one segment. */
  first += 3;
  while (list->items[first].weight != VLM_WEIGHT_TEXT_QKV)
    first++;
  g_assert_true (vlm_weight_list_is_first (list, first));
  g_assert_false (vlm_weight_list_is_first (list, first + 1));
  g_assert_cmpuint (
      vlm_weight_list_get_segments (list, first, segments), ==, 1);
}

/* The rows of a gate and its value take turns, so they have one type: the one
 * that holds both exactly. */
static void
test_mixed_pair (void)
{
  g_autoptr (VlmConfig) config = NULL;
  g_autoptr (VlmWeightList) list =
      check_with_f16 ("model.layers.1.mlp.up_proj.weight", &config);
  VlmNnSegment segments[VLM_WEIGHT_MAX_SEGMENTS];
  guint first = find_first (list, VLM_WEIGHT_TEXT_GATE_UP);

  vlm_weight_list_get_segments (list, first, segments);
  g_assert_cmpint (segments[0].dtype, ==, VLM_DTYPE_BF16);
  first += 2;
  while (list->items[first].weight != VLM_WEIGHT_TEXT_GATE_UP)
    first++;
  g_assert_cmpuint (
      vlm_weight_list_get_segments (list, first, segments), ==, 1);
  g_assert_cmpint (segments[0].dtype, ==, VLM_DTYPE_F32);
  g_assert_cmpuint (segments[0].n_out, ==, 2 * config->text.intermediate_size);
}

static void
test_depth (void)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *folder = files_new_folder (tiny);

  files_edit (folder, "config.json", "\"num_hidden_layers\": 3",
      "\"num_hidden_layers\": 2");
  assert_refused (folder, VLM_LOAD_ERROR_MISMATCH,
      "model.layers.2.input_layernorm.weight is beyond the "
      "num_hidden_layers of 2");
  files_edit (folder, "config.json", "\"num_hidden_layers\": 2",
      "\"num_hidden_layers\": 4");
  assert_refused (folder, VLM_LOAD_ERROR_NOT_FOUND,
      "no tensor model.layers.3.input_layernorm.weight");
  files_remove (folder);
}

static void
test_untied (void)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *folder = files_new_folder (tiny);

  files_edit (folder, "config.json", "\"tie_word_embeddings\": true",
      "\"tie_word_embeddings\": false");
  assert_refused (folder, VLM_LOAD_ERROR_NOT_FOUND, "no tensor lm_head.weight");
  files_remove (folder);
}

/* The tiny checkpoint in two shards, with the new names. */
static char *
make_sharded (void)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *path = g_build_filename (tiny, "model.safetensors", NULL);
  g_autoptr (VlmSafetensors) tensors = vlm_safetensors_open (path, NULL);
  g_autoptr (GString) index = g_string_new ("{\"weight_map\":{");
  char *folder = files_new_folder (tiny);
  guint n = vlm_safetensors_get_n_tensors (tensors);

  for (guint shard = 0; shard < 2; shard++) {
    g_autoptr (VlmSafetensorsWriter) writer = vlm_safetensors_writer_new ();
    g_autofree char *name = g_strdup_printf ("part-%u.safetensors", shard);
    g_autofree char *shard_path = g_build_filename (folder, name, NULL);

    for (guint i = shard; i < n; i += 2) {
      g_auto (VlmTensorView) view = { 0 };
      const char *old = vlm_safetensors_get_name (tensors, i);
      g_autofree char *renamed = g_str_has_prefix (old, "visual.")
          ? g_strconcat ("model.", old, NULL)
          : g_strconcat (
                "model.language_model.", old + strlen ("model."), NULL);

      vlm_safetensors_find (tensors, old, &view);
      g_autofree guint8 *data = vlm_tensor_view_read_all (&view, NULL);
      vlm_safetensors_writer_add (
          writer, renamed, view.dtype, view.shape, view.n_dims, data);
      g_string_append_printf (index, "%s\"%s\":\"%s\"",
          index->str[index->len - 1] == '{' ? "" : ",", renamed, name);
    }
    g_assert_true (vlm_safetensors_writer_write (writer, shard_path, NULL));
  }
  g_string_append (index, "}}");
  files_write (folder, "model.safetensors.index.json", index->str, index->len);

  g_autofree char *whole = g_build_filename (folder, "model.safetensors", NULL);
  g_assert_cmpint (g_remove (whole), ==, 0);
  return folder;
}

static void
test_shards (void)
{
  static const char index[] = "model.safetensors.index.json";
  static const char place[] =
      "\"model.language_model.norm.weight\":\"part-0.safetensors\"";
  static const struct
  {
    const char *to;
    VlmLoadError code;
    const char *message;
  } defects[] = {
    { "\"model.language_model.norm.weight\":\"../part-0.safetensors\"",
        VLM_LOAD_ERROR_CORRUPT,
        "weight_map.model.language_model.norm.weight: "
        "\"../part-0.safetensors\" is not the name of a file" },
    { "\"model.language_model.norm.weight\":\"/etc/passwd\"",
        VLM_LOAD_ERROR_CORRUPT, "\"/etc/passwd\" is not the name" },
    { "\"model.language_model.norm.weight\":\"..\"", VLM_LOAD_ERROR_CORRUPT,
        "\"..\" is not the name" },
    { "\"model.language_model.norm.weight\":\"\"", VLM_LOAD_ERROR_CORRUPT,
        "\"\" is not the name" },
    { "\"model.language_model.norm.weight\":3", VLM_LOAD_ERROR_CORRUPT,
        "expected a string" },
    { "\"model.language_model.norm.weight\":\"part-1.safetensors\"",
        VLM_LOAD_ERROR_MISMATCH,
        "model.language_model.norm.weight should be in part-1.safetensors" },
    { "\"model.language_model.norm.weight\":\"part-9.safetensors\"",
        VLM_LOAD_ERROR_NOT_FOUND, "part-9.safetensors" },
    { "\"x\":\"part-0.safetensors\"", VLM_LOAD_ERROR_MISMATCH,
        "x should be in part-0.safetensors" },
  };
  g_autofree char *folder = make_sharded ();
  g_autoptr (GError) error = NULL;
  gsize n_bytes;
  g_autofree char *good = files_read (folder, index, &n_bytes);
  const char *from = strstr (good, place) != NULL
      ? place
      : "\"model.language_model.norm.weight\":\"part-1.safetensors\"";

  check_folder (folder, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (defects); i++) {
    if (g_str_equal (defects[i].to, from))
      continue;
    files_write (folder, index, good, n_bytes);
    files_edit (folder, index, from, defects[i].to);
    assert_refused (folder, defects[i].code, defects[i].message);
  }
  files_write (folder, index, "{}", 2);
  assert_refused (folder, VLM_LOAD_ERROR_CORRUPT, "weight_map: missing");
  files_remove (folder);
}

static void
test_folders (void)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *folder = files_new_folder (tiny);
  g_autofree char *whole = g_build_filename (folder, "model.safetensors", NULL);
  g_autofree char *other = g_build_filename (folder, "tiny.safetensors", NULL);
  g_autofree char *config = g_build_filename (folder, "config.json", NULL);
  g_autoptr (GError) error = NULL;

  /* A sole file of another name will do; two will not. */
  g_assert_cmpint (g_rename (whole, other), ==, 0);
  check_folder (folder, NULL, &error);
  g_assert_no_error (error);
  files_write (folder, "second.safetensors", "", 0);
  assert_refused (folder, VLM_LOAD_ERROR_NOT_FOUND, "2 *.safetensors files");
  files_remove (folder);

  g_autofree char *bare = files_new_folder (NULL);
  assert_refused (bare, VLM_LOAD_ERROR_NOT_FOUND, "no config.json");
  files_write (bare, "config.json", "{}", 2);
  assert_refused (bare, VLM_LOAD_ERROR_NOT_FOUND, "neither model.safetensors");
  files_write (bare, "pytorch_model.bin", "", 0);
  assert_refused (bare, VLM_LOAD_ERROR_UNSUPPORTED, "pytorch_model.bin is not");
  files_remove (bare);
  assert_refused (bare, VLM_LOAD_ERROR_NOT_FOUND, "no such directory");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func (
      "/weights/reference/bf16", "tiny-a-bf16", test_reference);
  g_test_add_data_func ("/weights/reference/f32", "tiny-a-f32", test_reference);
  g_test_add_data_func (
      "/weights/reference/new-names", "tiny-a-f32-newnames", test_reference);
  g_test_add_data_func (
      "/weights/reference/shards", "tiny-a-bf16-3shards", test_reference);
  g_test_add_func ("/weights/tiny", test_tiny);
  g_test_add_func ("/weights/parts-fill", test_parts_fill);
  g_test_add_func ("/weights/7b", test_7b);
  g_test_add_func ("/weights/tensor-defects", test_tensor_defects);
  g_test_add_func ("/weights/mixed-types", test_mixed_types);
  g_test_add_func ("/weights/mixed-pair", test_mixed_pair);
  g_test_add_func ("/weights/depth", test_depth);
  g_test_add_func ("/weights/untied", test_untied);
  g_test_add_func ("/weights/shards", test_shards);
  g_test_add_func ("/weights/folders", test_folders);
  return g_test_run ();
}
