/* gst-vlm: the loop that writes an answer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/generate.h"

#include <math.h>

#include <vlm/vlm-error.h>

#include "base/bits.h"
#include "base/work.h"

typedef struct
{
  VlmDecodeJob *job;
  VlmTranscript *out;
  VlmDetokenizer detokenizer;
  GRand *random;
  float *logits; /* [n_vocab], when not greedy */
  VlmPositions positions;
  VlmNnChoice choice;
  VlmWriter writer;
} Loop;

void
vlm_transcript_init (VlmTranscript *out)
{
  *out = (VlmTranscript){
    .text = g_string_new (NULL),
    .trace = g_array_new (FALSE, FALSE, sizeof (VlmTokenTrace)),
    .answer = g_array_new (FALSE, FALSE, sizeof (gint32)),
    .ends = g_array_new (FALSE, FALSE, sizeof (gsize)),
    .appended = g_array_new (FALSE, FALSE, sizeof (gint32)),
  };
}

void
vlm_transcript_clear (VlmTranscript *out)
{
  if (out->text != NULL)
    g_string_free (out->text, TRUE);
  g_clear_pointer (&out->trace, g_array_unref);
  g_clear_pointer (&out->answer, g_array_unref);
  g_clear_pointer (&out->ends, g_array_unref);
  g_clear_pointer (&out->appended, g_array_unref);
  out->text = NULL;
}

static gboolean
is_end (const VlmDecodeJob *job, gint32 token)
{
  const VlmGenerationConfig *generation = &job->config->generation;

  for (guint i = 0; i < generation->n_eos; i++)
    if (generation->eos[i] == token)
      return TRUE;
  return FALSE;
}

/* What may come next. The matcher closes in time: it knows how many tokens are
 * left. */
static const guint32 *
next_allowed (Loop *loop)
{
  VlmDecodeJob *job = loop->job;

  if (job->matcher == NULL)
    return job->valid;
  return vlm_limiter_get_mask (&job->limiter, job->matcher, loop->out->text,
      job->max_tokens - loop->out->n_tokens);
}

static VlmChoose
make_choose (Loop *loop)
{
  const VlmDecodeJob *job = loop->job;

  return (VlmChoose){ .allowed = next_allowed (loop),
    .seen = job->sampling.penalty != 1.0f ? job->seen : NULL,
    .penalty = job->sampling.penalty };
}

static gboolean
prefill (Loop *loop, const GArray *ids, const VlmPositions *positions,
    guint first, GError **error)
{
  VlmDecodeJob *job = loop->job;
  const VlmTokenSpan span = {
    .ids = (const gint32 *) (gpointer) ids->data,
    .positions = positions,
    .first = first,
    .n = ids->len - first,
    .features = job->features,
  };
  VlmChoose choose = make_choose (loop);

  return vlm_context_append (
      job->context, &span, &choose, &loop->choice, job->work, error);
}

/* The device's greedy choice, or a draw from the logits it left. */
static gboolean
pick (Loop *loop, gint32 *token, double *log_probability, GError **error)
{
  VlmDecodeJob *job = loop->job;
  double probability;

  if (loop->choice.token == VLM_NN_NOT_FINITE) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_NOT_FINITE,
        "%s: the logits are not finite", job->config->name);
    return FALSE;
  }
  *token = loop->choice.token;
  *log_probability = loop->choice.logit - loop->choice.log_sum_all;
  if (!vlm_sampling_is_greedy (&job->sampling)) {
    if (!vlm_context_read_logits (job->context, loop->logits, error))
      return FALSE;
    *token = vlm_sampling_draw (&job->sampling, loop->logits, job->n_vocab,
        next_allowed (loop), job->seen, loop->random, &probability);
    *log_probability = *token >= 0 ? log (probability) : 0.0;
  }
  if (*token < 0) {
    g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "the grammar and the constraints allow no token");
    return FALSE;
  }
  return TRUE;
}

/* Passes on the text that was added since @before. */
static void
stream (Loop *loop, gsize before)
{
  const VlmWork *work = loop->job->work;
  VlmTranscript *out = loop->out;

  if (work != NULL && work->text != NULL && out->text->len > before)
    work->text (out->text->str + before, work->user_data);
}

/* A token of the answer, chosen or forced. */
static void
take (Loop *loop, gint32 token)
{
  VlmTranscript *out = loop->out;
  gsize before = out->text->len;

  vlm_bits_add (loop->job->seen, (guint) token);
  g_array_append_val (out->answer, token);
  out->n_tokens++;
  vlm_detokenizer_push (&loop->detokenizer, token, out->text);
  g_array_append_val (out->ends, out->text->len);
  stream (loop, before);
}

