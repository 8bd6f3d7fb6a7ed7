/* gst-vlm: an analyzer that does what a test wants
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-analyzer.h>
#include <vlm/vlm-questions.h>

G_BEGIN_DECLS

#define FAKE_TYPE_ANALYZER (fake_analyzer_get_type ())

/* Finds the events of a script in whatever it is shown: `begin` in the first
 * window that overlaps with one, `update` in each later one, `end` in the first
 * window that does not reach its end any more. Thread-safe. */
G_DECLARE_FINAL_TYPE (FakeAnalyzer, fake_analyzer, FAKE, ANALYZER, GObject)

/* What one call of analyze() or glance() was shown. */
typedef struct
{
  guint64 serial;
  guint64 epoch;
  gint64 start;
  gint64 end;
  gboolean partial;
  GArray *slot_times;      /* gint64 */
  GPtrArray *frames;       /* VlmFrame */
  VlmQuestions *questions; /* NULL if none were set */
} FakeWindow;

FakeAnalyzer *fake_analyzer_new (void);

/* Times in ns of stream time. @box: (nullable) */
void fake_analyzer_add_event (FakeAnalyzer *self, const char *description,
    gint64 start, gint64 end, const VlmRect *box);

/* Each window gets a record like @like (transfer full), with the times of the
 * window; if it has marks, they are in the last frame. */
void fake_analyzer_add_answer (FakeAnalyzer *self, VlmAnswerRecord *like);

/* For the events that are added from now on: @first in the first record, @step
 * more in each later one. -1 and 0 for none. */
void
fake_analyzer_set_confidence (FakeAnalyzer *self, double first, double step);
/* The analyzer's own least confidence. */
void fake_analyzer_set_min_confidence (FakeAnalyzer *self, double least);

/* What vlm_analyzer_take_counts() has of each window. */
void fake_analyzer_set_counts (
    FakeAnalyzer *self, guint64 n_cut, guint64 n_repeated);

/* From now on, an event ends with the window that sees its end, as those of the
 * engine do; one that had ended when it was first seen has one record. */
void fake_analyzer_set_prompt (FakeAnalyzer *self, gboolean prompt);

/* From now on, analyze() waits until it is cancelled or this is taken back. */
void fake_analyzer_set_stalled (FakeAnalyzer *self, gboolean stalled);
/* Likewise, but deaf to cancellation; a step that is begun does not end. */
void fake_analyzer_set_deaf (FakeAnalyzer *self, gboolean deaf);
/* From now on, analyze() takes @n_steps of @step_us each, and checks after each
 * whether it is cancelled, as an engine does. */
void fake_analyzer_set_steps (FakeAnalyzer *self, guint n_steps, guint step_us);
/* load() waits until it is cancelled or this is taken back. */
void fake_analyzer_set_load_stalled (FakeAnalyzer *self, gboolean stalled);
/* @error: (nullable) (transfer full): what the next calls fail with */
void fake_analyzer_set_load_error (FakeAnalyzer *self, GError *error);
void fake_analyzer_set_error (FakeAnalyzer *self, GError *error);
/* The same for the next @n_calls of analyze() only. */
void
fake_analyzer_set_errors (FakeAnalyzer *self, GError *error, guint n_calls);

/* Waits until analyze() was called @n_calls times in all, or has returned so
 * often, or begun as many steps, or one of the others was called so often. FALSE
 * after ten seconds. */
gboolean fake_analyzer_wait_entered (FakeAnalyzer *self, guint n_calls);
gboolean fake_analyzer_wait_asked (FakeAnalyzer *self, guint n_calls);
gboolean fake_analyzer_wait_glanced (FakeAnalyzer *self, guint n_calls);
gboolean fake_analyzer_wait_returned (FakeAnalyzer *self, guint n_calls);
gboolean fake_analyzer_wait_steps (FakeAnalyzer *self, guint n_steps);

typedef struct
{
  guint n_loads;
  guint n_unloads;
  guint n_entered;
  guint n_returned;
  guint n_cancelled;
  guint n_steps;
  guint n_asked;   /* calls of ask() */
  guint n_glanced; /* calls of glance() */
  guint n_resets;
  guint n_finishes;
  gboolean is_loaded;
} FakeCounts;

FakeCounts fake_analyzer_get_counts (FakeAnalyzer *self);
/* Frees what is known of windows so far. */
void fake_analyzer_forget_windows (FakeAnalyzer *self);
/* The windows that were analysed, in order. */
guint fake_analyzer_get_n_windows (FakeAnalyzer *self);
const FakeWindow *fake_analyzer_get_window (FakeAnalyzer *self, guint index);
/* What was glanced at, likewise: it sees the events of the script there, too. */
const FakeWindow *fake_analyzer_get_glance (FakeAnalyzer *self, guint index);
/* Forgets those windows. */
void fake_analyzer_forget (FakeAnalyzer *self);

G_END_DECLS
