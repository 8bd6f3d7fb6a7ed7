/* gst-vlm: what servers support
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzer/remote-link.h"

/* A server that speaks the chat API of OpenAI, and what else it takes. */
typedef struct
{
  VlmRemoteServer id;
  const char *name;
  gboolean takes_video;  /* as frames with their times */
  gboolean pins_pixels;  /* limits for the size of pictures, in the request */
  gboolean takes_schema; /* response_format with a list at the top */
  const char *penalty;   /* its name for it; NULL: takes none */
  gboolean takes_top_k;
  gboolean takes_template; /* arguments for the template of a chat */
} VlmRemoteServerClass;

/* @id: any but _AUTO. (transfer none) */
const VlmRemoteServerClass *vlm_remote_server_get (VlmRemoteServer id);

typedef struct
{
  const VlmRemoteServerClass *klass;
  char *model;
  char *path; /* what it was loaded from; nullable */
} VlmRemoteServerInfo;

void vlm_remote_server_info_clear (VlmRemoteServerInfo *info);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (
    VlmRemoteServerInfo, vlm_remote_server_info_clear)

/* Detects the kind of the server, unless it is @wanted, and finds the model.
 * VLM_REMOTE_ERROR_SETTINGS, with the names of its models, if there is none of
 * that name, or if no name is given and there are several. Else as
 * vlm_remote_link_ask(). */
gboolean vlm_remote_server_look (VlmRemoteLink *link,
    const VlmRemoteAddress *address, VlmRemoteServer wanted, gint64 timeout,
    VlmRemoteServerInfo *info, GCancellable *cancellable, GError **error);
