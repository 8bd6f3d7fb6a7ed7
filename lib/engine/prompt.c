/* gst-vlm: from a user's turn to tokens and positions
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/prompt.h"

#include <vlm/vlm-error.h>

#define DEFAULT_SYSTEM "You are a helpful assistant."

static void
part_free (gpointer data)
{
  VlmPart *part = data;

  g_free (part->text);
  g_clear_pointer (&part->frames, g_ptr_array_unref);
  g_clear_pointer (&part->times, g_array_unref);
  g_free (part);
}

/**
 * vlm_prompt_new: (skip)
 *
 * Returns: (transfer full): an empty turn
 */
VlmPrompt *
vlm_prompt_new (void)
{
  VlmPrompt *prompt = g_new0 (VlmPrompt, 1);

  prompt->system = g_strdup (DEFAULT_SYSTEM);
  prompt->parts = g_ptr_array_new_with_free_func (part_free);
  return prompt;
}

/**
 * vlm_prompt_free: (skip)
 * @prompt: (nullable) (transfer full): a turn
 */
void
vlm_prompt_free (VlmPrompt *prompt)
{
  if (prompt == NULL)
    return;
  g_free (prompt->system);
  g_ptr_array_unref (prompt->parts);
  g_free (prompt);
}

/**
 * vlm_prompt_set_system: (skip)
 * @prompt: a turn
 * @text: what the system says before it
 */
void
vlm_prompt_set_system (VlmPrompt *prompt, const char *text)
{
  g_return_if_fail (prompt != NULL);
  g_return_if_fail (text != NULL);

  g_free (prompt->system);
  prompt->system = g_strdup (text);
}

static VlmPart *
add_part (VlmPrompt *prompt, VlmPartKind kind)
{
  VlmPart *part = g_new0 (VlmPart, 1);

  part->kind = kind;
  part->frames =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_frame_unref);
  g_ptr_array_add (prompt->parts, part);
  return part;
}

/**
 * vlm_prompt_add_text: (skip)
 * @prompt: a turn
 * @text: UTF-8; the names of special tokens in it are ordinary text
 */
void
vlm_prompt_add_text (VlmPrompt *prompt, const char *text)
{
  g_return_if_fail (prompt != NULL);
  g_return_if_fail (text != NULL);

  add_part (prompt, VLM_PART_TEXT)->text = g_strdup (text);
}

/**
 * vlm_prompt_add_image: (skip)
 * @prompt: a turn
 * @frame: a picture of the size that vlm_image_plan_size() gives
 */
void
vlm_prompt_add_image (VlmPrompt *prompt, VlmFrame *frame)
{
  g_return_if_fail (prompt != NULL);
  g_return_if_fail (frame != NULL);

  g_ptr_array_add (
      add_part (prompt, VLM_PART_IMAGE)->frames, vlm_frame_ref (frame));
}

/**
 * vlm_prompt_add_video: (skip)
 * @prompt: a turn
 * @frames: (array length=n_frames): pictures of one size
 * @times: (array length=n_frames): when each is shown, ns, on the sampling grid,
 *   not decreasing; only differences to the first matter
 * @n_frames: at least 1; an odd count repeats the last frame
 *
 * Two frames are one slice; its time is that of the first of them.
 */
void
vlm_prompt_add_video (VlmPrompt *prompt, VlmFrame *const *frames,
    const gint64 *times, guint n_frames)
{
  VlmPart *part;

  g_return_if_fail (prompt != NULL);
  g_return_if_fail (frames != NULL && times != NULL && n_frames > 0);

  part = add_part (prompt, VLM_PART_VIDEO);
  part->times = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_array_append_vals (part->times, times, n_frames);
  for (guint i = 0; i < n_frames; i++)
    g_ptr_array_add (part->frames, vlm_frame_ref (frames[i]));
}

/**
 * vlm_prompt_add_window: (skip)
 * @prompt: a turn
 * @window: a window
 *
 * Adds the samples of a window as a video, each at the time of its slot.
 */
void
vlm_prompt_add_window (VlmPrompt *prompt, const VlmWindow *window)
{
  g_autofree VlmFrame **frames = NULL;
  g_autofree gint64 *times = NULL;

  g_return_if_fail (prompt != NULL);
  g_return_if_fail (window != NULL);

  frames = g_new (VlmFrame *, window->n_samples);
  times = g_new (gint64, window->n_samples);
  for (guint i = 0; i < window->n_samples; i++) {
    frames[i] = window->samples[i].frame;
    times[i] = window->samples[i].slot_time;
  }
  vlm_prompt_add_video (prompt, frames, times, window->n_samples);
}

/* From the first slot to the end of the last one, which is taken to be as long
 * as the one before it. */
static gint64
video_duration (const VlmPart *part)
{
  guint n = part->times->len;
  gint64 first = g_array_index (part->times, gint64, 0);
  gint64 last = g_array_index (part->times, gint64, n - 1);
  gint64 step =
      n > 1 ? last - g_array_index (part->times, gint64, n - 2) : VLM_SECOND;

  return last - first + step;
}

VlmAnswerBounds
vlm_prompt_get_bounds (const VlmPrompt *prompt)
{
  VlmAnswerBounds bounds = { .duration_ns = -1 };

  for (guint i = 0; i < prompt->parts->len; i++) {
    const VlmPart *part = prompt->parts->pdata[i];
    const VlmFrame *frame =
        part->frames->len > 0 ? part->frames->pdata[0] : NULL;

    if (frame != NULL && bounds.width == 0) {
      bounds.width = frame->width;
      bounds.height = frame->height;
    }
    if (part->kind == VLM_PART_VIDEO && bounds.duration_ns < 0)
      bounds.duration_ns = video_duration (part);
  }
  return bounds;
}

/* --- layout ------------------------------------------------------------- */

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
 * words of the template and the user's meet in one run ("user\n" and a text that
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

/* The chat template of Qwen2.5-VL. */
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

VlmLayout *
vlm_layout_new (const VlmPrompt *prompt, const VlmConfig *config,
    const VlmTokenizer *tokenizer, GError **error)
{
  g_autoptr (VlmLayout) layout = g_new0 (VlmLayout, 1);
  g_autoptr (GString) run = g_string_new (NULL);
  Writer writer = { layout, config, tokenizer, run, -1, -1 };

  layout->ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  layout->slices = g_array_new (FALSE, FALSE, sizeof (VlmSliceRef));
  vlm_positions_init (&layout->positions);
  if (!find_special (&writer, "<|im_start|>", &writer.im_start, error) ||
      !find_special (&writer, "<|im_end|>", &writer.im_end, error) ||
      !render (&writer, prompt, error))
    return NULL;
  return g_steal_pointer (&layout);
}

void
vlm_layout_free (VlmLayout *layout)
{
  if (layout == NULL)
    return;
  g_clear_pointer (&layout->ids, g_array_unref);
  g_clear_pointer (&layout->slices, g_array_unref);
  vlm_positions_clear (&layout->positions);
  g_free (layout);
}

GArray *
vlm_layout_resolve (const VlmLayout *layout, const guint64 *rows)
{
  g_autofree guint *next_cell = g_new0 (guint, layout->slices->len + 1);
  GArray *ids = g_array_copy (layout->ids);

  for (guint i = 0; i < ids->len; i++) {
    gint32 *id = &g_array_index (ids, gint32, i);
    guint slice = (guint) (-1 - *id);

    if (*id < 0)
      *id = -1 - (gint32) (rows[slice] + next_cell[slice]++);
  }
  return ids;
}
