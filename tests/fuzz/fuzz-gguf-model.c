/* gst-vlm: a pair of GGUF files with any bytes changed
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pair is a small valid one. The first byte of an input says which of the
 * two is changed; then come changes of four bytes each, three of where (little
 * endian) and one of what. So the input reaches what a key, a token or a tensor
 * means, which random bytes hardly do. */
#include <string.h>

#include "model/checkpoint.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/target.h"
#include "tests/support/gguf-writer.h"

#define F32 0
#define Q8_0 8
#define HIDDEN 32
#define CELL 64 /* four patches of 16 */

static void
add_zeros (GgufWriter *writer, const char *name, guint n_out, guint n_in)
{
  const guint64 dims[] = { n_in, n_out };
  gboolean is_vector = n_in == 1;

  if (is_vector)
    gguf_add_tensor (writer, name, F32, &dims[1], 1, NULL, n_out * 4);
  else if (n_in % 32 == 0)
    gguf_add_tensor (
        writer, name, Q8_0, dims, 2, NULL, (gsize) n_out * n_in / 32 * 34);
  else
    gguf_add_tensor (
        writer, name, F32, dims, 2, NULL, (gsize) n_out * n_in * 4);
}

/* "PREFIX.weight" and, where there is one, "PREFIX.bias". */
static void
add_layer (GgufWriter *writer, const char *prefix, guint n_out, guint n_in,
    gboolean has_bias)
{
  g_autofree char *weight = g_strconcat (prefix, ".weight", NULL);
  g_autofree char *bias = g_strconcat (prefix, ".bias", NULL);

  add_zeros (writer, weight, n_out, n_in);
  if (has_bias)
    add_zeros (writer, bias, n_out, 1);
}

/* GPT-2's spelling of a byte. */
static char *
spell (guint byte)
{
  static const guint gaps[] = { 0x00, 0x21, 0x7f, 0xa1, 0xad, 0xae };
  gunichar c = byte;
  char text[8] = { 0 };

  if (byte < gaps[1])
    c = 0x100 + byte;
  else if (byte >= gaps[2] && byte < gaps[3])
    c = 0x100 + gaps[1] + byte - gaps[2];
  else if (byte == gaps[4])
    c = 0x143;
  g_unichar_to_utf8 (c, text);
  return g_strdup (text);
}

static void
add_tokenizer (GgufWriter *writer)
{
  static const char *const special[] = { "<|endoftext|>", "<|im_start|>",
    "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>",
    "<|video_pad|>", "<tool_call>" };
  static const char *const merges[] = { "a b", "ab c" };
  const guint n = 256 + 2 + G_N_ELEMENTS (special);
  g_auto (GStrv) tokens = g_new0 (char *, n + 1);
  gint32 types[256 + 2 + G_N_ELEMENTS (special)];

  for (guint i = 0; i < n; i++)
    types[i] = i < 258 ? 1 : 3;
  types[n - 1] = 4;
  for (guint i = 0; i < 256; i++)
    tokens[i] = spell (i);
  tokens[256] = g_strdup ("ab");
  tokens[257] = g_strdup ("abc");
  for (guint i = 0; i < G_N_ELEMENTS (special); i++)
    tokens[258 + i] = g_strdup (special[i]);
  gguf_add_string (writer, "tokenizer.ggml.model", "gpt2");
  gguf_add_string (writer, "tokenizer.ggml.pre", "qwen2");
  gguf_add_strings (
      writer, "tokenizer.ggml.tokens", (const char *const *) tokens, n);
  gguf_add_ints (writer, "tokenizer.ggml.token_type", types, n);
  gguf_add_strings (
      writer, "tokenizer.ggml.merges", merges, G_N_ELEMENTS (merges));
  gguf_add_uint (writer, "tokenizer.ggml.eos_token_id", 260);
  add_zeros (writer, "token_embd.weight", n, HIDDEN);
}

static GBytes *
make_text (void)
{
  static const gint32 sections[] = { 2, 3, 3, 0 };
  g_autoptr (GgufWriter) writer = gguf_writer_new ();

  gguf_add_string (writer, "general.architecture", "qwen2vl");
  gguf_add_float (writer, "general.sampling.temp", 1e-6f);
  gguf_add_uint (writer, "qwen2vl.block_count", 1);
  gguf_add_uint (writer, "qwen2vl.context_length", 1000);
  gguf_add_uint (writer, "qwen2vl.embedding_length", HIDDEN);
  gguf_add_uint (writer, "qwen2vl.feed_forward_length", HIDDEN);
  gguf_add_uint (writer, "qwen2vl.attention.head_count", 2);
  gguf_add_uint (writer, "qwen2vl.attention.head_count_kv", 1);
  gguf_add_ints (writer, "qwen2vl.rope.dimension_sections", sections, 4);
  gguf_add_float (writer, "qwen2vl.rope.freq_base", 1e6f);
  gguf_add_float (writer, "qwen2vl.attention.layer_norm_rms_epsilon", 1e-6f);
  add_tokenizer (writer);
  add_layer (writer, "blk.0.attn_norm", HIDDEN, 1, FALSE);
  add_layer (writer, "blk.0.attn_q", HIDDEN, HIDDEN, TRUE);
  add_layer (writer, "blk.0.attn_k", HIDDEN / 2, HIDDEN, TRUE);
  add_layer (writer, "blk.0.attn_v", HIDDEN / 2, HIDDEN, TRUE);
  add_layer (writer, "blk.0.attn_output", HIDDEN, HIDDEN, FALSE);
  add_layer (writer, "blk.0.ffn_norm", HIDDEN, 1, FALSE);
  add_layer (writer, "blk.0.ffn_gate", HIDDEN, HIDDEN, FALSE);
  add_layer (writer, "blk.0.ffn_up", HIDDEN, HIDDEN, FALSE);
  add_layer (writer, "blk.0.ffn_down", HIDDEN, HIDDEN, FALSE);
  add_layer (writer, "output_norm", HIDDEN, 1, FALSE);
  return gguf_writer_finish (writer);
}

