/* gst-vlm: one forward pass of the language model
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * HF transformers modeling_qwen2_5_vl.py Qwen2_5_VLModel: pre-norm layers with
 * grouped-query attention and a SiLU-gated MLP; q, k and v have biases. */
#include "model/qwen2_5_vl/decoder.h"

void
vlm_decoder_init (VlmDecoder *decoder, VlmNet *net, VlmNn *nn)
{
  *decoder = (VlmDecoder){ .net = vlm_net_ref (net), .nn = nn };
}

static void
clear_scratch (VlmDecoder *decoder)
{
  vlm_nn_tensor_clear (&decoder->ids);
  vlm_nn_tensor_clear (&decoder->angles);
  vlm_nn_tensor_clear (&decoder->x);
  vlm_nn_tensor_clear (&decoder->normed);
  vlm_nn_tensor_clear (&decoder->qkv);
  vlm_nn_tensor_clear (&decoder->q);
  vlm_nn_tensor_clear (&decoder->attended);
  vlm_nn_tensor_clear (&decoder->mlp);
  vlm_nn_tensor_clear (&decoder->last_x);
  vlm_nn_tensor_clear (&decoder->last_q);
  decoder->max_tokens = decoder->max_sequences = 0;
}

void
vlm_decoder_clear (VlmDecoder *decoder)
{
  clear_scratch (decoder);
  vlm_nn_tensor_clear (&decoder->logits);
  decoder->max_logits = 0;
  g_clear_pointer (&decoder->net, vlm_net_unref);
}

static gboolean
init_scratch (VlmDecoder *decoder, guint n, guint n_sequences, GError **error)
{
  const VlmTextConfig *c = &decoder->net->config.text;
  guint n_q = c->n_heads * c->head_dim;
  guint n_qkv = n_q + 2 * c->n_kv_heads * c->head_dim;
  VlmNn *nn = decoder->nn;

  return vlm_nn_tensor_init (&decoder->ids, nn, n, 1, error) &&
      vlm_nn_tensor_init (&decoder->angles, nn,
          n + (VLM_NN_ROW_STEP - 1) * (n_sequences - 1), c->head_dim, error) &&
      vlm_nn_tensor_init (&decoder->x, nn, n, c->hidden_size, error) &&
      vlm_nn_tensor_init (&decoder->normed, nn, n, c->hidden_size, error) &&
      vlm_nn_tensor_init (&decoder->qkv, nn, n, n_qkv, error) &&
      vlm_nn_tensor_init (&decoder->q, nn, n, n_q, error) &&
      vlm_nn_tensor_init (&decoder->attended, nn, n, n_q, error) &&
      vlm_nn_tensor_init (&decoder->mlp, nn, n, c->intermediate_size, error) &&
      vlm_nn_tensor_init (
          &decoder->last_x, nn, n_sequences, c->hidden_size, error) &&
      vlm_nn_tensor_init (&decoder->last_q, nn, n_sequences, n_q, error);
}

gboolean
vlm_decoder_reserve (VlmDecoder *decoder, guint n_tokens, guint n_sequences,
    guint n_logits, GError **error)
{
  if (n_tokens > decoder->max_tokens || n_sequences > decoder->max_sequences) {
    n_tokens = MAX (n_tokens, decoder->max_tokens);
    n_sequences = MAX (n_sequences, decoder->max_sequences);
    clear_scratch (decoder);
    if (!init_scratch (decoder, n_tokens, n_sequences, error)) {
      clear_scratch (decoder);
      return FALSE;
    }
    decoder->max_tokens = n_tokens;
    decoder->max_sequences = n_sequences;
  }
  if (n_logits > decoder->max_logits) {
    vlm_nn_tensor_clear (&decoder->logits);
    decoder->max_logits = 0;
    if (!vlm_nn_tensor_init (&decoder->logits, decoder->nn, n_logits,
            decoder->net->config.text.vocab_size, error))
      return FALSE;
    decoder->max_logits = n_logits;
  }
  return TRUE;
}

