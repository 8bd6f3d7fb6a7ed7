/* gst-vlm: a checkpoint answering a case, with everything in between
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/forward.h"

#include "model/attention-map.h"

/* Where special tokens come from: special_ids.json for checkpoints of tests,
 * whose tokenizers may be absent, else the tokenizer. */
static gboolean
set_special (TestModel *self, const char *path, const VlmCheckpoint *checkpoint,
    GError **error)
{
  g_autofree char *special = g_build_filename (path, "special_ids.json", NULL);

  if (g_file_test (special, G_FILE_TEST_EXISTS)) {
    self->directory = g_strdup (path);
    return TRUE;
  }
  self->tokenizer = vlm_checkpoint_load_tokenizer (checkpoint, error);
  return self->tokenizer != NULL;
}

static TestModel *
load (const char *path, const char *mmproj, VlmModelWeights weights,
    GError **error)
{
  g_autoptr (TestModel) self = g_new0 (TestModel, 1);
  g_autoptr (VlmCheckpoint) checkpoint =
      vlm_checkpoint_open (path, mmproj, error);

  if (checkpoint == NULL || !set_special (self, path, checkpoint, error))
    return NULL;
  vlm_weight_list_quantise (checkpoint->weights, weights);
  self->device = vlm_vk_device_open (g_getenv ("VLM_DEVICE"), error);
  if (self->device == NULL)
    return NULL;
  self->net = vlm_net_load (self->device, checkpoint, NULL, error);
  if (self->net == NULL)
    return NULL;
  self->nn = vlm_nn_new (self->device, error);
  if (self->nn == NULL)
    return NULL;
  self->vision = vlm_vision_new (self->net, self->nn);
  return g_steal_pointer (&self);
}

TestModel *
test_model_load (const char *path, const char *mmproj, GError **error)
{
  return load (path, mmproj, VLM_MODEL_WEIGHTS_NATIVE, error);
}

TestModel *
test_model_load_quantised (
    const char *path, VlmModelWeights weights, GError **error)
{
  return load (path, NULL, weights, error);
}

void
test_model_free (TestModel *self)
{
  if (self == NULL)
    return;
  vlm_vision_free (self->vision);
  vlm_nn_free (self->nn);
  vlm_net_unref (self->net);
  g_clear_pointer (&self->device, vlm_vk_device_unref);
  g_free (self->directory);
  vlm_tokenizer_unref (self->tokenizer);
  g_free (self);
}

static gboolean
encode_kind (TestModel *self, const TestCase *question, gboolean videos,
    VlmModelTaps *taps, VlmNnTensor *features, GError **error)
{
  guint first_row = videos ? question->n_image_rows : 0;
  g_autoptr (GArray) grids = NULL;
  g_autofree float *patches = NULL;

  if ((videos ? question->videos : question->images)->len == 0)
    return TRUE;
  patches = test_case_patches (
      question, vlm_net_get_config (self->net), videos, &grids, error);
  if (patches == NULL)
    return FALSE;
  if (taps != NULL)
    vlm_model_taps_set_prefix (
        taps, videos ? "video.vision." : "image.vision.");
  vlm_vision_set_taps (self->vision, taps);
  return vlm_vision_encode (self->vision, patches,
      (const VlmGrid *) grids->data, grids->len, features, first_row, NULL,
      error);
}

gboolean
test_model_encode (TestModel *self, const TestCase *question,
    VlmModelTaps *taps, VlmNnTensor *features, GError **error)
{
  const VlmConfig *config = vlm_net_get_config (self->net);

  if (question->n_rows == 0)
    return TRUE;
  return vlm_nn_tensor_init (features, self->nn, question->n_rows,
             config->vision.out_hidden_size, error) &&
      encode_kind (self, question, FALSE, taps, features, error) &&
      encode_kind (self, question, TRUE, taps, features, error);
}

static VlmVisionPlan *
plan_of (const VlmConfig *config, const GArray *media, GError **error)
{
  g_autofree VlmGrid *grids = g_new (VlmGrid, media->len);

  for (guint i = 0; i < media->len; i++)
    grids[i] = g_array_index (media, TestMedium, i).grid;
  return vlm_vision_plan_new (&config->vision, grids, media->len, error);
}

