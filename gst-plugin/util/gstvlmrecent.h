/* gst-vlm: the events that are worth showing now
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/gstvlmscene.h"

G_BEGIN_DECLS

/* The state of each recent event, and where it was last seen. All times are
 * stream time. One thread. */
typedef struct _GstVlmRecent GstVlmRecent;

typedef struct
{
  gboolean boxes;
  gboolean labels;
  gboolean confidence;
  gboolean age;
  gboolean strip;
  gboolean pictures;
  gboolean regions;
  gint64 tolerance; /* a box is shown so long before and after its time, ns */
  gint64 history;   /* length of the strip, ns */
} GstVlmShown;

GstVlmRecent *gst_vlm_recent_new (void);
void gst_vlm_recent_free (GstVlmRecent *recent);
void gst_vlm_recent_clear (GstVlmRecent *recent);
/* The picture changed its size, so that old boxes do not fit. */
void gst_vlm_recent_forget_boxes (GstVlmRecent *recent);

/* A record that became known at @now. If its box is too old to be shown, a
 * picture of its frame is shown with it. */
void gst_vlm_recent_add (GstVlmRecent *recent, const VlmEvent *event,
    const GstVlmShown *shown, gint64 now);
/* Where pictures come from, and the size that boxes count in. (not owned) */
void gst_vlm_recent_set_pictures (
    GstVlmRecent *recent, GstVlmPictures *pictures, int width, int height);
/* The event @id, which is at @rect in the frame at @now; FALSE if no such event
 * is known. @is_truth: one of a test
 * source, not one that was found; @seen: when it was there */
gboolean gst_vlm_recent_move (GstVlmRecent *recent, guint64 id,
    gboolean is_truth, const VlmRect *rect, gint64 seen, gint64 now);
/* Drops what is too old to be shown. Returns when the next one will be. */
gint64 gst_vlm_recent_expire (
    GstVlmRecent *recent, const GstVlmShown *shown, gint64 now);

/* Appends what is to be shown at @now. The strip and the ages are as of @tick, so
 * that they do not move in between. */
void gst_vlm_recent_show (const GstVlmRecent *recent, const GstVlmShown *shown,
    gint64 now, gint64 tick, GstVlmScene *scene);

/* "87 %", or NULL if it is not a probability. */
char *gst_vlm_recent_format_confidence (double confidence);

G_END_DECLS
