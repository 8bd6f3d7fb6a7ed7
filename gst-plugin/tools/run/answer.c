/* gst-vlm: what becomes of an answer in vlm-run
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run/answer.h"

#include <json-glib/json-glib.h>

/* --- boxes ---------------------------------------------------------------- */

static gint64
scale (gint at, guint source, guint seen)
{
  return ((gint64) at * source + seen / 2) / seen;
}

static void
put_box (JsonBuilder *json, const VlmMark *box, const VlmFrame *frame)
{
  const VlmRect *rect = &box->rect;
  const gint64 corners[] = {
    scale (rect->x, frame->source_width, frame->width),
    scale (rect->y, frame->source_height, frame->height),
    scale (rect->x + rect->width, frame->source_width, frame->width),
    scale (rect->y + rect->height, frame->source_height, frame->height),
  };

  json_builder_begin_object (json);
  json_builder_set_member_name (json, "bbox_2d");
  json_builder_begin_array (json);
  for (guint i = 0; i < G_N_ELEMENTS (corners); i++)
    json_builder_add_int_value (json, corners[i]);
  json_builder_end_array (json);
  json_builder_set_member_name (json, "label");
  json_builder_add_string_value (json, box->label);
  json_builder_end_object (json);
}

static gboolean
put_boxes (JsonBuilder *json, const char *text, GPtrArray *inputs,
    guint *n_rejected, char **why, GError **error)
{
  const VlmFrame *frame = inputs_get_frame (inputs);
  g_autoptr (GPtrArray) boxes =
      vlm_box_parse (text, frame->width, frame->height, n_rejected, why, error);

  for (guint i = 0; boxes != NULL && i < boxes->len; i++)
    put_box (json, boxes->pdata[i], frame);
  return boxes != NULL;
}

/* --- events --------------------------------------------------------------- */

/* mm:ss.ff, as the model is asked to write it */
static void
put_time (JsonBuilder *json, const char *name, gint64 ns)
{
  gint64 hundredths = (ns + 5000000) / 10000000;
  g_autofree char *text =
      g_strdup_printf ("%02" G_GINT64_FORMAT ":%02u.%02u", hundredths / 6000,
          (guint) (hundredths / 100 % 60), (guint) (hundredths % 100));

  json_builder_set_member_name (json, name);
  json_builder_add_string_value (json, text);
}

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

static gboolean
put_events (JsonBuilder *json, const char *text, GPtrArray *inputs,
    guint *n_rejected, char **why, GError **error)
{
  const VlmWindow *video = find_video (inputs);
  guint n = video->n_samples;
  gint64 first = video->samples[0].slot_time;
  gint64 last = video->samples[n - 1].slot_time;
  gint64 step = n > 1 ? last - video->samples[n - 2].slot_time : VLM_SECOND;
  g_autoptr (GPtrArray) events =
      vlm_event_parse (text, last - first + step, n_rejected, why, error);

  for (guint i = 0; events != NULL && i < events->len; i++) {
    const VlmFinding *event = events->pdata[i];

    json_builder_begin_object (json);
    put_time (json, "start_time", first + event->start_ns);
    put_time (json, "end_time", first + event->end_ns);
    json_builder_set_member_name (json, "description");
    json_builder_add_string_value (json, event->description);
    json_builder_end_object (json);
  }
  return events != NULL;
}

/* --- kinds ---------------------------------------------------------------- */

/* Puts the entries of a list; those that are left out are counted, and @why the
 * first one was. */
typedef gboolean (*PutEntries) (JsonBuilder *json, const char *text,
    GPtrArray *inputs, guint *n_rejected, char **why, GError **error);

static PutEntries
find_reader (const VlmAnswerKind *kind)
{
  static const struct
  {
    const char *name;
    PutEntries put;
  } readers[] = { { "boxes", put_boxes }, { "events", put_events } };

  for (guint i = 0; i < G_N_ELEMENTS (readers); i++)
    if (g_str_equal (readers[i].name, vlm_answer_kind_get_name (kind)))
      return readers[i].put;
  return NULL;
}

