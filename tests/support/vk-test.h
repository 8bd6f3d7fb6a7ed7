/* gst-vlm: what tests of Vulkan code share
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-error.h>

#include "vk/command.h"
#include "vk/transfer.h"
#include "vk-test-affine.h"
#include "vk-test-gather.h"
#include "vk-test-spin.h"

/* y = x * spec[0] + spec[1]; x, y: u32 [push]. */
static const VlmVkShader vk_test_affine = {
  .name = "affine",
  .words = spirv_affine,
  .n_words = G_N_ELEMENTS (spirv_affine),
  .n_bindings = 2,
  .bindings = { 'S', 'S' },
  .push_bytes = 4,
};

/* y[i] = sum of texel i of x. */
static const VlmVkShader vk_test_gather = {
  .name = "gather",
  .words = spirv_gather,
  .n_words = G_N_ELEMENTS (spirv_gather),
  .n_bindings = 2,
  .bindings = { 'T', 'S' },
  .push_bytes = 4,
};

/* Takes time in proportion to push. */
static const VlmVkShader vk_test_spin = {
  .name = "spin",
  .words = spirv_spin,
  .n_words = G_N_ELEMENTS (spirv_spin),
  .n_bindings = 1,
  .bindings = { 'S' },
  .push_bytes = 4,
};

/* NULL after a skip: there is no device, or nothing would be validated though
 * the tests are to run validated. */
static inline VlmVkDevice *
vk_test_open (void)
{
  g_autoptr (GError) error = NULL;
  if (g_getenv ("VLM_VALIDATE") != NULL && !vlm_vk_validation_available ()) {
    g_test_skip ("the Vulkan validation layers are not installed");
    return NULL;
  }
  VlmVkDevice *device = vlm_vk_device_open (g_getenv ("VLM_DEVICE"), &error);
  if (g_error_matches (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_NO_DEVICE))
    g_test_skip (error->message);
  else
    g_assert_no_error (error);
  return device;
}

static inline VlmVkBuffer *
vk_test_buffer (VlmVkDevice *device, guint64 n_bytes)
{
  g_autoptr (GError) error = NULL;
  VlmVkBuffer *buffer =
      vlm_vk_buffer_new (device, n_bytes, VLM_VK_BUFFER_DEVICE, &error);
  g_assert_no_error (error);
  return buffer;
}

static inline VlmVkPipeline *
vk_test_affine_get (VlmVkDevice *device, guint32 scale, guint32 bias)
{
  g_autoptr (GError) error = NULL;
  guint32 spec[] = { scale, bias };
  VlmVkPipeline *pipeline =
      vlm_vk_pipeline_get (device, &vk_test_affine, spec, 2, &error);
  g_assert_no_error (error);
  return pipeline;
}

/* y[0 .. n) = x[0 .. n) * scale + bias, offsets in bytes. */
static inline void
vk_test_run_affine (VlmVkCommands *commands, VlmVkPipeline *pipeline,
    VlmVkBuffer *x, guint64 x_offset, VlmVkBuffer *y, guint64 y_offset,
    guint32 n)
{
  VlmVkBinding bindings[] = {
    { x, x_offset, n * 4, VLM_VK_READ },
    { y, y_offset, n * 4, VLM_VK_WRITE },
  };
  vlm_vk_commands_dispatch (
      commands, pipeline, bindings, 2, &n, sizeof n, (n + 63) / 64, 1, 1);
}

static inline void
vk_test_finish (VlmVkDevice *device, VlmVkCommands *commands)
{
  g_autoptr (GError) error = NULL;
  guint64 value;
  vlm_vk_commands_submit (commands, &value, &error);
  g_assert_no_error (error);
  vlm_vk_device_wait (device, value, NULL, &error);
  g_assert_no_error (error);
}
