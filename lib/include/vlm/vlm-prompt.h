/* gst-vlm: a user turn: pictures and text
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-window.h>

G_BEGIN_DECLS

/**
 * VlmPrompt:
 *
 * One user turn: text, images and videos in the order in which they were
 * added. Text is never parsed for special tokens.
 *
 * Since: 0.1
 */
typedef struct _VlmPrompt VlmPrompt;

VLM_API VlmPrompt *vlm_prompt_new (void);
VLM_API void vlm_prompt_free (VlmPrompt *prompt);
VLM_API void vlm_prompt_set_system (VlmPrompt *prompt, const char *text);
VLM_API void vlm_prompt_add_text (VlmPrompt *prompt, const char *text);
VLM_API void vlm_prompt_add_image (VlmPrompt *prompt, VlmFrame *frame);
VLM_API void vlm_prompt_add_video (VlmPrompt *prompt, VlmFrame *const *frames,
    const gint64 *times, guint n_frames);
VLM_API void vlm_prompt_add_window (VlmPrompt *prompt, const VlmWindow *window);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmPrompt, vlm_prompt_free)

G_END_DECLS
