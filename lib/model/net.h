/* gst-vlm: the weights of a checkpoint on a device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-work.h>

#include "model/checkpoint.h"
#include "nn/ops.h"

/* Immutable after loading, atomic reference count, any thread. */
typedef struct _VlmNet VlmNet;

/* Streams the files of a checkpoint to the device: host memory stays near a fixed
 * working set. */
VlmNet *vlm_net_load (VlmNnDevice *device, const VlmCheckpoint *checkpoint,
    const VlmWork *work, GError **error);
/* Seeded random weights, bf16 or quantised, of the shapes of @config (copied).
 * @n_layers > 0 limits the depth of both towers. For benchmarks. */
VlmNet *vlm_net_new_random (VlmNnDevice *device, const VlmConfig *config,
    guint n_layers, guint64 seed, VlmModelWeights weights, GError **error);
VlmNet *vlm_net_ref (VlmNet *net);
void vlm_net_unref (VlmNet *net);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmNet, vlm_net_unref)

const VlmConfig *vlm_net_get_config (const VlmNet *net);
VlmNnDevice *vlm_net_get_device (const VlmNet *net);
/* Bytes of weights on the device. */
guint64 vlm_net_get_n_bytes (const VlmNet *net);
