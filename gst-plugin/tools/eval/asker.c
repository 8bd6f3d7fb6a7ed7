/* gst-vlm: the questions of an evaluation, as vlmevents asks them
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/asker.h"

#include <math.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include "tools/eval/metrics.h"

gboolean
eval_asker_init (EvalAsker *self, const VlmModelParams *params,
    GCancellable *cancellable, GError **error)
{
  const VlmWork work = { .cancellable = cancellable };

  self->model = vlm_model_load (params, NULL, &work, error);
  if (self->model == NULL)
    return FALSE;
  self->session = vlm_session_new (self->model);
  vlm_model_get_geometry (self->model, &self->geometry);
  return TRUE;
}

void
eval_asker_clear (EvalAsker *self)
{
  g_clear_object (&self->session);
  g_clear_object (&self->model);
}

/* --- clips -------------------------------------------------------------- */

EvalClip *
eval_clip_new (const EvalAsker *asker, const EvalSample *sample, double fps,
    GError **error)
{
  g_autoptr (EvalClip) self = g_new0 (EvalClip, 1);
  guint n;
  guint width;
  guint height;

  self->frames =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_frame_unref);
  self->times = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->length = (double) sample->duration / VLM_SECOND;
  n = (guint) ceil (self->length * fps - 1e-6);
  n = MAX (n + n % 2, 2);
  self->duration = (gint64) (n / fps * VLM_SECOND);
  if (!vlm_video_plan_size (&asker->geometry, &asker->limits, n, sample->width,
          sample->height, &width, &height, error))
    return NULL;
  for (guint i = 0; i < n; i++) {
    gint64 time = (gint64) (i / fps * VLM_SECOND + 0.5);
    VlmFrame *frame = i > 0 && time >= sample->duration
        ? vlm_frame_ref (self->frames->pdata[i - 1])
        : eval_sample_frame (
              sample, time, width, height, VLM_RESAMPLE_VIDEO, error);

    if (frame == NULL)
      return NULL;
    g_ptr_array_add (self->frames, frame);
    g_array_append_val (self->times, time);
  }
  return g_steal_pointer (&self);
}

void
eval_clip_free (EvalClip *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->frames);
  g_array_unref (self->times);
  g_free (self);
}

/* --- questions ---------------------------------------------------------- */

/* The wordings of docs/decisions/0009-wordings.md for which the library has no
 * kind. */
#define ASK_POINTS                                                             \
  "Point to the %s, report the point coordinates in JSON format."
#define ASK_COUNT                                                              \
  "How many objects are in the image? Answer with a number only."
#define ASK_COUNT_OF                                                           \
  "How many objects in the image match the query '%s'? Answer with a number "  \
  "only."

/* (transfer full) */
static VlmAnswer *
ask_model (EvalAsker *self, const VlmPrompt *prompt, const char *kind,
    GCancellable *cancellable, GError **error)
{
  VlmGenerateParams params = VLM_GENERATE_PARAMS_DEFAULT;
  const VlmWork work = { .cancellable = cancellable };
  VlmAnswer *answer;

  params.kind = vlm_answer_kind_lookup (kind);
  params.temperature = 0.0;
  answer = vlm_session_generate (self->session, prompt, &params, &work, error);
  self->n_answers += answer != NULL;
  return answer;
}

static char *
generate (EvalAsker *self, const VlmPrompt *prompt, const char *kind,
    GCancellable *cancellable, GError **error)
{
  g_autoptr (VlmAnswer) said =
      ask_model (self, prompt, kind, cancellable, error);

  return said != NULL ? g_strdup (said->text) : NULL;
}

static void
say (const EvalAsker *self, const char *query, const char *answer)
{
  g_autofree char *line = g_strdup (answer);

  if (!self->verbose)
    return;
  /* Printed on one line. */
  g_strdelimit (line, "\n\t", ' ');
  g_print (
      "  %s: %s\n", query != NULL ? query : "everything", g_strstrip (line));
}

/* Counts what could not be read: @n_rejected parts of the answer, or all of it,
 * which is the same as no answer. FALSE on any other error. */
