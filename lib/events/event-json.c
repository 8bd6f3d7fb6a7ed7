/* gst-vlm: an event as JSON
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * json-glib can only write numbers as integers or as 17 digits of a double.
 * Times here are exact decimals of nanoseconds, so the numbers are written by
 * hand; strings are escaped by json-glib. */
#include "events/event-json.h"

#include <json-glib/json-glib.h>

#include "events/event-schema.h"

static void
put_key (GString *json, const char *name)
{
  if (json->str[json->len - 1] != '{')
    g_string_append (json, ", ");
  g_string_append_printf (json, "\"%s\": ", name);
}

static void
put_string (GString *json, const char *text)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_VALUE);
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *escaped = NULL;

  json_node_set_string (node, valid);
  escaped = json_to_string (node, FALSE);
  g_string_append (json, escaped);
}

/* Nanoseconds as seconds with as many decimals as it takes, at least one. */
static void
put_seconds (GString *json, gint64 ns)
{
  guint64 magnitude = ns < 0 ? (guint64) 0 - (guint64) ns : (guint64) ns;

  g_string_append_printf (json, "%s%" G_GUINT64_FORMAT ".%09u",
      ns < 0 ? "-" : "", magnitude / VLM_SECOND,
      (guint) (magnitude % VLM_SECOND));
  while (json->str[json->len - 1] == '0' && json->str[json->len - 2] != '.')
    g_string_truncate (json, json->len - 1);
}

static void
put_double (GString *json, double value, guint n_decimals)
{
  char format[8];
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_snprintf (format, sizeof format, "%%.%uf", n_decimals);
  g_string_append (json, g_ascii_formatd (text, sizeof text, format, value));
}

/* ISO 8601 with milliseconds, or with nanoseconds where they are not 0. */
static void
put_utc (GString *json, gint64 utc)
{
  gint64 seconds = utc / VLM_SECOND - (utc % VLM_SECOND < 0);
  guint ns = (guint) (utc - seconds * VLM_SECOND);
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);
  g_autofree char *text = NULL;

  if (time == NULL) {
    g_string_append (json, "null");
    return;
  }
  text = g_date_time_format (time, "%Y-%m-%dT%H:%M:%S");
  if (ns % 1000000 == 0)
    g_string_append_printf (json, "\"%s.%03uZ\"", text, ns / 1000000);
  else
    g_string_append_printf (json, "\"%s.%09uZ\"", text, ns);
}

static gboolean
instant_is_known (const VlmInstant *instant)
{
  return VLM_TIME_IS_VALID (instant->pts) ||
      VLM_TIME_IS_VALID (instant->running_time) ||
      VLM_TIME_IS_VALID (instant->stream_time) ||
      VLM_TIME_IS_VALID (instant->utc);
}

static void
put_clock (GString *json, const char *name, gint64 ns)
{
  if (!VLM_TIME_IS_VALID (ns))
    return;
  put_key (json, name);
  put_seconds (json, ns);
}

static void
put_instant (GString *json, const VlmInstant *instant)
{
  g_string_append_c (json, '{');
  put_clock (json, "pts", instant->pts);
  put_clock (json, "running_time", instant->running_time);
  put_clock (json, "stream_time", instant->stream_time);
  if (VLM_TIME_IS_VALID (instant->utc)) {
    put_key (json, "utc");
    put_utc (json, instant->utc);
  }
  g_string_append_c (json, '}');
}

static void
put_window (GString *json, const VlmEventWindow *window)
{
  g_string_append_c (json, '{');
  put_clock (json, "start", window->start);
  put_clock (json, "end", window->end);
  put_key (json, "frames");
  g_string_append_printf (json, "%u", window->n_frames);
  put_key (json, "fps");
  put_double (json, window->fps, 3);
  put_key (json, "pixels");
  g_string_append_printf (json, "[%u, %u]", window->width, window->height);
  g_string_append_c (json, '}');
}

/* A field without a value is left out. */
static gboolean
field_has_value (const VlmField *field, const void *value)
{
  switch (field->kind) {
  case VLM_FIELD_VERSION:
    return *(const guint64 *) value != 0;
  case VLM_FIELD_STRING:
    return *(char *const *) value != NULL;
  case VLM_FIELD_INSTANT:
    return instant_is_known (value);
  case VLM_FIELD_FRACTION:
  case VLM_FIELD_MILLISECONDS:
    return *(const double *) value >= 0.0;
  case VLM_FIELD_BOX:
    return ((const VlmRect *) value)->width > 0;
  case VLM_FIELD_WINDOW:
    return VLM_TIME_IS_VALID (((const VlmEventWindow *) value)->start);
  default:
    return TRUE;
  }
}

static void
put_value (GString *json, const VlmField *field, const void *value)
{
  const VlmRect *box = value;

  switch (field->kind) {
  case VLM_FIELD_UINT64:
  case VLM_FIELD_VERSION:
    g_string_append_printf (
        json, "%" G_GUINT64_FORMAT, *(const guint64 *) value);
    break;
  case VLM_FIELD_STATE:
    put_string (
        json, vlm_event_state_to_string (*(const VlmEventState *) value));
    break;
  case VLM_FIELD_STRING:
    put_string (json, *(char *const *) value);
    break;
  case VLM_FIELD_INSTANT:
    put_instant (json, value);
    break;
  case VLM_FIELD_BOOLEAN:
    g_string_append (json, *(const gboolean *) value ? "true" : "false");
    break;
  case VLM_FIELD_TIME_SOURCE:
    put_string (
        json, vlm_time_source_to_string (*(const VlmTimeSource *) value));
    break;
  case VLM_FIELD_FRACTION:
    put_double (json, *(const double *) value, 4);
    break;
  case VLM_FIELD_MILLISECONDS:
    put_double (json, *(const double *) value, 1);
    break;
  case VLM_FIELD_BOX:
    g_string_append_printf (json, "[%d, %d, %d, %d]", box->x, box->y,
        box->x + box->width, box->y + box->height);
    break;
  case VLM_FIELD_WINDOW:
    put_window (json, value);
    break;
  default:
    g_assert_not_reached ();
  }
}

char *
vlm_instant_write_json (const VlmInstant *instant)
{
  GString *json = g_string_new (NULL);

  put_instant (json, instant);
  return g_string_free (json, FALSE);
}

char *
vlm_event_write_json (const VlmEvent *event)
{
  GString *json = g_string_new ("{");

  for (guint i = 0; i < vlm_n_event_fields; i++) {
    const VlmField *field = &vlm_event_fields[i];
    const void *value = G_STRUCT_MEMBER_P (event, field->offset);

    if (!field_has_value (field, value))
      continue;
    put_key (json, field->name);
    put_value (json, field, value);
  }
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}
