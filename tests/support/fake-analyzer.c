/* gst-vlm: an analyzer that does what a test wants
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/fake-analyzer.h"

#define PATIENCE_US (600 * G_USEC_PER_SEC)

typedef struct
{
  char *description;
  gint64 start;
  gint64 end;
  VlmRect box;
  gboolean is_over;  /* its last record was given */
  double confidence; /* of the next record */
  double confidence_step;
} Scene;

struct _FakeAnalyzer
{
  GObject parent;

  GMutex lock;
  GCond changed;
  GPtrArray *scenes;
  GHashTable *open;   /* id of a scene -> its last VlmEvent */
  GPtrArray *likes;   /* VlmAnswerRecord of each window */
  GPtrArray *answers; /* that were not taken yet */
  GPtrArray *windows;
  GPtrArray *glances; /* likewise */
  gboolean stalled;
  gboolean deaf;
  gboolean load_stalled;
  guint n_steps;
  guint step_us;
  GError *load_error;
  GError *error;
  double confidence;
  double confidence_step;
  double min_confidence;
  VlmAnalyzerCounts of_each_window;
  VlmAnalyzerCounts not_taken;
  gboolean prompt;
  guint n_errors;          /* calls that fail with it */
  VlmQuestions *questions; /* NULL before they are set */
  FakeCounts counts;
};

static void fake_analyzer_iface_init (VlmAnalyzerInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FakeAnalyzer, fake_analyzer, G_TYPE_OBJECT,
    G_IMPLEMENT_INTERFACE (VLM_TYPE_ANALYZER, fake_analyzer_iface_init))

static void
scene_free (gpointer data)
{
  Scene *scene = data;

  g_free (scene->description);
  g_free (scene);
}