static gboolean
note (EvalAsker *self, guint n_rejected, GError *problem, GError **error)
{
  self->n_rejected += n_rejected;
  if (problem == NULL)
    return TRUE;
  if (!g_error_matches (problem, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX)) {
    g_propagate_error (error, problem);
    return FALSE;
  }
  self->n_unreadable++;
  g_error_free (problem);
  return TRUE;
}

static GArray *
read_events (
    EvalAsker *self, const VlmAnswer *said, gint64 duration, GError **error)
{
  g_autoptr (GPtrArray) findings = NULL;
  g_autofree char *why = NULL;
  GError *problem = NULL;
  guint n_rejected = 0;
  GArray *events;

  findings =
      vlm_event_parse (said->text, duration, &n_rejected, &why, &problem);
  if (!note (self, n_rejected, problem, error))
    return NULL;
  events = eval_events_new ();
  for (guint i = 0; findings != NULL && i < findings->len; i++) {
    const VlmFinding *finding = findings->pdata[i];

    eval_events_add (events, (double) finding->start_ns / VLM_SECOND,
        (double) finding->end_ns / VLM_SECOND,
        eval_leading_label (finding->description), finding->description);
    g_array_index (events, EvalEvent, i).confidence =
        vlm_answer_get_confidence (
            said, finding->text_start, finding->text_end);
  }
  return events;
}

static GArray *
ask_events (EvalAsker *self, VlmPrompt *prompt, gint64 duration,
    const char *query, GCancellable *cancellable, GError **error)
{
  g_autofree char *question = vlm_answer_kind_make_question (
      vlm_answer_kind_lookup ("events"), query, TRUE);
  g_autoptr (VlmAnswer) said = NULL;

  vlm_prompt_add_text (prompt, question);
  said = ask_model (self, prompt, "events", cancellable, error);
  if (said == NULL)
    return NULL;
  say (self, query, said->text);
  return read_events (self, said, duration, error);
}

GArray *
eval_asker_ask_events (EvalAsker *self, const EvalClip *clip, const char *query,
    GCancellable *cancellable, GError **error)
{
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
  GArray *events;

  vlm_prompt_add_video (prompt, (VlmFrame *const *) clip->frames->pdata,
      (const gint64 *) clip->times->data, clip->frames->len);
  events = ask_events (self, prompt, clip->duration, query, cancellable, error);
  for (guint i = 0; events != NULL && i < events->len; i++) {
    EvalSpan *span = &g_array_index (events, EvalEvent, i).span;

    span->start = MIN (span->start, clip->length);
    span->end = MIN (span->end, clip->length);
  }
  return events;
}

GArray *
eval_asker_ask_boxes (EvalAsker *self, VlmFrame *frame, const char *label,
    GCancellable *cancellable, GError **error)
{
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
  g_autofree char *question = vlm_answer_kind_make_question (
      vlm_answer_kind_lookup ("boxes"), label, FALSE);
  g_autofree char *text = NULL;
  g_autofree char *why = NULL;
  g_autoptr (GPtrArray) boxes = NULL;
  GError *problem = NULL;
  guint n_rejected = 0;
  GArray *rects;

  vlm_prompt_add_image (prompt, frame);
  vlm_prompt_add_text (prompt, question);
  text = generate (self, prompt, "boxes", cancellable, error);
  if (text == NULL)
    return NULL;
  say (self, label, text);
  boxes = vlm_box_parse (
      text, frame->width, frame->height, &n_rejected, &why, &problem);
  if (!note (self, n_rejected, problem, error))
    return NULL;
  rects = g_array_new (FALSE, FALSE, sizeof (VlmRect));
  for (guint i = 0; boxes != NULL && i < boxes->len; i++)
    g_array_append_val (rects, ((VlmMark *) boxes->pdata[i])->rect);
  return rects;
}

