/* gst-vlm: a checkpoint compared with the reference
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * golden-model CHECKPOINT CASES GOLDENS [--stages]
 *
 * Folders below the reference data beside the project, or below tests/data with
 * "data/" before them. Every case of CASES that has a golden is run once;
 * --stages looks at everything in between too, so that a failure names the
 * first stage that is wrong. */
#include <string.h>

#include "model/attention-map.h"
#include "tests/support/forward.h"
#include "tests/support/golden.h"

/* The subtlest wrong formula, tanh in the place of erf, moves features by 5e-4
 * and logits by 2.7e-3. */
#define MERGER_TOLERANCE 2e-4f
#define LOGITS_TOLERANCE 1e-3f
/* Of probabilities; one head too many in a mean moves them by 1e-3. */
#define ATTENTION_TOLERANCE 2e-5f

static struct
{
  TestModel *model;
  char *cases;
  char *goldens;
  gboolean stages;
} fixture;

static const char *const kinds[] = { "image", "video" };

static char *
kind_name (guint kind, const char *name)
{
  return g_strconcat (kinds[kind], ".vision.", name, NULL);
}

/* Where frames were resized: one sample that is a level off moves features by
 * more than the tolerance. */
static void
check_frames (const Golden *golden, const TestCase *question)
{
  for (guint i = 0; i < question->videos->len; i++) {
    const TestMedium *video = &g_array_index (question->videos, TestMedium, i);
    const VlmFrame *first = g_ptr_array_index (video->frames, 0);
    gsize n_bytes = (gsize) 3 * first->width * first->height, n;
    g_autofree char *name = g_strdup_printf ("video%u.resized_u8", i);
    g_autofree guint8 *expected = NULL;

    if (!golden_has (golden, name))
      continue;
    expected = golden_get_bytes (golden, name, &n);
    g_assert_cmpuint (n, ==, video->frames->len * n_bytes);
    for (guint f = 0; f < video->frames->len; f++) {
      const VlmFrame *frame = g_ptr_array_index (video->frames, f);

      g_assert_cmpmem (frame->pixels, n_bytes, expected + f * n_bytes, n_bytes);
    }
  }
}

static void
check_positions (const Golden *golden, const TestCase *question)
{
  g_autofree gint32 *positions = g_new (gint32, 3 * question->ids->len);

  for (guint axis = 0; axis < 3; axis++) {
    g_assert_cmpuint (
        question->positions.axes[axis]->len, ==, question->ids->len);
    memcpy (positions + (gsize) axis * question->ids->len,
        question->positions.axes[axis]->data, question->ids->len * 4);
  }
  golden_check_ints (golden, "input_ids", (const gint32 *) question->ids->data,
      question->ids->len);
  golden_check_ints (
      golden, "position_ids", positions, 3 * (gsize) question->ids->len);
}

static void
check_grids (const Golden *golden, const TestAnswer *answer, guint kind)
{
  const GArray *media =
      kind == 0 ? answer->question->images : answer->question->videos;
  g_autofree char *name = g_strconcat (kinds[kind], "_grid_thw", NULL);
  g_autofree gint32 *grids = g_new (gint32, 3 * media->len);

  for (guint i = 0; i < media->len; i++) {
    const TestMedium *medium = &g_array_index (media, TestMedium, i);

    grids[3 * i] = (gint32) medium->grid.t;
    grids[3 * i + 1] = (gint32) medium->grid.h;
    grids[3 * i + 2] = (gint32) medium->grid.w;
  }
  golden_check_ints (golden, name, grids, 3 * (gsize) media->len);
}

static void
check_bounds (const Golden *golden, guint kind, const char *stage,
    const guint32 *bounds, guint n)
{
  g_autofree char *name = kind_name (kind, stage);

  if (golden_has (golden, name))
    golden_check_ints (golden, name, (const gint32 *) bounds, n);
}

/* A tap, if the golden has it. */
static void
check_stage (
    const Golden *golden, VlmModelTaps *taps, const char *name, float tolerance)
{
  g_autoptr (GError) error = NULL;
  const VlmTap *tap;

  if (!golden_has (golden, name))
    return;
  tap = vlm_model_taps_lookup (taps, name, &error);
  g_assert_no_error (error);
  golden_check_floats (
      golden, name, tap->data, (gsize) tap->n_rows * tap->n_cols, tolerance);
}

