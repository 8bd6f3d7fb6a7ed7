/* gst-vlm: recording attention
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Nothing is computed differently: queries and keys are read back as the layers
 * use them, and the probabilities are computed from them on the processor. */
#pragma once

#include <vlm/vlm-attention.h>

#include "engine/feature-cache.h"
#include "engine/generate.h"

/* Of one question. */
typedef struct _VlmAttentionRecorder VlmAttentionRecorder;

/* Records @vision and @context until it is freed. @features forgets what it has,
 * so that every slice is encoded while it records. */
VlmAttentionRecorder *vlm_attention_recorder_new (const VlmConfig *config,
    VlmVision *vision, VlmContext *context, VlmFeatureCache *features);
void vlm_attention_recorder_free (VlmAttentionRecorder *recorder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (
    VlmAttentionRecorder, vlm_attention_recorder_free)

/* For the generation of the answer. */
VlmModelTaps *vlm_attention_recorder_get_taps (VlmAttentionRecorder *recorder);

/* After the answer, while the context still holds it. @serials as the feature
 * cache gave them. (transfer full) */
VlmAttention *vlm_attention_recorder_finish (VlmAttentionRecorder *recorder,
    const VlmLayout *layout, const guint64 *serials,
    const VlmTranscript *transcript, GCancellable *cancellable, GError **error);
