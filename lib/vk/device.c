/* gst-vlm: one Vulkan device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/device-private.h"

#include <vlm/vlm-error.h>

#include "base/log.h"
#include "vk/batch.h"
#include "vk/instance.h"
#include "vk/result.h"
#include "vk/staging.h"

/* How late a cancelled wait may notice. */
#define CANCEL_SLICE_NS (2 * 1000 * 1000)
/* A wait that cannot be cancelled still looks whether another thread has found
 * the device lost. */
#define LOST_SLICE_NS (1000 * 1000 * 1000)

char **
vlm_vk_device_list (GError **error)
{
  VkInstance instance = vlm_vk_instance_acquire (error);
  if (instance == VK_NULL_HANDLE)
    return NULL;
  g_autoptr (GArray) list = vlm_vk_physical_list (instance, error);
  vlm_vk_instance_release ();
  if (list == NULL)
    return NULL;
  GStrvBuilder *lines = g_strv_builder_new ();
  for (guint i = 0; i < list->len; i++) {
    g_autofree char *line =
        vlm_vk_physical_describe (&g_array_index (list, VlmVkPhysical, i));
    g_strv_builder_add (lines, line);
  }
  char **strv = g_strv_builder_end (lines);
  g_strv_builder_unref (lines);
  return strv;
}

static gboolean
create_handle (VlmVkDevice *device, GError **error)
{
  VlmVkPhysical *physical = &device->physical;
  VkPhysicalDeviceSubgroupSizeControlFeatures sizes = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
    .subgroupSizeControl = TRUE,
  };
  VkPhysicalDeviceVulkan12Features features12 = physical->features12;
  features12.pNext = physical->has_size_control ? &sizes : NULL;
  VkPhysicalDeviceVulkan11Features features11 = physical->features11;
  features11.pNext = &features12;

  const float priority = 1.0f;
  VkDeviceQueueCreateInfo queue = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
    .queueFamilyIndex = physical->queue_family,
    .queueCount = 1,
    .pQueuePriorities = &priority,
  };
  const char *extensions[2];
  guint32 n_extensions = 0;
  if (physical->has_portability_subset) /* must be enabled where there is one */
    extensions[n_extensions++] = "VK_KHR_portability_subset";
  if (physical->has_size_control && physical->needs_size_extension)
    extensions[n_extensions++] = VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME;
  VkDeviceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
    .pNext = &features11,
    .queueCreateInfoCount = 1,
    .pQueueCreateInfos = &queue,
    .enabledExtensionCount = n_extensions,
    .ppEnabledExtensionNames = extensions,
    .pEnabledFeatures = &physical->features,
  };
  if (!vlm_vk_call (error, vkCreateDevice, physical->handle, &info, NULL,
          &device->handle)) {
    device->handle = VK_NULL_HANDLE;
    return FALSE;
  }
  vkGetDeviceQueue (device->handle, physical->queue_family, 0, &device->queue);
  return TRUE;
}

static gboolean
create_timeline (VlmVkDevice *device, GError **error)
{
  VkSemaphoreTypeCreateInfo type = {
    .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
    .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
  };
  VkSemaphoreCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
    .pNext = &type,
  };
  if (vlm_vk_call (error, vkCreateSemaphore, device->handle, &info, NULL,
          &device->timeline))
    return TRUE;
  device->timeline = VK_NULL_HANDLE;
  return FALSE;
}

static void
finish_work (VlmVkDevice *device)
{
  /* Called directly: nothing that is in use may be destroyed, injected fault or
   * not. On a lost device it fails, and then nothing is in use any more. */
  g_autoptr (GError) error = NULL;
  if (vlm_vk_check (
          vkDeviceWaitIdle (device->handle), "vkDeviceWaitIdle", &error) < 0)
    vlm_debug ("closing the device: %s", error->message);

  VlmVkBatch *batch;
  while ((batch = g_queue_pop_head (&device->in_flight)) != NULL)
    vlm_vk_batch_recycle (batch);
  g_ptr_array_set_size (device->batches, 0);
}

/* Undoes whatever was done; no user is left. */
static void
device_free (VlmVkDevice *device)
{
  if (device->handle != VK_NULL_HANDLE) {
    finish_work (device);
    vlm_vk_staging_free (device->staging);
    if (device->pipelines != NULL && !g_atomic_int_get (&device->lost))
      vlm_vk_pipeline_cache_save (device);
    vlm_vk_pipelines_free (device, device->pipelines);
    vkDestroySemaphore (device->handle, device->timeline, NULL);
    vlm_vk_memory_destroy (device->memory);
    vkDestroyDevice (device->handle, NULL);
  }
  vlm_vk_timer_free (device->timer);
  g_ptr_array_unref (device->batches);
  g_mutex_clear (&device->queue_lock);
  g_mutex_clear (&device->batches_lock);
  g_free (device);
  vlm_vk_instance_release ();
}

static gboolean
device_init (VlmVkDevice *device, GError **error)
{
  if (!create_handle (device, error))
    return FALSE;
  device->memory = vlm_vk_memory_new (device->handle, &device->physical.memory);
  device->staging = vlm_vk_staging_new ();
  if (!create_timeline (device, error))
    return FALSE;
  device->pipelines = vlm_vk_pipelines_new (device, error);
  return device->pipelines != NULL;
}

