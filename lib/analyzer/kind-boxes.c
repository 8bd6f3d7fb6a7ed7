/* gst-vlm: answers that list boxes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-box-parse.h>
#include <vlm/vlm-error.h>

#include "analyzer/answer-rules.h"
#include "analyzer/kinds.h"
#include "events/event-schema.h"

#define MAX_BOXES 64
#define MAX_LABEL_BYTES 64

/* The sentence that Qwen2.5-VL was trained on for boxes. */
static char *
make_question (const char *about, gboolean is_video)
{
  g_return_val_if_fail (about != NULL, NULL);
  return g_strdup_printf (
      "Locate the %s, report the bbox coordinates in JSON format.", about);
}

static const VlmRule *
make_rule (VlmRuleBook *book, const VlmAnswerBounds *bounds, GError **error)
{
  const VlmRule *comma = vlm_rule_literal (book, ", ");
  const VlmRule *left, *top, *right, *bottom;
  const VlmRule *box;

  if (bounds->width == 0 || bounds->height == 0) {
    g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "a list of boxes needs a picture or a video");
    return NULL;
  }
  /* the limits below see to it that the second corner comes after the first */
  left = vlm_rule_integer (book, bounds->width - 1);
  top = vlm_rule_integer (book, bounds->height - 1);
  right = vlm_rule_integer (book, bounds->width);
  bottom = vlm_rule_integer (book, bounds->height);
  box = vlm_rule_sequence (book,
      vlm_rule_literal (book, "{\"" VLM_ANSWER_BOX "\": ["), left, comma, top,
      comma, right, comma, bottom,
      vlm_rule_literal (book, "], \"" VLM_ANSWER_LABEL "\": "),
      vlm_rule_answer_text (book,
          bounds->max_text_bytes > 0 ? bounds->max_text_bytes
                                     : MAX_LABEL_BYTES),
      vlm_rule_literal (book, "}"), NULL);
  return vlm_rule_answer_list (
      book, "\t", box, bounds->max_items > 0 ? bounds->max_items : MAX_BOXES);
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

static const VlmAnswerLimits corner_limits = {
  .find = find_corners,
  .fits = corners_fit,
  .spare = spare_of_corners,
};

static GPtrArray *
read_answer (const char *text, const VlmAnswerBounds *bounds, guint *n_rejected,
    char **why, GError **error)
{
  return vlm_box_parse (
      text, bounds->width, bounds->height, n_rejected, why, error);
}

const VlmAnswerKind vlm_kind_boxes = {
  .name = "boxes",
  .question = make_question,
  .of_picture = TRUE,
  .rule = make_rule,
  .limits = &corner_limits,
  .read = read_answer,
  .part = VLM_PART_MARK,
};
