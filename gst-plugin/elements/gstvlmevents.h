/* gst-vlm: vlmevents, the element that analyses video
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_VLM_EVENTS (gst_vlm_events_get_type ())

G_DECLARE_FINAL_TYPE (GstVlmEvents, gst_vlm_events, GST, VLM_EVENTS, GstElement)

GST_ELEMENT_REGISTER_DECLARE (vlmevents)

G_END_DECLS
