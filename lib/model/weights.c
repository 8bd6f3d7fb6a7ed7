/* gst-vlm: the tensors of a checkpoint and their places in a network
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/weights.h"

#include <string.h>

#include "model/arch.h"
#include "nn/format.h"

/* Groups of names that a message lists. */
#define MAX_GROUPS 4u

VlmDType
vlm_weight_get_stored_type (
    VlmWeightKind kind, VlmDType dtype, VlmModelWeights weights)
{
  if (weights <= VLM_MODEL_WEIGHTS_NATIVE || !vlm_weight_is_matrix (kind) ||
      kind == VLM_WEIGHT_KEPT)
    return dtype;
  return kind == VLM_WEIGHT_NARROW && weights == VLM_MODEL_WEIGHTS_INT4
      ? VLM_DTYPE_Q4_1
      : VLM_DTYPE_Q8_0;
}

VlmWeightList *
vlm_weight_list_new (const VlmConfig *config, VlmTensorNames names)
{
  return config->arch->list_weights (config, names);
}

void
vlm_weight_list_free (VlmWeightList *list)
{
  if (list == NULL)
    return;
  for (guint i = 0; i < list->n_items; i++) {
    g_free (list->items[i].names[0]);
    g_free (list->items[i].names[1]);
  }
  g_free (list->items);
  g_free (list->places);
  g_free (list);
}

/* What is quantised already stays as it is. */
static VlmDType
quantised_type (const VlmWeightItem *item, VlmModelWeights weights)
{
  return vlm_dtype_block_length (item->dtype) == 1
      ? vlm_weight_get_stored_type (item->kind, item->dtype, weights)
      : item->dtype;
}

void
vlm_weight_list_quantise (VlmWeightList *list, VlmModelWeights weights)
{
  for (guint i = 0; i < list->n_items; i++) {
    VlmWeightItem *item = &list->items[i];

    if (vlm_weight_is_matrix (item->kind))
      item->dtype = quantised_type (item, weights);
  }
}

static gboolean
is_same_weight (const VlmWeightItem *a, const VlmWeightItem *b)
{
  return a->weight == b->weight && a->layer == b->layer;
}

guint64
vlm_weight_list_get_device_bytes (const VlmWeightList *list)
{
  return vlm_weight_list_get_device_bytes_as (list, VLM_MODEL_WEIGHTS_NATIVE);
}

guint64
vlm_weight_list_get_device_bytes_as (
    const VlmWeightList *list, VlmModelWeights weights)
{
  guint64 n_bytes = 0;

  for (guint i = 0; i < list->n_items; i++) {
    const VlmWeightItem *item = &list->items[i];

    n_bytes += vlm_weight_is_matrix (item->kind)
        ? vlm_nn_format_bytes (vlm_nn_format (quantised_type (item, weights)),
              item->n_out, item->n_in)
        : item->n_out * sizeof (float);
  }
  return n_bytes;
}

guint
vlm_weight_list_get_ordered_width (const VlmWeightList *list)
{
  guint width = 0;

  for (guint i = 0; i < list->n_items; i++)
    if (list->items[i].order != NULL)
      width = MAX (width, list->items[i].n_in);
  return width;
}

void
vlm_weight_list_set_type (VlmWeightList *list, VlmDType dtype)
{
  for (guint i = 0; i < list->n_items; i++)
    list->items[i].dtype = dtype;
}

void
vlm_weight_list_set_mixture (
    VlmWeightList *list, const VlmConfig *config, const VlmGgufMixture *mixture)
{
  const VlmGgufModelShape shape = { config->text.n_layers, config->text.n_heads,
    config->text.n_kv_heads, config->text.tied };

  g_assert (list->names == VLM_TENSOR_NAMES_GGUF);
  for (guint i = 0; i < list->n_items; i++) {
    VlmWeightItem *item = &list->items[i];

    if (vlm_weight_is_matrix (item->kind))
      item->dtype = vlm_gguf_mixture_get_type (
          mixture, &shape, item->names[0], item->n_in);
  }
}

gboolean
vlm_weight_list_is_first (const VlmWeightList *list, guint i)
{
  return i == 0 || !is_same_weight (&list->items[i - 1], &list->items[i]);
}

guint
vlm_weight_list_get_segments (const VlmWeightList *list, guint first,
    VlmNnSegment segments[VLM_WEIGHT_MAX_SEGMENTS])
{
  guint n = 0;

  for (guint i = first; i < list->n_items; i++) {
    const VlmWeightItem *item = &list->items[i];

    const VlmNnSegment segment = { item->n_out, item->dtype, item->order };

    if (!is_same_weight (&list->items[first], item))
      break;
    if (n > 0 && item->rows == VLM_NN_ROWS_PLAIN &&
        vlm_nn_segment_is_alike (&segments[n - 1], &segment, item->n_in)) {
      segments[n - 1].n_out += item->n_out;
    } else {
      g_assert (n < VLM_WEIGHT_MAX_SEGMENTS);
      segments[n++] = segment;
    }
  }
  return n;
}

typedef struct
{
  const char *name; /* one of them */
  gsize n_name;     /* of what they share */
  guint n;
} Group;

static int
compare_groups (gconstpointer a, gconstpointer b)
{
  const Group *x = a, *y = b;

  return x->n != y->n ? (x->n < y->n ? 1 : -1) : strcmp (x->name, y->name);
}

char *
vlm_weights_describe (const VlmTensorSource *source)
{
  g_autoptr (GPtrArray) names = vlm_tensor_source_list (source);
  g_autoptr (GArray) groups = g_array_new (FALSE, FALSE, sizeof (Group));
  GString *text = g_string_new (NULL);

  /* Names are sorted: those that begin alike come together. */
  for (guint i = 0; i < names->len; i++) {
    const char *name = names->pdata[i];
    Group *last = groups->len > 0
        ? &g_array_index (groups, Group, groups->len - 1)
        : NULL;
    Group group = { name, strcspn (name, "."), 1 };

    if (last != NULL && last->n_name == group.n_name &&
        strncmp (last->name, name, group.n_name) == 0)
      last->n++;
    else
      g_array_append_val (groups, group);
  }
  g_array_sort (groups, compare_groups);
  g_string_append_printf (text, "%u tensors", names->len);
  for (guint i = 0; i < MIN (groups->len, MAX_GROUPS); i++) {
    const Group *group = &g_array_index (groups, Group, i);

    g_string_append_printf (text, "%s%.*s.* (%u)", i == 0 ? ": " : ", ",
        (int) MIN (group->n_name, 40), group->name, group->n);
  }
  if (groups->len > MAX_GROUPS)
    g_string_append (text, ", …");
  return g_string_free (text, FALSE);
}
