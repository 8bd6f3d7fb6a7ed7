/* gst-vlm: from a window to its events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-answer-record.h>
#include <vlm/vlm-model-params.h>
#include <vlm/vlm-questions.h>
#include <vlm/vlm-window.h>
#include <vlm/vlm-work.h>

G_BEGIN_DECLS

#define VLM_TYPE_ANALYZER (vlm_analyzer_get_type ())

/**
 * VlmAnalyzer:
 *
 * What turns windows into events. The one that ships runs a model
 * (vlm_engine_analyzer_new()); tests bring one that stalls or fails. Each
 * method is called on one thread at a time.
 *
 * Since: 0.1
 */
VLM_API
G_DECLARE_INTERFACE (VlmAnalyzer, vlm_analyzer, VLM, ANALYZER, GObject)

#define VLM_TYPE_ANALYZER_PARAMS (vlm_analyzer_params_get_type ())

/**
 * VlmAnalyzerParams:
 * @model: which model, and where it runs
 * @max_context: overlapping windows are answered from a video that grows up to
 *   this length, ns; 0 for the default, no more than a window to look at each
 *   one alone
 *
 * What an analyzer loads. All fields zero are the defaults.
 *
 * Since: 0.1
 */
typedef struct
{
  VlmModelParams model;
  gint64 max_context;

  /*< private >*/
  gpointer padding[4];
} VlmAnalyzerParams;

VLM_API GType vlm_analyzer_params_get_type (void) G_GNUC_CONST;
VLM_API VlmAnalyzerParams *
vlm_analyzer_params_copy (const VlmAnalyzerParams *params);
VLM_API void vlm_analyzer_params_free (VlmAnalyzerParams *params);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmAnalyzerParams, vlm_analyzer_params_free)

/**
 * VlmAnalyzerCounts:
 * @n_cut: reports that were cut to the time in which something comes and goes
 * @n_repeated: reports, or parts of them, that were left out after that, because
 *   another report of the window has the same time
 *
 * What became of the reports of a model before they were joined to events.
 *
 * Since: 0.1
 */
typedef struct
{
  guint64 n_cut;
  guint64 n_repeated;

  /*< private >*/
  gpointer padding[4];
} VlmAnalyzerCounts;

/**
 * VlmAnalyzerInterface:
 * @load: get ready; may take long; idempotent until @unload
 * @get_geometry: what frames must look like; after @load
 * @set_questions: (nullable): the questions from the next window on; before or
 *   after @load, and outlives @unload. Without a call: what happens, no boxes
 * @analyze: the events of a window, an array of #VlmEvent with times on all
 *   clocks that the samples have, ids and life cycle assigned; an error with
 *   G_IO_ERROR_CANCELLED within one step of @cancellable
 * @ask: (nullable): a single question about a window, on which the events of
 *   later windows do not depend; @confidence as in events, -1 when unknown
 * @reset: a discontinuity: forget what was seen
 * @finish: (nullable): the stream ends: events that are still open, as ended
 * @unload: give back what @load took; ids of events continue after the next
 *   @load
 * @take_answers: (nullable): the questions and answers of the last call of
 *   @analyze or @ask, even if it failed
 * @get_min_confidence: (nullable): of events that are worth reporting, after
 *   @load
 * @glance: (nullable): what may happen in a window that shows a long time with
 *   few frames, an array of #VlmEvent of which only the times count; begins and
 *   ends no event
 * @take_counts: (nullable): what was changed in reports since the last call
 *
 * What an implementation provides. An analyzer without @ask refuses questions
 * with %VLM_INFER_ERROR_BAD_INPUT. For one without @glance something may happen
 * at any time.
 *
 * Since: 0.1
 */
struct _VlmAnalyzerInterface
{
  GTypeInterface parent;

  gboolean (*load) (VlmAnalyzer *self, const VlmAnalyzerParams *params,
      const VlmWork *work, GError **error);
  void (*get_geometry) (VlmAnalyzer *self, VlmGeometry *geometry);
  void (*set_questions) (VlmAnalyzer *self, const VlmQuestions *questions);
  GPtrArray *(*analyze) (VlmAnalyzer *self, VlmWindow *window,
      GCancellable *cancellable, GError **error);
  char *(*ask) (VlmAnalyzer *self, VlmWindow *window, const char *question,
      double *confidence, GCancellable *cancellable, GError **error);
  void (*reset) (VlmAnalyzer *self);
  GPtrArray *(*finish) (VlmAnalyzer *self);
  void (*unload) (VlmAnalyzer *self);
  GPtrArray *(*take_answers) (VlmAnalyzer *self);
  double (*get_min_confidence) (VlmAnalyzer *self);
  GPtrArray *(*glance) (VlmAnalyzer *self, VlmWindow *window,
      GCancellable *cancellable, GError **error);
  void (*take_counts) (VlmAnalyzer *self, VlmAnalyzerCounts *counts);

  gpointer padding[4];
};

VLM_API gboolean vlm_analyzer_load (VlmAnalyzer *self,
    const VlmAnalyzerParams *params, const VlmWork *work, GError **error);
VLM_API void
vlm_analyzer_get_geometry (VlmAnalyzer *self, VlmGeometry *geometry);
VLM_API void
vlm_analyzer_set_questions (VlmAnalyzer *self, const VlmQuestions *questions);
VLM_API GPtrArray *vlm_analyzer_analyze (VlmAnalyzer *self, VlmWindow *window,
    GCancellable *cancellable, GError **error);
VLM_API char *
vlm_analyzer_ask (VlmAnalyzer *self, VlmWindow *window, const char *question,
    double *confidence, GCancellable *cancellable, GError **error);
VLM_API void vlm_analyzer_reset (VlmAnalyzer *self);
VLM_API GPtrArray *vlm_analyzer_finish (VlmAnalyzer *self);
VLM_API void vlm_analyzer_unload (VlmAnalyzer *self);
VLM_API GPtrArray *vlm_analyzer_take_answers (VlmAnalyzer *self);
VLM_API double vlm_analyzer_get_min_confidence (VlmAnalyzer *self);
VLM_API void
vlm_analyzer_take_counts (VlmAnalyzer *self, VlmAnalyzerCounts *counts);
VLM_API GPtrArray *vlm_analyzer_glance (VlmAnalyzer *self, VlmWindow *window,
    GCancellable *cancellable, GError **error);

G_END_DECLS
