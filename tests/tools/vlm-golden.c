/* gst-vlm: what a checkpoint answers to a case, in the layout of the goldens
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * vlm-golden [--mmproj FILE] CHECKPOINT CASE.json OUT.safetensors
 *
 * Writes input_ids, position_ids, rope_delta, the grids, resized videos, vision
 * features, the logits of every prompt token and 16 greedy steps, so that any
 * checkpoint can be compared with any other implementation. VLM_DEVICE names
 * the device. */
#include <string.h>

#include "io/safetensors-writer.h"
#include "tests/support/forward.h"

static const char *const kinds[] = { "image", "video" };

static void
add (VlmSafetensorsWriter *writer, const char *name, VlmDType dtype,
    const void *data, guint n_dims, ...)
{
  guint64 shape[4];
  va_list args;

  va_start (args, n_dims);
  for (guint i = 0; i < n_dims; i++)
    shape[i] = va_arg (args, guint);
  va_end (args);
  vlm_safetensors_writer_add (writer, name, dtype, shape, n_dims, data);
}

static void
add_positions (VlmSafetensorsWriter *writer, const TestAnswer *answer)
{
  const GArray *ids = answer->question->ids;
  g_autofree gint32 *positions = g_new (gint32, 3 * (gsize) ids->len);

  add (writer, "input_ids", VLM_DTYPE_I32, ids->data, 1, ids->len);
  for (guint axis = 0; axis < 3; axis++)
    memcpy (positions + (gsize) axis * ids->len,
        answer->question->positions.axes[axis]->data,
        ids->len * sizeof (gint32));
  add (writer, "position_ids", VLM_DTYPE_I32, positions, 2, 3u, ids->len);
  add (writer, "rope_delta", VLM_DTYPE_I32, &answer->rope_delta, 1, 1u);
}

/* "<kind><rest>" */
static void
add_of_kind (VlmSafetensorsWriter *writer, guint kind, const char *rest,
    VlmDType dtype, const void *data, guint n_rows, guint n_cols)
{
  g_autofree char *name = g_strconcat (kinds[kind], rest, NULL);

  add (writer, name, dtype, data, n_cols > 0 ? 2 : 1, n_rows, n_cols);
}

/* Grids, window order and features of all images or of all videos. */
static void
add_vision (VlmSafetensorsWriter *writer, const TestAnswer *answer, guint kind)
{
  const GArray *media =
      kind == 0 ? answer->question->images : answer->question->videos;
  const VlmVisionPlan *plan = answer->plans[kind];
  gsize first_row = kind == 0 ? 0 : answer->question->n_image_rows;
  g_autofree gint64 *grids = g_new (gint64, 3 * media->len);
  g_autofree float *seconds = g_new (float, media->len);

  if (media->len == 0)
    return;
  for (guint i = 0; i < media->len; i++) {
    const TestMedium *medium = &g_array_index (media, TestMedium, i);

    grids[3 * i] = medium->grid.t;
    grids[3 * i + 1] = medium->grid.h;
    grids[3 * i + 2] = medium->grid.w;
    seconds[i] = medium->second_per_grid;
  }
  add_of_kind (writer, kind, "_grid_thw", VLM_DTYPE_I64, grids, media->len, 3);
  if (kind == 1)
    add (writer, "second_per_grid_ts", VLM_DTYPE_F32, seconds, 1, media->len);
  add_of_kind (writer, kind, ".vision.window_index", VLM_DTYPE_I32,
      plan->window_index, plan->n_cells, 0);
  add_of_kind (writer, kind, ".vision.cu_window_seqlens", VLM_DTYPE_I32,
      plan->window_bounds, plan->n_windows + 1, 0);
  add_of_kind (writer, kind, ".vision.cu_seqlens", VLM_DTYPE_I32,
      plan->slice_bounds, plan->n_slices + 1, 0);
  add_of_kind (writer, kind, ".vision.merger", VLM_DTYPE_F32,
      answer->features + first_row * answer->n_hidden, plan->n_cells,
      answer->n_hidden);
}

static void
add_frames (VlmSafetensorsWriter *writer, const TestAnswer *answer)
{
  const GArray *videos = answer->question->videos;

  for (guint i = 0; i < videos->len; i++) {
    const GPtrArray *frames = g_array_index (videos, TestMedium, i).frames;
    const VlmFrame *first = g_ptr_array_index (frames, 0);
    gsize n_bytes = (gsize) 3 * first->width * first->height;
    g_autofree guint8 *pixels = g_malloc (frames->len * n_bytes);
    g_autofree char *name = g_strdup_printf ("video%u.resized_u8", i);

    for (guint f = 0; f < frames->len; f++)
      memcpy (pixels + f * n_bytes,
          ((const VlmFrame *) g_ptr_array_index (frames, f))->pixels, n_bytes);
    add (writer, name, VLM_DTYPE_U8, pixels, 4, frames->len, first->height,
        first->width, 3u);
  }
}

static gboolean
write_answer (const char *checkpoint, const char *mmproj, const char *question,
    const char *path, GError **error)
{
  g_autoptr (TestModel) model = test_model_load (checkpoint, mmproj, error);
  g_autoptr (TestCase) loaded =
      model != NULL ? test_model_load_case (model, question, error) : NULL;
  g_autoptr (TestAnswer) answer = loaded != NULL
      ? test_model_answer (model, g_steal_pointer (&loaded), 0, NULL, error)
      : NULL;
  g_autoptr (VlmSafetensorsWriter) writer = vlm_safetensors_writer_new ();

  if (answer == NULL)
    return FALSE;
  add_positions (writer, answer);
  add_vision (writer, answer, 0);
  add_vision (writer, answer, 1);
  add_frames (writer, answer);
  add (writer, "logits", VLM_DTYPE_F32, answer->logits, 2,
      answer->question->ids->len, answer->n_vocab);
  add (writer, "greedy_tokens", VLM_DTYPE_I32, answer->greedy_tokens, 1,
      (guint) TEST_N_GREEDY);
  add (writer, "greedy_logits", VLM_DTYPE_F32, answer->greedy_logits, 2,
      (guint) TEST_N_GREEDY, answer->n_vocab);
  return vlm_safetensors_writer_write (writer, path, error);
}

int
main (int argc, char **argv)
{
  g_autofree char *mmproj = NULL;
  const GOptionEntry entries[] = {
    { "mmproj", 0, 0, G_OPTION_ARG_FILENAME, &mmproj,
        "The vision tower of a GGUF model", "FILE" },
    { NULL },
  };
  g_autoptr (GOptionContext) context =
      g_option_context_new ("CHECKPOINT CASE.json OUT.safetensors");
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s: %s\n", argv[0], error->message);
    return 2;
  }
  if (argc != 4) {
    g_printerr (
        "usage: %s [--mmproj FILE] CHECKPOINT CASE.json OUT.safetensors\n",
        argv[0]);
    return 2;
  }
  if (write_answer (argv[1], mmproj, argv[2], argv[3], &error))
    return 0;
  g_printerr ("%s: %s\n", argv[0], error->message);
  return 1;
}
