/* gst-vlm: the token masks of the answers that come back
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each mask costs milliseconds when it is first needed, so masks are kept for the
 * kinds of answers, and their bounds, that were used last. One thread. */
#pragma once

#include "engine/model.h"
#include "grammar/answer-kind.h"
#include "grammar/token-mask.h"

typedef struct _VlmMaskCache VlmMaskCache;

/* @model must outlive it. */
VlmMaskCache *vlm_mask_cache_new (VlmModel *model);
void vlm_mask_cache_free (VlmMaskCache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmMaskCache, vlm_mask_cache_free)

/* @mask: (transfer none), valid until the next call; NULL for any text. */
gboolean vlm_mask_cache_get (VlmMaskCache *cache, const VlmAnswerKind *kind,
    const VlmAnswerBounds *bounds, VlmTokenMask **mask, GError **error);
