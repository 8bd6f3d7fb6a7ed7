/* gst-vlm: the table of checkpoint tensors, and checkpoints with one defect
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <glib/gstdio.h>
#include <vlm/vlm-error.h>

#include "io/model-dir.h"
#include "io/safetensors-writer.h"
#include "model/qwen2_5_vl/tensor-names.h"
#include "model/qwen2_5_vl/weights.h"
#include "tests/support/files.h"
#include "tests/support/golden.h"
#include "tests/support/warnings.h"

/* What loading does before anything is uploaded. */
static gboolean
check_folder (const char *path, guint64 *n_bytes, GError **error)
{
  g_autoptr (VlmModelDir) dir = vlm_model_dir_open (path, error);
  g_autoptr (VlmConfig) config =
      dir != NULL ? vlm_config_load (path, error) : NULL;
  g_autoptr (VlmTensorSource) source =
      config != NULL ? vlm_tensor_source_open (dir->weights, error) : NULL;

  if (source == NULL || !vlm_tensor_names_normalise (source, error))
    return FALSE;
  vlm_qwen_weights_settle_head (config, source);

  g_autoptr (VlmWeightList) list =
      vlm_weight_list_new (config, VLM_TENSOR_NAMES_HUGGING_FACE);
  if (!vlm_weight_list_check (list, config, source, n_bytes, error))
    return FALSE;
  g_assert_cmpuint (
      list->n_items, <=, vlm_tensor_source_get_n_tensors (source));
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
    guint n_out = list->places[first->weight].n_out;
    guint n_in = list->places[first->weight].n_in;

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
  for (guint weight = 0; weight < list->n_places; weight++)
    expected += list->places[weight].n_layers;
  g_assert_cmpuint (n_whole, ==, expected);
  g_assert_cmpuint (list->places[VLM_QWEN_TEXT_HEAD].n_layers, ==, 0);
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
    { "\"model.layers.0.self_attn.q_proj.weight\"",
        "\"model.layers.0.self_attn.q_proj.qweight\"", VLM_LOAD_ERROR_NOT_FOUND,
        "the layer is quantised, but config.json has no quantization_config" },
    { "\"BF16\",\"shape\":[408,64]", "\"I16\",\"shape\":[408,64]",
        VLM_LOAD_ERROR_UNSUPPORTED,
        "tensor model.embed_tokens.weight is of type I16" },
    { "\"shape\":[408,64]", "\"shape\":[64,408]", VLM_LOAD_ERROR_MISMATCH,
        "model.embed_tokens.weight has the shape [64, 408], "
        "but config.json requires [408, 64]" },
    { "\"shape\":[80,3,2,14,14]", "\"shape\":[80,1176]",
        VLM_LOAD_ERROR_MISMATCH, "requires [80, 3, 2, 14, 14]" },
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
find_first (const VlmWeightList *list, VlmQwenWeight weight)
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
  guint first = find_first (list, VLM_QWEN_TEXT_QKV);

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
  while (list->items[first].weight != VLM_QWEN_TEXT_QKV)
    first++;
  g_assert_true (vlm_weight_list_is_first (list, first));
  g_assert_false (vlm_weight_list_is_first (list, first + 1));
  g_assert_cmpuint (
      vlm_weight_list_get_segments (list, first, segments), ==, 1);
}

