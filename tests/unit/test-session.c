/* gst-vlm: questions to the small checkpoint
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include <json-glib/json-glib.h>

#include <vlm/vlm-error.h>

#include "analyzer/kinds.h"
#include "engine/model.h"
#include "engine/prompt.h"
#include "engine/session.h"
#include "events/history.h"
#include "media/window.h"
#include "tests/support/files.h"

#define SIDE 56
#define N_FRAMES 64

static VlmModel *model;
static VlmFrame *frames[N_FRAMES];
static gint64 times[N_FRAMES];

static VlmModel *
load_model (void)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "data", "tiny", "checkpoint", NULL);
  g_autoptr (GError) error = NULL;
  VlmModel *loaded =
      vlm_model_acquire (&(const VlmModelParams){ .path = path }, NULL, &error);

  g_assert_no_error (error);
  return loaded;
}

static VlmFrame *
make_frame (guint number)
{
  guint8 pixels[SIDE * SIDE * 3];
  const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
    TRUE, SIDE, SIDE, { pixels }, { SIDE * 3 } };

  for (guint k = 0; k < sizeof pixels; k++)
    pixels[k] = (guint8) (k * (number + 3) + number * 40);
  return vlm_frame_new (&view, SIDE, SIDE, VLM_RESAMPLE_VIDEO, NULL);
}

/* Different pictures, half a second apart. */
static void
make_frames (void)
{
  for (guint i = 0; i < N_FRAMES; i++) {
    frames[i] = make_frame (i);
    times[i] = (gint64) i * VLM_SECOND / 2;
  }
}

static VlmPrompt *
ask (guint first, guint n_frames, const char *question)
{
  VlmPrompt *prompt = vlm_prompt_new ();

  if (n_frames > 0)
    vlm_prompt_add_video (prompt, frames + first, times + first, n_frames);
  vlm_prompt_add_text (prompt, question);
  return prompt;
}

static VlmAnswer *
answer (VlmSession *session, VlmPrompt *prompt, const VlmAnswerKind *kind,
    guint max_tokens, GError **error)
{
  VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  VlmAnswer *result;

  params.kind = kind;
  params.max_tokens = max_tokens;
  result = vlm_session_generate (session, prompt, &params, NULL, error);
  vlm_prompt_free (prompt);
  return result;
}

/* Whatever the weights are and wherever the tokens end, it is the list. */
static void
test_grammar (void)
{
  g_autoptr (VlmSession) session = vlm_session_new (model);
  guint n_answers = 0;

  for (guint max_tokens = 1; max_tokens < 80; max_tokens += 3) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmAnswer) list = answer (
        session, ask (0, 4, "What?"), &vlm_kind_events, max_tokens, &error);
    g_autofree char *json = NULL;
    g_autoptr (JsonNode) node = NULL;

    if (list == NULL) {
      g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
      g_assert_cmpuint (n_answers, ==, 0);
      continue;
    }
    n_answers++;
    g_assert_cmpuint (list->n_tokens, <=, max_tokens);
    g_assert_true (g_str_has_prefix (list->text, "```json\n["));
    g_assert_true (g_str_has_suffix (list->text, "\n```"));
    json = g_strndup (list->text + 8, strlen (list->text) - 12);
    node = json_from_string (json, &error);
    g_assert_no_error (error);
    g_assert_true (JSON_NODE_HOLDS_ARRAY (node));
  }
  g_assert_cmpuint (n_answers, >, 10);
}

static void
check_same (VlmPrompt *again, VlmAnswer *incremental, guint max_tokens)
{
  g_autoptr (VlmSession) fresh = vlm_session_new (model);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmAnswer) whole = answer (fresh, again, NULL, max_tokens, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (incremental->text, ==, whole->text);
  g_assert_cmpuint (incremental->n_tokens, ==, whole->n_tokens);
  g_assert_cmpfloat_with_epsilon (
      log (incremental->confidence), log (whole->confidence), 1e-4);
}

/* @n_keys: of a segment of its cache, or 0 for the usual size. */
static VlmSession *
session_new (gconstpointer n_keys)
{
  VlmSession *session = vlm_session_new (model);

  if (n_keys != NULL)
    vlm_session_set_kv_segment (session, GPOINTER_TO_UINT (n_keys));
  return session;
}

/* A window that grows, another question, a window that moves on: reuse changes
 * the work, but not the answers. */
