/* gst-vlm: the interface between a video source and an engine
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-analyzer.h>
#include <vlm/vlm-error.h>
#include <vlm/vlm-questions.h>

#include "engine/model-params.h"

G_DEFINE_BOXED_TYPE (VlmAnalyzerParams, vlm_analyzer_params,
    vlm_analyzer_params_copy, vlm_analyzer_params_free)

/**
 * vlm_analyzer_params_copy:
 * @params: parameters
 *
 * Copies all that @params own: their strings.
 *
 * Returns: (transfer full): a copy
 *
 * Since: 0.1
 */
VlmAnalyzerParams *
vlm_analyzer_params_copy (const VlmAnalyzerParams *params)
{
  VlmAnalyzerParams *copy;

  g_return_val_if_fail (params != NULL, NULL);

  copy = g_new0 (VlmAnalyzerParams, 1);
  vlm_model_params_init (&copy->model, &params->model);
  copy->max_context = params->max_context;
  return copy;
}

/**
 * vlm_analyzer_params_free:
 * @params: (nullable) (transfer full): parameters
 *
 * Frees parameters that vlm_analyzer_params_copy() made.
 *
 * Since: 0.1
 */
void
vlm_analyzer_params_free (VlmAnalyzerParams *params)
{
  if (params == NULL)
    return;
  vlm_model_params_clear (&params->model);
  g_free (params);
}

G_DEFINE_INTERFACE (VlmAnalyzer, vlm_analyzer, G_TYPE_OBJECT)

static void
vlm_analyzer_default_init (VlmAnalyzerInterface *iface)
{
}

/**
 * vlm_analyzer_load:
 * @self: an analyzer
 * @params: what to load
 * @work: (nullable): progress and cancellation
 * @error: return location
 *
 * Gets ready to analyse. May take long.
 *
 * Returns: %TRUE on success; %FALSE with a #VlmLoadError, #VlmDeviceError or
 *   %G_IO_ERROR_CANCELLED
 *
 * Since: 0.1
 */
gboolean
vlm_analyzer_load (VlmAnalyzer *self, const VlmAnalyzerParams *params,
    const VlmWork *work, GError **error)
{
  g_return_val_if_fail (VLM_IS_ANALYZER (self), FALSE);
  g_return_val_if_fail (params != NULL, FALSE);

  return VLM_ANALYZER_GET_IFACE (self)->load (self, params, work, error);
}

/**
 * vlm_analyzer_get_geometry:
 * @self: a loaded analyzer
 * @geometry: (out caller-allocates): what frames must look like
 *
 * Says which sizes frames must have for the model that was loaded.
 *
 * Since: 0.1
 */
void
vlm_analyzer_get_geometry (VlmAnalyzer *self, VlmGeometry *geometry)
{
  g_return_if_fail (VLM_IS_ANALYZER (self));
  g_return_if_fail (geometry != NULL);

  VLM_ANALYZER_GET_IFACE (self)->get_geometry (self, geometry);
}

/**
 * vlm_analyzer_set_questions:
 * @self: an analyzer
 * @questions: the questions from the next window on
 *
 * Analyzers without questions ignore it.
 *
 * Since: 0.1
 */
void
vlm_analyzer_set_questions (VlmAnalyzer *self, const VlmQuestions *questions)
{
  VlmAnalyzerInterface *iface;

  g_return_if_fail (VLM_IS_ANALYZER (self));
  g_return_if_fail (questions != NULL);

  iface = VLM_ANALYZER_GET_IFACE (self);
  if (iface->set_questions != NULL)
    iface->set_questions (self, questions);
}

/**
 * vlm_analyzer_analyze:
 * @self: a loaded analyzer
 * @window: the window to analyse
 * @cancellable: (nullable): ends the work within one step
 * @error: return location
 *
 * Finds the events of a window. Windows of one epoch come in order.
 *
 * Returns: (transfer full) (element-type VlmEvent): the events in order of
 *   their start, or %NULL with a #VlmInferError, #VlmDeviceError,
 *   #VlmEventError (an answer that cannot be parsed) or %G_IO_ERROR_CANCELLED
 *
 * Since: 0.1
 */
GPtrArray *
vlm_analyzer_analyze (VlmAnalyzer *self, VlmWindow *window,
    GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (VLM_IS_ANALYZER (self), NULL);
  g_return_val_if_fail (window != NULL, NULL);

  return VLM_ANALYZER_GET_IFACE (self)->analyze (
      self, window, cancellable, error);
}

/**
 * vlm_analyzer_ask:
 * @self: a loaded analyzer
 * @window: the window to analyse; need not be the window that was analysed
 *   last
 * @question: UTF-8
 * @confidence: (out): 0 to 1, from the token probabilities; -1 when unknown
 * @cancellable: (nullable): ends the work within one step
 * @error: return location
 *
 * Answers a question in words. The events of later windows do not depend on it.
 *
 * Returns: (transfer full): the answer, or %NULL with a #VlmInferError
 *   (%VLM_INFER_ERROR_BAD_INPUT from an analyzer that answers no questions),
 *   #VlmDeviceError or %G_IO_ERROR_CANCELLED
 *
 * Since: 0.1
 */
char *
vlm_analyzer_ask (VlmAnalyzer *self, VlmWindow *window, const char *question,
    double *confidence, GCancellable *cancellable, GError **error)
{
  VlmAnalyzerInterface *iface;

  g_return_val_if_fail (VLM_IS_ANALYZER (self), NULL);
  g_return_val_if_fail (window != NULL, NULL);
  g_return_val_if_fail (question != NULL, NULL);
  g_return_val_if_fail (confidence != NULL, NULL);

  *confidence = -1.0;
  iface = VLM_ANALYZER_GET_IFACE (self);
  if (iface->ask != NULL)
    return iface->ask (self, window, question, confidence, cancellable, error);
  g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "%s answers no questions", G_OBJECT_TYPE_NAME (self));
  return NULL;
}

