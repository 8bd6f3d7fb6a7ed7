/* gst-vlm: one forward pass of the language model
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * HF transformers modeling_qwen2_5_vl.py Qwen2_5_VLModel: pre-norm layers with
 * grouped-query attention and a SiLU-gated MLP; q, k and v have biases. */
#include "model/qwen2_5_vl/decoder.h"

#include <string.h>

#include "model/qwen2_5_vl/weights.h"

typedef struct
{
  VlmDecoder base;
  guint max_tokens; /* rows of the scratch below */
  guint max_sequences;
  guint max_logits;
  VlmNnTensor x;        /* [T, hidden]: the residual stream */
  VlmNnTensor normed;   /* [T, hidden] */
  VlmNnTensor qkv;      /* [T, (H + 2K) * D] */
  VlmNnTensor q;        /* [T, H * D] */
  VlmNnTensor attended; /* [T, H * D] */
  VlmNnTensor mlp;      /* [T, inter] */
  VlmNnTensor last_x;   /* [S, hidden] */
  VlmNnTensor last_q;   /* [S, H * D] */
} Decoder;

const VlmNnMatrix *
vlm_qwen_head (const VlmNet *net)
{
  return vlm_net_matrix (
      net, net->config.text.tied ? VLM_QWEN_TEXT_EMBED : VLM_QWEN_TEXT_HEAD, 0);
}

VlmDecoder *
vlm_qwen_decoder_new (void)
{
  Decoder *decoder = g_new0 (Decoder, 1);

  return &decoder->base;
}

/* A part of the scratch, and how large it is. */
typedef struct
{
  gsize offset; /* of its tensor */
  guint64 n_rows;
  guint n_cols;
} Room;

#define N_ROOMS 10

static void
list_rooms (
    const VlmTextConfig *c, guint n, guint n_sequences, Room rooms[N_ROOMS])
{
  const guint n_q = c->n_heads * c->head_dim;
  const guint n_qkv = n_q + 2 * c->n_kv_heads * c->head_dim;
  const guint n_angles = n + (VLM_NN_ROW_STEP - 1) * (n_sequences - 1);
  const Room list[N_ROOMS] = {
    { G_STRUCT_OFFSET (Decoder, base.ids), n, 1 },
    { G_STRUCT_OFFSET (Decoder, base.angles), n_angles, c->head_dim },
    { G_STRUCT_OFFSET (Decoder, x), n, c->hidden_size },
    { G_STRUCT_OFFSET (Decoder, normed), n, c->hidden_size },
    { G_STRUCT_OFFSET (Decoder, qkv), n, n_qkv },
    { G_STRUCT_OFFSET (Decoder, q), n, n_q },
    { G_STRUCT_OFFSET (Decoder, attended), n, n_q },
    { G_STRUCT_OFFSET (Decoder, mlp), n, c->intermediate_size },
    { G_STRUCT_OFFSET (Decoder, last_x), n_sequences, c->hidden_size },
    { G_STRUCT_OFFSET (Decoder, last_q), n_sequences, n_q },
  };

  memcpy (rooms, list, sizeof list);
}

static VlmNnTensor *
room_tensor (Decoder *decoder, const Room *room)
{
  return G_STRUCT_MEMBER_P (decoder, room->offset);
}

guint64
vlm_qwen_decoder_bytes (
    const VlmConfig *config, guint n_tokens, guint n_sequences, guint n_logits)
{
  guint64 n_bytes = vlm_nn_tensor_bytes (n_logits, config->text.vocab_size);
  Room rooms[N_ROOMS];

  list_rooms (&config->text, n_tokens, n_sequences, rooms);
  for (guint i = 0; i < N_ROOMS; i++)
    n_bytes += vlm_nn_tensor_bytes (rooms[i].n_rows, rooms[i].n_cols);
  return n_bytes;
}

static void
clear_scratch (Decoder *decoder)
{
  Room rooms[N_ROOMS];

  list_rooms (&decoder->base.net->config.text, 1, 1, rooms);
  for (guint i = 0; i < N_ROOMS; i++)
    vlm_nn_tensor_clear (room_tensor (decoder, &rooms[i]));
  decoder->max_tokens = decoder->max_sequences = 0;
}

