/* gst-vlm: parsed answers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Kinds read parts of a few types (VlmParts). Each type is written as JSON here,
 * so that a new kind needs no writer of its own. */
#include "analyzer/reading.h"

#include <vlm/vlm-event-parse.h>

#include "analyzer/kinds.h"
#include "events/event-schema.h"
#include "events/record-json.h"

/* --- lists, an entry a line ------------------------------------------------ */

static void
begin_entry (GString *json, guint i)
{
  g_string_append (json, i == 0 ? "[\n\t{" : ",\n\t{");
}

static char *
end_list (GString *json, guint n)
{
  g_string_append (json, n == 0 ? "[]" : "\n]");
  return g_string_free (json, FALSE);
}

static void
put_numbers (GString *json, const char *name, const gint *numbers, guint n)
{
  vlm_json_put_key (json, name);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (json, "%s%d", i == 0 ? "[" : ", ", numbers[i]);
  g_string_append_c (json, ']');
}

/* mm:ss.ff, the form that the question specifies */
static void
put_time (GString *json, const char *name, gint64 ns)
{
  gint64 hundredths = (ns + 5000000) / 10000000;
  g_autofree char *text =
      g_strdup_printf ("%02" G_GINT64_FORMAT ":%02u.%02u", hundredths / 6000,
          (guint) (hundredths / 100 % 60), (guint) (hundredths % 100));

  vlm_json_put_string (json, name, text);
}

static char *
write_events (const GPtrArray *events, gint64 start)
{
  GString *json = g_string_new (NULL);

  for (guint i = 0; i < events->len; i++) {
    const VlmFinding *event = events->pdata[i];

    begin_entry (json, i);
    put_time (json, VLM_ANSWER_START, vlm_time_add (start, event->start_ns));
    put_time (json, VLM_ANSWER_END, vlm_time_add (start, event->end_ns));
    vlm_json_put_string (json, VLM_ANSWER_DESCRIPTION, event->description);
    g_string_append_c (json, '}');
  }
  return end_list (json, events->len);
}

static void
put_place (GString *json, const VlmMark *mark)
{
  const VlmRect *rect = &mark->rect;
  const gint corners[] = { rect->x, rect->y, rect->x + rect->width,
    rect->y + rect->height };

  if (mark->n_points == 1)
    put_numbers (json, VLM_ANSWER_POINT, mark->points, 2);
  else if (rect->width > 0)
    put_numbers (json, VLM_ANSWER_BOX, corners, 4);
  if (mark->n_points > 1)
    put_numbers (json, VLM_ANSWER_QUAD, mark->points, 2 * mark->n_points);
}

static char *
write_marks (const GPtrArray *marks)
{
  GString *json = g_string_new (NULL);

  for (guint i = 0; i < marks->len; i++) {
    const VlmMark *mark = marks->pdata[i];

    begin_entry (json, i);
    put_place (json, mark);
    if (mark->label != NULL)
      vlm_json_put_string (json, VLM_ANSWER_LABEL, mark->label);
    if (mark->text != NULL)
      vlm_json_put_string (json, VLM_ANSWER_TEXT, mark->text);
    if (mark->html != NULL)
      vlm_json_put_string (json, "html", mark->html);
    g_string_append_c (json, '}');
  }
  return end_list (json, marks->len);
}

static char *
write_words (const char *words)
{
  GString *json = g_string_new (NULL);

  vlm_json_put_text (json, words);
  return g_string_free (json, FALSE);
}

/* --- reading --------------------------------------------------------------- */

VlmAnswerBounds
vlm_reading_bounds (const VlmWindow *window, const VlmFrame *seen)
{
  return (VlmAnswerBounds){
    .duration_ns =
        window != NULL ? window->end - window->samples[0].slot_time : -1,
    .width = seen != NULL ? seen->width : 0,
    .height = seen != NULL ? seen->height : 0,
  };
}

/* Answers of kinds without a reader are used as they are. */
static GPtrArray *
read_words (const char *text)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (parts, g_strstrip (g_utf8_make_valid (text, -1)));
  return parts;
}

static GPtrArray *
map_marks (const GPtrArray *marks, const VlmFrame *frame)
{
  GPtrArray *mapped =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_mark_free);

  for (guint i = 0; i < marks->len; i++)
    g_ptr_array_add (mapped,
        frame != NULL ? vlm_mark_map (marks->pdata[i], frame)
                      : vlm_mark_copy (marks->pdata[i]));
  return mapped;
}

static void
write_value (VlmReading *self, VlmPartType type, const VlmWindow *window,
    const VlmFrame *frame)
{
  GPtrArray *parts = self->parts;

  switch (type) {
  case VLM_PART_WORDS:
    self->words = g_strdup (parts->pdata[0]);
    self->value = write_words (self->words);
    break;
  case VLM_PART_JSON:
    self->value = g_strdup (parts->pdata[0]);
    break;
  case VLM_PART_EVENT:
    self->value =
        write_events (parts, window != NULL ? window->samples[0].slot_time : 0);
    break;
  case VLM_PART_MARK:
    self->marks = map_marks (parts, frame);
    self->value = write_marks (self->marks);
    break;
  default:
    g_assert_not_reached ();
  }
}

VlmReading *
vlm_reading_read (const VlmAnswerKind *kind, const char *text,
    const char *detail, const VlmWindow *window, const VlmFrame *seen,
    GError **error)
{
  g_autoptr (VlmReading) self = g_new0 (VlmReading, 1);
  VlmAnswerBounds bounds = vlm_reading_bounds (window, seen);

  if (kind == NULL)
    kind = &vlm_kind_free;
  bounds.detail = detail;
  self->parts = kind->read != NULL
      ? kind->read (text, &bounds, &self->n_rejected, &self->why, error)
      : read_words (text);
  if (self->parts == NULL)
    return NULL;
  write_value (self, kind->part, window, seen);
  return g_steal_pointer (&self);
}

/**
 * vlm_reading_new: (skip)
 * @kind: (nullable): kind of the answer, %NULL for `free`
 * @text: the answer
 * @detail: (nullable): of @kind, see #VlmGenerateParams
 * @window: (nullable): the video of the question
 * @picture: (nullable): or else the picture
 * @error: return location
 *
 * Parses an answer by the rules of its kind: with or without a code fence,
 * complete or truncated. Invalid elements of a list are dropped and counted,
 * never repaired.
 *
 * Returns: (transfer full): the parsed answer, or %NULL with a #VlmEventError
 *   if it is not of this kind
 *
 * Since: 0.1
 */
VlmReading *
vlm_reading_new (const VlmAnswerKind *kind, const char *text,
    const char *detail, const VlmWindow *window, const VlmFrame *picture,
    GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);

  return vlm_reading_read (kind, text, detail, window,
      window != NULL ? window->samples[0].frame : picture, error);
}

/**
 * vlm_reading_free: (skip)
 * @reading: (nullable) (transfer full): what was read
 *
 * Frees what vlm_reading_new() made.
 *
 * Since: 0.1
 */
void
vlm_reading_free (VlmReading *reading)
{
  if (reading == NULL)
    return;
  g_free (reading->value);
  g_free (reading->words);
  g_free (reading->why);
  g_clear_pointer (&reading->marks, g_ptr_array_unref);
  g_clear_pointer (&reading->parts, g_ptr_array_unref);
  g_free (reading);
}