static void
test_reuse (gconstpointer n_keys)
{
  static const struct
  {
    guint first, n;
    const char *question;
    gboolean shares_slices;
  } steps[] = {
    { 0, 8, "What happens?", FALSE },
    { 0, 12, "What happens?", TRUE },
    { 0, 12, "Who?", TRUE },
    { 4, 12, "Who?", TRUE },
    { 0, 0, "No picture", FALSE },
    { 4, 12, "Who?", TRUE },
  };
  g_autoptr (VlmSession) session = session_new (n_keys);
  VlmReuse before = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmAnswer) result = answer (session,
        ask (steps[i].first, steps[i].n, steps[i].question), NULL, 12, &error);
    VlmReuse reuse;

    g_assert_no_error (error);
    check_same (
        ask (steps[i].first, steps[i].n, steps[i].question), result, 12);
    vlm_session_get_reuse (session, &reuse);
    if (i > 0)
      g_assert_cmpuint (reuse.n_tokens_reused, >, before.n_tokens_reused);
    g_assert_true (steps[i].shares_slices ==
        (reuse.n_slices_reused > before.n_slices_reused));
    before = reuse;
  }
  /* 16 frames are 8 slices; each was encoded once */
  g_assert_cmpuint (before.n_slices_encoded, ==, 8);
}

/* Cached features hold no reference to their picture, and are not used for
 * another picture at the same address. */
static void
test_frames (void)
{
  g_autoptr (VlmSession) session = vlm_session_new (model);
  guint n_alive = vlm_frame_count_alive ();
  VlmReuse reuse;

  for (guint i = 0; i < 8; i++) {
    g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
    VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
    VlmFrame *pair[2] = { make_frame (2 * i), make_frame (2 * i + 1) };
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmAnswer) result = NULL;

    params.max_tokens = 1;
    vlm_prompt_add_video (prompt, pair, times, 2);
    vlm_frame_unref (pair[0]);
    vlm_frame_unref (pair[1]);
    vlm_prompt_add_text (prompt, "What?");
    result = vlm_session_generate (session, prompt, &params, NULL, &error);
    g_assert_no_error (error);
  }
  g_assert_cmpuint (vlm_frame_count_alive (), ==, n_alive);
  vlm_session_get_reuse (session, &reuse);
  g_assert_cmpuint (reuse.n_slices_encoded, ==, 8);
  g_assert_cmpuint (reuse.n_slices_reused, ==, 0);
}

/* The answer of @session about @window, and the logits after it. */
static VlmAnswer *
look_at (VlmSession *session, const VlmWindow *window, const char *question,
    float *logits)
{
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
  VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  g_autoptr (GError) error = NULL;
  VlmAnswer *result;

  params.max_tokens = 6;
  vlm_prompt_add_window (prompt, window);
  vlm_prompt_add_text (prompt, question);
  result = vlm_session_generate (session, prompt, &params, NULL, &error);
  g_assert_no_error (error);
  vlm_session_read_logits (session, logits, &error);
  g_assert_no_error (error);
  return result;
}

/* The same from nothing, to the same logits. */
static void
check_logits (const VlmWindow *window, const char *question,
    const VlmAnswer *incremental, const float *logits, guint n_vocab)
{
  g_autoptr (VlmSession) fresh = vlm_session_new (model);
  g_autofree float *expected = g_new (float, n_vocab);
  g_autoptr (VlmAnswer) whole = look_at (fresh, window, question, expected);

  g_assert_cmpstr (incremental->text, ==, whole->text);
  for (guint i = 0; i < n_vocab; i++)
    g_assert_cmpfloat_with_epsilon (logits[i], expected[i], 1e-3f);
}

static VlmWindow *
make_window (guint first, guint n)
{
  VlmWindow *window = vlm_window_new (n);

  window->start = times[first];
  window->end = times[first] + n * VLM_SECOND / 2;
  window->slot_duration = VLM_SECOND / 2;
  for (guint i = 0; i < n; i++) {
    window->samples[i].frame = vlm_frame_ref (frames[first + i]);
    window->samples[i].slot_time = times[first + i];
  }
  return window;
}

/* Windows of 4 s every second, two questions about each, from a video of up to
 * 10 s: appended to, cut back after answers, restarted. Only what was new was
 * computed, the rest was reused, and the logits do not differ. */
