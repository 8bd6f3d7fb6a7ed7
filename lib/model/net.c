/* gst-vlm: the weights of a checkpoint on a device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/net-upload.h"

VlmNet *
vlm_net_new (VlmNnDevice *device, const VlmConfig *config)
{
  VlmNet *net = g_new0 (VlmNet, 1);

  g_atomic_ref_count_init (&net->ref_count);
  net->device = vlm_nn_device_ref (device);
  net->config = *config;
  net->config.name = g_strdup (config->name);
  for (guint i = 0; i < VLM_N_WEIGHTS; i++) {
    guint n = vlm_weight_get_n_layers (i, config);

    if (vlm_weight_is_matrix (i))
      net->matrices[i] = g_new0 (VlmNnMatrix *, n);
    else
      net->vectors[i] = g_new0 (VlmNnTensor, n);
  }
  return net;
}

static void
net_free (VlmNet *net)
{
  for (guint i = 0; i < VLM_N_WEIGHTS; i++) {
    guint n = vlm_weight_get_n_layers (i, &net->config);

    for (guint layer = 0; layer < n; layer++) {
      if (net->matrices[i] != NULL)
        vlm_nn_matrix_free (net->matrices[i][layer]);
      if (net->vectors[i] != NULL)
        vlm_nn_tensor_clear (&net->vectors[i][layer]);
    }
    g_free (net->matrices[i]);
    g_free (net->vectors[i]);
  }
  g_free (net->config.name);
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
