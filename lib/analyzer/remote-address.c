/* gst-vlm: the address of a model on another machine
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-address.h"

#include <string.h>

#include <gio/gio.h>
#include <vlm/vlm-error.h>

#include "engine/model.h"

#define VERSION "/v1"
#define HIDDEN "..."

gboolean
vlm_remote_address_is_meant (const char *text)
{
  return text != NULL && vlm_model_is_elsewhere (text);
}

char *
vlm_remote_address_hide_secrets (const char *text)
{
  GString *shown = g_string_new (NULL);
  const char *rest = strstr (text, "://");
  const char *at;

  rest = rest != NULL ? rest + 3 : text;
  g_string_append_len (shown, text, rest - text);
  at = g_strrstr_len (rest, (gssize) strcspn (rest, "/?#"), "@");
  if (at != NULL) {
    g_string_append (shown, HIDDEN);
    rest = at;
  }
  g_string_append_len (shown, rest, (gssize) strcspn (rest, "?#"));
  rest += strcspn (rest, "?#");
  if (*rest == '?') {
    g_string_append (shown, "?" HIDDEN);
    rest += strcspn (rest, "#");
  }
  g_string_append (shown, rest);
  return g_string_free (shown, FALSE);
}

static gboolean
is_this_machine (const char *host)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);

  return g_ascii_strcasecmp (host, "localhost") == 0 ||
      (address != NULL && g_inet_address_get_is_loopback (address));
}

/* What is wrong with it; NULL if nothing is. */
static const char *
find_fault (GUri *uri)
{
  if (uri == NULL || g_uri_get_host (uri) == NULL ||
      *g_uri_get_host (uri) == '\0')
    return "the address of a model on another machine looks like "
           "http://HOST:8000/v1#MODEL";
  if (g_uri_get_userinfo (uri) != NULL)
    return "no user or password is taken from the address of a model: put the "
           "key into `api-key-file` or VLM_API_KEY";
  if (g_uri_get_query (uri) != NULL)
    return "the address of a model has no `?`: a key goes into `api-key-file` "
           "or VLM_API_KEY";
  return NULL;
}

static void
set_paths (VlmRemoteAddress *self, GUri *uri)
{
  g_autofree char *path = g_strdup (g_uri_get_path (uri));
  const char *host = g_uri_get_host (uri);
  gboolean is_v6 = strchr (host, ':') != NULL;
  g_autofree char *port = g_uri_get_port (uri) > 0
      ? g_strdup_printf (":%d", g_uri_get_port (uri))
      : g_strdup ("");
  gsize length = strlen (path);

  while (length > 0 && path[length - 1] == '/')
    path[--length] = '\0';
  self->host =
      g_strconcat (is_v6 ? "[" : "", host, is_v6 ? "]" : "", port, NULL);
  self->base = g_strconcat (g_uri_get_scheme (uri), "://", self->host,
      length > 0 ? path : VERSION, NULL);
  self->root = g_strdup (self->base);
  if (g_str_has_suffix (self->root, VERSION))
    self->root[strlen (self->root) - strlen (VERSION)] = '\0';
  self->is_private =
      g_ascii_strcasecmp (g_uri_get_scheme (uri), "https") == 0 ||
      is_this_machine (host);
}

VlmRemoteAddress *
vlm_remote_address_new (const char *text, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (text,
      G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED_PATH |
          G_URI_FLAGS_ENCODED_QUERY,
      NULL);
  const char *fault = find_fault (uri);
  const char *model;
  VlmRemoteAddress *self;

  if (fault != NULL) {
    g_set_error_literal (
        error, VLM_REMOTE_ERROR, VLM_REMOTE_ERROR_SETTINGS, fault);
    return NULL;
  }
  self = g_new0 (VlmRemoteAddress, 1);
  model = g_uri_get_fragment (uri);
  if (model != NULL && *model != '\0')
    self->model = g_strdup (model);
  set_paths (self, uri);
  return self;
}

void
vlm_remote_address_free (VlmRemoteAddress *self)
{
  if (self == NULL)
    return;
  g_free (self->base);
  g_free (self->root);
  g_free (self->host);
  g_free (self->model);
  g_free (self);
}