static gboolean
choose (VkInstance instance, const char *selector, VlmVkPhysical *chosen,
    GError **error)
{
  g_autoptr (GArray) list = vlm_vk_physical_list (instance, error);
  if (list == NULL)
    return FALSE;
  const VlmVkPhysical *physical =
      vlm_vk_physical_choose (list, selector, error);
  if (physical == NULL)
    return FALSE;
  *chosen = *physical;
  return TRUE;
}

gboolean
vlm_vk_device_find (
    const char *selector, guint8 uuid[VK_UUID_SIZE], GError **error)
{
  VkInstance instance = vlm_vk_instance_acquire (error);
  if (instance == VK_NULL_HANDLE)
    return FALSE;
  VlmVkPhysical physical;
  gboolean found = choose (instance, selector, &physical, error);
  vlm_vk_instance_release ();
  if (found)
    memcpy (uuid, physical.caps.uuid, VK_UUID_SIZE);
  return found;
}

VlmVkDevice *
vlm_vk_device_open (const char *selector, GError **error)
{
  VkInstance instance = vlm_vk_instance_acquire (error);
  if (instance == VK_NULL_HANDLE)
    return NULL;
  VlmVkPhysical physical;
  if (!choose (instance, selector, &physical, error)) {
    vlm_vk_instance_release ();
    return NULL;
  }

  VlmVkDevice *device = g_new0 (VlmVkDevice, 1);
  g_atomic_ref_count_init (&device->refs);
  device->physical = physical;
  device->pins_subgroups = physical.has_size_control &&
      physical.caps.min_subgroup_size != physical.caps.max_subgroup_size;
  device->no_map = g_strcmp0 (g_getenv ("VLM_NO_MAP"), "1") == 0;
  g_mutex_init (&device->queue_lock);
  g_mutex_init (&device->batches_lock);
  g_queue_init (&device->in_flight);
  device->batches =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_vk_batch_destroy);
  device->timer = vlm_vk_timer_new ();
  if (!device_init (device, error)) {
    g_prefix_error (error, "opening %s: ", physical.caps.name);
    device_free (device);
    return NULL;
  }
  return device;
}

VlmVkDevice *
vlm_vk_device_ref (VlmVkDevice *device)
{
  g_atomic_ref_count_inc (&device->refs);
  return device;
}

void
vlm_vk_device_unref (VlmVkDevice *device)
{
  if (device != NULL && g_atomic_ref_count_dec (&device->refs))
    device_free (device);
}

const VlmVkCaps *
vlm_vk_device_get_caps (VlmVkDevice *device)
{
  return &device->physical.caps;
}

VkDevice
vlm_vk_device_get_handle (VlmVkDevice *device)
{
  return device->handle;
}

void
vlm_vk_device_get_usage (
    VlmVkDevice *device, guint64 *now_bytes, guint64 *peak_bytes)
{
  vlm_vk_memory_get_usage (device->memory, now_bytes, peak_bytes, NULL);
}

VkResult
vlm_vk_device_note (VlmVkDevice *device, VkResult result)
{
  if (result == VK_ERROR_DEVICE_LOST)
    g_atomic_int_set (&device->lost, TRUE);
  return result;
}

gboolean
vlm_vk_device_is_lost (VlmVkDevice *device)
{
  return g_atomic_int_get (&device->lost);
}

gboolean
vlm_vk_device_check (VlmVkDevice *device, GError **error)
{
  if (!vlm_vk_device_is_lost (device))
    return TRUE;
  g_set_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST,
      "the Vulkan device %s was lost", device->physical.caps.name);
  return FALSE;
}

void
vlm_vk_device_reap (VlmVkDevice *device)
{
  guint64 reached = 0;
  if (g_atomic_int_get (&device->lost))
    return;
  /* A failure shows at the next wait, if it lasts. */
  if (vlm_vk_device_note (device,
          vlm_vk_try (NULL, vkGetSemaphoreCounterValue, device->handle,
              device->timeline, &reached)) < 0)
    return;

  GQueue done = G_QUEUE_INIT;
  VlmVkBatch *batch;
  g_mutex_lock (&device->queue_lock);
  while ((batch = g_queue_peek_head (&device->in_flight)) != NULL &&
      batch->value <= reached)
    g_queue_push_tail (&done, g_queue_pop_head (&device->in_flight));
  g_mutex_unlock (&device->queue_lock);

  while ((batch = g_queue_pop_head (&done)) != NULL)
    vlm_vk_batch_recycle (batch);
}

gboolean
vlm_vk_device_wait (VlmVkDevice *device, guint64 value,
    GCancellable *cancellable, GError **error)
{
  VkSemaphoreWaitInfo info = {
    .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
    .semaphoreCount = 1,
    .pSemaphores = &device->timeline,
    .pValues = &value,
  };
  g_mutex_lock (&device->queue_lock);
  g_assert (value <= device->last_value); /* or it would wait for ever */
  g_mutex_unlock (&device->queue_lock);

  guint64 slice_ns = cancellable != NULL ? CANCEL_SLICE_NS : LOST_SLICE_NS;
  VkResult result;
  do {
    if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
        !vlm_vk_device_check (device, error))
      return FALSE;
    result = vlm_vk_device_note (device,
        vlm_vk_try (error, vkWaitSemaphores, device->handle, &info, slice_ns));
  } while (result == VK_TIMEOUT);
  if (result < 0)
    return FALSE;
  vlm_vk_device_reap (device);
  return TRUE;
}
