/* gst-vlm: the output of an answer in vlm-run
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run/answer.h"

#include <string.h>

#include "tools/run/draw.h"
#include "tools/run/fields.h"
#include "util/gstvlmjson.h"

/* --- text ------------------------------------------------------------------ */

static const VlmWindow *
find_video (GPtrArray *inputs)
{
  for (guint i = 0; i < inputs->len; i++) {
    const RunInput *input = inputs->pdata[i];

    if (input->video != NULL)
      return input->video;
  }
  return NULL;
}

/* With a picture of as many pixels as its places count in: only its size may be
 * used. */
static VlmReading *
read_thousandths (const VlmAnswer *answer, const VlmGenerateParams *params,
    GPtrArray *inputs, GError **error)
{
  VlmFrame seen = *inputs_get_frame (inputs);

  seen.width = seen.height = 1000;
  return vlm_reading_new (
      params->kind, answer->text, params->detail, NULL, &seen, error);
}

static VlmReading *
read_answer (const VlmAnswer *answer, const RunOptions *options,
    GPtrArray *inputs, char **note, GError **error)
{
  const VlmGenerateParams *params = &options->params;
  const VlmWindow *video = find_video (inputs);
  VlmReading *reading;

  if (options->model.box_space == VLM_BOX_SPACE_THOUSANDTHS &&
      vlm_answer_kind_is_of_picture (params->kind))
    reading = read_thousandths (answer, params, inputs, error);
  else
    reading = vlm_reading_new (params->kind, answer->text, params->detail,
        video, video == NULL ? inputs_get_frame (inputs) : NULL, error);
  if (reading != NULL && reading->n_rejected > 0)
    *note = g_strdup_printf ("%u of its entries were left out: %s",
        reading->n_rejected, reading->why);
  return reading;
}

static char *
marks_to_html (const GPtrArray *marks)
{
  GString *html = g_string_new ("<html><body>\n");

  for (guint i = 0; i < marks->len; i++) {
    g_autofree char *element = vlm_mark_to_html (marks->pdata[i]);

    g_string_append_printf (html, "%s\n", element);
  }
  g_string_append (html, "</body></html>");
  return g_string_free (html, FALSE);
}

char *
answer_to_text (const VlmAnswer *answer, const RunOptions *options,
    GPtrArray *inputs, char **note, GError **error)
{
  g_autoptr (VlmReading) reading = NULL;

  if (!vlm_answer_kind_has_places (options->params.kind))
    return g_strdup (answer->text);
  reading = read_answer (answer, options, inputs, note, error);
  if (reading == NULL)
    return NULL;
  return options->html ? marks_to_html (reading->marks)
                       : g_steal_pointer (&reading->value);
}

gboolean
answer_draw (const VlmAnswer *answer, const RunOptions *options,
    GPtrArray *inputs, ResultFile *file, GError **error)
{
  const RunInput *input = inputs->pdata[0];
  g_autofree char *note = NULL;
  g_autoptr (VlmReading) reading =
      read_answer (answer, options, inputs, &note, error);

  return reading != NULL &&
      draw_marks (
          input->original != NULL ? input->original : inputs_get_frame (inputs),
          reading->marks, file, error);
}

/* --- JSON ----------------------------------------------------------------- */

static void
put_text (JsonBuilder *json, const char *name, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  json_builder_set_member_name (json, name);
  json_builder_add_string_value (json, valid);
}

static void
put_count (JsonBuilder *json, const char *name, guint n)
{
  json_builder_set_member_name (json, name);
  json_builder_add_int_value (json, n);
}

static void
put_number (JsonBuilder *json, const char *name, double value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_double_value (json, gst_vlm_json_round (value));
}

