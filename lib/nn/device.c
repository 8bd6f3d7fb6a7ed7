/* gst-vlm: a device, as those see it who only compute on it
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nn/device.h"

#include "vk/device.h"

VlmNnDevice *
vlm_nn_device_ref (VlmNnDevice *device)
{
  return vlm_vk_device_ref (device);
}

void
vlm_nn_device_unref (VlmNnDevice *device)
{
  vlm_vk_device_unref (device);
}

gboolean
vlm_nn_device_is_cpu (VlmNnDevice *device)
{
  return vlm_vk_device_get_caps (device)->is_cpu;
}
