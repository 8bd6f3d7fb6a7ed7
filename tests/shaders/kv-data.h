/* gst-vlm: caches whose contents a test knows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shaders/vkcheck.h"

/* NaN: shows wherever it is read. */
#define KV_POISON 0x7fc0deadu
#define KV_POISON_HALVES 0x7e5d7e5du

/* A cache for @n_keys: one segment where they fit in one, else it grows. */
void kv_data_init_cache (VkCheck *check, VlmNnKv *kv, VlmDType dtype,
    guint n_heads, guint head_dim, guint n_keys);

typedef struct
{
  guint first_key, n_keys;
  float *keys; /* [n_heads][n_keys][head_dim] of the keys from first_key */
  float *values;
} KvData;

void
kv_data_init (KvData *data, const VlmNnKv *kv, guint first_key, guint n_keys);
void kv_data_clear (KvData *data);

/* Writes @data, which a cache of 16 bits rounds, and poison everywhere else.
 * Without data: poison only. */
void kv_data_upload (VkCheck *check, const VlmNnKv *kv, const KvData *data);

/* Reads @data back; fails the case where poison was overwritten. */
void kv_data_download (VkCheck *check, const VlmNnKv *kv, KvData *data);
