/* gst-vlm: the queue of windows and the thread that analyses them
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <vlm/vlm-analyzer.h>

#include "util/gstvlmgap.h"

G_BEGIN_DECLS

#define GST_VLM_TYPE_POLICY (gst_vlm_policy_get_type ())

/**
 * GstVlmPolicy:
 * @GST_VLM_POLICY_AUTO: drop-oldest on live streams, else block
 * @GST_VLM_POLICY_BLOCK: hold the video up until there is room
 * @GST_VLM_POLICY_DROP_OLDEST: drop the window that waited longest
 * @GST_VLM_POLICY_DROP_NEWEST: drop the window that just closed
 * @GST_VLM_POLICY_LATEST_ONLY: let nothing wait but the newest window
 *
 * What happens to windows for which the device is too slow.
 */
typedef enum
{
  GST_VLM_POLICY_AUTO,
  GST_VLM_POLICY_BLOCK,
  GST_VLM_POLICY_DROP_OLDEST,
  GST_VLM_POLICY_DROP_NEWEST,
  GST_VLM_POLICY_LATEST_ONLY,
} GstVlmPolicy;

GType gst_vlm_policy_get_type (void);

/* Called without a lock: on the thread of the worker, @unwatched also on the one
 * that pushes. @generation is that of the window. */
typedef struct
{
  void (*progress) (gpointer user_data, const char *stage, double fraction);
  /* @error: %NULL on success, and then @analyzer is ready */
  void (*loaded) (
      gpointer user_data, VlmAnalyzer *analyzer, const GError *error);
  /* @window: %NULL for what was still open at the end of a stream */
  void (*found) (gpointer user_data, const VlmWindow *window, GPtrArray *events,
      guint generation);
  /* The questions about @window and their answers, VlmAnswerRecord; before the
   * events that result from them, even if there are none */
  void (*asked) (gpointer user_data, const VlmWindow *window,
      GPtrArray *records, guint generation);
  /* FALSE: there is no use in trying again */
  gboolean (*failed) (gpointer user_data, const GError *error);
  void (*unwatched) (gpointer user_data, const VlmInstant *start,
      const VlmInstant *end, GstVlmGapReason reason, guint generation);
  /* A window or a cut is finished, successfully or not; after its events. Not
   * called for those that a flush or the end dropped. */
  void (*done) (gpointer user_data, guint64 ticket);
  /* @start, @end: of the window; %NULL, like @answer, with an @error */
  void (*answered) (gpointer user_data, guint64 id, const char *question,
      const VlmInstant *start, const VlmInstant *end, const char *answer,
      double confidence, const GError *error);
} GstVlmWorkerFuncs;

typedef struct
{
  guint64 n_analysed;
  guint64 n_dropped;
  guint64 n_failed;
  guint64 n_skipped;
  guint64 n_glances;
  guint64 n_untriggered;
  guint64 n_reloads; /* after a device was lost */
  guint64 n_events;
  guint64 n_questions; /* that were answered, and the tokens of that */
  guint64 n_prompt_tokens;
  guint64 n_answer_tokens;
  guint64 n_forced_tokens;
  guint64 n_cut; /* reports of the model, as in VlmAnalyzerCounts */
  guint64 n_repeated;
  guint queue_level;
  gint64 watched_ns;
  gint64 unwatched_ns;
  gint64 skipped_ns;
  gint64 untriggered_ns;
  double inference_s;
  /* Of the last window: 0 before there is one. */
  double seconds_per_second;
} GstVlmWorkerStats;

typedef enum
{
  /* Nothing moves: reported together with its still neighbours. */
  GST_VLM_SKIP_STILL,
  /* It has no trigger: open events end, and are not tracked before the next
   * window that is analysed. */
  GST_VLM_SKIP_UNTRIGGERED,
} GstVlmSkipReason;

typedef enum
{
  GST_VLM_WORKER_LOADING,
  GST_VLM_WORKER_READY,
  GST_VLM_WORKER_FAILED,
  GST_VLM_WORKER_STOPPED,
} GstVlmWorkerState;

