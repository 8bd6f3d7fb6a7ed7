/* gst-vlm: quantised checkpoints against the reference on dequantised weights
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * text-TYPE is the language model of that name with the F32 tower, mmproj-TYPE
 * the tower of that name with the F32 language model, hf-METHOD a directory. */
#include <string.h>

#include "io/safetensors-writer.h"
#include "io/safetensors.h"
#include "tests/support/files.h"
#include "tests/support/forward.h"
#include "tests/support/golden.h"

/* Sums in another order; what a wrong scale or zero does is far above. */
#define LOGITS_TOLERANCE 2e-3f
#define FEATURES_TOLERANCE 2e-4f

static TestModel *
load_model (const char *name)
{
  gboolean is_tower = g_str_has_prefix (name, "mmproj-");
  g_autofree char *folder = golden_shared_path ("quantised");
  g_autofree char *file = g_strconcat (name, ".gguf", NULL);
  g_autofree char *path = NULL, *mmproj = NULL;
  g_autoptr (GError) error = NULL;
  TestModel *model;

  if (g_str_has_prefix (name, "hf-")) {
    path = g_build_filename (folder, name, NULL);
  } else {
    path = g_build_filename (
        folder, "gguf", is_tower ? "text-F32.gguf" : file, NULL);
    mmproj = g_build_filename (
        folder, "gguf", is_tower ? file : "mmproj-F32.gguf", NULL);
  }
  model = test_model_load (path, mmproj, &error);
  g_assert_no_error (error);
  return model;
}

/* "case/name" */
static char *
key_of (const char *question, const char *name)
{
  return g_strdup_printf ("%s/%s", question, name);
}

static void
check_prompt (
    const Golden *golden, const char *question, const TestAnswer *answer)
{
  const GArray *ids = answer->question->ids;
  g_autofree char *ids_key = key_of (question, "input_ids");
  g_autofree char *positions_key = key_of (question, "position_ids");
  g_autofree char *delta_key = key_of (question, "rope_delta");
  g_autofree gint32 *positions = g_new (gint32, 3 * (gsize) ids->len);

  for (guint axis = 0; axis < 3; axis++)
    memcpy (positions + (gsize) axis * ids->len,
        answer->question->positions.axes[axis]->data,
        ids->len * sizeof (gint32));
  golden_check_ints (golden, ids_key, (const gint32 *) ids->data, ids->len);
  golden_check_ints (golden, positions_key, positions, 3 * ids->len);
  golden_check_ints (golden, delta_key, &answer->rope_delta, 1);
}

static void
check_features (
    const Golden *golden, const char *question, const TestAnswer *answer)
{
  static const char *const kinds[] = { "image.vision.merger",
    "video.vision.merger" };

  for (guint kind = 0; kind < G_N_ELEMENTS (kinds); kind++) {
    g_autofree char *key = key_of (question, kinds[kind]);

    g_assert_true (golden_has (golden, key) == (answer->plans[kind] != NULL));
    if (answer->plans[kind] != NULL)
      golden_check_floats (golden, key, answer->features,
          (gsize) answer->question->n_rows * answer->n_hidden,
          FEATURES_TOLERANCE);
  }
}

/* The reference has the last positions of the prompt. */
static void
check_logits (
    const Golden *golden, const char *question, const TestAnswer *answer)
{
  g_autofree char *key = key_of (question, "logits");
  const guint n = golden_get_dim (golden, key, 0);
  const gsize skipped =
      (gsize) (answer->question->ids->len - n) * answer->n_vocab;

  golden_check_floats (golden, key, answer->logits + skipped,
      (gsize) n * answer->n_vocab, LOGITS_TOLERANCE);
}

/* Up to the first step at which two tokens are closer than the tolerance. */
static void
check_tokens (
    const Golden *golden, const char *question, const TestAnswer *answer)
{
  g_autofree char *tokens_key = key_of (question, "greedy_tokens");
  g_autofree char *margin_key = key_of (question, "greedy_margin");
  g_autofree gint32 *tokens = golden_get_ints (golden, tokens_key, NULL);
  g_autofree float *margins = golden_get_floats (golden, margin_key, NULL);

  for (guint i = 0; i < TEST_N_GREEDY && margins[i] > 2 * LOGITS_TOLERANCE; i++)
    g_assert_cmpint (answer->greedy_tokens[i], ==, tokens[i]);
}

static void
check_case (TestModel *model, const Golden *golden, const char *question)
{
  g_autofree char *relative =
      g_strdup_printf ("quantised/inputs/%s.json", question);
  g_autofree char *path = golden_shared_path (relative);
  g_autoptr (GError) error = NULL;
  TestCase *loaded = test_model_load_case (model, path, &error);
  g_autoptr (TestAnswer) answer = NULL;

  g_assert_no_error (error);
  answer = test_model_answer (model, loaded, 0, NULL, &error);
  g_assert_no_error (error);
  g_test_message ("%s", question);
  check_prompt (golden, question, answer);
  check_features (golden, question, answer);
  check_logits (golden, question, answer);
  check_tokens (golden, question, answer);
}

/* All cases where the rest of the model is another than that of the other files;
 * the kernels of a type see enough in two. */
static void
test_model (gconstpointer name)
{
  static const char *const questions[] = { "image_odd", "video_fps2", "text",
    "video_fps30" };
  gboolean is_other = g_str_has_prefix (name, "hf-") ||
      g_str_has_prefix (name, "mmproj-") || strstr (name, "F32") != NULL;
  g_autofree char *relative =
      g_strdup_printf ("quantised/golden/%s.safetensors", (const char *) name);
  g_autofree char *path = golden_shared_path (relative);
  g_autoptr (TestModel) model = load_model (name);
  g_auto (Golden) golden = { 0 };

  golden_open (&golden, path);
  for (guint i = 0; i < (is_other ? G_N_ELEMENTS (questions) : 2); i++)
    check_case (model, &golden, questions[i]);
}

