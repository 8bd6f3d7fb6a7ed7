/* gst-vlm: the tensors of a checkpoint and their places in the network
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/qwen2_5_vl/weights.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "base/checked.h"

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

/* Files as released, and as some releases of transformers from 4.52 on write
 * them. %u is the layer. */
static const char *const prefixes[][2] = {
  [GROUP_PATCH] = { "visual.", "model.visual." },
  [GROUP_BLOCKS] = { "visual.blocks.%u.", "model.visual.blocks.%u." },
  [GROUP_MERGER] = { "visual.merger.", "model.visual.merger." },
  [GROUP_EMBED] = { "model.", "model.language_model." },
  [GROUP_LAYERS] = { "model.layers.%u.", "model.language_model.layers.%u." },
  [GROUP_END] = { "model.", "model.language_model." },
  [GROUP_HEAD] = { "", "" },
};

typedef enum
{
  DIM_ZERO,
  DIM_ONE,
  DIM_V, /* vision hidden size */
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
  const char *name;
  VlmWeight weight;
  Dim n_out;
  Dim n_in; /* DIM_ONE for a vector */
  Dim first_out;
  VlmNnRows rows;
} Part;

#define GATE DIM_ZERO, VLM_NN_ROWS_PAIR_FIRST
#define UP DIM_ZERO, VLM_NN_ROWS_PAIR_SECOND

/* clang-format off */
#define P(group, name, weight, n_out, n_in, ...) \
  { GROUP_##group, name, VLM_WEIGHT_##weight, DIM_##n_out, DIM_##n_in, \
    __VA_ARGS__ }

