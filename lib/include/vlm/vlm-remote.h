/* gst-vlm: a model on another machine
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-model-params.h>
#include <vlm/vlm-session.h>
#include <vlm/vlm-work.h>

G_BEGIN_DECLS

#define VLM_TYPE_REMOTE (vlm_remote_get_type ())

/**
 * VlmRemote:
 *
 * A model on a server. All users of the same server in a process share its
 * connections. One thread at a time.
 *
 * Since: 0.1
 */
VLM_API
G_DECLARE_FINAL_TYPE (VlmRemote, vlm_remote, VLM, REMOTE, GObject)

VLM_API gboolean vlm_remote_is_meant (const VlmModelParams *params);
VLM_API char *vlm_remote_hide_secrets (const char *path);
VLM_API VlmRemote *vlm_remote_open (
    const VlmModelParams *params, const VlmWork *work, GError **error);
VLM_API const char *vlm_remote_get_name (VlmRemote *remote);
VLM_API void vlm_remote_get_geometry (VlmRemote *remote, VlmGeometry *geometry);
VLM_API VlmAnswer *
vlm_remote_generate (VlmRemote *remote, const VlmPrompt *prompt,
    const VlmGenerateParams *params, const VlmWork *work, GError **error);
VLM_API VlmBoxSpace vlm_remote_find_box_space (VlmRemote *remote,
    const VlmFrame *frame, GCancellable *cancellable, GError **error);

G_END_DECLS
