/* gst-vlm: from the model's text to findings
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/event-parse.h"

#include <string.h>

#include <vlm/vlm-error.h>
#include <vlm/vlm-event-parse.h>

#include "base/json-member.h"
#include "events/answer-list.h"
#include "events/event-schema.h"

/**
 * vlm_finding_free:
 * @finding: (nullable) (transfer full): a finding
 *
 * Frees a finding and its text; vlm_event_parse() makes them.
 *
 * Since: 0.1
 */
void
vlm_finding_free (VlmFinding *finding)
{
  if (finding == NULL)
    return;
  g_free (finding->description);
  g_free (finding);
}

/* Decimal digits to an integer; stops at the first other character. */
static const char *
read_digits (const char *text, guint max_digits, gint64 *value)
{
  guint n = 0;

  *value = 0;
  while (n < max_digits && g_ascii_isdigit (text[n]))
    *value = *value * 10 + (text[n++] - '0');
  return n > 0 && !g_ascii_isdigit (text[n]) ? text + n : NULL;
}

/* ".ff" as ns; digits after the ninth do not count. */
static const char *
read_fraction (const char *text, gint64 *ns)
{
  gint64 unit = VLM_SECOND / 10;

  *ns = 0;
  if (*text != '.' && *text != ',')
    return text;
  for (text++; g_ascii_isdigit (*text); text++) {
    *ns += (*text - '0') * unit;
    unit /= 10;
  }
  return text;
}

gboolean
vlm_event_parse_time (const char *text, gint64 *ns)
{
  gint64 total = 0;
  gint64 part;
  gint64 fraction;
  guint n_parts = 0;

  while (g_ascii_isspace (*text))
    text++;
  do {
    if (n_parts > 0)
      text++;
    text = read_digits (text, 9, &part);
    if (text == NULL || (n_parts > 0 && part >= 60))
      return FALSE;
    total = total * 60 + part;
    n_parts++;
  } while (*text == ':' && n_parts < 3);
  text = read_fraction (text, &fraction);
  if (n_parts == 1 && *text == 's')
    text++;
  while (g_ascii_isspace (*text))
    text++;
  if (*text != '\0' || total > G_MAXINT64 / VLM_SECOND - 1)
    return FALSE;
  *ns = total * VLM_SECOND + fraction;
  return TRUE;
}

static gboolean
read_time_member (JsonObject *object, const char *name, gint64 *ns)
{
  const char *text = vlm_json_get_string (object, name);
  double seconds;

  if (text != NULL)
    return vlm_event_parse_time (text, ns);
  if (!vlm_json_get_number (object, name, &seconds))
    return FALSE;
  if (!(seconds >= 0.0 && seconds < 1e9))
    return FALSE;
  *ns = (gint64) (seconds * VLM_SECOND + 0.5);
  return TRUE;
}

static const char *
read_description (JsonObject *object)
{
  static const char *const names[] = { VLM_ANSWER_DESCRIPTION,
    VLM_ANSWER_LABEL };

  const char *text = NULL;

  for (guint i = 0; text == NULL && i < G_N_ELEMENTS (names); i++)
    text = vlm_json_get_string (object, names[i]);
  return text;
}

static gboolean
check_times (gint64 start, gint64 end, gint64 duration, GError **error)
{
  if (end < start) {
    g_set_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_TIME_RANGE,
        "an event ends at %.2f s, before its start at %.2f s",
        (double) end / VLM_SECOND, (double) start / VLM_SECOND);
    return FALSE;
  }
  if (end > duration) {
    g_set_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_TIME_RANGE,
        "an event ends at %.2f s, but the video is only %.2f s long",
        (double) end / VLM_SECOND, (double) duration / VLM_SECOND);
    return FALSE;
  }
  return TRUE;
}

