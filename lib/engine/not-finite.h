/* gst-vlm: where a model's numbers stop being finite
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * While a model runs, only its logits are checked. When they are not finite, the
 * question is computed again, and the output of each layer is checked. */
#pragma once

#include "engine/feature-cache.h"
#include "engine/prompt.h"
#include "model/context.h"

/* What computed it. */
typedef struct
{
  const VlmConfig *config;
  VlmNn *nn;
  VlmVision *vision;
  VlmContext *context;
  VlmFeatureCache *features;
} VlmSuspect;

/* The first place whose output is not finite, as in "values are not finite from
 * … on", for the prompt @layout and the tokens of the answer so far, @appended
 * (gint32). (transfer full). NULL when this time everything is finite, or with
 * @error. Leaves the context and the features in any state. */
char *vlm_find_not_finite (const VlmSuspect *suspect, const VlmLayout *layout,
    const GArray *appended, GCancellable *cancellable, GError **error);
