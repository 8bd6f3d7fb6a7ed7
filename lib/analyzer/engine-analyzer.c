/* gst-vlm: the analyzer that runs a model
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is the same for all answerers: the video that is used, the questions,
 * and the processing of answers. */
#include "analyzer/engine-analyzer.h"

#include <vlm/vlm-engine-analyzer.h>
#include <vlm/vlm-error.h>
#include <vlm/vlm-event-parse.h>
#include <vlm/vlm-questions.h>
#include <vlm/vlm-remote.h>

#include "analyzer/answerer-local.h"
#include "analyzer/asked.h"
#include "analyzer/answerer-remote.h"
#include "analyzer/conditions.h"
#include "analyzer/ground.h"
#include "analyzer/kinds.h"
#include "analyzer/questions.h"
#include "analyzer/visits.h"
#include "base/log.h"
#include "base/work.h"
#include "events/event-time.h"
#include "events/event-words.h"
#include "events/history.h"
#include "events/tracker.h"

#define VLM_TYPE_ENGINE_ANALYZER (vlm_engine_analyzer_get_type ())
G_DECLARE_FINAL_TYPE (
    VlmEngineAnalyzer, vlm_engine_analyzer, VLM, ENGINE_ANALYZER, GObject)

/* An answer that fills more than this share of its room is about too much
 * video. */
#define FULL_ANSWER 0.5

struct _VlmEngineAnalyzer
{
  GObject parent;

  VlmAnswerer *answerer; /* NULL while nothing is loaded */
  VlmTracker *tracker;
  GPtrArray *owed; /* VlmEvent: records that wait for the next window */
  VlmHistory *history;
  guint64 epoch;
  VlmQuestions *settings;
  GPtrArray *questions; /* VlmQuestion: what follows from them */
  VlmConditions *conditions;
  VlmAnalyzerCounts counts;
};

