/* gst-vlm: a span of video
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-sampler.h>

/* Samples without frames; the caller fills everything in before it shares the
 * window. */
VlmWindow *vlm_window_new (guint n_samples);