void
vlm_qwen_decoder_free (VlmDecoder *base)
{
  Decoder *decoder = (Decoder *) base;

  clear_scratch (decoder);
  g_free (decoder);
}

static gboolean
init_scratch (Decoder *decoder, guint n, guint n_sequences, GError **error)
{
  Room rooms[N_ROOMS];

  list_rooms (&decoder->base.net->config.text, n, n_sequences, rooms);
  for (guint i = 0; i < N_ROOMS; i++)
    if (!vlm_nn_tensor_init (room_tensor (decoder, &rooms[i]), decoder->base.nn,
            rooms[i].n_rows, rooms[i].n_cols, error))
      return FALSE;
  return TRUE;
}

gboolean
vlm_qwen_decoder_reserve (VlmDecoder *base, guint n_tokens, guint n_sequences,
    guint n_logits, GError **error)
{
  Decoder *decoder = (Decoder *) base;

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
    vlm_nn_tensor_clear (&decoder->base.logits);
    decoder->max_logits = 0;
    if (!vlm_nn_tensor_init (&decoder->base.logits, decoder->base.nn, n_logits,
            decoder->base.net->config.text.vocab_size, error))
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
take_rows (const Decoder *d, guint n)
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
keep_last_rows (const Decoder *d, const Rows *all, const VlmDecoderPass *pass)
{
  Rows last = take_rows (d, pass->n_sequences);

  vlm_nn_label (d->base.nn, "text.last_row");
  for (guint i = 0; i < pass->n_sequences; i++) {
    guint64 row = pass->sequences[i].first + pass->sequences[i].n - 1;

    vlm_nn_copy_rows (d->base.nn, &all->x, row, &d->last_x, i, 1);
    vlm_nn_copy_rows (d->base.nn, &all->q, row, &d->last_q, i, 1);
  }
  last.x = vlm_nn_tensor_rows (&d->last_x, 0, pass->n_sequences);
  last.q = vlm_nn_tensor_rows (&d->last_q, 0, pass->n_sequences);
  return last;
}

/* Adds the output of a part of a layer to x, and norms it for the next one. */
static void
record_add (const Decoder *d, const VlmNnTensor *from, VlmQwenWeight weight,
    guint layer, const VlmNnTensor *norm, const Rows *rows)
{
  vlm_nn_matmul_norm (d->base.nn, from,
      vlm_net_matrix (d->base.net, weight, layer), &rows->x, norm,
      (float) d->base.net->config.text.rms_norm_eps, &rows->normed);
}

static void
record_qkv (
    const Decoder *d, guint layer, const Rows *rows, const VlmDecoderPass *pass)
{
  const VlmTextConfig *c = &d->base.net->config.text;

  vlm_nn_label (d->base.nn, "text.qkv");
  vlm_nn_matmul (d->base.nn, &rows->normed,
      vlm_net_matrix (d->base.net, VLM_QWEN_TEXT_QKV, layer),
      vlm_net_vector (d->base.net, VLM_QWEN_TEXT_QKV_BIAS, layer), VLM_NN_STORE,
      &rows->qkv);
  vlm_nn_label (d->base.nn, "text.rope");
  for (guint i = 0; i < pass->n_sequences; i++) {
    const VlmDecoderSequence *s = &pass->sequences[i];
    VlmNnTensor qkv = vlm_nn_tensor_rows (&rows->qkv, s->first, s->n);
    VlmNnTensor angles =
        vlm_nn_tensor_rows (&d->base.angles, s->first_angle, s->n);
    VlmNnTensor q = vlm_nn_tensor_rows (&rows->q, s->first, s->n);

    vlm_nn_rope_split (d->base.nn, &qkv, &angles, c->n_heads, &q,
        &s->caches[layer], s->first_key);
  }
  vlm_model_taps_take (
      d->base.taps, d->base.nn, "text.q", (int) layer, &rows->q);
}

/* @last: rows are the last ones of the sequences. */
static void
record_attention (const Decoder *d, guint layer, const Rows *rows,
    const VlmDecoderPass *pass, gboolean last)
{
  vlm_nn_label (d->base.nn, "text.attention");
  for (guint i = 0; i < pass->n_sequences; i++) {
    const VlmDecoderSequence *s = &pass->sequences[i];
    guint first = last ? i : s->first;
    guint n = last ? 1 : s->n;
    VlmNnTensor q = vlm_nn_tensor_rows (&rows->q, first, n);
    VlmNnTensor attended = vlm_nn_tensor_rows (&rows->attended, first, n);

    vlm_nn_attention (d->base.nn, &q, &s->caches[layer],
        last && s->n > 1 ? s->last_plan : s->plan, &attended);
  }
  vlm_nn_label (d->base.nn, "text.out");
  record_add (d, &rows->attended, VLM_QWEN_TEXT_OUT, layer,
      vlm_net_vector (d->base.net, VLM_QWEN_TEXT_NORM2, layer), rows);
}

/* What comes after a layer begins with its own norm. */
static const VlmNnTensor *
norm_after (const Decoder *d, guint layer)
{
  return layer + 1 < d->base.net->config.text.n_layers
      ? vlm_net_vector (d->base.net, VLM_QWEN_TEXT_NORM1, layer + 1)
      : vlm_net_vector (d->base.net, VLM_QWEN_TEXT_NORM, 0);
}

static void
record_mlp (const Decoder *d, guint layer, const Rows *rows)
{
  vlm_nn_label (d->base.nn, "text.gate_up");
  vlm_nn_matmul (d->base.nn, &rows->normed,
      vlm_net_matrix (d->base.net, VLM_QWEN_TEXT_GATE_UP, layer), NULL,
      VLM_NN_SWIGLU, &rows->mlp);
  vlm_nn_label (d->base.nn, "text.down");
  record_add (
      d, &rows->mlp, VLM_QWEN_TEXT_DOWN, layer, norm_after (d, layer), rows);
}

static void
record_logits (const Decoder *d, const Rows *rows)
{
  VlmNnTensor logits = vlm_nn_tensor_rows (&d->base.logits, 0, rows->x.n_rows);

  vlm_model_taps_take (
      d->base.taps, d->base.nn, "text.norm", -1, &rows->normed);
  vlm_nn_label (d->base.nn, "text.head");
  vlm_nn_matmul (d->base.nn, &rows->normed, vlm_qwen_head (d->base.net), NULL,
      VLM_NN_STORE, &logits);
}

static void
record_embed (const Decoder *d, const VlmDecoderPass *pass)
{
  VlmNnTensor ids = vlm_nn_tensor_rows (&d->base.ids, 0, pass->n_tokens);
  VlmNnTensor x = vlm_nn_tensor_rows (&d->x, 0, pass->n_tokens);
  VlmNnTensor normed = vlm_nn_tensor_rows (&d->normed, 0, pass->n_tokens);

  vlm_nn_label (d->base.nn, "text.embed");
  vlm_nn_embed (d->base.nn, &ids,
      vlm_net_matrix (d->base.net, VLM_QWEN_TEXT_EMBED, 0), pass->features, &x);
  vlm_model_taps_take (d->base.taps, d->base.nn, "inputs_embeds", -1, &x);
  vlm_nn_label (d->base.nn, "text.norm");
  vlm_nn_rms_norm (d->base.nn, &x,
      vlm_net_vector (d->base.net, VLM_QWEN_TEXT_NORM1, 0),
      (float) d->base.net->config.text.rms_norm_eps, &normed);
}

void
vlm_qwen_decoder_record (VlmDecoder *base, const VlmDecoderPass *pass,
    guint first_layer, guint n_layers)
{
  Decoder *decoder = (Decoder *) base;
  guint depth = decoder->base.net->config.text.n_layers;
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
        decoder->base.taps, decoder->base.nn, "text.layer", (int) i, &rows.x);
  }
  if (first_layer + n_layers == depth)
    record_logits (decoder, &rows);
}
