/* gst-vlm: events on a buffer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <vlm/vlm-event.h>

G_BEGIN_DECLS

#define GST_VLM_EVENT_META_API_TYPE (gst_vlm_event_meta_api_get_type ())
#define GST_VLM_EVENT_META_INFO (gst_vlm_event_meta_get_info ())

/**
 * GstVlmEventMeta:
 * @meta: parent
 * @events: (element-type VlmEvent): the events, never empty
 *
 * Events that became known just before this buffer passed. They are about
 * earlier frames: their own times say when they happened, not the timestamp of
 * the buffer. The events are immutable and shared between copies of the
 * buffer.
 *
 * Since: 0.1
 */
typedef struct
{
  GstMeta meta;
  GPtrArray *events;
} GstVlmEventMeta;

VLM_API GType gst_vlm_event_meta_api_get_type (void);
VLM_API const GstMetaInfo *gst_vlm_event_meta_get_info (void);

VLM_API GstVlmEventMeta *
gst_vlm_buffer_add_event_meta (GstBuffer *buffer, GPtrArray *events);
VLM_API GstVlmEventMeta *gst_vlm_buffer_get_event_meta (GstBuffer *buffer);

VLM_API guint gst_vlm_event_meta_get_n_events (const GstVlmEventMeta *meta);
VLM_API VlmEvent *
gst_vlm_event_meta_get_event (const GstVlmEventMeta *meta, guint index);

G_END_DECLS
