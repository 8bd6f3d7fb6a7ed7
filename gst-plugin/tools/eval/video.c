/* gst-vlm: a model evaluated on a video of which the truth is known
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-glib/json-glib.h>
#include <string.h>

#include "tools/eval/tasks.h"
#include "tools/reader.h"

#define TRUTH "any_object_in_view"

typedef struct
{
  EvalAsker *asker;
  const EvalRun *run;
  const char *query;
  EvalVideo *video;
} Job;

/* A pair of numbers, the first the smaller one. */
static gboolean
read_span (JsonNode *node, EvalSpan *span)
{
  JsonArray *pair;
  double ends[2];

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;
  pair = json_node_get_array (node);
  if (json_array_get_length (pair) != 2)
    return FALSE;
  for (guint i = 0; i < 2; i++) {
    JsonNode *number = json_array_get_element (pair, i);

    if (!JSON_NODE_HOLDS_VALUE (number) ||
        (json_node_get_value_type (number) != G_TYPE_INT64 &&
            json_node_get_value_type (number) != G_TYPE_DOUBLE))
      return FALSE;
    ends[i] = json_node_get_double (number);
  }
  *span = (EvalSpan){ ends[0], ends[1] };
  return ends[0] >= 0.0 && ends[0] <= ends[1];
}

static JsonArray *
find_list (JsonNode *root)
{
  JsonNode *list = NULL;

  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root))
    list = json_object_get_member (json_node_get_object (root), TRUTH);
  return list != NULL && JSON_NODE_HOLDS_ARRAY (list)
      ? json_node_get_array (list)
      : NULL;
}

static gboolean
read_truth (const char *path, GArray *spans, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *text = NULL;
  JsonArray *list;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, error))
    return FALSE;
  if (!json_parser_load_from_data (parser, text, (gssize) length, error)) {
    g_prefix_error (error, "%s: ", path);
    return FALSE;
  }
  list = find_list (json_parser_get_root (parser));
  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++) {
    EvalSpan span;

    if (!read_span (json_array_get_element (list, i), &span)) {
      list = NULL;
      break;
    }
    g_array_append_val (spans, span);
  }
  if (list == NULL)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
        "%s: no \"" TRUTH "\" with a list of [start, end] in seconds", path);
  return list != NULL;
}

static gboolean
on_window (const VlmWindow *window, gpointer user_data, GError **error)
{
  Job *job = user_data;
  g_autoptr (GArray) spans = NULL;
  g_autoptr (GArray) found = NULL;

  if (job->asker->verbose)
    g_print ("window %.2f-%.2f s, %u frames of %ux%u\n",
        (double) window->start / VLM_SECOND, (double) window->end / VLM_SECOND,
        window->n_samples, window->samples[0].frame->width,
        window->samples[0].frame->height);
  found = eval_asker_ask_window (
      job->asker, window, job->query, job->run->cancellable, error);
  if (found == NULL)
    return FALSE;
  spans = eval_events_spans (found, NULL);
  g_array_append_vals (job->video->found, spans->data, spans->len);
  job->video->n_windows++;
  job->video->duration =
      MAX (job->video->duration, (double) window->end / VLM_SECOND);
  return TRUE;
}

gboolean
eval_run_video (EvalAsker *asker, const EvalRun *run, const char *truth,
    const char *query, double window, double hop, EvalVideo *video,
    GError **error)
{
  Job job = { asker, run, query, video };
  const ReaderWindows windows = {
    .fps = run->fps,
    .window = (gint64) (window * VLM_SECOND),
    .hop = (gint64) (hop * VLM_SECOND),
    .limits = asker->limits,
  };

  return read_truth (truth, video->truth, error) &&
      reader_watch_video (video->path, &asker->geometry, &windows,
          run->cancellable, on_window, &job, error);
}