static void
fake_window_free (gpointer data)
{
  FakeWindow *window = data;

  g_array_unref (window->slot_times);
  g_ptr_array_unref (window->frames);
  vlm_questions_free (window->questions);
  g_free (window);
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  FakeAnalyzer *self = user_data;

  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* Waits for *@stall to become FALSE; FALSE when cancelled first. */
static gboolean
wait_for (FakeAnalyzer *self, const gboolean *stall, GCancellable *cancellable,
    GError **error)
{
  gulong handler = g_cancellable_connect (
      cancellable, G_CALLBACK (on_cancelled), self, NULL);

  g_mutex_lock (&self->lock);
  while ((*stall && !g_cancellable_is_cancelled (cancellable)) || self->deaf)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
  g_cancellable_disconnect (cancellable, handler);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

static gboolean
fake_load (VlmAnalyzer *analyzer, const VlmAnalyzerParams *params,
    const VlmWork *work, GError **error)
{
  FakeAnalyzer *self = FAKE_ANALYZER (analyzer);
  gboolean loaded = FALSE;

  g_mutex_lock (&self->lock);
  self->counts.n_loads++;
  g_mutex_unlock (&self->lock);
  if (work != NULL && work->progress != NULL)
    work->progress ("weights", 0.5, work->user_data);
  if (!wait_for (self, &self->load_stalled,
          work != NULL ? work->cancellable : NULL, error))
    return FALSE;
  g_mutex_lock (&self->lock);
  if (self->load_error != NULL)
    g_propagate_error (error, g_error_copy (self->load_error));
  else
    loaded = self->counts.is_loaded = TRUE;
  g_mutex_unlock (&self->lock);
  return loaded;
}

static void
fake_get_geometry (VlmAnalyzer *analyzer, VlmGeometry *geometry)
{
  *geometry = (VlmGeometry){ 14, 2, 2, 3136, 12845056 };
}

static double
fake_get_min_confidence (VlmAnalyzer *analyzer)
{
  FakeAnalyzer *self = FAKE_ANALYZER (analyzer);
  double least;

  g_mutex_lock (&self->lock);
  least = self->min_confidence;
  g_mutex_unlock (&self->lock);
  return least;
}

static void
fake_set_questions (VlmAnalyzer *analyzer, const VlmQuestions *questions)
{
  FakeAnalyzer *self = FAKE_ANALYZER (analyzer);

  g_mutex_lock (&self->lock);
  vlm_questions_free (self->questions);
  self->questions = vlm_questions_copy (questions);
  g_mutex_unlock (&self->lock);
}

static void
remember (FakeAnalyzer *self, GPtrArray *windows, const VlmWindow *window)
{
  FakeWindow *seen = g_new0 (FakeWindow, 1);

  seen->serial = window->serial;
  seen->epoch = window->epoch;
  seen->start = window->start;
  seen->end = window->end;
  seen->partial = window->partial;
  seen->slot_times = g_array_new (FALSE, FALSE, sizeof (gint64));
  seen->frames =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_frame_unref);
  for (guint i = 0; i < window->n_samples; i++) {
    g_array_append_val (seen->slot_times, window->samples[i].slot_time);
    g_ptr_array_add (seen->frames, vlm_frame_ref (window->samples[i].frame));
  }
  if (self->questions != NULL)
    seen->questions = vlm_questions_copy (self->questions);
  g_ptr_array_add (windows, seen);
}

static VlmInstant
instant_at (const VlmWindow *window, gint64 stream_time)
{
  const VlmFrame *frame = window->samples[0].frame;
  const VlmFrame *last = window->samples[window->n_samples - 1].frame;
  VlmInstant instant = frame->time;
  gint64 distance = vlm_time_since (stream_time, instant.stream_time);
  gint64 between = vlm_time_since (last->time.stream_time, instant.stream_time);

  instant.stream_time = stream_time;
  instant.pts = vlm_time_add (instant.pts, distance);
  instant.utc = vlm_time_add (instant.utc, distance);
  /* Of a stream that may be played faster or slower. */
  if (between != 0)
    distance = vlm_time_scale (distance,
        (double) vlm_time_since (
            last->time.running_time, instant.running_time) /
            (double) between);
  instant.running_time = vlm_time_add (instant.running_time, distance);
  return instant;
}

static VlmEvent *
make_event (FakeAnalyzer *self, Scene *scene, guint id, const VlmWindow *window)
{
  const VlmFrame *frame = window->samples[0].frame;
  VlmEvent *event = vlm_event_new ();

  event->id = id;
  event->confidence = scene->confidence;
  scene->confidence += scene->confidence_step;
  event->description = g_strdup (scene->description);
  event->start = instant_at (window, scene->start);
  event->end = instant_at (window, MIN (scene->end, window->end));
  event->ongoing = scene->end > window->end;
  event->time_source = frame->time_source;
  event->bbox = scene->box;
  event->bbox_time = frame->time;
  if (self->questions != NULL) {
    event->query_version = self->questions->version;
    if (self->questions->queries[0] != NULL)
      event->query = g_strdup (self->questions->queries[0]);
  }
  event->window.start = window->start;
  event->window.end = window->end;
  event->window.n_frames = window->n_samples;
  event->window.width = frame->width;
  event->window.height = frame->height;
  return event;
}

static VlmAnswerRecord *
make_answer (const VlmAnswerRecord *like, const VlmWindow *window)
{
  const VlmFrame *last = window->samples[window->n_samples - 1].frame;
  VlmAnswerRecord *record = vlm_answer_record_copy (like);

  record->start = instant_at (window, window->start);
  record->end = instant_at (window, window->end);
  record->time_source = last->time_source;
  if (record->marks != NULL)
    record->frame = last->time;
  return record;
}

/* With the lock. The record of @scene for @window, or NULL. */
static VlmEvent *
look (FakeAnalyzer *self, Scene *scene, guint id, const VlmWindow *window)
{
  gpointer key = GUINT_TO_POINTER (id);
  VlmEvent *before = g_hash_table_lookup (self->open, key);
  VlmEvent *event;

  if (before != NULL && scene->end <= window->start) {
    event = vlm_event_copy (before);
    event->state = VLM_EVENT_STATE_END;
    g_hash_table_remove (self->open, key);
    return event;
  }
  if (scene->start >= window->end || scene->end <= window->start ||
      scene->is_over)
    return NULL;
  event = make_event (self, scene, id, window);
  event->state =
      before != NULL ? VLM_EVENT_STATE_UPDATE : VLM_EVENT_STATE_BEGIN;
  if (self->prompt && scene->end < window->end) {
    event->state = VLM_EVENT_STATE_END;
    scene->is_over = TRUE;
    g_hash_table_remove (self->open, key);
    return event;
  }
  g_hash_table_insert (self->open, key, vlm_event_ref (event));
  return event;
}

/* FALSE when cancelled; that is seen at the end of a step. */
static gboolean
run_steps (FakeAnalyzer *self, GCancellable *cancellable, GError **error)
{
  guint n_steps;
  guint step_us;

  g_mutex_lock (&self->lock);
  n_steps = self->n_steps;
  step_us = self->step_us;
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < n_steps; i++) {
    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return FALSE;
    g_mutex_lock (&self->lock);
    self->counts.n_steps++;
    g_cond_broadcast (&self->changed);
    while (self->deaf)
      g_cond_wait (&self->changed, &self->lock);
    g_mutex_unlock (&self->lock);
    g_usleep (step_us);
  }
  return TRUE;
}

