/* gst-vlm: a checkpoint of tests as a pair of GGUF files
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/gguf-model.h"

#include <string.h>

#include "io/json.h"
#include "io/safetensors.h"
#include "tests/support/files.h"
#include "tests/support/golden.h"

#define F32 0
#define BF16 30

/* Hugging Face's name to GGUF's: what comes before the number of the layer, and
 * what comes after it. */
static const struct
{
  const char *from, *to;
} starts[] = {
  { "visual.blocks.", "v.blk." },
  { "model.layers.", "blk." },
};

static const struct
{
  const char *from, *to;
} ends[] = {
  { "norm1.", "ln1." },
  { "norm2.", "ln2." },
  { "attn.proj.", "attn_out." },
  { "mlp.gate_proj.", "ffn_gate." },
  { "mlp.up_proj.", "ffn_up." },
  { "mlp.down_proj.", "ffn_down." },
  { "input_layernorm.", "attn_norm." },
  { "post_attention_layernorm.", "ffn_norm." },
  { "self_attn.q_proj.", "attn_q." },
  { "self_attn.k_proj.", "attn_k." },
  { "self_attn.v_proj.", "attn_v." },
  { "self_attn.o_proj.", "attn_output." },
}, wholes[] = {
  { "model.embed_tokens.weight", "token_embd.weight" },
  { "model.norm.weight", "output_norm.weight" },
  { "visual.merger.ln_q.weight", "v.post_ln.weight" },
  { "visual.merger.mlp.0.weight", "mm.0.weight" },
  { "visual.merger.mlp.0.bias", "mm.0.bias" },
  { "visual.merger.mlp.2.weight", "mm.2.weight" },
  { "visual.merger.mlp.2.bias", "mm.2.bias" },
};

static char *
gguf_name (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (wholes); i++)
    if (g_str_equal (name, wholes[i].from))
      return g_strdup (wholes[i].to);
  for (guint i = 0; i < G_N_ELEMENTS (starts); i++) {
    const char *layer = name + strlen (starts[i].from);

    if (!g_str_has_prefix (name, starts[i].from))
      continue;
    for (guint k = 0; k < G_N_ELEMENTS (ends); k++) {
      const char *rest = strchr (layer, '.') + 1;

      if (g_str_has_prefix (rest, ends[k].from))
        return g_strdup_printf ("%s%.*s%s%s", starts[i].to,
            (int) (rest - layer), layer, ends[k].to,
            rest + strlen (ends[k].from));
    }
  }
  g_error ("no name for %s", name);
}

/* Rows first … first + n - 1 of a matrix, or elements of a vector. */
static void
add_rows (GgufWriter *writer, const char *name, const VlmTensorView *view,
    guint64 first, guint64 n)
{
  g_autoptr (GError) error = NULL;
  guint64 n_cols = view->n_dims == 1 ? 1 : view->n_elements / view->shape[0];
  guint64 dims[2] = { n_cols, n };

  if (view->n_dims == 1) {
    g_autofree float *values = g_new (float, n);

    vlm_tensor_view_read_floats (view, first, n, values, &error);
    g_assert_no_error (error);
    gguf_add_tensor (writer, name, F32, &n, 1, values, n * sizeof *values);
    return;
  }

  gsize n_bytes = n * n_cols * vlm_dtype_size (view->dtype);
  g_autofree guint8 *rows = g_malloc (n_bytes);
  g_assert_cmpint (view->dtype, ==, VLM_DTYPE_BF16);
  vlm_tensor_view_read_rows (view, first, n, rows, &error);
  g_assert_no_error (error);
  gguf_add_tensor (writer, name, BF16, dims, 2, rows, n_bytes);
}

/* The patch kernel apart by frames, in F32 as the conversion writes it. */
static void
add_patch (GgufWriter *writer, const VlmTensorView *view)
{
  static const char *const names[] = { "v.patch_embd.weight",
    "v.patch_embd.weight.1" };
  const guint64 *s = view->shape;
  const guint64 dims[] = { s[4], s[3], s[1], s[0] };
  const gsize n_pixels = s[3] * s[4];
  g_autofree float *values = g_new (float, view->n_elements);
  g_autofree float *frame = g_new (float, view->n_elements / 2);
  g_autoptr (GError) error = NULL;

  vlm_tensor_view_read_floats (view, 0, view->n_elements, values, &error);
  g_assert_no_error (error);
  for (guint f = 0; f < 2; f++) {
    for (gsize i = 0; i < s[0] * s[1]; i++)
      memcpy (frame + i * n_pixels, values + (2 * i + f) * n_pixels,
          n_pixels * sizeof *frame);
    gguf_add_tensor (
        writer, names[f], F32, dims, 4, frame, view->n_elements / 2 * 4);
  }
}

