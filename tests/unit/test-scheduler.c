/* gst-vlm: answers that are written together
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include <vlm/vlm-error.h>

#include "analyzer/kinds.h"
#include "engine/model.h"
#include "engine/scheduler.h"
#include "engine/session.h"
#include "tests/support/random-net.h"

#define V 440
#define MAX_LENGTH 400

/* --- steps ---------------------------------------------------------------- */

/* A text of its own for each number. */
typedef struct
{
  gint32 ids[MAX_LENGTH];
  VlmPositions positions;
  VlmContext *context;
} Text;

static const VlmChoose greedy = { .penalty = 1.0f };

static void
text_init (Text *text, const RandomNet *net, guint32 seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);

  for (guint i = 0; i < MAX_LENGTH; i++)
    text->ids[i] = g_rand_int_range (random, 0, V);
  vlm_positions_init (&text->positions);
  vlm_positions_add_text (&text->positions, MAX_LENGTH);
  text->context = vlm_context_new (net->net, net->nn);
}

static void
text_clear (Text *text)
{
  vlm_context_free (text->context);
  vlm_positions_clear (&text->positions);
}

static void
append (Text *text, guint n, float *logits)
{
  g_autoptr (GError) error = NULL;
  guint first = vlm_context_get_n_tokens (text->context);
  VlmNnChoice choice;

  vlm_context_append (text->context,
      &(const VlmTokenSpan){ text->ids, &text->positions, first, n }, &greedy,
      &choice, NULL, &error);
  g_assert_no_error (error);
  if (logits == NULL)
    return;
  vlm_context_read_logits (text->context, logits, &error);
  g_assert_no_error (error);
}

/* Lengths on both sides of where caches grow and keys are split; one to several
 * tokens a step; batches of one to eight. @n_keys: of a segment of the caches of
 * those in batches, or 0 for the usual size. */