/* Parts make the same model as the whole. */
static void
test_parts (gconstpointer name)
{
  static const char *const parts[][2] = {
    { "text-Q4_K_M", "split-text-Q4_K_M-00001-of-00002.gguf" },
    { "text-Q2_K", "splitmeta-text-Q2_K-00001-of-00003.gguf" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    g_autofree char *relative =
        g_strdup_printf ("quantised/golden/%s.safetensors", parts[i][0]);
    g_autofree char *golden_path = golden_shared_path (relative);
    g_autofree char *folder = golden_shared_path ("quantised/gguf");
    g_autofree char *path = g_build_filename (folder, parts[i][1], NULL);
    g_autofree char *mmproj =
        g_build_filename (folder, "mmproj-F32.gguf", NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (TestModel) model = test_model_load (path, mmproj, &error);
    g_auto (Golden) golden = { 0 };

    g_assert_no_error (error);
    golden_open (&golden, golden_path);
    check_case (model, &golden, "text");
  }
}

/* --- act-order ------------------------------------------------------------- */

#define GROUP 128u

/* Every group becomes two with its scales and zeros, of half its inputs each,
 * which lie anywhere in it: no weight changes. */
static void
copy_in_halves (VlmSafetensorsWriter *writer, const VlmTensorView *view)
{
  g_autofree guint8 *data = vlm_tensor_view_read_all (view, NULL);
  const gsize row_bytes = (gsize) (view->n_bytes / view->shape[0]);
  guint64 shape[VLM_MAX_DIMS];

  memcpy (shape, view->shape, sizeof shape);
  if (g_str_has_suffix (view->name, ".g_idx")) {
    gint32 *groups = (gint32 *) (gpointer) data;
    const guint step = 2 * (g_str_hash (view->name) % 60) + 3;

    for (guint i = 0; i < shape[0]; i++)
      groups[i] = (gint32) (i / GROUP * 2 + (i * step % GROUP) / (GROUP / 2));
  } else if (g_str_has_suffix (view->name, ".qzeros") ||
      g_str_has_suffix (view->name, ".scales")) {
    g_autofree guint8 *twice = g_malloc (2 * view->n_bytes);

    for (guint64 i = 0; i < 2 * shape[0]; i++)
      memcpy (twice + i * row_bytes, data + i / 2 * row_bytes, row_bytes);
    shape[0] *= 2;
    vlm_safetensors_writer_add (
        writer, view->name, view->dtype, shape, view->n_dims, twice);
    return;
  }
  vlm_safetensors_writer_add (
      writer, view->name, view->dtype, shape, view->n_dims, data);
}

static char *
write_act_order (const char *directory)
{
  char *folder = files_new_folder (directory);
  g_autofree char *path = g_build_filename (folder, "model.safetensors", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmSafetensors) tensors = vlm_safetensors_open (path, &error);
  g_autoptr (VlmSafetensorsWriter) writer = vlm_safetensors_writer_new ();

  g_assert_no_error (error);
  for (guint i = 0; i < vlm_safetensors_get_n_tensors (tensors); i++) {
    g_auto (VlmTensorView) view = { 0 };

    vlm_safetensors_find (
        tensors, vlm_safetensors_get_name (tensors, i), &view);
    copy_in_halves (writer, &view);
  }
  vlm_safetensors_writer_write (writer, path, &error);
  g_assert_no_error (error);
  return folder;
}

/* Inputs of a group that lie anywhere, in each of q, k, v, gate and up elsewhere:
 * the same answers from weights that have four bits all the same. */
static void
test_act_order (gconstpointer name)
{
  g_autofree char *directory = golden_shared_path ("quantised/hf-gptq-int4");
  g_autofree char *path =
      golden_shared_path ("quantised/golden/hf-gptq-int4.safetensors");
  g_autofree char *folder = write_act_order (directory);
  g_autoptr (GError) error = NULL;
  g_autoptr (TestModel) plain = test_model_load (directory, NULL, &error);
  g_autoptr (TestModel) model = test_model_load (folder, NULL, &error);
  g_auto (Golden) golden = { 0 };

  g_assert_no_error (error);
  g_assert_cmpuint (vlm_net_get_n_bytes (model->net), <=,
      vlm_net_get_n_bytes (plain->net) * 1.05);
  golden_open (&golden, path);
  check_case (model, &golden, "image_odd");
  check_case (model, &golden, "text");
  files_remove (folder);
}

static void
test_skip (void)
{
  g_test_skip ("the reference data is not there");
}

static void
add_models (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);

  for (const char *file; (file = g_dir_read_name (dir)) != NULL;) {
    g_autofree char *path = NULL;
    char *name;

    if (!g_str_has_suffix (file, ".safetensors"))
      continue;
    name = g_strndup (file, strlen (file) - strlen (".safetensors"));
    path = g_strconcat ("/quantised/", name, NULL);
    g_test_add_data_func_full (path, name, test_model, g_free);
  }
  g_test_add_data_func ("/quantised/parts", NULL, test_parts);
  g_test_add_data_func ("/quantised/act-order", NULL, test_act_order);
}

int
main (int argc, char **argv)
{
  const char *shared = g_getenv ("VLM_SHARED");
  g_autofree char *folder = g_build_filename (
      shared != NULL ? shared : "", "quantised", "golden", NULL);

  g_test_init (&argc, &argv, NULL);
  if (g_file_test (folder, G_FILE_TEST_IS_DIR))
    add_models (folder);
  else
    g_test_add_func ("/quantised/absent", test_skip);
  return g_test_run ();
}
