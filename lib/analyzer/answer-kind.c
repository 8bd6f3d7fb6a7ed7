/* gst-vlm: the table of the kinds of answers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-error.h>

#include "analyzer/kinds.h"

static const VlmAnswerKind *const kinds[] = {
  &vlm_kind_free,
  &vlm_kind_events,
  &vlm_kind_boxes,
  &vlm_kind_points,
  &vlm_kind_ocr,
  &vlm_kind_document,
  &vlm_kind_describe,
  &vlm_kind_count,
  &vlm_kind_json,
  &vlm_kind_yes_no,
};

/**
 * vlm_answer_kind_lookup: (skip)
 * @name: name of a kind, see #VlmAnswerKind
 *
 * Finds a kind by its name; thread-safe.
 *
 * Returns: (transfer none) (nullable): the kind, %NULL if there is none of that
 *   name
 *
 * Since: 0.1
 */
const VlmAnswerKind *
vlm_answer_kind_lookup (const char *name)
{
  g_return_val_if_fail (name != NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (kinds[i]->name, name))
      return kinds[i];
  return NULL;
}

/**
 * vlm_answer_kind_get_names: (skip)
 *
 * Lists the kinds there are. The array and its strings are constant;
 * thread-safe.
 *
 * Returns: (transfer none) (array zero-terminated=1): the names of all kinds
 *
 * Since: 0.1
 */
const char *const *
vlm_answer_kind_get_names (void)
{
  static const char *names[G_N_ELEMENTS (kinds) + 1];
  static gsize done;

  if (g_once_init_enter (&done)) {
    for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
      names[i] = kinds[i]->name;
    g_once_init_leave (&done, 1);
  }
  return names;
}

/**
 * vlm_answer_kind_get_name: (skip)
 * @kind: (nullable): a kind
 *
 * Gets the name by which vlm_answer_kind_lookup() finds the kind.
 *
 * Returns: (transfer none): its name
 *
 * Since: 0.1
 */
const char *
vlm_answer_kind_get_name (const VlmAnswerKind *kind)
{
  return kind != NULL ? kind->name : vlm_kind_free.name;
}

/**
 * vlm_answer_kind_make_question: (skip)
 * @kind: (nullable): a kind
 * @about: (nullable): what the question is about: the query for `events` and
 *   `count`, what to look for, without an article, for `boxes` and `points`, a
 *   statement in the present tense for `yes-no`, and for all others the question
 *   itself; %NULL for everything, but see vlm_answer_kind_needs_about()
 * @is_video: whether it is about a video, else about a picture
 *
 * The sentence that Qwen2.5-VL was trained to answer in this form. It goes
 * after the picture or the video; with the kind in #VlmGenerateParams, the
 * answer is constrained to this form.
 *
 * Returns: (transfer full): the question
 *
 * Since: 0.1
 */
char *
vlm_answer_kind_make_question (
    const VlmAnswerKind *kind, const char *about, gboolean is_video)
{
  if (kind == NULL)
    kind = &vlm_kind_free;
  if (about != NULL && about[0] == '\0')
    about = NULL;
  return kind->question (about, is_video);
}

/**
 * vlm_answer_kind_check: (skip)
 * @kind: (nullable): a kind
 * @detail: (nullable): what #VlmGenerateParams or #VlmQuestions is to have as
 *   detail, such as the JSON schema of `json`
 * @name: (nullable): what messages call @detail, such as the name of its file
 * @error: return location
 *
 * Checks, before a model is loaded, whether answers of @kind can be held to
 * @detail. May be called on any thread.
 *
 * Returns: %TRUE if it is; %FALSE with %VLM_INFER_ERROR_BAD_INPUT, whose message
 *   names @name and the place in it (for a schema: the path and the keyword, as
 *   in `F.json: /properties/age/foo: this keyword is not supported`), or with a
 *   #VlmLoadError for what is no JSON
 *
 * Since: 0.1
 */
gboolean
vlm_answer_kind_check (const VlmAnswerKind *kind, const char *detail,
    const char *name, GError **error)
{
  if (kind != NULL && kind->check != NULL)
    return kind->check (detail, name, error);
  if (detail == NULL)
    return TRUE;
  g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "%s: answers of the kind %s take no schema",
      name != NULL ? name : "schema", vlm_answer_kind_get_name (kind));
  return FALSE;
}

/**
 * vlm_answer_kind_get_system: (skip)
 * @kind: (nullable): a kind
 *
 * The system prompt for questions of this kind, as in training; for
 * vlm_prompt_set_system().
 *
 * Returns: (transfer none) (nullable): the text, %NULL for the usual one
 *
 * Since: 0.1
 */
const char *
vlm_answer_kind_get_system (const VlmAnswerKind *kind)
{
  return kind != NULL ? kind->system : NULL;
}

/**
 * vlm_answer_kind_is_of_picture: (skip)
 * @kind: (nullable): a kind
 *
 * Whether such a question is about one moment: of a video only the newest
 * frame is used, as a picture.
 *
 * Returns: %TRUE if it is
 *
 * Since: 0.1
 */
gboolean
vlm_answer_kind_is_of_picture (const VlmAnswerKind *kind)
{
  return kind != NULL && kind->of_picture;
}

/**
 * vlm_answer_kind_needs_about: (skip)
 * @kind: (nullable): a kind
 *
 * Whether vlm_answer_kind_make_question() needs its argument about.
 *
 * Returns: %TRUE if there is no question of this kind about everything
 *
 * Since: 0.1
 */
gboolean
vlm_answer_kind_needs_about (const VlmAnswerKind *kind)
{
  return kind == NULL || kind->needs_about;
}

/**
 * vlm_answer_kind_has_places: (skip)
 * @kind: (nullable): a kind
 *
 * Whether such answers contain positions or times. They refer to what the
 * model saw, until vlm_reading_new() converts them to those of the source.
 *
 * Returns: %TRUE if they do
 *
 * Since: 0.1
 */
gboolean
vlm_answer_kind_has_places (const VlmAnswerKind *kind)
{
  return kind != NULL &&
      (kind->part == VLM_PART_EVENT || kind->part == VLM_PART_MARK);
}

/**
 * vlm_answer_kind_is_json: (skip)
 * @kind: (nullable): a kind
 *
 * Whether such an answer is more than a text: a list, a number, or a value
 * that fits a schema.
 *
 * Returns: %TRUE if it is
 *
 * Since: 0.1
 */
gboolean
vlm_answer_kind_is_json (const VlmAnswerKind *kind)
{
  return kind != NULL && kind->part != VLM_PART_WORDS;
}
