/* gst-vlm: how much memory of a device a model takes
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Known before anything is allocated. */
#pragma once

#include "model/weights.h"
#include "nn/device.h"

/* The load of one session. */
typedef struct
{
  guint n_tokens;       /* of the context */
  guint64 slice_pixels; /* of its largest picture */
  VlmDType cache_type;
  guint ordered_width; /* vlm_weight_list_get_ordered_width () */
} VlmMemoryUse;

/* Bytes. */
typedef struct
{
  guint64 weights;
  guint64 cache;    /* keys and values of the context */
  guint64 features; /* of the pictures in it */
  guint64 scratch;  /* of both towers */
  guint64 staging;
} VlmMemoryPlan;

/* @device: NULL for none in particular. */
VlmMemoryPlan vlm_memory_plan (const VlmConfig *config, guint64 weight_bytes,
    const VlmMemoryUse *use, VlmNnDevice *device);
guint64 vlm_memory_plan_total (const VlmMemoryPlan *plan);

/* Before weights are loaded: VLM_DEVICE_ERROR_OUT_OF_MEMORY if they, and a first
 * small question, do not fit. The message has the memory that is needed, what is
 * available, and which `weights` would fit. @name is for the message. */
gboolean vlm_memory_check_weights (VlmNnDevice *device, const VlmConfig *config,
    const VlmWeightList *list, const char *name, GError **error);
/* Before a context grows by @n_bytes to @n_tokens, likewise. */
gboolean vlm_memory_check_context (
    VlmNnDevice *device, guint64 n_bytes, guint n_tokens, GError **error);
