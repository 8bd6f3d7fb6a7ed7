/* gst-vlm: from events that grow to cues that do not change
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmcues.h"

#include "gstvlmtext.h"
#include "gstvlmtime.h"

/* A cue that is shown for less cannot be read. */
#define MIN_CUE GST_SECOND

struct _GstVlmCues
{
  GHashTable *ends; /* id of an open event -> end of its cues, GstClockTime */
};

GstVlmCues *
gst_vlm_cues_new (void)
{
  GstVlmCues *cues = g_new0 (GstVlmCues, 1);

  cues->ends =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  return cues;
}

void
gst_vlm_cues_free (GstVlmCues *cues)
{
  if (cues == NULL)
    return;
  g_hash_table_unref (cues->ends);
  g_free (cues);
}

void
gst_vlm_cues_clear (GstVlmCues *cues)
{
  g_hash_table_remove_all (cues->ends);
}

static void
remember (GstVlmCues *cues, const VlmEvent *event, GstClockTime end)
{
  if (event->state == VLM_EVENT_STATE_END)
    g_hash_table_remove (cues->ends, &event->id);
  else
    g_hash_table_insert (cues->ends, g_memdup2 (&event->id, sizeof event->id),
        g_memdup2 (&end, sizeof end));
}

char *
gst_vlm_cues_make_text (const VlmEvent *event)
{
  g_autofree char *text = vlm_event_to_text (event);

  return gst_vlm_text_for_cue (text);
}

gboolean
gst_vlm_cues_add (GstVlmCues *cues, const VlmEvent *event,
    const GstSegment *segment, GstClockTime *start, GstClockTime *duration)
{
  GstClockTime from = gst_vlm_time_to_position (&event->start, segment);
  GstClockTime to = gst_vlm_time_to_position (&event->end, segment);
  GstClockTime *shown_until = g_hash_table_lookup (cues->ends, &event->id);

  if (!GST_CLOCK_TIME_IS_VALID (from))
    from = segment->position;
  if (!GST_CLOCK_TIME_IS_VALID (to) || to < from)
    to = from;
  if (shown_until == NULL) {
    to = MAX (to, from + MIN_CUE);
  } else {
    from = MAX (from, *shown_until);
    to = MAX (to, *shown_until);
  }
  remember (cues, event, to);
  *start = from;
  *duration = to > from ? to - from : 0;
  return *duration > 0;
}