static void vlm_engine_analyzer_iface_init (VlmAnalyzerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (VlmEngineAnalyzer, vlm_engine_analyzer,
    G_TYPE_OBJECT,
    G_IMPLEMENT_INTERFACE (VLM_TYPE_ANALYZER, vlm_engine_analyzer_iface_init))

static void
engine_unload (VlmAnalyzer *analyzer)
{
  VlmEngineAnalyzer *self = VLM_ENGINE_ANALYZER (analyzer);

  /* Ids continue when it is loaded again. */
  vlm_tracker_reset (self->tracker);
  vlm_conditions_reset (self->conditions);
  g_clear_pointer (&self->history, vlm_history_free);
  g_clear_pointer (&self->answerer, vlm_answerer_free);
}

static void
vlm_engine_analyzer_finalize (GObject *object)
{
  VlmEngineAnalyzer *self = VLM_ENGINE_ANALYZER (object);

  engine_unload (VLM_ANALYZER (object));
  vlm_tracker_free (self->tracker);
  g_ptr_array_unref (self->owed);
  vlm_questions_free (self->settings);
  g_ptr_array_unref (self->questions);
  vlm_conditions_free (self->conditions);
  G_OBJECT_CLASS (vlm_engine_analyzer_parent_class)->finalize (object);
}

static void
vlm_engine_analyzer_class_init (VlmEngineAnalyzerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vlm_engine_analyzer_finalize;
}

static GPtrArray *
new_records (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
}

static void
engine_set_questions (VlmAnalyzer *analyzer, const VlmQuestions *questions)
{
  VlmEngineAnalyzer *self = VLM_ENGINE_ANALYZER (analyzer);

  vlm_questions_free (self->settings);
  self->settings = vlm_questions_copy (questions);
  g_clear_pointer (&self->questions, g_ptr_array_unref);
  self->questions = vlm_questions_expand (questions);
  vlm_conditions_set (self->conditions, questions, self->owed);
  if (self->answerer != NULL)
    vlm_answerer_set_manner (self->answerer, questions);
}

static void
vlm_engine_analyzer_init (VlmEngineAnalyzer *self)
{
  const VlmQuestions everything = { 0 };

  self->tracker = vlm_tracker_new ();
  self->owed = new_records ();
  self->conditions = vlm_conditions_new ();
  engine_set_questions (VLM_ANALYZER (self), &everything);
}

/**
 * vlm_engine_analyzer_new:
 *
 * Creates the analyzer that runs a model. Nothing is loaded before
 * vlm_analyzer_load().
 *
 * Returns: (transfer full): an analyzer that runs a checkpoint on a device
 *
 * Since: 0.1
 */
VlmAnalyzer *
vlm_engine_analyzer_new (void)
{
  return g_object_new (VLM_TYPE_ENGINE_ANALYZER, NULL);
}

/* Takes ownership of @answerer. */
static void
take_answerer (
    VlmEngineAnalyzer *self, VlmAnswerer *answerer, gint64 max_context)
{
  const VlmHistoryLimits limits = {
    .max_ns = max_context,
    .n_windows = answerer->context_windows,
    .trained_ns = answerer->trained_ns,
    .max_tokens = answerer->max_vision,
  };

  self->answerer = answerer;
  vlm_answerer_set_manner (answerer, self->settings);
  self->history = vlm_history_new (&answerer->geometry, &limits);
}

VlmAnalyzer *
vlm_engine_analyzer_new_for (VlmAnswerer *answerer)
{
  VlmEngineAnalyzer *self = g_object_new (VLM_TYPE_ENGINE_ANALYZER, NULL);

  take_answerer (self, answerer, 0);
  return VLM_ANALYZER (self);
}

static gboolean
engine_load (VlmAnalyzer *analyzer, const VlmAnalyzerParams *params,
    const VlmWork *work, GError **error)
{
  VlmEngineAnalyzer *self = VLM_ENGINE_ANALYZER (analyzer);
  g_autoptr (VlmAnswerer) answerer = NULL;

  if (self->answerer != NULL)
    return TRUE;
  answerer = vlm_remote_is_meant (&params->model)
      ? vlm_answerer_new_remote (&params->model, work, error)
      : vlm_answerer_new_local (&params->model, work, error);
  if (answerer == NULL ||
      !vlm_conditions_check (
          self->conditions, answerer, vlm_work_cancellable (work), error))
    return FALSE;
  take_answerer (self, g_steal_pointer (&answerer), params->max_context);
  return TRUE;
}

static void
engine_get_geometry (VlmAnalyzer *analyzer, VlmGeometry *geometry)
{
  VlmEngineAnalyzer *self = VLM_ENGINE_ANALYZER (analyzer);

  g_return_if_fail (self->answerer != NULL);
  *geometry = self->answerer->geometry;
}

static double
engine_get_min_confidence (VlmAnalyzer *analyzer)
{
  VlmEngineAnalyzer *self = VLM_ENGINE_ANALYZER (analyzer);

  g_return_val_if_fail (self->answerer != NULL, 0.0);
  return self->answerer->min_confidence;
}

/* --- one window --------------------------------------------------------- */

/* From here to the end of a report, the video for the model is a window,
 * though it may have begun long before the window of the question. */

/* What all records of @window have in common. */
static void
describe_source (VlmEngineAnalyzer *self, const VlmWindow *window,
    const VlmEventWindow *about, VlmEvent *event)
{
  event->query_version = self->settings->version;
  event->window = *about;
  event->zone = g_strdup (window->samples[0].frame->zone);
  event->model = g_strdup (self->answerer->model);
  event->time_basis =
      g_strdup (vlm_answerer_get_time_basis (self->answerer, window));
}

static VlmEvent *
make_report (VlmEngineAnalyzer *self, const VlmWindow *window,
    const VlmEventWindow *about, const char *query, const VlmFinding *finding,
    const GArray *trace)
{
  VlmEvent *event = vlm_event_new ();

  event->description = g_strdup (finding->description);
  event->label = vlm_words_subject (finding->description);
  event->start = vlm_event_time (window, finding->start_ns);
  event->end = vlm_event_time (window, finding->end_ns);
  /* Slices differ in length where the rate varies. */
  event->ongoing = finding->end_ns >=
      window->samples[MAX (window->n_samples, 2) - 2].slot_time -
          window->samples[0].slot_time;
  event->time_source = vlm_event_time_source (window, finding->start_ns);
  event->confidence =
      vlm_trace_confidence (trace, finding->text_start, finding->text_end);
  event->query = g_strdup (query);
  describe_source (self, window, about, event);
  return event;
}

/* Long lists get longer with the video, and one that is cut off lacks the newest
 * events: a shorter video is better then. */
static void
judge_length (VlmEngineAnalyzer *self, const VlmReply *reply)
{
  if (reply->usage.n_tokens > FULL_ANSWER * reply->max_tokens)
    vlm_history_restart (self->history);
}

/* Adds the answer of @window to one question to @reports. Events that ended
 * before @asked began were reported with the windows before. */
static gboolean
find_answers (VlmEngineAnalyzer *self, const VlmWindow *asked,
    const VlmWindow *window, const VlmEventWindow *about,
    const VlmQuestion *question, GPtrArray *reports, GCancellable *cancellable,
    GError **error)
{
  const VlmRequest request = {
    .window = window,
    .question = question->text,
    .kind = question->kind,
    .max_tokens = self->settings->max_tokens,
    .about = asked,
    .query = question->query,
  };
  g_autoptr (VlmReply) reply = NULL;
  const GPtrArray *findings;

  reply = vlm_answerer_answer (self->answerer, &request, cancellable, error);
  if (reply == NULL)
    return FALSE;
  judge_length (self, reply);
  if (reply->reading == NULL) {
    g_propagate_error (error, g_steal_pointer (&reply->problem));
    return FALSE;
  }
  findings = reply->reading->parts;
  if (reply->reading->n_rejected > 0)
    vlm_info ("window %" G_GUINT64_FORMAT
              ": %u of the model's events dropped: %s",
        window->serial, reply->reading->n_rejected, reply->reading->why);
  for (guint i = 0; i < findings->len; i++) {
    VlmEvent *report = make_report (
        self, window, about, question->query, findings->pdata[i], reply->trace);

    if (report->end.stream_time >= asked->start)
      g_ptr_array_add (reports, report);
    else
      vlm_event_unref (report);
  }
  return TRUE;
}

/* (transfer full): what @window shows, not yet joined with others. */
static GPtrArray *
find_reports (VlmEngineAnalyzer *self, const VlmWindow *asked,
    const VlmWindow *window, GCancellable *cancellable, GError **error)
{
  const VlmEventWindow about = vlm_asked_window (window);
  g_autoptr (GPtrArray) reports = new_records ();

  for (guint i = 0; i < self->questions->len; i++) {
    const VlmQuestion *question = self->questions->pdata[i];

    if (question->kind == &vlm_kind_events &&
        !find_answers (
            self, asked, window, &about, question, reports, cancellable, error))
      return NULL;
  }
  return g_steal_pointer (&reports);
}

/* Analyses as much earlier video as it may, or the window alone if the device has
 * no room for that. @seen: (transfer full): what was analysed. */
static GPtrArray *
look (VlmEngineAnalyzer *self, VlmWindow *window, VlmWindow **seen,
    GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) own_error = NULL;
  GPtrArray *reports;

  *seen = vlm_history_push (self->history, window);
  reports = find_reports (self, window, *seen, cancellable, &own_error);
  if (reports != NULL)
    return reports;
  /* The video that spoilt this answer is not analysed again. */
  if (g_error_matches (own_error, VLM_INFER_ERROR, VLM_INFER_ERROR_NOT_FINITE))
    vlm_history_restart (self->history);
  if ((*seen)->n_samples == window->n_samples ||
      !g_error_matches (
          own_error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY)) {
    g_propagate_error (error, g_steal_pointer (&own_error));
    return NULL;
  }
  vlm_info ("window %" G_GUINT64_FORMAT ": analysed alone: %s", window->serial,
      own_error->message);
  vlm_history_restart (self->history);
  vlm_window_unref (*seen);
  *seen = vlm_history_push (self->history, window);
  return find_reports (self, window, window, cancellable, error);
}

