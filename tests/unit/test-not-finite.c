/* gst-vlm: checkpoints whose numbers are not finite
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The small checkpoint with all values of some weights set to NaN, infinity, or
 * so much that squares overflow: never an answer, and the error says where. */
#include <vlm/vlm-error.h>

#include "analyzer/kinds.h"
#include "engine/model.h"
#include "engine/session.h"
#include "tests/support/files.h"

#define SIDE 56
#define N_FRAMES 4

typedef struct
{
  const char *weights; /* names that begin so */
  guint16 bits;
  const char *where;
} Damage;

static const Damage damages[] = {
  { "model.layers.1.", FILES_NAN, "from layer 1 of the language model on" },
  { "model.layers.2.mlp.down_proj", FILES_NAN, "layer 2 of the language" },
  { "model.layers.0.self_attn.k_proj.weight", FILES_NAN,
      "layer 0 of the lang" },
  { "model.layers.0.self_attn.q_proj.bias", FILES_INFINITY, "layer 0 of the" },
  { "model.layers.1.mlp.gate_proj", FILES_INFINITY, "layer 1 of the language" },
  { "model.layers.1.mlp.down_proj", FILES_HUGE, "layer 2 of the language" },
  { "model.norm", FILES_NAN, "from the output head on" },
  { "model.embed_tokens", FILES_NAN, "from the token embedding on" },
  { "visual.patch_embed", FILES_NAN, "patch embedding of the vision tower" },
  { "visual.blocks.1.", FILES_NAN, "block 1 of the vision tower" },
  { "visual.blocks.0.attn.proj", FILES_INFINITY, "block 0 of the vision" },
  { "visual.blocks.2.mlp.down_proj", FILES_HUGE, "merger of the vision tower" },
  { "visual.merger.mlp.2.weight", FILES_INFINITY,
      "merger of the vision tower" },
};

static VlmFrame *
make_frame (guint seed)
{
  guint8 pixels[SIDE * SIDE * 3];
  const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
    TRUE, SIDE, SIDE, { pixels }, { SIDE * 3 } };

  for (guint k = 0; k < sizeof pixels; k++)
    pixels[k] = (guint8) (k * (seed + 2) + k / 7);
  return vlm_frame_new (&view, SIDE, SIDE, VLM_RESAMPLE_VIDEO, NULL);
}

static VlmPrompt *
ask_of_video (void)
{
  VlmPrompt *prompt = vlm_prompt_new ();
  VlmFrame *frames[N_FRAMES];
  gint64 times[N_FRAMES];

  for (guint i = 0; i < N_FRAMES; i++) {
    frames[i] = make_frame (i);
    times[i] = i * VLM_SECOND / 2;
  }
  vlm_prompt_add_video (prompt, frames, times, N_FRAMES);
  vlm_prompt_add_text (prompt, "What happens?");
  for (guint i = 0; i < N_FRAMES; i++)
    vlm_frame_unref (frames[i]);
  return prompt;
}

static VlmSession *
new_session (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmModel) model = vlm_model_load (
      &(const VlmModelParams){ .path = (char *) path }, NULL, NULL, &error);

  g_assert_no_error (error);
  return vlm_session_new (model);
}

static void
assert_fails (VlmSession *session, const VlmPrompt *prompt,
    const VlmGenerateParams *params, const char *where)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmAnswer) answer =
      vlm_session_generate (session, prompt, params, NULL, &error);

  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_NOT_FINITE);
  if (strstr (error->message, where) == NULL)
    g_test_message ("not \"%s\": %s", where, error->message);
  g_assert_nonnull (strstr (error->message, where));
  g_assert_null (answer);
}

static void
test_damage (gconstpointer data)
{
  const Damage *damage = data;
  g_autofree char *folder =
      files_new_spoilt_checkpoint (damage->weights, damage->bits);
  g_autoptr (VlmSession) session = new_session (folder);
  g_autoptr (VlmPrompt) video = ask_of_video ();
  VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;

  params.max_tokens = 8;
  /* With a form or without, by the most likely token or by chance; and again,
   * when there is something to reuse. */
  assert_fails (session, video, &params, damage->where);
  params.kind = &vlm_kind_events;
  assert_fails (session, video, &params, damage->where);
  params.kind = NULL;
  params.temperature = 1.0;
  assert_fails (session, video, &params, damage->where);
  vlm_session_set_record_attention (session, TRUE);
  assert_fails (session, video, &params, damage->where);
  g_assert_null (vlm_session_steal_attention (session));
  files_remove (folder);
}

/* After a failure a session is as good as new: text needs no vision tower. */
static void
test_recovers (void)
{
  g_autofree char *folder =
      files_new_spoilt_checkpoint ("visual.blocks.1.", FILES_NAN);
  g_autoptr (VlmSession) session = new_session (folder);
  g_autoptr (VlmSession) fresh = new_session (folder);
  g_autoptr (VlmPrompt) video = ask_of_video ();
  g_autoptr (VlmPrompt) words = vlm_prompt_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmAnswer) expected = NULL;
  VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;

  params.max_tokens = 12;
  vlm_prompt_add_text (words, "What is this?");
  expected = vlm_session_generate (fresh, words, &params, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (VlmAnswer) answer = NULL;

    assert_fails (session, video, &params, "block 1 of the vision tower");
    answer = vlm_session_generate (session, words, &params, NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (answer->text, ==, expected->text);
    g_assert_cmpfloat (answer->confidence, ==, expected->confidence);
  }
  files_remove (folder);
}

static void
cancel (const char *stage, double fraction, gpointer cancellable)
{
  if (g_str_equal (stage, "prefill"))
    g_cancellable_cancel (cancellable);
}

/* The search for the place can be cancelled, too. */
static void
test_cancelled (void)
{
  g_autofree char *folder =
      files_new_spoilt_checkpoint ("model.norm", FILES_NAN);
  g_autoptr (VlmSession) session = new_session (folder);
  g_autoptr (VlmPrompt) video = ask_of_video ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const VlmWork work = {
    .cancellable = cancellable, .progress = cancel, .user_data = cancellable
  };
  g_autoptr (GError) error = NULL;

  g_assert_null (vlm_session_generate (session, video, NULL, &work, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  files_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (damages); i++) {
    g_autofree char *name =
        g_strdup_printf ("/not-finite/%s", damages[i].weights);

    g_test_add_data_func (name, &damages[i], test_damage);
  }
  g_test_add_func ("/not-finite/recovers", test_recovers);
  g_test_add_func ("/not-finite/cancelled", test_cancelled);
  return g_test_run ();
}
