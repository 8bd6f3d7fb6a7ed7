/* gst-vlm: from buffers to windows
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>
#include <vlm/vlm-blackout.h>
#include <vlm/vlm-region.h>
#include <vlm/vlm-sampler.h>

#include "util/gstvlmgap.h"

G_BEGIN_DECLS

/* How long windows are, and how many frames of which size are in them. */
typedef struct
{
  gint64 window; /* ns; 0 for the whole stream */
  gint64 hop;    /* ns; 0 for @window */
  guint fps[2];  /* 0/1 for a rate between the next two */
  guint min_fps[2];
  guint max_fps[2];
  guint max_frames;
  guint max_tokens;
  guint64 min_pixels; /* 0 for the model's default, as the next one */
  guint64 max_pixels;
  gboolean finds_still; /* still windows are items of their own */
} GstVlmWindowerParams;

/* Samples the buffers of one stream and gathers the frames into windows. It
 * tracks segment and caps, detects interruptions of the stream, and counts
 * what passes without being sampled. Buffers are not held.
 *
 * Each buffer is announced first. If that returns GST_VLM_ARRIVAL_SAMPLE, it is
 * either taken or passed. All items that result from buffers, segments and caps
 * are then popped, in order. No callbacks, no locks; of the streaming thread. */
typedef struct _GstVlmWindower GstVlmWindower;

typedef enum
{
  /* May be sampled: gst_vlm_windower_take() or _pass(). */
  GST_VLM_ARRIVAL_SAMPLE,
  /* Passes; it was reported. */
  GST_VLM_ARRIVAL_PASS,
  /* Passes, because it has no place in time: no timestamp, one beyond
   * VLM_SAMPLER_MAX_TIME, or a segment that is not in time format. */
  GST_VLM_ARRIVAL_NO_TIMESTAMP,
  GST_VLM_ARRIVAL_TOO_FAR,
  GST_VLM_ARRIVAL_NOT_TIME,
} GstVlmArrival;

typedef enum
{
  GST_VLM_WINDOWER_ITEM_WINDOW,
  /* A window in which nothing moves, with GstVlmWindowerParams.finds_still. */
  GST_VLM_WINDOWER_ITEM_STILL,
  /* A window that no trigger wants; of gst_vlm_trigger_pop() alone. */
  GST_VLM_WINDOWER_ITEM_UNTRIGGERED,
  /* An overview of still windows; of gst_vlm_refiner_pop() alone. */
  GST_VLM_WINDOWER_ITEM_OVERVIEW,
  /* A span that is in no window. */
  GST_VLM_WINDOWER_ITEM_GAP,
  /* What comes later does not continue what came before. */
  GST_VLM_WINDOWER_ITEM_CUT,
} GstVlmWindowerItemKind;

typedef struct
{
  GstVlmWindowerItemKind kind;
  VlmWindow *window;  /* of the first kinds, to be unreferenced */
  GPtrArray *details; /* VlmWindow: of an overview, likewise */
  GstVlmGapReason reason;
  VlmInstant start; /* of all but the last kind */
  VlmInstant end;
} GstVlmWindowerItem;

/* Of one on the heap, with its window. */
void gst_vlm_windower_item_free (GstVlmWindowerItem *item);

GstVlmWindower *gst_vlm_windower_new (const GstVlmWindowerParams *params);
void gst_vlm_windower_free (GstVlmWindower *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmWindower, gst_vlm_windower_free)

/* Both cut if they change something, and then return TRUE. */
gboolean
gst_vlm_windower_set_info (GstVlmWindower *self, const GstVideoInfo *info);
gboolean
gst_vlm_windower_set_segment (GstVlmWindower *self, const GstSegment *segment);
/* What is black in all copies from now on; NULL for nothing. */
void gst_vlm_windower_set_mask (GstVlmWindower *self, VlmRegions *mask);
/* Only the bounding box of the first region is analysed, frames carry its
 * name, and the window is cut; NULL for the whole picture. */
void gst_vlm_windower_set_zone (GstVlmWindower *self, VlmRegions *zone);
const GstSegment *gst_vlm_windower_get_segment (const GstVlmWindower *self);
/* NULL before there are caps */
const GstVideoInfo *gst_vlm_windower_get_info (const GstVlmWindower *self);

/* @clocked: see gst_vlm_time_of_buffer() */
GstVlmArrival gst_vlm_windower_announce (
    GstVlmWindower *self, GstBuffer *buffer, GstElement *clocked);
/* The announced buffer passes, for @reason. */
void gst_vlm_windower_pass (GstVlmWindower *self, GstVlmGapReason reason);
/* Size and rate are not planned since the caps came. */
gboolean gst_vlm_windower_needs_plan (const GstVlmWindower *self);
/* @duration: of the stream in ns, 0 if it is not known. FALSE with @error:
 *   frames of these caps cannot be sampled, and pass as failed from now on. */
gboolean gst_vlm_windower_plan (GstVlmWindower *self,
    const VlmGeometry *geometry, gint64 duration, GError **error);
/* Samples the announced buffer if its time has come; FALSE as above. */
gboolean
gst_vlm_windower_take (GstVlmWindower *self, GstBuffer *buffer, GError **error);

/* When the buffer that was announced last is shown. */
VlmTimeSource
gst_vlm_windower_get_time (const GstVlmWindower *self, VlmInstant *time);
/* The copy of the buffer that was taken last; NULL if it was not sampled. */
const VlmFrame *gst_vlm_windower_get_frame (const GstVlmWindower *self);
/* What is black in it; NULL for nothing. */
const VlmBlackout *gst_vlm_windower_get_blackout (const GstVlmWindower *self);

/* The rate may follow measurements of the device. */
gboolean gst_vlm_windower_adapts (const GstVlmWindower *self);
void gst_vlm_windower_measure (
    GstVlmWindower *self, const VlmRateMeasurement *measurement);
/* What is sampled now, and why. */
void gst_vlm_windower_get_decision (const GstVlmWindower *self,
    VlmRateDecision *decision, guint *width, guint *height);
guint64 gst_vlm_windower_get_n_sampled (const GstVlmWindower *self);

/* There is no video up to @end, a timestamp. It is a gap once there is video
 * again, or with gst_vlm_windower_end(). */
void gst_vlm_windower_miss (GstVlmWindower *self, GstClockTime end);
void gst_vlm_windower_end (GstVlmWindower *self);

/* Whether a frame at @stream_time continues where the last one ended; a hole too
 * short to matter for the sampling is none. */
gboolean gst_vlm_windower_continues (GstVlmWindower *self, gint64 stream_time);
/* The stream is interrupted: what was sampled becomes a window, if short. */
void gst_vlm_windower_cut (GstVlmWindower *self);
/* Forgets what was sampled, segment included. */
void gst_vlm_windower_flush (GstVlmWindower *self);

/* FALSE when there is nothing. */
gboolean gst_vlm_windower_pop (GstVlmWindower *self, GstVlmWindowerItem *item);

G_END_DECLS
