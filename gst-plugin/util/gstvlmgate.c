/* gst-vlm: holding back events with too little confidence
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmgate.h"

struct _GstVlmGate
{
  GHashTable *open; /* id of an event that goes on -> whether it is reported */
  guint64 n_events;
  guint64 n_records;
};

GstVlmGate *
gst_vlm_gate_new (void)
{
  GstVlmGate *gate = g_new0 (GstVlmGate, 1);

  gate->open =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  return gate;
}

void
gst_vlm_gate_free (GstVlmGate *gate)
{
  if (gate == NULL)
    return;
  g_hash_table_unref (gate->open);
  g_free (gate);
}

gboolean
gst_vlm_gate_passes (GstVlmGate *gate, const VlmEvent *event,
    double min_confidence, gboolean *begins)
{
  gpointer was_reported = NULL;
  gboolean is_known = g_hash_table_lookup_extended (
      gate->open, &event->id, NULL, &was_reported);
  gboolean passes = was_reported != NULL || event->confidence < 0.0 ||
      event->confidence >= min_confidence;

  *begins = passes && was_reported == NULL;
  if (event->state == VLM_EVENT_STATE_END)
    g_hash_table_remove (gate->open, &event->id);
  else
    g_hash_table_replace (gate->open, g_memdup2 (&event->id, sizeof event->id),
        GINT_TO_POINTER (passes));
  gate->n_events += !passes && !is_known;
  gate->n_records += !passes;
  return passes;
}

void
gst_vlm_gate_clear (GstVlmGate *gate, gboolean counts)
{
  g_hash_table_remove_all (gate->open);
  if (!counts)
    return;
  gate->n_events = 0;
  gate->n_records = 0;
}

guint64
gst_vlm_gate_get_n_events (const GstVlmGate *gate)
{
  return gate->n_events;
}

guint64
gst_vlm_gate_get_n_records (const GstVlmGate *gate)
{
  return gate->n_records;
}
