/* gst-vlm: a sequence on the device: KV cache, positions, decoder
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/context-private.h"

#include <vlm/vlm-error.h>

#include "base/bits.h"
#include "base/log.h"
#include "base/work.h"
#include "model/memory.h"

/* How long a submission should take: longer than submitting costs, shorter than
 * watchdogs and cancellation allow. A chunk is one submission if the device is
 * fast enough, else some layers at a time. */
#define MIN_SUBMIT_US (100 * 1000)
#define MAX_SUBMIT_US (1000 * 1000)
/* Tokens times layers of the first submission; it adapts from there. */
#define FIRST_SUBMIT_WORK 2048
/* Bytes of logits on the device while all are kept. */
#define MAX_KEPT_BYTES (64u << 20)

/* What is appended by one call. */
typedef struct
{
  const VlmTokenSpan *span;
  const VlmChoose *choose;
  const VlmWork *work;
} Input;

VlmContext *
vlm_context_new (VlmNet *net, VlmNn *nn)
{
  VlmContext *context = g_new0 (VlmContext, 1);

  context->net = vlm_net_ref (net);
  context->nn = nn;
  context->cache_type = VLM_DTYPE_F32;
  context->chunk = VLM_CONTEXT_CHUNK;
  context->submit_work = FIRST_SUBMIT_WORK;
  context->caches = g_new0 (VlmNnKv, net->config.text.n_layers);
  context->kept = g_array_new (FALSE, FALSE, sizeof (float));
  context->decoder = vlm_decoder_new (net, nn);
  return context;
}

void
vlm_context_free (VlmContext *context)
{
  if (context == NULL)
    return;
  for (guint i = 0; i < context->net->config.text.n_layers; i++)
    vlm_nn_kv_clear (&context->caches[i]);
  g_free (context->caches);
  vlm_decoder_free (context->decoder);
  vlm_nn_tensor_clear (&context->allowed);
  vlm_nn_tensor_clear (&context->seen);
  vlm_nn_tensor_clear (&context->choice);
  g_array_unref (context->kept);
  vlm_net_unref (context->net);
  g_free (context);
}

VlmDType
vlm_context_cache_type (VlmKvCache kind, VlmNnDevice *device)
{
  if (kind == VLM_KV_CACHE_AUTO)
    kind = vlm_nn_device_is_cpu (device) ? VLM_KV_CACHE_F32 : VLM_KV_CACHE_F16;
  return kind == VLM_KV_CACHE_F16 ? VLM_DTYPE_F16 : VLM_DTYPE_F32;
}

void
vlm_context_set_cache (VlmContext *context, VlmKvCache kind)
{
  g_assert (context->caches[0].n_segments == 0);
  context->cache_type =
      vlm_context_cache_type (kind, vlm_nn_get_device (context->nn));
}

guint
vlm_context_get_n_tokens (const VlmContext *context)
{
  return context->n_tokens;
}

gint32
vlm_context_get_next_position (const VlmContext *context)
{
  return context->next;
}

void
vlm_context_truncate (VlmContext *context, guint n_tokens, gint32 next_position)
{
  g_assert (n_tokens <= context->n_tokens);
  context->n_tokens = n_tokens;
  context->next = next_position;
  context->has_logits = FALSE;
}

void
vlm_context_set_keep_logits (VlmContext *context, gboolean keep)
{
  context->keep_logits = keep;
}

void
vlm_context_set_chunk (VlmContext *context, guint n_tokens)
{
  context->chunk =
      n_tokens == 0 ? VLM_CONTEXT_CHUNK : MIN (n_tokens, VLM_CONTEXT_CHUNK);
}

void
vlm_context_set_submit_work (VlmContext *context, guint work)
{
  context->submit_work = MAX (work, 1);
}

void
vlm_context_set_turns (VlmContext *context, VlmTurns *turns)
{
  context->turns = turns;
}

void
vlm_context_set_taps (VlmContext *context, VlmModelTaps *taps)
{
  context->decoder->taps = taps;
}

