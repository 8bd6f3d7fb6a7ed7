/* gst-vlm: where the small checkpoint looks
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The goldens check that queries and keys are right; this checks that a session
 * combines the right ones, against the same sums done plainly. */
#include <math.h>

#include "analyzer/kinds.h"
#include "engine/attention.h"
#include "engine/model.h"
#include "engine/session.h"
#include "media/patchify.h"

#define N_FRAMES 4
#define MAX_TOKENS 40

static VlmModel *model;
static VlmFrame *video[N_FRAMES];
static VlmFrame *picture;

static VlmFrame *
make_frame (guint width, guint height, guint seed)
{
  g_autofree guint8 *pixels = g_malloc (3 * width * height);
  const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
    TRUE, width, height, { pixels }, { (gint) width * 3 } };

  for (guint i = 0; i < 3 * width * height; i++)
    pixels[i] = (guint8) (i * (seed + 3) + seed * 40 + i / 300);
  return vlm_frame_new (&view, width, height, VLM_RESAMPLE_VIDEO, NULL);
}

/* Ragged windows; two slices of a video between two pictures, which are one
 * picture: encoded once. */
static VlmPrompt *
make_prompt (void)
{
  const gint64 times[N_FRAMES] = { 0, VLM_SECOND, 2 * VLM_SECOND,
    3 * VLM_SECOND };
  VlmPrompt *prompt = vlm_prompt_new ();

  vlm_prompt_add_image (prompt, picture);
  vlm_prompt_add_text (prompt, "and then");
  vlm_prompt_add_video (prompt, video, times, N_FRAMES);
  vlm_prompt_add_image (prompt, picture);
  vlm_prompt_add_text (prompt, "What moves?");
  return prompt;
}

static VlmAnswer *
ask (VlmSession *session, const VlmAnswerKind *kind, VlmAttention **attention)
{
  VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  g_autoptr (VlmPrompt) prompt = make_prompt ();
  g_autoptr (GError) error = NULL;
  VlmAnswer *answer;

  params.kind = kind;
  params.max_tokens = MAX_TOKENS;
  answer = vlm_session_generate (session, prompt, &params, NULL, &error);
  g_assert_no_error (error);
  *attention = vlm_session_steal_attention (session);
  g_assert_null (vlm_session_steal_attention (session));
  return answer;
}

/* The softmax as it is written in books. */
static void
plain_softmax (const float *q, const float *keys, gsize ld, guint n, guint dim,
    long double *out)
{
  long double sum = 0;

  for (guint i = 0; i < n; i++) {
    long double score = 0;

    for (guint j = 0; j < dim; j++)
      score += (long double) q[j] * (long double) keys[i * ld + j];
    out[i] = expl (score / sqrtl (dim));
    sum += out[i];
  }
  for (guint i = 0; i < n; i++)
    out[i] /= sum;
}

/* --- the language model --------------------------------------------------- */

typedef struct
{
  const VlmConfig *config;
  VlmNn *nn;
  VlmVision *vision;
  VlmNnTensor features;
  VlmModelTaps *taps;
  VlmLayout *layout;
  GArray *rows; /* guint: first row of each slice's features */
} Plain;

/* Each slice on its own. */
static void
encode_slices (Plain *plain)
{
  VlmGeometry geometry;
  VlmNormTable norm;
  guint64 row = 0;

  vlm_config_get_geometry (plain->config, &geometry);
  vlm_norm_table_init (
      &norm, plain->config->preprocess.mean, plain->config->preprocess.std);
  g_assert_true (vlm_nn_tensor_init (&plain->features, plain->nn,
      plain->layout->n_vision_tokens, plain->config->vision.out_hidden_size,
      NULL));
  for (guint i = 0; i < plain->layout->slices->len; i++) {
    const VlmSliceRef *slice =
        &g_array_index (plain->layout->slices, VlmSliceRef, i);
    VlmFrame *frames[2] = { slice->first, slice->second };
    VlmPatchGrid grid;
    g_autofree float *patches = NULL;
    g_autofree char *prefix = g_strdup_printf ("%u.", i);

    g_assert_true (vlm_patch_grid (&geometry, frames, 2, &grid, NULL));
    patches = g_new (float, (gsize) grid.n_patches *grid.patch_floats);
    vlm_patchify (&geometry, &norm, &grid, frames, 2, patches);
    vlm_model_taps_set_prefix (plain->taps, prefix);
    g_assert_true (vlm_vision_encode (plain->vision, patches, &slice->grid, 1,
        &plain->features, row, NULL, NULL));
    g_array_append_val (plain->rows, row);
    row += slice->n_cells;
  }
  vlm_model_taps_set_prefix (plain->taps, "");
}

