/* gst-vlm: which windows are worth all their frames
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/gstvlmwindower.h"

G_BEGIN_DECLS

/* Between the windower and the worker. Windows in which something moves pass at
 * once. Still ones are gathered, for up to half a minute, and leave as one
 * overview of few frames, with the windows themselves as its details: the worker
 * glances at the overview, and analyses those of them in which there seems to be
 * something. So no more than that half minute is held. Of the streaming
 * thread. */
typedef struct _GstVlmRefiner GstVlmRefiner;

GstVlmRefiner *gst_vlm_refiner_new (void);
void gst_vlm_refiner_free (GstVlmRefiner *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmRefiner, gst_vlm_refiner_free)

/* The items of the windower, in order; takes ownership of the content of @item.
 * All but still windows end the gathering. @frames_per_slice: of the model */
void gst_vlm_refiner_put (GstVlmRefiner *self, const GstVlmWindowerItem *item,
    guint frames_per_slice);
/* In the same order; FALSE when there is nothing, or it has to wait. */
gboolean gst_vlm_refiner_pop (GstVlmRefiner *self, GstVlmWindowerItem *item);

/* Forgets what waits. */
void gst_vlm_refiner_flush (GstVlmRefiner *self);

G_END_DECLS