static void
test_steps (gconstpointer n_keys)
{
  static const guint lengths[] = { 1, 7, 64, 100, 255, 256, 33, 310 };
  g_auto (RandomNet) net;
  RandomNet grown;
  g_autoptr (VlmStepper) stepper = NULL;
  g_autoptr (GError) error = NULL;
  Text alone[8], together[8];

  if (!random_net_init (&net))
    return;
  stepper = vlm_stepper_new (net.net, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (vlm_stepper_get_max_steps (net.net), >=, 8);
  grown = net;
  grown.nn = vlm_nn_new (net.device, &error);
  g_assert_no_error (error);
  if (n_keys != NULL)
    vlm_nn_set_kv_segment (grown.nn, GPOINTER_TO_UINT (n_keys));
  for (guint i = 0; i < 8; i++) {
    text_init (&alone[i], &net, i);
    text_init (&together[i], &grown, i);
    append (&alone[i], lengths[i], NULL);
    append (&together[i], lengths[i], NULL);
  }
  for (guint n = 1; n <= 8; n++) {
    VlmStep steps[8];
    VlmStep *pointers[8];

    for (guint i = 0; i < n; i++) {
      Text *text = &together[(n + i) % 8];
      guint first = vlm_context_get_n_tokens (text->context);

      vlm_step_init (&steps[i], text->context,
          &(const VlmTokenSpan){
              text->ids, &text->positions, first, i % 3 == 2 ? 6 : 1 },
          &greedy, &error);
      g_assert_no_error (error);
      pointers[i] = &steps[i];
    }
    vlm_stepper_run (stepper, pointers, n, &error);
    g_assert_no_error (error);
    for (guint i = 0; i < n; i++) {
      float expected[V], logits[V];
      guint at = (n + i) % 8;

      append (&alone[at], i % 3 == 2 ? 6 : 1, expected);
      vlm_context_read_logits (together[at].context, logits, &error);
      g_assert_no_error (error);
      g_assert_cmpfloat (largest_difference (logits, expected, V), <=, 1e-4f);
      g_assert_cmpfloat (
          logits[steps[i].choice.token], ==, steps[i].choice.logit);
      g_assert_cmpuint (vlm_context_get_n_tokens (together[at].context), ==,
          vlm_context_get_n_tokens (alone[at].context));
      vlm_step_clear (&steps[i]);
    }
  }
  for (guint i = 0; i < 8; i++) {
    text_clear (&alone[i]);
    text_clear (&together[i]);
  }
  vlm_nn_free (grown.nn);
}

/* --- fairness ------------------------------------------------------------- */

typedef struct
{
  Text *text;
  gint is_done; /* atomic */
} Prefill;

static gpointer
prefill (gpointer data)
{
  Prefill *job = data;

  append (job->text, MAX_LENGTH, NULL);
  g_atomic_int_set (&job->is_done, TRUE);
  return NULL;
}

/* A long prompt in small pieces does not hold up an answer, nor the other way
 * round. Three layers of one token each are 1200 turns; 40 steps need at most
 * one between any two of them, and get many times that. */
static void
test_fair (void)
{
  g_auto (RandomNet) net;
  RandomNet other;
  g_autoptr (VlmScheduler) scheduler = NULL;
  Text longer, writer;
  Prefill job = { .text = &longer };
  VlmWriter place = { 0 };
  VlmTurns *turns;
  GThread *thread;

  if (!random_net_init (&net))
    return;
  other = net;
  other.nn = vlm_nn_new (net.device, NULL);
  scheduler = vlm_scheduler_new (net.net);
  turns = vlm_scheduler_get_turns (scheduler);
  text_init (&longer, &other, 1);
  text_init (&writer, &net, 2);
  append (&writer, 50, NULL);
  vlm_context_set_turns (longer.context, turns);
  vlm_context_set_chunk (longer.context, 1);
  vlm_context_set_submit_work (longer.context, 1);
  thread = g_thread_new ("prefill", prefill, &job);
  while (vlm_turns_get_n_taken (turns, VLM_TURN_BULK) < 2)
    g_usleep (100);
  for (guint i = 50; i < 90; i++) {
    g_autoptr (GError) error = NULL;
    VlmNnChoice choice;

    vlm_scheduler_step (scheduler, &place, writer.context,
        &(const VlmTokenSpan){ writer.ids, &writer.positions, i, 1 }, &greedy,
        &choice, NULL, &error);
    g_assert_no_error (error);
  }
  vlm_scheduler_leave (scheduler, &place);
  g_assert_false (g_atomic_int_get (&job.is_done));
  g_assert_cmpuint (vlm_turns_get_n_taken (turns, VLM_TURN_STEP), ==, 40);
  g_thread_join (thread);
  g_assert_cmpuint (vlm_context_get_n_tokens (longer.context), ==, MAX_LENGTH);
  text_clear (&longer);
  text_clear (&writer);
  vlm_nn_free (other.nn);
}

/* --- sessions ------------------------------------------------------------- */

#define N_SESSIONS 8

enum
{
  STALLED = 2,   /* stops in the middle, until all others have finished */
  CANCELLED = 4, /* in the middle */
  LATE = 6       /* begins when the others are in the middle */
};

typedef struct
{
  GMutex lock;
  GCond changed;
  guint n_writing; /* have written something */
  gboolean go;     /* they may continue */
  guint n_done;
} Meeting;

typedef struct
{
  guint number;
  VlmModel *model;
  Meeting *meeting; /* NULL: alone */
  GCancellable *cancellable;
  guint n_told;
  VlmAnswer *answer;
  GError *error;
} Talk;

static void
meet (const char *text, gpointer user_data)
{
  Talk *talk = user_data;
  Meeting *meeting = talk->meeting;

  if (meeting == NULL)
    return;
  g_mutex_lock (&meeting->lock);
  if (talk->n_told++ == 0) {
    meeting->n_writing++;
    g_cond_broadcast (&meeting->changed);
    while (!meeting->go)
      g_cond_wait (&meeting->changed, &meeting->lock);
  } else if (talk->n_told == 6) {
    if (talk->number == CANCELLED)
      g_cancellable_cancel (talk->cancellable);
    while (talk->number == STALLED && meeting->n_done < N_SESSIONS - 1)
      g_cond_wait (&meeting->changed, &meeting->lock);
  }
  g_mutex_unlock (&meeting->lock);
}

/* Different questions of different lengths, and answers of different lengths. */
static gpointer
talk_run (gpointer data)
{
  Talk *talk = data;
  g_autoptr (VlmSession) session = vlm_session_new (talk->model);
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
  const VlmAnswerBounds bounds = {
    .duration_ns = 10 * VLM_SECOND,
    .max_items = 4,
    .max_text_bytes = 20 + talk->number,
  };
  VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;

  params.kind = &vlm_kind_events;
  params.max_tokens = 60 + 7 * talk->number;
  params.temperature = 0;
  for (guint i = 0; i <= talk->number; i++)
    vlm_prompt_add_text (prompt, "What happens here, and why? ");
  talk->answer = vlm_session_run (session, prompt, &params, &bounds, NULL,
      &(const VlmWork){
          .cancellable = talk->cancellable, .text = meet, .user_data = talk },
      &talk->error);
  if (talk->meeting != NULL) {
    g_mutex_lock (&talk->meeting->lock);
    talk->meeting->n_done++;
    g_cond_broadcast (&talk->meeting->changed);
    g_mutex_unlock (&talk->meeting->lock);
  }
  return NULL;
}

static void
talk_clear (Talk *talk)
{
  vlm_answer_free (talk->answer);
  g_clear_error (&talk->error);
  g_clear_object (&talk->cancellable);
}

static void
check_talk (Talk *talk)
{
  Talk alone = { .number = talk->number, .model = talk->model };

  if (talk->number == CANCELLED) {
    g_assert_error (talk->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    return;
  }
  g_assert_no_error (talk->error);
  talk_run (&alone);
  g_assert_no_error (alone.error);
  g_assert_cmpstr (talk->answer->text, ==, alone.answer->text);
  g_assert_cmpuint (talk->answer->n_tokens, ==, alone.answer->n_tokens);
  g_assert_cmpfloat_with_epsilon (
      log (talk->answer->confidence), log (alone.answer->confidence), 1e-3);
  talk_clear (&alone);
}

/* All but the late one have begun to write: the device is kept from them until
 * their steps have come together, so that the first batch is sure to hold them
 * all. */
static void
let_go (Meeting *meeting, VlmScheduler *scheduler)
{
  VlmTurns *turns = vlm_scheduler_get_turns (scheduler);
  VlmSchedulerStats stats;

  g_mutex_lock (&meeting->lock);
  while (meeting->n_writing < N_SESSIONS - 1)
    g_cond_wait (&meeting->changed, &meeting->lock);
  g_mutex_unlock (&meeting->lock);
  g_assert_true (vlm_turns_take (turns, VLM_TURN_BULK, NULL, NULL));
  g_mutex_lock (&meeting->lock);
  meeting->go = TRUE;
  g_cond_broadcast (&meeting->changed);
  g_mutex_unlock (&meeting->lock);
  do {
    g_usleep (1000);
    vlm_scheduler_get_stats (scheduler, &stats);
  } while (stats.n_waiting < N_SESSIONS - 1);
  vlm_turns_give_back (turns);
}

/* Eight answers at once are those that each session gives alone, while one
 * stalls, one is cancelled, one begins late and all end at different times. */
static void
test_sessions (void)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "data", "tiny", "checkpoint", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmModel) model =
      vlm_model_acquire (&(const VlmModelParams){ .path = path }, NULL, &error);
  GThread *threads[N_SESSIONS];
  Talk talks[N_SESSIONS];
  Meeting meeting = { 0 };
  VlmSchedulerStats stats;

  g_assert_no_error (error);
  g_mutex_init (&meeting.lock);
  g_cond_init (&meeting.changed);
  for (guint i = 0; i < N_SESSIONS; i++) {
    talks[i] = (Talk){ .number = i,
      .model = model,
      .meeting = &meeting,
      .cancellable = g_cancellable_new () };
    if (i != LATE)
      threads[i] = g_thread_new ("talk", talk_run, &talks[i]);
  }
  let_go (&meeting, vlm_model_get_scheduler (model));
  threads[LATE] = g_thread_new ("talk", talk_run, &talks[LATE]);
  for (guint i = 0; i < N_SESSIONS; i++)
    g_thread_join (threads[i]);

  vlm_scheduler_get_stats (vlm_model_get_scheduler (model), &stats);
  g_assert_cmpuint (stats.largest_batch, >=, N_SESSIONS - 1);
  g_assert_cmpuint (stats.n_steps, >, stats.n_batches);
  g_assert_cmpuint (stats.n_waiting, ==, 0);
  for (guint i = 0; i < N_SESSIONS; i++) {
    check_talk (&talks[i]);
    talk_clear (&talks[i]);
  }
  g_mutex_clear (&meeting.lock);
  g_cond_clear (&meeting.changed);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/scheduler/steps", NULL, test_steps);
  g_test_add_data_func (
      "/scheduler/steps/segments", GUINT_TO_POINTER (64), test_steps);
  g_test_add_func ("/scheduler/fair", test_fair);
  g_test_add_func ("/scheduler/sessions", test_sessions);
  return g_test_run ();
}
