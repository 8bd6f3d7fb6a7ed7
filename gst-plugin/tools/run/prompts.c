/* gst-vlm: the questions of vlm-run
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/run/prompts.h"

#include <string.h>

#include "tools/source.h"
#include "tools/tool.h"

/* @what is named in errors. Takes ownership of @text. */
static gboolean
add (GPtrArray *prompts, const char *what, char *text, GError **error)
{
  g_autofree char *prompt = text;

  if (!g_utf8_validate (prompt, -1, NULL)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "%s must be UTF-8", what);
    return FALSE;
  }
  if (prompt[strspn (prompt, " \t\r\n")] == '\0') {
    g_set_error (
        error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is empty", what);
    return FALSE;
  }
  g_ptr_array_add (prompts, g_steal_pointer (&prompt));
  return TRUE;
}

static gboolean
add_file (GPtrArray *prompts, const char *word, GError **error)
{
  g_autoptr (GBytes) bytes = source_read (word, NULL, error);
  gsize n;
  const char *data;
  char *text;

  if (bytes == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, &n);
  if (n > 0 && memchr (data, '\0', n) != NULL) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "%s is not text", word);
    return FALSE;
  }
  text = g_strndup (n > 0 ? data : "", n);
  /* The end of the last line is not a part of the question. */
  n = strlen (text);
  if (n > 0 && text[n - 1] == '\n')
    text[n - 1] = '\0';
  return add (
      prompts, g_str_equal (word, "-") ? "standard input" : word, text, error);
}

static gboolean
add_words (GPtrArray *prompts, char **words, GError **error)
{
  if (words[1] == NULL && g_str_equal (words[0], "-"))
    return add_file (prompts, "-", error);
  return add (prompts, "the question", g_strjoinv (" ", words), error);
}

static void
ask_as_trained (
    GPtrArray *prompts, const VlmAnswerKind *kind, gboolean is_video)
{
  if (prompts->len == 0)
    g_ptr_array_add (prompts, NULL);
  for (guint i = 0; i < prompts->len; i++) {
    g_autofree char *about = prompts->pdata[i];

    prompts->pdata[i] = vlm_answer_kind_make_question (kind, about, is_video);
  }
}

char **
prompts_gather (const PromptSources *sources, const VlmAnswerKind *kind,
    gboolean is_video, GError **error)
{
  g_autoptr (GPtrArray) prompts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; sources->texts != NULL && sources->texts[i] != NULL; i++)
    if (!add (prompts, "--prompt", g_strdup (sources->texts[i]), error))
      return NULL;
  for (guint i = 0; sources->files != NULL && sources->files[i] != NULL; i++)
    if (!add_file (prompts, sources->files[i], error))
      return NULL;
  if (sources->words != NULL && !add_words (prompts, sources->words, error))
    return NULL;
  if (prompts->len == 0 && vlm_answer_kind_needs_about (kind)) {
    tool_check ("a question is needed; see --help", error);
    return NULL;
  }
  if (kind != NULL)
    ask_as_trained (prompts, kind, is_video);
  g_ptr_array_add (prompts, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&prompts), FALSE);
}
