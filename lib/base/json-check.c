/* gst-vlm: strict JSON
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * json-glib reads more than JSON (comments, 0x10, 01, an empty file), recurses
 * without a bound and wraps integers around silently, so its input is checked
 * here first. */
#include "base/json-check.h"

#include <string.h>

#include <vlm/vlm-error.h>

typedef struct
{
  const char *start;
  const char *at;
  const char *end;
  const char *source;
  guint n_values;
  guint depth;
  guint64 is_object; /* bit d: the container of depth d + 1 is an object */
  GArray *wide;
  GError **error;
} Scanner;

G_STATIC_ASSERT (VLM_MAX_JSON_DEPTH <= 64);

static gboolean
fail (Scanner *s, VlmLoadError code, const char *what)
{
  guint line = 1;
  const char *line_start = s->start;

  for (const char *p = s->start; p < s->at; p++)
    if (*p == '\n') {
      line++;
      line_start = p + 1;
    }
  g_set_error (s->error, VLM_LOAD_ERROR, code, "%s:%u:%u: %s", s->source, line,
      (guint) (s->at - line_start + 1), what);
  return FALSE;
}

static gboolean
corrupt (Scanner *s, const char *what)
{
  return fail (s, VLM_LOAD_ERROR_CORRUPT,
      s->at >= s->end ? "JSON ends in the middle of a value" : what);
}

static void
skip_space (Scanner *s)
{
  while (s->at < s->end && strchr (" \t\r\n", *s->at) != NULL && *s->at != 0)
    s->at++;
}

static gboolean
next_is (const Scanner *s, char c)
{
  return s->at < s->end && *s->at == c;
}

static gboolean
next_is_digit (const Scanner *s)
{
  return s->at < s->end && g_ascii_isdigit (*s->at);
}

/* \uXXXX; surrogates must come in pairs. */
static gboolean
scan_hex4 (Scanner *s, guint *code)
{
  *code = 0;
  for (guint i = 0; i < 4; i++, s->at++) {
    if (s->at >= s->end || !g_ascii_isxdigit (*s->at))
      return corrupt (s, "bad \\u escape in a string");
    *code = *code << 4 | (guint) g_ascii_xdigit_value (*s->at);
  }
  return TRUE;
}

static gboolean
scan_unicode_escape (Scanner *s)
{
  guint code;

  if (!scan_hex4 (s, &code))
    return FALSE;
  if (code == 0)
    return corrupt (s, "NUL in a string");
  if (code >= 0xdc00 && code < 0xe000)
    return corrupt (s, "lone surrogate in a string");
  if (code < 0xd800 || code >= 0xdc00)
    return TRUE;
  if (s->end - s->at < 2 || s->at[0] != '\\' || s->at[1] != 'u')
    return corrupt (s, "lone surrogate in a string");
  s->at += 2;
  if (!scan_hex4 (s, &code))
    return FALSE;
  if (code < 0xdc00 || code >= 0xe000)
    return corrupt (s, "lone surrogate in a string");
  return TRUE;
}

static gboolean
scan_string (Scanner *s)
{
  if (!next_is (s, '"'))
    return corrupt (s, "expected a string");
  for (s->at++; s->at < s->end && *s->at != '"';) {
    if ((guchar) *s->at < 0x20)
      return corrupt (s, "control character in a string");
    if (*s->at++ != '\\')
      continue;
    if (s->at >= s->end || *s->at == 0 ||
        strchr ("\"\\/bfnrtu", *s->at) == NULL)
      return corrupt (s, "bad escape in a string");
    if (*s->at++ == 'u' && !scan_unicode_escape (s))
      return FALSE;
  }
  if (s->at >= s->end)
    return corrupt (s, "");
  s->at++;
  return TRUE;
}

static gboolean
scan_digits (Scanner *s)
{
  if (!next_is_digit (s))
    return corrupt (s, "expected a digit");
  while (next_is_digit (s))
    s->at++;
  return TRUE;
}

static gboolean
scan_number (Scanner *s)
{
  const char *first = s->at;
  gboolean is_integer = TRUE;
  gint64 value;

  if (next_is (s, '-'))
    s->at++;
  if (next_is (s, '0'))
    s->at++;
  else if (!scan_digits (s))
    return FALSE;
  if (next_is (s, '.')) {
    is_integer = FALSE;
    s->at++;
    if (!scan_digits (s))
      return FALSE;
  }
  if (next_is (s, 'e') || next_is (s, 'E')) {
    is_integer = FALSE;
    s->at++;
    if (next_is (s, '+') || next_is (s, '-'))
      s->at++;
    if (!scan_digits (s))
      return FALSE;
  }
  /* 18 digits fit, whatever they are. */
  if (!is_integer || s->at - first <= 18)
    return TRUE;

  g_autofree char *text = g_strndup (first, (gsize) (s->at - first));
  if (!g_ascii_string_to_signed (
          text, 10, G_MININT64, G_MAXINT64, &value, NULL)) {
    gsize end = (gsize) (s->at - s->start);

    g_array_append_val (s->wide, end);
  }
  return TRUE;
}