/* Views of the scratch for the rows of a pass. */
typedef struct
{
  VlmNnTensor x, normed, qkv, q, attended, mlp;
} Rows;

static Rows
take_rows (const VlmDecoder *d, guint n)
{
  return (Rows){
    .x = vlm_nn_tensor_rows (&d->x, 0, n),
    .normed = vlm_nn_tensor_rows (&d->normed, 0, n),
    .qkv = vlm_nn_tensor_rows (&d->qkv, 0, n),
    .q = vlm_nn_tensor_rows (&d->q, 0, n),
    .attended = vlm_nn_tensor_rows (&d->attended, 0, n),
    .mlp = vlm_nn_tensor_rows (&d->mlp, 0, n),
  };
}

/* From here on only the last token of each sequence matters. */
static Rows
keep_last_rows (
    const VlmDecoder *d, const Rows *all, const VlmDecoderPass *pass)
{
  Rows last = take_rows (d, pass->n_sequences);

  vlm_nn_label (d->nn, "text.last_row");
  for (guint i = 0; i < pass->n_sequences; i++) {
    guint64 row = pass->sequences[i].first + pass->sequences[i].n - 1;

    vlm_nn_copy_rows (d->nn, &all->x, row, &d->last_x, i, 1);
    vlm_nn_copy_rows (d->nn, &all->q, row, &d->last_q, i, 1);
  }
  last.x = vlm_nn_tensor_rows (&d->last_x, 0, pass->n_sequences);
  last.q = vlm_nn_tensor_rows (&d->last_q, 0, pass->n_sequences);
  return last;
}

static void
record_qkv (const VlmDecoder *d, guint layer, const Rows *rows,
    const VlmDecoderPass *pass)
{
  const VlmTextConfig *c = &d->net->config.text;

  vlm_nn_label (d->nn, "text.norm");
  vlm_nn_rms_norm (d->nn, &rows->x,
      vlm_net_vector (d->net, VLM_WEIGHT_TEXT_NORM1, layer),
      (float) c->rms_norm_eps, &rows->normed);
  vlm_nn_label (d->nn, "text.qkv");
  vlm_nn_matmul (d->nn, &rows->normed,
      vlm_net_matrix (d->net, VLM_WEIGHT_TEXT_QKV, layer),
      vlm_net_vector (d->net, VLM_WEIGHT_TEXT_QKV_BIAS, layer), VLM_NN_STORE,
      &rows->qkv);
  vlm_nn_label (d->nn, "text.rope");
  for (guint i = 0; i < pass->n_sequences; i++) {
    const VlmDecoderSequence *s = &pass->sequences[i];
    VlmNnTensor qkv = vlm_nn_tensor_rows (&rows->qkv, s->first, s->n);
    VlmNnTensor angles = vlm_nn_tensor_rows (&d->angles, s->first_angle, s->n);
    VlmNnTensor q = vlm_nn_tensor_rows (&rows->q, s->first, s->n);

    vlm_nn_rope_split (
        d->nn, &qkv, &angles, c->n_heads, &q, &s->caches[layer], s->first_key);
  }
  vlm_model_taps_take (d->taps, d->nn, "text.q", (int) layer, &rows->q);
}

/* @last: rows are the last ones of the sequences. */
static void
record_attention (const VlmDecoder *d, guint layer, const Rows *rows,
    const VlmDecoderPass *pass, gboolean last)
{
  vlm_nn_label (d->nn, "text.attention");
  for (guint i = 0; i < pass->n_sequences; i++) {
    const VlmDecoderSequence *s = &pass->sequences[i];
    guint first = last ? i : s->first;
    guint n = last ? 1 : s->n;
    VlmNnTensor q = vlm_nn_tensor_rows (&rows->q, first, n);
    VlmNnTensor attended = vlm_nn_tensor_rows (&rows->attended, first, n);

    vlm_nn_attention (d->nn, &q, &s->caches[layer],
        last && s->n > 1 ? s->last_plan : s->plan, &attended);
  }
  vlm_nn_label (d->nn, "text.out");
  vlm_nn_matmul (d->nn, &rows->attended,
      vlm_net_matrix (d->net, VLM_WEIGHT_TEXT_OUT, layer), NULL, VLM_NN_ADD,
      &rows->x);
}

