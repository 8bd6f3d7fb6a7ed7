/* gst-vlm: vlmevents, the questions
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every change makes a new version of the questions. The worker uses the newest
 * one from the next window on that it analyses. */
#include "elements/gstvlmevents-private.h"

#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>
#include <vlm/vlm-answer-kind.h>

#include "util/gstvlmtime.h"

#define MAX_SCHEMA_BYTES (16 << 20)

#define QUERY_MARK "{query}"

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

/* Of the kinds that the library knows; events in front. */
GType
gst_vlm_task_get_type (void)
{
  static GType type;

  if (g_once_init_enter (&type)) {
    const char *const *names = vlm_answer_kind_get_names ();
    guint n = g_strv_length ((char **) names);
    GEnumValue *values = g_new0 (GEnumValue, n + 1);
    gint next = 1;

    for (guint i = 0; i < n; i++) {
      gint at = g_str_equal (names[i], "events") ? 0 : next++;

      values[at] = (GEnumValue){ at, names[i], names[i] };
    }
    g_once_init_leave (&type, g_enum_register_static ("GstVlmTask", values));
  }
  return type;
}

static const char *
get_task (const GstVlmEventsSettings *s)
{
  g_autoptr (GEnumClass) tasks = g_type_class_ref (GST_VLM_TYPE_TASK);

  return g_enum_get_value (tasks, s->task)->value_nick;
}

/* NULL for events. */
static const char *
find_task (const GstVlmEventsSettings *s)
{
  if (s->schema_file != NULL)
    return "json";
  return s->task != 0 ? get_task (s) : NULL;
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
  questions.task = (char *) find_task (s);
  questions.detail = self->schema;
  questions.system = s->system_prompt;
  questions.language = s->language;
  questions.sets_temperature = s->temperature >= 0.0;
  questions.temperature = s->temperature;
  questions.seed = s->seed;
  questions.max_tokens = s->max_tokens;
  questions.ground = s->ground;
  questions.conditions = conditions = split (NULL, s->conditions);
  questions.condition_rules = (VlmConditionRules){
    .on_threshold = s->on_threshold,
    .off_threshold = s->off_threshold,
    .confirm = s->confirm,
    .cooldown = gst_vlm_time_from_seconds (s->cooldown),
  };
  questions.locate = s->locate;
  copy = vlm_questions_copy (&questions);
  GST_OBJECT_UNLOCK (self);
  return copy;
}

/* It is read twice, which a pipe does not allow; and what blocks, or never ends,
 * must not stop a state change. */
static gboolean
check_schema_file (const char *path, const char *name, GError **error)
{
  GStatBuf status;

  /* Reading it gives the error of a file that is not there. */
  if (g_stat (path, &status) != 0 ||
      (S_ISREG (status.st_mode) && status.st_size <= MAX_SCHEMA_BYTES))
    return TRUE;
  if (S_ISREG (status.st_mode))
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
        "%s: more than %d bytes", name, MAX_SCHEMA_BYTES);
  else
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
        "%s: not a regular file", name);
  return FALSE;
}

/* @schema: (out) (transfer full) (optional) */
static char *
read_schema (const char *path, char **schema)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autofree char *name = g_filename_display_name (path);

  if (!check_schema_file (path, name, &error) ||
      !g_file_get_contents (path, &text, NULL, &error) ||
      !vlm_answer_kind_check (
          vlm_answer_kind_lookup ("json"), text, name, &error))
    return g_strdup_printf ("schema-file: %s", error->message);
  if (schema != NULL)
    *schema = g_steal_pointer (&text);
  return NULL;
}

static gboolean
has_words (const GstVlmEventsSettings *s)
{
  return s->query != NULL || s->queries != NULL || s->prompt != NULL;
}

char *
gst_vlm_events_find_task_error (const GstVlmEventsSettings *settings)
{
  const char *task = get_task (settings);
  gboolean is_json = g_str_equal (task, "json");

  if (settings->schema_file != NULL && !is_json && settings->task != 0)
    return g_strdup_printf (
        "schema-file is a task of its own, and task=%s another", task);
  if (settings->schema_file != NULL)
    return read_schema (settings->schema_file, NULL);
  if (is_json)
    return g_strdup ("task=json needs a schema-file");
  if (vlm_answer_kind_needs_about (vlm_answer_kind_lookup (task)) &&
      !has_words (settings))
    return g_strdup_printf ("task=%s needs a query", task);
  return NULL;
}

