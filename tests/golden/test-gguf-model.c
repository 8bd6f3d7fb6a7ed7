/* gst-vlm: a checkpoint gives the same answers as a pair of GGUF files
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/files.h"
#include "tests/support/forward.h"
#include "tests/support/gguf-model.h"
#include "tests/support/golden.h"

#define TOLERANCE 1e-3f

static void
check_case (TestModel *model, const char *name)
{
  g_autofree char *case_name = g_strconcat (name, ".json", NULL);
  g_autofree char *golden_name = g_strconcat (name, ".safetensors", NULL);
  g_autofree char *case_path =
      golden_data_path ("tiny", "golden", case_name, NULL);
  g_autofree char *golden_path =
      golden_data_path ("tiny", "golden", golden_name, NULL);
  g_autoptr (GError) error = NULL;
  TestCase *question = test_model_load_case (model, case_path, &error);
  g_autoptr (TestAnswer) answer = NULL;
  g_auto (Golden) golden = { 0 };

  g_assert_no_error (error);
  answer = test_model_answer (model, question, 0, NULL, &error);
  g_assert_no_error (error);
  golden_open (&golden, golden_path);
  golden_check_ints (&golden, "input_ids",
      (const gint32 *) answer->question->ids->data, answer->question->ids->len);
  golden_check_floats (&golden, "logits", answer->logits,
      (gsize) answer->question->ids->len * answer->n_vocab, TOLERANCE);
  golden_check_ints (
      &golden, "greedy_tokens", answer->greedy_tokens, TEST_N_GREEDY);
}

static void
test_pair (void)
{
  g_autofree char *folder = files_new_folder (NULL);
  g_autoptr (GgufWriter) text = gguf_model_new_text ();
  g_autoptr (GgufWriter) tower = gguf_model_new_tower ();
  g_autofree char *text_path = gguf_model_write (text, folder, "text.gguf");
  g_autofree char *tower_path = gguf_model_write (tower, folder, "tower.gguf");
  g_autoptr (GError) error = NULL;
  g_autoptr (TestModel) model = test_model_load (folder, NULL, &error);

  g_assert_no_error (error);
  check_case (model, "text");
  check_case (model, "img_odd");
  check_case (model, "vid3_fps30");
  check_case (model, "mixed");
  files_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/gguf-model/pair", test_pair);
  return g_test_run ();
}
