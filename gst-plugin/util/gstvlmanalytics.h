/* gst-vlm: boxes as GStreamer's own analytics metadata
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Only where HAVE_GST_ANALYTICS: GStreamer 1.24 and newer. */
#pragma once

#include <gst/video/video.h>
#include <vlm/vlm-event.h>

G_BEGIN_DECLS

/* An object detection with the box of @event, related to a tracking with its id.
 * All have the same type, because types are quarks, which are never freed. */
void gst_vlm_analytics_add_box (GstBuffer *buffer, const VlmEvent *event,
    const GstVideoRegionOfInterestMeta *box);

/* Whether an object was detected in @buffer for whose type @is_wanted is true. */
gboolean gst_vlm_analytics_has_object (GstBuffer *buffer,
    gboolean (*is_wanted) (gpointer user_data, const char *type),
    gpointer user_data);

/* An object detection with the box of @region; all have the same type.
 * @confidence: -1 where it is not known. */
void gst_vlm_analytics_add_region (GstBuffer *buffer,
    const GstVideoRegionOfInterestMeta *region, double confidence);

G_END_DECLS