static gpointer
read_finding (JsonObject *object, gconstpointer duration, GError **error)
{
  const char *description = read_description (object);
  VlmFinding *finding;
  gint64 start;
  gint64 end;

  if (!read_time_member (object, VLM_ANSWER_START, &start) ||
      !read_time_member (object, VLM_ANSWER_END, &end) || description == NULL) {
    g_set_error_literal (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SCHEMA,
        "an event lacks a valid \"" VLM_ANSWER_START "\", \"" VLM_ANSWER_END
        "\" or \"" VLM_ANSWER_DESCRIPTION "\"");
    return NULL;
  }
  if (!check_times (start, end, *(const gint64 *) duration, error))
    return NULL;
  finding = g_new0 (VlmFinding, 1);
  finding->start_ns = start;
  finding->end_ns = end;
  finding->description = g_strdup (description);
  return finding;
}

static void
place_finding (gpointer element, gsize start, gsize end)
{
  VlmFinding *finding = element;

  finding->text_start = start;
  finding->text_end = end;
}

/* "The given query happens in 64.0 - 72.0 seconds." */
static GPtrArray *
parse_sentence (
    const char *text, gint64 duration, guint *n_rejected, char **why)
{
  g_autoptr (GRegex) regex = g_regex_new (
      "happens in ([0-9.:]+)s? *(?:-|to) *([0-9.:]+)s? *seconds", 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  GPtrArray *findings;

  if (!g_regex_match (regex, text, 0, &match))
    return NULL;
  findings = g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_finding_free);
  while (g_match_info_matches (match)) {
    g_autofree char *first = g_match_info_fetch (match, 1);
    g_autofree char *second = g_match_info_fetch (match, 2);
    VlmFinding finding = { 0 };
    GError *problem = NULL;
    int from;
    int to;

    g_match_info_fetch_pos (match, 0, &from, &to);
    finding.text_start = (gsize) from;
    finding.text_end = (gsize) to;
    if (vlm_event_parse_time (first, &finding.start_ns) &&
        vlm_event_parse_time (second, &finding.end_ns) &&
        check_times (finding.start_ns, finding.end_ns, duration, &problem)) {
      finding.description = g_strdup ("");
      g_ptr_array_add (findings, g_memdup2 (&finding, sizeof finding));
    } else {
      if (problem == NULL)
        problem = g_error_new (VLM_EVENT_ERROR, VLM_EVENT_ERROR_SCHEMA,
            "\"%s - %s\" are not times", first, second);
      vlm_answer_reject (problem, n_rejected, why);
    }
    g_match_info_next (match, NULL);
  }
  return findings;
}

/**
 * vlm_event_parse: (skip)
 * @text: an answer
 * @duration_ns: length of the video it is about
 * @n_rejected: (out): number of elements that were dropped
 * @why: (out) (nullable) (transfer full): what was wrong with the first of them
 * @error: return location
 *
 * Parses the dense event list that Qwen2.5-VL was trained to write, with or
 * without a code fence, complete or truncated (the complete part is used), and
 * the sentence "… happens in 64.0 - 72.0 seconds" that answers a single query.
 * An element that does not match the schema, or whose times are outside the
 * video or in the wrong order, is dropped, never repaired.
 *
 * Returns: (transfer full) (element-type VlmFinding): the events, or %NULL
 *   with %VLM_EVENT_ERROR_SYNTAX if it is neither of these
 *
 * Since: 0.1
 */
GPtrArray *
vlm_event_parse (const char *text, gint64 duration_ns, guint *n_rejected,
    char **why, GError **error)
{
  GPtrArray *findings = NULL;

  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (n_rejected != NULL && why != NULL, NULL);

  *n_rejected = 0;
  *why = NULL;
  if (strchr (text, '[') == NULL && g_utf8_validate (text, -1, NULL))
    findings = parse_sentence (text, duration_ns, n_rejected, why);
  if (findings != NULL)
    return findings;
  return vlm_answer_list_parse (text, read_finding, place_finding,
      (GDestroyNotify) vlm_finding_free, &duration_ns, n_rejected, why, error);
}