static void
plain_init (Plain *plain, VlmPrompt *prompt)
{
  VlmNet *net = vlm_model_get_net (model);

  plain->config = vlm_net_get_config (net);
  plain->nn = vlm_nn_new (vlm_net_get_device (net), NULL);
  plain->vision = vlm_vision_new (net, plain->nn);
  plain->taps = vlm_model_taps_new ();
  plain->layout = vlm_layout_new (
      prompt, plain->config, vlm_model_get_tokenizer (model), NULL);
  plain->rows = g_array_new (FALSE, FALSE, sizeof (guint64));
  vlm_vision_set_taps (plain->vision, plain->taps);
  encode_slices (plain);
}

static void
plain_clear (Plain *plain)
{
  vlm_vision_free (plain->vision);
  vlm_nn_tensor_clear (&plain->features);
  vlm_nn_free (plain->nn);
  vlm_model_taps_free (plain->taps);
  vlm_layout_free (plain->layout);
  g_array_unref (plain->rows);
}

/* Prompt and answer in one go, all tokens' queries kept. */
static VlmContext *
run_all (Plain *plain, const VlmAttention *attention, GArray *first_cells)
{
  VlmContext *context = vlm_context_new (vlm_model_get_net (model), plain->nn);
  VlmLayout *layout = plain->layout;
  guint64 row = 0;
  int last = 0;

  for (guint i = 0; i < layout->ids->len; i++) {
    gint32 *id = &g_array_index (layout->ids, gint32, i);

    if (*id < 0) {
      if (*id != last)
        g_array_append_val (first_cells, i);
      last = *id;
      *id = -1 - (gint32) row++;
    } else {
      last = 0;
    }
  }
  g_array_append_vals (
      layout->ids, attention->token_ids, attention->n_tokens - 1);
  vlm_positions_add_text (&layout->positions, attention->n_tokens - 1);
  vlm_context_set_taps (context, plain->taps);
  g_assert_true (vlm_context_append (context,
      &(const VlmTokenSpan){ (const gint32 *) (gpointer) layout->ids->data,
          &layout->positions, 0, layout->ids->len, &plain->features },
      NULL, NULL, NULL, NULL));
  return context;
}

/* [layers or tokens, all cells of all slices]: means over the rest. */
static void
plain_maps (Plain *plain, VlmContext *context, guint n_prompt, guint n_tokens,
    double *layers, double *tokens)
{
  const VlmTextConfig *c = &plain->config->text;
  guint n = plain->layout->ids->len;
  gsize ld = (gsize) c->n_kv_heads * c->head_dim;
  g_autofree float *keys = g_new (float, n *ld);
  g_autofree long double *row = g_new (long double, n);

  for (guint layer = 0; layer < c->n_layers; layer++) {
    g_autofree char *name = g_strdup_printf ("text.q%u", layer);
    const VlmTap *q = vlm_model_taps_lookup (plain->taps, name, NULL);

    g_assert_cmpuint (q->n_rows, ==, n);
    g_assert_true (vlm_context_read_keys (context, layer, n, keys, NULL));
    for (guint t = 0; t < n_tokens; t++)
      for (guint head = 0; head < c->n_heads; head++) {
        guint place = n_prompt - 1 + t;

        plain_softmax (
            q->data + (gsize) place * q->n_cols + (gsize) head * c->head_dim,
            keys + (gsize) (head * c->n_kv_heads / c->n_heads) * c->head_dim,
            ld, place + 1, c->head_dim, row);
        for (guint i = 0; i <= place; i++) {
          layers[layer * n + i] += (double) row[i] / (c->n_heads * n_tokens);
          tokens[t * n + i] += (double) row[i] / (c->n_heads * c->n_layers);
        }
      }
  }
}

static void
check_near (double got, double expected)
{
  g_assert_cmpfloat_with_epsilon (got, expected, 2e-5);
}

