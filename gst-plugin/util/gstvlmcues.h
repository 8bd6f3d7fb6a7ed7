/* gst-vlm: from events that grow to cues that do not change
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <vlm/vlm-event.h>

G_BEGIN_DECLS

/* A text cue cannot be made longer once it was sent, but an event can. So its
 * first record becomes a cue that ends where the event was last seen, and each
 * later one a cue for what was added: they join without overlap, and each is
 * sent as soon as it is known. One thread. */
typedef struct _GstVlmCues GstVlmCues;

GstVlmCues *gst_vlm_cues_new (void);
void gst_vlm_cues_free (GstVlmCues *cues);
void gst_vlm_cues_clear (GstVlmCues *cues);

/* The cue for a record, in timestamps of @segment; FALSE if it adds none. */
gboolean gst_vlm_cues_add (GstVlmCues *cues, const VlmEvent *event,
    const GstSegment *segment, GstClockTime *start, GstClockTime *duration);

/* The text of a cue. (transfer full) */
char *gst_vlm_cues_make_text (const VlmEvent *event);

G_END_DECLS
