/* gst-vlm: the address of a model on another machine
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* http://HOST:PORT/v1#MODEL. Immutable; one owner. */
typedef struct
{
  char *base;  /* what paths of the API are appended to: no slash at the end */
  char *root;  /* the same without its version (/v1) */
  char *host;  /* for messages: HOST:PORT */
  char *model; /* NULL: the only one that is there */
  gboolean is_private; /* TLS, or this machine: nobody can intercept it */
} VlmRemoteAddress;

/* VLM_REMOTE_ERROR_SETTINGS for what is no such address, and for one with a
 * password or a query in it; the message holds nothing of it. */
VlmRemoteAddress *vlm_remote_address_new (const char *text, GError **error);
void vlm_remote_address_free (VlmRemoteAddress *address);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmRemoteAddress, vlm_remote_address_free)

/* It begins like one. */
gboolean vlm_remote_address_is_meant (const char *text);
/* @text, with dots for a user, a password and a query. (transfer full) */
char *vlm_remote_address_hide_secrets (const char *text);