/* A gate and its value keep the types of their files. */
static void
test_mixed_pair (void)
{
  g_autoptr (VlmConfig) config = NULL;
  g_autoptr (VlmWeightList) list =
      check_with_f16 ("model.layers.1.mlp.up_proj.weight", &config);
  VlmNnSegment segments[VLM_WEIGHT_MAX_SEGMENTS];
  guint first = find_first (list, VLM_QWEN_TEXT_GATE_UP);

  g_assert_cmpuint (
      vlm_weight_list_get_segments (list, first, segments), ==, 2);
  g_assert_cmpint (segments[0].dtype, ==, VLM_DTYPE_BF16);
  g_assert_cmpint (segments[1].dtype, ==, VLM_DTYPE_BF16);
  first += 2;
  while (list->items[first].weight != VLM_QWEN_TEXT_GATE_UP)
    first++;
  g_assert_cmpuint (
      vlm_weight_list_get_segments (list, first, segments), ==, 2);
  g_assert_cmpint (segments[0].dtype, ==, VLM_DTYPE_BF16);
  g_assert_cmpint (segments[1].dtype, ==, VLM_DTYPE_F16);
  g_assert_cmpuint (segments[0].n_out, ==, config->text.intermediate_size);
  g_assert_cmpuint (segments[1].n_out, ==, config->text.intermediate_size);
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
  };
  /* What is in the files counts, and unneeded entries do not. */
  static const char *const harmless[] = {
    "\"model.language_model.norm.weight\":\"part-1.safetensors\"",
    "\"model.language_model.norm.weight\":\"part-0.safetensors\"",
    "\"model.language_model.norm.weight\":\"./part-0.safetensors\"",
    "\"x\":\"part-0.safetensors\"",
    "\"lm_head.weight\":\"part-0.safetensors\"",
    "\"lm_head.weight\":\"part-9.safetensors\"",
    "\"lm_head.weight\":null",
  };
  g_autofree char *folder = make_sharded ();
  g_autoptr (GError) error = NULL;
  gsize n_bytes;
  g_autofree char *good = files_read (folder, index, &n_bytes);
  static const char pointer[] =
      "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n";
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
  for (guint i = 0; i < G_N_ELEMENTS (harmless); i++) {
    files_write (folder, index, good, n_bytes);
    files_edit (folder, index, from, harmless[i]);
    check_folder (folder, NULL, &error);
    g_assert_no_error (error);
  }

  /* If a file is missing, the error names a tensor that should be in it. */
  g_autofree char *part = g_build_filename (folder, "part-1.safetensors", NULL);
  g_autofree char *away = g_build_filename (folder, "away", NULL);
  files_write (folder, index, good, n_bytes);
  g_assert_cmpint (g_rename (part, away), ==, 0);
  assert_refused (folder, VLM_LOAD_ERROR_NOT_FOUND,
      "it should be in part-1.safetensors (1 of 2 files are missing): "
      "download");
  files_write (folder, "part-1.safetensors", pointer, strlen (pointer));
  assert_refused (folder, VLM_LOAD_ERROR_NOT_FOUND, "\"git lfs pull\"");
  g_assert_cmpint (g_rename (away, part), ==, 0);

  files_write (folder, index, "{}", 2);
  assert_refused (folder, VLM_LOAD_ERROR_CORRUPT, "weight_map: missing");
  files_remove (folder);
}

typedef char *(*RenameFunc) (const char *name);

/* The tiny checkpoint with all its tensors under other names; those for which
 * @rename returns NULL are left out. The patch embedding is [out, t, y, x,
 * channels] with @channels_last. */
static char *
make_renamed (RenameFunc rename, gboolean channels_last)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *path = g_build_filename (tiny, "model.safetensors", NULL);
  g_autoptr (VlmSafetensors) tensors = vlm_safetensors_open (path, NULL);
  g_autoptr (VlmSafetensorsWriter) writer = vlm_safetensors_writer_new ();
  char *folder = files_new_folder (tiny);
  g_autofree char *copy = g_build_filename (folder, "model.safetensors", NULL);

  for (guint i = 0; i < vlm_safetensors_get_n_tensors (tensors); i++) {
    const char *old = vlm_safetensors_get_name (tensors, i);
    g_autofree char *name = rename (old);
    g_auto (VlmTensorView) view = { 0 };

    if (name == NULL)
      continue;
    vlm_safetensors_find (tensors, old, &view);
    g_autofree guint8 *data = vlm_tensor_view_read_all (&view, NULL);
    if (channels_last && view.n_dims == 5) {
      const guint16 *from = (const guint16 *) data;
      guint16 *to = g_new (guint16, view.n_elements);

      for (gsize k = 0; k < view.n_elements; k++) {
        gsize place = k / 3 % (2 * 14 * 14), channel = k % 3;

        to[k] = from[k / 1176 * 1176 + channel * 2 * 14 * 14 + place];
      }
      memcpy (data, to, view.n_bytes);
      g_free (to);
      memmove (view.shape + 1, view.shape + 2, 3 * sizeof *view.shape);
      view.shape[4] = 3;
    }
    vlm_safetensors_writer_add (
        writer, name, view.dtype, view.shape, view.n_dims, data);
  }
  g_assert_true (vlm_safetensors_writer_write (writer, copy, NULL));
  return folder;
}

static char *
rename_peft (const char *name)
{
  return g_strconcat ("base_model.model.", name, NULL);
}

static char *
rename_wrapped (const char *name)
{
  return g_str_has_prefix (name, "visual.")
      ? g_strconcat ("module._orig_mod.model.", name, NULL)
      : g_strconcat ("module._orig_mod.model.", name, NULL);
}

