/* gst-vlm: video that waits for its analysis
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/* A queue of buffers and serialized events in which a buffer waits until the
 * first window that contains it is finished. One thread adds items, one removes
 * them, others report that windows are finished. Its size is bounded. */
typedef struct _GstVlmDelay GstVlmDelay;

/* Called without a lock, on the thread that removes items. */
typedef struct
{
  /* How long the buffer with this running time may still wait, in us; 0 or less
   * when its time is over, G_MAXINT64 for as long as it takes. */
  gint64 (*get_patience) (gpointer user_data, GstClockTime running_time);
  /* Nothing came for a while, though no window is complete. TRUE: nothing will
   * come before the buffers leave. */
  gboolean (*is_stalled) (gpointer user_data);
} GstVlmDelayFuncs;

typedef enum
{
  GST_VLM_DELAY_TAKEN,
  /* Taken, but the oldest buffers must leave before their window is complete:
   * there is no room for it. */
  GST_VLM_DELAY_TOO_SMALL,
  /* Refused, see gst_vlm_delay_get_flow(). */
  GST_VLM_DELAY_REFUSED,
} GstVlmDelayResult;

/* Refuses everything at first. */
GstVlmDelay *gst_vlm_delay_new (
    guint64 max_bytes, const GstVlmDelayFuncs *funcs, gpointer user_data);
void gst_vlm_delay_free (GstVlmDelay *self);

/* @flow: GST_FLOW_OK to begin, else why everything is refused and dropped from
 * now on. */
void gst_vlm_delay_set_flow (GstVlmDelay *self, GstFlowReturn flow);
GstFlowReturn gst_vlm_delay_get_flow (GstVlmDelay *self);
/* Refuses everything like set_flow (GST_FLOW_FLUSHING). Moves to @events what
 * stays valid after a flush: sticky events except segments and the end. */
void gst_vlm_delay_flush (GstVlmDelay *self, GQueue *events);

/* @buffer: (transfer full). @time: when it is shown, in stream time.
 * @waits: wait for room if there is none */
GstVlmDelayResult gst_vlm_delay_push (GstVlmDelay *self, GstBuffer *buffer,
    gint64 time, GstClockTime running_time, gboolean waits);
/* @event: (transfer full). FALSE if it was refused. */
gboolean gst_vlm_delay_push_event (GstVlmDelay *self, GstEvent *event);
/* What was pushed is processed: from now on it is upstream that may stall. */
void gst_vlm_delay_rest (GstVlmDelay *self);

/* A window is complete: buffers shown before @until wait for it, if they do not
 * wait for an earlier one. None before @free_until is in a later window. */
guint64
gst_vlm_delay_expect (GstVlmDelay *self, gint64 until, gint64 free_until);
/* The stream is interrupted: what waits for the newest window, or for none yet,
 * waits for the end of open events. Returns a ticket for that. */
guint64 gst_vlm_delay_cut (GstVlmDelay *self);
/* That window, or that cut, is finished. Any thread. */
void gst_vlm_delay_done (GstVlmDelay *self, guint64 ticket);
/* No window that is still to come will contain the newest buffer, or any of the
 * buffers. */
void gst_vlm_delay_release (GstVlmDelay *self);
void gst_vlm_delay_settle (GstVlmDelay *self);

/* The next one that leaves: a buffer or an event, (transfer full). NULL when
 * everything is refused. @time: of a buffer */
GstMiniObject *gst_vlm_delay_pop (GstVlmDelay *self, gint64 *time);
/* Bytes of buffers in it. */
guint64 gst_vlm_delay_get_level (GstVlmDelay *self);

G_END_DECLS
