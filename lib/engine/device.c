/* gst-vlm: the public face of a Vulkan device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/device.h"

#include "vk/device.h"

struct _VlmDevice
{
  GObject parent;

  VlmVkDevice *vk;
};

G_DEFINE_FINAL_TYPE (VlmDevice, vlm_device, G_TYPE_OBJECT)

static void
vlm_device_finalize (GObject *object)
{
  VlmDevice *self = VLM_DEVICE (object);

  g_clear_pointer (&self->vk, vlm_vk_device_unref);
  G_OBJECT_CLASS (vlm_device_parent_class)->finalize (object);
}

static void
vlm_device_class_init (VlmDeviceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vlm_device_finalize;
}

static void
vlm_device_init (VlmDevice *self)
{
}

/**
 * vlm_device_list:
 * @error: return location
 *
 * Lists the Vulkan devices of this machine without opening one. The index of a
 * line, its UUID or a part of its name is what vlm_device_open() takes.
 *
 * Returns: (transfer full) (array zero-terminated=1): a line for each Vulkan
 *   device: index, name, kind, driver and UUID; %NULL with a #VlmDeviceError,
 *   also where there is none
 *
 * Since: 0.1
 */
char **
vlm_device_list (GError **error)
{
  return vlm_vk_device_list (error);
}

/**
 * vlm_device_open:
 * @selector: (nullable): index, UUID or part of the name; %NULL for the best
 * @error: return location
 *
 * Opens a Vulkan device. Software devices are taken when there is no other.
 *
 * Returns: (transfer full): the device, or %NULL with a #VlmDeviceError
 *
 * Since: 0.1
 */
VlmDevice *
vlm_device_open (const char *selector, GError **error)
{
  g_autoptr (VlmVkDevice) vk = vlm_vk_device_open (selector, error);
  VlmDevice *self;

  if (vk == NULL)
    return NULL;
  self = g_object_new (VLM_TYPE_DEVICE, NULL);
  self->vk = g_steal_pointer (&vk);
  return self;
}

/**
 * vlm_device_get_name:
 * @device: a device
 *
 * Gets the name that the driver gives the device.
 *
 * Returns: (transfer none): its name
 *
 * Since: 0.1
 */
const char *
vlm_device_get_name (VlmDevice *device)
{
  g_return_val_if_fail (VLM_IS_DEVICE (device), NULL);
  return vlm_vk_device_get_caps (device->vk)->name;
}

/**
 * vlm_device_get_memory_bytes:
 * @device: a device
 *
 * Measures the memory that this process holds on a device. Thread-safe.
 *
 * Returns: bytes of device memory in use now, by everything that shares the
 *   device
 *
 * Since: 0.1
 */
guint64
vlm_device_get_memory_bytes (VlmDevice *device)
{
  guint64 now;
  guint64 peak;

  g_return_val_if_fail (VLM_IS_DEVICE (device), 0);
  vlm_vk_device_get_usage (device->vk, &now, &peak);
  return now;
}

VlmNnDevice *
vlm_device_get_nn (VlmDevice *device)
{
  return device->vk;
}

char *
vlm_device_find_uuid (const char *selector, GError **error)
{
  guint8 uuid[VK_UUID_SIZE];
  GString *digits;

  if (!vlm_vk_device_find (selector, uuid, error))
    return NULL;
  digits = g_string_new (NULL);
  for (guint i = 0; i < VK_UUID_SIZE; i++)
    g_string_append_printf (digits, "%02x", uuid[i]);
  return g_string_free (digits, FALSE);
}

gboolean
vlm_device_is_lost (VlmDevice *device)
{
  return vlm_vk_device_is_lost (device->vk);
}
