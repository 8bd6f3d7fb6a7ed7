/* gst-vlm: pictures as JPEG
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-frame.h>

G_BEGIN_DECLS

VLM_API GBytes *
vlm_frame_to_jpeg (const VlmFrame *frame, guint quality, GError **error);

G_END_DECLS
