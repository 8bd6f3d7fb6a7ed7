/* gst-vlm: sending the content of the spool
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A thread of its own, the only one that uses the network. It takes records from
 * the spool, sends them, and removes them when they are acknowledged; if that
 * fails it tries again, ever more rarely. */
#pragma once

#include "publish/format.h"
#include "publish/spool.h"
#include "publish/transport.h"

G_BEGIN_DECLS

typedef struct _GstVlmPublisher GstVlmPublisher;

/* On the publisher's thread, without a lock. */
typedef struct
{
  void (*connected) (gpointer user_data);
  /* Once in an outage, and again when its cause changes. */
  void (*disconnected) (gpointer user_data, const GError *error);
  /* The other side will never accept a record. */
  void (*refused) (gpointer user_data, const GError *error);
  /* The disk, not the network. */
  void (*spool_failed) (gpointer user_data, const GError *error);
  gpointer user_data;
} GstVlmPublisherFuncs;

typedef struct
{
  gboolean is_connected;
  guint64 n_sent;    /* records that were acknowledged */
  guint64 n_retried; /* records that had to be sent again */
  char *last_error;  /* (nullable), to be freed */
} GstVlmPublisherStats;

/* The arguments must outlive it; only it may use @transport and @format. */
GstVlmPublisher *gst_vlm_publisher_start (GstVlmSpool *spool,
    GstVlmTransport *transport, GstVlmFormat *format, gint64 max_backoff,
    const GstVlmPublisherFuncs *funcs);
/* Cancels the records under way, which stay in the spool. */
void gst_vlm_publisher_stop (GstVlmPublisher *self);

/* From any thread. There is something new in the spool. */
void gst_vlm_publisher_wake (GstVlmPublisher *self);
/* Waits until the spool is empty, @timeout µs have passed (FALSE), or it is
 * flushed (FALSE). */
gboolean gst_vlm_publisher_drain (GstVlmPublisher *self, gint64 timeout);
void gst_vlm_publisher_set_flushing (GstVlmPublisher *self, gboolean flushing);
void gst_vlm_publisher_get_stats (
    GstVlmPublisher *self, GstVlmPublisherStats *stats);

G_END_DECLS