/* If the model's card asks for it, reports are cut to what comes and goes. Those
 * that ended before @asked began were reported with the windows before. */
static void
follow_motion (VlmEngineAnalyzer *self, const VlmWindow *asked,
    const VlmWindow *seen, GPtrArray *reports)
{
  g_autoptr (GArray) stretches = NULL;
  VlmVisitCounts counts = { 0 };

  if (self->answerer->times_follow_motion == NULL || reports->len == 0)
    return;
  stretches = vlm_visits_find (seen);
  if (stretches == NULL)
    return;
  vlm_visits_cut (
      reports, seen, stretches, self->answerer->times_follow_motion, &counts);
  self->counts.n_cut += counts.n_cut;
  self->counts.n_repeated += counts.n_repeated;
  for (guint i = reports->len; i-- > 0;)
    if (((VlmEvent *) reports->pdata[i])->end.stream_time < asked->start)
      g_ptr_array_remove_index (reports, i);
}

/* What an event needs for its box. */
typedef struct
{
  VlmEngineAnalyzer *self;
  const VlmWindow *seen;
  GCancellable *cancellable;
} Grounding;

static gboolean
ground_event (VlmEvent *event, gpointer user_data, GError **error)
{
  const Grounding *grounding = user_data;

  return vlm_ground_event (grounding->self->answerer, grounding->seen, event,
      grounding->cancellable, error);
}

