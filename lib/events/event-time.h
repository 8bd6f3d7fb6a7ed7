/* gst-vlm: the model's seconds to the clocks of the pipeline
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-sampler.h>

/* The one place where model time becomes pipeline time. @offset_ns: since the
 * slot of the window's first sample. The stream time is exact; the other clocks
 * are interpolated between the samples on both sides, and continued with the
 * rate of the nearest pair beyond the ends. A clock that the samples do not
 * have stays VLM_TIME_NONE. */
VlmInstant vlm_event_time (const VlmWindow *window, gint64 offset_ns);

/* Where the UTC of @offset_ns comes from. */
VlmTimeSource vlm_event_time_source (const VlmWindow *window, gint64 offset_ns);
