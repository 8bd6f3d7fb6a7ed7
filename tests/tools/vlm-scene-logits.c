/* gst-vlm: what a checkpoint computes about made-up scenes, for comparison
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The scenes of vlm-eval go through the whole engine: rendered, resized, laid out
 * by the chat template with the checkpoint's own tokenizer. Another
 * implementation that is given the same frames, times and ids must find the
 * same positions, features and logits. */
#include <string.h>

#include <glib/gstdio.h>

#include "engine/feature-cache.h"
#include "engine/model.h"
#include "io/safetensors-writer.h"
#include "model/context.h"
#include "tools/eval/asker.h"
#include "tools/tool.h"

#define DESCRIPTION                                                            \
  "Writes DIR/<seed>.safetensors for each scene of vlm-eval from "             \
  "--first-seed\n"                                                             \
  "on, asked when the label that is there occurs (or, in an empty scene, "     \
  "one\n"                                                                      \
  "that is not). Each file holds\n"                                            \
  "  frames        u8 [n, height, width, 3]  as the model sees them, RGB\n"    \
  "  slot_times    i64 [n]                   ns\n"                             \
  "  input_ids     i32 [T]                   the whole prompt; cells are "     \
  "the\n"                                                                      \
  "                                          id of <|video_pad|>\n"            \
  "  position_ids  i32 [3, T]                time, row, column\n"              \
  "  features      f32 [cells, hidden]       of the vision tower, in order\n"  \
  "  logits        f32 [T, vocabulary]       after each token of the prompt"

typedef struct
{
  EvalAsker asker;
  VlmNn *nn;
  VlmVision *vision;
  VlmContext *context;
  VlmFeatureCache *cache;
} Dump;

static void
dump_clear (Dump *self)
{
  g_clear_pointer (&self->cache, vlm_feature_cache_free);
  g_clear_pointer (&self->context, vlm_context_free);
  g_clear_pointer (&self->vision, vlm_vision_free);
  g_clear_pointer (&self->nn, vlm_nn_free);
  eval_asker_clear (&self->asker);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Dump, dump_clear)

static gboolean
dump_init (Dump *self, const char *device, const char *model, GError **error)
{
  const VlmModelParams params = { .path = (char *) model,
    .device = (char *) device };
  VlmNet *net;

  if (!eval_asker_init (&self->asker, &params, NULL, error))
    return FALSE;
  net = vlm_model_get_net (self->asker.model);
  self->nn = vlm_nn_new (vlm_net_get_device (net), error);
  if (self->nn == NULL)
    return FALSE;
  self->vision = vlm_vision_new (net, self->nn);
  self->context = vlm_context_new (net, self->nn);
  self->cache = vlm_feature_cache_new (net, self->nn, self->vision);
  vlm_context_set_keep_logits (self->context, TRUE);
  return TRUE;
}

/* --- what is written ---------------------------------------------------- */

static void
add (VlmSafetensorsWriter *writer, const char *name, VlmDType dtype,
    const void *data, guint n_dims, const guint64 *shape)
{
  vlm_safetensors_writer_add (writer, name, dtype, shape, n_dims, data);
}

static void
add_frames (VlmSafetensorsWriter *writer, const EvalClip *clip)
{
  const VlmFrame *first = clip->frames->pdata[0];
  const guint64 shape[] = { clip->frames->len, first->height, first->width, 3 };
  gsize n_bytes = (gsize) 3 * first->width * first->height;
  g_autofree guint8 *pixels = g_malloc (clip->frames->len * n_bytes);

  for (guint i = 0; i < clip->frames->len; i++)
    memcpy (pixels + i * n_bytes,
        ((const VlmFrame *) clip->frames->pdata[i])->pixels, n_bytes);
  add (writer, "frames", VLM_DTYPE_U8, pixels, 4, shape);
  add (writer, "slot_times", VLM_DTYPE_I64, clip->times->data, 1, shape);
}

/* As a tokenizer gives them: a pad for each cell. */
static void
add_prompt (VlmSafetensorsWriter *writer, const VlmLayout *layout, gint32 pad)
{
  const guint64 shape[] = { 3, layout->ids->len };
  g_autofree gint32 *ids = g_new (gint32, layout->ids->len);
  g_autofree gint32 *positions = g_new (gint32, 3 * (gsize) layout->ids->len);

  for (guint i = 0; i < layout->ids->len; i++) {
    gint32 id = g_array_index (layout->ids, gint32, i);

    ids[i] = id >= 0 ? id : pad;
  }
  for (guint axis = 0; axis < 3; axis++)
    memcpy (positions + (gsize) axis * layout->ids->len,
        layout->positions.axes[axis]->data, layout->ids->len * sizeof (gint32));
  add (writer, "input_ids", VLM_DTYPE_I32, ids, 1, shape + 1);
  add (writer, "position_ids", VLM_DTYPE_I32, positions, 2, shape);
}

static gboolean
add_features (Dump *self, VlmSafetensorsWriter *writer, const VlmLayout *layout,
    const guint64 *rows, GError **error)
{
  const VlmConfig *config = vlm_model_get_config (self->asker.model);
  const VlmNnTensor *features = vlm_feature_cache_get_features (self->cache);
  const guint64 shape[] = { layout->n_vision_tokens, config->text.hidden_size };
  g_autofree float *values = g_new (float, shape[0] * shape[1]);
  float *at = values;

  for (guint i = 0; i < layout->slices->len; i++) {
    guint n_cells = g_array_index (layout->slices, VlmSliceRef, i).n_cells;

    if (!vlm_nn_tensor_read (
            features, self->nn, (guint) rows[i], n_cells, at, error))
      return FALSE;
    at += (gsize) n_cells * shape[1];
  }
  add (writer, "features", VLM_DTYPE_F32, values, 2, shape);
  return TRUE;
}

