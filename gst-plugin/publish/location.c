/* gst-vlm: locations to publish to
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/location.h"

#include <string.h>

#include "publish/error.h"

#define FLAGS                                                                  \
  (G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_PATH |                       \
      G_URI_FLAGS_ENCODED_QUERY)

void
gst_vlm_location_free (GstVlmLocation *self)
{
  if (self == NULL)
    return;
  g_free (self->scheme);
  g_free (self->user);
  g_free (self->password);
  g_free (self->host);
  g_free (self->path);
  g_free (self->raw_path);
  g_free (self->query);
  g_clear_pointer (&self->params, g_hash_table_unref);
  g_free (self->printable);
  g_free (self->identity);
  g_free (self);
}

gboolean
gst_vlm_location_is_secret (const char *name)
{
  static const char *const words[] = { "pass", "pwd", "secret", "token", "key",
    "auth", "cred", "sig", "jwt", "hmac" };
  g_autofree char *plain = g_uri_unescape_string (name, NULL);
  g_autofree char *lower = g_ascii_strdown (plain != NULL ? plain : name, -1);

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (strstr (lower, words[i]) != NULL)
      return TRUE;
  return FALSE;
}

static char *
redact_query (const char *query)
{
  g_auto (GStrv) pairs = g_strsplit (query, "&", -1);

  for (guint i = 0; pairs[i] != NULL; i++) {
    char *value = strchr (pairs[i], '=');
    g_autofree char *pair = pairs[i];

    if (value != NULL)
      *value = '\0';
    if (value == NULL)
      pairs[i] = g_strdup (pair);
    else if (gst_vlm_location_is_secret (pair))
      pairs[i] = g_strconcat (pair, "=***", NULL);
    else
      pairs[i] = g_strconcat (pair, "=", value + 1, NULL);
  }
  return g_strjoinv ("&", pairs);
}

/* A reader might think that a colon that was %-escaped separates the name from a
 * password. */
static char *
make_printable_user (const char *user)
{
  g_autofree char *name = NULL;
  g_autofree char *escaped = NULL;

  if (user == NULL)
    return g_strdup ("");
  name = g_strndup (user, strcspn (user, ":"));
  escaped = g_uri_escape_string (name, NULL, TRUE);
  return g_strconcat (
      escaped, user[strlen (name)] == ':' ? ":***@" : "@", NULL);
}

gboolean
gst_vlm_location_hides_path (const GstVlmLocation *self)
{
  return (g_ascii_strcasecmp (self->scheme, "http") == 0 ||
             g_ascii_strcasecmp (self->scheme, "https") == 0) &&
      strlen (self->raw_path) > 1;
}

static char *
join (const GstVlmLocation *self, const char *authority, const char *path)
{
  g_autofree char *query =
      self->query != NULL ? redact_query (self->query) : NULL;
  g_autofree char *user = make_printable_user (self->user);

  return g_strconcat (self->scheme, "://", user, authority, path,
      query != NULL ? "?" : "", query, NULL);
}

static gboolean
has_scheme (const char *text)
{
  gsize n = strspn (text,
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
      "0123456789+-.");

  return n > 0 && g_ascii_isalpha (*text) && text[n] == ':';
}

static gboolean
fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
fail (GError **error, const char *format, ...)
{
  va_list arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (
      error, GST_VLM_PUBLISH_ERROR, GST_VLM_PUBLISH_ERROR_SETTINGS, text);
  return FALSE;
}

/* GUri knows one host: all after the first comma of "a:1,b:2" is cut off, and
 * returned in @more. */
static char *
cut_off_hosts (const char *text, char **more)
{
  const char *start = strstr (text, "://");
  const char *end;
  const char *at = NULL;
  const char *comma;

  if (start == NULL)
    return g_strdup (text);
  start += 3;
  end = start + strcspn (start, "/?#");
  at = g_strrstr_len (start, end - start, "@");
  comma = memchr (
      at != NULL ? at : start, ',', (gsize) (end - (at != NULL ? at : start)));
  if (comma == NULL)
    return g_strdup (text);
  *more = g_strndup (comma, (gsize) (end - comma));
  return g_strdup_printf ("%.*s%s", (int) (comma - text), text, end);
}

/* The message for a text that cannot be parsed: anything in it may be a
 * password. */
static char *
scheme_only (const char *text)
{
  const char *colon = strchr (text, ':');

  if (!has_scheme (text))
    return g_strdup ("…");
  return g_strdup_printf ("%.*s://…", (int) (colon - text), text);
}

