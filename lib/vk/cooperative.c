/* gst-vlm: what VK_KHR_cooperative_matrix offers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/cooperative.h"

#include "vk/result.h"

VkPhysicalDeviceCooperativeMatrixFeaturesKHR
vlm_vk_cooperative_features (void)
{
  return (VkPhysicalDeviceCooperativeMatrixFeaturesKHR){
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR,
    .cooperativeMatrix = TRUE,
  };
}

/* Of a subgroup, with sums of 32 bits. */
static gboolean
is_of_use (const VkCooperativeMatrixPropertiesKHR *product)
{
  if (product->scope != VK_SCOPE_SUBGROUP_KHR ||
      product->saturatingAccumulation || product->BType != product->AType ||
      product->ResultType != product->CType)
    return FALSE;
  return (product->AType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
             product->CType == VK_COMPONENT_TYPE_FLOAT32_KHR) ||
      (product->AType == VK_COMPONENT_TYPE_SINT8_KHR &&
          product->CType == VK_COMPONENT_TYPE_SINT32_KHR);
}

gboolean
vlm_vk_cooperative_query (
    VkInstance instance, VlmVkPhysical *physical, GError **error)
{
  VlmVkCaps *caps = &physical->caps;
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR has =
      vlm_vk_cooperative_features ();
  VkPhysicalDeviceFeatures2 features = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
    .pNext = &has,
  };
  PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR get_list =
      (PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)
          vkGetInstanceProcAddr (
              instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
  guint32 n = 0;

  has.cooperativeMatrix = FALSE;
  vkGetPhysicalDeviceFeatures2 (physical->handle, &features);
  if (!has.cooperativeMatrix || get_list == NULL ||
      !physical->features12.vulkanMemoryModel ||
      !physical->features12.shaderFloat16)
    return TRUE;
  if (!vlm_vk_call (error, get_list, physical->handle, &n, NULL))
    return FALSE;
  g_autofree VkCooperativeMatrixPropertiesKHR *list =
      g_new0 (VkCooperativeMatrixPropertiesKHR, n);
  for (guint32 i = 0; i < n; i++)
    list[i].sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
  if (!vlm_vk_call (error, get_list, physical->handle, &n, list))
    return FALSE;
  for (guint32 i = 0; i < n && caps->n_products < VLM_VK_MAX_PRODUCTS; i++)
    if (is_of_use (&list[i]))
      caps->products[caps->n_products++] = (VlmVkProduct){
        .is_int8 = list[i].AType == VK_COMPONENT_TYPE_SINT8_KHR,
        .m = list[i].MSize,
        .n = list[i].NSize,
        .k = list[i].KSize,
      };
  return TRUE;
}
