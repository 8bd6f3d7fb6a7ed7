/* gst-vlm: boxes as GStreamer's own analytics metadata
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/gstvlmanalytics.h"

#include <gst/analytics/analytics.h>

#include "util/gstvlmtime.h"

#define OBJECT_TYPE "vlm-event"
#define REGION_TYPE "vlm-answer"

void
gst_vlm_analytics_add_box (GstBuffer *buffer, const VlmEvent *event,
    const GstVideoRegionOfInterestMeta *box)
{
  GstAnalyticsRelationMeta *meta =
      gst_buffer_get_analytics_relation_meta (buffer);
  GstAnalyticsODMtd object;
  GstAnalyticsTrackingMtd tracking;

  if (meta == NULL)
    meta = gst_buffer_add_analytics_relation_meta (buffer);
  if (meta == NULL ||
      !gst_analytics_relation_meta_add_od_mtd (meta,
          g_quark_from_static_string (OBJECT_TYPE), (gint) box->x,
          (gint) box->y, (gint) box->w, (gint) box->h,
          (gfloat) MAX (0.0, event->confidence), &object) ||
      !gst_analytics_relation_meta_add_tracking_mtd (
          meta, event->id, gst_vlm_time_to_gst (event->start.pts), &tracking))
    return;
  gst_analytics_tracking_mtd_update_last_seen (
      &tracking, gst_vlm_time_to_gst (event->end.pts));
  if (event->state == VLM_EVENT_STATE_END)
    gst_analytics_tracking_mtd_set_lost (&tracking);
  gst_analytics_relation_meta_set_relation (
      meta, GST_ANALYTICS_REL_TYPE_RELATE_TO, object.id, tracking.id);
}

gboolean
gst_vlm_analytics_has_object (GstBuffer *buffer,
    gboolean (*is_wanted) (gpointer user_data, const char *type),
    gpointer user_data)
{
  GstAnalyticsRelationMeta *meta =
      gst_buffer_get_analytics_relation_meta (buffer);
  gpointer state = NULL;
  GstAnalyticsMtd object;

  while (meta != NULL &&
      gst_analytics_relation_meta_iterate (
          meta, &state, gst_analytics_od_mtd_get_mtd_type (), &object))
    if (is_wanted (user_data,
            g_quark_to_string (gst_analytics_od_mtd_get_obj_type (
                (GstAnalyticsODMtd *) &object))))
      return TRUE;
  return FALSE;
}

void
gst_vlm_analytics_add_region (GstBuffer *buffer,
    const GstVideoRegionOfInterestMeta *region, double confidence)
{
  GstAnalyticsRelationMeta *meta =
      gst_buffer_get_analytics_relation_meta (buffer);
  GstAnalyticsODMtd object;

  if (meta == NULL)
    meta = gst_buffer_add_analytics_relation_meta (buffer);
  if (meta != NULL)
    gst_analytics_relation_meta_add_od_mtd (meta,
        g_quark_from_static_string (REGION_TYPE), (gint) region->x,
        (gint) region->y, (gint) region->w, (gint) region->h,
        (gfloat) MAX (0.0, confidence), &object);
}
