/* gst-vlm: the chat template of Qwen2.5-VL
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/qwen2_5_vl/chat-template.h"

#include <vlm/vlm-error.h>

#include "model/qwen2_5_vl/mrope.h"

typedef struct
{
  VlmLayout *layout;
  const VlmConfig *config;
  const VlmTokenizer *tokenizer;
  GString *run; /* text since the last special token */
  gint32 im_start;
  gint32 im_end;
} Writer;

/* Text is tokenized in runs between special tokens, as the reference does: the
 * words of the template and the user's are in one run ("user\n" and a text that
 * begins with a line end). Special tokens come as ids, so none is parsed. */
static void
add_text (Writer *writer, const char *text)
{
  g_string_append (writer->run, text);
}

static void
end_run (Writer *writer)
{
  GArray *ids = writer->layout->ids;
  guint before = ids->len;

  vlm_tokenizer_encode (writer->tokenizer, writer->run->str,
      (gssize) writer->run->len, FALSE, ids);
  vlm_positions_add_text (&writer->layout->positions, ids->len - before);
  g_string_truncate (writer->run, 0);
}

static void
add_token (Writer *writer, gint32 id)
{
  end_run (writer);
  g_array_append_val (writer->layout->ids, id);
  vlm_positions_add_text (&writer->layout->positions, 1);
}

static gboolean
check_frame (
    Writer *writer, const VlmFrame *frame, const VlmFrame *like, GError **error)
{
  const VlmVisionConfig *vision = &writer->config->vision;
  guint factor = vision->patch_size * vision->spatial_merge_size;

  if (frame->width == 0 || frame->height == 0 || frame->width % factor != 0 ||
      frame->height % factor != 0) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "a frame of %ux%u pixels: both sides must be multiples of %u",
        frame->width, frame->height, factor);
    return FALSE;
  }
  if (frame->width != like->width || frame->height != like->height) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "a video of frames with %ux%u and with %ux%u pixels", like->width,
        like->height, frame->width, frame->height);
    return FALSE;
  }
  return TRUE;
}

static VlmGrid
frame_grid (Writer *writer, const VlmFrame *frame, guint n_slices)
{
  guint patch = writer->config->vision.patch_size;

  return (VlmGrid){ n_slices, frame->height / patch, frame->width / patch };
}

static void
add_slice (Writer *writer, VlmFrame *first, VlmFrame *second, gboolean is_video)
{
  VlmLayout *layout = writer->layout;
  guint merge = writer->config->vision.spatial_merge_size;
  VlmSliceRef slice = { first, second, is_video, frame_grid (writer, first, 1),
    0 };
  gint32 reference = -1 - (gint32) layout->slices->len;

  slice.n_cells = slice.grid.h / merge * (slice.grid.w / merge);
  g_array_append_val (layout->slices, slice);
  for (guint i = 0; i < slice.n_cells; i++)
    g_array_append_val (layout->ids, reference);
  layout->n_vision_tokens += slice.n_cells;
}

static gboolean
add_pictures (Writer *writer, const VlmPart *part, GError **error)
{
  VlmFrame **frames = (VlmFrame **) part->frames->pdata;
  guint n_frames = part->frames->len;
  guint per_slice = writer->config->vision.temporal_patch_size;
  g_autoptr (GArray) slice_times = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < n_frames; i++)
    if (!check_frame (writer, frames[i], frames[0], error))
      return FALSE;
  add_token (writer, writer->config->vision_start_token_id);
  for (guint i = 0; i < n_frames; i += per_slice) {
    add_slice (writer, frames[i], frames[MIN (i + 1, n_frames - 1)],
        part->kind == VLM_PART_VIDEO);
    if (part->kind == VLM_PART_VIDEO)
      g_array_append_val (slice_times, g_array_index (part->times, gint64, i));
  }
  if (part->kind == VLM_PART_IMAGE)
    vlm_positions_add_image (&writer->layout->positions,
        &writer->config->vision, frame_grid (writer, frames[0], 1));
  else
    vlm_positions_add_video_times (&writer->layout->positions,
        &writer->config->vision,
        frame_grid (writer, frames[0], slice_times->len),
        (const gint64 *) (gpointer) slice_times->data);
  add_token (writer, writer->config->vision_end_token_id);
  return TRUE;
}

static gboolean
find_special (Writer *writer, const char *name, gint32 *id, GError **error)
{
  *id = vlm_tokenizer_find_special (writer->tokenizer, name);
  if (*id >= 0)
    return TRUE;
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
      "%s: the tokenizer has no %s", writer->config->name, name);
  return FALSE;
}

static gboolean
render (Writer *writer, const VlmPrompt *prompt, GError **error)
{
  add_token (writer, writer->im_start);
  add_text (writer, "system\n");
  add_text (writer, prompt->system);
  add_token (writer, writer->im_end);
  add_text (writer, "\n");
  add_token (writer, writer->im_start);
  add_text (writer, "user\n");
  for (guint i = 0; i < prompt->parts->len; i++) {
    const VlmPart *part = prompt->parts->pdata[i];

    if (part->kind == VLM_PART_TEXT)
      add_text (writer, part->text);
    else if (!add_pictures (writer, part, error))
      return FALSE;
  }
  add_token (writer, writer->im_end);
  add_text (writer, "\n");
  add_token (writer, writer->im_start);
  add_text (writer, "assistant\n");
  end_run (writer);
  return TRUE;
}

gboolean
vlm_qwen_lay_out (VlmLayout *layout, const VlmPrompt *prompt,
    const VlmConfig *config, const VlmTokenizer *tokenizer, GError **error)
{
  g_autoptr (GString) run = g_string_new (NULL);
  Writer writer = { layout, config, tokenizer, run, -1, -1 };

  return find_special (&writer, "<|im_start|>", &writer.im_start, error) &&
      find_special (&writer, "<|im_end|>", &writer.im_end, error) &&
      render (&writer, prompt, error);
}

/* The tokens of the chat template: if one is missing or has another id for the
 * network, the tokenizer belongs to another model. */
gboolean
vlm_qwen_check_tokenizer (const VlmTokenizer *tokenizer,
    const VlmConfig *config, const char *path, GError **error)
{
  const struct
  {
    const char *name;
    gint32 id; /* -1: that of the tokenizer */
    const char *key;
  } tokens[] = {
    { "<|im_start|>", -1, NULL },
    { "<|im_end|>", -1, NULL },
    { "<|vision_start|>", config->vision_start_token_id,
        "vision_start_token_id" },
    { "<|vision_end|>", config->vision_end_token_id, "vision_end_token_id" },
    { "<|image_pad|>", config->image_token_id, "image_token_id" },
    { "<|video_pad|>", config->video_token_id, "video_token_id" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++) {
    gint32 id = vlm_tokenizer_find_special (tokenizer, tokens[i].name);

    if (id < 0)
      g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
          "%s: the tokenizer has no %s", path, tokens[i].name);
    else if (tokens[i].id >= 0 && id != tokens[i].id)
      g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
          "%s: %s is %d in the tokenizer, but %s in config.json is %d", path,
          tokens[i].name, id, tokens[i].key, tokens[i].id);
    else
      continue;
    return FALSE;
  }
  return TRUE;
}
