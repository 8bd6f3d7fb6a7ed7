/* gst-vlm: features are the same however the work is cut
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/qwen2_5_vl/vision-private.h"
#include "nn/context.h"
#include "tests/support/random-net.h"

#define TOLERANCE 1e-4f

enum
{
  HIDDEN = 64,
  FLOATS = 3 * 2 * 14 * 14
};

typedef struct
{
  RandomNet net;
  const VlmGrid *grids;
  guint n_grids;
  guint n_patches;
  float *patches;
} Input;

static gboolean
input_init (Input *input, const VlmGrid *grids, guint n_grids)
{
  GRand *rand;

  *input = (Input){ .grids = grids, .n_grids = n_grids };
  if (!random_net_init (&input->net))
    return FALSE;
  for (guint i = 0; i < n_grids; i++)
    input->n_patches += grids[i].t * grids[i].h * grids[i].w;
  input->patches = g_new (float, (gsize) input->n_patches *FLOATS);
  rand = g_rand_new_with_seed (11);
  for (gsize i = 0; i < (gsize) input->n_patches * FLOATS; i++)
    input->patches[i] = (float) g_rand_double_range (rand, -2, 2);
  g_rand_free (rand);
  return TRUE;
}

static void
input_clear (Input *input)
{
  g_free (input->patches);
  random_net_clear (&input->net);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Input, input_clear)

/* [n_patches / 4, HIDDEN]; the first three rows of the tensor are not ours. */
static float *
encode (const Input *input, VlmVision *vision)
{
  guint n = input->n_patches / 4;
  g_autofree float *rows = g_new (float, (n + 3) * HIDDEN);
  VlmNnTensor features;
  g_autoptr (GError) error = NULL;

  vlm_nn_tensor_init (&features, input->net.nn, n + 3, HIDDEN, &error);
  g_assert_no_error (error);
  vlm_vision_encode (vision, input->patches, input->grids, input->n_grids,
      &features, 3, NULL, &error);
  g_assert_no_error (error);
  vlm_nn_tensor_read (&features, input->net.nn, 0, n + 3, rows, &error);
  g_assert_no_error (error);
  vlm_nn_tensor_clear (&features);
  for (guint i = 0; i < 3 * HIDDEN; i++)
    g_assert_cmpfloat (rows[i], ==, 0);
  return g_memdup2 (rows + 3 * HIDDEN, (gsize) n * HIDDEN * sizeof (float));
}

static float
difference (const Input *input, const float *a, const float *b)
{
  return largest_difference (a, b, (gsize) input->n_patches / 4 * HIDDEN);
}

/* Groups of any size, bands of any height, submissions of any length. */
static void
test_cuts (void)
{
  static const VlmGrid grids[] = { { 1, 12, 20 }, { 3, 6, 10 }, { 1, 2, 2 },
    { 1, 18, 14 } };
  static const struct
  {
    guint group, band;
  } cuts[] = { { 1, 0 }, { 200, 32 }, { 4096, 96 }, { 64, 64 } };
  g_auto (Input) input = { 0 };
  g_autoptr (VlmVision) vision = NULL;
  g_autofree float *expected = NULL;

  if (!input_init (&input, grids, G_N_ELEMENTS (grids)))
    return;
  vision = vlm_vision_new (input.net.net, input.net.nn);
  expected = encode (&input, vision);
  g_assert_cmpfloat (ABS (expected[0]), >, 1e-3f);
  for (guint i = 0; i < G_N_ELEMENTS (cuts); i++) {
    g_autofree float *features = NULL;

    vlm_qwen_vision_set_limits (vision, cuts[i].group, cuts[i].band);
    features = encode (&input, vision);
    g_assert_cmpfloat (difference (&input, features, expected), <=, TOLERANCE);
  }
}

/* A slice's features do not depend on its company: what is cached for one
 * window serves another. */
static void
test_slices_apart (void)
{
  static const VlmGrid together = { 4, 6, 10 }, one = { 1, 6, 10 };
  g_auto (Input) input = { 0 };
  g_autoptr (VlmVision) vision = NULL;
  g_autofree float *expected = NULL;

  if (!input_init (&input, &together, 1))
    return;
  vision = vlm_vision_new (input.net.net, input.net.nn);
  expected = encode (&input, vision);
  for (guint i = 0; i < 4; i++) {
    Input slice = input;
    g_autofree float *features = NULL;

    slice.grids = &one;
    slice.n_patches = 60;
    slice.patches = input.patches + (gsize) i * 60 * FLOATS;
    features = encode (&slice, vision);
    g_assert_cmpfloat (
        difference (&slice, features, expected + i * 15 * HIDDEN), <=,
        TOLERANCE);
  }
}