static const Part parts[] = {
  P (PATCH, "patch_embed.proj.weight", VISION_PATCH, V, PIXELS),

  P (BLOCKS, "norm1.weight", VISION_NORM1, V, ONE),
  P (BLOCKS, "attn.qkv.weight", VISION_QKV, 3V, V),
  P (BLOCKS, "attn.qkv.bias", VISION_QKV_BIAS, 3V, ONE),
  P (BLOCKS, "attn.proj.weight", VISION_PROJ, V, V),
  P (BLOCKS, "attn.proj.bias", VISION_PROJ_BIAS, V, ONE),
  P (BLOCKS, "norm2.weight", VISION_NORM2, V, ONE),
  P (BLOCKS, "mlp.gate_proj.weight", VISION_GATE_UP, V_INTER, V, GATE),
  P (BLOCKS, "mlp.up_proj.weight", VISION_GATE_UP, V_INTER, V, UP),
  P (BLOCKS, "mlp.gate_proj.bias", VISION_GATE_UP_BIAS, V_INTER, ONE, GATE),
  P (BLOCKS, "mlp.up_proj.bias", VISION_GATE_UP_BIAS, V_INTER, ONE, UP),
  P (BLOCKS, "mlp.down_proj.weight", VISION_DOWN, V, V_INTER),
  P (BLOCKS, "mlp.down_proj.bias", VISION_DOWN_BIAS, V, ONE),

  P (MERGER, "ln_q.weight", MERGER_NORM, V, ONE),
  P (MERGER, "mlp.0.weight", MERGER_IN, CELL, CELL),
  P (MERGER, "mlp.0.bias", MERGER_IN_BIAS, CELL, ONE),
  P (MERGER, "mlp.2.weight", MERGER_OUT, H, CELL),
  P (MERGER, "mlp.2.bias", MERGER_OUT_BIAS, H, ONE),

  P (EMBED, "embed_tokens.weight", TEXT_EMBED, VOCAB, H),

  P (LAYERS, "input_layernorm.weight", TEXT_NORM1, H, ONE),
  P (LAYERS, "self_attn.q_proj.weight", TEXT_QKV, Q, H),
  P (LAYERS, "self_attn.k_proj.weight", TEXT_QKV, KV, H, DIM_Q),
  P (LAYERS, "self_attn.v_proj.weight", TEXT_QKV, KV, H, DIM_Q_KV),
  P (LAYERS, "self_attn.q_proj.bias", TEXT_QKV_BIAS, Q, ONE),
  P (LAYERS, "self_attn.k_proj.bias", TEXT_QKV_BIAS, KV, ONE, DIM_Q),
  P (LAYERS, "self_attn.v_proj.bias", TEXT_QKV_BIAS, KV, ONE, DIM_Q_KV),
  P (LAYERS, "self_attn.o_proj.weight", TEXT_OUT, H, Q),
  P (LAYERS, "post_attention_layernorm.weight", TEXT_NORM2, H, ONE),
  P (LAYERS, "mlp.gate_proj.weight", TEXT_GATE_UP, INTER, H, GATE),
  P (LAYERS, "mlp.up_proj.weight", TEXT_GATE_UP, INTER, H, UP),
  P (LAYERS, "mlp.down_proj.weight", TEXT_DOWN, H, INTER),

  P (END, "norm.weight", TEXT_NORM, H, ONE),
  P (HEAD, "lm_head.weight", TEXT_HEAD, VOCAB, H),
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
first_part (VlmWeight weight)
{
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (parts[i].weight == weight)
      return &parts[i];
  g_assert_not_reached ();
}

gboolean
vlm_weight_is_matrix (VlmWeight weight)
{
  return first_part (weight)->n_in != DIM_ONE;
}

guint
vlm_weight_get_n_layers (VlmWeight weight, const VlmConfig *config)
{
  return group_n_layers (first_part (weight)->group, config);
}

void
vlm_weight_get_size (
    VlmWeight weight, const VlmConfig *config, guint *n_out, guint *n_in)
{
  *n_out = 0;
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (parts[i].weight == weight)
      *n_out += resolve (parts[i].n_out, config);
  *n_in = resolve (first_part (weight)->n_in, config);
}

static char *
tensor_name (const Part *part, guint scheme, guint layer)
{
  const char *prefix = prefixes[part->group][scheme];
  const char *hole = strstr (prefix, "%u");

  if (hole == NULL)
    return g_strconcat (prefix, part->name, NULL);
  return g_strdup_printf ("%.*s%u%s%s", (int) (hole - prefix), prefix, layer,
      hole + strlen ("%u"), part->name);
}

/* The patch embedding is stored as a convolution; a row of its kernel has the
 * order of a row of patches. */
static void
set_shape (VlmWeightItem *item, const VlmVisionConfig *vision)
{
  const guint64 kernel[] = { item->n_out, vision->in_channels,
    vision->temporal_patch_size, vision->patch_size, vision->patch_size };
  const guint64 plain[] = { item->n_out, item->n_in };

  if (item->weight == VLM_WEIGHT_VISION_PATCH) {
    item->n_dims = G_N_ELEMENTS (kernel);
    memcpy (item->shape, kernel, sizeof kernel);
    return;
  }
  item->n_dims = vlm_weight_is_matrix (item->weight) ? 2 : 1;
  memcpy (item->shape, plain, sizeof plain);
}

static VlmWeightItem
make_item (const Part *part, guint layer, const VlmConfig *config)
{
  VlmWeightItem item = {
    .names = { tensor_name (part, 0, layer), tensor_name (part, 1, layer) },
    .weight = part->weight,
    .layer = layer,
    .rows = part->rows,
    .first_out = resolve (part->first_out, config),
    .n_out = resolve (part->n_out, config),
    .n_in = resolve (part->n_in, config),
  };

  set_shape (&item, &config->vision);
  return item;
}

static void
item_clear (gpointer data)
{
  VlmWeightItem *item = data;

  g_free (item->names[0]);
  g_free (item->names[1]);
}

VlmWeightList *
vlm_weight_list_new (const VlmConfig *config)
{
  GArray *items = g_array_new (FALSE, FALSE, sizeof (VlmWeightItem));
  VlmWeightList *list = g_new0 (VlmWeightList, 1);

  for (guint first = 0, end; first < G_N_ELEMENTS (parts); first = end) {
    Group group = parts[first].group;

    for (end = first; end < G_N_ELEMENTS (parts); end++)
      if (parts[end].group != group)
        break;
    for (guint layer = 0; layer < group_n_layers (group, config); layer++)
      for (guint i = first; i < end; i++) {
        VlmWeightItem item = make_item (&parts[i], layer, config);

        g_array_append_val (items, item);
      }
  }
  list->n_items = items->len;
  list->items = (VlmWeightItem *) g_array_free (items, FALSE);
  return list;
}

void
vlm_weight_list_free (VlmWeightList *list)
{
  if (list == NULL)
    return;
  for (guint i = 0; i < list->n_items; i++)
    item_clear (&list->items[i]);
  g_free (list->items);
  g_free (list);
}

static gboolean
check_shape (
    const VlmWeightItem *item, const VlmTensorView *view, GError **error)
{
  if (view->n_dims == item->n_dims &&
      memcmp (view->shape, item->shape, item->n_dims * sizeof *item->shape) ==
          0)
    return TRUE;

  g_autofree char *found =
      vlm_tensor_shape_to_string (view->shape, view->n_dims);
  g_autofree char *expected =
      vlm_tensor_shape_to_string (item->shape, item->n_dims);
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
      "%s: tensor %s has the shape %s, config.json asks for %s",
      vlm_data_file_get_path (view->file), view->name, found, expected);
  return FALSE;
}

