/* gst-vlm: the worker, what its files share
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "elements/gstvlmworker.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (gst_vlm_worker_debug);

typedef enum
{
  GST_VLM_WORKER_ITEM_WINDOW,
  /* An overview of windows in which nothing moves. */
  GST_VLM_WORKER_ITEM_OVERVIEW,
  /* A window in which nothing moves: only its times. */
  GST_VLM_WORKER_ITEM_STILL,
  /* A window without a trigger: likewise. */
  GST_VLM_WORKER_ITEM_UNTRIGGERED,
  /* The stream ends here: open events end, and are forgotten. */
  GST_VLM_WORKER_ITEM_CUT,
  /* Open events are forgotten without a record. */
  GST_VLM_WORKER_ITEM_RESET,
} GstVlmWorkerItemKind;

typedef struct
{
  GstVlmWorkerItemKind kind;
  VlmWindow *window;
  GPtrArray *details; /* VlmWindow: of an overview */
  guint generation;
  guint64 ticket; /* 0: no notification when it is done */
  /* Of a window of any kind. */
  guint64 epoch;
  VlmInstant start;
  VlmInstant end;
} GstVlmWorkerItem;

typedef struct
{
  guint64 id;
  char *question;
  guint generation;
  gboolean is_abandoned;
} GstVlmWorkerAsk;

/* The union of spans that come in order of their start. */
typedef struct
{
  guint64 epoch;
  gint64 until;
  gint64 total_ns;
} GstVlmCoverage;

struct _GstVlmWorker
{
  VlmAnalyzer *analyzer;
  VlmAnalyzerParams *params;
  GstVlmWorkerFuncs funcs;
  gpointer user_data;
  GThread *thread;

  GMutex lock;
  GCond changed;
  /* All under the lock. */
  GstVlmWorkerState state;
  GQueue items;
  guint n_windows;
  GstVlmWorkerItem *current;
  GstVlmWorkerItem *newest; /* that was pushed; what questions are about */
  GQueue asks;              /* GstVlmWorkerAsk */
  GQueue abandoned;         /* likewise, to be answered with an error */
  GstVlmWorkerAsk *asking;
  gboolean has_answered;     /* a question since the last window */
  VlmQuestions *questions;   /* not yet passed to the analyzer */
  GCancellable *cancellable; /* of the load or of the current item */
  guint generation;
  gboolean flushing;
  gboolean stopping;
  GstVlmCoverage seen;
  GstVlmCoverage watched;
  GstVlmCoverage attended;  /* analysed, or still */
  GstVlmCoverage accounted; /* or untriggered */
  gboolean has_measurement;
  VlmRateMeasurement measurement;
  GstVlmWorkerStats stats;
  VlmGeometry geometry;

  /* Of the thread alone. */
  gboolean must_reload; /* the device was lost */
  guint n_attempts;     /* to reload, since the device was seen to work */
  gint64 retry_at_us;   /* 0: no wait was begun */
  gboolean in_epoch;    /* windows were analysed since the last reset */
  /* Consecutive still windows, not yet reported. */
  gboolean is_still;
  VlmInstant still_start;
  VlmInstant still_end;
  VlmInstant analysed_until; /* in this epoch, if valid */
  guint64 epoch;
};

/* With the lock. */
void
gst_vlm_coverage_add (GstVlmCoverage *coverage, const GstVlmWorkerItem *item);
/* @window: (transfer full): released with its frames if it is not analysed */
GstVlmWorkerItem *gst_vlm_worker_item_new (
    GstVlmWorkerItemKind kind, VlmWindow *window, guint generation);
void gst_vlm_worker_item_free (GstVlmWorkerItem *item);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstVlmWorkerItem, gst_vlm_worker_item_free)
/* Something that is analysed, and counts in the queue. */
gboolean gst_vlm_worker_item_is_work (const GstVlmWorkerItem *item);

/* gstvlmworker-ask.c */
void gst_vlm_worker_ask_free (GstVlmWorkerAsk *ask);
/* With the lock: whether there is one to answer. */
gboolean gst_vlm_worker_can_answer (GstVlmWorker *worker);
/* With the lock: all waiting questions will be answered with an error. */
void gst_vlm_worker_abandon_asks (GstVlmWorker *worker);
/* With the lock, on the thread: takes the question whose turn it is. */
gboolean gst_vlm_worker_take_ask (GstVlmWorker *worker);
/* On the thread: answers the one that was taken. */
void gst_vlm_worker_answer (GstVlmWorker *worker);
/* On the thread, at its end: answers all waiting questions with an error. */
void gst_vlm_worker_answer_rest (GstVlmWorker *worker);

/* gstvlmworker-refine.c */
/* On the thread: glances at the overview, and analyses or skips its windows. */
void gst_vlm_worker_refine (GstVlmWorker *worker, const GstVlmWorkerItem *item);

/* gstvlmworker-thread.c */
/* On the thread: analyses a window and reports the result. FALSE when it was
 * cancelled. */
gboolean
gst_vlm_worker_analyse (GstVlmWorker *worker, const GstVlmWorkerItem *item);
/* On the thread: accounts for a window that is still. */
void
gst_vlm_worker_pass_still (GstVlmWorker *worker, const GstVlmWorkerItem *item);
/* vlm_analyzer_analyze () or vlm_analyzer_glance () */
typedef GPtrArray *(*GstVlmWorkerCall) (VlmAnalyzer *analyzer,
    VlmWindow *window, GCancellable *cancellable, GError **error);

/* On the thread: calls the analyzer with the window of @item, after loading the
 * model again if the device was lost. Adds the time of the call to @inference_us.
 * (transfer full): what the analyzer returned; NULL if the model cannot be
 * loaded. */
GPtrArray *
gst_vlm_worker_call (GstVlmWorker *worker, const GstVlmWorkerItem *item,
    GstVlmWorkerCall call, gint64 *inference_us, GError **error);
/* Whether the result of @item is still wanted. */
gboolean
gst_vlm_worker_is_wanted (GstVlmWorker *worker, const GstVlmWorkerItem *item);
/* On the thread: reports the last questions. */
void gst_vlm_worker_report_answers (
    GstVlmWorker *worker, const VlmWindow *window, guint generation);
/* A new cancellable for what comes next. */
GCancellable *gst_vlm_worker_begin_work (GstVlmWorker *worker);
/* The thread's function, @data is the worker. */
gpointer gst_vlm_worker_run (gpointer data);

G_END_DECLS
