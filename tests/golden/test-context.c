/* gst-vlm: a sequence gives the same logits however it was built
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "model/context-private.h"
#include "model/qwen2_5_vl/mrope.h"
#include "nn/context.h"
#include "tests/support/random-net.h"

/* Sums in another order; logits are about 1. */
#define TOLERANCE 1e-4f

enum
{
  V = 440,
  N = 700
};

/* A prompt with two pictures' worth of features at its beginning. */
typedef struct
{
  gint32 ids[N];
  VlmPositions positions;
  VlmNnTensor features; /* [24, hidden] */
} Prompt;

static void
prompt_init (Prompt *prompt, const RandomNet *net)
{
  const VlmConfig *config = &random_net_config;
  g_autofree float *values = g_new (float, 24 * 64);
  g_autoptr (GError) error = NULL;
  GRand *rand = g_rand_new_with_seed (7);

  vlm_positions_init (&prompt->positions);
  vlm_positions_add_text (&prompt->positions, 5);
  vlm_positions_add_image (
      &prompt->positions, &config->vision, (VlmGrid){ 1, 4, 4 });
  vlm_positions_add_text (&prompt->positions, 3);
  vlm_positions_add_video (
      &prompt->positions, &config->vision, (VlmGrid){ 2, 4, 10 }, 1.0f);
  vlm_positions_add_text (&prompt->positions, N - 32);
  for (gint32 i = 0; i < N; i++)
    prompt->ids[i] = g_rand_int_range (rand, 0, V);
  for (gint32 i = 0; i < 4; i++)
    prompt->ids[5 + i] = -1 - i;
  for (gint32 i = 0; i < 20; i++)
    prompt->ids[12 + i] = -1 - (4 + i);
  for (guint i = 0; i < 24 * 64; i++)
    values[i] = (float) g_rand_double_range (rand, -1, 1);
  g_rand_free (rand);
  vlm_nn_tensor_init (&prompt->features, net->nn, 24, 64, &error);
  g_assert_no_error (error);
  vlm_nn_tensor_write (&prompt->features, net->nn, 0, 24, values, &error);
  g_assert_no_error (error);
}

static void
prompt_clear (Prompt *prompt)
{
  vlm_positions_clear (&prompt->positions);
  vlm_nn_tensor_clear (&prompt->features);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Prompt, prompt_clear)

static const VlmChoose greedy = { .penalty = 1.0f };

/* Tokens first … first + n - 1; logits of the last unless NULL. */
static void
append (VlmContext *context, const Prompt *prompt, guint first, guint n,
    float *logits)
{
  g_autoptr (GError) error = NULL;
  VlmNnChoice choice;

  vlm_context_append (context,
      &(const VlmTokenSpan){
          prompt->ids, &prompt->positions, first, n, &prompt->features },
      logits != NULL ? &greedy : NULL, &choice, NULL, &error);
  g_assert_no_error (error);
  if (logits == NULL)
    return;
  vlm_context_read_logits (context, logits, &error);
  g_assert_no_error (error);
  for (gint32 i = 0; i < V; i++)
    g_assert_cmpfloat (logits[i], <=, logits[choice.token]);
}

static void
assert_close (const float *a, const float *b)
{
  g_assert_cmpfloat (largest_difference (a, b, V), <=, TOLERANCE);
}

/* Appending in one go, in chunks, token by token: the cache grows on the way
 * in some of these and not in others. */
static void
test_chunks (void)
{
  static const guint chunks[] = { 0, 1, 7, 64, 333 };
  g_auto (RandomNet) net;
  g_auto (Prompt) prompt = { 0 };
  float expected[V], logits[V];

  if (!random_net_init (&net))
    return;
  prompt_init (&prompt, &net);
  for (guint i = 0; i < G_N_ELEMENTS (chunks); i++) {
    guint n = chunks[i] == 1 ? 40 : 300;
    g_autoptr (VlmContext) whole = vlm_context_new (net.net, net.nn);
    g_autoptr (VlmContext) context = vlm_context_new (net.net, net.nn);

    append (whole, &prompt, 0, n, expected);
    vlm_context_set_chunk (context, chunks[i]);
    append (context, &prompt, 0, n, logits);
    assert_close (logits, expected);
    g_assert_cmpuint (vlm_context_get_n_tokens (context), ==, n);
    g_assert_cmpint (vlm_context_get_next_position (context), ==,
        vlm_context_get_next_position (whole));
  }
}

