/* gst-vlm: from the model's lists to marks
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/mark-parse.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "base/json-member.h"
#include "events/answer-list.h"
#include "events/event-schema.h"

#define MAX_NUMBERS 8

typedef struct
{
  VlmMarkForm form;
  guint width;
  guint height;
} Scene;

/* --- places --------------------------------------------------------------- */

static gboolean
set_point (
    VlmMark *mark, const gint64 at[2], const Scene *scene, GError **error)
{
  if (at[0] < 0 || at[1] < 0 || at[0] >= scene->width ||
      at[1] >= scene->height) {
    g_set_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SCHEMA,
        "a point at %" G_GINT64_FORMAT ",%" G_GINT64_FORMAT
        " is not inside the picture of %ux%u",
        at[0], at[1], scene->width, scene->height);
    return FALSE;
  }
  mark->n_points = 1;
  mark->points[0] = (gint) at[0];
  mark->points[1] = (gint) at[1];
  mark->rect = (VlmRect){ (gint) at[0], (gint) at[1], 1, 1 };
  return TRUE;
}

/* The bounds of all corners: the model sometimes begins a box with the right or
 * the lower one. */
static void
find_bounds (const gint64 *numbers, guint n, gint64 bounds[4])
{
  for (guint axis = 0; axis < 2; axis++) {
    bounds[axis] = bounds[axis + 2] = numbers[axis];
    for (guint i = axis; i < n; i += 2) {
      bounds[axis] = MIN (bounds[axis], numbers[i]);
      bounds[axis + 2] = MAX (bounds[axis + 2], numbers[i]);
    }
  }
}

gboolean
vlm_mark_set_corners (VlmMark *mark, const gint64 *numbers, guint n,
    guint width, guint height, GError **error)
{
  gint64 c[4];

  find_bounds (numbers, n, c);
  if (c[0] < 0 || c[1] < 0 || c[0] >= c[2] || c[1] >= c[3] || c[2] > width ||
      c[3] > height) {
    g_set_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SCHEMA,
        "a box from %" G_GINT64_FORMAT ",%" G_GINT64_FORMAT
        " to %" G_GINT64_FORMAT ",%" G_GINT64_FORMAT
        " is empty or not inside the picture of %ux%u",
        c[0], c[1], c[2], c[3], width, height);
    return FALSE;
  }
  mark->rect = (VlmRect){ (gint) c[0], (gint) c[1], (gint) (c[2] - c[0]),
    (gint) (c[3] - c[1]) };
  mark->n_points = n == MAX_NUMBERS ? 4 : 0;
  for (guint i = 0; i < 2 * mark->n_points; i++)
    mark->points[i] = (gint) numbers[i];
  return TRUE;
}

/* --- members -------------------------------------------------------------- */

static gboolean
read_number (JsonNode *node, gint64 *number)
{
  if (!JSON_NODE_HOLDS_VALUE (node) ||
      json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  *number = json_node_get_int (node);
  return TRUE;
}

/* Whole numbers, also in pairs: [[x, y], …]. Returns how many; 0 if it is
 * something else, or more than allowed. */
static guint
read_numbers (JsonNode *node, gint64 *numbers, guint n_max)
{
  JsonArray *array;
  guint n = 0;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return 0;
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *element = json_array_get_element (array, i);
    guint n_read;

    if (n == n_max)
      return 0;
    if (JSON_NODE_HOLDS_ARRAY (element) && n_max > 2)
      n_read = read_numbers (element, numbers + n, MIN (2, n_max - n));
    else
      n_read = read_number (element, &numbers[n]) ? 1 : 0;
    if (n_read == 0)
      return 0;
    n += n_read;
  }
  return n;
}

/* The first of @names that is a text. */
static const char *
read_text (JsonObject *object, const char *const *names)
{
  const char *text = NULL;

  for (guint i = 0; text == NULL && names[i] != NULL; i++)
    text = vlm_json_get_string (object, names[i]);
  return text;
}

/* The first of @names that is a list of numbers. */
static guint
read_place (
    JsonObject *object, const char *const *names, gint64 numbers[MAX_NUMBERS])
{
  guint n = 0;

  for (guint i = 0; n == 0 && names[i] != NULL; i++)
    n = read_numbers (
        json_object_get_member (object, names[i]), numbers, MAX_NUMBERS);
  return n;
}

/* --- entries -------------------------------------------------------------- */

/* What an entry is called, in the order in which it is looked for. */
static const struct
{
  const char *what;
  const char *places[6];
  const char *texts[4];
} forms[] = {
  [VLM_MARK_FORM_BOX] = { "box", { VLM_ANSWER_BOX, NULL },
      { VLM_ANSWER_LABEL, NULL } },
  [VLM_MARK_FORM_POINT] = { "point", { VLM_ANSWER_POINT, NULL },
      { VLM_ANSWER_LABEL, NULL } },
  [VLM_MARK_FORM_TEXT] = { "text",
      { VLM_ANSWER_QUAD, "poly_2d", "polygon", VLM_ANSWER_BOX, NULL },
      { VLM_ANSWER_TEXT, "text", VLM_ANSWER_LABEL, NULL } },
};

static gboolean
has_place (VlmMarkForm form, guint n)
{
  switch (form) {
  case VLM_MARK_FORM_POINT:
    return n == 2;
  case VLM_MARK_FORM_TEXT:
    return n == 4 || n == MAX_NUMBERS;
  default:
    return n == 4;
  }
}