static GPtrArray *
fake_analyze (VlmAnalyzer *analyzer, VlmWindow *window,
    GCancellable *cancellable, GError **error)
{
  FakeAnalyzer *self = FAKE_ANALYZER (analyzer);
  GPtrArray *events = NULL;
  gboolean cancelled;

  g_mutex_lock (&self->lock);
  g_assert_true (self->counts.is_loaded);
  g_assert_cmpuint (self->counts.n_entered, ==, self->counts.n_returned);
  self->counts.n_entered++;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);

  cancelled = !run_steps (self, cancellable, error) ||
      !wait_for (self, &self->stalled, cancellable, error);

  g_mutex_lock (&self->lock);
  self->counts.n_returned++;
  self->counts.n_cancelled += cancelled;
  if (!cancelled && self->error != NULL && self->n_errors > 0) {
    self->n_errors--;
    g_propagate_error (error, g_error_copy (self->error));
  } else if (!cancelled) {
    events = g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
    self->not_taken.n_cut += self->of_each_window.n_cut;
    self->not_taken.n_repeated += self->of_each_window.n_repeated;
    remember (self, self->windows, window);
    for (guint i = 0; i < self->scenes->len; i++) {
      VlmEvent *event = look (self, self->scenes->pdata[i], i + 1, window);

      if (event != NULL)
        g_ptr_array_add (events, event);
    }
    for (guint i = 0; i < self->likes->len; i++)
      g_ptr_array_add (
          self->answers, make_answer (self->likes->pdata[i], window));
  }
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return events;
}

static GPtrArray *
new_answers (void)
{
  return g_ptr_array_new_with_free_func (
      (GDestroyNotify) vlm_answer_record_unref);
}

static GPtrArray *
fake_take_answers (VlmAnalyzer *analyzer)
{
  FakeAnalyzer *self = FAKE_ANALYZER (analyzer);
  GPtrArray *answers;

  g_mutex_lock (&self->lock);
  answers = g_steal_pointer (&self->answers);
  self->answers = new_answers ();
  g_mutex_unlock (&self->lock);
  return answers;
}

/* Waits and fails like analyze(). */
static GPtrArray *
fake_glance (VlmAnalyzer *analyzer, VlmWindow *window,
    GCancellable *cancellable, GError **error)
{
  FakeAnalyzer *self = FAKE_ANALYZER (analyzer);
  GPtrArray *events = NULL;

  g_mutex_lock (&self->lock);
  g_assert_true (self->counts.is_loaded);
  self->counts.n_glanced++;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  if (!wait_for (self, &self->stalled, cancellable, error))
    return NULL;
  g_mutex_lock (&self->lock);
  remember (self, self->glances, window);
  if (self->error != NULL && self->n_errors > 0) {
    self->n_errors--;
    g_propagate_error (error, g_error_copy (self->error));
  } else {
    events = g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
    for (guint i = 0; i < self->scenes->len; i++) {
      Scene *scene = self->scenes->pdata[i];

      if (scene->start < window->end && scene->end > window->start)
        g_ptr_array_add (events, make_event (self, scene, i + 1, window));
    }
  }
  g_mutex_unlock (&self->lock);
  return events;
}

/* Says where it looked, and waits and fails like analyze(). */
static char *
fake_ask (VlmAnalyzer *analyzer, VlmWindow *window, const char *question,
    double *confidence, GCancellable *cancellable, GError **error)
{
  FakeAnalyzer *self = FAKE_ANALYZER (analyzer);
  char *answer = NULL;

  g_mutex_lock (&self->lock);
  g_assert_true (self->counts.is_loaded);
  self->counts.n_asked++;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  if (!wait_for (self, &self->stalled, cancellable, error))
    return NULL;
  g_mutex_lock (&self->lock);
  if (self->error != NULL && self->n_errors > 0) {
    self->n_errors--;
    g_propagate_error (error, g_error_copy (self->error));
  } else {
    answer = g_strdup_printf (
        "%s %" G_GINT64_FORMAT, question, window->start / VLM_SECOND);
  }
  g_mutex_unlock (&self->lock);
  *confidence = 0.25;
  return answer;
}

static void
fake_reset (VlmAnalyzer *analyzer)
{
  FakeAnalyzer *self = FAKE_ANALYZER (analyzer);

  g_mutex_lock (&self->lock);
  self->counts.n_resets++;
  g_hash_table_remove_all (self->open);
  g_mutex_unlock (&self->lock);
}