typedef struct
{
  guint n_told;
  guint n_wanted; /* cancels then; 0 for never */
  double fraction;
  GCancellable *cancellable;
} Told;

static void
count (const char *stage, double fraction, gpointer user_data)
{
  Told *told = user_data;

  g_assert_cmpstr (stage, ==, "prefill");
  g_assert_cmpfloat (fraction, >, told->fraction);
  g_assert_cmpfloat (fraction, <=, 1.0);
  told->fraction = fraction;
  if (++told->n_told == told->n_wanted)
    g_cancellable_cancel (told->cancellable);
}

/* A slow device gets some layers at a time: with the same result, to the last
 * bit, and between them the work can be cancelled. */
static void
test_layers_apart (void)
{
  g_auto (RandomNet) net;
  g_auto (Prompt) prompt = { 0 };
  g_autoptr (VlmContext) context = NULL;
  g_autoptr (GError) error = NULL;
  float expected[V], logits[V];
  VlmNnChoice choice;
  guint n_layers = random_net_config.text.n_layers;

  if (!random_net_init (&net))
    return;
  prompt_init (&prompt, &net);
  context = vlm_context_new (net.net, net.nn);
  append (context, &prompt, 0, 200, expected);
  for (guint n_wanted = 0; n_wanted <= 1; n_wanted++) {
    Told told = { .n_wanted = n_wanted, .cancellable = g_cancellable_new () };
    gboolean good;

    vlm_context_truncate (context, 0, 0);
    vlm_context_set_submit_work (context, 1);
    good = vlm_context_append (context,
        &(const VlmTokenSpan){
            prompt.ids, &prompt.positions, 0, 200, &prompt.features },
        &greedy, &choice,
        &(const VlmWork){ .cancellable = told.cancellable,
            .progress = count,
            .user_data = &told },
        &error);
    g_assert_cmpint (good, ==, n_wanted == 0);
    if (good) {
      g_assert_no_error (error);
      /* in ones as long as they take long enough not to be joined */
      g_assert_cmpuint (told.n_told, >, 1);
      g_assert_cmpuint (told.n_told, <=, n_layers);
      g_assert_cmpfloat (told.fraction, ==, 1.0);
      vlm_context_read_logits (context, logits, &error);
      g_assert_no_error (error);
      g_assert_cmpmem (logits, sizeof logits, expected, sizeof expected);
    } else {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&error);
      g_assert_cmpuint (told.n_told, ==, 1);
      g_assert_cmpuint (vlm_context_get_n_tokens (context), ==, 0);
    }
    g_object_unref (told.cancellable);
  }
  append (context, &prompt, 0, 200, logits);
  g_assert_cmpmem (logits, sizeof logits, expected, sizeof expected);
}

static void
test_growth (void)
{
  g_auto (RandomNet) net;
  g_auto (Prompt) prompt = { 0 };
  g_autoptr (VlmContext) whole = NULL, context = NULL;
  float expected[V], logits[V];

  if (!random_net_init (&net))
    return;
  prompt_init (&prompt, &net);
  whole = vlm_context_new (net.net, net.nn);
  append (whole, &prompt, 0, N, expected);
  context = vlm_context_new (net.net, net.nn);
  append (context, &prompt, 0, 203, NULL);
  append (context, &prompt, 203, 200, NULL);
  append (context, &prompt, 403, N - 404, NULL);
  append (context, &prompt, N - 1, 1, logits);
  assert_close (logits, expected);
}

