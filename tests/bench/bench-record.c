/* gst-vlm: what recording a step of an answer costs
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   bench-record CHECKPOINT [N]    medians of N rounds, 7 unless said
 *
 * A round is some steps, in processor time of all threads; each is then recorded
 * once more and dropped, in processor time of this thread. Other work on the
 * machine then makes little difference, and what a step leaves in the caches of
 * the processor is the same for both. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "model/context-private.h"
#include "nn/context.h"
#include "tests/support/figures.h"
#include "vk/device.h"

#define N_PROMPT 256
#define N_STEPS 40

typedef struct
{
  VlmContext *context;
  VlmPositions positions;
  gint32 ids[N_PROMPT + N_STEPS];
  guint64 n_dispatches; /* of one recording */
} Job;

static double
processor_ms (clockid_t clock)
{
  struct timespec t;

  clock_gettime (clock, &t);
  return (double) t.tv_sec * 1e3 + (double) t.tv_nsec * 1e-6;
}

static gboolean
append (Job *job, guint first, guint n, GError **error)
{
  const VlmTokenSpan span = { job->ids, &job->positions, first, n };
  const VlmChoose choose = { .penalty = 1.0f };
  VlmNnChoice choice;

  return vlm_context_append (
      job->context, &span, &choose, &choice, NULL, error);
}

/* What vlm_context_append() records for one token. To begin again drops it. */
static gboolean
record (Job *job, guint first_key, GError **error)
{
  VlmContext *context = job->context;
  const VlmTextConfig *c = &context->net->config.text;
  const VlmChoose choose = { .penalty = 1.0f };
  const guint64 before = context->nn->n_dispatches;
  g_autoptr (VlmNnAttentionPlan) plan = vlm_nn_attention_plan_new_causal (
      context->nn, 1, first_key, c->n_heads, c->n_kv_heads, c->head_dim, error);
  const VlmDecoderSequence sequence = {
    .caches = context->caches, .n = 1, .first_key = first_key, .plan = plan
  };
  const VlmDecoderPass pass = { .n_tokens = 1,
    .logits = VLM_LOGITS_LAST,
    .sequences = &sequence,
    .n_sequences = 1 };

  if (plan == NULL)
    return FALSE;
  vlm_nn_begin (context->nn);
  vlm_decoder_record (context->decoder, &pass, 0, c->n_layers);
  vlm_context_record_choice (context, context->nn, &choose);
  vlm_nn_begin (context->nn);
  job->n_dispatches = context->nn->n_dispatches - before;
  return TRUE;
}

/* Milliseconds of a step, and of recording it once more. */
static gboolean
time_steps (Job *job, double *step_ms, double *record_ms, GError **error)
{
  double all = 0.0, recordings = 0.0;

  vlm_context_truncate (job->context, N_PROMPT, N_PROMPT);
  for (guint i = 0; i < N_STEPS; i++) {
    double start = processor_ms (CLOCK_PROCESS_CPUTIME_ID);

    if (!append (job, N_PROMPT + i, 1, error))
      return FALSE;
    all += processor_ms (CLOCK_PROCESS_CPUTIME_ID) - start;
    start = processor_ms (CLOCK_THREAD_CPUTIME_ID);
    if (!record (job, N_PROMPT + i, error))
      return FALSE;
    recordings += processor_ms (CLOCK_THREAD_CPUTIME_ID) - start;
  }
  *step_ms = all / N_STEPS;
  *record_ms = recordings / N_STEPS;
  return TRUE;
}

static gboolean
run (Job *job, guint n_rounds, GError **error)
{
  g_autofree double *steps = g_new (double, n_rounds);
  g_autofree double *recordings = g_new (double, n_rounds);
  double step, recording;

  vlm_positions_init (&job->positions);
  vlm_positions_add_text (&job->positions, G_N_ELEMENTS (job->ids));
  if (!append (job, 0, N_PROMPT, error) ||
      !time_steps (job, &step, &recording, error))
    return FALSE;
  for (guint i = 0; i < n_rounds; i++)
    if (!time_steps (job, &steps[i], &recordings[i], error))
      return FALSE;
  step = figures_median (steps, n_rounds);
  recording = figures_median (recordings, n_rounds);
  printf ("a step: %.3f ms, recording it: %.3f ms, %.1f %%; %" G_GUINT64_FORMAT
          " dispatches, %.2f us each\n",
      step, recording, 100.0 * recording / step, job->n_dispatches,
      1e3 * recording / (double) job->n_dispatches);
  return TRUE;
}

int
main (int argc, char **argv)
{
  const guint n_rounds = argc > 2 ? (guint) atoi (argv[2]) : 7;
  g_autoptr (VlmVkDevice) device = NULL;
  g_autoptr (VlmCheckpoint) checkpoint = NULL;
  g_autoptr (VlmNet) net = NULL;
  g_autoptr (VlmNn) nn = NULL;
  g_autoptr (GError) error = NULL;
  Job job = { 0 };
  gboolean good = FALSE;

  if (argc < 2 || n_rounds == 0) {
    fprintf (stderr, "usage: %s CHECKPOINT [N]\n", argv[0]);
    return 2;
  }
  device = vlm_vk_device_open (NULL, &error);
  if (device != NULL)
    checkpoint = vlm_checkpoint_open (argv[1], NULL, &error);
  if (checkpoint != NULL)
    net = vlm_net_load (device, checkpoint, NULL, &error);
  if (net != NULL)
    nn = vlm_nn_new (device, &error);
  if (nn != NULL) {
    job.context = vlm_context_new (net, nn);
    good = run (&job, n_rounds, &error);
    vlm_context_free (job.context);
    vlm_positions_clear (&job.positions);
  }
  if (!good)
    fprintf (stderr, "bench-record: %s\n", error->message);
  return good ? 0 : 1;
}