/* Queries, keys and values apart. */
static void
add_thirds (GgufWriter *writer, const char *name, const VlmTensorView *view)
{
  static const char *const letters[] = { "q", "k", "v" };
  guint block =
      (guint) g_ascii_strtoull (name + strlen ("visual.blocks."), NULL, 10);
  guint64 n = view->shape[0] / 3;

  for (guint i = 0; i < 3; i++) {
    g_autofree char *third = g_strdup_printf (
        "v.blk.%u.attn_%s.%s", block, letters[i], strrchr (name, '.') + 1);

    add_rows (writer, third, view, i * n, n);
  }
}

static void
add_tensors (GgufWriter *writer, gboolean is_tower)
{
  g_autofree char *path =
      golden_data_path ("tiny", "checkpoint", "model.safetensors", NULL);
  g_autoptr (VlmSafetensors) file = vlm_safetensors_open (path, NULL);

  for (guint i = 0; i < vlm_safetensors_get_n_tensors (file); i++) {
    const char *name = vlm_safetensors_get_name (file, i);
    g_auto (VlmTensorView) view = { 0 };

    if (g_str_has_prefix (name, "visual.") != is_tower)
      continue;
    vlm_safetensors_find (file, name, &view);
    if (strstr (name, "patch_embed") != NULL) {
      add_patch (writer, &view);
    } else if (strstr (name, "attn.qkv") != NULL) {
      add_thirds (writer, name, &view);
    } else {
      g_autofree char *renamed = gguf_name (name);

      add_rows (writer, renamed, &view, 0, view.shape[0]);
    }
  }
}

static void
read_tokenizer (VlmJsonDocument **document, VlmJson *root)
{
  g_autofree char *path =
      golden_data_path ("tiny", "checkpoint", "tokenizer.json", NULL);
  g_autoptr (GError) error = NULL;

  *document = vlm_json_document_load (path, &error);
  g_assert_no_error (error);
  vlm_json_root (*document, root, &error);
  g_assert_no_error (error);
}

/* The vocabulary, the added tokens, and unused ones up to the rows of the
 * embedding. */
static void
add_tokens (GgufWriter *writer, const VlmJson *root, guint n_rows)
{
  g_auto (GStrv) tokens = g_new0 (char *, n_rows + 1);
  g_autofree gint32 *types = g_new (gint32, n_rows);
  JsonObject *object = json_node_get_object (root->node);
  JsonObject *model = json_object_get_object_member (object, "model");
  JsonObject *vocab = json_object_get_object_member (model, "vocab");
  JsonArray *added = json_object_get_array_member (object, "added_tokens");
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, vocab);
  while (json_object_iter_next (&iter, &name, &node)) {
    gint64 id = json_node_get_int (node);

    tokens[id] = g_strdup (name);
    types[id] = 1;
  }
  for (guint i = 0; i < json_array_get_length (added); i++) {
    JsonObject *token = json_array_get_object_element (added, i);
    gint64 id = json_object_get_int_member (token, "id");

    tokens[id] = g_strdup (json_object_get_string_member (token, "content"));
    /* The conversion takes what looks special for a control token. */
    types[id] = g_str_has_prefix (tokens[id], "<|") ? 3 : 4;
  }
  for (guint i = 0; i < n_rows; i++)
    if (tokens[i] == NULL) {
      tokens[i] = g_strdup_printf ("[PAD%u]", i);
      types[i] = 5;
    }
  gguf_add_strings (
      writer, "tokenizer.ggml.tokens", (const char *const *) tokens, n_rows);
  gguf_add_ints (writer, "tokenizer.ggml.token_type", types, n_rows);
}