/* A cache of 16 bits: other numbers, but near; and as it grows, too. */
static void
test_half (void)
{
  g_auto (RandomNet) net;
  g_auto (Prompt) prompt = { 0 };
  g_autoptr (VlmContext) exact = NULL, half = NULL, grown = NULL;
  float expected[V], logits[V], other[V];
  g_autofree float *keys = NULL, *rounded = NULL;
  const VlmTextConfig *c = &random_net_config.text;
  const guint n_cols = c->n_kv_heads * c->head_dim;
  g_autoptr (GError) error = NULL;

  if (!random_net_init (&net))
    return;
  prompt_init (&prompt, &net);
  exact = vlm_context_new (net.net, net.nn);
  append (exact, &prompt, 0, N, expected);
  half = vlm_context_new (net.net, net.nn);
  vlm_context_set_cache (half, VLM_KV_CACHE_F16);
  append (half, &prompt, 0, N, logits);
  g_assert_cmpfloat (largest_difference (logits, expected, V), >, 0.0f);
  g_assert_cmpfloat (largest_difference (logits, expected, V), <, 0.01f);
  grown = vlm_context_new (net.net, net.nn);
  vlm_context_set_cache (grown, VLM_KV_CACHE_F16);
  append (grown, &prompt, 0, 203, NULL);
  append (grown, &prompt, 203, N - 203, other);
  assert_close (other, logits);

  /* The first layer's keys were computed alike. */
  keys = g_new (float, (gsize) N *n_cols);
  rounded = g_new (float, (gsize) N *n_cols);
  vlm_context_read_keys (exact, 0, N, keys, &error);
  g_assert_no_error (error);
  vlm_context_read_keys (half, 0, N, rounded, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < (gsize) N * n_cols; i++)
    g_assert_cmpfloat_with_epsilon (
        rounded[i], keys[i], fabsf (keys[i]) * 0x1p-10f + 1e-7f);
}

/* Forgotten tokens leave no trace: equal to the last bit. */
static void
test_truncate (void)
{
  g_auto (RandomNet) net;
  g_auto (Prompt) prompt = { 0 };
  g_autoptr (VlmContext) context = NULL;
  float expected[V], other[V], logits[V];
  gint32 next;

  if (!random_net_init (&net))
    return;
  prompt_init (&prompt, &net);
  context = vlm_context_new (net.net, net.nn);
  append (context, &prompt, 0, 100, NULL);
  next = vlm_context_get_next_position (context);
  append (context, &prompt, 100, 30, expected);
  vlm_context_truncate (context, 100, next);
  append (context, &prompt, 300, 200, other);
  g_assert_cmpfloat (largest_difference (other, expected, V), >, 0.01f);
  vlm_context_truncate (context, 100, next);
  g_assert_cmpint (vlm_context_get_next_position (context), ==, next);
  append (context, &prompt, 100, 30, logits);
  g_assert_cmpfloat (largest_difference (logits, expected, V), ==, 0);
  vlm_context_truncate (context, 0, 0);
  append (context, &prompt, 0, 130, logits);
  assert_close (logits, expected);
}

/* Kept logits of all tokens are those that appending up to each one gives, and
 * keeping them changes neither the judgement nor the last ones. */