static char *
rename_mlx (const char *name)
{
  return g_str_has_prefix (name, "visual.")
      ? g_strconcat ("vision_tower.", name + strlen ("visual."), NULL)
      : g_strconcat ("language_model.", name, NULL);
}

static char *
rename_doubled (const char *name)
{
  return g_str_has_prefix (name, "visual.")
      ? g_strconcat ("model.model.", name, NULL)
      : g_strconcat (
            "model.model.language_model.", name + strlen ("model."), NULL);
}

static char *
rename_decoder_only (const char *name)
{
  return g_str_has_prefix (name, "visual.") ? NULL : g_strdup (name);
}

static char *
rename_unknown (const char *name)
{
  return g_strdup_printf ("%u.bin", g_str_hash (name));
}

static char *
rename_lora (const char *name)
{
  return g_str_equal (name, "model.layers.0.self_attn.q_proj.weight")
      ? g_strdup ("model.layers.0.self_attn.q_proj.base_layer.weight")
      : g_strdup (name);
}

static char *
rename_two (const char *name)
{
  if (g_str_equal (name, "model.layers.0.input_layernorm.weight"))
    return g_strdup ("teacher.layers.0.input_layernorm.weight");
  if (g_str_equal (name, "model.layers.0.post_attention_layernorm.weight"))
    return g_strdup ("student.layers.0.input_layernorm.weight");
  return g_strdup (name);
}