static void
add_tokenizer (GgufWriter *writer, guint n_rows)
{
  g_autoptr (VlmJsonDocument) document = NULL;
  g_autoptr (GPtrArray) merges = g_ptr_array_new ();
  JsonArray *list;
  VlmJson root;

  read_tokenizer (&document, &root);
  gguf_add_string (writer, "tokenizer.ggml.model", "gpt2");
  gguf_add_string (writer, "tokenizer.ggml.pre", "qwen2");
  add_tokens (writer, &root, n_rows);
  list = json_object_get_array_member (
      json_object_get_object_member (json_node_get_object (root.node), "model"),
      "merges");
  for (guint i = 0; i < json_array_get_length (list); i++)
    g_ptr_array_add (
        merges, (gpointer) json_array_get_string_element (list, i));
  gguf_add_strings (writer, "tokenizer.ggml.merges",
      (const char *const *) merges->pdata, merges->len);
  gguf_add_uint (writer, "tokenizer.ggml.eos_token_id", 386);
}

GgufWriter *
gguf_model_new_text_keys (void)
{
  static const gint32 sections[] = { 4, 6, 6, 0 };
  GgufWriter *writer = gguf_writer_new ();

  gguf_add_string (writer, "general.architecture", "qwen2vl");
  gguf_add_float (writer, "general.sampling.temp", 1e-6f);
  gguf_add_float (writer, "general.sampling.penalty_repeat", 1.05f);
  gguf_add_uint (writer, "qwen2vl.block_count", 3);
  gguf_add_uint (writer, "qwen2vl.context_length", 128000);
  gguf_add_uint (writer, "qwen2vl.embedding_length", 64);
  gguf_add_uint (writer, "qwen2vl.feed_forward_length", 68);
  gguf_add_uint (writer, "qwen2vl.attention.head_count", 2);
  gguf_add_uint (writer, "qwen2vl.attention.head_count_kv", 1);
  gguf_add_ints (writer, "qwen2vl.rope.dimension_sections", sections, 4);
  gguf_add_float (writer, "qwen2vl.rope.freq_base", 1e6f);
  gguf_add_float (writer, "qwen2vl.attention.layer_norm_rms_epsilon", 1e-6f);
  add_tokenizer (writer, 408);
  return writer;
}

GgufWriter *
gguf_model_new_tower_keys (void)
{
  static const float mean[] = { 0.48145466f, 0.4578275f, 0.40821073f };
  static const float std[] = { 0.26862954f, 0.26130258f, 0.27577711f };
  GgufWriter *writer = gguf_writer_new ();

  gguf_add_string (writer, "general.architecture", "clip");
  gguf_add_bool (writer, "clip.has_vision_encoder", TRUE);
  gguf_add_uint (writer, "clip.vision.projection_dim", 64);
  gguf_add_uint (writer, "clip.vision.image_size", 560);
  gguf_add_uint (writer, "clip.vision.patch_size", 14);
  gguf_add_uint (writer, "clip.vision.embedding_length", 80);
  gguf_add_uint (writer, "clip.vision.feed_forward_length", 52);
  gguf_add_uint (writer, "clip.vision.block_count", 3);
  gguf_add_uint (writer, "clip.vision.attention.head_count", 1);
  gguf_add_floats (writer, "clip.vision.image_mean", mean, 3);
  gguf_add_floats (writer, "clip.vision.image_std", std, 3);
  gguf_add_string (writer, "clip.projector_type", "qwen2.5vl_merger");
  gguf_add_bool (writer, "clip.use_silu", TRUE);
  gguf_add_uint (writer, "clip.vision.n_wa_pattern", 2);
  gguf_add_float (writer, "clip.vision.attention.layer_norm_epsilon", 1e-6f);
  return writer;
}

GgufWriter *
gguf_model_new_text (void)
{
  GgufWriter *writer = gguf_model_new_text_keys ();

  add_tensors (writer, FALSE);
  return writer;
}

GgufWriter *
gguf_model_new_tower (void)
{
  GgufWriter *writer = gguf_model_new_tower_keys ();

  add_tensors (writer, TRUE);
  return writer;
}

char *
gguf_model_write (
    const GgufWriter *writer, const char *folder, const char *name)
{
  g_autoptr (GBytes) bytes = gguf_writer_finish (writer);
  gsize n_bytes;
  gconstpointer data = g_bytes_get_data (bytes, &n_bytes);

  files_write (folder, name, data, n_bytes);
  return g_build_filename (folder, name, NULL);
}
