/* gst-vlm: from a window to its events
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <vlm/vlm-event.h>
#include <vlm/vlm-sampler.h>

G_BEGIN_DECLS

#define VLM_TYPE_ANALYZER (vlm_analyzer_get_type ())

/**
 * VlmAnalyzer:
 *
 * What turns windows into events. The one that ships runs a model
 * (vlm_engine_analyzer_new()); tests bring one that stalls or fails. Each
 * method is called on one thread at a time.
 */
VLM_API G_DECLARE_INTERFACE (
    VlmAnalyzer, vlm_analyzer, VLM, ANALYZER, GObject)

/**
 * VlmAnalyzerParams:
 * @model: (nullable): directory of the checkpoint, %NULL for the small one that
 *   ships, as in vlm_model_load()
 * @device: (nullable): index, name or UUID of the device, %NULL for the best
 * @prompt: (nullable): question that replaces the default one
 * @query: (nullable): what to look for; %NULL for everything that happens
 * @max_tokens: longest answer, 0 for the default
 * @max_context: overlapping windows are answered from a video that grows up to
 *   this length, ns; 0 for the default, no more than a window to look at each
 *   one alone
 */
typedef struct {
  const char *model;
  const char *device;
  const char *prompt;
  const char *query;
  guint max_tokens;
  gint64 max_context;
} VlmAnalyzerParams;

/**
 * VlmAnalyzerInterface:
 * @load: get ready; may take long; idempotent until @unload
 * @get_geometry: what frames must look like; after @load
 * @analyze: the events of a window, an array of #VlmEvent with times on all
 *   clocks that the samples have, ids and life cycle assigned; an error with
 *   G_IO_ERROR_CANCELLED within one step of @cancellable
 * @reset: a discontinuity: forget what was seen
 * @finish: (nullable): the stream ends: events that are still open, as ended
 * @unload: give back what @load took; ids of events go on counting after the
 *   next @load
 */
struct _VlmAnalyzerInterface {
  GTypeInterface parent;

  gboolean (*load) (VlmAnalyzer *self, const VlmAnalyzerParams *params,
      GCancellable *cancellable, VlmProgressFunc progress, gpointer user_data,
      GError **error);
  void (*get_geometry) (VlmAnalyzer *self, VlmGeometry *geometry);
  GPtrArray *(*analyze) (VlmAnalyzer *self, VlmWindow *window,
      GCancellable *cancellable, GError **error);
  void (*reset) (VlmAnalyzer *self);
  GPtrArray *(*finish) (VlmAnalyzer *self);
  void (*unload) (VlmAnalyzer *self);

  gpointer padding[8];
};

VLM_API gboolean vlm_analyzer_load (VlmAnalyzer *self,
    const VlmAnalyzerParams *params, GCancellable *cancellable,
    VlmProgressFunc progress, gpointer user_data, GError **error);
VLM_API void vlm_analyzer_get_geometry (
    VlmAnalyzer *self, VlmGeometry *geometry);
VLM_API GPtrArray *vlm_analyzer_analyze (VlmAnalyzer *self, VlmWindow *window,
    GCancellable *cancellable, GError **error);
VLM_API void vlm_analyzer_reset (VlmAnalyzer *self);
VLM_API GPtrArray *vlm_analyzer_finish (VlmAnalyzer *self);
VLM_API void vlm_analyzer_unload (VlmAnalyzer *self);

VLM_API VlmAnalyzer *vlm_engine_analyzer_new (void);

G_END_DECLS
