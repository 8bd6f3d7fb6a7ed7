/* gst-vlm: the published sizes of Qwen2.5-VL
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/qwen2_5_vl/family.h"

#define VISION(inter, out)                                                     \
  .vision = { .depth = 32,                                                     \
    .hidden_size = 1280,                                                       \
    .n_heads = 16,                                                             \
    .head_dim = 80,                                                            \
    .intermediate_size = (inter),                                              \
    .out_hidden_size = (out),                                                  \
    .in_channels = 3,                                                          \
    .patch_size = 14,                                                          \
    .temporal_patch_size = 2,                                                  \
    .spatial_merge_size = 2 }
#define TEXT(hidden, layers, heads, kv_heads, inter, vocab, is_tied)           \
  .text = { .hidden_size = (hidden),                                           \
    .n_layers = (layers),                                                      \
    .n_heads = (heads),                                                        \
    .n_kv_heads = (kv_heads),                                                  \
    .head_dim = 128,                                                           \
    .intermediate_size = (inter),                                              \
    .vocab_size = (vocab),                                                     \
    .tied = (is_tied) }
#define SIZE(label, ...)                                                       \
  {                                                                            \
    label,                                                                     \
    {                                                                          \
      .arch = &vlm_qwen2_5_vl, __VA_ARGS__                                     \
    }                                                                          \
  }

const VlmArchSize vlm_qwen_sizes[VLM_QWEN_N_SIZES] = {
  SIZE ("3B", VISION (3420, 2048), TEXT (2048, 36, 16, 2, 11008, 151936, TRUE)),
  SIZE (
      "7B", VISION (3420, 3584), TEXT (3584, 28, 28, 4, 18944, 152064, FALSE)),
  SIZE (
      "32B", VISION (3456, 5120), TEXT (5120, 64, 40, 8, 27648, 152064, FALSE)),
  SIZE (
      "72B", VISION (3456, 8192), TEXT (8192, 80, 64, 8, 29568, 152064, FALSE)),
};
