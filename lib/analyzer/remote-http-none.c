/* gst-vlm: no requests, in builds without libcurl
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>

#include "analyzer/remote-http.h"

void
vlm_http_reply_clear (VlmHttpReply *reply)
{
}

VlmHttp *
vlm_http_new (const char *ca_file, const char *key, GError **error)
{
  g_set_error_literal (error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SETTINGS,
      "models on other machines are not supported: this was built without "
      "libcurl (meson -Dremote=enabled)");
  return NULL;
}

void
vlm_http_free (VlmHttp *self)
{
  g_assert (self == NULL);
}

gboolean
vlm_http_exchange (VlmHttp *self, const char *url, GBytes *body,
    gint64 deadline, VlmHttpReply *reply, gboolean *may_change,
    GCancellable *cancellable, GError **error)
{
  g_assert_not_reached ();
}