gboolean
answer_is_read (const VlmAnswerKind *kind)
{
  return find_reader (kind) != NULL;
}

/* A list. */
static gboolean
put_read (JsonBuilder *json, const char *text, PutEntries put,
    GPtrArray *inputs, char **note, GError **error)
{
  g_autofree char *why = NULL;
  guint n_rejected = 0;

  json_builder_begin_array (json);
  if (!put (json, text, inputs, &n_rejected, &why, error))
    return FALSE;
  json_builder_end_array (json);
  if (n_rejected > 0)
    *note = g_strdup_printf (
        "%u of its entries were left out: %s", n_rejected, why);
  return TRUE;
}

/* An entry a line, as the model writes it. */
static char *
list_to_text (JsonArray *list)
{
  g_autoptr (GString) text = g_string_new ("[");

  for (guint i = 0; i < json_array_get_length (list); i++) {
    g_autofree char *entry =
        json_to_string (json_array_get_element (list, i), FALSE);

    g_string_append_printf (text, "%s\n\t%s", i > 0 ? "," : "", entry);
  }
  g_string_append (text, json_array_get_length (list) > 0 ? "\n]" : "]");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
answer_to_text (const VlmAnswer *answer, const VlmAnswerKind *kind,
    GPtrArray *inputs, char **note, GError **error)
{
  PutEntries put = find_reader (kind);
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  if (put == NULL)
    return g_strdup (answer->text);
  if (!put_read (json, answer->text, put, inputs, note, error))
    return NULL;
  root = json_builder_get_root (json);
  return list_to_text (json_node_get_array (root));
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
put_seconds (JsonBuilder *json, const char *name, double value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_double_value (json, value);
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

static void
put_figures (JsonBuilder *json, const AnswerReport *report)
{
  const VlmAnswer *answer = report->answer;

  put_seconds (json, "confidence", answer->confidence);
  json_builder_set_member_name (json, "complete");
  json_builder_add_boolean_value (json, answer->stopped);
  json_builder_set_member_name (json, "usage");
  json_builder_begin_object (json);
  put_count (json, "prompt_tokens", answer->n_prompt_tokens);
  put_count (json, "vision_tokens", answer->n_vision_tokens);
  put_count (json, "answer_tokens", answer->n_tokens);
  put_count (json, "forced_tokens", answer->n_forced_tokens);
  json_builder_end_object (json);
  json_builder_set_member_name (json, "seconds");
  json_builder_begin_object (json);
  put_seconds (json, "load", report->load_s);
  put_seconds (json, "vision", answer->vision_s);
  put_seconds (json, "prefill", answer->prefill_s);
  put_seconds (json, "decode", answer->decode_s);
  json_builder_end_object (json);
}

static gboolean
put_answer (
    JsonBuilder *json, const AnswerReport *report, char **note, GError **error)
{
  PutEntries put = find_reader (report->options->params.kind);

  if (report->answer == NULL) {
    put_text (json, "answer", report->written);
    json_builder_set_member_name (json, "interrupted");
    json_builder_add_boolean_value (json, TRUE);
    return TRUE;
  }
  if (put == NULL) {
    put_text (json, "answer", report->answer->text);
  } else {
    json_builder_set_member_name (json, "answer");
    if (!put_read (
            json, report->answer->text, put, report->inputs, note, error))
      return FALSE;
  }
  put_figures (json, report);
  return TRUE;
}

char *
answer_to_json (const AnswerReport *report, char **note, GError **error)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  VlmDevice *device = vlm_model_get_device (report->model);

  json_builder_begin_object (json);
  put_text (json, "question", report->question);
  put_text (
      json, "task", vlm_answer_kind_get_name (report->options->params.kind));
  put_inputs (json, report->inputs);
  if (!put_answer (json, report, note, error))
    return NULL;
  put_text (json, "model", vlm_model_get_name (report->model));
  put_text (json, "device", vlm_device_get_name (device));
  json_builder_end_object (json);
  root = json_builder_get_root (json);
  return json_to_string (root, FALSE);
}