static void
test_kept (void)
{
  g_auto (RandomNet) net;
  g_auto (Prompt) prompt = { 0 };
  g_autoptr (VlmContext) keeper = NULL, context = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree float *all = g_new (float, 50 * V);
  float logits[V];

  if (!random_net_init (&net))
    return;
  prompt_init (&prompt, &net);
  keeper = vlm_context_new (net.net, net.nn);
  vlm_context_set_keep_logits (keeper, TRUE);
  vlm_context_set_chunk (keeper, 17);
  append (keeper, &prompt, 0, 50, logits);
  vlm_context_read_all_logits (keeper, all, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (largest_difference (logits, all + 49 * V, V), ==, 0);
  context = vlm_context_new (net.net, net.nn);
  for (guint i = 0; i < 50; i += 7) {
    vlm_context_truncate (context, 0, 0);
    append (context, &prompt, 0, i + 1, logits);
    assert_close (logits, all + i * V);
  }
}

/* Masks and the penalty reach the judgement. */
static void
test_choose (void)
{
  g_auto (RandomNet) net;
  g_auto (Prompt) prompt = { 0 };
  g_autoptr (VlmContext) context = NULL;
  g_autoptr (GError) error = NULL;
  guint32 allowed[(V + 31) / 32] = { 0 }, seen[(V + 31) / 32] = { 0 };
  VlmChoose choose = { allowed, seen, 1.5f };
  VlmNnChoice choice;
  float logits[V], a, b;

  if (!random_net_init (&net))
    return;
  prompt_init (&prompt, &net);
  context = vlm_context_new (net.net, net.nn);
  allowed[33 / 32] |= 1u << 33 % 32;
  allowed[437 / 32] |= 1u << 437 % 32;
  seen[437 / 32] |= 1u << 437 % 32;
  vlm_context_append (context,
      &(const VlmTokenSpan){
          prompt.ids, &prompt.positions, 0, 60, &prompt.features },
      &choose, &choice, NULL, &error);
  g_assert_no_error (error);
  vlm_context_read_logits (context, logits, &error);
  g_assert_no_error (error);
  a = logits[33];
  b = logits[437] > 0 ? logits[437] / 1.5f : logits[437] * 1.5f;
  g_assert_cmpint (choice.token, ==, a >= b ? 33 : 437);
  g_assert_cmpfloat_with_epsilon (choice.logit, MAX (a, b), 1e-5f);
}

static void
cancel_when_half (const char *stage, double fraction, gpointer user_data)
{
  g_assert_cmpstr (stage, ==, "prefill");
  g_assert_cmpfloat (fraction, <=, 0.5);
  if (fraction == 0.5)
    g_cancellable_cancel (user_data);
}

/* A cancelled call leaves the sequence as it was. */
static void
test_cancel (void)
{
  g_auto (RandomNet) net;
  g_auto (Prompt) prompt = { 0 };
  g_autoptr (VlmContext) context = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  float expected[V], logits[V];
  VlmNnChoice choice;
  gint32 next;

  if (!random_net_init (&net))
    return;
  prompt_init (&prompt, &net);
  context = vlm_context_new (net.net, net.nn);
  vlm_context_set_chunk (context, 50);
  append (context, &prompt, 0, 100, NULL);
  next = vlm_context_get_next_position (context);
  append (context, &prompt, 100, 200, expected);
  vlm_context_truncate (context, 100, next);
  g_assert_false (vlm_context_append (context,
      &(const VlmTokenSpan){
          prompt.ids, &prompt.positions, 100, 200, &prompt.features },
      &greedy, &choice,
      &(const VlmWork){ .cancellable = cancellable,
          .progress = cancel_when_half,
          .user_data = cancellable },
      &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_cmpuint (vlm_context_get_n_tokens (context), ==, 100);
  g_assert_cmpint (vlm_context_get_next_position (context), ==, next);
  g_assert_false (vlm_context_read_logits (context, logits, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  append (context, &prompt, 100, 200, logits);
  g_assert_cmpfloat (largest_difference (logits, expected, V), ==, 0);
}

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (2000);
  g_cancellable_cancel (data);
  return NULL;
}

/* A cancellation at any moment, from another thread; the submission that is left
 * disturbs nothing that follows. */
static void
test_cancel_running (void)
{
  g_auto (RandomNet) net;
  g_auto (Prompt) prompt = { 0 };
  g_autoptr (VlmContext) context = NULL;
  float expected[V], logits[V];

  if (!random_net_init (&net))
    return;
  prompt_init (&prompt, &net);
  context = vlm_context_new (net.net, net.nn);
  append (context, &prompt, 0, N, expected);
  for (guint i = 0; i < 5; i++) {
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    g_autoptr (GError) error = NULL;
    GThread *thread;

    vlm_context_truncate (context, 0, 0);
    thread = g_thread_new ("cancel", cancel_soon, cancellable);
    if (!vlm_context_append (context,
            &(const VlmTokenSpan){
                prompt.ids, &prompt.positions, 0, N, &prompt.features },
            NULL, NULL, &(const VlmWork){ .cancellable = cancellable },
            &error)) {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpuint (vlm_context_get_n_tokens (context), ==, 0);
    }
    vlm_context_truncate (context, 0, 0);
    append (context, &prompt, 0, N, logits);
    g_assert_cmpfloat (largest_difference (logits, expected, V), ==, 0);
    g_thread_join (thread);
  }
}

static void
test_bad_input (void)
{
  g_auto (RandomNet) net;
  g_auto (Prompt) prompt = { 0 };
  g_autoptr (VlmContext) context = NULL;
  static const gint32 bad[] = { V, -25, G_MAXINT32, G_MININT32 };
  g_autofree gint32 *many = g_new0 (gint32, 4001);
  VlmPositions positions;
  g_autoptr (GError) error = NULL;

  if (!random_net_init (&net))
    return;
  prompt_init (&prompt, &net);
  context = vlm_context_new (net.net, net.nn);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_assert_false (vlm_context_append (context,
        &(const VlmTokenSpan){
            &bad[i], &prompt.positions, 0, 1, &prompt.features },
        NULL, NULL, NULL, &error));
    g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
    g_clear_error (&error);
  }
  vlm_positions_init (&positions);
  vlm_positions_add_text (&positions, 4001);
  g_assert_false (vlm_context_append (context,
      &(const VlmTokenSpan){ many, &positions, 0, 4001 }, NULL, NULL, NULL,
      &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_CONTEXT_FULL);
  g_assert_cmpuint (vlm_context_get_n_tokens (context), ==, 0);
  vlm_positions_clear (&positions);
}

/* One net, a recorder for each thread. */
typedef struct
{
  VlmNet *net;
  float logits[V];
} Worker;

static gpointer
work (gpointer data)
{
  Worker *worker = data;
  g_autoptr (GError) error = NULL;
  RandomNet net = { .net = worker->net };
  g_auto (Prompt) prompt = { 0 };
  g_autoptr (VlmContext) context = NULL;

  net.nn = vlm_nn_new (vlm_net_get_device (net.net), &error);
  g_assert_no_error (error);
  prompt_init (&prompt, &net);
  context = vlm_context_new (net.net, net.nn);
  for (guint i = 0; i < 4; i++) {
    vlm_context_truncate (context, 0, 0);
    append (context, &prompt, 0, 90, worker->logits);
  }
  g_clear_pointer (&context, vlm_context_free);
  vlm_nn_free (net.nn);
  return NULL;
}

static void
test_threads (void)
{
  g_auto (RandomNet) net;
  GThread *threads[3];
  Worker workers[3];

  if (!random_net_init (&net))
    return;
  for (guint i = 0; i < 3; i++) {
    workers[i].net = net.net;
    threads[i] = g_thread_new ("worker", work, &workers[i]);
  }
  for (guint i = 0; i < 3; i++)
    g_thread_join (threads[i]);
  for (guint i = 1; i < 3; i++)
    g_assert_cmpfloat (
        largest_difference (workers[i].logits, workers[0].logits, V), ==, 0);
}

/* A context of its own recorder, whose cache grows in segments of @n_keys. */
typedef struct
{
  VlmNn *nn;
  VlmContext *context;
} Grown;

static void
grown_init (Grown *grown, const RandomNet *net, guint n_keys, VlmKvCache type)
{
  g_autoptr (GError) error = NULL;

  grown->nn = vlm_nn_new (net->device, &error);
  g_assert_no_error (error);
  vlm_nn_set_kv_segment (grown->nn, n_keys);
  grown->context = vlm_context_new (net->net, grown->nn);
  vlm_context_set_cache (grown->context, type);
}

static void
grown_clear (Grown *grown)
{
  g_clear_pointer (&grown->context, vlm_context_free);
  g_clear_pointer (&grown->nn, vlm_nn_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Grown, grown_clear)

/* In one segment nothing changes, to the last bit; beyond it, little. */
static void
test_segments (gconstpointer data)
{
  static const struct
  {
    guint first, n;
  } cases[] = { { 0, 1 }, { 0, 7 }, { 0, 64 }, { 57, 7 }, { 63, 1 }, { 0, 65 },
    { 58, 7 }, { 64, 1 }, { 120, 13 }, { 3, 127 }, { 64, 127 }, { 127, 1 },
    { 128, 1 }, { 1, N - 1 } };
  const VlmKvCache type = GPOINTER_TO_UINT (data);
  g_auto (RandomNet) net;
  g_auto (Prompt) prompt = { 0 };
  g_auto (Grown) grown = { 0 };
  g_autoptr (VlmContext) whole = NULL;
  float expected[V], logits[V];

  if (!random_net_init (&net))
    return;
  prompt_init (&prompt, &net);
  grown_init (&grown, &net, 64, type);
  whole = vlm_context_new (net.net, net.nn);
  vlm_context_set_cache (whole, type);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const guint first = cases[i].first, n = cases[i].n;
    VlmContext *contexts[] = { whole, grown.context };
    float *results[] = { expected, logits };

    for (guint c = 0; c < 2; c++) {
      vlm_context_truncate (contexts[c], 0, 0);
      if (first > 0)
        append (contexts[c], &prompt, 0, first, NULL);
      append (contexts[c], &prompt, first, n, results[c]);
    }
    if (first + n <= 64)
      g_assert_cmpmem (logits, sizeof logits, expected, sizeof expected);
    else
      assert_close (logits, expected);
  }
  g_assert_cmpuint (grown.context->caches[0].n_segments, ==, (N + 63) / 64);
}

/* Cut back into an earlier segment, across an end, and to an end: what comes
 * after leaves no trace, to the last bit. Keys are read across ends, too. */
static void
test_segments_truncated (void)
{
  static const guint lengths[] = { 20, 31, 32, 33, 64, 100 };
  const VlmTextConfig *c = &random_net_config.text;
  const guint n_cols = c->n_kv_heads * c->head_dim;
  g_auto (RandomNet) net;
  g_auto (Prompt) prompt = { 0 };
  g_auto (Grown) grown = { 0 };
  g_autoptr (VlmContext) whole = NULL;
  g_autofree float *keys = g_new (float, 130 * n_cols);
  g_autofree float *other = g_new (float, 130 * n_cols);
  g_autoptr (GError) error = NULL;
  float expected[V], logits[V];

  if (!random_net_init (&net))
    return;
  prompt_init (&prompt, &net);
  grown_init (&grown, &net, 32, VLM_KV_CACHE_F32);
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    gint32 next;

    vlm_context_truncate (grown.context, 0, 0);
    append (grown.context, &prompt, 0, lengths[i], NULL);
    next = vlm_context_get_next_position (grown.context);
    append (grown.context, &prompt, lengths[i], 40, expected);
    vlm_context_truncate (grown.context, lengths[i], next);
    append (grown.context, &prompt, 300, 90, logits);
    vlm_context_truncate (grown.context, lengths[i], next);
    append (grown.context, &prompt, lengths[i], 40, logits);
    g_assert_cmpmem (logits, sizeof logits, expected, sizeof expected);
  }
  vlm_context_truncate (grown.context, 0, 0);
  append (grown.context, &prompt, 0, 130, NULL);
  whole = vlm_context_new (net.net, net.nn);
  append (whole, &prompt, 0, 130, NULL);
  vlm_context_read_keys (grown.context, 0, 130, keys, &error);
  g_assert_no_error (error);
  vlm_context_read_keys (whole, 0, 130, other, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (
      keys, 130 * n_cols * sizeof *keys, other, 130 * n_cols * sizeof *other);
}

/* A context that grows neither copies nor moves what it has. */
static void
test_segments_stay (void)
{
  g_auto (RandomNet) net;
  g_auto (Prompt) prompt = { 0 };
  g_auto (Grown) grown = { 0 };
  VlmNnKvSegment before[3];
  guint64 copied;

  if (!random_net_init (&net))
    return;
  prompt_init (&prompt, &net);
  grown_init (&grown, &net, 32, VLM_KV_CACHE_F32);
  append (grown.context, &prompt, 0, 20, NULL);
  for (guint i = 0; i < 3; i++)
    before[i] = grown.context->caches[i].segments[0];
  copied = grown.nn->copied_bytes;
  append (grown.context, &prompt, 20, 500, NULL);
  g_assert_cmpuint (grown.nn->copied_bytes, ==, copied);
  for (guint i = 0; i < 3; i++) {
    const VlmNnKv *kv = &grown.context->caches[i];

    g_assert_cmpuint (kv->n_segments, ==, 17);
    g_assert_true (kv->segments[0].keys == before[i].keys);
    g_assert_true (kv->segments[0].values == before[i].values);
  }
}

/* Dispatches of a step after so many keys that attention is split over them. */
static guint64
count_step (guint n_layers)
{
  g_auto (RandomNet) net;
  g_auto (Prompt) prompt = { 0 };
  g_autoptr (VlmContext) context = NULL;
  g_autoptr (GError) error = NULL;
  float logits[V];
  guint64 n_before;

  if (!random_net_init (&net))
    return 0;
  vlm_net_unref (net.net);
  net.net = vlm_net_new_random (net.device, &random_net_config, n_layers, 1,
      VLM_MODEL_WEIGHTS_AUTO, &error);
  g_assert_no_error (error);
  prompt_init (&prompt, &net);
  context = vlm_context_new (net.net, net.nn);
  append (context, &prompt, 0, N - 1, NULL);
  n_before = net.nn->n_dispatches;
  append (context, &prompt, N - 1, 1, logits);
  return net.nn->n_dispatches - n_before;
}

/* Queries, keys and values; rotation and cache; attention and its merge; what it
 * adds, with the norm of that; gate and up; what they add, with a norm again. */
static void
test_dispatches (void)
{
  const guint64 one = count_step (1), three = count_step (3);

  g_test_message ("%" G_GUINT64_FORMAT " of a layer", (three - one) / 2);
  g_assert_cmpuint (three - one, <=, 2 * 7);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/context/layers-apart", test_layers_apart);
  g_test_add_func ("/context/chunks", test_chunks);
  g_test_add_func ("/context/growth", test_growth);
  g_test_add_func ("/context/half", test_half);
  g_test_add_data_func ("/context/segments/f32",
      GUINT_TO_POINTER (VLM_KV_CACHE_F32), test_segments);
  g_test_add_data_func ("/context/segments/f16",
      GUINT_TO_POINTER (VLM_KV_CACHE_F16), test_segments);
  g_test_add_func ("/context/segments/truncated", test_segments_truncated);
  g_test_add_func ("/context/segments/stay", test_segments_stay);
  g_test_add_func ("/context/truncate", test_truncate);
  g_test_add_func ("/context/kept", test_kept);
  g_test_add_func ("/context/choose", test_choose);
  g_test_add_func ("/context/cancel", test_cancel);
  g_test_add_func ("/context/cancel-running", test_cancel_running);
  g_test_add_func ("/context/bad-input", test_bad_input);
  g_test_add_func ("/context/threads", test_threads);
  g_test_add_func ("/context/dispatches", test_dispatches);
  return g_test_run ();
}
