/* gst-vlm: the pictures and videos of vlm-run
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run/inputs.h"

#include "tools/picture.h"
#include "tools/source.h"
#include "tools/tool.h"
#include "util/gstvlmtext.h"

static void
run_input_free (RunInput *input)
{
  g_free (input->name);
  g_clear_pointer (&input->picture, vlm_frame_unref);
  g_clear_pointer (&input->original, vlm_frame_unref);
  g_clear_pointer (&input->video, vlm_window_unref);
  g_free (input);
}

static void
note_animation (const char *name)
{
  g_autofree char *text = g_strdup_printf (
      "note: %s is an animation; its first picture is used", name);
  g_autofree char *safe = gst_vlm_text_for_terminal (text);

  g_printerr ("%s\n", safe);
}

static gboolean
load_picture (GPtrArray *inputs, const RunOptions *options, const char *name,
    const VlmGeometry *geometry, const VlmWork *work, GError **error)
{
  gboolean is_animated;
  VlmFrame *original = NULL;
  VlmFrame *picture = picture_load (name, geometry, work->cancellable,
      &is_animated, options->draw != NULL ? &original : NULL, error);
  RunInput *input;

  if (picture == NULL)
    return FALSE;
  if (is_animated && !options->quiet)
    note_animation (name);
  input = g_new0 (RunInput, 1);
  input->name = g_strdup (name);
  input->picture = picture;
  input->original = original;
  g_ptr_array_add (inputs, input);
  return TRUE;
}

static gboolean
load_video (GPtrArray *inputs, const RunOptions *options, const char *name,
    const VlmGeometry *geometry, const VlmWork *work, GError **error)
{
  VlmWindow *video = reader_load_video (
      name, geometry, options->fps, &options->span, work, error);
  RunInput *input;

  if (video == NULL)
    return FALSE;
  input = g_new0 (RunInput, 1);
  input->name = g_strdup (name);
  /* Questions about one moment are about the last one, as a picture. */
  if (options->is_task &&
      vlm_answer_kind_is_of_picture (options->params.kind)) {
    input->picture = vlm_frame_ref (video->samples[video->n_samples - 1].frame);
    g_clear_pointer (&video, vlm_window_unref);
  }
  input->video = video;
  g_ptr_array_add (inputs, input);
  return TRUE;
}

GPtrArray *
inputs_load (const RunOptions *options, const VlmGeometry *geometry,
    const VlmWork *work, GError **error)
{
  g_autoptr (GPtrArray) inputs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) run_input_free);

  for (guint i = 0; options->images[i] != NULL; i++)
    if (!load_picture (
            inputs, options, options->images[i], geometry, work, error))
      return NULL;
  for (guint i = 0; options->videos != NULL && options->videos[i] != NULL; i++)
    if (!load_video (
            inputs, options, options->videos[i], geometry, work, error))
      return NULL;
  return g_steal_pointer (&inputs);
}

static const VlmFrame *
get_frame (const RunInput *input)
{
  return input->picture != NULL ? input->picture
                                : input->video->samples[0].frame;
}

const VlmFrame *
inputs_get_frame (GPtrArray *inputs)
{
  return inputs->len > 0 ? get_frame (inputs->pdata[0]) : NULL;
}

/* Boxes are in pixels of one size: of the picture as it was resized. */
static gboolean
are_alike (GPtrArray *inputs)
{
  const VlmFrame *first = inputs_get_frame (inputs);

  for (guint i = 1; i < inputs->len; i++) {
    const VlmFrame *frame = get_frame (inputs->pdata[i]);

    if (frame->width != first->width || frame->height != first->height ||
        frame->source_width != first->source_width ||
        frame->source_height != first->source_height)
      return FALSE;
  }
  return TRUE;
}

gboolean
inputs_check (GPtrArray *inputs, const VlmAnswerKind *kind, GError **error)
{
  if (vlm_answer_kind_is_of_picture (kind) &&
      vlm_answer_kind_has_places (kind) && !are_alike (inputs))
    return tool_check (
        "places are in pictures of one size: in which one would they be?",
        error);
  return TRUE;
}

static gboolean
check_all (char **words, GError **error)
{
  for (guint i = 0; words != NULL && words[i] != NULL; i++)
    if (!source_check (words[i], error))
      return FALSE;
  return TRUE;
}

gboolean
inputs_check_words (const RunOptions *options, GError **error)
{
  const char *kind = vlm_answer_kind_get_name (options->params.kind);
  guint n_videos =
      options->videos != NULL ? g_strv_length (options->videos) : 0;

  if (g_str_equal (kind, "events") && n_videos == 0)
    return tool_check ("events need a --video", error);
  if (g_str_equal (kind, "events") && n_videos > 1)
    return tool_check (
        "events are of one video: which one would they be in?", error);
  if (vlm_answer_kind_is_of_picture (options->params.kind) && n_videos == 0 &&
      options->images[0] == NULL)
    return tool_check (
        "this task is about a picture: give an --image or a --video", error);
  return check_all (options->images, error) &&
      check_all (options->videos, error);
}

VlmPrompt *
inputs_make_prompt (GPtrArray *inputs, const char *system, const char *question)
{
  VlmPrompt *prompt = vlm_prompt_new ();

  if (system != NULL)
    vlm_prompt_set_system (prompt, system);
  for (guint i = 0; i < inputs->len; i++) {
    const RunInput *input = inputs->pdata[i];

    if (input->picture != NULL)
      vlm_prompt_add_image (prompt, input->picture);
    else
      vlm_prompt_add_window (prompt, input->video);
  }
  vlm_prompt_add_text (prompt, question);
  return prompt;
}
