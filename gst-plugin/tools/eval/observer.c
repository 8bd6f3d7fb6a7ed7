/* gst-vlm: an analyzer whose windows are observed
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/observer.h"

#include <vlm/vlm-engine-analyzer.h>

#include "tools/eval/metrics.h"

/* Of 255, the mean over all pixels: the best value in trials on real clips. */
#define MIN_DIFFERENCE 2.0

struct _EvalObserver
{
  GObject parent;

  VlmAnalyzer *analyzer;
  VlmFrame *previous;
  gint64 newest; /* slot */
  gboolean moves;
  GArray *spans;
  guint n_windows;
  guint n_frames;
  gint64 end;
};

static void observer_iface_init (VlmAnalyzerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (EvalObserver, eval_observer, G_TYPE_OBJECT,
    G_IMPLEMENT_INTERFACE (VLM_TYPE_ANALYZER, observer_iface_init))

/* --- the detector --------------------------------------------------------- */

static double
find_difference (const VlmFrame *a, const VlmFrame *b)
{
  gsize n = 3 * (gsize) a->width * a->height;
  guint64 sum = 0;

  if (a->width != b->width || a->height != b->height)
    return 0.0;
  for (gsize i = 0; i < n; i++)
    sum += (guint64) ABS (a->pixels[i] - b->pixels[i]);
  return (double) sum / n;
}

/* A span goes from the first frame that differs from the one before it to the
 * last of them in a row: the first one without the object differs, too. */
static void
look (EvalObserver *self, const VlmSample *sample)
{
  double time = (double) sample->slot_time / VLM_SECOND;
  gboolean moves;

  /* a frame that fills several slots */
  if (self->previous == sample->frame)
    return;
  moves = self->previous != NULL &&
      find_difference (self->previous, sample->frame) >= MIN_DIFFERENCE;
  if (moves && self->moves) {
    g_array_index (self->spans, EvalSpan, self->spans->len - 1).end = time;
  } else if (moves) {
    EvalSpan span = { time, time };

    g_array_append_val (self->spans, span);
  }
  self->moves = moves;
  g_clear_pointer (&self->previous, vlm_frame_unref);
  self->previous = vlm_frame_ref (sample->frame);
}

/* Windows that overlap share their frames. */
static void
look_at_window (EvalObserver *self, const VlmWindow *window)
{
  for (guint i = 0; i < window->n_samples; i++) {
    if (window->samples[i].slot_time <= self->newest)
      continue;
    self->newest = window->samples[i].slot_time;
    self->n_frames++;
    look (self, &window->samples[i]);
  }
  self->n_windows++;
  self->end = MAX (self->end, window->end);
}

/* --- the analyzer --------------------------------------------------------- */

static VlmAnalyzer *
pass (VlmAnalyzer *analyzer)
{
  return EVAL_OBSERVER (analyzer)->analyzer;
}

static gboolean
observer_load (VlmAnalyzer *analyzer, const VlmAnalyzerParams *params,
    const VlmWork *work, GError **error)
{
  return vlm_analyzer_load (pass (analyzer), params, work, error);
}

static void
observer_get_geometry (VlmAnalyzer *analyzer, VlmGeometry *geometry)
{
  vlm_analyzer_get_geometry (pass (analyzer), geometry);
}

static void
observer_set_questions (VlmAnalyzer *analyzer, const VlmQuestions *questions)
{
  vlm_analyzer_set_questions (pass (analyzer), questions);
}

static GPtrArray *
observer_analyze (VlmAnalyzer *analyzer, VlmWindow *window,
    GCancellable *cancellable, GError **error)
{
  look_at_window (EVAL_OBSERVER (analyzer), window);
  return vlm_analyzer_analyze (pass (analyzer), window, cancellable, error);
}

/* If a glance finds nothing, nothing is analysed, but the time counts. */
static GPtrArray *
observer_glance (VlmAnalyzer *analyzer, VlmWindow *window,
    GCancellable *cancellable, GError **error)
{
  EvalObserver *self = EVAL_OBSERVER (analyzer);

  self->end = MAX (self->end, window->end);
  return vlm_analyzer_glance (self->analyzer, window, cancellable, error);
}

static char *
observer_ask (VlmAnalyzer *analyzer, VlmWindow *window, const char *question,
    double *confidence, GCancellable *cancellable, GError **error)
{
  return vlm_analyzer_ask (
      pass (analyzer), window, question, confidence, cancellable, error);
}

static void
observer_reset (VlmAnalyzer *analyzer)
{
  vlm_analyzer_reset (pass (analyzer));
}

static GPtrArray *
observer_finish (VlmAnalyzer *analyzer)
{
  return vlm_analyzer_finish (pass (analyzer));
}

static void
observer_unload (VlmAnalyzer *analyzer)
{
  vlm_analyzer_unload (pass (analyzer));
}

static GPtrArray *
observer_take_answers (VlmAnalyzer *analyzer)
{
  return vlm_analyzer_take_answers (pass (analyzer));
}

static double
observer_get_min_confidence (VlmAnalyzer *analyzer)
{
  return vlm_analyzer_get_min_confidence (pass (analyzer));
}

static void
observer_take_counts (VlmAnalyzer *analyzer, VlmAnalyzerCounts *counts)
{
  vlm_analyzer_take_counts (pass (analyzer), counts);
}

static void
observer_iface_init (VlmAnalyzerInterface *iface)
{
  iface->load = observer_load;
  iface->get_geometry = observer_get_geometry;
  iface->set_questions = observer_set_questions;
  iface->analyze = observer_analyze;
  iface->ask = observer_ask;
  iface->reset = observer_reset;
  iface->finish = observer_finish;
  iface->unload = observer_unload;
  iface->take_answers = observer_take_answers;
  iface->get_min_confidence = observer_get_min_confidence;
  iface->glance = observer_glance;
  iface->take_counts = observer_take_counts;
}

static void
eval_observer_init (EvalObserver *self)
{
  self->analyzer = vlm_engine_analyzer_new ();
  self->spans = g_array_new (FALSE, FALSE, sizeof (EvalSpan));
  self->newest = G_MININT64;
}

static void
eval_observer_finalize (GObject *object)
{
  EvalObserver *self = EVAL_OBSERVER (object);

  g_object_unref (self->analyzer);
  g_clear_pointer (&self->previous, vlm_frame_unref);
  g_array_unref (self->spans);
  G_OBJECT_CLASS (eval_observer_parent_class)->finalize (object);
}

static void
eval_observer_class_init (EvalObserverClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = eval_observer_finalize;
}

EvalObserver *
eval_observer_new (void)
{
  return g_object_new (EVAL_TYPE_OBSERVER, NULL);
}

const GArray *
eval_observer_get_moves (EvalObserver *self)
{
  return self->spans;
}

guint
eval_observer_get_n_windows (EvalObserver *self)
{
  return self->n_windows;
}

guint
eval_observer_get_n_frames (EvalObserver *self)
{
  return self->n_frames;
}

double
eval_observer_get_end (EvalObserver *self)
{
  return (double) self->end / VLM_SECOND;
}
