/* gst-vlm: a model evaluated on a video of which the truth is known
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/tasks.h"
#include "tools/eval/truth.h"
#include "tools/reader.h"

typedef struct
{
  EvalAsker *asker;
  const EvalRun *run;
  const char *query;
  EvalVideo *video;
} Job;

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
eval_run_video (EvalAsker *asker, const EvalRun *run, const char *query,
    double window, double hop, EvalVideo *video, GError **error)
{
  Job job = { asker, run, query, video };
  const ReaderWindows windows = {
    .fps = run->fps,
    .window = (gint64) (window * VLM_SECOND),
    .hop = (gint64) (hop * VLM_SECOND),
    .limits = asker->limits,
  };

  return reader_watch_video (video->path, &asker->geometry, &windows,
      run->cancellable, on_window, &job, error);
}
