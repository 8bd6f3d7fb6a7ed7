/* gst-vlm: what happens in a video, as somebody labelled it
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/labels.h"

#include <string.h>

#include <json-glib/json-glib.h>

/* How far beyond the first and the last place of an object they still count. */
#define NEAR_S 0.5

#define FORM                                                                   \
  "neither an object with \"events\", each with \"start_s\" and \"end_s\", "   \
  "nor records of events, one a line"

static void
label_clear (gpointer data)
{
  EvalLabel *label = data;

  g_free (label->label);
  g_array_unref (label->places);
}

static void
reading_free (gpointer data)
{
  EvalReading *reading = data;

  g_free (reading->name);
  g_array_unref (reading->events);
  g_free (reading);
}

static EvalReading *
reading_new (GPtrArray *readings, const char *name)
{
  EvalReading *reading = g_new0 (EvalReading, 1);

  reading->name = g_strdup (name);
  reading->events = g_array_new (FALSE, FALSE, sizeof (EvalLabel));
  g_array_set_clear_func (reading->events, label_clear);
  g_ptr_array_add (readings, reading);
  return reading;
}

/* --- members ------------------------------------------------------------- */

static gboolean
read_number (JsonNode *node, double *value)
{
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      (json_node_get_value_type (node) != G_TYPE_INT64 &&
          json_node_get_value_type (node) != G_TYPE_DOUBLE))
    return FALSE;
  *value = json_node_get_double (node);
  return TRUE;
}

/* NULL if @object is NULL, too. */
static JsonNode *
get (JsonObject *object, const char *name)
{
  return object != NULL ? json_object_get_member (object, name) : NULL;
}

static JsonObject *
as_object (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node)
      ? json_node_get_object (node)
      : NULL;
}

static JsonArray *
as_array (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_ARRAY (node)
      ? json_node_get_array (node)
      : NULL;
}

static const char *
as_string (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
          json_node_get_value_type (node) == G_TYPE_STRING
      ? json_node_get_string (node)
      : NULL;
}

static gboolean
is_wanted (const char *query, const char *label)
{
  return query == NULL || g_str_equal (query, "object") ||
      g_strcmp0 (query, label) == 0;
}

/* FALSE if it is not a span. Adds nothing if it does not match @query. */
static gboolean
add_event (EvalReading *reading, JsonNode *start, JsonNode *end,
    const char *label, const char *query, GArray *places)
{
  EvalLabel event = { NULL };

  if (!read_number (start, &event.span.start) ||
      !read_number (end, &event.span.end) || event.span.start < 0.0 ||
      event.span.start > event.span.end)
    return FALSE;
  if (!is_wanted (query, label))
    return TRUE;
  event.label = g_strdup (label);
  event.places = places != NULL
      ? g_array_ref (places)
      : g_array_new (FALSE, FALSE, sizeof (EvalPlace));
  g_array_append_val (reading->events, event);
  return TRUE;
}

/* --- an object ------------------------------------------------------------ */

static gboolean
read_place (JsonObject *object, EvalPlace *place)
{
  JsonArray *box = as_array (get (object, "box"));
  double edges[4];

  if (box == NULL || json_array_get_length (box) != 4 ||
      !read_number (get (object, "at_s"), &place->time))
    return FALSE;
  for (guint i = 0; i < 4; i++)
    if (!read_number (json_array_get_element (box, i), &edges[i]) ||
        !(edges[i] >= 0.0 && edges[i] <= G_MAXINT16))
      return FALSE;
  place->rect = (VlmRect){ (gint) edges[0], (gint) edges[1],
    (gint) (edges[2] - edges[0]), (gint) (edges[3] - edges[1]) };
  return place->rect.width > 0 && place->rect.height > 0;
}

static gint
compare_places (gconstpointer a, gconstpointer b)
{
  double x = ((const EvalPlace *) a)->time;
  double y = ((const EvalPlace *) b)->time;

  return (x > y) - (x < y);
}

/* NULL if @node exists, but is not a list of places. (transfer full) */
static GArray *
read_places (JsonNode *node)
{
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (EvalPlace));
  JsonArray *list = as_array (node);

  if (node != NULL && list == NULL)
    return NULL;
  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++) {
    JsonObject *object = as_object (json_array_get_element (list, i));
    EvalPlace place;

    if (object == NULL || !read_place (object, &place))
      return NULL;
    g_array_append_val (places, place);
  }
  g_array_sort (places, compare_places);
  return g_steal_pointer (&places);
}

/* @number: of the event that is wrong, from 1; 0 if there is no list. */
static gboolean
read_events (
    EvalReading *reading, JsonNode *node, const char *query, guint *number)
{
  JsonArray *list = as_array (node);

  *number = 0;
  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++) {
    JsonObject *object = as_object (json_array_get_element (list, i));
    g_autoptr (GArray) places = NULL;

    *number = i + 1;
    if (object == NULL)
      return FALSE;
    places = read_places (get (object, "boxes"));
    if (places == NULL ||
        !add_event (reading, get (object, "start_s"), get (object, "end_s"),
            as_string (get (object, "label")), query, places))
      return FALSE;
  }
  return list != NULL;
}

