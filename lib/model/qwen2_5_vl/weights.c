/* gst-vlm: the tensors of a checkpoint and their places in the network
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/qwen2_5_vl/weights.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "base/log.h"

/* A part of the network that is there once, or once per layer. */
typedef enum
{
  GROUP_PATCH,
  GROUP_BLOCKS,
  GROUP_MERGER,
  GROUP_EMBED,
  GROUP_LAYERS,
  GROUP_END,
  GROUP_HEAD,
} Group;

/* Files as released, as some releases of transformers from 4.52 on write them,
 * and GGUF. %u is the layer. */
enum
{
  SCHEME_OLD,
  SCHEME_NEW,
  SCHEME_GGUF,
  N_SCHEMES,
};

static const char *const prefixes[][N_SCHEMES] = {
  [GROUP_PATCH] = { "visual.", "model.visual.", "v." },
  [GROUP_BLOCKS] = { "visual.blocks.%u.", "model.visual.blocks.%u.",
      "v.blk.%u." },
  [GROUP_MERGER] = { "visual.merger.", "model.visual.merger.", "" },
  [GROUP_EMBED] = { "model.", "model.language_model.", "" },
  [GROUP_LAYERS] = { "model.layers.%u.", "model.language_model.layers.%u.",
      "blk.%u." },
  [GROUP_END] = { "model.", "model.language_model.", "" },
  [GROUP_HEAD] = { "", "", "" },
};

typedef enum
{
  DIM_ZERO,
  DIM_ONE,
  DIM_V, /* vision hidden size */
  DIM_2V,
  DIM_3V,
  DIM_CELL, /* hidden size of a merged cell */
  DIM_V_INTER,
  DIM_PIXELS, /* values of a patch */
  DIM_H,      /* text hidden size */
  DIM_Q,      /* all query heads */
  DIM_KV,     /* all key heads */
  DIM_Q_KV,   /* where values begin */
  DIM_INTER,
  DIM_VOCAB,
} Dim;

typedef struct
{
  Group group;
  const char *names[2]; /* of Hugging Face and of GGUF; NULL where there is no
                           such tensor, and others fill its place */
  VlmQwenWeight weight;
  Dim n_out;
  Dim n_in; /* DIM_ONE for a vector */
  Dim first_out;
  VlmNnRows rows;
} Part;

#define GATE DIM_ZERO, VLM_NN_ROWS_PAIR_FIRST
#define UP DIM_ZERO, VLM_NN_ROWS_PAIR_SECOND

