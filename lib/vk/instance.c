/* gst-vlm: the process's one Vulkan instance
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/instance.h"

#include <stdlib.h>
#include <string.h>

#include <vlm/vlm-error.h>

#include "base/host-memory.h"
#include "base/log.h"
#include "vk/debug.h"
#include "vk/device.h"
#include "vk/result.h"

#define VALIDATION_LAYER "VK_LAYER_KHRONOS_validation"
#define PORTABILITY_EXTENSION "VK_KHR_portability_enumeration"

static GMutex instance_lock;
static guint instance_uses;
static VkInstance instance;
static VkDebugUtilsMessengerEXT messenger;

static gint validation_messages; /* atomic */

static const char *
validation_mode (void)
{
  const char *mode = g_getenv ("VLM_VALIDATE");
  if (mode == NULL || *mode == '\0' || strcmp (mode, "0") == 0)
    return NULL;
  return mode;
}

guint
vlm_vk_validation_count (void)
{
  return (guint) g_atomic_int_get (&validation_messages);
}

static VKAPI_ATTR VkBool32 VKAPI_CALL
on_message (VkDebugUtilsMessageSeverityFlagBitsEXT severity,
    VkDebugUtilsMessageTypeFlagsEXT types,
    const VkDebugUtilsMessengerCallbackDataEXT *data, void *user_data)
{
  g_atomic_int_inc (&validation_messages);
  const char *mode = validation_mode ();
  if (g_strcmp0 (mode, "fatal") == 0) {
    /* Not g_error (): nothing may catch or redirect it. */
    g_printerr ("Vulkan validation: %s\n", data->pMessage);
    abort ();
  }
  vlm_warning ("Vulkan validation: %s", data->pMessage);
  return VK_FALSE;
}