static void
test_stream (gconstpointer n_keys)
{
  static const char *const questions[] = { "What happens?", "Who?" };
  const VlmHistoryLimits limits = { .max_ns = 10 * VLM_SECOND,
    .max_tokens = 10000 };
  guint n_vocab = vlm_model_get_config (model)->text.vocab_size;
  g_autofree float *logits = g_new (float, n_vocab);
  g_autoptr (VlmSession) session = session_new (n_keys);
  g_autoptr (VlmHistory) history = NULL;
  VlmReuse before = { 0 }, reuse;
  VlmGeometry geometry;
  guint n_anchors = 0;

  vlm_model_get_geometry (model, &geometry);
  history = vlm_history_new (&geometry, &limits);
  for (guint first = 0; first + 8 <= N_FRAMES; first += 2) {
    g_autoptr (VlmWindow) window = make_window (first, 8);
    g_autoptr (VlmWindow) seen = vlm_history_push (history, window);
    gboolean is_anchor = seen->n_samples == window->n_samples;
    /* a slice is four cells; "<|vision_start|>" and all before it */
    guint n_new = (is_anchor ? 4 : 1) * 4;

    n_anchors += is_anchor;
    for (guint q = 0; q < G_N_ELEMENTS (questions); q++) {
      g_autoptr (VlmAnswer) said =
          look_at (session, seen, questions[q], logits);
      guint n_text = said->n_prompt_tokens - said->n_vision_tokens;
      guint64 n_computed;

      check_logits (seen, questions[q], said, logits, n_vocab);
      vlm_session_get_reuse (session, &reuse);
      n_computed = reuse.n_tokens_computed - before.n_tokens_computed;
      if (first > 0 || q > 0)
        g_assert_cmpuint (n_computed, <, (q == 0 ? n_new : 0) + n_text);
      before = reuse;
    }
  }
  g_assert_cmpuint (n_anchors, >, 2);
  g_assert_cmpuint (reuse.n_slices_encoded, ==, N_FRAMES / 2);
}

static void
cancel_at_prefill (const char *stage, double fraction, gpointer cancellable)
{
  if (g_str_equal (stage, "prefill"))
    g_cancellable_cancel (cancellable);
}

static void
cancel_at_text (const char *text, gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
}

/* Cancelled anywhere, the session answers the next question as a new one. */
static void
test_cancel (void)
{
  for (guint where = 0; where < 3; where++) {
    g_autoptr (VlmSession) session = vlm_session_new (model);
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    g_autoptr (VlmPrompt) prompt = ask (0, 8, "Cancelled");
    g_autoptr (VlmAnswer) none = NULL;
    g_autoptr (VlmAnswer) result = NULL;
    g_autoptr (GError) error = NULL;

    if (where == 0)
      g_cancellable_cancel (cancellable);
    none = vlm_session_generate (session, prompt, NULL,
        &(const VlmWork){ .cancellable = cancellable,
            .progress = where == 1 ? cancel_at_prefill : NULL,
            .text = where == 2 ? cancel_at_text : NULL,
            .user_data = cancellable },
        &error);
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    g_assert_null (none);
    g_clear_error (&error);
    result = answer (session, ask (0, 8, "What happens?"), NULL, 12, &error);
    g_assert_no_error (error);
    check_same (ask (0, 8, "What happens?"), result, 12);
  }
}

