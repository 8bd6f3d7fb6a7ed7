/* gst-vlm: locations to publish to
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* SCHEME://[USER[:PASSWORD]@]HOST[:PORT][/PATH][?NAME=VALUE&…], or the path of
 * a file. Texts are without %-escapes, except @raw_path and @query. */
typedef struct
{
  char *scheme;
  char *user;     /* (nullable) */
  char *password; /* (nullable) */
  char *host; /* ""; several with `,` between them where a scheme has that */
  int port;   /* -1: none */
  char *path; /* begins with a slash, or is "" */
  char *raw_path;
  char *query;        /* (nullable) */
  GHashTable *params; /* of the query */
  char *printable;    /* without secrets, for messages */
  char *identity;     /* differs from that of all other places, whatever the
                         password; a path that is secret is in it */
} GstVlmLocation;

GstVlmLocation *gst_vlm_location_parse (const char *text, GError **error);
void gst_vlm_location_free (GstVlmLocation *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmLocation, gst_vlm_location_free)

/* @text without its secrets: a password, the values of parameters that are named
 * like one, and the path of a web server, which is all that protects many a hook.
 * Only the scheme if it cannot be parsed. (transfer full) */
char *gst_vlm_location_redact (const char *text);

/* Whether its path may be a secret. */
gboolean gst_vlm_location_hides_path (const GstVlmLocation *self);

/* Whether a parameter of this name, %-escaped or not, has a value that is
 * secret. */
gboolean gst_vlm_location_is_secret (const char *name);

/* A parameter of the query that is a whole number from @min to @max; @otherwise
 * if it is not there. */
gboolean gst_vlm_location_get_number (const GstVlmLocation *self,
    const char *name, guint64 min, guint64 max, guint64 otherwise,
    guint64 *value, GError **error);
/* Checks that there are no parameters but @names, NULL-terminated. */
gboolean gst_vlm_location_check_params (
    const GstVlmLocation *self, const char *const *names, GError **error);

G_END_DECLS
