/* gst-vlm: the members of a record as JSON
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/record-json.h"

#include <json-glib/json-glib.h>

void
vlm_json_put_key (GString *json, const char *name)
{
  if (json->str[json->len - 1] != '{')
    g_string_append (json, ", ");
  g_string_append_printf (json, "\"%s\": ", name);
}

/* JSON leaves these as they are, but some readers end a line at U+0085 or U+2028,
 * and terminals obey U+009B. Escaped, a record can be shown without care. U+001F
 * must be escaped, but json-glib 1.6 does not. */
static void
append_harmless (GString *json, const char *escaped)
{
  for (const char *s = escaped; *s != '\0'; s = g_utf8_next_char (s)) {
    gunichar c = g_utf8_get_char (s);

    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029)
      g_string_append_printf (json, "\\u%04x", c);
    else
      g_string_append_len (json, s, g_utf8_next_char (s) - s);
  }
}

void
vlm_json_put_text (GString *json, const char *text)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_VALUE);
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *escaped = NULL;

  json_node_set_string (node, valid);
  escaped = json_to_string (node, FALSE);
  append_harmless (json, escaped);
}

void
vlm_json_put_string (GString *json, const char *name, const char *text)
{
  vlm_json_put_key (json, name);
  vlm_json_put_text (json, text);
}

void
vlm_json_put_uint64 (GString *json, const char *name, guint64 value)
{
  vlm_json_put_key (json, name);
  g_string_append_printf (json, "%" G_GUINT64_FORMAT, value);
}

void
vlm_json_put_boolean (GString *json, const char *name, gboolean value)
{
  vlm_json_put_key (json, name);
  g_string_append (json, value ? "true" : "false");
}

void
vlm_json_put_double (
    GString *json, const char *name, double value, guint n_decimals)
{
  char format[8];
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_snprintf (format, sizeof format, "%%.%uf", n_decimals);
  vlm_json_put_key (json, name);
  g_string_append (json, g_ascii_formatd (text, sizeof text, format, value));
}

/* As many decimals as it takes, at least one. */
void
vlm_json_put_seconds (GString *json, const char *name, gint64 ns)
{
  guint64 magnitude = ns < 0 ? (guint64) 0 - (guint64) ns : (guint64) ns;

  if (!VLM_TIME_IS_VALID (ns))
    return;
  vlm_json_put_key (json, name);
  g_string_append_printf (json, "%s%" G_GUINT64_FORMAT ".%09u",
      ns < 0 ? "-" : "", magnitude / VLM_SECOND,
      (guint) (magnitude % VLM_SECOND));
  while (json->str[json->len - 1] == '0' && json->str[json->len - 2] != '.')
    g_string_truncate (json, json->len - 1);
}

/* ISO 8601 with milliseconds, or with nanoseconds where they are not 0. */
static void
put_utc (GString *json, gint64 utc)
{
  gint64 seconds = utc / VLM_SECOND - (utc % VLM_SECOND < 0);
  guint ns = (guint) (utc - seconds * VLM_SECOND);
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);
  g_autofree char *text = NULL;

  vlm_json_put_key (json, "utc");
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

static void
put_clocks (GString *json, const VlmInstant *instant)
{
  g_string_append_c (json, '{');
  vlm_json_put_seconds (json, "pts", instant->pts);
  vlm_json_put_seconds (json, "running_time", instant->running_time);
  vlm_json_put_seconds (json, "stream_time", instant->stream_time);
  if (VLM_TIME_IS_VALID (instant->utc))
    put_utc (json, instant->utc);
  g_string_append_c (json, '}');
}

void
vlm_json_put_instant (
    GString *json, const char *name, const VlmInstant *instant)
{
  vlm_json_put_key (json, name);
  put_clocks (json, instant);
}

char *
vlm_json_from_instant (const VlmInstant *instant)
{
  GString *json = g_string_new (NULL);

  put_clocks (json, instant);
  return g_string_free (json, FALSE);
}

gboolean
vlm_instant_is_known (const VlmInstant *instant)
{
  return VLM_TIME_IS_VALID (instant->pts) ||
      VLM_TIME_IS_VALID (instant->running_time) ||
      VLM_TIME_IS_VALID (instant->stream_time) ||
      VLM_TIME_IS_VALID (instant->utc);
}

void
vlm_json_put_window (
    GString *json, const char *name, const VlmEventWindow *window)
{
  vlm_json_put_key (json, name);
  g_string_append_c (json, '{');
  vlm_json_put_seconds (json, "start", window->start);
  vlm_json_put_seconds (json, "end", window->end);
  vlm_json_put_uint64 (json, "frames", window->n_frames);
  vlm_json_put_double (json, "fps", window->fps, 3);
  vlm_json_put_key (json, "pixels");
  g_string_append_printf (json, "[%u, %u]", window->width, window->height);
  g_string_append_c (json, '}');
}

void
vlm_json_put_value (GString *json, const char *name, const char *value)
{
  g_autoptr (GString) line = g_string_new (NULL);
  gboolean in_string = FALSE;

  for (const char *s = value; *s != '\0'; s++) {
    if (!in_string && g_ascii_isspace (*s))
      continue;
    g_string_append_c (line, *s);
    if (in_string && *s == '\\' && s[1] != '\0')
      g_string_append_c (line, *++s);
    else if (*s == '"')
      in_string = !in_string;
  }
  vlm_json_put_key (json, name);
  append_harmless (json, line->str);
}

GString *
vlm_json_begin_record (VlmRecordType type, const char *event_uid, guint64 seq)
{
  GString *json = g_string_new ("{");

  vlm_json_put_string (json, "type", vlm_record_type_to_string (type));
  vlm_json_put_uint64 (json, "schema_version", VLM_RECORD_SCHEMA_VERSION);
  if (event_uid != NULL)
    vlm_json_put_string (json, "event_uid", event_uid);
  if (seq != 0)
    vlm_json_put_uint64 (json, "seq", seq);
  return json;
}
