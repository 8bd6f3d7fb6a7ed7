/* gst-vlm: from a user's turn to tokens and positions
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/prompt.h"

#include "base/log.h"

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
 * Starts a turn with the system text of the reference, "You are a helpful
 * assistant.". For one thread at a time.
 *
 * Returns: (transfer full): an empty turn
 *
 * Since: 0.1
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
 *
 * Frees a turn; frames of which others hold a reference stay.
 *
 * Since: 0.1
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
 * @text: the system prompt
 *
 * Replaces the text of the system turn in front of the user turn.
 *
 * Since: 0.1
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
 *
 * Appends text to the turn.
 *
 * Since: 0.1
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
 *
 * Appends a picture to the turn, which takes a reference to @frame.
 *
 * Since: 0.1
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
 *
 * Since: 0.1
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
 *
 * Since: 0.1
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

void
vlm_prompt_log (const VlmPrompt *prompt)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (prompt->system != NULL)
    g_string_append_printf (text, "[%s] ", prompt->system);
  for (guint i = 0; i < prompt->parts->len; i++) {
    const VlmPart *part = g_ptr_array_index (prompt->parts, i);

    if (part->kind == VLM_PART_TEXT)
      g_string_append (text, part->text);
    else
      g_string_append_printf (text, "<%u frame%s of %s> ", part->frames->len,
          part->frames->len == 1 ? "" : "s",
          part->kind == VLM_PART_VIDEO ? "video" : "a picture");
  }
  vlm_log_answer ("prompt: %s", text->str);
}
