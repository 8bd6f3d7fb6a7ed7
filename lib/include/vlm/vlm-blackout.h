/* gst-vlm: masked regions
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-frame.h>
#include <vlm/vlm-region.h>

G_BEGIN_DECLS

/**
 * VlmBlackout:
 *
 * Blacks out regions in copies of frames, before these are analysed. For one
 * thread at a time.
 *
 * Since: 0.1
 */
typedef struct _VlmBlackout VlmBlackout;

VLM_API VlmBlackout *vlm_blackout_new (VlmRegions *regions);
VLM_API void vlm_blackout_free (VlmBlackout *blackout);
VLM_API void vlm_blackout_apply (VlmBlackout *blackout, VlmFrame *frame,
    guint picture_width, guint picture_height);
VLM_API void vlm_blackout_mark (
    const VlmBlackout *blackout, guint columns, guint rows, guint8 *hidden);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmBlackout, vlm_blackout_free)

G_END_DECLS
