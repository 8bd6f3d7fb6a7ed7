/* gst-vlm: JSON schemas as long as you like
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/long-schema.h"

static const struct
{
  const char *name;
  guint n_usual;
  const char *head, *separator, *tail;
} kinds[N_LONG_SCHEMAS] = {
  { "fields", 210, "{\"type\":\"object\",\"properties\":{", ",", "}}" },
  { "patterns", 130, "{\"type\":\"object\",\"properties\":{", ",", "}}" },
  { "texts", 142, "{\"type\":\"object\",\"properties\":{", ",", "}}" },
  { "branches", 60, "{\"oneOf\":[", ",", "]}" },
  { "sections", 68,
      "{\"$defs\":{\"section\":{\"type\":\"object\",\"required\":[\"title\"],"
      "\"properties\":{\"title\":{\"type\":\"string\",\"maxLength\":80},"
      "\"sections\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/"
      "section\"}}"
      "}}},\"type\":\"object\",\"properties\":{",
      ",", "}}" },
};

static void
append_field (GString *text, guint i)
{
  g_string_append_printf (text, "\"field_%03u\":", i);
  switch (i % 6) {
  case 0:
    g_string_append_printf (
        text, "{\"type\":\"string\",\"maxLength\":%u}", 20 + i);
    break;
  case 1:
    g_string_append_printf (
        text, "{\"type\":\"integer\",\"minimum\":0,\"maximum\":%u}", 5 + i);
    break;
  case 2:
    g_string_append_printf (text, "{\"enum\":[\"none\",\"low\",\"%u\"]}", i);
    break;
  case 3:
    g_string_append_printf (text,
        "{\"type\":\"array\",\"items\":{\"type\":\"number\"},\"maxItems\":%u}",
        1 + i % 9);
    break;
  case 4:
    g_string_append (text, "{\"type\":[\"boolean\",\"null\"]}");
    break;
  default:
    g_string_append (text, "{\"type\":\"string\",\"format\":\"date-time\"}");
  }
}

static void
append_part (GString *text, LongSchema kind, guint i)
{
  switch (kind) {
  case LONG_SCHEMA_FIELDS:
    append_field (text, i);
    break;
  case LONG_SCHEMA_PATTERNS:
    g_string_append_printf (text,
        "\"code_%03u\":{\"type\":\"string\",\"pattern\":"
        "\"^[a-z]{2,%u}-[0-9]{%u}$\",\"maxLength\":%u}",
        i, 5 + i % 40, 1 + i % 5, 40 + i);
    break;
  case LONG_SCHEMA_TEXTS:
    g_string_append_printf (text,
        "\"text_%03u\":{\"type\":\"string\",\"pattern\":\"^[^<>%c]{1,%u}$\","
        "\"maxLength\":%u}",
        i, 'A' + i % 26, 40 + i, 300 - i);
    break;
  case LONG_SCHEMA_BRANCHES:
    g_string_append_printf (text,
        "{\"type\":\"object\",\"required\":[\"kind\",\"value\"],"
        "\"properties\":{\"kind\":{\"const\":\"kind "
        "%03u\"},\"value\":{\"type\":"
        "\"string\",\"maxLength\":%u},\"was_seen_before\":{\"type\":"
        "\"boolean\"}}}",
        i, 10 + i);
    break;
  default:
    g_string_append_printf (text,
        "\"chapter_%03u\":{\"type\":\"array\",\"maxItems\":%u,\"items\":{"
        "\"allOf\":"
        "[{\"$ref\":\"#/$defs/section\"},{\"properties\":{\"page\":{\"type\":"
        "\"integer\",\"minimum\":%u}}}]}}",
        i, 1 + i, i);
  }
}

const char *
long_schema_get_name (LongSchema kind)
{
  return kinds[kind].name;
}

guint
long_schema_get_usual (LongSchema kind)
{
  return kinds[kind].n_usual;
}

char *
long_schema_new (LongSchema kind, guint n_parts)
{
  GString *text = g_string_new (kinds[kind].head);

  for (guint i = 0; i < n_parts; i++) {
    if (i > 0)
      g_string_append (text, kinds[kind].separator);
    append_part (text, kind, i);
  }
  g_string_append (text, kinds[kind].tail);
  return g_string_free (text, FALSE);
}