static gboolean
check_input (const VlmContext *context, const VlmTokenSpan *in, GError **error)
{
  const VlmTextConfig *c = &context->net->config.text;
  guint64 n_features = in->features != NULL ? in->features->n_rows : 0;

  g_assert (in->n > 0);
  for (guint axis = 0; axis < 3; axis++)
    g_assert (in->first + in->n <= in->positions->axes[axis]->len);
  for (guint i = 0; i < in->n; i++) {
    gint64 id = in->ids[in->first + i];

    if (id >= 0 ? id >= c->vocab_size : (guint64) (-1 - id) >= n_features) {
      g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
          "token %u is %" G_GINT64_FORMAT
          ", beyond %u words and %" G_GUINT64_FORMAT " features",
          i, id, c->vocab_size, n_features);
      return FALSE;
    }
  }
  if (in->n > c->max_positions ||
      context->n_tokens > c->max_positions - in->n) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_CONTEXT_FULL,
        "%u tokens after %u are more than the model's %u", in->n,
        context->n_tokens, c->max_positions);
    return FALSE;
  }
  return TRUE;
}

static gboolean
finish (VlmContext *context, GCancellable *cancellable, GError **error)
{
  if (!vlm_nn_wait (context->nn, cancellable, error))
    return FALSE;
  context->busy = FALSE;
  return TRUE;
}

/* @elapsed: NULL, or gets the time that the device took. */
static gboolean
run (VlmContext *context, gint64 *elapsed, GCancellable *cancellable,
    GError **error)
{
  gint64 start;
  gboolean good;

  if (!vlm_turns_take (context->turns, VLM_TURN_BULK, cancellable, error))
    return FALSE;
  start = g_get_monotonic_time ();
  good = vlm_nn_submit (context->nn, error);
  if (good) {
    context->busy = TRUE;
    good = finish (context, cancellable, error);
  }
  vlm_turns_give_back (context->turns);
  if (elapsed != NULL)
    *elapsed = g_get_monotonic_time () - start;
  return good;
}

static guint64
cache_bytes (const VlmContext *context, guint n_tokens)
{
  const VlmTextConfig *c = &context->net->config.text;

  return vlm_nn_kv_bytes (
      context->cache_type, c->n_kv_heads, c->head_dim, n_tokens);
}

static gboolean
reserve_caches (VlmContext *context, guint n_tokens, GError **error)
{
  const VlmTextConfig *c = &context->net->config.text;
  const guint before = vlm_nn_kv_capacity (&context->caches[c->n_layers - 1]);
  const guint after = vlm_nn_kv_round_up (context->nn, n_tokens);

  if (before >= n_tokens)
    return TRUE;
  if (!vlm_memory_check_context (vlm_nn_get_device (context->nn),
          c->n_layers *
              (cache_bytes (context, after) - cache_bytes (context, before)),
          n_tokens, error))
    return FALSE;
  vlm_debug ("the cache grows from %u tokens to %u, %u of them held", before,
      after, context->n_tokens);
  for (guint i = 0; i < c->n_layers; i++)
    if (!vlm_nn_kv_reserve (&context->caches[i], context->nn,
            context->cache_type, c->n_kv_heads, c->head_dim, n_tokens, error)) {
      g_prefix_error (error, "layer %u: ", i);
      return FALSE;
    }
  return TRUE;
}

/* [1, ceil (V / 32)]; all bits set where @bits is NULL. */
static gboolean
write_bits (VlmContext *context, VlmNnTensor *tensor, const guint32 *bits,
    GError **error)
{
  guint n_words = vlm_bits_n_words (context->net->config.text.vocab_size);

  if (bits == NULL)
    return TRUE;
  if (tensor->buffer == NULL &&
      !vlm_nn_tensor_init (tensor, context->nn, 1, n_words, error))
    return FALSE;
  return vlm_nn_tensor_write (tensor, context->nn, 0, 1, bits, error);
}

static gboolean
prepare_choice (VlmContext *context, const VlmChoose *choose, GError **error)
{
  if (context->choice.buffer == NULL &&
      !vlm_nn_tensor_init (&context->choice, context->nn, 1, 4, error))
    return FALSE;
  return write_bits (context, &context->allowed, choose->allowed, error) &&
      write_bits (context, &context->seen, choose->seen, error);
}

void
vlm_context_record_choice (
    VlmContext *context, VlmNn *nn, const VlmChoose *choose)
{
  VlmNnTensor logits = vlm_nn_tensor_rows (&context->decoder->logits, 0, 1);

  vlm_nn_label (nn, "text.choose");
  vlm_nn_choose (nn, &logits, context->net->config.text.vocab_size,
      choose->allowed != NULL ? &context->allowed : NULL,
      choose->seen != NULL ? &context->seen : NULL, choose->penalty,
      &context->choice, 0);
}

