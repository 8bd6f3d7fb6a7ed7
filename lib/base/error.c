/* gst-vlm: error domains
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>

/* The macro makes a string of its first argument as it stands: spaces that
 * clang-format would put around the hyphens become part of the domain. */
/* clang-format off */
G_DEFINE_QUARK (vlm-load-error, vlm_load_error)
G_DEFINE_QUARK (vlm-device-error, vlm_device_error)
G_DEFINE_QUARK (vlm-infer-error, vlm_infer_error)
G_DEFINE_QUARK (vlm-event-error, vlm_event_error)
