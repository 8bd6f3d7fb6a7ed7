/* gst-vlm: cues for a track that shows one at a time
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Cues that overlap become a sequence that does not: a cue begins wherever the
 * texts change, and has all texts of its time, a line each. Equal texts that
 * overlap or touch are one. So a cue is known only when no other can begin
 * before it ends; then it may be as long as its event. One thread. */
typedef struct _GstVlmFlatCues GstVlmFlatCues;

GstVlmFlatCues *gst_vlm_flat_cues_new (void);
void gst_vlm_flat_cues_free (GstVlmFlatCues *cues);
void gst_vlm_flat_cues_clear (GstVlmFlatCues *cues);

/* @text: (transfer full). The part before the end of cues that were taken is cut
 * off; FALSE if nothing is left. */
gboolean gst_vlm_flat_cues_add (
    GstVlmFlatCues *cues, char *text, GstClockTime start, GstClockTime end);

/* The next cue that ends before @settled, before which no more will be added, or
 * GST_CLOCK_TIME_NONE for all cues. (transfer full) (nullable) */
char *gst_vlm_flat_cues_take (GstVlmFlatCues *cues, GstClockTime settled,
    GstClockTime *start, GstClockTime *end);

G_END_DECLS