static void
test_renamed (void)
{
  static const RenameFunc good[] = { rename_peft, rename_wrapped, rename_mlx,
    rename_doubled };
  static const struct
  {
    RenameFunc rename;
    VlmLoadError code;
    const char *message;
  } bad[] = {
    { rename_decoder_only, VLM_LOAD_ERROR_NOT_FOUND,
        "no tensor visual.patch_embed.proj.weight (nor "
        "model.visual.patch_embed.proj.weight); there are 38 tensors: model.* "
        "(38)" },
    { rename_unknown, VLM_LOAD_ERROR_NOT_FOUND, "there are 80 tensors: " },
    { rename_lora, VLM_LOAD_ERROR_UNSUPPORTED, "LoRA adapter that is not" },
    { rename_two, VLM_LOAD_ERROR_MISMATCH,
        "student.layers.0.input_layernorm.weight and "
        "teacher.layers.0.input_layernorm.weight could both be" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    g_autofree char *folder = make_renamed (good[i], good[i] == rename_mlx);
    g_autoptr (GError) error = NULL;

    check_folder (folder, NULL, &error);
    g_assert_no_error (error);
    files_remove (folder);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *folder = make_renamed (bad[i].rename, FALSE);

    assert_refused (folder, bad[i].code, bad[i].message);
    files_remove (folder);
  }
}

static void
test_canonical (void)
{
  static const char *const names[][2] = {
    { "visual.blocks.3.norm1.weight", "visual.blocks.3.norm1.weight" },
    { "model.visual.merger.ln_q.weight", "visual.merger.ln_q.weight" },
    { "model.norm.weight", "model.norm.weight" },
    { "language_model.model.norm.weight", "model.norm.weight" },
    { "model.layers.0.input_layernorm.weight",
        "model.layers.0.input_layernorm.weight" },
    { "layers.11.mlp.down_proj.weight",
        "model.layers.11.mlp.down_proj.weight" },
    { "a.b.lm_head.weight", "lm_head.weight" },
    { "model.language_model.embed_tokens.weight", "model.embed_tokens.weight" },
    { "_fsdp_wrapped_module.model.layers.0._fsdp_wrapped_module.mlp._orig_mod."
      "up_proj.weight",
        "model.layers.0.mlp.up_proj.weight" },
    { "model.visual.blocks.3._checkpoint_wrapped_module.norm1.weight",
        "visual.blocks.3.norm1.weight" },
    { "_orig_mod.", NULL },
    { "_", NULL },
    { "model.layers.x.weight", NULL },
    { "custom_text_proj.weight", NULL },
    { "rotary_emb.inv_freq", NULL },
    { "", NULL },
    { ".", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *canonical = vlm_tensor_names_canonical (names[i][0]);

    g_assert_cmpstr (canonical, ==, names[i][1]);
  }
}

/* A kernel with its channels last gives the rows of one with them first. */
static void
test_channels_last (void)
{
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *folder = make_renamed (rename_mlx, TRUE);
  const char *const folders[] = { tiny, folder };
  guint8 *rows[2] = { NULL, NULL };
  gsize n_bytes = 0;

  for (guint i = 0; i < 2; i++) {
    g_autofree char *path =
        g_build_filename (folders[i], "model.safetensors", NULL);
    g_autoptr (VlmTensorSource) source = vlm_tensor_source_open (path, NULL);
    g_autoptr (VlmConfig) config = vlm_config_load (folders[i], NULL);
    g_autoptr (VlmWeightList) list =
        vlm_weight_list_new (config, VLM_TENSOR_NAMES_HUGGING_FACE);
    g_auto (VlmTensorView) view = { 0 };
    g_autoptr (GError) error = NULL;

    g_assert_true (vlm_tensor_names_normalise (source, NULL));
    vlm_weight_item_find (&list->items[0], source, &view, &error);
    g_assert_no_error (error);
    n_bytes = view.n_bytes;
    rows[i] = g_malloc (n_bytes);
    vlm_tensor_view_read_rows (&view, 0, 80, rows[i], &error);
    g_assert_no_error (error);
  }
  g_assert_cmpmem (rows[0], n_bytes, rows[1], n_bytes);
  g_free (rows[0]);
  g_free (rows[1]);
  files_remove (folder);
}

/* Writes lm_head.weight, whose bytes are the embedding's plus @change, into a
 * file of its own and an index of both. */
static char *
make_with_head (guint8 change)
{
  static const char index[] =
      "{\"weight_map\":{\"lm_head.weight\":\"head.safetensors\","
      "\"model.norm.weight\":\"model.safetensors\"}}";
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *path = g_build_filename (tiny, "model.safetensors", NULL);
  g_autoptr (VlmSafetensors) tensors = vlm_safetensors_open (path, NULL);
  g_autoptr (VlmSafetensorsWriter) writer = vlm_safetensors_writer_new ();
  char *folder = files_new_folder (tiny);
  g_autofree char *head = g_build_filename (folder, "head.safetensors", NULL);
  g_auto (VlmTensorView) view = { 0 };

  vlm_safetensors_find (tensors, "model.embed_tokens.weight", &view);
  g_autofree guint8 *data = vlm_tensor_view_read_all (&view, NULL);
  for (gsize i = 0; i < view.n_bytes; i++)
    data[i] += change;
  vlm_safetensors_writer_add (
      writer, "lm_head.weight", view.dtype, view.shape, view.n_dims, data);
  g_assert_true (vlm_safetensors_writer_write (writer, head, NULL));
  files_write (folder, "model.safetensors.index.json", index, strlen (index));
  return folder;
}

static void
test_head (void)
{
  g_autofree char *same = make_with_head (0);
  g_autofree char *other = make_with_head (1);
  g_autofree char *tiny = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *without = files_new_folder (tiny);
  guint64 n_tied, n_untied, n_disputed;

  g_assert_true (check_folder (same, &n_tied, NULL));
  warnings_expect_none ();
  g_assert_true (check_folder (other, &n_tied, NULL));
  warnings_expect ("lm_head.weight differs from model.embed_tokens.weight");
  files_edit (other, "config.json", "\"tie_word_embeddings\": true",
      "\"tie_word_embeddings\": false");
  g_assert_true (check_folder (other, &n_untied, NULL));
  g_assert_cmpuint (n_untied, >, n_tied);

  /* If config.json has both, the tensors that are there decide. */
  files_edit (other, "config.json", "\"tie_word_embeddings\": false",
      "\"tie_word_embeddings\": true, "
      "\"text_config\": {\"tie_word_embeddings\": false}");
  g_assert_true (check_folder (other, &n_disputed, NULL));
  g_assert_cmpuint (n_disputed, ==, n_untied);
  files_edit (without, "config.json", "\"tie_word_embeddings\": true",
      "\"tie_word_embeddings\": false, "
      "\"text_config\": {\"tie_word_embeddings\": true}");
  g_assert_true (check_folder (without, &n_disputed, NULL));
  g_assert_cmpuint (n_disputed, ==, n_tied);
  warnings_expect_none ();
  files_remove (same);
  files_remove (other);
  files_remove (without);
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
  assert_refused (
      folder, VLM_LOAD_ERROR_NOT_FOUND, "2 files of weights (second.safetens");
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
  warnings_keep ();
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
  g_test_add_func ("/weights/renamed", test_renamed);
  g_test_add_func ("/weights/canonical", test_canonical);
  g_test_add_func ("/weights/channels-last", test_channels_last);
  g_test_add_func ("/weights/head", test_head);
  g_test_add_func ("/weights/folders", test_folders);
  return g_test_run ();
}