static gboolean
add_logits (Dump *self, VlmSafetensorsWriter *writer, const VlmLayout *layout,
    const guint64 *rows, GError **error)
{
  const VlmConfig *config = vlm_model_get_config (self->asker.model);
  guint n = layout->ids->len;
  const guint64 shape[] = { n, config->text.vocab_size };
  g_autoptr (GArray) inputs = vlm_layout_resolve (layout, rows);
  g_autofree float *logits = g_new (float, shape[0] * shape[1]);
  const VlmChoose choose = { .penalty = 1.0f };
  VlmNnChoice choice;

  vlm_context_truncate (self->context, 0, 0);
  if (!vlm_context_append (self->context,
          &(const VlmTokenSpan){ (gint32 *) (gpointer) inputs->data,
              &layout->positions, 0, n,
              vlm_feature_cache_get_features (self->cache) },
          &choose, &choice, NULL, error) ||
      !vlm_context_read_all_logits (self->context, logits, error))
    return FALSE;
  add (writer, "logits", VLM_DTYPE_F32, logits, 2, shape);
  return TRUE;
}

/* --- one scene ---------------------------------------------------------- */

static gboolean
dump_scene (
    Dump *self, const char *folder, guint64 seed, double fps, GError **error)
{
  const VlmConfig *config = vlm_model_get_config (self->asker.model);
  g_autoptr (EvalSample) sample = eval_sample_new (seed, 20.0, NULL);
  g_autoptr (EvalClip) clip = eval_clip_new (&self->asker, sample, fps, error);
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
  g_autofree char *question =
      vlm_answer_kind_make_question (vlm_answer_kind_lookup ("events"),
          sample->present != NULL ? sample->present : sample->absent, TRUE);
  g_autofree char *name =
      g_strdup_printf ("%" G_GUINT64_FORMAT ".safetensors", seed);
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (VlmLayout) layout = NULL;
  g_autoptr (VlmSafetensorsWriter) writer = vlm_safetensors_writer_new ();
  g_autofree guint64 *rows = NULL;
  g_autofree guint64 *serials = NULL;

  if (clip == NULL)
    return FALSE;
  vlm_prompt_add_video (prompt, (VlmFrame *const *) clip->frames->pdata,
      (const gint64 *) clip->times->data, clip->frames->len);
  vlm_prompt_add_text (prompt, question);
  layout = vlm_layout_new (
      prompt, config, vlm_model_get_tokenizer (self->asker.model), error);
  if (layout == NULL)
    return FALSE;
  rows = g_new (guint64, layout->slices->len);
  serials = g_new (guint64, layout->slices->len);
  if (!vlm_feature_cache_prepare (self->cache,
          (const VlmSliceRef *) (gpointer) layout->slices->data,
          layout->slices->len, rows, serials, NULL, error))
    return FALSE;
  add_frames (writer, clip);
  add_prompt (writer, layout, config->video_token_id);
  return add_features (self, writer, layout, rows, error) &&
      add_logits (self, writer, layout, rows, error) &&
      vlm_safetensors_writer_write (writer, path, error);
}

typedef struct
{
  char *device;
  char **rest; /* the checkpoint, the folder */
  gint64 first_seed;
  int n_scenes;
  double fps;
  gint64 max_pixels;
} Options;

static gboolean
check_options (const Options *options, GError **error)
{
  gboolean good = options->rest != NULL && g_strv_length (options->rest) == 2 &&
      options->n_scenes >= 1 && options->max_pixels >= 0 &&
      options->fps >= 0.1 && options->fps <= 60.0;

  return tool_check (good ? NULL
                          : "a checkpoint, a folder, at least one scene and "
                            "0.1 to 60 fps are needed; see --help",
      error);
}

static gboolean
dump_all (const Options *options, GError **error)
{
  const char *folder = options->rest[1];
  g_auto (Dump) dump = { 0 };

  if (g_mkdir_with_parents (folder, 0777) != 0) {
    g_set_error (
        error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: cannot be made", folder);
    return FALSE;
  }
  dump.asker.limits.max_pixels = (guint64) options->max_pixels;
  if (!dump_init (&dump, options->device, options->rest[0], error))
    return FALSE;
  for (int i = 0; i < options->n_scenes; i++)
    if (!dump_scene (&dump, folder, (guint64) (options->first_seed + i),
            options->fps, error))
      return FALSE;
  return TRUE;
}

int
main (int argc, char **argv)
{
  Options options = {
    .first_seed = (gint64) EVAL_FIRST_SEED, .n_scenes = 10, .fps = 2.0
  };
  const GOptionEntry entries[] = {
    TOOL_DEVICE (&options.device),
    { "scenes", 'n', 0, G_OPTION_ARG_INT, &options.n_scenes,
        "number of scenes (10)", "N" },
    { "first-seed", 0, 0, G_OPTION_ARG_INT64, &options.first_seed,
        "seed of the first one (2^40)", "N" },
    { "fps", 'f', 0, G_OPTION_ARG_DOUBLE, &options.fps,
        "sampled frames a second (2)", "N" },
    { "max-pixels", 0, 0, G_OPTION_ARG_INT64, &options.max_pixels,
        "largest area of a frame (from the checkpoint)", "N" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.rest,
        NULL, NULL },
    { NULL },
  };
  const Tool tool = { "MODEL DIR - what a model computes about scenes",
    DESCRIPTION, entries };
  g_autoptr (GError) error = NULL;

  if (tool_parse (&tool, &argc, &argv, &error) &&
      check_options (&options, &error))
    dump_all (&options, &error);
  return tool_end ("vlm-scene-logits", error);
}
