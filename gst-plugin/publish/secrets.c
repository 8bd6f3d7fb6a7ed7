/* gst-vlm: removing secrets from messages
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "publish/secrets.h"

#include <string.h>

#define HIDDEN "***"
/* Shorter ones may be anywhere by chance. */
#define MIN_SIZE 4
/* Shorter parts of a path are words, not secrets. */
#define MIN_PART 8

struct _GstVlmSecrets
{
  GPtrArray *forms; /* char, the longest first */
  gsize longest;
};

/* --- forms ---------------------------------------------------------------- */

static void
free_form (gpointer data)
{
  explicit_bzero (data, strlen (data));
  g_free (data);
}

/* Takes ownership of @form. */
static void
add_form (GstVlmSecrets *self, char *form)
{
  if (form == NULL || *form == '\0' ||
      g_ptr_array_find_with_equal_func (self->forms, form, g_str_equal, NULL)) {
    g_free (form);
    return;
  }
  self->longest = MAX (self->longest, strlen (form));
  g_ptr_array_add (self->forms, form);
}

/* %-escapes have capital letters in the standard, and small ones elsewhere. */
static void
add_escaped (GstVlmSecrets *self, const char *text)
{
  g_autofree char *escaped = g_uri_escape_string (text, NULL, FALSE);
  char *small = g_strdup (escaped);

  for (char *p = strchr (small, '%'); p != NULL; p = strchr (p + 3, '%')) {
    p[1] = g_ascii_tolower (p[1]);
    p[2] = g_ascii_tolower (p[2]);
  }
  add_form (self, small);
  add_form (self, g_steal_pointer (&escaped));
}

static void
add_base64 (GstVlmSecrets *self, const char *text)
{
  char *plain = g_base64_encode ((const guchar *) text, strlen (text));
  char *for_urls = g_strdelimit (g_strdup (plain), "+", '-');

  g_strdelimit (for_urls, "/", '_');
  add_form (self, plain);
  add_form (self, for_urls);
}

/* As between the quotes of JSON, with letters beyond ASCII as they are. */
static void
add_in_quotes (GstVlmSecrets *self, const char *text)
{
  char beyond[129] = { 0 };

  for (guint i = 0; i < 128; i++)
    beyond[i] = (char) (128 + i);
  add_form (self, g_strescape (text, beyond));
}

static void
add (GstVlmSecrets *self, const char *text)
{
  if (text == NULL || *text == '\0')
    return;
  add_form (self, g_strdup (text));
  add_escaped (self, text);
  add_in_quotes (self, text);
  add_form (self, g_markup_escape_text (text, -1));
  add_base64 (self, text);
}

/* As HTTP and SASL send it. */
static void
add_login (GstVlmSecrets *self, const char *user, const char *password)
{
  g_autofree char *pair = NULL;

  if (password == NULL)
    return;
  pair = g_strconcat (user != NULL ? user : "", ":", password, NULL);
  add_base64 (self, pair);
}

/* A %-escaped colon in it was meant to separate it from a password. */
static void
add_name (GstVlmSecrets *self, const char *user)
{
  const char *colon = user != NULL ? strchr (user, ':') : NULL;

  if (colon == NULL)
    return;
  add (self, colon + 1);
  add_login (self, user, "");
}

static void
add_params (GstVlmSecrets *self, const GstVlmLocation *location)
{
  g_auto (GStrv) pairs =
      g_strsplit (location->query != NULL ? location->query : "", "&", -1);
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  g_hash_table_iter_init (&iter, location->params);
  while (g_hash_table_iter_next (&iter, &name, &value))
    if (gst_vlm_location_is_secret (name))
      add (self, value);
  /* As they are in the location, however they are escaped. */
  for (char **pair = pairs; *pair != NULL; pair++) {
    char *sign = strchr (*pair, '=');

    if (sign == NULL)
      continue;
    *sign = '\0';
    if (gst_vlm_location_is_secret (*pair))
      add_form (self, g_strdup (sign + 1));
  }
}

/* As a whole, and the parts that are long enough to be a secret: a server may
 * quote only the last part of /services/T01/XYZ… */
static void
add_path (GstVlmSecrets *self, const GstVlmLocation *location)
{
  const char *const paths[] = { location->raw_path, location->path };

  if (!gst_vlm_location_hides_path (location))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_auto (GStrv) parts = g_strsplit (paths[i], "/", -1);

    if (strlen (paths[i]) >= MIN_PART)
      add (self, paths[i]);
    for (char **part = parts; *part != NULL; part++)
      if (strlen (*part) >= MIN_PART)
        add (self, *part);
  }
}

static gint
by_length (gconstpointer a, gconstpointer b)
{
  gsize x = strlen (*(char *const *) a);
  gsize y = strlen (*(char *const *) b);

  return x < y ? 1 : x > y ? -1 : 0;
}

GstVlmSecrets *
gst_vlm_secrets_new (
    const GstVlmLocation *location, const GstVlmCredentials *credentials)
{
  GstVlmSecrets *self = g_atomic_rc_box_new0 (GstVlmSecrets);

  self->forms = g_ptr_array_new_with_free_func (free_form);
  add (self, location->password);
  add_login (self, location->user, location->password);
  add_name (self, location->user);
  add_params (self, location);
  add_path (self, location);
  add (self, credentials->password);
  add (self, credentials->token);
  add (self, credentials->key_password);
  add_login (self, credentials->username, credentials->password);
  g_ptr_array_sort (self->forms, by_length);
  return self;
}

GstVlmSecrets *
gst_vlm_secrets_ref (GstVlmSecrets *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
secrets_clear (gpointer data)
{
  GstVlmSecrets *self = data;

  g_ptr_array_unref (self->forms);
}

void
gst_vlm_secrets_unref (GstVlmSecrets *self)
{
  g_atomic_rc_box_release_full (self, secrets_clear);
}

/* --- texts ---------------------------------------------------------------- */

char *
gst_vlm_secrets_hide (const GstVlmSecrets *self, const char *text)
{
  g_autoptr (GString) shown = g_string_new (text);

  for (guint i = 0; i < self->forms->len; i++) {
    const char *form = self->forms->pdata[i];

    if (strlen (form) >= MIN_SIZE)
      g_string_replace (shown, form, HIDDEN, 0);
    else if (strstr (shown->str, form) != NULL)
      return g_strdup (HIDDEN);
  }
  return g_strdup (shown->str);
}

/* At most @max bytes of @text, whole letters of them. */
static void
shorten (char *text, gsize max)
{
  const char *end;

  if (strlen (text) <= max)
    return;
  text[max] = '\0';
  if (!g_utf8_validate (text, -1, &end))
    text[end - text] = '\0';
}

char *
gst_vlm_secrets_quote (const GstVlmSecrets *self, const char *bytes, gsize size,
    gboolean is_cut_off, gsize max)
{
  gsize unsure = is_cut_off && self->longest > 0 ? self->longest - 1 : 0;
  gsize n = size - MIN (size, unsure);
  g_autofree char *copy = g_strndup ("", n);
  g_autofree char *valid = NULL;
  char *shown;

  /* NUL would end the text for all functions that read it. */
  for (gsize i = 0; i < n; i++)
    copy[i] = bytes[i] != '\0' ? bytes[i] : ' ';
  valid = g_utf8_make_valid (copy, (gssize) n);
  shown = gst_vlm_secrets_hide (self, valid);
  for (char *p = shown; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  shorten (g_strstrip (shown), max);
  return shown;
}