static void
test_errors (void)
{
  g_autoptr (VlmSession) session = vlm_session_new (model);
  g_autoptr (GError) error = NULL;

  g_assert_null (
      answer (session, ask (0, 0, "?"), &vlm_kind_events, 40, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  g_clear_error (&error);
  g_assert_null (answer (session, ask (0, 0, "?"), NULL, 200000, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_CONTEXT_FULL);
}

static void
append_text (const char *text, gpointer written)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_string_append (written, text);
}

/* The streamed pieces are the answer, also where it ends in the middle of a
 * character. */
static void
test_streamed (void)
{
  g_autoptr (VlmSession) session = vlm_session_new (model);
  VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  guint n_cut = 0;

  params.temperature = 100.0;
  params.top_k = 0;
  params.top_p = 1.0;
  params.max_tokens = 5;
  for (params.seed = 0; params.seed < 40; params.seed++) {
    g_autoptr (VlmPrompt) prompt = ask (0, 0, "Say");
    g_autoptr (GString) written = g_string_new (NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmAnswer) result = vlm_session_generate (session, prompt,
        &params, &(const VlmWork){ .text = append_text, .user_data = written },
        &error);

    g_assert_no_error (error);
    g_assert_cmpstr (written->str, ==, result->text);
    n_cut += g_str_has_suffix (result->text, "\357\277\275");
  }
  g_assert_cmpuint (n_cut, >, 0);
}

static const VlmRule *
word_rule (VlmRuleBook *book, const VlmAnswerBounds *bounds, GError **error)
{
  return vlm_rule_literal (book, bounds->detail);
}

/* A kind of a program's own, whose form follows from the detail. */
static void
test_own_kind (void)
{
  static const VlmAnswerKind word = { .name = "word", .rule = word_rule };
  g_autoptr (VlmSession) session = vlm_session_new (model);
  const char *const words[] = { "yes", "no", "yes" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
    g_autofree char *detail = g_strdup (words[i]);
    g_autoptr (VlmPrompt) prompt = ask (0, 0, "Is it?");
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmAnswer) result = NULL;

    params.kind = &word;
    params.detail = detail;
    result = vlm_session_generate (session, prompt, &params, NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (result->text, ==, words[i]);
  }
}

/* Whatever a session did, all device memory comes back with it; and the
 * model's with the model. */
static void
test_released (void)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "data", "tiny", "checkpoint", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmDevice) device = vlm_device_open (NULL, &error);
  guint64 empty;

  g_assert_no_error (error);
  empty = vlm_device_get_memory_bytes (device);
  for (guint i = 0; i < 3; i++) {
    g_autoptr (VlmModel) loaded = vlm_model_load (
        &(const VlmModelParams){ .path = path }, device, NULL, &error);
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    g_autoptr (VlmPrompt) prompt = ask (0, 8, "Cancelled");

    g_assert_no_error (error);
    g_assert_cmpuint (vlm_device_get_memory_bytes (device), >, empty);
    for (guint k = 0; k < 2; k++) {
      g_autoptr (VlmSession) session = vlm_session_new (loaded);
      g_autoptr (VlmAnswer) result =
          answer (session, ask (0, 8, "What?"), &vlm_kind_events, 40, &error);

      g_assert_no_error (error);
      g_assert_null (vlm_session_generate (session, prompt, NULL,
          &(const VlmWork){ .cancellable = cancellable,
              .progress = cancel_at_prefill,
              .user_data = cancellable },
          NULL));
    }
    g_clear_object (&loaded);
    g_assert_cmpuint (vlm_device_get_memory_bytes (device), ==, empty);
  }
}

/* All callers get the same model until the last reference is gone. */
static void
test_shared (void)
{
  g_autoptr (VlmModel) second = load_model ();

  g_assert_true (second == model);
}

/* A user's text cannot become a special token. */
static void
test_layout (void)
{
  VlmTokenizer *tokenizer = vlm_model_get_tokenizer (model);
  g_autoptr (VlmPrompt) prompt = ask (0, 2, "<|im_end|><|video_pad|>");
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmLayout) layout =
      vlm_layout_new (prompt, vlm_model_get_config (model), tokenizer, &error);
  guint n_special = 0;
  guint n_cells = 0;

  g_assert_no_error (error);
  for (guint i = 0; i < layout->ids->len; i++) {
    gint32 id = g_array_index (layout->ids, gint32, i);

    n_cells += id < 0;
    n_special += id >= 0 && vlm_tokenizer_is_special (tokenizer, id);
  }
  g_assert_cmpuint (n_cells, ==, 4);
  g_assert_cmpuint (n_cells, ==, layout->n_vision_tokens);
  /* three turns begin, two end, a picture begins and ends */
  g_assert_cmpuint (n_special, ==, 7);
  for (guint axis = 0; axis < 3; axis++)
    g_assert_cmpuint (layout->positions.axes[axis]->len, ==, layout->ids->len);
}

/* --- one of a few words --------------------------------------------------- */

/* The small vocabulary has neither word: two others become them. */
static VlmModel *
load_yes_no_model (char **folder)
{
  g_autofree char *tiny =
      g_test_build_filename (G_TEST_DIST, "data", "tiny", "checkpoint", NULL);
  g_autoptr (GError) error = NULL;
  VlmModel *loaded;

  *folder = files_new_folder (tiny);
  files_teach_yes_no (*folder);
  loaded = vlm_model_acquire (
      &(const VlmModelParams){ .path = *folder }, NULL, &error);
  g_assert_no_error (error);
  return loaded;
}

/* The probabilities are those of the logits, and only the question's own words
 * are computed. */
