/* gst-vlm: results of Vulkan calls
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <vulkan/vulkan.h>

/* Every call that returns a VkResult goes through one of these two, so that
 * none is unchecked and each can be made to fail by a test.
 *
 * vlm_vk_try () is the VkResult; @error is set when it is negative.
 * vlm_vk_call () is TRUE unless it is negative. */
#define vlm_vk_try(error, function, ...)                                       \
  vlm_vk_check (                                                               \
      vlm_vk_fault_next () ?: function (__VA_ARGS__), #function, (error))
#define vlm_vk_call(error, function, ...)                                      \
  (vlm_vk_try (error, function, __VA_ARGS__) >= 0)

/* Sets @error (VLM_DEVICE_ERROR, naming the call and the result) when @result
 * is negative. Returns @result. */
VkResult vlm_vk_check (VkResult result, const char *call, GError **error);

const char *vlm_vk_result_name (VkResult result);

/* Fault injection, in builds with assertions. After @n_calls more checked calls
 * the next one is not made and gives @result instead; once. Process-wide. */
void vlm_vk_fault_inject_after (guint n_calls, VkResult result);
/* Takes a fault back. TRUE when it had not happened yet. */
gboolean vlm_vk_fault_clear (void);
/* FALSE when the build has no fault injection. */
gboolean vlm_vk_fault_available (void);

/* What the next checked call must give instead of being made; VK_SUCCESS for
 * no fault. */
#ifdef NDEBUG
#define vlm_vk_fault_next() VK_SUCCESS
#else
VkResult vlm_vk_fault_next (void);
#endif
