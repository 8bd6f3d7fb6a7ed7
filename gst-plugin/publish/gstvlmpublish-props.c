/* gst-vlm: vlmpublish, properties
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/gstvlmpublish-private.h"

#define DEFAULT_SPOOL_SIZE (64 * 1024 * 1024)
#define MIN_SPOOL_SIZE (16 * 1024)
#define DEFAULT_EOS_DRAIN_TIMEOUT 10.0
#define DEFAULT_TIMEOUT 30.0
#define DEFAULT_MAX_BACKOFF 60.0
#define MAX_SECONDS 86400.0
#define MAX_BATCH 64

enum
{
  PROP_LOCATION = 1,
  PROP_FORMAT,
  PROP_SPOOL,
  PROP_SPOOL_SIZE,
  PROP_EOS_DRAIN_TIMEOUT,
  PROP_TIMEOUT,
  PROP_MAX_BACKOFF,
  PROP_CREDENTIALS,
  PROP_CA_FILE,
  PROP_CERT_FILE,
  PROP_KEY_FILE,
  PROP_CLIENT_ID,
  PROP_QOS,
  PROP_BATCH_SIZE,
  PROP_STATS,
};

GType
gst_vlm_publish_format_get_type (void)
{
  static GType type;
  static GEnumValue values[GST_VLM_N_FORMATS + 1];

  if (g_once_init_enter (&type)) {
    GType registered;

    for (GstVlmFormatKind i = 0; i < GST_VLM_N_FORMATS; i++) {
      const GstVlmFormatClass *klass = gst_vlm_format_get_class (i);

      values[i] = (GEnumValue){ i, klass->description, klass->nick };
    }
    registered = g_enum_register_static ("GstVlmPublishFormat", values);
    g_once_init_leave (&type, registered);
  }
  return type;
}

/* The texts among the settings. */
static char **
find_text (GstVlmPublishSettings *s, guint id)
{
  switch (id) {
  case PROP_LOCATION:
    return &s->location;
  case PROP_SPOOL:
    return &s->spool;
  case PROP_CREDENTIALS:
    return &s->credentials;
  case PROP_CA_FILE:
    return &s->ca_file;
  case PROP_CERT_FILE:
    return &s->cert_file;
  case PROP_KEY_FILE:
    return &s->key_file;
  case PROP_CLIENT_ID:
    return &s->client_id;
  default:
    return NULL;
  }
}

static double *
find_seconds (GstVlmPublishSettings *s, guint id)
{
  switch (id) {
  case PROP_EOS_DRAIN_TIMEOUT:
    return &s->eos_drain_timeout;
  case PROP_TIMEOUT:
    return &s->timeout;
  case PROP_MAX_BACKOFF:
    return &s->max_backoff;
  default:
    return NULL;
  }
}

static void
warn_too_late (GstVlmPublish *self, const GParamSpec *spec)
{
  if (gst_vlm_publish_is_started (self) &&
      (spec->flags & GST_PARAM_MUTABLE_PLAYING) != GST_PARAM_MUTABLE_PLAYING)
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
        ("`%s` takes effect at the next start", spec->name), (NULL));
}

static void
gst_vlm_publish_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstVlmPublish *self = GST_VLM_PUBLISH (object);
  GstVlmPublishSettings *s = &self->settings;

  warn_too_late (self, spec);

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_FORMAT:
    s->format = (GstVlmFormatKind) g_value_get_enum (value);
    break;
  case PROP_SPOOL_SIZE:
    s->spool_size = g_value_get_uint64 (value);
    break;
  case PROP_QOS:
    s->qos = g_value_get_uint (value);
    break;
  case PROP_BATCH_SIZE:
    s->batch_size = g_value_get_uint (value);
    break;
  default:
    if (find_text (s, id) != NULL) {
      g_free (*find_text (s, id));
      *find_text (s, id) = g_value_dup_string (value);
    } else if (find_seconds (s, id) != NULL) {
      *find_seconds (s, id) = g_value_get_double (value);
    } else {
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    }
    break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_vlm_publish_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstVlmPublish *self = GST_VLM_PUBLISH (object);
  GstVlmPublishSettings *s = &self->settings;

  if (id == PROP_STATS) {
    g_value_take_boxed (value, gst_vlm_publish_make_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_LOCATION:
    g_value_take_string (value, gst_vlm_location_redact (s->location));
    break;
  case PROP_FORMAT:
    g_value_set_enum (value, (int) s->format);
    break;
  case PROP_SPOOL_SIZE:
    g_value_set_uint64 (value, s->spool_size);
    break;
  case PROP_QOS:
    g_value_set_uint (value, s->qos);
    break;
  case PROP_BATCH_SIZE:
    g_value_set_uint (value, s->batch_size);
    break;
  default:
    if (find_text (s, id) != NULL)
      g_value_set_string (value, *find_text (s, id));
    else if (find_seconds (s, id) != NULL)
      g_value_set_double (value, *find_seconds (s, id));
    else
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
    break;
  }
  GST_OBJECT_UNLOCK (self);
}

#define ANY_TIME                                                               \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)
#define FLAGS                                                                  \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)

static void
install_text (GObjectClass *klass, guint id, const char *name, const char *nick,
    const char *blurb)
{
  g_object_class_install_property (
      klass, id, g_param_spec_string (name, nick, blurb, NULL, FLAGS));
}

