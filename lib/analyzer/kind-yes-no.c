/* gst-vlm: answers that are yes or no
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * docs/decisions/0009-wordings.md has the question and the tokens, exactly as in
 * training. */
#include <string.h>

#include <vlm/vlm-error.h>

#include "analyzer/kinds.h"

#define WHITE_SPACE " \t\n\v\f\r"

static const char *const choices[] = {
  [VLM_YES] = "yes", [VLM_NO] = "no", NULL
};

static char *
make_question (const char *about, gboolean is_video)
{
  g_return_val_if_fail (about != NULL, NULL);
  return g_strdup_printf (is_video
          ? "Is this true at any time in the video: '%s'? Answer Yes or No."
          : "Is this true of the image: '%s'? Answer Yes or No.",
      about);
}

static const VlmRule *
make_rule (VlmRuleBook *book, const VlmAnswerBounds *bounds, GError **error)
{
  return vlm_rule_choice (book, vlm_rule_literal (book, "Yes"),
      vlm_rule_literal (book, "No"), NULL);
}

/* The word in any case, with nothing but white space before it. */
static gint
stands_for (const char *bytes, gsize n)
{
  while (n > 0 && bytes[0] != '\0' && strchr (WHITE_SPACE, bytes[0]) != NULL) {
    bytes++;
    n--;
  }
  for (gint i = 0; choices[i] != NULL; i++)
    if (n == strlen (choices[i]) &&
        g_ascii_strncasecmp (bytes, choices[i], n) == 0)
      return i;
  return -1;
}

static GPtrArray *
read_answer (const char *text, const VlmAnswerBounds *bounds, guint *n_rejected,
    char **why, GError **error)
{
  gint choice = stands_for (text, strlen (text));
  GPtrArray *list;

  *n_rejected = 0;
  if (choice < 0) {
    g_set_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX,
        "the answer is neither yes nor no: \"%.60s\"", text);
    return NULL;
  }
  list = g_ptr_array_new ();
  g_ptr_array_add (list, (gpointer) choices[choice]);
  return list;
}

const VlmAnswerKind vlm_kind_yes_no = {
  .name = "yes-no",
  .question = make_question,
  .needs_about = TRUE,
  .rule = make_rule,
  .read = read_answer,
  .part = VLM_PART_WORDS,
  .choices = choices,
  .stands_for = stands_for,
};