/**
 * vlm_analyzer_reset:
 * @self: an analyzer
 *
 * Forgets what was seen: the stream was interrupted.
 *
 * Since: 0.1
 */
void
vlm_analyzer_reset (VlmAnalyzer *self)
{
  g_return_if_fail (VLM_IS_ANALYZER (self));
  VLM_ANALYZER_GET_IFACE (self)->reset (self);
}

/**
 * vlm_analyzer_finish:
 * @self: an analyzer
 *
 * The stream is over.
 *
 * Returns: (transfer full) (element-type VlmEvent): a last record of each event
 *   that was still open
 *
 * Since: 0.1
 */
GPtrArray *
vlm_analyzer_finish (VlmAnalyzer *self)
{
  VlmAnalyzerInterface *iface;

  g_return_val_if_fail (VLM_IS_ANALYZER (self), NULL);

  iface = VLM_ANALYZER_GET_IFACE (self);
  if (iface->finish == NULL)
    return g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
  return iface->finish (self);
}

/**
 * vlm_analyzer_unload:
 * @self: an analyzer
 *
 * Gives back what was loaded.
 *
 * Since: 0.1
 */
void
vlm_analyzer_unload (VlmAnalyzer *self)
{
  g_return_if_fail (VLM_IS_ANALYZER (self));
  VLM_ANALYZER_GET_IFACE (self)->unload (self);
}

/**
 * vlm_analyzer_take_answers:
 * @self: an analyzer
 *
 * Takes the questions and answers of the last call of vlm_analyzer_analyze()
 * or vlm_analyzer_ask(), even if it failed, in order. The next call returns
 * none.
 *
 * Returns: (transfer full) (element-type VlmAnswerRecord): the records
 *
 * Since: 0.1
 */
GPtrArray *
vlm_analyzer_take_answers (VlmAnalyzer *self)
{
  VlmAnalyzerInterface *iface;

  g_return_val_if_fail (VLM_IS_ANALYZER (self), NULL);

  iface = VLM_ANALYZER_GET_IFACE (self);
  if (iface->take_answers == NULL)
    return g_ptr_array_new_with_free_func (
        (GDestroyNotify) vlm_answer_record_unref);
  return iface->take_answers (self);
}

/**
 * vlm_analyzer_get_min_confidence:
 * @self: a loaded analyzer
 *
 * The value in the model's configuration: events with less confidence are
 * wrong too often to be reported.
 *
 * Returns: 0 to 1; 0 if every event should be reported, or if it is not known
 *
 * Since: 0.1
 */
double
vlm_analyzer_get_min_confidence (VlmAnalyzer *self)
{
  VlmAnalyzerInterface *iface;

  g_return_val_if_fail (VLM_IS_ANALYZER (self), 0.0);

  iface = VLM_ANALYZER_GET_IFACE (self);
  return iface->get_min_confidence != NULL ? iface->get_min_confidence (self)
                                           : 0.0;
}

/**
 * vlm_analyzer_take_counts:
 * @self: an analyzer
 * @counts: (out caller-allocates): what became of the model's reports
 *
 * Counts what was changed in the reports of the model since the last call, before
 * they were joined to events.
 *
 * Since: 0.1
 */
void
vlm_analyzer_take_counts (VlmAnalyzer *self, VlmAnalyzerCounts *counts)
{
  VlmAnalyzerInterface *iface;

  g_return_if_fail (VLM_IS_ANALYZER (self));
  g_return_if_fail (counts != NULL);

  *counts = (VlmAnalyzerCounts){ 0 };
  iface = VLM_ANALYZER_GET_IFACE (self);
  if (iface->take_counts != NULL)
    iface->take_counts (self, counts);
}

/* It may happen at any time. */
static GPtrArray *
all_of (const VlmWindow *window)
{
  GPtrArray *events =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
  VlmEvent *event = vlm_event_new ();

  event->start.stream_time = window->start;
  event->end.stream_time = window->end;
  g_ptr_array_add (events, event);
  return events;
}

/**
 * vlm_analyzer_glance:
 * @self: a loaded analyzer
 * @window: what to look at, as vlm_window_overview() makes it
 * @cancellable: (nullable): ends the work within one step
 * @error: return location
 *
 * Says in which parts of a long time something may happen, so that these can be
 * analysed with more frames. Only the times count: no event begins or ends.
 *
 * Returns: (transfer full) (element-type VlmEvent): what may happen, with
 *   stream times; one event as long as @window if a question has to be asked
 *   about each moment, or if the analyzer cannot glance. %NULL with a
 *   #VlmInferError, #VlmDeviceError, #VlmEventError (an answer that says
 *   nothing) or %G_IO_ERROR_CANCELLED
 *
 * Since: 0.1
 */
GPtrArray *
vlm_analyzer_glance (VlmAnalyzer *self, VlmWindow *window,
    GCancellable *cancellable, GError **error)
{
  VlmAnalyzerInterface *iface;

  g_return_val_if_fail (VLM_IS_ANALYZER (self), NULL);
  g_return_val_if_fail (window != NULL, NULL);

  iface = VLM_ANALYZER_GET_IFACE (self);
  if (iface->glance == NULL)
    return all_of (window);
  return iface->glance (self, window, cancellable, error);
}