static GBytes *
make_tower (void)
{
  static const float colours[] = { 0.5f, 0.5f, 0.5f };
  static const guint64 patch[] = { 14, 14, 3, 16 };
  g_autoptr (GgufWriter) writer = gguf_writer_new ();

  gguf_add_string (writer, "general.architecture", "clip");
  gguf_add_string (writer, "clip.projector_type", "qwen2.5vl_merger");
  gguf_add_bool (writer, "clip.use_silu", TRUE);
  gguf_add_uint (writer, "clip.vision.projection_dim", HIDDEN);
  gguf_add_uint (writer, "clip.vision.patch_size", 14);
  gguf_add_uint (writer, "clip.vision.embedding_length", 16);
  gguf_add_uint (writer, "clip.vision.feed_forward_length", 20);
  gguf_add_uint (writer, "clip.vision.block_count", 1);
  gguf_add_uint (writer, "clip.vision.attention.head_count", 1);
  gguf_add_floats (writer, "clip.vision.image_mean", colours, 3);
  gguf_add_floats (writer, "clip.vision.image_std", colours, 3);
  gguf_add_uint (writer, "clip.vision.n_wa_pattern", 1);
  gguf_add_tensor (
      writer, "v.patch_embd.weight", F32, patch, 4, NULL, 16 * 588 * 4);
  gguf_add_tensor (
      writer, "v.patch_embd.weight.1", F32, patch, 4, NULL, 16 * 588 * 4);
  add_layer (writer, "v.blk.0.ln1", 16, 1, FALSE);
  add_layer (writer, "v.blk.0.attn_q", 16, 16, TRUE);
  add_layer (writer, "v.blk.0.attn_k", 16, 16, TRUE);
  add_layer (writer, "v.blk.0.attn_v", 16, 16, TRUE);
  add_layer (writer, "v.blk.0.attn_out", 16, 16, TRUE);
  add_layer (writer, "v.blk.0.ln2", 16, 1, FALSE);
  add_layer (writer, "v.blk.0.ffn_gate", 20, 16, TRUE);
  add_layer (writer, "v.blk.0.ffn_up", 20, 16, TRUE);
  add_layer (writer, "v.blk.0.ffn_down", 16, 20, TRUE);
  add_layer (writer, "v.post_ln", 16, 1, FALSE);
  add_layer (writer, "mm.0", CELL, CELL, TRUE);
  add_layer (writer, "mm.2", HIDDEN, CELL, TRUE);
  return gguf_writer_finish (writer);
}

static void
write_changed (const char *name, GBytes *file, const uint8_t *data, gsize n)
{
  gsize n_file;
  gconstpointer original = g_bytes_get_data (file, &n_file);
  g_autofree guint8 *copy = g_memdup2 (original, n_file);

  for (gsize i = 0; i + 4 <= n; i += 4) {
    gsize at = data[i] | (gsize) data[i + 1] << 8 | (gsize) data[i + 2] << 16;

    copy[at % n_file] = data[i + 3];
  }
  fuzz_write (name, copy, n_file);
}

/* What was accepted can be read and laid out. */
static void
read_weights (const VlmCheckpoint *checkpoint)
{
  for (guint i = 0; i < checkpoint->weights->n_items; i++) {
    g_auto (VlmTensorView) view = { 0 };
    g_autofree guint8 *rows = NULL;
    gboolean found = vlm_weight_item_find (
        &checkpoint->weights->items[i], checkpoint->source, &view, NULL);

    g_assert_true (found);
    rows = g_malloc (view.n_bytes);
    found = vlm_tensor_view_read_rows (
        &view, 0, vlm_tensor_view_get_n_rows (&view), rows, NULL);
    g_assert_true (found);
  }
  g_assert_cmpuint (
      vlm_weight_list_get_device_bytes (checkpoint->weights), >, 0);
}

static void
use_tokenizer (const VlmTokenizer *tokenizer)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  g_autofree char *text = NULL;

  vlm_tokenizer_encode (tokenizer, "abc <|im_start|> é", -1, TRUE, ids);
  text = vlm_tokenizer_decode (
      tokenizer, (const gint32 *) (gpointer) ids->data, ids->len);
  g_assert_true (g_utf8_validate (text, -1, NULL));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  static GBytes *text, *tower;
  g_autofree char *path = g_build_filename (fuzz_folder (), "a.gguf", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmCheckpoint) checkpoint = NULL;
  g_autoptr (VlmTokenizer) tokenizer = NULL;
  gboolean is_tower = n_bytes > 0 && data[0] % 2 == 1;

  if (text == NULL) {
    text = make_text ();
    tower = make_tower ();
  }
  if (n_bytes > 0) {
    data++;
    n_bytes--;
  }
  write_changed ("a.gguf", text, data, is_tower ? 0 : n_bytes);
  write_changed ("b.gguf", tower, data, is_tower ? n_bytes : 0);
  checkpoint = vlm_checkpoint_open (path, NULL, &error);
  g_assert_true ((checkpoint != NULL) == (error == NULL));
  /* Nothing was changed. */
  g_assert_true (n_bytes >= 4 || checkpoint != NULL);
  if (checkpoint == NULL)
    return 0;
  read_weights (checkpoint);
  tokenizer = vlm_checkpoint_load_tokenizer (checkpoint, &error);
  g_assert_true ((tokenizer != NULL) == (error == NULL));
  if (tokenizer != NULL)
    use_tokenizer (tokenizer);
  return 0;
}