static void
fail_missing (
    const VlmWeightItem *item, const VlmTensorSource *source, GError **error)
{
  const char *path = vlm_tensor_source_get_path (source);

  if (item->weight == VLM_WEIGHT_TEXT_HEAD)
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
        "%s: no tensor %s, and tie_word_embeddings is not set in config.json",
        path, item->names[0]);
  else
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND,
        "%s: no tensor %s (nor %s)", path, item->names[0], item->names[1]);
}

gboolean
vlm_weight_item_find (const VlmWeightItem *item, const VlmTensorSource *source,
    VlmTensorView *view, GError **error)
{
  g_auto (VlmTensorView) found = { 0 };

  if (!vlm_tensor_source_find (source, item->names[0], &found) &&
      !vlm_tensor_source_find (source, item->names[1], &found)) {
    fail_missing (item, source, error);
    return FALSE;
  }
  if (found.dtype != VLM_DTYPE_F32 && found.dtype != VLM_DTYPE_F16 &&
      found.dtype != VLM_DTYPE_BF16) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
        "%s: tensor %s is of type %s, not BF16, F16 or F32",
        vlm_data_file_get_path (found.file), found.name, found.dtype_name);
    return FALSE;
  }
  if (!check_shape (item, &found, error))
    return FALSE;
  *view = found;
  found = (VlmTensorView){ 0 };
  return TRUE;
}

/* Weights of a layer that the configuration does not know would be left out in
 * silence. */
static gboolean
check_depth (
    const VlmConfig *config, const VlmTensorSource *source, GError **error)
{
  const struct
  {
    VlmWeight weight;
    guint n_layers;
    const char *key;
  } stacks[] = {
    { VLM_WEIGHT_VISION_NORM1, config->vision.depth, "vision_config.depth" },
    { VLM_WEIGHT_TEXT_NORM1, config->text.n_layers, "num_hidden_layers" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (stacks); i++)
    for (guint scheme = 0; scheme < 2; scheme++) {
      g_autofree char *name = tensor_name (
          first_part (stacks[i].weight), scheme, stacks[i].n_layers);

      if (!vlm_tensor_source_find (source, name, NULL))
        continue;
      g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
          "%s: tensor %s is beyond the %s of %u in config.json",
          vlm_tensor_source_get_path (source), name, stacks[i].key,
          stacks[i].n_layers);
      return FALSE;
    }
  return TRUE;
}

/* @view follows the view of @previous, NULL for none. */
static gboolean
check_same_dtype (const VlmWeightItem *item, const VlmTensorView *view,
    const VlmWeightItem *previous, VlmDType dtype, GError **error)
{
  if (previous == NULL || previous->weight != item->weight ||
      previous->layer != item->layer || view->dtype == dtype ||
      !vlm_weight_is_matrix (item->weight))
    return TRUE;
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
      "%s: tensor %s is of type %s, but %s beside it of type %s",
      vlm_data_file_get_path (view->file), view->name, view->dtype_name,
      previous->names[0], vlm_dtype_name (dtype));
  return FALSE;
}

gboolean
vlm_weight_list_check (const VlmWeightList *list, const VlmConfig *config,
    const VlmTensorSource *source, guint64 *n_bytes, GError **error)
{
  VlmDType dtype = VLM_DTYPE_INVALID;
  guint64 total = 0;

  for (guint i = 0; i < list->n_items; i++) {
    const VlmWeightItem *item = &list->items[i];
    g_auto (VlmTensorView) view = { 0 };

    if (!vlm_weight_item_find (item, source, &view, error) ||
        !check_same_dtype (item, &view, i > 0 ? item - 1 : NULL, dtype, error))
      return FALSE;
    dtype = view.dtype;
    total += view.n_bytes; /* each is bounded by its file */
  }
  if (n_bytes != NULL)
    *n_bytes = total;
  return check_depth (config, source, error);
}