static void
check_answer_maps (const VlmAttention *attention, const GArray *first_cells,
    guint n, const double *layers, const double *tokens)
{
  g_assert_cmpuint (attention->n_slices, ==, first_cells->len);
  for (guint s = 0; s < attention->n_slices; s++) {
    const VlmAttentionSlice *slice = &attention->slices[s];
    guint first = g_array_index (first_cells, guint, s);
    guint n_cells = slice->n_rows * slice->n_cols;

    for (guint i = 0; i < n_cells; i++) {
      for (guint l = 0; l < attention->n_layers; l++)
        check_near (slice->layers[l * n_cells + i], layers[l * n + first + i]);
      for (guint t = 0; t < attention->n_tokens; t++)
        check_near (slice->tokens[t * n_cells + i], tokens[t * n + first + i]);
    }
  }
}

static void
test_answer (gconstpointer data)
{
  const VlmAnswerKind *kind = data;
  g_autoptr (VlmSession) session = vlm_session_new (model);
  g_autoptr (VlmPrompt) prompt = make_prompt ();
  g_autoptr (VlmAttention) attention = NULL;
  g_autoptr (VlmAnswer) answer = NULL;
  g_autoptr (VlmContext) context = NULL;
  g_autoptr (GArray) first_cells = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree double *layers = NULL, *tokens = NULL;
  Plain plain = { 0 };
  guint n_prompt, n;

  vlm_session_set_record_attention (session, TRUE);
  answer = ask (session, kind, &attention);
  g_assert_nonnull (attention);
  g_assert_cmpuint (attention->n_tokens, >, 5);
  g_assert_cmpuint (attention->n_tokens, <=, answer->n_tokens);
  g_assert_cmpuint (attention->token_ends[attention->n_tokens - 1], <=,
      strlen (answer->text));
  plain_init (&plain, prompt);
  n_prompt = plain.layout->ids->len;
  context = run_all (&plain, attention, first_cells);
  n = plain.layout->ids->len;
  layers = g_new0 (double, attention->n_layers *n);
  tokens = g_new0 (double, attention->n_tokens *n);
  plain_maps (&plain, context, n_prompt, attention->n_tokens, layers, tokens);
  check_answer_maps (attention, first_cells, n, layers, tokens);
  plain_clear (&plain);
}

/* --- the vision tower ----------------------------------------------------- */

/* Patch (y, x) of a slice in window order, as the manual says it: windows of
 * 8 x 8 patches, ragged at the edges, cells of 2 x 2 in them. */
static guint
place_of (guint y, guint x, guint height, guint width)
{
  guint y0 = y / 8 * 8, x0 = x / 8 * 8;
  guint window_height = MIN (8, height - y0);
  guint window_width = MIN (8, width - x0);
  guint cell = (y - y0) / 2 * (window_width / 2) + (x - x0) / 2;

  return y0 * width + x0 * window_height + cell * 4 + y % 2 * 2 + x % 2;
}

static void
check_slice (Plain *plain, const VlmAttention *attention, guint index)
{
  const VlmVisionConfig *c = &plain->config->vision;
  const VlmAttentionSlice *slice = &attention->slices[index];
  guint height = slice->n_patch_rows, width = slice->n_patch_cols;
  guint n = height * width;
  g_autofree long double *row = g_new (long double, n);
  g_autofree double *sum = g_new (double, n);

  for (guint b = 0; b < attention->n_blocks; b++) {
    g_autofree char *q_name =
        g_strdup_printf ("%u.q%u", index, attention->blocks[b]);
    g_autofree char *k_name =
        g_strdup_printf ("%u.k%u", index, attention->blocks[b]);
    const VlmTap *q = vlm_model_taps_lookup (plain->taps, q_name, NULL);
    const VlmTap *k = vlm_model_taps_lookup (plain->taps, k_name, NULL);

    for (guint head = 0; head < c->n_heads; head++) {
      const float *map = slice->received + (gsize) (b * c->n_heads + head) * n;
      double total = 0.0;

      memset (sum, 0, n * sizeof *sum);
      for (guint i = 0; i < n; i++) {
        plain_softmax (q->data + i * q->n_cols + head * c->head_dim,
            k->data + head * c->head_dim, k->n_cols, n, c->head_dim, row);
        for (guint j = 0; j < n; j++)
          sum[j] += (double) row[j] / n;
      }
      for (guint y = 0; y < height; y++)
        for (guint x = 0; x < width; x++) {
          check_near (map[y * width + x], sum[place_of (y, x, height, width)]);
          total += map[y * width + x];
        }
      g_assert_cmpfloat_with_epsilon (total, 1.0, 1e-5);
    }
  }
}

