/* gst-vlm: a checkpoint of 16 bits that is quantised while it is loaded
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The small checkpoint has rows of 52, 68 and 80, which are no whole number of
 * groups. */
#include <math.h>

#include "tests/support/forward.h"
#include "tests/support/golden.h"

/* Errors as a share of the size of the logits. A weight of a random net errs by
 * 0.5 % in eight bits and by 7 % in four, and what errs is many steps deep. That
 * errors are no smaller shows that the weights are not the native ones. */
static const struct
{
  VlmModelWeights weights;
  double least, most;
} types[] = {
  { VLM_MODEL_WEIGHTS_NATIVE, 0.0, 0.0 },
  { VLM_MODEL_WEIGHTS_INT8, 1e-3, 0.08 },
  { VLM_MODEL_WEIGHTS_INT4, 0.03, 0.7 },
};

static TestAnswer *
ask (const char *name, VlmModelWeights weights, guint64 *n_bytes)
{
  g_autofree char *directory = golden_data_path ("tiny", "checkpoint", NULL);
  g_autofree char *path = golden_data_path ("tiny", "golden", name, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (TestModel) model =
      test_model_load_quantised (directory, weights, &error);
  TestCase *question;
  TestAnswer *answer;

  g_assert_no_error (error);
  *n_bytes = vlm_net_get_n_bytes (model->net);
  question = test_model_load_case (model, path, &error);
  g_assert_no_error (error);
  answer = test_model_answer (model, question, 0, NULL, &error);
  g_assert_no_error (error);
  return answer;
}

static double
difference (const float *x, const float *y, gsize n)
{
  double error = 0.0, size = 0.0;

  for (gsize i = 0; i < n; i++) {
    g_assert_true (isfinite (x[i]));
    error += ((double) x[i] - y[i]) * ((double) x[i] - y[i]);
    size += (double) y[i] * y[i];
  }
  return sqrt (error / size);
}

static void
test_logits (gconstpointer data)
{
  const char *name = data;
  guint64 native_bytes;
  g_autoptr (TestAnswer) native =
      ask (name, VLM_MODEL_WEIGHTS_AUTO, &native_bytes);
  const gsize n = (gsize) native->question->ids->len * native->n_vocab;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    guint64 n_bytes;
    g_autoptr (TestAnswer) answer = ask (name, types[i].weights, &n_bytes);
    double error = difference (answer->logits, native->logits, n);

    g_test_message ("%u: %.4f, %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                    " bytes",
        types[i].weights, error, n_bytes, native_bytes);
    g_assert_cmpfloat (error, >=, types[i].least);
    g_assert_cmpfloat (error, <=, types[i].most);
    if (types[i].most == 0.0)
      g_assert_cmpuint (n_bytes, ==, native_bytes);
    else
      g_assert_cmpuint (n_bytes, <, native_bytes);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/weights-at-load/text", "text.json", test_logits);
  g_test_add_data_func ("/weights-at-load/image", "img_odd.json", test_logits);
  g_test_add_data_func (
      "/weights-at-load/video", "vid6_fps0p5.json", test_logits);
  return g_test_run ();
}
