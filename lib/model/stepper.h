/* gst-vlm: the next tokens of several sequences in one pass
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writing an answer reads all weights for each token. Sequences of one net can
 * share that: their rows go through the linear layers together, and each one's
 * attention looks at its own keys. */
#pragma once

#include "model/context.h"

/* Rows of a pass. One sequence may bring several tokens. */
#define VLM_STEP_MAX_TOKENS 64

/* One sequence's part. */
typedef struct
{
  VlmContext *context;
  VlmTokenSpan span;
  const VlmChoose *choose;
  VlmNnAttentionPlan *plan;
  VlmNnAttentionPlan *last_plan;
  VlmNnChoice choice; /* the result */
} VlmStep;

/* As vlm_context_append() of at most VLM_STEP_MAX_TOKENS tokens and no features,
 * but without running the device. The arrays of the span, and @choose, must
 * stay until the step was run or cleared; the context must not be used until
 * then. */
gboolean vlm_step_init (VlmStep *step, VlmContext *context,
    const VlmTokenSpan *span, const VlmChoose *choose, GError **error);
/* NULL-safe and idempotent. */
void vlm_step_clear (VlmStep *step);

/* One thread at a time. */
typedef struct _VlmStepper VlmStepper;

VlmStepper *vlm_stepper_new (VlmNet *net, GError **error);
void vlm_stepper_free (VlmStepper *stepper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmStepper, vlm_stepper_free)

/* How many sequences can be run together. Each one's rows are bound by
 * themselves, which vlm_nn_tensor_row_begins () allows or not: nets whose rows
 * are too short for that get one. */
guint vlm_stepper_get_max_steps (const VlmNet *net);

/* Runs @n_steps steps of different contexts, of VLM_STEP_MAX_TOKENS tokens
 * together, in one submission. @choice of each is set where it has @choose. On
 * error all contexts are as before. */
gboolean vlm_stepper_run (
    VlmStepper *stepper, VlmStep **steps, guint n_steps, GError **error);