void
gst_vlm_events_read_schema (GstVlmEvents *self)
{
  GST_OBJECT_LOCK (self);
  g_clear_pointer (&self->schema, g_free);
  if (self->settings.schema_file != NULL)
    g_free (read_schema (self->settings.schema_file, &self->schema));
  GST_OBJECT_UNLOCK (self);
}

/* --- what events can be about ---------------------------------------------- */

static void
add_subject (GValue *subjects, const char *text)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, text);
  gst_value_array_append_value (subjects, &value);
}

/* The name of a condition is what comes before its `=`, if it has one. */
static void
add_condition (GValue *subjects, const char *words)
{
  const char *sign = strchr (words, '=');
  g_autofree char *text = g_strdup (sign != NULL ? sign + 1 : words);
  g_autofree char *name = sign != NULL
      ? g_strndup (words, (gsize) (sign - words))
      : g_strdup (words);

  if (*g_strstrip (text) != '\0')
    add_subject (subjects, *g_strstrip (name) != '\0' ? name : text);
}

/* What events can be about: the queries and the names of the conditions, and ""
 * where they name no query. So a display has a place for each before the first
 * one comes. */
static GstEvent *
make_subjects (GstVlmEvents *self, const VlmQuestions *q)
{
  gboolean finds_events = q->task == NULL;
  gboolean has_queries = q->queries != NULL && q->queries[0] != NULL;
  gboolean has_conditions = q->conditions != NULL && q->conditions[0] != NULL;
  gboolean names_query = finds_events &&
      (q->prompt == NULL || strstr (q->prompt, QUERY_MARK) != NULL);
  gboolean names_none = finds_events &&
      (q->prompt != NULL ? !names_query : !has_queries && !has_conditions);
  g_auto (GValue) subjects = G_VALUE_INIT;
  GstStructure *structure = gst_structure_new_empty ("vlm-subjects");

  g_value_init (&subjects, GST_TYPE_ARRAY);
  for (guint i = 0; has_queries && names_query && q->queries[i] != NULL; i++)
    add_subject (&subjects, q->queries[i]);
  for (guint i = 0; has_conditions && q->conditions[i] != NULL; i++)
    add_condition (&subjects, q->conditions[i]);
  if (names_none)
    add_subject (&subjects, "");
  gst_structure_set_value (structure, "subjects", &subjects);
  gst_structure_set (structure, "source", G_TYPE_STRING, self->run, NULL);
  GST_OBJECT_LOCK (self);
  if (self->settings.stream_label != NULL)
    gst_structure_set (
        structure, "stream", G_TYPE_STRING, self->settings.stream_label, NULL);
  GST_OBJECT_UNLOCK (self);
  return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, structure);
}

/* With the lock. */
static void
send_subjects (GstVlmEvents *self, const VlmQuestions *questions)
{
  gst_clear_event (&self->subjects);
  self->subjects = make_subjects (self, questions);
  for (guint i = 0; i < self->outputs->len; i++)
    gst_vlm_event_pad_set_subjects (self->outputs->pdata[i], self->subjects);
}

void
gst_vlm_events_update_questions (GstVlmEvents *self)
{
  VlmQuestions *questions;
  gboolean runs;

  g_mutex_lock (&self->lock);
  runs = self->worker != NULL;
  if (runs) {
    questions = gst_vlm_events_get_questions (self);
    send_subjects (self, questions);
    gst_vlm_worker_set_questions (self->worker, questions);
  }
  g_mutex_unlock (&self->lock);
  if (runs)
    gst_vlm_events_check_questions (self);
}

void
gst_vlm_events_update_subjects (GstVlmEvents *self)
{
  g_autoptr (VlmQuestions) questions = gst_vlm_events_get_questions (self);

  g_mutex_lock (&self->lock);
  if (self->worker != NULL)
    send_subjects (self, questions);
  g_mutex_unlock (&self->lock);
}
