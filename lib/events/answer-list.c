/* gst-vlm: the elements of a list that a model wrote
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/answer-list.h"

#include <string.h>

#include <vlm/vlm-error.h>

/* Guards against a text that is one long bracket. */
#define MAX_DEPTH 32

/* The end of the JSON value that begins at @text, NULL if it is not complete or
 * nests too deep. Only strings and brackets matter here. */
static const char *
skip_value (const char *text)
{
  guint depth = 0;
  gboolean in_string = FALSE;

  for (; *text != '\0'; text++) {
    if (in_string) {
      if (*text == '\\' && text[1] != '\0')
        text++;
      else if (*text == '"')
        in_string = FALSE;
    } else if (*text == '"') {
      in_string = TRUE;
    } else if (*text == '{' || *text == '[') {
      if (++depth > MAX_DEPTH)
        return NULL;
    } else if (*text == '}' || *text == ']') {
      if (depth == 0 || --depth == 0)
        return depth == 0 ? text + 1 : NULL;
    }
  }
  return NULL;
}

void
vlm_answer_reject (GError *problem, guint *n_rejected, char **why)
{
  if ((*n_rejected)++ == 0)
    *why = g_strdup (problem->message);
  g_error_free (problem);
}

static gpointer
read_element (const char *text, gsize length, VlmElementFunc read,
    gconstpointer user_data, GError **error)
{
  g_autofree char *element = g_strndup (text, length);
  g_autoptr (JsonNode) node = json_from_string (element, error);

  if (node == NULL)
    return NULL;
  if (!JSON_NODE_HOLDS_OBJECT (node)) {
    g_set_error_literal (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SCHEMA,
        "an element of the list is not an object");
    return NULL;
  }
  return read (json_node_get_object (node), user_data, error);
}

GPtrArray *
vlm_answer_list_parse (const char *text, VlmElementFunc read,
    VlmPlaceFunc place, GDestroyNotify destroy, gconstpointer user_data,
    guint *n_rejected, char **why, GError **error)
{
  const char *at;
  GPtrArray *list;

  *n_rejected = 0;
  *why = NULL;
  if (!g_utf8_validate (text, -1, NULL)) {
    g_set_error_literal (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX,
        "the answer is not UTF-8");
    return NULL;
  }
  at = strchr (text, '[');
  if (at == NULL) {
    g_set_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX,
        "the answer contains no list: %.80s%s", text,
        strlen (text) > 80 ? "…" : "");
    return NULL;
  }
  list = g_ptr_array_new_with_free_func (destroy);
  at++;
  while ((at = strpbrk (at, "{]")) != NULL && *at == '{') {
    const char *end = skip_value (at);
    GError *problem = NULL;
    gpointer element;

    if (end == NULL)
      break;
    element = read_element (at, (gsize) (end - at), read, user_data, &problem);
    if (element == NULL) {
      vlm_answer_reject (problem, n_rejected, why);
    } else {
      place (element, (gsize) (at - text), (gsize) (end - text));
      g_ptr_array_add (list, element);
    }
    at = end;
  }
  return list;
}
