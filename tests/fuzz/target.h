/* gst-vlm: what a fuzz target is
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <glib.h>

/* Any bytes, or NULL when there are none; returns 0. The name is libFuzzer's. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes);