/* Owns the analyzer while it lives: every method of it is called on the thread
 * of the worker. Thread-safe. */
typedef struct _GstVlmWorker GstVlmWorker;

/* Starts to load at once, for @questions (transfer full). @params is copied. */
GstVlmWorker *gst_vlm_worker_new (VlmAnalyzer *analyzer,
    const VlmAnalyzerParams *params, VlmQuestions *questions, guint generation,
    const GstVlmWorkerFuncs *funcs, gpointer user_data);
/* Cancels what is being done; every waiting call returns. */
void gst_vlm_worker_stop (GstVlmWorker *worker);
/* Stops, and waits for the thread, which ends open events and unloads the model.
 * Before the last unref. */
void gst_vlm_worker_join (GstVlmWorker *worker);
GstVlmWorker *gst_vlm_worker_ref (GstVlmWorker *worker);
void gst_vlm_worker_unref (GstVlmWorker *worker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmWorker, gst_vlm_worker_unref)

GstVlmWorkerState gst_vlm_worker_get_state (GstVlmWorker *worker);
/* The same, after at most @timeout_us of waiting for the end of loading. */
GstVlmWorkerState
gst_vlm_worker_wait_loaded (GstVlmWorker *worker, gint64 timeout_us);
/* The questions from the next analysed window on. (transfer full) */
void
gst_vlm_worker_set_questions (GstVlmWorker *worker, VlmQuestions *questions);
/* Asks about the newest window, without waiting. The answer has @id. FALSE, and
 * none comes, when stopped, flushing, or too many wait. */
gboolean
gst_vlm_worker_ask (GstVlmWorker *worker, guint64 id, const char *question);
/* Waits until loading has ended. GST_FLOW_FLUSHING when flushing or stopped,
 * GST_FLOW_ERROR when loading failed. */
GstFlowReturn gst_vlm_worker_wait_ready (GstVlmWorker *worker);
/* @geometry: only in the state GST_VLM_WORKER_READY */
void gst_vlm_worker_get_geometry (GstVlmWorker *worker, VlmGeometry *geometry);

/* @window: (transfer full). @details: (transfer full) (nullable): VlmWindow,
 * where @window is an overview of these: those are analysed in which a glance at
 * it finds something, the others are still. @ticket: for
 * GstVlmWorkerFuncs.done. @policy: not GST_VLM_POLICY_AUTO. Waits only where that
 * is GST_VLM_POLICY_BLOCK, until fewer than @max_queue windows wait. */
GstFlowReturn gst_vlm_worker_push (GstVlmWorker *worker, VlmWindow *window,
    GPtrArray *details, guint64 ticket, GstVlmPolicy policy, guint max_queue);
/* Instead of pushing it: @window (transfer full) is not analysed, for @reason,
 * and counted. Never waits. */
GstFlowReturn gst_vlm_worker_skip (GstVlmWorker *worker, VlmWindow *window,
    guint64 ticket, GstVlmSkipReason reason);
/* What was measured at the window that was analysed last; each is taken once. */
gboolean gst_vlm_worker_take_measurement (
    GstVlmWorker *worker, VlmRateMeasurement *measurement);
/* After what was pushed so far, the stream is interrupted. */
void gst_vlm_worker_cut (GstVlmWorker *worker, guint64 ticket);
/* Waits until all that was pushed is done, at most @timeout_us (< 0: as long
 * as it takes); then drops what is left. GST_FLOW_FLUSHING as above. */
GstFlowReturn gst_vlm_worker_drain (GstVlmWorker *worker, gint64 timeout_us);

/* Cancels and forgets; windows that are pushed later have @generation. Until
 * flush_stop, calls that would wait return GST_FLOW_FLUSHING. */
void gst_vlm_worker_flush_start (GstVlmWorker *worker, guint generation);
void gst_vlm_worker_flush_stop (GstVlmWorker *worker);

void gst_vlm_worker_get_stats (GstVlmWorker *worker, GstVlmWorkerStats *stats);

G_END_DECLS
