/* gst-vlm: which windows an external trigger selects
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/gstvlmwindower.h"

G_BEGIN_DECLS

/* Between the windower and the worker. A window passes when it reaches into the
 * margins around a trigger, and is marked as untriggered when no future trigger
 * can change that: so it waits as long as the margin before a trigger. Times are
 * running times, which outlive segments. Of the streaming thread, except
 * gst_vlm_trigger_fire() and the counts. */
typedef struct _GstVlmTrigger GstVlmTrigger;

/* @before, @after: ns that are analysed around a trigger */
GstVlmTrigger *gst_vlm_trigger_new (gint64 before, gint64 after);
void gst_vlm_trigger_free (GstVlmTrigger *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmTrigger, gst_vlm_trigger_free)

/* There is a trigger at @time, VLM_TIME_NONE: at the frame that comes next. If
 * that is further back than the margin, windows that it reaches into may have
 * passed as untriggered. Any thread. */
void gst_vlm_trigger_fire (GstVlmTrigger *self, gint64 time);
/* A frame came. */
void gst_vlm_trigger_advance (GstVlmTrigger *self, gint64 time);

/* The items of the windower, in order; takes ownership of the content of @item. A
 * cut decides about all that wait. */
void gst_vlm_trigger_put (GstVlmTrigger *self, const GstVlmWindowerItem *item);
/* In the same order. Windows around which there is no trigger come out as
 * GST_VLM_WINDOWER_ITEM_UNTRIGGERED, gaps between such windows not at all. FALSE
 * when there is nothing, or it has to wait. */
gboolean gst_vlm_trigger_pop (GstVlmTrigger *self, GstVlmWindowerItem *item);

/* Forgets triggers and what waits. */
void gst_vlm_trigger_flush (GstVlmTrigger *self);

/* Triggers that came, and how many of them came too late for a part of their
 * margin. */
void gst_vlm_trigger_get_counts (
    GstVlmTrigger *self, guint64 *n_fired, guint64 *n_late);

G_END_DECLS
