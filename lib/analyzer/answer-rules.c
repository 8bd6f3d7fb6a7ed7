/* gst-vlm: rules that several kinds of answers share
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/answer-rules.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "events/event-schema.h"
#include "grammar/grammar.h"

static guint
bounded (guint value)
{
  return CLAMP (value, 1, VLM_GRAMMAR_MAX_COUNT);
}

const VlmRule *
vlm_rule_answer_list (
    VlmRuleBook *book, const char *indent, const VlmRule *item, guint max)
{
  g_autofree char *open = g_strdup_printf ("\n%s", indent);
  g_autofree char *next = g_strdup_printf (",\n%s", indent);
  const VlmRule *items =
      vlm_rule_list (book, item, vlm_rule_literal (book, next), bounded (max));
  const VlmRule *full = vlm_rule_sequence (book, vlm_rule_literal (book, open),
      items, vlm_rule_literal (book, "\n]"), NULL);

  return vlm_rule_sequence (book,
      vlm_rule_literal (book, VLM_ANSWER_FENCE_OPEN "["),
      vlm_rule_choice (book, vlm_rule_literal (book, "]"), full, NULL),
      vlm_rule_literal (book, VLM_ANSWER_FENCE_CLOSE), NULL);
}

const VlmRule *
vlm_rule_answer_box (VlmRuleBook *book, guint width, guint height)
{
  const VlmRule *comma = vlm_rule_literal (book, ", ");

  return vlm_rule_sequence (book,
      vlm_rule_literal (book, "\"" VLM_ANSWER_BOX "\": ["),
      vlm_rule_integer (book, width - 1), comma,
      vlm_rule_integer (book, height - 1), comma,
      vlm_rule_integer (book, width), comma, vlm_rule_integer (book, height),
      vlm_rule_literal (book, "]"), NULL);
}

const VlmRule *
vlm_rule_answer_text (VlmRuleBook *book, guint max_bytes)
{
  return vlm_rule_json_string (book, bounded (max_bytes));
}

/* --- left before right, top before bottom -------------------------------- */

#define CORNERS "\"" VLM_ANSWER_BOX "\": ["
#define N_CORNERS 4

static const char *
find_corners (const char *text, gsize n)
{
  const char *key = g_strrstr_len (text, (gssize) n, CORNERS);
  const char *corners;

  if (key == NULL)
    return NULL;
  corners = key + strlen (CORNERS);
  return memchr (corners, ']', (gsize) (text + n - corners)) == NULL ? corners
                                                                     : NULL;
}

/* Whether digits after @begun can make a number from @low to @high. */
static gboolean
may_become (gint64 begun, gint64 low, gint64 high)
{
  gint64 last = begun;

  /* nothing follows a leading zero */
  while (begun > 0 && last < low && begun <= high) {
    begun *= 10;
    last = 10 * last + 9;
  }
  return last >= low && begun <= high;
}

/* Three numbers at most have ended in front of the one that is being written. */
static gboolean
corners_fit (const char *part, gsize n, const VlmAnswerBounds *bounds)
{
  const gint64 most[2] = { bounds->width, bounds->height };
  gint64 corners[N_CORNERS] = { 0 };
  gboolean has_digits = FALSE;
  guint at = 0;

  for (gsize i = 0; i < n && at < N_CORNERS; i++) {
    if (g_ascii_isdigit (part[i])) {
      corners[at] =
          MIN (10 * corners[at] + g_ascii_digit_value (part[i]), G_MAXINT32);
      has_digits = TRUE;
    } else if (has_digits) {
      if (at >= 2 && corners[at] <= corners[at - 2])
        return FALSE;
      at++;
      has_digits = FALSE;
    }
  }
  return at < 2 || at == N_CORNERS || !has_digits ||
      may_become (corners[at], corners[at - 2] + 1, most[at % 2]);
}

gboolean
vlm_answer_check_picture (
    const VlmAnswerBounds *bounds, const char *what, GError **error)
{
  if (bounds->width > 0 && bounds->height > 0)
    return TRUE;
  g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "a list of %s needs a picture or a video", what);
  return FALSE;
}

char *
vlm_answer_list_schema (const char *place, guint n_numbers, guint max,
    const char *text, guint max_letters, guint max_items)
{
  return g_strdup_printf (
      "{\"type\": \"array\", \"maxItems\": %u, \"items\": {"
      "\"type\": \"object\", \"properties\": {"
      "\"%s\": {\"type\": \"array\", "
      "\"items\": {\"type\": \"integer\", \"minimum\": 0, "
      "\"maximum\": %u}, \"minItems\": %u, \"maxItems\": %u}, "
      "\"%s\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": %u}}, "
      "\"required\": [\"%s\", \"%s\"], \"additionalProperties\": false}}",
      max_items, place, max, n_numbers, n_numbers, text, max_letters, place,
      text);
}

static guint
count_digits (guint number)
{
  return number < 10 ? 1 : 1 + count_digits (number / 10);
}

/* The shortest numbers have one digit. */
static guint
spare_of_corners (const VlmAnswerBounds *bounds)
{
  return count_digits (bounds->width) + count_digits (bounds->height) - 2;
}

const VlmAnswerLimits vlm_answer_box_limits = {
  .find = find_corners,
  .fits = corners_fit,
  .spare = spare_of_corners,
};