/* Answers that are no events are about the window alone, too, and those about a
 * moment about its last one. What came of them is in their records. */
static gboolean
answer_tasks (VlmEngineAnalyzer *self, const VlmWindow *window,
    const VlmWindow *seen, GCancellable *cancellable, GError **error)
{
  VlmRequest request = {
    .detail = self->settings->detail,
    .max_tokens = self->settings->max_tokens,
    .is_apart = seen->n_samples != window->n_samples,
    .about = window,
    .is_result = TRUE,
  };

  for (guint i = 0; i < self->questions->len; i++) {
    const VlmQuestion *question = self->questions->pdata[i];
    g_autoptr (VlmReply) reply = NULL;

    if (question->kind == &vlm_kind_events)
      continue;
    request.kind = question->kind;
    request.question = question->text;
    request.query = question->query;
    if (question->kind->of_picture)
      request.picture = window->samples[window->n_samples - 1].frame;
    else
      request.window = window;
    reply = vlm_answerer_answer (self->answerer, &request, cancellable, error);
    if (reply == NULL)
      return FALSE;
    if (reply->problem != NULL)
      vlm_info ("window %" G_GUINT64_FORMAT ": the answer cannot be read: %s",
          window->serial, reply->problem->message);
  }
  return TRUE;
}

/* (transfer full): what all records of the conditions have in common. */
static VlmEvent *
report_window (VlmEngineAnalyzer *self, const VlmWindow *window)
{
  const VlmEventWindow about = vlm_asked_window (window);
  gint64 from = window->start - window->samples[0].slot_time;
  VlmEvent *report = vlm_event_new ();

  describe_source (self, window, &about, report);
  report->start = vlm_event_time (window, from);
  report->end = vlm_event_time (window, from + window->end - window->start);
  report->time_source = vlm_event_time_source (window, from);
  return report;
}

/* (transfer full): the events of the conditions in @window. They are about the
 * window alone, even if other questions are about a longer video: otherwise
 * they would hold until that video is over. */
static GArray *
decide (VlmEngineAnalyzer *self, VlmWindow *window, const VlmEvent *report,
    const VlmWindow *seen, GCancellable *cancellable, GError **error)
{
  gboolean is_apart =
      self->questions->len > 0 && seen->n_samples != window->n_samples;

  return vlm_conditions_ask (self->conditions, self->answerer, window, report,
      is_apart, cancellable, error);
}

/* (transfer full): the records that are still open, as ended. */
static GPtrArray *
end_all (VlmEngineAnalyzer *self)
{
  GPtrArray *records = vlm_tracker_finish (self->tracker);

  vlm_conditions_finish (self->conditions, records);
  return records;
}

/* Earlier questions are not needed. */
static void
forget_answers (VlmEngineAnalyzer *self)
{
  g_ptr_array_unref (vlm_answerer_take_records (self->answerer));
}

static GPtrArray *
engine_take_answers (VlmAnalyzer *analyzer)
{
  VlmEngineAnalyzer *self = VLM_ENGINE_ANALYZER (analyzer);
  GPtrArray *records;

  if (self->answerer == NULL)
    return g_ptr_array_new_with_free_func (
        (GDestroyNotify) vlm_answer_record_unref);
  records = vlm_answerer_take_records (self->answerer);
  for (guint i = 0; i < records->len; i++)
    ((VlmAnswerRecord *) records->pdata[i])->query_version =
        self->settings->version;
  return records;
}

/* (transfer full): the records that waited, and @records. */
static GPtrArray *
pay (VlmEngineAnalyzer *self, GPtrArray *records)
{
  GPtrArray *all = self->owed;

  self->owed = new_records ();
  g_ptr_array_extend_and_steal (all, records);
  return all;
}