static void
install_seconds (GObjectClass *klass, guint id, const char *name,
    const char *nick, const char *blurb, double min, double otherwise,
    GParamFlags flags)
{
  g_object_class_install_property (klass, id,
      g_param_spec_double (
          name, nick, blurb, min, MAX_SECONDS, otherwise, flags));
}

static void
install_where (GObjectClass *klass)
{
  install_text (klass, PROP_LOCATION, "location", "Location",
      "URI to which records are sent, with the scheme mqtt, mqtts, kafka, "
      "http, https or file; see docs/publishing.md. A password in it cannot be "
      "read back");
  g_object_class_install_property (klass, PROP_FORMAT,
      g_param_spec_enum ("format", "Format", "Format of the messages",
          GST_VLM_TYPE_PUBLISH_FORMAT, GST_VLM_FORMAT_NATIVE, FLAGS));
  install_text (klass, PROP_CREDENTIALS, "credentials", "Credentials",
      "File with lines NAME=VALUE for username, password, token and "
      "key-password");
  install_text (klass, PROP_CA_FILE, "ca-file", "CA file",
      "PEM file with trusted CA certificates (unset: those of the system)");
  install_text (klass, PROP_CERT_FILE, "cert-file", "Certificate file",
      "PEM file with the client's certificate");
  install_text (klass, PROP_KEY_FILE, "key-file", "Key file",
      "PEM file with the private key for `cert-file`");
  install_text (klass, PROP_CLIENT_ID, "client-id", "Client id",
      "Client id for the server or broker (unset: derived from the host and "
      "the spool)");
}

static void
install_how (GObjectClass *klass)
{
  install_text (klass, PROP_SPOOL, "spool", "Spool",
      "Folder in which records are stored until they are acknowledged (unset: "
      "one per location, in the user's state directory)");
  g_object_class_install_property (klass, PROP_SPOOL_SIZE,
      g_param_spec_uint64 ("spool-size", "Spool size",
          "Maximum size of the stored records, in bytes; when it is reached, "
          "the oldest are dropped",
          MIN_SPOOL_SIZE, G_MAXINT64, DEFAULT_SPOOL_SIZE, FLAGS));
  install_seconds (klass, PROP_EOS_DRAIN_TIMEOUT, "eos-drain-timeout",
      "EOS drain timeout",
      "How long EOS waits for acknowledgements, in seconds; records without "
      "one stay in the spool",
      0.0, DEFAULT_EOS_DRAIN_TIMEOUT, ANY_TIME);
  install_seconds (klass, PROP_TIMEOUT, "timeout", "Timeout",
      "Time without an answer after which the connection is considered lost, "
      "in seconds",
      0.1, DEFAULT_TIMEOUT, FLAGS);
  install_seconds (klass, PROP_MAX_BACKOFF, "max-backoff", "Max. backoff",
      "Maximum time between two attempts, in seconds; the first ones follow "
      "faster",
      0.01, DEFAULT_MAX_BACKOFF, FLAGS);
  g_object_class_install_property (klass, PROP_QOS,
      g_param_spec_uint ("qos", "QoS",
          "MQTT: 1, at least once; 2, exactly once within a connection; 0, "
          "without acknowledgement, so that records may be lost",
          0, 2, 1, FLAGS));
  g_object_class_install_property (klass, PROP_BATCH_SIZE,
      g_param_spec_uint ("batch-size", "Batch size",
          "HTTP: maximum number of records in a request; above 1, a request is "
          "a JSON array",
          1, MAX_BATCH, 1, FLAGS));
  g_object_class_install_property (klass, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Records sent and waiting, and the state of the connection",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

void
gst_vlm_publish_install_properties (GObjectClass *klass)
{
  klass->set_property = gst_vlm_publish_set_property;
  klass->get_property = gst_vlm_publish_get_property;
  install_where (klass);
  install_how (klass);
  gst_type_mark_as_plugin_api (GST_VLM_TYPE_PUBLISH_FORMAT, 0);
}

void
gst_vlm_publish_init_settings (GstVlmPublishSettings *settings)
{
  *settings = (GstVlmPublishSettings){
    .format = GST_VLM_FORMAT_NATIVE,
    .spool_size = DEFAULT_SPOOL_SIZE,
    .eos_drain_timeout = DEFAULT_EOS_DRAIN_TIMEOUT,
    .timeout = DEFAULT_TIMEOUT,
    .max_backoff = DEFAULT_MAX_BACKOFF,
    .qos = 1,
    .batch_size = 1,
  };
}

void
gst_vlm_publish_copy_settings (
    GstVlmPublishSettings *to, const GstVlmPublishSettings *from)
{
  *to = *from;
  for (guint id = PROP_LOCATION; id < PROP_STATS; id++)
    if (find_text (to, id) != NULL)
      *find_text (to, id) = g_strdup (*find_text (to, id));
}

void
gst_vlm_publish_clear_settings (GstVlmPublishSettings *settings)
{
  for (guint id = PROP_LOCATION; id < PROP_STATS; id++)
    if (find_text (settings, id) != NULL)
      g_clear_pointer (find_text (settings, id), g_free);
}
