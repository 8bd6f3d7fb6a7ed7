/* gst-vlm: what VK_KHR_cooperative_matrix offers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/physical.h"

/* Headers before 1.3.255 do not have it. */
#ifndef VK_KHR_cooperative_matrix
#define VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME "VK_KHR_cooperative_matrix"
#define VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR      \
  ((VkStructureType) 1000506000)
#define VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR                    \
  ((VkStructureType) 1000506001)

typedef enum
{
  VK_COMPONENT_TYPE_FLOAT16_KHR = 0,
  VK_COMPONENT_TYPE_FLOAT32_KHR = 1,
  VK_COMPONENT_TYPE_SINT8_KHR = 3,
  VK_COMPONENT_TYPE_SINT32_KHR = 5,
} VkComponentTypeKHR;

typedef enum
{
  VK_SCOPE_SUBGROUP_KHR = 3,
} VkScopeKHR;

typedef struct
{
  VkStructureType sType;
  void *pNext;
  guint32 MSize;
  guint32 NSize;
  guint32 KSize;
  VkComponentTypeKHR AType;
  VkComponentTypeKHR BType;
  VkComponentTypeKHR CType;
  VkComponentTypeKHR ResultType;
  VkBool32 saturatingAccumulation;
  VkScopeKHR scope;
} VkCooperativeMatrixPropertiesKHR;

typedef struct
{
  VkStructureType sType;
  void *pNext;
  VkBool32 cooperativeMatrix;
  VkBool32 cooperativeMatrixRobustBufferAccess;
} VkPhysicalDeviceCooperativeMatrixFeaturesKHR;

typedef VkResult (
    VKAPI_PTR *PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR) (
    VkPhysicalDevice physicalDevice, guint32 *pPropertyCount,
    VkCooperativeMatrixPropertiesKHR *pProperties);
#endif

/* Fills the list of matrix products in the caps, where the device has the
 * extension and what shaders that use it need besides. Features must be known. */
gboolean vlm_vk_cooperative_query (
    VkInstance instance, VlmVkPhysical *physical, GError **error);

/* To enable when the device is opened; NULL-terminates the chain. */
VkPhysicalDeviceCooperativeMatrixFeaturesKHR vlm_vk_cooperative_features (void);
