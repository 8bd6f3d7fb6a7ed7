/* gst-vlm: vlmevents, what is asked
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every change makes a new version of the questions. The worker takes the newest
 * one up with the next window that it analyses. */
#include "elements/gstvlmevents-private.h"

#include "util/gstvlmtime.h"

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

/* The single one, then the list; each once. Both nullable. */
static char **
split (const char *single, const char *several)
{
  GPtrArray *list = g_ptr_array_new ();
  g_auto (GStrv) parts = NULL;

  if (single != NULL)
    add_query (list, single);
  if (several != NULL)
    parts = g_strsplit (several, ";", -1);
  for (guint i = 0; parts != NULL && parts[i] != NULL; i++)
    add_query (list, parts[i]);
  g_ptr_array_add (list, NULL);
  return (char **) g_ptr_array_free (list, FALSE);
}

VlmQuestions *
gst_vlm_events_get_questions (GstVlmEvents *self)
{
  const GstVlmEventsSettings *s = &self->settings;
  VlmQuestions questions = { 0 };
  g_auto (GStrv) queries = NULL;
  g_auto (GStrv) conditions = NULL;
  VlmQuestions *copy;

  GST_OBJECT_LOCK (self);
  questions.version = self->query_version;
  questions.prompt = s->prompt;
  questions.queries = queries = split (s->query, s->queries);
  questions.max_tokens = s->max_tokens;
  questions.ground = s->ground;
  questions.conditions = conditions = split (NULL, s->conditions);
  questions.condition_rules = (VlmConditionRules){
    .on_threshold = s->on_threshold,
    .off_threshold = s->off_threshold,
    .confirm = s->confirm,
    .cooldown = gst_vlm_time_from_seconds (s->cooldown),
  };
  copy = vlm_questions_copy (&questions);
  GST_OBJECT_UNLOCK (self);
  return copy;
}

void
gst_vlm_events_update_questions (GstVlmEvents *self)
{
  gboolean runs;

  g_mutex_lock (&self->lock);
  runs = self->worker != NULL;
  if (runs)
    gst_vlm_worker_set_questions (
        self->worker, gst_vlm_events_get_questions (self));
  g_mutex_unlock (&self->lock);
  if (runs)
    gst_vlm_events_check_questions (self);
}
