/* gst-vlm: vlmpublish, settings that have no effect
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/gstvlmpublish-private.h"

#include <string.h>

static gboolean
is_one_of (const char *scheme, const char *a, const char *b)
{
  return strcmp (scheme, a) == 0 || strcmp (scheme, b) == 0;
}

/* A user who sets a certificate believes that the connection is encrypted. */
static const char *
find_idle_tls (const GstVlmPublishSettings *s, const char *scheme)
{
  if (s->ca_file == NULL && s->cert_file == NULL)
    return NULL;
  if (strcmp (scheme, "mqtt") == 0)
    return "`ca-file` and `cert-file` have no effect: mqtt:// is not "
           "encrypted, mqtts:// is";
  if (strcmp (scheme, "http") == 0)
    return "`ca-file` and `cert-file` have no effect: http:// is not "
           "encrypted, https:// is";
  if (strcmp (scheme, "file") == 0)
    return "`ca-file` and `cert-file` have no effect: a file has none";
  return NULL;
}

const char *
gst_vlm_publish_find_idle (const GstVlmPublishSettings *s, const char *scheme)
{
  const char *idle = find_idle_tls (s, scheme);

  if (idle != NULL)
    return idle;
  if (s->credentials != NULL && strcmp (scheme, "file") == 0)
    return "`credentials` has no effect: a file has no login";
  if (s->qos != 1 && !is_one_of (scheme, "mqtt", "mqtts"))
    return "`qos` has no effect: it is for mqtt:// and mqtts://";
  if (s->batch_size > 1 && !is_one_of (scheme, "http", "https"))
    return "`batch-size` has no effect: it is for http:// and https://";
  return NULL;
}