static void
cancel_now (const char *stage, double fraction, gpointer user_data)
{
  g_assert_cmpstr (stage, ==, "vision");
  g_assert_false (g_cancellable_is_cancelled (user_data));
  g_cancellable_cancel (user_data);
}

static void
test_cancel (void)
{
  static const VlmGrid grid = { 5, 8, 8 };
  g_auto (Input) input = { 0 };
  g_autoptr (VlmVision) vision = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autofree float *expected = NULL;
  g_autofree float *features = NULL;
  VlmNnTensor target;

  if (!input_init (&input, &grid, 1))
    return;
  vision = vlm_vision_new (input.net.net, input.net.nn);
  expected = encode (&input, vision);
  vlm_qwen_vision_set_limits (vision, 64, 0);
  vlm_nn_tensor_init (&target, input.net.nn, 80, HIDDEN, &error);
  g_assert_no_error (error);
  g_assert_false (
      vlm_vision_encode (vision, input.patches, &grid, 1, &target, 0,
          &(const VlmWork){ .cancellable = cancellable,
              .progress = cancel_now,
              .user_data = cancellable },
          &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  vlm_nn_tensor_clear (&target);
  features = encode (&input, vision);
  g_assert_cmpfloat (difference (&input, features, expected), <=, TOLERANCE);
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

  g_assert_cmpfloat (fraction, >=, told->fraction);
  g_assert_cmpfloat (fraction, <=, 1.0);
  told->fraction = fraction;
  if (++told->n_told == told->n_wanted)
    g_cancellable_cancel (told->cancellable);
}

/* A picture so large that a block of it takes long: it is cut within the block,
 * attention too, and can be cancelled there. */
static void
test_large (void)
{
  static const VlmGrid grid = { 1, 30, 26 };
  g_auto (Input) input = { 0 };
  g_autoptr (VlmVision) vision = NULL;
  g_autofree float *expected = NULL;
  guint depth = random_net_config.vision.depth;
  VlmNnTensor target;

  if (!input_init (&input, &grid, 1))
    return;
  vision = vlm_vision_new (input.net.net, input.net.nn);
  expected = encode (&input, vision);
  vlm_vision_free (vision);
  vision = vlm_vision_new (input.net.net, input.net.nn);
  vlm_qwen_vision_set_limits (vision, 0, 256);
  input.net.nn->limits.chunk_macs = 1 << 20;
  for (guint n_wanted = 0; n_wanted <= 3; n_wanted += 3) {
    Told told = { .n_wanted = n_wanted, .cancellable = g_cancellable_new () };
    g_autofree float *features = g_new (float, 195 * HIDDEN);
    g_autoptr (GError) error = NULL;
    gboolean good;

    vlm_nn_tensor_init (&target, input.net.nn, 195, HIDDEN, &error);
    g_assert_no_error (error);
    ((VlmQwenVision *) vision)->submit_macs = 1;
    good = vlm_vision_encode (vision, input.patches, &grid, 1, &target, 0,
        &(const VlmWork){ .cancellable = told.cancellable,
            .progress = count,
            .user_data = &told },
        &error);
    g_assert_cmpint (good, ==, n_wanted == 0);
    if (good) {
      g_assert_cmpuint (told.n_told, >, 2 * depth);
      g_assert_cmpfloat (told.fraction, ==, 1.0);
      vlm_nn_tensor_read (&target, input.net.nn, 0, 195, features, &error);
      g_assert_no_error (error);
      g_assert_cmpfloat (
          difference (&input, features, expected), <=, TOLERANCE);
    } else {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpuint (told.n_told, ==, 3);
    }
    vlm_nn_tensor_clear (&target);
    g_object_unref (told.cancellable);
  }
}

static void
test_bad_grid (void)
{
  static const VlmGrid grid = { 1, 4, 4 }, bad = { 1, 3, 4 };
  g_auto (Input) input = { 0 };
  g_autoptr (VlmVision) vision = NULL;
  g_autoptr (GError) error = NULL;
  VlmNnTensor target;

  if (!input_init (&input, &grid, 1))
    return;
  vision = vlm_vision_new (input.net.net, input.net.nn);
  vlm_nn_tensor_init (&target, input.net.nn, 4, HIDDEN, &error);
  g_assert_no_error (error);
  g_assert_false (vlm_vision_encode (
      vision, input.patches, &bad, 1, &target, 0, NULL, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  vlm_nn_tensor_clear (&target);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vision/cuts", test_cuts);
  g_test_add_func ("/vision/slices-apart", test_slices_apart);
  g_test_add_func ("/vision/cancel", test_cancel);
  g_test_add_func ("/vision/large", test_large);
  g_test_add_func ("/vision/bad-grid", test_bad_grid);
  return g_test_run ();
}