static gboolean
fail_event (const char *path, const char *reading, guint number, GError **error)
{
  g_autofree char *where = reading != NULL
      ? g_strdup_printf ("\"%s\" of \"readings\"", reading)
      : g_strdup ("\"events\"");

  if (number == 0)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: %s is no list",
        path, where);
  else
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
        "%s: event %u of %s needs \"start_s\" and \"end_s\" behind it, in "
        "seconds, and \"boxes\", if any, that are {\"at_s\": seconds, \"box\": "
        "[x1, y1, x2, y2]}",
        path, number, where);
  return FALSE;
}

static gboolean
read_object (GPtrArray *readings, const char *path, JsonObject *root,
    const char *query, GError **error)
{
  JsonNode *others = get (root, "readings");
  JsonObject *object = as_object (others);
  g_autoptr (GList) names = NULL;
  guint number;

  if (!read_events (
          reading_new (readings, NULL), get (root, "events"), query, &number))
    return fail_event (path, NULL, number, error);
  if (others != NULL && object == NULL) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
        "%s: \"readings\" is no object of lists", path);
    return FALSE;
  }
  names = object != NULL ? json_object_get_members (object) : NULL;
  for (GList *l = names; l != NULL; l = l->next)
    if (!read_events (reading_new (readings, l->data), get (object, l->data),
            query, &number))
      return fail_event (path, l->data, number, error);
  return TRUE;
}

/* --- records -------------------------------------------------------------- */

static JsonNode *
get_time (JsonObject *record, const char *name)
{
  return get (as_object (get (record, name)), "stream_time");
}

/* Only the last record of an event has both of its ends. */
static gboolean
read_record (EvalReading *reading, JsonNode *root, const char *query)
{
  JsonObject *record = as_object (root);

  if (get_time (record, "start") == NULL)
    return FALSE;
  if (g_strcmp0 (as_string (get (record, "state")), "end") != 0)
    return TRUE;
  return add_event (reading, get_time (record, "start"),
      get_time (record, "end"), as_string (get (record, "label")), query, NULL);
}

static gboolean
fail_line (const char *path, guint line, GError **error)
{
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s, line %u: " FORM,
      path, line);
  return FALSE;
}

static gboolean
read_records (EvalReading *reading, const char *path, const char *text,
    const char *query, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (JsonParser) parser = json_parser_new ();

  for (guint i = 0; lines[i] != NULL; i++) {
    if (g_strstrip (lines[i])[0] == '\0')
      continue;
    if (!json_parser_load_from_data (parser, lines[i], -1, error)) {
      g_prefix_error (error, "%s, line %u: ", path, i + 1);
      return FALSE;
    }
    if (!read_record (reading, json_parser_get_root (parser), query))
      return fail_line (path, i + 1, error);
  }
  return TRUE;
}

/* Whether the first line is JSON alone, and others follow. JsonParser accepts
 * them as a whole, but takes the last value, and does not free those before. */
static gboolean
is_lines (const char *text)
{
  g_autofree char *whole = g_strstrip (g_strdup (text));
  g_autoptr (JsonParser) parser = json_parser_new ();
  const char *end = strchr (whole, '\n');

  return end != NULL &&
      json_parser_load_from_data (parser, whole, end - whole, NULL);
}

GPtrArray *
eval_labels_read (const char *path, const char *query, GError **error)
{
  g_autoptr (GPtrArray) readings =
      g_ptr_array_new_with_free_func (reading_free);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *text = NULL;
  JsonObject *root = NULL;
  gboolean good;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, error))
    return NULL;
  if (length == 0 || strlen (text) != length) {
    fail_line (path, 1, error);
    return NULL;
  }
  if (!is_lines (text) &&
      json_parser_load_from_data (parser, text, (gssize) length, NULL))
    root = as_object (json_parser_get_root (parser));
  if (root != NULL && get (root, "events") != NULL)
    good = read_object (readings, path, root, query, error);
  else if (root != NULL && get_time (root, "start") == NULL)
    good = fail_line (path, 1, error);
  else
    good =
        read_records (reading_new (readings, NULL), path, text, query, error);
  return good ? g_steal_pointer (&readings) : NULL;
}

/* --- places --------------------------------------------------------------- */

static gint
between (gint a, gint b, double part)
{
  return (gint) (a + (b - a) * part + 0.5);
}

gboolean
eval_label_find (const EvalLabel *label, double time, VlmRect *rect)
{
  const EvalPlace *places = (const EvalPlace *) label->places->data;
  guint n = label->places->len;
  guint i = 0;
  double part;

  if (n == 0 || time < places[0].time - NEAR_S ||
      time > places[n - 1].time + NEAR_S)
    return FALSE;
  while (i < n && places[i].time < time)
    i++;
  if (i == 0 || i == n) {
    *rect = places[i == 0 ? 0 : n - 1].rect;
    return TRUE;
  }
  part = (time - places[i - 1].time) / (places[i].time - places[i - 1].time);
  rect->x = between (places[i - 1].rect.x, places[i].rect.x, part);
  rect->y = between (places[i - 1].rect.y, places[i].rect.y, part);
  rect->width = between (places[i - 1].rect.width, places[i].rect.width, part);
  rect->height =
      between (places[i - 1].rect.height, places[i].rect.height, part);
  return TRUE;
}
