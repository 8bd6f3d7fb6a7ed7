/* gst-vlm: what trials of kernels found, kept between processes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "nn/device.h"
#include "nn/select.h"

/* The verdict on this very kernel on this device with this driver: the file is
 * beside the pipeline cache, and a kernel counts as another one once anything in
 * it changed. A file that cannot be read is ignored with a warning. */
VlmNnVerdict
vlm_nn_verdict_find (VlmNnDevice *device, const VlmNnKernel *kernel);

/* RIGHT or WRONG. If the file cannot be written, the next process tries again. */
void vlm_nn_verdict_keep (
    VlmNnDevice *device, const VlmNnKernel *kernel, VlmNnVerdict verdict);

/* The key of that kernel in the file. (transfer full) */
char *vlm_nn_verdict_key (const VlmNnKernel *kernel);