static void
test_received (void)
{
  g_autoptr (VlmSession) session = vlm_session_new (model);
  g_autoptr (VlmPrompt) prompt = make_prompt ();
  g_autoptr (VlmAttention) attention = NULL;
  g_autoptr (VlmAnswer) answer = NULL;
  Plain plain = { 0 };

  vlm_session_set_record_attention (session, TRUE);
  answer = ask (session, NULL, &attention);
  g_assert_nonnull (attention);
  plain_init (&plain, prompt);
  g_assert_cmpuint (attention->n_slices, ==, 4);
  g_assert_cmpuint (attention->n_blocks, ==, 1);
  for (guint i = 0; i < attention->n_slices; i++) {
    const VlmAttentionSlice *slice = &attention->slices[i];

    g_assert_true (slice->is_video == (i == 1 || i == 2));
    g_assert_cmpuint (2 * slice->n_rows, ==, slice->n_patch_rows);
    g_assert_cmpuint (2 * slice->n_cols, ==, slice->n_patch_cols);
    check_slice (&plain, attention, i);
  }
  g_assert_true (attention->slices[0].frame == picture);
  g_assert_true (attention->slices[2].frame == video[2]);
  plain_clear (&plain);
}

/* --- looking changes nothing ---------------------------------------------- */

static void
test_same_answer (void)
{
  g_autoptr (VlmSession) session = vlm_session_new (model);
  VlmAttention *attention[3];
  VlmAnswer *answers[3];

  for (guint i = 0; i < 3; i++) {
    vlm_session_set_record_attention (session, i == 1);
    answers[i] = ask (session, &vlm_kind_events, &attention[i]);
    g_assert_true ((attention[i] != NULL) == (i == 1));
    g_assert_cmpstr (answers[i]->text, ==, answers[0]->text);
    g_assert_cmpfloat_with_epsilon (
        log (answers[i]->confidence), log (answers[0]->confidence), 1e-4);
  }
  for (guint i = 0; i < 3; i++) {
    vlm_answer_free (answers[i]);
    vlm_attention_free (attention[i]);
  }
}

/* A second recording has all maps again, though all features were there. */
static void
test_again (void)
{
  g_autoptr (VlmSession) session = vlm_session_new (model);
  VlmAttention *attention[2];

  vlm_session_set_record_attention (session, TRUE);
  for (guint i = 0; i < 2; i++)
    vlm_answer_free (ask (session, NULL, &attention[i]));
  for (guint s = 0; s < attention[0]->n_slices; s++) {
    const VlmAttentionSlice *a = &attention[0]->slices[s];
    const VlmAttentionSlice *b = &attention[1]->slices[s];

    for (guint i = 0; i < a->n_patch_rows * a->n_patch_cols; i++)
      check_near (a->received[i], b->received[i]);
    for (guint i = 0; i < a->n_rows * a->n_cols; i++)
      check_near (a->layers[i], b->layers[i]);
  }
  vlm_attention_free (attention[0]);
  vlm_attention_free (attention[1]);
}

int
main (int argc, char **argv)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  path =
      g_test_build_filename (G_TEST_DIST, "data", "tiny", "checkpoint", NULL);
  model =
      vlm_model_acquire (&(const VlmModelParams){ .path = path }, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < N_FRAMES; i++)
    video[i] = make_frame (140, 84, i);
  picture = make_frame (84, 168, 9);
  g_test_add_data_func ("/attention/answer-free", &vlm_kind_free, test_answer);
  g_test_add_data_func (
      "/attention/answer-events", &vlm_kind_events, test_answer);
  g_test_add_func ("/attention/received", test_received);
  g_test_add_func ("/attention/same-answer", test_same_answer);
  g_test_add_func ("/attention/again", test_again);
  result = g_test_run ();
  for (guint i = 0; i < N_FRAMES; i++)
    vlm_frame_unref (video[i]);
  vlm_frame_unref (picture);
  g_object_unref (model);
  return result;
}
