/* gst-vlm: holding back events with too little confidence
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-event.h>

G_BEGIN_DECLS

/* An event that is not sure enough is held back, record by record, until it is;
 * what was reported once is reported to its end. Not thread-safe. */
typedef struct _GstVlmGate GstVlmGate;

GstVlmGate *gst_vlm_gate_new (void);
void gst_vlm_gate_free (GstVlmGate *gate);
/* Whether the record is to be reported. An event of unknown confidence is.
 * @begins: it is the first one of its event that is. */
gboolean gst_vlm_gate_passes (GstVlmGate *gate, const VlmEvent *event,
    double min_confidence, gboolean *begins);
/* Forgets open events: they will not end (flush). @counts: the counts, too. */
void gst_vlm_gate_clear (GstVlmGate *gate, gboolean counts);
/* Events that were held back, if only at first, and their records. */
guint64 gst_vlm_gate_get_n_events (const GstVlmGate *gate);
guint64 gst_vlm_gate_get_n_records (const GstVlmGate *gate);

G_END_DECLS
