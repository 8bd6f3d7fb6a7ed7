/* gst-vlm: vlmoverlay, the element that shows events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_VLM_OVERLAY (gst_vlm_overlay_get_type ())

G_DECLARE_FINAL_TYPE (
    GstVlmOverlay, gst_vlm_overlay, GST, VLM_OVERLAY, GstElement)

GST_ELEMENT_REGISTER_DECLARE (vlmoverlay)

G_END_DECLS