/* What the last prompt token attends to, from its queries in the taps. */
static gboolean
read_attention (const TestModel *self, VlmContext *context, VlmModelTaps *taps,
    TestAnswer *answer, GError **error)
{
  const VlmTextConfig *c = &vlm_net_get_config (self->net)->text;
  guint n = answer->question->ids->len;
  gsize ld = (gsize) c->n_kv_heads * c->head_dim;
  g_autofree float *keys = g_new (float, n *ld);
  g_autofree double *row = g_new (double, n);

  answer->attention = g_new0 (float, (gsize) c->n_layers *n);
  for (guint layer = 0; layer < c->n_layers; layer++) {
    g_autofree char *name = g_strdup_printf ("text.q%u", layer);
    const VlmTap *q = vlm_model_taps_lookup (taps, name, error);
    float *target = answer->attention + (gsize) layer * n;

    if (q == NULL || !vlm_context_read_keys (context, layer, n, keys, error))
      return FALSE;
    for (guint head = 0; head < c->n_heads; head++) {
      guint kv_head = head / (c->n_heads / c->n_kv_heads);

      vlm_attention_probabilities (q->data +
              (gsize) (q->n_rows - 1) * q->n_cols + (gsize) head * c->head_dim,
          keys + (gsize) kv_head * c->head_dim, ld, n, c->head_dim, row);
      for (guint i = 0; i < n; i++)
        target[i] += (float) (row[i] / c->n_heads);
    }
  }
  return TRUE;
}

/* The prompt at once, then token by token what has the largest logit. */
static gboolean
decode (const TestModel *self, VlmContext *context, VlmModelTaps *taps,
    const VlmNnTensor *features, TestAnswer *answer, GError **error)
{
  const TestCase *question = answer->question;
  guint n = question->ids->len;
  VlmChoose choose = { .penalty = 1.0f };
  VlmNnChoice choice;

  vlm_context_set_keep_logits (context, TRUE);
  answer->logits = g_new (float, (gsize) n * answer->n_vocab);
  if (!vlm_context_append (context,
          &(const VlmTokenSpan){ (const gint32 *) question->inputs->data,
              &question->positions, 0, n, features },
          &choose, &choice, NULL, error) ||
      !vlm_context_read_all_logits (context, answer->logits, error) ||
      (taps != NULL && !read_attention (self, context, taps, answer, error)))
    return FALSE;
  answer->rope_delta = vlm_context_get_next_position (context) - (gint32) n;
  vlm_context_set_keep_logits (context, FALSE);
  vlm_context_set_taps (context, NULL);
  answer->greedy_logits = g_new (float, TEST_N_GREEDY * answer->n_vocab);
  for (guint step = 0; step < TEST_N_GREEDY; step++) {
    gboolean ok;
    VlmPositions next;

    answer->greedy_tokens[step] = choice.token;
    if (!vlm_context_read_logits (context,
            answer->greedy_logits + (gsize) step * answer->n_vocab, error))
      return FALSE;
    if (step + 1 == TEST_N_GREEDY)
      break;
    vlm_positions_init (&next);
    next.next = vlm_context_get_next_position (context);
    vlm_positions_add_text (&next, 1);
    ok = vlm_context_append (context,
        &(const VlmTokenSpan){ &choice.token, &next, 0, 1 }, &choose, &choice,
        NULL, error);
    vlm_positions_clear (&next);
    if (!ok)
      return FALSE;
  }
  return TRUE;
}

TestCase *
test_model_load_case (const TestModel *self, const char *path, GError **error)
{
  return test_case_load (path, self->directory, self->tokenizer,
      vlm_net_get_config (self->net), error);
}

TestAnswer *
test_model_answer (TestModel *self, TestCase *question, guint chunk,
    VlmModelTaps *taps, GError **error)
{
  const VlmConfig *config = vlm_net_get_config (self->net);
  g_autoptr (TestAnswer) answer = g_new0 (TestAnswer, 1);
  g_autoptr (VlmContext) context = vlm_context_new (self->net, self->nn);
  VlmNnTensor features = { 0 };
  gboolean ok;

  answer->n_hidden = config->text.hidden_size;
  answer->n_vocab = config->text.vocab_size;
  answer->question = question;
  for (guint i = 0; i < 2; i++) {
    const GArray *media =
        i == 0 ? answer->question->images : answer->question->videos;

    if (media->len == 0)
      continue;
    answer->plans[i] = plan_of (config, media, error);
    if (answer->plans[i] == NULL)
      return NULL;
  }
  ok = test_model_encode (self, answer->question, taps, &features, error);
  if (ok && features.buffer != NULL) {
    answer->features =
        g_new (float, (gsize) answer->question->n_rows * answer->n_hidden);
    ok = vlm_nn_tensor_read (
        &features, self->nn, 0, features.n_rows, answer->features, error);
  }
  if (taps != NULL)
    vlm_model_taps_set_prefix (taps, "");
  vlm_context_set_chunk (context, chunk);
  vlm_context_set_taps (context, taps);
  ok = ok &&
      decode (self, context, taps, features.buffer != NULL ? &features : NULL,
          answer, error);
  vlm_nn_tensor_clear (&features);
  return ok ? g_steal_pointer (&answer) : NULL;
}

void
test_answer_free (TestAnswer *answer)
{
  if (answer == NULL)
    return;
  test_case_free (answer->question);
  for (guint i = 0; i < 2; i++)
    vlm_vision_plan_free (answer->plans[i]);
  g_free (answer->features);
  g_free (answer->logits);
  g_free (answer->greedy_logits);
  g_free (answer->attention);
  g_free (answer);
}