static GPtrArray *
fake_finish (VlmAnalyzer *analyzer)
{
  FakeAnalyzer *self = FAKE_ANALYZER (analyzer);
  GPtrArray *events =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);

  g_mutex_lock (&self->lock);
  self->counts.n_finishes++;
  for (guint i = 0; i < self->scenes->len; i++) {
    VlmEvent *open = g_hash_table_lookup (self->open, GUINT_TO_POINTER (i + 1));

    if (open != NULL) {
      VlmEvent *event = vlm_event_copy (open);

      event->state = VLM_EVENT_STATE_END;
      g_ptr_array_add (events, event);
    }
  }
  g_mutex_unlock (&self->lock);
  return events;
}

static void
fake_take_counts (VlmAnalyzer *analyzer, VlmAnalyzerCounts *counts)
{
  FakeAnalyzer *self = FAKE_ANALYZER (analyzer);

  g_mutex_lock (&self->lock);
  *counts = self->not_taken;
  self->not_taken = (VlmAnalyzerCounts){ 0 };
  g_mutex_unlock (&self->lock);
}

static void
fake_unload (VlmAnalyzer *analyzer)
{
  FakeAnalyzer *self = FAKE_ANALYZER (analyzer);

  g_mutex_lock (&self->lock);
  self->counts.n_unloads++;
  self->counts.is_loaded = FALSE;
  g_mutex_unlock (&self->lock);
}

static void
fake_analyzer_iface_init (VlmAnalyzerInterface *iface)
{
  iface->load = fake_load;
  iface->get_geometry = fake_get_geometry;
  iface->set_questions = fake_set_questions;
  iface->analyze = fake_analyze;
  iface->ask = fake_ask;
  iface->reset = fake_reset;
  iface->finish = fake_finish;
  iface->unload = fake_unload;
  iface->take_answers = fake_take_answers;
  iface->get_min_confidence = fake_get_min_confidence;
  iface->glance = fake_glance;
  iface->take_counts = fake_take_counts;
}

FakeAnalyzer *
fake_analyzer_new (void)
{
  return g_object_new (FAKE_TYPE_ANALYZER, NULL);
}

void
fake_analyzer_add_event (FakeAnalyzer *self, const char *description,
    gint64 start, gint64 end, const VlmRect *box)
{
  Scene *scene = g_new0 (Scene, 1);

  scene->description = g_strdup (description);
  scene->start = start;
  scene->end = end;
  if (box != NULL)
    scene->box = *box;
  g_mutex_lock (&self->lock);
  scene->confidence = self->confidence;
  scene->confidence_step = self->confidence_step;
  g_ptr_array_add (self->scenes, scene);
  g_mutex_unlock (&self->lock);
}

void
fake_analyzer_add_answer (FakeAnalyzer *self, VlmAnswerRecord *like)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->likes, like);
  g_mutex_unlock (&self->lock);
}

static void
set_flag (FakeAnalyzer *self, gboolean *flag, gboolean value)
{
  g_mutex_lock (&self->lock);
  *flag = value;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
fake_analyzer_set_stalled (FakeAnalyzer *self, gboolean stalled)
{
  set_flag (self, &self->stalled, stalled);
}

void
fake_analyzer_set_deaf (FakeAnalyzer *self, gboolean deaf)
{
  set_flag (self, &self->deaf, deaf);
}

void
fake_analyzer_set_steps (FakeAnalyzer *self, guint n_steps, guint step_us)
{
  g_mutex_lock (&self->lock);
  self->n_steps = n_steps;
  self->step_us = step_us;
  g_mutex_unlock (&self->lock);
}

void
fake_analyzer_set_load_stalled (FakeAnalyzer *self, gboolean stalled)
{
  set_flag (self, &self->load_stalled, stalled);
}

void
fake_analyzer_set_load_error (FakeAnalyzer *self, GError *error)
{
  g_mutex_lock (&self->lock);
  g_clear_error (&self->load_error);
  self->load_error = error;
  g_mutex_unlock (&self->lock);
}

void
fake_analyzer_set_error (FakeAnalyzer *self, GError *error)
{
  fake_analyzer_set_errors (self, error, G_MAXUINT);
}

void
fake_analyzer_set_errors (FakeAnalyzer *self, GError *error, guint n_calls)
{
  g_mutex_lock (&self->lock);
  g_clear_error (&self->error);
  self->error = error;
  self->n_errors = n_calls;
  g_mutex_unlock (&self->lock);
}

static gboolean
wait_count (FakeAnalyzer *self, const guint *count, guint n_calls)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE_US;
  gboolean reached = TRUE;

  g_mutex_lock (&self->lock);
  while (reached && *count < n_calls)
    reached = g_cond_wait_until (&self->changed, &self->lock, deadline);
  g_mutex_unlock (&self->lock);
  return reached;
}

