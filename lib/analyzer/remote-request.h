/* gst-vlm: requests to a server
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzer/remote-family.h"
#include "analyzer/remote-server.h"
#include "analyzer/remote-times.h"
#include "engine/prompt.h"

typedef struct
{
  const VlmRemoteServerInfo *server;
  const VlmRemoteFamily *family;
  VlmBoxSpace box_space;
  const VlmPrompt *prompt;
  const VlmGenerateParams *params;
  guint max_tokens;
  const char *schema; /* of the answer; nullable */
  guint n_likely;     /* so many tokens, and how likely they are, for each */
} VlmRemoteRequest;

/* (transfer full): the body, JSON. VLM_INFER_ERROR_BAD_INPUT for what the server
 * does not take, and for more than may be sent at once. */
GBytes *
vlm_remote_request_write (const VlmRemoteRequest *request, GError **error);

/* How the model learns the times of the frames at @times, ns. */
VlmRemoteTiming
vlm_remote_request_plan_times (const VlmRemoteServerInfo *server,
    const VlmRemoteFamily *family, const gint64 *times, guint n);
