/* gst-vlm: the inside of vlmpublish
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "publish/gstvlmpublish.h"
#include "publish/publisher.h"

G_BEGIN_DECLS

#define GST_VLM_TYPE_PUBLISH_FORMAT (gst_vlm_publish_format_get_type ())
GType gst_vlm_publish_format_get_type (void);

typedef struct
{
  char *location; /* with its secrets */
  GstVlmFormatKind format;
  char *spool;
  guint64 spool_size;       /* bytes */
  double eos_drain_timeout; /* seconds */
  double timeout;
  double max_backoff;
  char *credentials;
  char *ca_file;
  char *cert_file;
  char *key_file;
  char *client_id;
  guint qos;
  guint batch_size;
} GstVlmPublishSettings;

struct _GstVlmPublish
{
  GstBaseSink parent;

  GstVlmPublishSettings settings; /* object lock */

  /* From start() to stop(). */
  GstVlmPublishSettings used;
  GstVlmLocation *location;
  GstVlmCredentials credentials;
  GstVlmSecrets *secrets;
  char *client_id;
  char *directory;
  GstVlmWait wait;
  GstVlmFormat *format;
  GstVlmMessage *will;
  GstVlmTransportParams params;
  GstVlmTransport *transport;
  GstVlmSpool *spool;

  /* Of the streaming thread. */
  gboolean disk_failed;
  GHashTable *sources; /* what `vlm-subjects` comes from -> stream */
  GString *rest;       /* of a buffer that ended within a line */

  GMutex lock;
  /* Under the lock. */
  GstVlmPublisher *publisher; /* NULL: not started */
  guint64 n_dropped;
};

void gst_vlm_publish_install_properties (GObjectClass *klass);
void gst_vlm_publish_init_settings (GstVlmPublishSettings *settings);
void gst_vlm_publish_copy_settings (
    GstVlmPublishSettings *to, const GstVlmPublishSettings *from);
void gst_vlm_publish_clear_settings (GstVlmPublishSettings *settings);
/* (nullable): which setting does nothing for this scheme, and why */
const char *gst_vlm_publish_find_idle (
    const GstVlmPublishSettings *settings, const char *scheme);
gboolean gst_vlm_publish_is_started (GstVlmPublish *self);
/* (transfer full) */
GstStructure *gst_vlm_publish_make_stats (GstVlmPublish *self);

G_END_DECLS
