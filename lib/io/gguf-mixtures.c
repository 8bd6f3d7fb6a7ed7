/* gst-vlm: which types llama-quantize gives to the tensors of a model
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The rules of llama.cpp, src/llama-quant.cpp, llama_tensor_get_type (), for the
 * language model; the head, values of attention and the last product of some
 * layers have more bits than the rest. */
#include "io/gguf-mixtures.h"

#include <stdio.h>
#include <string.h>

struct _VlmGgufMixture
{
  const char *name;
  VlmDType base;
  VlmDType head;
  VlmDType values; /* attn_v, where that has one of its own; else INVALID */
  VlmDType out;    /* attn_output */
  VlmDType down;   /* ffn_down */
  VlmDType more;   /* of values and down in some layers; INVALID: in none */
};

#define ALL VLM_DTYPE_INVALID, VLM_DTYPE_INVALID, VLM_DTYPE_INVALID
#define T(type) VLM_DTYPE_##type

static const VlmGgufMixture mixtures[] = {
  { "Q8_0", T (Q8_0), T (Q8_0), ALL, T (INVALID) },
  { "Q6_K", T (Q6_K), T (Q6_K), ALL, T (INVALID) },
  { "Q5_K_M", T (Q5_K), T (Q6_K), ALL, T (Q6_K) },
  { "Q4_K_M", T (Q4_K), T (Q6_K), ALL, T (Q6_K) },
  { "Q4_0", T (Q4_0), T (Q6_K), ALL, T (INVALID) },
  { "Q3_K_M", T (Q3_K), T (Q6_K), T (Q4_K), T (Q4_K), T (Q4_K), T (INVALID) },
  { "Q2_K", T (Q2_K), T (Q6_K), T (Q4_K), T (Q3_K), T (Q3_K), T (INVALID) },
};

/* The layers of the 70B size, whose values get more bits. */
#define N_LAYERS_70B 80

const VlmGgufMixture *
vlm_gguf_mixture_get (guint i)
{
  return i < G_N_ELEMENTS (mixtures) ? &mixtures[i] : NULL;
}

const char *
vlm_gguf_mixture_get_name (const VlmGgufMixture *mixture)
{
  return mixture->name;
}

/* The first and last eighth, and every third layer between. */
static gboolean
has_more_bits (guint layer, guint n)
{
  return layer < n / 8 || layer >= 7 * n / 8 || (layer - n / 8) % 3 == 2;
}

static VlmDType
type_of_values (
    const VlmGgufMixture *mixture, const VlmGgufModelShape *shape, guint layer)
{
  const gboolean is_70b = shape->n_layers == N_LAYERS_70B;
  VlmDType type =
      mixture->values != T (INVALID) ? mixture->values : mixture->base;

  if (mixture->more != T (INVALID) && has_more_bits (layer, shape->n_layers))
    return mixture->more;
  if (mixture->base == T (Q2_K) && shape->n_heads < 4 * shape->n_kv_heads)
    type = T (Q3_K);
  if (mixture->base == T (Q3_K) && layer < 2)
    type = T (Q5_K);
  return is_70b && (type == T (Q3_K) || type == T (Q4_K)) ? T (Q5_K) : type;
}

static VlmDType
type_of_down (
    const VlmGgufMixture *mixture, const VlmGgufModelShape *shape, guint layer)
{
  if (mixture->more != T (INVALID) && has_more_bits (layer, shape->n_layers))
    return mixture->more;
  if (mixture->base == T (Q3_K) && layer < shape->n_layers / 16)
    return T (Q5_K);
  return mixture->down != T (INVALID) ? mixture->down : mixture->base;
}

/* For rows that are no whole blocks of 256, or of 32. */
static VlmDType
fall_back (VlmDType type, guint n_in)
{
  static const VlmDType others[][2] = {
    { T (Q2_K), T (Q4_0) },
    { T (Q3_K), T (Q4_0) },
    { T (Q4_K), T (Q5_0) },
    { T (Q5_K), T (Q5_1) },
    { T (Q6_K), T (Q8_0) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (n_in % vlm_dtype_block_length (type) != 0 && type == others[i][0])
      type = others[i][1];
  return n_in % vlm_dtype_block_length (type) != 0 ? T (F16) : type;
}

VlmDType
vlm_gguf_mixture_get_type (const VlmGgufMixture *mixture,
    const VlmGgufModelShape *shape, const char *name, guint n_in)
{
  VlmDType type = mixture->base;
  char part[32] = "";
  guint layer;

  if (g_str_has_prefix (name, "v.") || g_str_has_prefix (name, "mm."))
    return T (F16);
  if (sscanf (name, "blk.%u.%31[^.]", &layer, part) == 2) {
    if (g_str_equal (part, "attn_v"))
      type = type_of_values (mixture, shape, layer);
    else if (g_str_equal (part, "ffn_down"))
      type = type_of_down (mixture, shape, layer);
    else if (g_str_equal (part, "attn_output") && mixture->out != T (INVALID))
      type = mixture->out;
  } else if (g_str_equal (name,
                 shape->is_tied ? "token_embd.weight" : "output.weight")) {
    type = mixture->head;
  }
  return fall_back (type, n_in);
}