/* The tap has rows in window order, the golden in merge order. */
static void
check_patch_embed (const Golden *golden, VlmModelTaps *taps,
    const VlmVisionPlan *plan, guint kind)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = kind_name (kind, "patch_embed");
  const VlmTap *tap;
  gsize cell_floats;
  g_autofree float *merge_order = NULL;

  if (!golden_has (golden, name))
    return;
  tap = vlm_model_taps_lookup (taps, name, &error);
  g_assert_no_error (error);
  cell_floats = (gsize) tap->n_rows / plan->n_cells * tap->n_cols;
  merge_order = g_new (float, plan->n_cells *cell_floats);
  for (guint i = 0; i < plan->n_cells; i++)
    memcpy (merge_order + plan->window_index[i] * cell_floats,
        tap->data + i * cell_floats, cell_floats * sizeof (float));
  golden_check_floats (
      golden, name, merge_order, plan->n_cells * cell_floats, MERGER_TOLERANCE);
}

static void
check_stages (
    const Golden *golden, VlmModelTaps *taps, const TestAnswer *answer)
{
  const VlmConfig *config = vlm_net_get_config (fixture.model->net);

  for (guint kind = 0; kind < 2; kind++) {
    if (answer->plans[kind] == NULL)
      continue;
    check_patch_embed (golden, taps, answer->plans[kind], kind);
    for (guint i = 0; i < config->vision.depth; i++) {
      g_autofree char *stage = g_strdup_printf ("block%u", i);
      g_autofree char *name = kind_name (kind, stage);

      check_stage (golden, taps, name, MERGER_TOLERANCE);
    }
  }
  check_stage (golden, taps, "inputs_embeds", MERGER_TOLERANCE);
  for (guint i = 0; i < config->text.n_layers; i++) {
    g_autofree char *name = g_strdup_printf ("text.layer%u", i);

    check_stage (golden, taps, name, LOGITS_TOLERANCE);
  }
  check_stage (golden, taps, "text.norm", LOGITS_TOLERANCE);
}

/* What the patches of each slice receive in one block, [n_heads, P] of all
 * slices, row by row; taps are in window order. */
static void
receive (const VlmVisionPlan *plan, const GArray *media, const VlmTap *q,
    const VlmTap *k, guint n_heads, float *received)
{
  guint slice = 0;

  for (guint i = 0; i < media->len; i++) {
    VlmGrid grid = g_array_index (media, TestMedium, i).grid;
    guint n = grid.h * grid.w;

    for (guint t = 0; t < grid.t; t++, slice++) {
      guint first = plan->slice_bounds[slice];
      g_autofree float *part = g_new (float, n_heads *n);

      g_assert_cmpuint (plan->slice_bounds[slice + 1], ==, first + n);
      vlm_attention_received (q->data + (gsize) first * q->n_cols,
          k->data + (gsize) first * k->n_cols, n, n_heads, q->n_cols / n_heads,
          part);
      for (guint head = 0; head < n_heads; head++)
        for (guint j = 0; j < n; j++)
          received[head * plan->n_patches + first +
              plan->rows[first + j] * grid.w + plan->cols[first + j]] =
              part[head * n + j];
    }
  }
}

static void
check_received (const Golden *golden, VlmModelTaps *taps,
    const TestAnswer *answer, guint kind)
{
  const VlmVisionConfig *c = &vlm_net_get_config (fixture.model->net)->vision;
  const VlmVisionPlan *plan = answer->plans[kind];
  g_autofree char *name = kind_name (kind, "attention");
  gsize n = (gsize) c->n_heads * (plan != NULL ? plan->n_patches : 0);
  g_autofree float *received = g_new (float, c->n_full_blocks *n + 1);

  if (plan == NULL)
    return;
  for (guint i = 0; i < c->n_full_blocks; i++) {
    g_autofree char *q_name =
        g_strdup_printf ("%s.vision.q%u", kinds[kind], c->full_blocks[i]);
    g_autofree char *k_name =
        g_strdup_printf ("%s.vision.k%u", kinds[kind], c->full_blocks[i]);
    const VlmTap *q = vlm_model_taps_lookup (taps, q_name, NULL);
    const VlmTap *k = vlm_model_taps_lookup (taps, k_name, NULL);

    g_assert_true (q != NULL && k != NULL);
    g_assert_cmpuint (q->n_rows, ==, plan->n_patches);
    receive (plan,
        kind == 0 ? answer->question->images : answer->question->videos, q, k,
        c->n_heads, received + i * n);
  }
  golden_check_floats (
      golden, name, received, c->n_full_blocks * n, ATTENTION_TOLERANCE);
}

/* Where the towers look. */
static void
check_attention (
    const Golden *golden, VlmModelTaps *taps, const TestAnswer *answer)
{
  const VlmTextConfig *c = &vlm_net_get_config (fixture.model->net)->text;

  if (!golden_has (golden, "attention"))
    return;
  check_received (golden, taps, answer, 0);
  check_received (golden, taps, answer, 1);
  golden_check_floats (golden, "attention", answer->attention,
      (gsize) c->n_layers * answer->question->ids->len, ATTENTION_TOLERANCE);
}