static gboolean
unescape (char **text, const char *what, GError **error)
{
  char *plain;

  if (*text == NULL)
    return TRUE;
  plain = g_uri_unescape_string (*text, NULL);
  if (plain == NULL || !g_utf8_validate (plain, -1, NULL)) {
    g_free (plain);
    return fail (error, "its %s has an invalid escape", what);
  }
  g_free (*text);
  *text = plain;
  return TRUE;
}

static gboolean
split (GstVlmLocation *self, const char *text, GError **error)
{
  g_autofree char *more = NULL;
  g_autofree char *single = cut_off_hosts (text, &more);
  g_autofree char *host = NULL;
  g_autofree char *fragment = NULL;
  g_autofree char *authority = NULL;

  if (!g_uri_split_with_user (single, FLAGS, &self->scheme, &self->user,
          &self->password, NULL, &host, &self->port, &self->raw_path,
          &self->query, &fragment, NULL))
    return fail (error, "it is not a URI");
  if (fragment != NULL)
    return fail (error, "write %%23 for a # in it");
  if (host == NULL)
    return fail (error, "two slashes are missing after its scheme");
  if (self->user != NULL && *self->user == '\0')
    g_clear_pointer (&self->user, g_free);
  if (more == NULL)
    self->host = g_strdup (host);
  else if (self->port >= 0)
    self->host = g_strdup_printf ("%s:%d%s", host, self->port, more);
  else
    self->host = g_strconcat (host, more, NULL);
  if (more != NULL)
    self->port = -1;
  authority = self->port >= 0
      ? g_strdup_printf (
            strchr (host, ':') ? "[%s]:%d" : "%s:%d", self->host, self->port)
      : g_strdup (self->host);
  self->path = g_strdup (self->raw_path);
  self->identity = join (self, authority, self->raw_path);
  self->printable = gst_vlm_location_hides_path (self)
      ? join (self, authority, "/…")
      : g_strdup (self->identity);
  return unescape (&self->path, "path", error);
}

static gboolean
parse_params (GstVlmLocation *self, GError **error)
{
  if (self->query == NULL) {
    self->params = g_hash_table_new (g_str_hash, g_str_equal);
    return TRUE;
  }
  self->params =
      g_uri_parse_params (self->query, -1, "&", G_URI_PARAMS_NONE, NULL);
  return self->params != NULL ||
      fail (error, "its query is not NAME=VALUE&NAME=VALUE…");
}

static gboolean
parse_path_of_file (GstVlmLocation *self, const char *text)
{
  self->scheme = g_strdup ("file");
  self->host = g_strdup ("");
  self->port = -1;
  self->path = g_canonicalize_filename (text, NULL);
  self->raw_path = g_uri_escape_string (self->path, "/", FALSE);
  self->printable = g_strconcat ("file://", self->raw_path, NULL);
  self->identity = g_strdup (self->printable);
  return parse_params (self, NULL);
}

GstVlmLocation *
gst_vlm_location_parse (const char *text, GError **error)
{
  g_autoptr (GstVlmLocation) self = g_new0 (GstVlmLocation, 1);
  g_autofree char *shown = NULL;

  if (text == NULL || *text == '\0') {
    fail (error, "`location` is not set");
    return NULL;
  }
  if (!has_scheme (text)) {
    parse_path_of_file (self, text);
    return g_steal_pointer (&self);
  }
  if (split (self, text, error) && parse_params (self, error))
    return g_steal_pointer (&self);
  shown = scheme_only (text);
  g_prefix_error (error, "`location` %s cannot be used: ", shown);
  return NULL;
}

char *
gst_vlm_location_redact (const char *text)
{
  g_autoptr (GstVlmLocation) self = NULL;

  if (text == NULL || *text == '\0' || !has_scheme (text))
    return g_strdup (text);
  self = gst_vlm_location_parse (text, NULL);
  return self != NULL ? g_steal_pointer (&self->printable) : scheme_only (text);
}

gboolean
gst_vlm_location_get_number (const GstVlmLocation *self, const char *name,
    guint64 min, guint64 max, guint64 otherwise, guint64 *value, GError **error)
{
  const char *text = g_hash_table_lookup (self->params, name);

  *value = otherwise;
  if (text == NULL)
    return TRUE;
  if (g_ascii_string_to_unsigned (text, 10, min, max, value, NULL))
    return TRUE;
  return fail (error,
      "%s: `%s` must be a whole number from %" G_GUINT64_FORMAT
      " to %" G_GUINT64_FORMAT,
      self->printable, name, min, max);
}

gboolean
gst_vlm_location_check_params (
    const GstVlmLocation *self, const char *const *names, GError **error)
{
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, self->params);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!g_strv_contains (names, name))
      return fail (error, "%s: there is no parameter `%s`", self->printable,
          (char *) name);
  return TRUE;
}
