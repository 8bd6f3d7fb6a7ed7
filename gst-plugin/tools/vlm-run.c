/* gst-vlm: query a model about pictures and videos
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <unistd.h>

#include <gst/gst.h>

#include "tools/attention.h"
#include "tools/interrupt.h"
#include "tools/run/answer.h"
#include "tools/run/output.h"
#include "tools/source.h"
#include "tools/tool.h"
#include "util/gstvlmlog.h"
#include "util/gstvlmtext.h"

/* One run of the program. */
typedef struct
{
  RunOptions *options;
  Output output;
  VlmModel *model; /* NULL: it is on another machine */
  VlmSession *session;
  VlmRemote *remote;
  GPtrArray *inputs;
  double load_s;
  ResultFile drawing; /* for --draw */
  GString *written;   /* of the answer that is under way */
  gboolean shows;     /* as it is written */
} Run;

static void
run_clear (Run *run)
{
  g_clear_pointer (&run->inputs, g_ptr_array_unref);
  g_clear_object (&run->session);
  g_clear_object (&run->model);
  g_clear_object (&run->remote);
  result_file_clear (&run->drawing);
  g_string_free (run->written, TRUE);
  output_clear (&run->output);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static void
on_progress (const char *stage, double fraction, gpointer user_data)
{
  Run *run = user_data;

  output_progress (&run->output, stage, fraction);
}

static void
on_text (const char *text, gpointer user_data)
{
  Run *run = user_data;

  g_string_append (run->written, text);
  if (run->shows)
    output_write (&run->output, text);
}

/* Of a server only the time of the answer can be measured. */
static void
print_remote_summary (const VlmAnswer *answer)
{
  fprintf (stderr, "\n%u prompt tokens, %u written%s\nanswer after %.2f s",
      answer->n_prompt_tokens, answer->n_tokens,
      answer->stopped ? "" : " (cut off by --max-tokens)", answer->decode_s);
  if (answer->confidence >= 0.0)
    fprintf (stderr, ", confidence %.3f", answer->confidence);
  fputc ('\n', stderr);
}

/* What takes no time has no rate: the first token comes with the prompt, and
 * others may be forced. */
static void
print_rate (const char *name, guint n_tokens, double seconds)
{
  fprintf (stderr, ", %s %.2f s", name, seconds);
  if (seconds >= 0.001)
    fprintf (stderr, " (%.1f tokens/s)", n_tokens / seconds);
}

static void
print_summary (const VlmAnswer *answer, double load_s)
{
  fprintf (stderr,
      "\n%u prompt tokens (%u of pictures), %u written (%u without a step)%s\n"
      "load %.2f s, vision %.2f s",
      answer->n_prompt_tokens, answer->n_vision_tokens, answer->n_tokens,
      answer->n_forced_tokens,
      answer->stopped ? "" : " (cut off by --max-tokens)", load_s,
      answer->vision_s);
  print_rate ("prefill", answer->n_prompt_tokens, answer->prefill_s);
  print_rate ("decode", answer->n_tokens, answer->decode_s);
  fprintf (stderr, ", confidence %.3f\n", answer->confidence);
}

static gboolean
write_attention (Run *run, const VlmAnswer *answer, GError **error)
{
  g_autoptr (VlmAttention) attention =
      vlm_session_steal_attention (run->session);

  return attention_write (
      attention, answer->text, run->options->attention, error);
}

/* @answer: NULL if it was interrupted. FALSE if it cannot be read. */
static gboolean
write_answer (
    Run *run, const VlmAnswer *answer, const char *question, GError **error)
{
  const RunOptions *options = run->options;
  const AnswerReport report = {
    .options = options,
    .inputs = run->inputs,
    .model = run->model != NULL ? vlm_model_get_name (run->model)
                                : vlm_remote_get_name (run->remote),
    .device = run->model != NULL ? vlm_model_get_device (run->model) : NULL,
    .question = question,
    .load_s = run->load_s,
    .answer = answer,
    .written = run->written->str,
  };
  g_autofree char *text = NULL;
  g_autofree char *note = NULL;

  if (options->json)
    text = answer_to_json (&report, &note, error);
  else if (run->shows)
    text = g_strdup ("");
  else if (answer == NULL)
    text = gst_vlm_text_for_terminal (run->written->str);
  else
    text = answer_to_text (answer, options, run->inputs, &note, error);
  if (text == NULL)
    return FALSE;
  output_write (&run->output, text);
  output_write (&run->output, "\n");
  if (note != NULL)
    g_printerr ("note: %s\n", note);
  return TRUE;
}

static gboolean
ask (Run *run, const char *question, const VlmWork *work, GError **error)
{
  const RunOptions *options = run->options;
  g_autoptr (VlmPrompt) prompt =
      inputs_make_prompt (run->inputs, options->system, question);
  g_autoptr (VlmAnswer) answer = NULL;

  g_string_truncate (run->written, 0);
  answer = run->model != NULL ? vlm_session_generate (run->session, prompt,
                                    &options->params, work, error)
                              : vlm_remote_generate (run->remote, prompt,
                                    &options->params, work, error);
  output_end_progress (&run->output);
  if (answer == NULL) {
    /* What was generated so far is not lost, even half a list. */
    if (run->written->len > 0)
      write_answer (run, NULL, question, NULL);
    return FALSE;
  }
  if (!write_answer (run, answer, question, error) ||
      (options->attention != NULL && !write_attention (run, answer, error)) ||
      (options->draw != NULL &&
          !answer_draw (answer, options, run->inputs, &run->drawing, error)))
    return FALSE;
  if (!options->quiet && !options->json && run->model != NULL)
    print_summary (answer, run->load_s);
  else if (!options->quiet && !options->json)
    print_remote_summary (answer);
  return TRUE;
}

/* Says that a small model is not broken if it cannot answer other questions. */
static void
note_purpose (Run *run)
{
  const char *kind = vlm_answer_kind_get_name (run->options->params.kind);
  g_autofree char *text = NULL;
  g_autofree char *safe = NULL;

  if (run->options->quiet || vlm_model_is_trained_for (run->model, kind))
    return;
  text = g_strdup_printf (
      "note: the model \"%s\" was trained for %s; it cannot answer other "
      "questions (choose another one with --model)",
      vlm_model_get_name (run->model), vlm_model_get_trained_for (run->model));
  safe = gst_vlm_text_for_terminal (text);
  output_end_progress (&run->output);
  g_printerr ("%s\n", safe);
}

/* @geometry: what frames must look like */
static gboolean
load_model (
    Run *run, VlmGeometry *geometry, const VlmWork *work, GError **error)
{
  const VlmModelParams *params = &run->options->model;

  if (vlm_remote_is_meant (params)) {
    run->remote = vlm_remote_open (params, work, error);
    if (run->remote != NULL)
      vlm_remote_get_geometry (run->remote, geometry);
    return run->remote != NULL;
  }
  run->model = vlm_model_load (params, NULL, work, error);
  if (run->model == NULL)
    return FALSE;
  vlm_model_get_geometry (run->model, geometry);
  run->session = vlm_session_new (run->model);
  vlm_session_set_record_attention (
      run->session, run->options->attention != NULL);
  return TRUE;
}

/* Places are printed in pixels of the source, so the unit of the model's places
 * must be known. */
static gboolean
find_box_space (Run *run, const VlmWork *work, GError **error)
{
  RunOptions *options = run->options;

  if (run->remote == NULL ||
      !vlm_answer_kind_has_places (options->params.kind) ||
      !vlm_answer_kind_is_of_picture (options->params.kind))
    return TRUE;
  options->model.box_space = vlm_remote_find_box_space (
      run->remote, inputs_get_frame (run->inputs), work->cancellable, error);
  if (options->model.box_space == VLM_BOX_SPACE_NONE)
    return tool_check ("it is not known what the boxes of this model count in: "
                       "say it with --box-space",
        error);
  return options->model.box_space != VLM_BOX_SPACE_AUTO;
}

static gboolean
load (Run *run, const VlmWork *work, GError **error)
{
  gint64 start = g_get_monotonic_time ();
  gboolean loaded;
  VlmGeometry geometry;

  loaded = load_model (run, &geometry, work, error);
  run->load_s = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  if (!loaded)
    return FALSE;
  if (run->model != NULL)
    note_purpose (run);
  run->inputs = inputs_load (run->options, &geometry, work, error);
  return run->inputs != NULL &&
      inputs_check (run->inputs, run->options->params.kind, error) &&
      find_box_space (run, work, error);
}

/* Errors with files come before a model is loaded. */
static gboolean
open_files (Run *run, GError **error)
{
  const RunOptions *o = run->options;

  return (o->attention == NULL ||
             attention_make_folder (o->attention, error)) &&
      (o->draw == NULL ||
          (source_check_result (o->images, o->draw, error) &&
              source_check_result (o->videos, o->draw, error) &&
              result_file_open (&run->drawing, o->draw, error)));
}

static gboolean
run_all (RunOptions *options, GError **error)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (Run) run = { .options = options,
    .output = { cancellable, !options->quiet && isatty (STDERR_FILENO) },
    .written = g_string_new (NULL),
    .shows =
        options->stream && !vlm_answer_kind_has_places (options->params.kind) };
  const VlmWork work = { cancellable, on_progress, on_text, &run };
  gboolean good;

  gst_vlm_log_init ();
  if (!inputs_check_words (options, error) || !open_files (&run, error) ||
      !interrupt_watch (cancellable, error))
    return FALSE;
  good = load (&run, &work, error);
  for (guint i = 0; good && options->prompts[i] != NULL; i++) {
    if (i > 0 && !options->json)
      output_write (&run.output, "\n");
    good = ask (&run, options->prompts[i], &work, error);
  }
  output_end_progress (&run.output);
  return output_check (&run.output, error) && good;
}

static gboolean
list_devices (GError **error)
{
  g_auto (GStrv) devices = vlm_device_list (error);

  for (guint i = 0; devices != NULL && devices[i] != NULL; i++)
    puts (devices[i]);
  return devices != NULL;
}

static gboolean
print_fit (const RunOptions *options, GError **error)
{
  g_autofree char *table = vlm_fit_describe (&options->model, error);

  if (table != NULL)
    fputs (table, stdout);
  return table != NULL;
}

int
main (int argc, char **argv)
{
  g_auto (RunOptions) options = { 0 };
  g_autoptr (GError) error = NULL;

  if (run_options_parse (&options, &argc, &argv, &error)) {
    if (options.list_devices)
      list_devices (&error);
    else if (options.fit)
      print_fit (&options, &error);
    else
      run_all (&options, &error);
  }
  return tool_end ("vlm-run", error);
}