static gboolean
write_tokens (
    VlmContext *context, const Input *in, guint first, guint n, GError **error)
{
  const VlmTextConfig *c = &context->net->config.text;
  VlmDecoder *decoder = context->decoder;
  g_autofree float *angles = g_new (float, (gsize) n * c->head_dim);

  vlm_positions_angles (
      in->span->positions, &context->net->config, first, n, angles);
  return vlm_nn_tensor_write (
             &decoder->ids, context->nn, 0, n, in->span->ids + first, error) &&
      vlm_nn_tensor_write (&decoder->angles, context->nn, 0, n, angles, error);
}

/* The logits of the @n tokens that were just run, then the last one's choice. */
static gboolean
keep_logits (VlmContext *context, guint n, const VlmChoose *choose,
    GCancellable *cancellable, GError **error)
{
  gsize n_vocab = context->net->config.text.vocab_size;
  VlmNnTensor *logits = &context->decoder->logits;
  gsize n_before = context->kept->len;

  g_array_set_size (context->kept, (guint) (n_before + n * n_vocab));
  if (!vlm_nn_tensor_read (logits, context->nn, 0, n,
          &g_array_index (context->kept, float, n_before), error))
    return FALSE;
  if (choose == NULL)
    return TRUE;
  vlm_nn_begin (context->nn);
  if (n > 1)
    vlm_nn_copy_rows (context->nn, logits, n - 1, logits, 0, 1);
  vlm_context_record_choice (context, context->nn, choose);
  return run (context, NULL, cancellable, error);
}

/* Single steps do not predict how long a run of tokens takes. */
static void
adapt (VlmContext *context, guint work, gint64 elapsed)
{
  guint n_layers = context->net->config.text.n_layers;

  if (work < context->submit_work / 2)
    return;
  if (elapsed > MAX_SUBMIT_US)
    context->submit_work = MAX (context->submit_work / 2, n_layers);
  else if (elapsed < MIN_SUBMIT_US)
    context->submit_work =
        MIN (context->submit_work * 2, VLM_CONTEXT_CHUNK * n_layers);
}

static void
report_progress (const Input *in, double n_done)
{
  vlm_work_progress (in->work, "prefill", n_done / in->span->n);
}

/* All layers, so many at a time that it does not take long. A step of one token
 * is always one submission. */
static gboolean
run_layers (VlmContext *context, const Input *in, guint first,
    const VlmDecoderPass *pass, const VlmChoose *choose,
    GCancellable *cancellable, GError **error)
{
  guint n_layers = context->net->config.text.n_layers;

  for (guint done = 0; done < n_layers;) {
    guint n = CLAMP (context->submit_work / pass->n_tokens, 1, n_layers - done);
    gint64 elapsed;

    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return FALSE;
    vlm_nn_begin (context->nn);
    vlm_decoder_record (context->decoder, pass, done, n);
    done += n;
    if (done == n_layers && choose != NULL && !context->keep_logits)
      vlm_context_record_choice (context, context->nn, choose);
    if (!run (context, &elapsed, cancellable, error))
      return FALSE;
    adapt (context, n * pass->n_tokens, elapsed);
    if (done < n_layers)
      report_progress (in,
          first - in->span->first + (double) pass->n_tokens * done / n_layers);
  }
  return TRUE;
}

/* Tokens first … first + n - 1 of the input together, after @n_before
 * in the cache. @choose is NULL except for the last chunk. */
static gboolean
run_chunk (VlmContext *context, const Input *in, guint first, guint n,
    guint n_before, const VlmChoose *choose, GCancellable *cancellable,
    GError **error)
{
  const VlmTextConfig *c = &context->net->config.text;
  g_autoptr (VlmNnAttentionPlan) plan = NULL, last_plan = NULL;
  VlmDecoderSequence sequence = {
    .caches = context->caches, .n = n, .first_key = n_before
  };
  VlmDecoderPass pass = { .n_tokens = n,
    .features = in->span->features,
    .sequences = &sequence,
    .n_sequences = 1 };

  if (context->keep_logits)
    pass.logits = VLM_LOGITS_ALL;
  else if (choose != NULL)
    pass.logits = VLM_LOGITS_LAST;
  if (!vlm_decoder_reserve (context->decoder, n, 1,
          context->keep_logits ? n : choose != NULL, error) ||
      !write_tokens (context, in, first, n, error))
    return FALSE;
  plan = vlm_nn_attention_plan_new_causal (
      context->nn, n, n_before, c->n_heads, c->n_kv_heads, c->head_dim, error);
  if (plan == NULL)
    return FALSE;
  if (pass.logits == VLM_LOGITS_LAST && n > 1) {
    last_plan = vlm_nn_attention_plan_new_causal (context->nn, 1,
        n_before + n - 1, c->n_heads, c->n_kv_heads, c->head_dim, error);
    if (last_plan == NULL)
      return FALSE;
  }
  sequence.plan = plan;
  sequence.last_plan = last_plan;
  if (!run_layers (context, in, first, &pass, choose, cancellable, error))
    return FALSE;
  return !context->keep_logits ||
      keep_logits (context, n, choose, cancellable, error);
}