static gboolean
scan_word (Scanner *s)
{
  static const char *const words[] = { "true", "false", "null" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    gsize n = strlen (words[i]);
    gsize n_there = MIN (n, (gsize) (s->end - s->at));

    if (n_there > 0 && memcmp (s->at, words[i], n_there) == 0) {
      s->at += n_there;
      return n_there == n || corrupt (s, "");
    }
  }
  return corrupt (s,
      next_is (s, 'N') || next_is (s, 'I') ? "NaN and Infinity are not JSON"
                                           : "not JSON");
}

static gboolean
in_object (const Scanner *s)
{
  return s->depth > 0 && (s->is_object >> (s->depth - 1) & 1) != 0;
}

static gboolean
open_container (Scanner *s)
{
  guint64 bit;

  if (s->depth == VLM_MAX_JSON_DEPTH)
    return fail (s, VLM_LOAD_ERROR_TOO_LARGE, "JSON is nested too deeply");
  bit = G_GUINT64_CONSTANT (1) << s->depth++;
  s->is_object = *s->at++ == '{' ? s->is_object | bit : s->is_object & ~bit;
  return TRUE;
}

static gboolean
scan_key (Scanner *s)
{
  skip_space (s);
  if (!scan_string (s))
    return FALSE;
  skip_space (s);
  if (!next_is (s, ':'))
    return corrupt (s, "expected ':'");
  s->at++;
  return TRUE;
}

/* One value that holds no other; or the start of a container, *opened. */
static gboolean
scan_value (Scanner *s, gboolean *opened)
{
  *opened = FALSE;
  skip_space (s);
  if (++s->n_values > VLM_MAX_JSON_VALUES)
    return fail (s, VLM_LOAD_ERROR_TOO_LARGE, "JSON has too many values");
  if (next_is (s, '{') || next_is (s, '[')) {
    *opened = TRUE;
    return open_container (s);
  }
  if (next_is (s, '"'))
    return scan_string (s);
  if (next_is (s, '-') || next_is_digit (s))
    return scan_number (s);
  return scan_word (s);
}

/* Closing brackets after a value, and the comma before the next one. */
static gboolean
scan_after_value (Scanner *s)
{
  for (;;) {
    skip_space (s);
    if (s->depth == 0)
      return TRUE;
    if (next_is (s, ',')) {
      s->at++;
      return !in_object (s) || scan_key (s);
    }
    if (!next_is (s, in_object (s) ? '}' : ']'))
      return corrupt (s, "expected ',' or the end of a list or object");
    s->at++;
    s->depth--;
  }
}

gboolean
vlm_json_check (const char *data, gsize n_bytes, const char *source,
    GArray *wide, GError **error)
{
  const char *text = data != NULL ? data : "";
  Scanner s = { text, text, text + n_bytes, source, 0, 0, 0, wide, error };
  const char *valid_end;

  if (!g_utf8_validate_len (text, n_bytes, &valid_end)) {
    s.at = valid_end;
    return corrupt (&s, "not UTF-8");
  }
  do {
    gboolean opened;

    if (!scan_value (&s, &opened))
      return FALSE;
    if (opened) {
      skip_space (&s);
      if (!next_is (&s, in_object (&s) ? '}' : ']')) {
        if (in_object (&s) && !scan_key (&s))
          return FALSE;
        continue;
      }
    }
    if (!scan_after_value (&s))
      return FALSE;
  } while (s.depth > 0);
  if (s.at < s.end)
    return corrupt (&s, "data after the end of the JSON value");
  return TRUE;
}

/* The same text with ".0" after each integer that is to be read as a float. */
static char *
widen (const char *data, gsize *n_bytes, const GArray *wide)
{
  GString *text = g_string_sized_new (*n_bytes + 2 * wide->len);
  gsize done = 0;

  for (guint i = 0; i < wide->len; i++) {
    gsize end = g_array_index (wide, gsize, i);

    g_string_append_len (text, data + done, (gssize) (end - done));
    g_string_append (text, ".0");
    done = end;
  }
  g_string_append_len (text, data + done, (gssize) (*n_bytes - done));
  *n_bytes = text->len;
  return g_string_free (text, FALSE);
}

gboolean
vlm_json_prepare (const char **data, gsize *n_bytes, char **owned,
    const char *source, GError **error)
{
  g_autoptr (GArray) wide = g_array_new (FALSE, FALSE, sizeof (gsize));

  *owned = NULL;
  if (*n_bytes >= 3 && memcmp (*data, "\357\273\277", 3) == 0) {
    *data += 3;
    *n_bytes -= 3;
  }
  if (!vlm_json_check (*data, *n_bytes, source, wide, error))
    return FALSE;
  if (wide->len > 0)
    *data = *owned = widen (*data, n_bytes, wide);
  return TRUE;
}