static void
put_inputs (JsonBuilder *json, GPtrArray *inputs)
{
  json_builder_set_member_name (json, "inputs");
  json_builder_begin_array (json);
  for (guint i = 0; i < inputs->len; i++) {
    const RunInput *input = inputs->pdata[i];
    const VlmFrame *frame = input->picture != NULL
        ? input->picture
        : input->video->samples[0].frame;

    json_builder_begin_object (json);
    put_text (json, input->video != NULL ? "video" : "image", input->name);
    put_count (json, "width", frame->source_width);
    put_count (json, "height", frame->source_height);
    if (input->video != NULL)
      put_count (json, "frames", input->video->n_samples);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
}

/* Of the answer as the model wrote it: entries may have been left out when it was
 * read, which changes their numbers. */
static void
put_fields (JsonBuilder *json, const VlmAnswer *answer, gboolean has_places)
{
  g_autoptr (GPtrArray) fields = fields_find (answer->text);

  if (has_places)
    put_text (json, "raw", answer->text);
  json_builder_set_member_name (json, "fields");
  json_builder_begin_object (json);
  for (guint i = 0; i < fields->len; i++) {
    const AnswerField *field = fields->pdata[i];

    put_number (json, field->pointer,
        vlm_answer_get_confidence (answer, field->start, field->end));
  }
  json_builder_end_object (json);
}

/* Less is known about an answer of a server. */
static void
put_figures (JsonBuilder *json, const AnswerReport *report)
{
  const VlmAnswer *answer = report->answer;
  gboolean is_own = report->device != NULL;

  if (answer->confidence >= 0.0)
    put_number (json, "confidence", answer->confidence);
  json_builder_set_member_name (json, "complete");
  json_builder_add_boolean_value (json, answer->stopped);
  json_builder_set_member_name (json, "usage");
  json_builder_begin_object (json);
  put_count (json, "prompt_tokens", answer->n_prompt_tokens);
  if (is_own)
    put_count (json, "vision_tokens", answer->n_vision_tokens);
  put_count (json, "answer_tokens", answer->n_tokens);
  if (is_own)
    put_count (json, "forced_tokens", answer->n_forced_tokens);
  json_builder_end_object (json);
  json_builder_set_member_name (json, "seconds");
  json_builder_begin_object (json);
  put_number (json, "load", report->load_s);
  if (is_own) {
    put_number (json, "vision", answer->vision_s);
    put_number (json, "prefill", answer->prefill_s);
  }
  put_number (json, is_own ? "decode" : "answer", answer->decode_s);
  json_builder_end_object (json);
}

/* Line ends and tabs are white space between the parts of JSON: in its texts they
 * are escaped. */
static char *
put_on_a_line (const char *json)
{
  GString *line = g_string_new (json);

  g_string_replace (line, "\n", "", 0);
  g_string_replace (line, "\t", "", 0);
  return g_string_free (line, FALSE);
}

/* (transfer full): the answer as JSON, in which numbers are as the model wrote
 * them */
static char *
make_value (const AnswerReport *report, char **note, GError **error)
{
  const VlmGenerateParams *params = &report->options->params;
  g_autoptr (VlmReading) reading = NULL;
  g_autofree char *text = NULL;
  g_autoptr (JsonNode) node = NULL;

  if (report->answer != NULL && vlm_answer_kind_is_json (params->kind)) {
    reading = read_answer (
        report->answer, report->options, report->inputs, note, error);
    return reading != NULL ? put_on_a_line (reading->value) : NULL;
  }
  text = g_utf8_make_valid (
      report->answer != NULL ? report->answer->text : report->written, -1);
  node = json_node_new (JSON_NODE_VALUE);
  json_node_set_string (node, text);
  return gst_vlm_json_write (node);
}

/* (transfer full): the object that @json has built, which is empty then */
static char *
end_object (JsonBuilder *json)
{
  g_autoptr (JsonNode) root = NULL;

  json_builder_end_object (json);
  root = json_builder_get_root (json);
  return gst_vlm_json_write (root);
}

static char *
make_head (const AnswerReport *report)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();

  json_builder_begin_object (json);
  put_text (json, "question", report->question);
  put_text (
      json, "task", vlm_answer_kind_get_name (report->options->params.kind));
  put_inputs (json, report->inputs);
  return end_object (json);
}

static char *
make_tail (const AnswerReport *report)
{
  const VlmAnswerKind *kind = report->options->params.kind;
  g_autoptr (JsonBuilder) json = json_builder_new ();

  json_builder_begin_object (json);
  if (report->answer != NULL) {
    /* nothing is known about the tokens of a server */
    if (report->answer->trace != NULL && vlm_answer_kind_is_json (kind))
      put_fields (json, report->answer, vlm_answer_kind_has_places (kind));
    put_figures (json, report);
  } else {
    json_builder_set_member_name (json, "interrupted");
    json_builder_add_boolean_value (json, TRUE);
  }
  put_text (json, "model", report->model);
  if (report->device != NULL)
    put_text (json, "device", vlm_device_get_name (report->device));
  return end_object (json);
}

char *
answer_to_json (const AnswerReport *report, char **note, GError **error)
{
  g_autofree char *value = make_value (report, note, error);
  g_autofree char *head = NULL;
  g_autofree char *tail = NULL;
  GString *line;

  if (value == NULL)
    return NULL;
  head = make_head (report);
  tail = make_tail (report);
  head[strlen (head) - 1] = '\0';
  line = g_string_new (NULL);
  g_string_printf (line, "%s, \"answer\": %s, %s", head, value, tail + 1);
  return g_string_free (line, FALSE);
}
