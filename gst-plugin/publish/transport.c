/* gst-vlm: transports of published messages
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "publish/transport.h"

#include <string.h>

#include "publish/error.h"

#ifdef HAVE_MQTT
#define MQTT &gst_vlm_transport_mqtt
#else
#define MQTT NULL
#endif
#ifdef HAVE_KAFKA
#define KAFKA &gst_vlm_transport_kafka
#else
#define KAFKA NULL
#endif
#ifdef HAVE_HTTP
#define HTTP &gst_vlm_transport_http
#else
#define HTTP NULL
#endif

static const struct
{
  const char *scheme;
  const GstVlmTransportClass *klass; /* NULL: not in this build */
  const char *option;                /* of meson, and what it needs */
  gboolean has_topics;
} schemes[] = {
  { "file", &gst_vlm_transport_file, NULL, FALSE },
  { "mqtt", MQTT, "-Dmqtt=enabled (libmosquitto)", TRUE },
  { "mqtts", MQTT, "-Dmqtt=enabled (libmosquitto)", TRUE },
  { "kafka", KAFKA, "-Dkafka=enabled (librdkafka)", FALSE },
  { "http", HTTP, "-Dhttp=enabled (libcurl)", FALSE },
  { "https", HTTP, "-Dhttp=enabled (libcurl)", FALSE },
};

char *
gst_vlm_transport_list_schemes (void)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (schemes[i].klass != NULL)
      g_string_append_printf (
          list, "%s%s", list->len > 0 ? ", " : "", schemes[i].scheme);
  return g_string_free (list, FALSE);
}

gboolean
gst_vlm_transport_has_topics (const char *scheme)
{
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (strcmp (schemes[i].scheme, scheme) == 0)
      return schemes[i].has_topics;
  return FALSE;
}

GstVlmTransport *
gst_vlm_transport_new (const GstVlmTransportParams *params, GError **error)
{
  const char *scheme = params->location->scheme;
  g_autofree char *known = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    if (strcmp (schemes[i].scheme, scheme) != 0)
      continue;
    if (schemes[i].klass != NULL)
      return schemes[i].klass->create (params, error);
    g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_MISSING,
        "this build does not support %s://, it was configured without %s",
        scheme, schemes[i].option);
    return NULL;
  }
  known = gst_vlm_transport_list_schemes ();
  g_set_error (error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS,
      "there is no scheme %s://; there are %s", scheme, known);
  return NULL;
}

void
gst_vlm_transport_free (GstVlmTransport *self)
{
  if (self != NULL)
    self->klass->destroy (self);
}