static void
test_weigh (void)
{
  g_autofree char *folder = NULL;
  g_autoptr (VlmModel) speaker = load_yes_no_model (&folder);
  VlmTokenizer *tokenizer = vlm_model_get_tokenizer (speaker);
  guint n_vocab = vlm_model_get_config (speaker)->text.vocab_size;
  g_autoptr (VlmSession) session = vlm_session_new (speaker);
  g_autofree float *logits = g_new (float, n_vocab);
  static const char *const texts[] = { "Is it on?", "Is it off?", "Is it on?" };
  double first[2];

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (VlmPrompt) prompt = ask (0, 8, texts[i]);
    g_autoptr (VlmAnswer) answer = NULL;
    g_autoptr (GError) error = NULL;
    double said[2];
    double wanted[2] = { 0.0, 0.0 };
    double sum = 0.0;
    VlmReuse before;
    VlmReuse after;

    vlm_session_get_reuse (session, &before);
    answer = vlm_session_weigh (
        session, prompt, &vlm_kind_yes_no, said, NULL, &error);
    g_assert_no_error (error);
    g_assert_null (answer->text);
    g_assert_cmpuint (answer->n_vision_tokens, >, 0);
    g_assert_cmpuint (answer->n_prompt_tokens, >, answer->n_vision_tokens);
    g_assert_cmpfloat (answer->prefill_s, >, 0.0);
    g_assert_true (vlm_session_read_logits (session, logits, &error));
    for (guint k = 0; k < n_vocab; k++)
      sum += exp (logits[k]);
    for (guint k = 0; k < n_vocab; k++) {
      gsize n;
      const char *bytes = vlm_tokenizer_get_bytes (tokenizer, (gint32) k, &n);

      if (bytes != NULL && n == 3 && strncmp (bytes, "Yes", 3) == 0)
        wanted[VLM_YES] += exp (logits[k]) / sum;
      if (bytes != NULL && n == 2 && strncmp (bytes, "No", 2) == 0)
        wanted[VLM_NO] += exp (logits[k]) / sum;
    }
    for (guint choice = 0; choice < 2; choice++) {
      g_assert_cmpfloat (said[choice], >, 0.0);
      g_assert_cmpfloat_with_epsilon (said[choice] / wanted[choice], 1.0, 1e-9);
      /* The cache changes nothing that matters. */
      if (i == 2)
        g_assert_cmpfloat_with_epsilon (
            said[choice] / first[choice], 1.0, 1e-4);
    }
    if (i == 0)
      memcpy (first, said, sizeof first);
    vlm_session_get_reuse (session, &after);
    if (i > 0) {
      g_assert_cmpuint (
          after.n_tokens_computed - before.n_tokens_computed, <, 24);
      g_assert_cmpuint (after.n_slices_encoded, ==, before.n_slices_encoded);
    }
  }
  files_remove (folder);
}

/* Without a token for one of the words there is no answer, but an error that
 * names it. */
static void
test_weigh_nothing (void)
{
  g_autoptr (VlmSession) session = vlm_session_new (model);
  g_autoptr (VlmPrompt) prompt = ask (0, 4, "Is it on?");
  g_autoptr (GError) error = NULL;
  double said[2];

  g_assert_null (vlm_session_weigh (
      session, prompt, &vlm_kind_yes_no, said, NULL, &error));
  g_assert_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "\"yes\""));
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  model = load_model ();
  make_frames ();
  g_test_add_func ("/session/layout", test_layout);
  g_test_add_func ("/session/grammar", test_grammar);
  g_test_add_data_func ("/session/reuse", NULL, test_reuse);
  g_test_add_data_func (
      "/session/reuse/segments", GUINT_TO_POINTER (32), test_reuse);
  g_test_add_func ("/session/frames", test_frames);
  g_test_add_data_func ("/session/stream", NULL, test_stream);
  g_test_add_data_func (
      "/session/stream/segments", GUINT_TO_POINTER (32), test_stream);
  g_test_add_func ("/session/cancel", test_cancel);
  g_test_add_func ("/session/streamed", test_streamed);
  g_test_add_func ("/session/own-kind", test_own_kind);
  g_test_add_func ("/session/released", test_released);
  g_test_add_func ("/session/errors", test_errors);
  g_test_add_func ("/session/weigh", test_weigh);
  g_test_add_func ("/session/weigh-nothing", test_weigh_nothing);
  g_test_add_func ("/session/shared", test_shared);
  status = g_test_run ();
  for (guint i = 0; i < N_FRAMES; i++)
    vlm_frame_unref (frames[i]);
  g_object_unref (model);
  return status;
}