/* Extensions of the instance, or those that @layer adds. */
static gboolean
has_extension (const char *layer, const char *name)
{
  guint32 n = 0;
  if (!vlm_vk_call (
          NULL, vkEnumerateInstanceExtensionProperties, layer, &n, NULL))
    return FALSE;
  g_autofree VkExtensionProperties *list = g_new0 (VkExtensionProperties, n);
  if (!vlm_vk_call (
          NULL, vkEnumerateInstanceExtensionProperties, layer, &n, list))
    return FALSE;
  for (guint32 i = 0; i < n; i++)
    if (strcmp (list[i].extensionName, name) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
has_validation_layer (void)
{
  guint32 n = 0;
  if (!vlm_vk_call (NULL, vkEnumerateInstanceLayerProperties, &n, NULL))
    return FALSE;
  g_autofree VkLayerProperties *list = g_new0 (VkLayerProperties, n);
  if (!vlm_vk_call (NULL, vkEnumerateInstanceLayerProperties, &n, list))
    return FALSE;
  for (guint32 i = 0; i < n; i++)
    if (strcmp (list[i].layerName, VALIDATION_LAYER) == 0)
      return has_extension (
                 VALIDATION_LAYER, VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME) &&
          (has_extension (NULL, VK_EXT_DEBUG_UTILS_EXTENSION_NAME) ||
              has_extension (
                  VALIDATION_LAYER, VK_EXT_DEBUG_UTILS_EXTENSION_NAME));
  return FALSE;
}

gboolean
vlm_vk_validation_available (void)
{
  return validation_mode () != NULL && has_validation_layer ();
}

static void
create_messenger (const VkDebugUtilsMessengerCreateInfoEXT *info)
{
  PFN_vkCreateDebugUtilsMessengerEXT create_function =
      (PFN_vkCreateDebugUtilsMessengerEXT) vkGetInstanceProcAddr (
          instance, "vkCreateDebugUtilsMessengerEXT");
  if (create_function == NULL ||
      !vlm_vk_call (NULL, create_function, instance, info, NULL, &messenger)) {
    messenger = VK_NULL_HANDLE;
    vlm_warning ("no messenger for Vulkan validation messages");
  }
}

static void
destroy_messenger (void)
{
  if (messenger == VK_NULL_HANDLE)
    return;
  PFN_vkDestroyDebugUtilsMessengerEXT destroy_function =
      (PFN_vkDestroyDebugUtilsMessengerEXT) vkGetInstanceProcAddr (
          instance, "vkDestroyDebugUtilsMessengerEXT");
  destroy_function (instance, messenger, NULL);
  messenger = VK_NULL_HANDLE;
}

static gboolean
check_version (guint32 *version, GError **error)
{
  *version = VK_API_VERSION_1_0;
  if (!vlm_vk_call (error, vkEnumerateInstanceVersion, version))
    return FALSE;
  if (*version >= VK_API_VERSION_1_2)
    return TRUE;
  g_set_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_MISSING_FEATURE,
      "the Vulkan loader has version %u.%u; 1.2 is required",
      VK_API_VERSION_MAJOR (*version), VK_API_VERSION_MINOR (*version));
  return FALSE;
}

/* Drivers do not survive a failed allocation: they crash, or wait for a thread
 * that could not be made. lavapipe, which needs the least, takes this much
 * address space until the first kernels are compiled: stacks and arenas of a
 * thread for each processor, and the compiler. */
#define DRIVER_BYTES ((guint64) 896 << 20)
#define DRIVER_BYTES_OF_PROCESSOR ((guint64) 128 << 20)
/* And this much at most for each further kernel, when it is compiled or first
 * runs. */
#define KERNEL_BYTES ((guint64) 128 << 20)

gboolean
vlm_vk_check_addresses (GError **error)
{
  return vlm_host_memory_check (
      VLM_HOST_ADDRESSES, KERNEL_BYTES, "a Vulkan driver", error);
}

static gboolean
create_instance (GError **error)
{
  guint32 version;
  if (!vlm_host_memory_check (VLM_HOST_ADDRESSES,
          DRIVER_BYTES + DRIVER_BYTES_OF_PROCESSOR * g_get_num_processors (),
          "a Vulkan driver", error) ||
      !check_version (&version, error))
    return FALSE;

  gboolean validate = validation_mode () != NULL;
  if (validate && !has_validation_layer ()) {
    vlm_warning ("VLM_VALIDATE is set, but %s is not installed: Vulkan calls "
                 "are not validated",
        VALIDATION_LAYER);
    validate = FALSE;
  }
  gboolean portability = has_extension (NULL, PORTABILITY_EXTENSION);
  gboolean has_names =
      validate || has_extension (NULL, VK_EXT_DEBUG_UTILS_EXTENSION_NAME);

  const char *extensions[3];
  guint32 n_extensions = 0;
  const char *layers[] = { VALIDATION_LAYER };
  if (has_names)
    extensions[n_extensions++] = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
  if (validate)
    extensions[n_extensions++] = VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME;
  if (portability)
    extensions[n_extensions++] = PORTABILITY_EXTENSION;

  VkValidationFeatureEnableEXT enables[] = {
    VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT,
  };
  VkValidationFeaturesEXT features = {
    .sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
    .enabledValidationFeatureCount = G_N_ELEMENTS (enables),
    .pEnabledValidationFeatures = enables,
  };
  VkDebugUtilsMessengerCreateInfoEXT messenger_info = {
    .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
    .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
        VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
    .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
    .pfnUserCallback = on_message,
  };
  VkApplicationInfo application = {
    .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
    .pApplicationName = "gst-vlm",
    .apiVersion = MIN (version, VK_API_VERSION_1_3),
  };
  VkInstanceCreateInfo info = {
    .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
    .pNext = validate ? &features : NULL,
    .flags = portability ? VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR : 0,
    .pApplicationInfo = &application,
    .enabledLayerCount = validate ? 1 : 0,
    .ppEnabledLayerNames = layers,
    .enabledExtensionCount = n_extensions,
    .ppEnabledExtensionNames = extensions,
  };
  g_autoptr (GError) fault = NULL;
  if (!vlm_vk_call (&fault, vkCreateInstance, &info, NULL, &instance)) {
    instance = VK_NULL_HANDLE;
    /* The loader's result if it finds no driver at all. */
    if (g_error_matches (fault, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_NO_DEVICE))
      g_set_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_NO_DEVICE,
          "there is no Vulkan driver (%s): %s", fault->message,
          VLM_VK_NO_DRIVER);
    else
      g_set_error (error, fault->domain, fault->code,
          "Vulkan does not start (%s), as with a damaged list of drivers: "
          "\"VK_LOADER_DEBUG=error vulkaninfo --summary\" says why",
          fault->message);
    return FALSE;
  }
  if (has_names)
    vlm_vk_debug_attach (instance);
  if (validate)
    create_messenger (&messenger_info);
  return TRUE;
}

VkInstance
vlm_vk_instance_acquire (GError **error)
{
  VkInstance acquired = VK_NULL_HANDLE;
  g_mutex_lock (&instance_lock);
  if (instance_uses > 0 || create_instance (error)) {
    instance_uses++;
    acquired = instance;
  }
  g_mutex_unlock (&instance_lock);
  return acquired;
}

void
vlm_vk_instance_release (void)
{
  g_mutex_lock (&instance_lock);
  g_assert (instance_uses > 0);
  if (--instance_uses == 0) {
    destroy_messenger ();
    vlm_vk_debug_detach ();
    vkDestroyInstance (instance, NULL);
    instance = VK_NULL_HANDLE;
  }
  g_mutex_unlock (&instance_lock);
}
