/* gst-vlm: a small random net for tests that need no checkpoint
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-error.h>

#include "model/net.h"
#include "model/qwen2_5_vl/family.h"
#include "vk/device.h"

/* Awkward on purpose: widths off the tile, two queries to a key, ragged
 * windows, one full block among windowed ones. */
static const VlmConfig random_net_config = {
  .arch = &vlm_qwen2_5_vl,
  .vision = {
    .depth = 3,
    .hidden_size = 48,
    .n_heads = 2,
    .head_dim = 24,
    .intermediate_size = 52,
    .out_hidden_size = 64,
    .in_channels = 3,
    .patch_size = 14,
    .temporal_patch_size = 2,
    .spatial_merge_size = 2,
    .window_size = 112,
    .tokens_per_second = 2,
    .n_full_blocks = 1,
    .full_blocks = { 1 },
  },
  .text = {
    .hidden_size = 64,
    .n_layers = 3,
    .n_heads = 4,
    .n_kv_heads = 2,
    .head_dim = 16,
    .intermediate_size = 100,
    .vocab_size = 440,
    .max_positions = 4000,
    .tied = TRUE,
    .rms_norm_eps = 1e-6,
    .rope_theta = 1e6,
    .mrope_section = { 2, 3, 3 },
  },
  .image_token_id = 428,
  .video_token_id = 429,
  .vision_start_token_id = 425,
  .vision_end_token_id = 426,
};

typedef struct
{
  VlmVkDevice *device;
  VlmNet *net;
  VlmNn *nn;
} RandomNet;

/* FALSE after a skip: there is no device. */
static inline gboolean
random_net_init (RandomNet *self)
{
  g_autoptr (GError) error = NULL;

  *self = (RandomNet){ 0 };
  self->device = vlm_vk_device_open (g_getenv ("VLM_DEVICE"), &error);
  if (g_error_matches (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_NO_DEVICE)) {
    g_test_skip (error->message);
    return FALSE;
  }
  g_assert_no_error (error);
  self->net = vlm_net_new_random (
      self->device, &random_net_config, 0, 1, VLM_MODEL_WEIGHTS_AUTO, &error);
  g_assert_no_error (error);
  self->nn = vlm_nn_new (self->device, &error);
  g_assert_no_error (error);
  return TRUE;
}

static inline void
random_net_clear (RandomNet *self)
{
  g_clear_pointer (&self->nn, vlm_nn_free);
  g_clear_pointer (&self->net, vlm_net_unref);
  g_clear_pointer (&self->device, vlm_vk_device_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RandomNet, random_net_clear)

/* The largest difference of n values; infinite with a NaN. */
static inline float
largest_difference (const float *a, const float *b, gsize n)
{
  float worst = 0;

  for (gsize i = 0; i < n; i++) {
    float off = ABS (a[i] - b[i]);

    if (!(off <= worst))
      worst = off >= 0 ? off : G_MAXFLOAT;
  }
  return worst;
}
