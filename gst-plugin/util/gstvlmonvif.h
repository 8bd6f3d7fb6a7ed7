/* gst-vlm: records as documents of ONVIF
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-event.h>

#include "gstvlmnote.h"

G_BEGIN_DECLS

/* Each record is a tt:MetadataStream: a message in tt:Event, and for a box a
 * frame in tt:VideoAnalytics. An event is a property, from Initialized over
 * Changed to Deleted, so it keeps track of those that were reported. Times
 * without UTC are those at which a record is written. One thread. */
typedef struct _GstVlmOnvif GstVlmOnvif;

GstVlmOnvif *gst_vlm_onvif_new (void);
void gst_vlm_onvif_free (GstVlmOnvif *self);
/* Forgets open events. */
void gst_vlm_onvif_clear (GstVlmOnvif *self);

/* @width, @height: of the video, in pixels; 0: there is no box. (transfer
 * full) */
char *gst_vlm_onvif_write_event (
    GstVlmOnvif *self, const VlmEvent *event, guint width, guint height);
char *gst_vlm_onvif_write_note (GstVlmOnvif *self, const GstVlmNote *note);

G_END_DECLS
