/* gst-vlm: the key for a server
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The first line of the file @path; NULL: the environment variable VLM_API_KEY.
 * *key: NULL where there is none; to be freed with the next one. FALSE with
 * VLM_REMOTE_ERROR_SETTINGS for what is no key; messages name the file and hold
 * nothing of it. */
gboolean vlm_remote_key_read (const char *path, char **key, GError **error);
/* Overwrites it first. NULL-safe. */
void vlm_remote_key_free (char *key);