gboolean
fake_analyzer_wait_entered (FakeAnalyzer *self, guint n_calls)
{
  return wait_count (self, &self->counts.n_entered, n_calls);
}

gboolean
fake_analyzer_wait_asked (FakeAnalyzer *self, guint n_calls)
{
  return wait_count (self, &self->counts.n_asked, n_calls);
}

gboolean
fake_analyzer_wait_glanced (FakeAnalyzer *self, guint n_calls)
{
  return wait_count (self, &self->counts.n_glanced, n_calls);
}

gboolean
fake_analyzer_wait_returned (FakeAnalyzer *self, guint n_calls)
{
  return wait_count (self, &self->counts.n_returned, n_calls);
}

gboolean
fake_analyzer_wait_steps (FakeAnalyzer *self, guint n_steps)
{
  return wait_count (self, &self->counts.n_steps, n_steps);
}

FakeCounts
fake_analyzer_get_counts (FakeAnalyzer *self)
{
  FakeCounts counts;

  g_mutex_lock (&self->lock);
  counts = self->counts;
  g_mutex_unlock (&self->lock);
  return counts;
}

void
fake_analyzer_forget_windows (FakeAnalyzer *self)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_set_size (self->windows, 0);
  g_mutex_unlock (&self->lock);
}

guint
fake_analyzer_get_n_windows (FakeAnalyzer *self)
{
  guint n_windows;

  g_mutex_lock (&self->lock);
  n_windows = self->windows->len;
  g_mutex_unlock (&self->lock);
  return n_windows;
}

static const FakeWindow *
get_seen (FakeAnalyzer *self, const GPtrArray *windows, guint index)
{
  const FakeWindow *window;

  g_mutex_lock (&self->lock);
  g_assert_cmpuint (index, <, windows->len);
  window = windows->pdata[index];
  g_mutex_unlock (&self->lock);
  return window;
}

const FakeWindow *
fake_analyzer_get_window (FakeAnalyzer *self, guint index)
{
  return get_seen (self, self->windows, index);
}

const FakeWindow *
fake_analyzer_get_glance (FakeAnalyzer *self, guint index)
{
  return get_seen (self, self->glances, index);
}

void
fake_analyzer_forget (FakeAnalyzer *self)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_set_size (self->windows, 0);
  g_ptr_array_set_size (self->glances, 0);
  g_mutex_unlock (&self->lock);
}

static void
fake_analyzer_finalize (GObject *object)
{
  FakeAnalyzer *self = FAKE_ANALYZER (object);

  g_ptr_array_unref (self->scenes);
  g_hash_table_unref (self->open);
  g_ptr_array_unref (self->likes);
  g_ptr_array_unref (self->answers);
  g_ptr_array_unref (self->windows);
  g_ptr_array_unref (self->glances);
  g_clear_error (&self->load_error);
  g_clear_error (&self->error);
  vlm_questions_free (self->questions);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  G_OBJECT_CLASS (fake_analyzer_parent_class)->finalize (object);
}

static void
fake_analyzer_class_init (FakeAnalyzerClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_analyzer_finalize;
}

static void
fake_analyzer_init (FakeAnalyzer *self)
{
  self->confidence = -1.0;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->scenes = g_ptr_array_new_with_free_func (scene_free);
  self->open = g_hash_table_new_full (
      NULL, NULL, NULL, (GDestroyNotify) vlm_event_unref);
  self->likes = new_answers ();
  self->answers = new_answers ();
  self->windows = g_ptr_array_new_with_free_func (fake_window_free);
  self->glances = g_ptr_array_new_with_free_func (fake_window_free);
}

void
fake_analyzer_set_min_confidence (FakeAnalyzer *self, double least)
{
  g_mutex_lock (&self->lock);
  self->min_confidence = least;
  g_mutex_unlock (&self->lock);
}

void
fake_analyzer_set_counts (FakeAnalyzer *self, guint64 n_cut, guint64 n_repeated)
{
  g_mutex_lock (&self->lock);
  self->of_each_window.n_cut = n_cut;
  self->of_each_window.n_repeated = n_repeated;
  g_mutex_unlock (&self->lock);
}

void
fake_analyzer_set_confidence (FakeAnalyzer *self, double first, double step)
{
  g_mutex_lock (&self->lock);
  self->confidence = first;
  self->confidence_step = step;
  g_mutex_unlock (&self->lock);
}

void
fake_analyzer_set_prompt (FakeAnalyzer *self, gboolean prompt)
{
  g_mutex_lock (&self->lock);
  self->prompt = prompt;
  g_mutex_unlock (&self->lock);
}