static void
check_vision (const Golden *golden, const TestAnswer *answer, guint kind)
{
  const VlmVisionPlan *plan = answer->plans[kind];
  g_autofree char *name = kind_name (kind, "merger");
  gsize first_row = kind == 0 ? 0 : answer->question->n_image_rows;

  if (plan == NULL)
    return;
  check_grids (golden, answer, kind);
  check_bounds (
      golden, kind, "window_index", plan->window_index, plan->n_cells);
  check_bounds (golden, kind, "cu_window_seqlens", plan->window_bounds,
      plan->n_windows + 1);
  check_bounds (
      golden, kind, "cu_seqlens", plan->slice_bounds, plan->n_slices + 1);
  golden_check_floats (golden, name,
      answer->features + first_row * answer->n_hidden,
      (gsize) plan->n_cells * answer->n_hidden, MERGER_TOLERANCE);
}

/* Of all prompt tokens, or of the last where the golden has no more. */
static void
check_logits (const Golden *golden, const TestAnswer *answer)
{
  guint n = golden_get_dim (golden, "logits", 0);
  guint n_ids = answer->question->ids->len;

  g_assert_true (n == n_ids || n == 1);
  golden_check_floats (golden, "logits",
      answer->logits + (gsize) (n_ids - n) * answer->n_vocab,
      (gsize) n * answer->n_vocab, LOGITS_TOLERANCE);
  golden_check_ints (
      golden, "greedy_tokens", answer->greedy_tokens, TEST_N_GREEDY);
  if (golden_has (golden, "greedy_logits"))
    golden_check_floats (golden, "greedy_logits", answer->greedy_logits,
        (gsize) TEST_N_GREEDY * answer->n_vocab, LOGITS_TOLERANCE);
}

static void
test_golden (gconstpointer data)
{
  const char *name = data;
  g_autofree char *case_file = g_strconcat (name, ".json", NULL);
  g_autofree char *golden_file = g_strconcat (name, ".safetensors", NULL);
  g_autofree char *case_path =
      g_build_filename (fixture.cases, case_file, NULL);
  g_autofree char *golden_path =
      g_build_filename (fixture.goldens, golden_file, NULL);
  g_autoptr (VlmModelTaps) taps = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (TestAnswer) answer = NULL;
  g_auto (Golden) golden = { 0 };
  TestCase *question;

  golden_open (&golden, golden_path);
  question = test_model_load_case (fixture.model, case_path, &error);
  g_assert_no_error (error);
  check_frames (&golden, question);
  check_positions (&golden, question);
  if (fixture.stages || golden_has (&golden, "attention"))
    taps = vlm_model_taps_new ();
  answer = test_model_answer (fixture.model, question, 0, taps, &error);
  g_assert_no_error (error);
  if (golden_has (&golden, "rope_delta"))
    golden_check_ints (&golden, "rope_delta", &answer->rope_delta, 1);
  if (fixture.stages)
    check_stages (&golden, taps, answer);
  check_attention (&golden, taps, answer);
  check_vision (&golden, answer, 0);
  check_vision (&golden, answer, 1);
  check_logits (&golden, answer);
}

static char *
find_folder (const char *relative)
{
  if (g_str_has_prefix (relative, "data/"))
    return golden_data_path (relative + strlen ("data/"), NULL);
  return golden_shared_path (relative);
}

static void
test_skip (void)
{
  g_autofree char *path = golden_shared_path ("golden");
}

static void
add_cases (const char *checkpoint)
{
  g_autoptr (GDir) dir = g_dir_open (fixture.goldens, 0, NULL);
  const char *file;

  g_assert_nonnull (dir);
  while ((file = g_dir_read_name (dir)) != NULL) {
    char *name;
    g_autofree char *path = NULL;

    if (!g_str_has_suffix (file, ".safetensors"))
      continue;
    name = g_strndup (file, strlen (file) - strlen (".safetensors"));
    path = g_strdup_printf ("/%s/%s", checkpoint, name);
    g_test_add_data_func_full (path, name, test_golden, g_free);
  }
}

int
main (int argc, char **argv)
{
  g_autofree char *directory = NULL;
  g_autoptr (GError) error = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, >=, 4);
  directory = find_folder (argv[1]);
  fixture.cases = find_folder (argv[2]);
  fixture.goldens = find_folder (argv[3]);
  fixture.stages = argc > 4 && g_str_equal (argv[4], "--stages");
  if (directory == NULL || fixture.cases == NULL || fixture.goldens == NULL) {
    g_test_add_func ("/golden/absent", test_skip);
    return g_test_run ();
  }
  fixture.model = test_model_load (directory, NULL, &error);
  g_assert_no_error (error);
  add_cases (argv[1]);
  result = g_test_run ();
  test_model_free (fixture.model);
  g_free (fixture.cases);
  g_free (fixture.goldens);
  return result;
}