static void
record_mlp (const VlmDecoder *d, guint layer, const Rows *rows)
{
  vlm_nn_label (d->nn, "text.norm");
  vlm_nn_rms_norm (d->nn, &rows->x,
      vlm_net_vector (d->net, VLM_WEIGHT_TEXT_NORM2, layer),
      (float) d->net->config.text.rms_norm_eps, &rows->normed);
  vlm_nn_label (d->nn, "text.gate_up");
  vlm_nn_matmul (d->nn, &rows->normed,
      vlm_net_matrix (d->net, VLM_WEIGHT_TEXT_GATE_UP, layer), NULL,
      VLM_NN_SWIGLU, &rows->mlp);
  vlm_nn_label (d->nn, "text.down");
  vlm_nn_matmul (d->nn, &rows->mlp,
      vlm_net_matrix (d->net, VLM_WEIGHT_TEXT_DOWN, layer), NULL, VLM_NN_ADD,
      &rows->x);
}

static void
record_logits (const VlmDecoder *d, const Rows *rows)
{
  VlmNnTensor logits = vlm_nn_tensor_rows (&d->logits, 0, rows->x.n_rows);

  vlm_nn_label (d->nn, "text.norm");
  vlm_nn_rms_norm (d->nn, &rows->x,
      vlm_net_vector (d->net, VLM_WEIGHT_TEXT_NORM, 0),
      (float) d->net->config.text.rms_norm_eps, &rows->normed);
  vlm_model_taps_take (d->taps, d->nn, "text.norm", -1, &rows->normed);
  vlm_nn_label (d->nn, "text.head");
  vlm_nn_matmul (
      d->nn, &rows->normed, vlm_net_head (d->net), NULL, VLM_NN_STORE, &logits);
}

static void
record_embed (const VlmDecoder *d, const VlmDecoderPass *pass)
{
  VlmNnTensor ids = vlm_nn_tensor_rows (&d->ids, 0, pass->n_tokens);
  VlmNnTensor x = vlm_nn_tensor_rows (&d->x, 0, pass->n_tokens);

  vlm_nn_label (d->nn, "text.embed");
  vlm_nn_embed (d->nn, &ids, vlm_net_matrix (d->net, VLM_WEIGHT_TEXT_EMBED, 0),
      pass->features, &x);
  vlm_model_taps_take (d->taps, d->nn, "inputs_embeds", -1, &x);
}

void
vlm_decoder_record (VlmDecoder *decoder, const VlmDecoderPass *pass,
    guint first_layer, guint n_layers)
{
  guint depth = decoder->net->config.text.n_layers;
  Rows rows = take_rows (decoder, pass->n_tokens);

  g_assert (n_layers <= depth - first_layer);
  if (first_layer == 0)
    record_embed (decoder, pass);
  for (guint i = first_layer; i < first_layer + n_layers; i++) {
    gboolean last = i + 1 == depth && pass->logits == VLM_LOGITS_LAST &&
        pass->n_tokens > pass->n_sequences;

    record_qkv (decoder, i, &rows, pass);
    /* Later tokens need the last layer's keys and values, no more. */
    if (i + 1 == depth && pass->logits == VLM_LOGITS_NONE)
      return;
    if (last)
      rows = keep_last_rows (decoder, &rows, pass);
    record_attention (decoder, i, &rows, pass, last);
    record_mlp (decoder, i, &rows);
    vlm_model_taps_take (
        decoder->taps, decoder->nn, "text.layer", (int) i, &rows.x);
  }
  if (first_layer + n_layers == depth)
    record_logits (decoder, &rows);
}
