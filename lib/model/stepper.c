/* gst-vlm: the next tokens of several sequences in one pass
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/stepper.h"

#include "base/checked.h"
#include "model/context-private.h"

struct _VlmStepper
{
  VlmNet *net;
  VlmNn *nn;
  VlmDecoder *decoder;
};

VlmStepper *
vlm_stepper_new (VlmNet *net, GError **error)
{
  VlmNn *nn = vlm_nn_new (vlm_net_get_device (net), error);
  VlmStepper *stepper;

  if (nn == NULL)
    return NULL;
  stepper = g_new0 (VlmStepper, 1);
  stepper->net = vlm_net_ref (net);
  stepper->nn = nn;
  stepper->decoder = vlm_decoder_new (net, nn);
  return stepper;
}

void
vlm_stepper_free (VlmStepper *stepper)
{
  if (stepper == NULL)
    return;
  vlm_decoder_free (stepper->decoder);
  vlm_nn_free (stepper->nn);
  vlm_net_unref (stepper->net);
  g_free (stepper);
}

guint
vlm_stepper_get_max_steps (const VlmNet *net)
{
  const VlmTextConfig *c = &net->config.text;
  guint n_q = c->n_heads * c->head_dim;
  guint n_kv = c->n_kv_heads * c->head_dim;

  return vlm_nn_tensor_row_begins (n_q) &&
          vlm_nn_tensor_row_begins (n_q + 2 * n_kv)
      ? G_MAXUINT
      : 1;
}

static gboolean
make_plans (VlmStep *step, GError **error)
{
  VlmContext *context = step->context;
  const VlmTextConfig *c = &context->net->config.text;

  step->plan = vlm_nn_attention_plan_new_causal (context->nn, step->span.n,
      context->n_tokens, c->n_heads, c->n_kv_heads, c->head_dim, error);
  if (step->plan == NULL || step->span.n == 1)
    return step->plan != NULL;
  step->last_plan = vlm_nn_attention_plan_new_causal (context->nn, 1,
      context->n_tokens + step->span.n - 1, c->n_heads, c->n_kv_heads,
      c->head_dim, error);
  return step->last_plan != NULL;
}

gboolean
vlm_step_init (VlmStep *step, VlmContext *context, const VlmTokenSpan *span,
    const VlmChoose *choose, GError **error)
{
  g_assert (span->n <= VLM_STEP_MAX_TOKENS);
  *step = (VlmStep){ context, *span, choose };
  /* The logits end up in the context's own. */
  if (vlm_context_prepare (context, span, choose, error) &&
      vlm_decoder_reserve (context->decoder, 1, 1, 1, error) &&
      make_plans (step, error))
    return TRUE;
  vlm_step_clear (step);
  return FALSE;
}

void
vlm_step_clear (VlmStep *step)
{
  if (step == NULL)
    return;
  g_clear_pointer (&step->plan, vlm_nn_attention_plan_free);
  g_clear_pointer (&step->last_plan, vlm_nn_attention_plan_free);
}

/* Puts the steps one after the other. Returns the number of their tokens. */
static guint
lay_out (VlmStep **steps, guint n_steps, VlmDecoderSequence *sequences,
    guint *n_angles)
{
  guint n_tokens = 0;

  *n_angles = 0;
  for (guint i = 0; i < n_steps; i++) {
    const VlmStep *step = steps[i];

    sequences[i] = (VlmDecoderSequence){
      .caches = step->context->caches,
      .first = n_tokens,
      .n = step->span.n,
      .first_angle = (guint) vlm_align_up (*n_angles, VLM_NN_ROW_STEP),
      .first_key = step->context->n_tokens,
      .plan = step->plan,
      .last_plan = step->last_plan,
    };
    n_tokens += step->span.n;
    *n_angles = sequences[i].first_angle + step->span.n;
  }
  return n_tokens;
}

static gboolean
write_tokens (VlmStepper *stepper, VlmStep **steps, guint n_steps,
    const VlmDecoderSequence *sequences, guint n_tokens, guint n_angles,
    GError **error)
{
  const VlmTextConfig *c = &stepper->net->config.text;
  g_autofree gint32 *ids = g_new (gint32, n_tokens);
  g_autofree float *angles = g_new0 (float, (gsize) n_angles * c->head_dim);

  for (guint i = 0; i < n_steps; i++) {
    const VlmStep *step = steps[i];

    memcpy (ids + sequences[i].first, step->span.ids + step->span.first,
        step->span.n * sizeof *ids);
    vlm_positions_angles (step->span.positions, &stepper->net->config,
        step->span.first, step->span.n,
        angles + (gsize) sequences[i].first_angle * c->head_dim);
  }
  return vlm_nn_tensor_write (
             &stepper->decoder->ids, stepper->nn, 0, n_tokens, ids, error) &&
      vlm_nn_tensor_write (
          &stepper->decoder->angles, stepper->nn, 0, n_angles, angles, error);
}

static void
record (VlmStepper *stepper, VlmStep **steps, guint n_steps,
    const VlmDecoderSequence *sequences, guint n_tokens)
{
  const VlmDecoderPass pass = {
    .n_tokens = n_tokens,
    .logits = VLM_LOGITS_LAST,
    .sequences = sequences,
    .n_sequences = n_steps,
  };

  vlm_nn_begin (stepper->nn);
  vlm_decoder_record (
      stepper->decoder, &pass, 0, stepper->net->config.text.n_layers);
  for (guint i = 0; i < n_steps; i++) {
    vlm_nn_copy_rows (stepper->nn, &stepper->decoder->logits, i,
        &steps[i]->context->decoder->logits, 0, 1);
    if (steps[i]->choose != NULL)
      vlm_context_record_choice (
          steps[i]->context, stepper->nn, steps[i]->choose);
  }
}

gboolean
vlm_stepper_run (
    VlmStepper *stepper, VlmStep **steps, guint n_steps, GError **error)
{
  g_autofree VlmDecoderSequence *sequences =
      g_new0 (VlmDecoderSequence, n_steps);
  guint n_angles;
  guint n_tokens = lay_out (steps, n_steps, sequences, &n_angles);

  g_assert (n_tokens <= VLM_STEP_MAX_TOKENS);
  if (!vlm_decoder_reserve (
          stepper->decoder, n_tokens, n_steps, n_steps, error) ||
      !write_tokens (
          stepper, steps, n_steps, sequences, n_tokens, n_angles, error))
    return FALSE;
  record (stepper, steps, n_steps, sequences, n_tokens);
  /* A step is short: it cannot be cancelled in the middle. */
  if (!vlm_nn_submit (stepper->nn, error) ||
      !vlm_nn_wait (stepper->nn, NULL, error))
    return FALSE;
  for (guint i = 0; i < n_steps; i++)
    if (steps[i]->choose != NULL &&
        !vlm_nn_tensor_read (&steps[i]->context->choice, stepper->nn, 0, 1,
            &steps[i]->choice, error))
      return FALSE;
  for (guint i = 0; i < n_steps; i++)
    vlm_context_commit (steps[i]->context, &steps[i]->span, TRUE);
  return TRUE;
}
