/* gst-vlm: which event goes on which frame
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-event.h>

G_BEGIN_DECLS

/* For video that waits for its analysis: the records of an event belong on its
 * first and its last frame, its box on all between. A record that becomes known
 * too late for its frame goes on the next one. Not thread-safe. */
typedef struct _GstVlmPlacer GstVlmPlacer;

GstVlmPlacer *gst_vlm_placer_new (void);
void gst_vlm_placer_free (GstVlmPlacer *self);
void gst_vlm_placer_clear (GstVlmPlacer *self);

/* @is_first: the first record of its event */
void
gst_vlm_placer_add (GstVlmPlacer *self, VlmEvent *event, gboolean is_first);
/* What belongs on the frame that is shown from stream time @start to before
 * @end: VlmEvent, to be unreferenced with the arrays; empty where there is
 * nothing. @boxes: events that are where their box says */
void gst_vlm_placer_take (GstVlmPlacer *self, gint64 start, gint64 end,
    GPtrArray **records, GPtrArray **boxes);

G_END_DECLS