/* clang-format off */
#define P(group, name, gguf, weight, n_out, n_in, ...) \
  { GROUP_##group, { name, gguf }, VLM_QWEN_##weight, DIM_##n_out, \
    DIM_##n_in, __VA_ARGS__ }

static const Part parts[] = {
  P (PATCH, "patch_embed.proj.weight", "patch_embd.weight",
      VISION_PATCH, V, PIXELS),

  P (BLOCKS, "norm1.weight", "ln1.weight", VISION_NORM1, V, ONE),
  P (BLOCKS, "attn.qkv.weight", NULL, VISION_QKV, 3V, V),
  P (BLOCKS, NULL, "attn_q.weight", VISION_QKV, V, V),
  P (BLOCKS, NULL, "attn_k.weight", VISION_QKV, V, V, DIM_V),
  P (BLOCKS, NULL, "attn_v.weight", VISION_QKV, V, V, DIM_2V),
  P (BLOCKS, "attn.qkv.bias", NULL, VISION_QKV_BIAS, 3V, ONE),
  P (BLOCKS, NULL, "attn_q.bias", VISION_QKV_BIAS, V, ONE),
  P (BLOCKS, NULL, "attn_k.bias", VISION_QKV_BIAS, V, ONE, DIM_V),
  P (BLOCKS, NULL, "attn_v.bias", VISION_QKV_BIAS, V, ONE, DIM_2V),
  P (BLOCKS, "attn.proj.weight", "attn_out.weight", VISION_PROJ, V, V),
  P (BLOCKS, "attn.proj.bias", "attn_out.bias", VISION_PROJ_BIAS, V, ONE),
  P (BLOCKS, "norm2.weight", "ln2.weight", VISION_NORM2, V, ONE),
  P (BLOCKS, "mlp.gate_proj.weight", "ffn_gate.weight",
      VISION_GATE_UP, V_INTER, V, GATE),
  P (BLOCKS, "mlp.up_proj.weight", "ffn_up.weight",
      VISION_GATE_UP, V_INTER, V, UP),
  P (BLOCKS, "mlp.gate_proj.bias", "ffn_gate.bias",
      VISION_GATE_UP_BIAS, V_INTER, ONE, GATE),
  P (BLOCKS, "mlp.up_proj.bias", "ffn_up.bias",
      VISION_GATE_UP_BIAS, V_INTER, ONE, UP),
  P (BLOCKS, "mlp.down_proj.weight", "ffn_down.weight",
      VISION_DOWN, V, V_INTER),
  P (BLOCKS, "mlp.down_proj.bias", "ffn_down.bias", VISION_DOWN_BIAS, V, ONE),

  P (MERGER, "ln_q.weight", "v.post_ln.weight", MERGER_NORM, V, ONE),
  P (MERGER, "mlp.0.weight", "mm.0.weight", MERGER_IN, CELL, CELL),
  P (MERGER, "mlp.0.bias", "mm.0.bias", MERGER_IN_BIAS, CELL, ONE),
  P (MERGER, "mlp.2.weight", "mm.2.weight", MERGER_OUT, H, CELL),
  P (MERGER, "mlp.2.bias", "mm.2.bias", MERGER_OUT_BIAS, H, ONE),

  P (EMBED, "embed_tokens.weight", "token_embd.weight", TEXT_EMBED, VOCAB, H),

  P (LAYERS, "input_layernorm.weight", "attn_norm.weight", TEXT_NORM1, H, ONE),
  P (LAYERS, "self_attn.q_proj.weight", "attn_q.weight", TEXT_QKV, Q, H),
  P (LAYERS, "self_attn.k_proj.weight", "attn_k.weight",
      TEXT_QKV, KV, H, DIM_Q),
  P (LAYERS, "self_attn.v_proj.weight", "attn_v.weight",
      TEXT_QKV, KV, H, DIM_Q_KV),
  P (LAYERS, "self_attn.q_proj.bias", "attn_q.bias", TEXT_QKV_BIAS, Q, ONE),
  P (LAYERS, "self_attn.k_proj.bias", "attn_k.bias",
      TEXT_QKV_BIAS, KV, ONE, DIM_Q),
  P (LAYERS, "self_attn.v_proj.bias", "attn_v.bias",
      TEXT_QKV_BIAS, KV, ONE, DIM_Q_KV),
  P (LAYERS, "self_attn.o_proj.weight", "attn_output.weight", TEXT_OUT, H, Q),
  P (LAYERS, "post_attention_layernorm.weight", "ffn_norm.weight",
      TEXT_NORM2, H, ONE),
  P (LAYERS, "mlp.gate_proj.weight", "ffn_gate.weight",
      TEXT_GATE_UP, INTER, H, GATE),
  P (LAYERS, "mlp.up_proj.weight", "ffn_up.weight",
      TEXT_GATE_UP, INTER, H, UP),
  P (LAYERS, "mlp.down_proj.weight", "ffn_down.weight", TEXT_DOWN, H, INTER),

  P (END, "norm.weight", "output_norm.weight", TEXT_NORM, H, ONE),
  P (HEAD, "lm_head.weight", "output.weight", TEXT_HEAD, VOCAB, H),
};

#undef P
/* clang-format on */

static guint
resolve (Dim dim, const VlmConfig *config)
{
  const VlmVisionConfig *vision = &config->vision;
  const VlmTextConfig *text = &config->text;

  switch (dim) {
  case DIM_ZERO:
    return 0;
  case DIM_ONE:
    return 1;
  case DIM_V:
    return vision->hidden_size;
  case DIM_2V:
    return 2 * vision->hidden_size;
  case DIM_3V:
    return 3 * vision->hidden_size;
  case DIM_CELL:
    return vision->spatial_merge_size * vision->spatial_merge_size *
        vision->hidden_size;
  case DIM_V_INTER:
    return vision->intermediate_size;
  case DIM_PIXELS:
    return vision->in_channels * vision->temporal_patch_size *
        vision->patch_size * vision->patch_size;
  case DIM_H:
    return text->hidden_size;
  case DIM_Q:
    return text->n_heads * text->head_dim;
  case DIM_KV:
    return text->n_kv_heads * text->head_dim;
  case DIM_Q_KV:
    return (text->n_heads + text->n_kv_heads) * text->head_dim;
  case DIM_INTER:
    return text->intermediate_size;
  case DIM_VOCAB:
    return text->vocab_size;
  }
  g_assert_not_reached ();
}

static guint
group_n_layers (Group group, const VlmConfig *config)
{
  if (group == GROUP_BLOCKS)
    return config->vision.depth;
  if (group == GROUP_LAYERS)
    return config->text.n_layers;
  if (group == GROUP_HEAD)
    return config->text.tied ? 0 : 1;
  return 1;
}

static const Part *
first_part (VlmQwenWeight weight)
{
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (parts[i].weight == weight)
      return &parts[i];
  g_assert_not_reached ();
}

/* The patch embedding, whose rows are few and whose input is raw pixels, stays as
 * it is; the rest of the vision tower, the embeddings and the head have eight
 * bits: errors of the first are in every token after, those of the last choose
 * tokens. The decoder's layers have the width that is requested. */
static VlmWeightKind
kind_of (VlmQwenWeight weight)
{
  switch (weight) {
  case VLM_QWEN_VISION_NORM1:
  case VLM_QWEN_VISION_NORM2:
  case VLM_QWEN_MERGER_NORM:
  case VLM_QWEN_TEXT_NORM1:
  case VLM_QWEN_TEXT_NORM2:
  case VLM_QWEN_TEXT_NORM:
    return VLM_WEIGHT_NORM;
  case VLM_QWEN_VISION_PATCH:
    return VLM_WEIGHT_KEPT;
  case VLM_QWEN_TEXT_QKV:
  case VLM_QWEN_TEXT_OUT:
  case VLM_QWEN_TEXT_GATE_UP:
  case VLM_QWEN_TEXT_DOWN:
    return VLM_WEIGHT_NARROW;
  default:
    return first_part (weight)->n_in != DIM_ONE ? VLM_WEIGHT_EIGHT
                                                : VLM_WEIGHT_BIAS;
  }
}

/* Both schemes fill the same places; the sizes are those of Hugging Face's. */
static VlmWeightPlace
make_place (VlmQwenWeight weight, const VlmConfig *config)
{
  const Part *first = first_part (weight);
  VlmWeightPlace place = {
    .kind = kind_of (weight),
    .n_layers = group_n_layers (first->group, config),
    .n_in = resolve (first->n_in, config),
  };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (parts[i].weight == weight && parts[i].names[0] != NULL)
      place.n_out += resolve (parts[i].n_out, config);
  return place;
}

static char *
tensor_name (const Part *part, guint scheme, guint layer)
{
  const char *name = part->names[scheme == SCHEME_GGUF];
  const char *prefix = prefixes[part->group][scheme];
  const char *hole = strstr (prefix, "%u");

  if (hole == NULL)
    return g_strconcat (prefix, name, NULL);
  return g_strdup_printf ("%.*s%u%s%s", (int) (hole - prefix), prefix, layer,
      hole + strlen ("%u"), name);
}

static void
set_names (char *names[2], const Part *part, VlmTensorNames scheme, guint layer)
{
  gboolean is_gguf = scheme == VLM_TENSOR_NAMES_GGUF;

  names[0] = tensor_name (part, is_gguf ? SCHEME_GGUF : SCHEME_OLD, layer);
  names[1] = is_gguf ? NULL : tensor_name (part, SCHEME_NEW, layer);
}

/* The patch embedding is stored as a convolution; a row of its kernel has the
 * order of a row of patches. */
static void
set_shape (VlmWeightItem *item, const VlmVisionConfig *vision)
{
  const guint64 kernel[] = { item->n_out, vision->in_channels,
    vision->temporal_patch_size, vision->patch_size, vision->patch_size };
  const guint64 plain[] = { item->n_out, item->n_in };

  if (item->weight == VLM_QWEN_VISION_PATCH) {
    item->n_dims = G_N_ELEMENTS (kernel);
    memcpy (item->shape, kernel, sizeof kernel);
    return;
  }
  item->n_dims = vlm_weight_is_matrix (item->kind) ? 2 : 1;
  memcpy (item->shape, plain, sizeof plain);
}

static VlmWeightItem
make_item (const Part *part, VlmTensorNames names, guint layer,
    const VlmConfig *config)
{
  VlmWeightItem item = {
    .weight = part->weight,
    .kind = kind_of (part->weight),
    .layer = layer,
    .rows = part->rows,
    .first_out = resolve (part->first_out, config),
    .n_out = resolve (part->n_out, config),
    .n_in = resolve (part->n_in, config),
    .dtype = VLM_DTYPE_INVALID,
    .missing = part->weight == VLM_QWEN_TEXT_HEAD
        ? "tie_word_embeddings is not set in config.json"
        : NULL,
  };

  set_names (item.names, part, names, layer);
  set_shape (&item, &config->vision);
  return item;
}

VlmWeightList *
vlm_qwen_weights_list (const VlmConfig *config, VlmTensorNames names)
{
  GArray *items = g_array_new (FALSE, FALSE, sizeof (VlmWeightItem));
  VlmWeightList *list = g_new0 (VlmWeightList, 1);

  list->n_places = VLM_QWEN_N_WEIGHTS;
  list->places = g_new (VlmWeightPlace, list->n_places);
  for (guint i = 0; i < list->n_places; i++)
    list->places[i] = make_place (i, config);

  for (guint first = 0, end; first < G_N_ELEMENTS (parts); first = end) {
    Group group = parts[first].group;

    for (end = first; end < G_N_ELEMENTS (parts); end++)
      if (parts[end].group != group)
        break;
    for (guint layer = 0; layer < group_n_layers (group, config); layer++)
      for (guint i = first; i < end; i++) {
        VlmWeightItem item;

        if (parts[i].names[names == VLM_TENSOR_NAMES_GGUF] == NULL)
          continue;
        item = make_item (&parts[i], names, layer, config);
        g_array_append_val (items, item);
      }
  }
  list->names = names;
  list->n_items = items->len;
  list->items = (VlmWeightItem *) g_array_free (items, FALSE);
  return list;
}

/* Rows that are compared to see whether two matrices are one: a head that was
 * trained differs everywhere. */
#define N_HEAD_SAMPLES 16u

static gboolean
has_same_rows (const VlmTensorView *a, const VlmTensorView *b)
{
  const guint64 n_rows = vlm_tensor_view_get_n_rows (a);

  if (a->dtype == VLM_DTYPE_INVALID || a->dtype != b->dtype ||
      a->n_bytes != b->n_bytes || n_rows == 0 ||
      n_rows != vlm_tensor_view_get_n_rows (b))
    return FALSE;

  const gsize row_bytes = a->n_bytes / n_rows;
  g_autofree guint8 *x = g_malloc (row_bytes);
  g_autofree guint8 *y = g_malloc (row_bytes);
  for (guint i = 0; i < N_HEAD_SAMPLES; i++) {
    guint64 row = (n_rows - 1) * i / (N_HEAD_SAMPLES - 1);

    if (!vlm_tensor_view_read_rows (a, row, 1, x, NULL) ||
        !vlm_tensor_view_read_rows (b, row, 1, y, NULL) ||
        memcmp (x, y, row_bytes) != 0)
      return FALSE;
  }
  return TRUE;
}

void
vlm_qwen_weights_settle_head (VlmConfig *config, const VlmTensorSource *source)
{
  g_auto (VlmTensorView) head = { 0 };
  g_auto (VlmTensorView) embed = { 0 };
  char *names[2];

  if (vlm_tensor_source_get_names (source) != VLM_TENSOR_NAMES_HUGGING_FACE)
    return;
  if (!vlm_tensor_source_find (source, "lm_head.weight", &head)) {
    config->text.tied |= config->text.tied_is_disputed;
    return;
  }
  if (config->text.tied_is_disputed)
    config->text.tied = FALSE;
  if (!config->text.tied)
    return;
  set_names (names, first_part (VLM_QWEN_TEXT_EMBED),
      VLM_TENSOR_NAMES_HUGGING_FACE, 0);
  if ((vlm_tensor_source_find (source, names[0], &embed) ||
          vlm_tensor_source_find (source, names[1], &embed)) &&
      !has_same_rows (&head, &embed))
    vlm_warning ("%s: tensor %s differs from %s, but has no effect: "
                 "tie_word_embeddings is set in config.json",
        vlm_tensor_source_get_path (source), head.name, embed.name);
  g_free (names[0]);
  g_free (names[1]);
}

/* Weights of a layer that the configuration does not know would be silently left
 * out. */
gboolean
vlm_qwen_weights_check (
    const VlmConfig *config, const VlmTensorSource *source, GError **error)
{
  const struct
  {
    VlmQwenWeight weight;
    guint n_layers;
    const char *keys[2]; /* of config.json, of GGUF */
  } stacks[] = {
    { VLM_QWEN_VISION_NORM1, config->vision.depth,
        { "vision_config.depth of %u in config.json",
            "clip.vision.block_count of %u" } },
    { VLM_QWEN_TEXT_NORM1, config->text.n_layers,
        { "num_hidden_layers of %u in config.json",
            "qwen2vl.block_count of %u" } },
  };
  const VlmTensorNames scheme = vlm_tensor_source_get_names (source);

  for (guint i = 0; i < G_N_ELEMENTS (stacks); i++) {
    char *names[2];
    const char *found = NULL;

    set_names (
        names, first_part (stacks[i].weight), scheme, stacks[i].n_layers);
    for (guint k = 0; k < G_N_ELEMENTS (names) && found == NULL; k++)
      if (names[k] != NULL && vlm_tensor_source_find (source, names[k], NULL))
        found = names[k];
    if (found != NULL) {
      g_autofree char *limit = g_strdup_printf (
          stacks[i].keys[scheme == VLM_TENSOR_NAMES_GGUF], stacks[i].n_layers);

      g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
          "%s: tensor %s is beyond the %s",
          vlm_tensor_source_get_path_of (source, found), found, limit);
    }
    g_free (names[0]);
    g_free (names[1]);
    if (found != NULL)
      return FALSE;
  }
  return TRUE;
}
