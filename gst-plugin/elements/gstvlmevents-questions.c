/* gst-vlm: vlmevents, what is asked
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every change makes a new version of the questions. The worker takes the newest
 * one up with the next window that it analyses. */
#include "elements/gstvlmevents-private.h"

enum
{
  PROP_PROMPT = GST_VLM_EVENTS_FIRST_QUESTION_PROP,
  PROP_QUERY,
  PROP_QUERIES,
  PROP_MAX_TOKENS,
  PROP_GROUND,
  PROP_QUERY_VERSION,
};

/* TRUE if it is another text. Nothing and an empty text are the same. */
static gboolean
replace (char **field, const GValue *value)
{
  const char *text = g_value_get_string (value);

  if (text != NULL && text[0] == '\0')
    text = NULL;
  if (g_strcmp0 (*field, text) == 0)
    return FALSE;
  g_free (*field);
  *field = g_strdup (text);
  return TRUE;
}

gboolean
gst_vlm_events_set_question (GstVlmEvents *self, guint id, const GValue *value)
{
  GstVlmEventsQuestions *q = &self->questions;
  gboolean changed;

  switch (id) {
  case PROP_PROMPT:
    changed = replace (&q->prompt, value);
    break;
  case PROP_QUERY:
    changed = replace (&q->query, value);
    break;
  case PROP_QUERIES:
    changed = replace (&q->queries, value);
    break;
  case PROP_MAX_TOKENS:
    changed = q->max_tokens != g_value_get_uint (value);
    q->max_tokens = g_value_get_uint (value);
    break;
  case PROP_GROUND:
    changed = q->ground != g_value_get_boolean (value);
    q->ground = g_value_get_boolean (value);
    break;
  default:
    return FALSE;
  }
  q->version += changed;
  return TRUE;
}

gboolean
gst_vlm_events_get_question (GstVlmEvents *self, guint id, GValue *value)
{
  const GstVlmEventsQuestions *q = &self->questions;

  switch (id) {
  case PROP_PROMPT:
    g_value_set_string (value, q->prompt);
    return TRUE;
  case PROP_QUERY:
    g_value_set_string (value, q->query);
    return TRUE;
  case PROP_QUERIES:
    g_value_set_string (value, q->queries);
    return TRUE;
  case PROP_MAX_TOKENS:
    g_value_set_uint (value, q->max_tokens);
    return TRUE;
  case PROP_GROUND:
    g_value_set_boolean (value, q->ground);
    return TRUE;
  case PROP_QUERY_VERSION:
    g_value_set_uint64 (value, q->version);
    return TRUE;
  default:
    return FALSE;
  }
}

static void
add_query (GPtrArray *list, const char *text)
{
  char *query = g_strstrip (g_strdup (text));

  if (query[0] == '\0' ||
      g_ptr_array_find_with_equal_func (list, query, g_str_equal, NULL))
    g_free (query);
  else
    g_ptr_array_add (list, query);
}

/* The single query, then the list; each once. */
static char **
split_queries (const GstVlmEventsQuestions *q)
{
  GPtrArray *list = g_ptr_array_new ();
  g_auto (GStrv) parts = NULL;

  if (q->query != NULL)
    add_query (list, q->query);
  if (q->queries != NULL)
    parts = g_strsplit (q->queries, ";", -1);
  for (guint i = 0; parts != NULL && parts[i] != NULL; i++)
    add_query (list, parts[i]);
  g_ptr_array_add (list, NULL);
  return (char **) g_ptr_array_free (list, FALSE);
}

VlmQuestions *
gst_vlm_events_get_questions (GstVlmEvents *self)
{
  VlmQuestions questions = { 0 };
  g_auto (GStrv) queries = NULL;
  VlmQuestions *copy;

  GST_OBJECT_LOCK (self);
  questions.version = self->questions.version;
  questions.prompt = self->questions.prompt;
  questions.queries = queries = split_queries (&self->questions);
  questions.max_tokens = self->questions.max_tokens;
  questions.ground = self->questions.ground;
  copy = vlm_questions_copy (&questions);
  GST_OBJECT_UNLOCK (self);
  return copy;
}

void
gst_vlm_events_update_questions (GstVlmEvents *self)
{
  g_mutex_lock (&self->lock);
  if (self->worker != NULL)
    gst_vlm_worker_set_questions (
        self->worker, gst_vlm_events_get_questions (self));
  g_mutex_unlock (&self->lock);
}

void
gst_vlm_events_clear_questions (GstVlmEvents *self)
{
  g_free (self->questions.prompt);
  g_free (self->questions.query);
  g_free (self->questions.queries);
}

#define FLAGS                                                                  \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

void
gst_vlm_events_install_questions (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_PROMPT,
      g_param_spec_string ("prompt", "Prompt",
          "Question to the model that replaces the default one; {query} in it "
          "stands for each query in turn",
          NULL, FLAGS));
  g_object_class_install_property (klass, PROP_QUERY,
      g_param_spec_string ("query", "Query",
          "What to look for, in plain words; unset for everything that happens",
          NULL, FLAGS));
  g_object_class_install_property (klass, PROP_QUERIES,
      g_param_spec_string ("queries", "Queries",
          "Several things to look for, with ; between them; each is asked for "
          "on its own",
          NULL, FLAGS));
  g_object_class_install_property (klass, PROP_MAX_TOKENS,
      g_param_spec_uint ("max-tokens", "Max. tokens",
          "Longest answer to one question, in tokens (0 = default of the "
          "model)",
          0, G_MAXUINT16, 0, FLAGS));
  g_object_class_install_property (klass, PROP_GROUND,
      g_param_spec_boolean ("ground", "Ground",
          "Look for a box of each event that begins, with a question of its "
          "own on a frame of it",
          FALSE, FLAGS));
  g_object_class_install_property (klass, PROP_QUERY_VERSION,
      g_param_spec_uint64 ("query-version", "Query version",
          "Counts the changes of what is asked; events say which they answer",
          0, G_MAXUINT64, 1, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}