static guint
chunk_limit (const VlmContext *context)
{
  guint64 row_bytes =
      (guint64) context->net->config.text.vocab_size * sizeof (float);

  if (!context->keep_logits)
    return context->chunk;
  return (guint) CLAMP (MAX_KEPT_BYTES / row_bytes, 1, context->chunk);
}

static gboolean
run_all (VlmContext *context, const Input *in, GCancellable *cancellable,
    GError **error)
{
  guint limit = chunk_limit (context);

  for (guint done = 0; done < in->span->n;) {
    guint n = MIN (in->span->n - done, limit);
    gboolean is_last = done + n == in->span->n;

    if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
        !run_chunk (context, in, in->span->first + done, n,
            context->n_tokens + done, is_last ? in->choose : NULL, cancellable,
            error))
      return FALSE;
    done += n;
    report_progress (in, done);
  }
  return TRUE;
}

void
vlm_context_commit (
    VlmContext *context, const VlmTokenSpan *span, gboolean has_logits)
{
  for (guint axis = 0; axis < 3; axis++) {
    const gint32 *ids =
        &g_array_index (span->positions->axes[axis], gint32, span->first);

    for (guint i = 0; i < span->n; i++)
      context->next = MAX (context->next, ids[i] + 1);
  }
  context->n_tokens += span->n;
  context->has_logits = has_logits;
}

gboolean
vlm_context_prepare (VlmContext *context, const VlmTokenSpan *span,
    const VlmChoose *choose, GError **error)
{
  if (!check_input (context, span, error))
    return FALSE;
  /* The device may still read what a cancelled call gave it. */
  if (context->busy && !finish (context, NULL, error))
    return FALSE;
  context->has_logits = FALSE;
  g_array_set_size (context->kept, 0);
  return reserve_caches (context, context->n_tokens + span->n, error) &&
      (choose == NULL || prepare_choice (context, choose, error));
}

gboolean
vlm_context_append (VlmContext *context, const VlmTokenSpan *span,
    const VlmChoose *choose, VlmNnChoice *choice, const VlmWork *work,
    GError **error)
{
  const Input in = { span, choose, work };

  g_assert (choose == NULL || choice != NULL);
  if (!vlm_context_prepare (context, span, choose, error) ||
      !run_all (context, &in, vlm_work_cancellable (work), error))
    return FALSE;
  if (choose != NULL &&
      !vlm_nn_tensor_read (&context->choice, context->nn, 0, 1, choice, error))
    return FALSE;
  vlm_context_commit (context, span, choose != NULL);
  return TRUE;
}

static gboolean
require_logits (gboolean there, GError **error)
{
  if (!there)
    g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "the last append computed no logits");
  return there;
}

gboolean
vlm_context_read_logits (VlmContext *context, float *logits, GError **error)
{
  return require_logits (context->has_logits, error) &&
      vlm_nn_tensor_read (
          &context->decoder->logits, context->nn, 0, 1, logits, error);
}

gboolean
vlm_context_read_all_logits (VlmContext *context, float *logits, GError **error)
{
  if (!require_logits (context->kept->len > 0, error))
    return FALSE;
  memcpy (
      logits, context->kept->data, (gsize) context->kept->len * sizeof (float));
  return TRUE;
}

gboolean
vlm_context_read_keys (VlmContext *context, guint layer, guint n_tokens,
    float *keys, GError **error)
{
  g_assert (layer < context->net->config.text.n_layers);
  g_assert (n_tokens <= context->n_tokens);
  return (!context->busy || finish (context, NULL, error)) &&
      vlm_nn_kv_read_keys (
          &context->caches[layer], context->nn, 0, n_tokens, keys, error);
}
