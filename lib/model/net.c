/* gst-vlm: the weights of a checkpoint on a device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/net-upload.h"

VlmNet *
vlm_net_new (
    VlmNnDevice *device, const VlmConfig *config, const VlmWeightList *list)
{
  VlmNet *net = g_new0 (VlmNet, 1);

  g_atomic_ref_count_init (&net->ref_count);
  net->device = vlm_nn_device_ref (device);
  vlm_config_init_copy (&net->config, config);
  net->n_weights = list->n_places;
  net->weights = g_new0 (VlmNetWeight, net->n_weights);
  for (guint i = 0; i < net->n_weights; i++) {
    const VlmWeightPlace *place = &list->places[i];
    VlmNetWeight *weight = &net->weights[i];

    weight->n_layers = place->n_layers;
    weight->n_out = place->n_out;
    if (vlm_weight_is_matrix (place->kind))
      weight->matrices = g_new0 (VlmNnMatrix *, place->n_layers);
    else
      weight->vectors = g_new0 (VlmNnTensor, place->n_layers);
  }
  return net;
}

static void
net_free (VlmNet *net)
{
  for (guint i = 0; i < net->n_weights; i++) {
    VlmNetWeight *weight = &net->weights[i];

    for (guint layer = 0; layer < weight->n_layers; layer++) {
      if (weight->matrices != NULL)
        vlm_nn_matrix_free (weight->matrices[layer]);
      if (weight->vectors != NULL)
        vlm_nn_tensor_clear (&weight->vectors[layer]);
    }
    g_free (weight->matrices);
    g_free (weight->vectors);
  }
  g_free (net->weights);
  vlm_config_clear (&net->config);
  vlm_nn_device_unref (net->device);
  g_free (net);
}

VlmNet *
vlm_net_ref (VlmNet *net)
{
  g_atomic_ref_count_inc (&net->ref_count);
  return net;
}

void
vlm_net_unref (VlmNet *net)
{
  if (net != NULL && g_atomic_ref_count_dec (&net->ref_count))
    net_free (net);
}

const VlmConfig *
vlm_net_get_config (const VlmNet *net)
{
  return &net->config;
}

VlmNnDevice *
vlm_net_get_device (const VlmNet *net)
{
  return net->device;
}

guint64
vlm_net_get_n_bytes (const VlmNet *net)
{
  return net->n_bytes;
}
