/* gst-vlm: a picture of each event
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-event.h>
#include <vlm/vlm-window.h>

G_BEGIN_DECLS

/* A picture in a record is at most so large; a file may be larger. */
#define GST_VLM_SNAPSHOTS_MAX_BYTES (64 * 1024)

/* Remembers which files were written for open events. Thread-safe. */
typedef struct _GstVlmSnapshots GstVlmSnapshots;

GstVlmSnapshots *gst_vlm_snapshots_new (void);
void gst_vlm_snapshots_free (GstVlmSnapshots *self);
/* Forgets open events, which will not end. */
void gst_vlm_snapshots_clear (GstVlmSnapshots *self);

/* Gives @event, which is not shared yet, its `snapshot`. The first record of an
 * event makes it: of the frame of @window (nullable) that is nearest to its
 * start, or, with @draw_box, to its box, which is drawn. With @folder (nullable)
 * it is a file there, EVENT_UID.jpg, which all records name; else it is in the
 * first record. FALSE: it could not be made. */
gboolean gst_vlm_snapshots_add (GstVlmSnapshots *self, const char *folder,
    gboolean draw_box, const VlmWindow *window, VlmEvent *event,
    GError **error);

G_END_DECLS