static gboolean
set_place (VlmMark *mark, const gint64 *numbers, guint n, const Scene *scene,
    GError **error)
{
  return n == 2 ? set_point (mark, numbers, scene, error)
                : vlm_mark_set_corners (
                      mark, numbers, n, scene->width, scene->height, error);
}

static gpointer
read_entry (JsonObject *object, gconstpointer user_data, GError **error)
{
  const Scene *scene = user_data;
  const char *text = read_text (object, forms[scene->form].texts);
  gint64 numbers[MAX_NUMBERS];
  guint n = read_place (object, forms[scene->form].places, numbers);
  g_autoptr (VlmMark) mark = NULL;

  if (text == NULL || !has_place (scene->form, n)) {
    g_set_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SCHEMA,
        "a %s lacks a valid \"%s\" or \"%s\"", forms[scene->form].what,
        scene->form == VLM_MARK_FORM_POINT ? VLM_ANSWER_POINT : VLM_ANSWER_BOX,
        forms[scene->form].texts[0]);
    return NULL;
  }
  mark = g_new0 (VlmMark, 1);
  if (!set_place (mark, numbers, n, scene, error))
    return NULL;
  if (scene->form == VLM_MARK_FORM_TEXT)
    mark->text = g_strdup (text);
  else
    mark->label = g_strdup (text);
  return g_steal_pointer (&mark);
}

static void
place_entry (gpointer element, gsize start, gsize end)
{
  VlmMark *mark = element;

  mark->text_start = start;
  mark->text_end = end;
}

/* --- points as XML --------------------------------------------------------- */

static char *
unescape (const char *text)
{
  static const struct
  {
    const char *entity;
    const char *character;
  } entities[] = { { "&lt;", "<" }, { "&gt;", ">" }, { "&quot;", "\"" },
    { "&apos;", "'" }, { "&#39;", "'" }, { "&amp;", "&" } };
  GString *plain = g_string_new (text);

  for (guint i = 0; i < G_N_ELEMENTS (entities); i++)
    g_string_replace (plain, entities[i].entity, entities[i].character, 0);
  return g_string_free (plain, FALSE);
}

static void
add_xml_point (GPtrArray *list, const Scene *scene, const gint64 at[2],
    const char *label, const GMatchInfo *match, guint *n_rejected, char **why)
{
  g_autoptr (VlmMark) mark = g_new0 (VlmMark, 1);
  GError *problem = NULL;
  int start;
  int end;

  if (!set_point (mark, at, scene, &problem)) {
    vlm_answer_reject (problem, n_rejected, why);
    return;
  }
  g_match_info_fetch_pos (match, 0, &start, &end);
  mark->label = unescape (label);
  place_entry (mark, (gsize) start, (gsize) end);
  g_ptr_array_add (list, g_steal_pointer (&mark));
}

/* x1="…" y1="…" x2="…" … */
static void
read_xml_points (GPtrArray *list, const Scene *scene, const GMatchInfo *match,
    guint *n_rejected, char **why)
{
  g_autoptr (GRegex) regex = g_regex_new (
      "\\bx(\\d*)=\"(\\d{1,9})\"\\s+y\\1=\"(\\d{1,9})\"", 0, 0, NULL);
  g_autofree char *attributes = g_match_info_fetch (match, 1);
  g_autofree char *label = g_match_info_fetch (match, 2);
  g_autoptr (GMatchInfo) pair = NULL;

  g_regex_match (regex, attributes, 0, &pair);
  while (g_match_info_matches (pair)) {
    g_autofree char *x = g_match_info_fetch (pair, 2);
    g_autofree char *y = g_match_info_fetch (pair, 3);
    const gint64 at[2] = { g_ascii_strtoll (x, NULL, 10),
      g_ascii_strtoll (y, NULL, 10) };

    add_xml_point (list, scene, at, label, match, n_rejected, why);
    g_match_info_next (pair, NULL);
  }
}

/* NULL if it is no such text. */
static GPtrArray *
parse_xml (const char *text, const Scene *scene, guint *n_rejected, char **why)
{
  g_autoptr (GRegex) regex = g_regex_new (
      "<points\\b([^<>]{0,2000})>([^<>]{0,2000})</points>", 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  GPtrArray *list;

  if (!g_regex_match (regex, text, 0, &match))
    return NULL;
  *n_rejected = 0;
  *why = NULL;
  list = g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_mark_free);
  while (g_match_info_matches (match)) {
    read_xml_points (list, scene, match, n_rejected, why);
    g_match_info_next (match, NULL);
  }
  return list;
}

GPtrArray *
vlm_mark_parse (VlmMarkForm form, const char *text, guint width, guint height,
    guint *n_rejected, char **why, GError **error)
{
  const Scene scene = { form, width, height };
  GPtrArray *list = NULL;

  if (form == VLM_MARK_FORM_POINT && strstr (text, "<points") != NULL &&
      g_utf8_validate (text, -1, NULL))
    list = parse_xml (text, &scene, n_rejected, why);
  return list != NULL
      ? list
      : vlm_answer_list_parse (text, read_entry, place_entry,
            (GDestroyNotify) vlm_mark_free, &scene, n_rejected, why, error);
}
