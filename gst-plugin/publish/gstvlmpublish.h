/* gst-vlm: vlmpublish, the sink that publishes records
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasesink.h>

G_BEGIN_DECLS

#define GST_TYPE_VLM_PUBLISH (gst_vlm_publish_get_type ())

G_DECLARE_FINAL_TYPE (
    GstVlmPublish, gst_vlm_publish, GST, VLM_PUBLISH, GstBaseSink)

GST_ELEMENT_REGISTER_DECLARE (vlmpublish)

G_END_DECLS
