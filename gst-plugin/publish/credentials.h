/* gst-vlm: credentials for the server
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "publish/location.h"

G_BEGIN_DECLS

/* Never printed, never logged. Zeroed when freed. All nullable. */
typedef struct
{
  char *username;
  char *password;
  char *token;        /* HTTP: Authorization: Bearer */
  char *key_password; /* of the private key's file */
} GstVlmCredentials;

/* From @path (nullable), a file of lines NAME=VALUE with the names of above,
 * with `-` for `_`; if a name is missing, from @location. Messages name the
 * line, not its content. */
gboolean gst_vlm_credentials_read (GstVlmCredentials *self, const char *path,
    const GstVlmLocation *location, GError **error);
void gst_vlm_credentials_clear (GstVlmCredentials *self);

G_END_DECLS