static GPtrArray *
engine_analyze (VlmAnalyzer *analyzer, VlmWindow *window,
    GCancellable *cancellable, GError **error)
{
  VlmEngineAnalyzer *self = VLM_ENGINE_ANALYZER (analyzer);
  g_autoptr (VlmWindow) seen = NULL;
  VlmTrackerLook at = { 0 };
  Grounding grounding;
  g_autoptr (VlmEvent) report = NULL;
  g_autoptr (GArray) answers = NULL;
  g_autoptr (GPtrArray) reports = NULL;
  GPtrArray *records;

  g_return_val_if_fail (self->answerer != NULL, NULL);
  g_return_val_if_fail (window->n_samples > 0, NULL);

  forget_answers (self);
  reports = look (self, window, &seen, cancellable, error);
  if (reports == NULL)
    return NULL;
  follow_motion (self, window, seen, reports);
  report = report_window (self, window);
  answers = decide (self, window, report, seen, cancellable, error);
  if (answers == NULL || !answer_tasks (self, window, seen, cancellable, error))
    return NULL;
  if (window->epoch != self->epoch)
    g_ptr_array_extend_and_steal (self->owed, end_all (self));
  self->epoch = window->epoch;
  grounding = (Grounding){ self, seen, cancellable };
  if (self->settings->ground)
    at.complete = ground_event;
  at.user_data = &grounding;
  at.seen_from = seen->start;
  at.asked_from = window->start;
  at.tolerance_ns = 2 * window->slot_duration;
  records =
      vlm_tracker_push (self->tracker, g_steal_pointer (&reports), &at, error);
  if (records == NULL)
    return NULL;
  vlm_conditions_push (self->conditions, answers, window, report,
      vlm_tracker_get_next_id (self->tracker), records);
  return pay (self, records);
}

/* Whether there is a question that is about each window by itself. */
static gboolean
asks_each_window (const VlmEngineAnalyzer *self)
{
  if (!vlm_conditions_is_empty (self->conditions))
    return TRUE;
  for (guint i = 0; i < self->questions->len; i++)
    if (((VlmQuestion *) self->questions->pdata[i])->kind != &vlm_kind_events)
      return TRUE;
  return FALSE;
}

static GPtrArray *
engine_glance (VlmAnalyzer *analyzer, VlmWindow *window,
    GCancellable *cancellable, GError **error)
{
  VlmEngineAnalyzer *self = VLM_ENGINE_ANALYZER (analyzer);
  GPtrArray *reports;

  g_return_val_if_fail (self->answerer != NULL, NULL);
  g_return_val_if_fail (window->n_samples > 0, NULL);

  forget_answers (self);
  if (!asks_each_window (self))
    return find_reports (self, window, window, cancellable, error);
  reports = new_records ();
  g_ptr_array_add (reports, report_window (self, window));
  return reports;
}

static char *
engine_ask (VlmAnalyzer *analyzer, VlmWindow *window, const char *question,
    double *confidence, GCancellable *cancellable, GError **error)
{
  VlmEngineAnalyzer *self = VLM_ENGINE_ANALYZER (analyzer);
  g_autoptr (VlmWindow) seen = NULL;
  VlmRequest request = {
    .question = question,
    .kind = &vlm_kind_free,
    .max_tokens = self->settings->max_tokens,
  };
  g_autoptr (VlmReply) reply = NULL;

  g_return_val_if_fail (self->answerer != NULL, NULL);
  g_return_val_if_fail (window->n_samples > 0, NULL);

  forget_answers (self);
  request.window = seen = vlm_history_peek (self->history, window);
  request.about = window;
  reply = vlm_answerer_answer (self->answerer, &request, cancellable, error);
  if (reply == NULL)
    return NULL;
  *confidence = vlm_trace_confidence (reply->trace, 0, G_MAXSIZE);
  return g_steal_pointer (&reply->text);
}

static void
engine_take_counts (VlmAnalyzer *analyzer, VlmAnalyzerCounts *counts)
{
  VlmEngineAnalyzer *self = VLM_ENGINE_ANALYZER (analyzer);

  *counts = self->counts;
  self->counts = (VlmAnalyzerCounts){ 0 };
}

static void
engine_reset (VlmAnalyzer *analyzer)
{
  VlmEngineAnalyzer *self = VLM_ENGINE_ANALYZER (analyzer);

  vlm_tracker_reset (self->tracker);
  vlm_conditions_reset (self->conditions);
  g_ptr_array_set_size (self->owed, 0);
  if (self->history != NULL)
    vlm_history_restart (self->history);
}

static GPtrArray *
engine_finish (VlmAnalyzer *analyzer)
{
  VlmEngineAnalyzer *self = VLM_ENGINE_ANALYZER (analyzer);

  return pay (self, end_all (self));
}

static void
vlm_engine_analyzer_iface_init (VlmAnalyzerInterface *iface)
{
  iface->load = engine_load;
  iface->get_geometry = engine_get_geometry;
  iface->set_questions = engine_set_questions;
  iface->analyze = engine_analyze;
  iface->ask = engine_ask;
  iface->reset = engine_reset;
  iface->finish = engine_finish;
  iface->unload = engine_unload;
  iface->take_answers = engine_take_answers;
  iface->get_min_confidence = engine_get_min_confidence;
  iface->glance = engine_glance;
  iface->take_counts = engine_take_counts;
}
