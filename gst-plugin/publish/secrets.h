/* gst-vlm: removing secrets from messages
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "publish/credentials.h"

G_BEGIN_DECLS

/* The secrets of a location and its credentials, in all forms in which a
 * server may send it back: as it is, %-escaped, in JSON, HTML, Base64.
 * Reference counted (atomically) and immutable; any thread. */
typedef struct _GstVlmSecrets GstVlmSecrets;

GstVlmSecrets *gst_vlm_secrets_new (
    const GstVlmLocation *location, const GstVlmCredentials *credentials);
GstVlmSecrets *gst_vlm_secrets_ref (GstVlmSecrets *self);
void gst_vlm_secrets_unref (GstVlmSecrets *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmSecrets, gst_vlm_secrets_unref)

/* @text, written by a library or a server, with *** for secrets. A text with a
 * secret of less than four letters is *** as a whole, because the remaining
 * letters would reveal it. (transfer full) */
char *gst_vlm_secrets_hide (const GstVlmSecrets *self, const char *text);
/* The same for the first bytes of a text, which may end within a secret; at most
 * @max bytes of UTF-8, without controls. */
char *gst_vlm_secrets_quote (const GstVlmSecrets *self, const char *bytes,
    gsize size, gboolean is_cut_off, gsize max);

G_END_DECLS