gboolean
eval_asker_ask_yes_no (EvalAsker *self, const EvalClip *clip, VlmFrame *frame,
    const char *statement, EvalSays *says, GCancellable *cancellable,
    GError **error)
{
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
  g_autofree char *question = vlm_answer_kind_make_question (
      vlm_answer_kind_lookup ("yes-no"), statement, clip != NULL);
  g_autofree char *text = NULL;

  if (clip != NULL)
    vlm_prompt_add_video (prompt, (VlmFrame *const *) clip->frames->pdata,
        (const gint64 *) clip->times->data, clip->frames->len);
  else
    vlm_prompt_add_image (prompt, frame);
  vlm_prompt_add_text (prompt, question);
  text = generate (self, prompt, "yes-no", cancellable, error);
  if (text == NULL)
    return FALSE;
  say (self, statement, text);
  *says = g_str_equal (text, "Yes") ? EVAL_SAYS_YES
      : g_str_equal (text, "No")    ? EVAL_SAYS_NO
                                    : EVAL_SAYS_NEITHER;
  self->n_unfit += *says == EVAL_SAYS_NEITHER;
  return TRUE;
}

/* The free answer to @question about @frame. (transfer full) */
static char *
ask_picture (EvalAsker *self, VlmFrame *frame, const char *question,
    const char *label, GCancellable *cancellable, GError **error)
{
  g_autoptr (VlmPrompt) prompt = vlm_prompt_new ();
  char *text;

  vlm_prompt_add_image (prompt, frame);
  vlm_prompt_add_text (prompt, question);
  text = generate (self, prompt, "free", cancellable, error);
  if (text != NULL)
    say (self, label, text);
  return text;
}

/* The list in the answer, with or without a fence; NULL if there is none. */
static JsonArray *
parse_list (JsonParser *parser, const char *text)
{
  g_autofree char *inner = g_strdup (text);
  JsonNode *root;
  char *begin = strchr (inner, '[');
  char *end = strrchr (inner, ']');

  if (begin == NULL || end == NULL || end < begin)
    return NULL;
  end[1] = '\0';
  if (!json_parser_load_from_data (parser, begin, -1, NULL))
    return NULL;
  root = json_parser_get_root (parser);
  return root != NULL && JSON_NODE_HOLDS_ARRAY (root)
      ? json_node_get_array (root)
      : NULL;
}

static gboolean
read_point (JsonNode *node, EvalPoint *point)
{
  JsonArray *pair;
  JsonNode *member;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return FALSE;
  member = json_object_get_member (json_node_get_object (node), "point_2d");
  if (member == NULL || !JSON_NODE_HOLDS_ARRAY (member))
    return FALSE;
  pair = json_node_get_array (member);
  if (json_array_get_length (pair) != 2 ||
      !JSON_NODE_HOLDS_VALUE (json_array_get_element (pair, 0)) ||
      !JSON_NODE_HOLDS_VALUE (json_array_get_element (pair, 1)))
    return FALSE;
  point->x = json_array_get_double_element (pair, 0);
  point->y = json_array_get_double_element (pair, 1);
  return TRUE;
}

gboolean
eval_asker_ask_points (EvalAsker *self, VlmFrame *frame, const char *label,
    GArray **points, GCancellable *cancellable, GError **error)
{
  g_autofree char *question = g_strdup_printf (ASK_POINTS, label);
  g_autofree char *text =
      ask_picture (self, frame, question, label, cancellable, error);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *list;

  *points = NULL;
  if (text == NULL)
    return FALSE;
  list = parse_list (parser, text);
  if (list == NULL) {
    self->n_unfit++;
    return TRUE;
  }
  *points = g_array_new (FALSE, FALSE, sizeof (EvalPoint));
  for (guint i = 0; i < json_array_get_length (list); i++) {
    EvalPoint point;

    if (read_point (json_array_get_element (list, i), &point))
      g_array_append_val (*points, point);
    else
      self->n_rejected++;
  }
  return TRUE;
}

gboolean
eval_asker_ask_count (EvalAsker *self, VlmFrame *frame, const char *label,
    gint *count, GCancellable *cancellable, GError **error)
{
  g_autofree char *question = label != NULL
      ? g_strdup_printf (ASK_COUNT_OF, label)
      : g_strdup (ASK_COUNT);
  g_autofree char *text =
      ask_picture (self, frame, question, label, cancellable, error);
  guint64 number;

  if (text == NULL)
    return FALSE;
  *count = -1;
  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT, &number, NULL))
    *count = (gint) number;
  else
    self->n_unfit++;
  return TRUE;
}