/* Tokens that the grammar forces need no decode step of their own. */
static void
take_forced (Loop *loop)
{
  VlmDecodeJob *job = loop->job;
  g_autoptr (GArray) forced = g_array_new (FALSE, FALSE, sizeof (gint32));

  loop->out->n_forced += vlm_matcher_force (
      job->matcher, job->max_tokens - loop->out->n_tokens, forced);
  for (guint i = 0; i < forced->len; i++)
    take (loop, g_array_index (forced, gint32, i));
}

/* The model's token and the forced ones after it. */
static void
take_choice (Loop *loop, gint32 token, double log_probability)
{
  VlmMatcher *matcher = loop->job->matcher;
  VlmTokenTrace trace = { .log_probability = log_probability };

  if (matcher != NULL)
    vlm_matcher_accept (matcher, token);
  take (loop, token);
  trace.text_end = loop->out->text->len;
  g_array_append_val (loop->out->trace, trace);
  if (matcher == NULL)
    return;
  take_forced (loop);
  loop->out->stopped = vlm_matcher_is_final (matcher);
}

/* Tokens @first … of the answer: together with the steps of others, unless there
 * are more than a batch takes, or their inside is recorded. */
static gboolean
step (Loop *loop, guint first, guint n, GError **error)
{
  VlmDecodeJob *job = loop->job;
  const VlmTokenSpan span = {
    .ids = (const gint32 *) (gpointer) loop->out->answer->data,
    .positions = &loop->positions,
    .first = first,
    .n = n,
  };
  const VlmWork quiet = { .cancellable = vlm_work_cancellable (job->work) };
  VlmChoose choose = make_choose (loop);

  if (n > VLM_STEP_MAX_TOKENS || job->taps != NULL)
    return vlm_context_append (
        job->context, &span, &choose, &loop->choice, &quiet, error);
  return vlm_scheduler_step (job->scheduler, &loop->writer, job->context, &span,
      &choose, &loop->choice, quiet.cancellable, error);
}

/* Appends the tokens that were taken since the last time to the context. */
static gboolean
decode (Loop *loop, GError **error)
{
  guint first = loop->positions.axes[0]->len;
  GArray *answer = loop->out->answer;
  guint n = answer->len - first;

  vlm_positions_add_text (&loop->positions, n);
  if (!step (loop, first, n, error))
    return FALSE;
  g_array_append_vals (
      loop->out->appended, &g_array_index (answer, gint32, first), n);
  return TRUE;
}

static gboolean
write_answer (Loop *loop, GError **error)
{
  VlmDecodeJob *job = loop->job;
  VlmTranscript *out = loop->out;

  while (TRUE) {
    double log_probability;
    gint32 token;

    if (!pick (loop, &token, &log_probability, error))
      return FALSE;
    if (is_end (job, token)) {
      out->stopped = TRUE;
      return TRUE;
    }
    take_choice (loop, token, log_probability);
    if (out->stopped || out->n_tokens >= job->max_tokens)
      return TRUE;
    if (!decode (loop, error))
      return FALSE;
  }
}

gboolean
vlm_generate (VlmDecodeJob *job, const GArray *ids,
    const VlmPositions *positions, guint first, VlmTranscript *out,
    GError **error)
{
  Loop loop = { .job = job, .out = out };
  gint64 start = g_get_monotonic_time ();
  gboolean good;
  gsize before;

  loop.random = g_rand_new_with_seed_array (
      (const guint32 *) (gconstpointer) &job->seed, 2);
  if (!vlm_sampling_is_greedy (&job->sampling))
    loop.logits = g_new (float, job->n_vocab);
  vlm_positions_init (&loop.positions);
  loop.positions.next = positions->next;
  vlm_detokenizer_init (&loop.detokenizer, job->tokenizer);

  if (job->taps != NULL)
    vlm_model_taps_keep_last (job->taps, 1);
  good = prefill (&loop, ids, positions, first, error);
  if (job->taps != NULL)
    vlm_model_taps_keep_last (job->taps, 0);
  out->prefill_us = g_get_monotonic_time () - start;
  if (good)
    good = write_answer (&loop, error);
  vlm_scheduler_leave (job->scheduler, &loop.writer);
  before = out->text->len;
  vlm_detokenizer_finish (&loop.detokenizer, out->text);
  stream (&loop, before);
  out->decode_us = g_get_monotonic_time () - start - out->prefill_us;

  vlm_detokenizer_clear (&loop.detokenizer);
  vlm_positions_clear (&loop.positions);
  g_free (loop.logits);
  g_rand_free (loop.random);
  return good;
}
