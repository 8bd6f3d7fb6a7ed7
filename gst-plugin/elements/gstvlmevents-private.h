/* gst-vlm: vlmevents, what its files share
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstflowcombiner.h>
#include <gst/video/video.h>
#include <vlm/vlm-analyzer.h>
#include <vlm/vlm-motion.h>
#include <vlm/vlm-rate.h>
#include <vlm/vlm-sampler.h>

#include "elements/gstvlmevents.h"
#include "elements/gstvlmworker.h"
#include "util/gstvlmeventpad.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (gst_vlm_events_debug);

#define GST_VLM_TYPE_ON_ERROR (gst_vlm_on_error_get_type ())

/**
 * GstVlmOnError:
 * @GST_VLM_ON_ERROR_WARN: post a warning, pass the video on
 * @GST_VLM_ON_ERROR_FAIL: post an error, stop the pipeline
 *
 * What happens when a window cannot be analysed.
 */
typedef enum
{
  GST_VLM_ON_ERROR_WARN,
  GST_VLM_ON_ERROR_FAIL,
} GstVlmOnError;

GType gst_vlm_on_error_get_type (void);

typedef struct
{
  char *model;
  char *device;
  char *stream_label;
  double window;
  double hop;
  double context;
  GstVlmPolicy policy;
  guint max_queue;
  GstVlmOnError on_error;
  double eos_drain_timeout;
} GstVlmEventsSettings;

/* How many frames of which size. */
typedef struct
{
  char *fps;
  guint min_fps[2];
  guint max_fps[2];
  guint max_frames;
  guint max_tokens;
  guint64 min_pixels;
  guint64 max_pixels;
  gboolean skip_still;
  guint fixed_fps[2]; /* that `fps` says; 0/1 for auto */
} GstVlmEventsRate;

/* What is asked; may change while the element plays. */
typedef struct
{
  char *prompt;
  char *query;
  char *queries; /* several, with ; between them */
  guint max_tokens;
  gboolean ground;
  guint64 version; /* grows with each change */
} GstVlmEventsQuestions;

struct _GstVlmEvents
{
  GstElement parent;

  GstPad *sinkpad;
  GstPad *srcpad;

  /* Under the object lock. */
  GstVlmEventsSettings settings;
  GstVlmEventsRate rate;
  GstVlmEventsQuestions questions;
  VlmAnalyzer *analyzer;

  /* Of the streaming thread, and of others while the pads are inactive. */
  GstSegment segment;
  GstVideoInfo info;
  gboolean has_info;
  gint is_live; /* atomic: the worker reads it */
  gboolean knows_live;
  VlmSampler *sampler;
  guint64 next_epoch; /* of the sampler after this one */
  VlmMotion *motion;  /* NULL where motion does not matter */
  VlmGeometry geometry;
  VlmVideoBudget budget;
  VlmVideoPlan plan;
  guint frame_width; /* of the small copies; 0 until planned */
  guint frame_height;
  gboolean cannot_sample; /* said so; until the caps change */
  gboolean is_open;       /* something was sampled since the last cut */
  gboolean told_no_time;  /* since the stream started */
  /* Frames pass unwatched since this one, for this reason. */
  VlmInstant unwatched_since;
  GstVlmGapReason unwatched_reason;
  /* The newest frame, and the newest one with UTC since the last cut. */
  VlmInstant last;
  gint64 last_duration;
  VlmInstant last_utc;

  /* Lock order: this, then that of the worker or of an event pad. No message is
   * posted, no signal emitted and nothing pushed under it. */
  GMutex lock;
  GstVlmWorker *worker;
  guint generation;
  GPtrArray *pending; /* events for the next buffer */
  char *run;          /* UUID of this run, from READY to READY */
  guint64 n_records;  /* since the element was made */
  /* GstVlmEventPad. Never changed, but replaced: who holds it may walk it. */
  GPtrArray *outputs;
  GHashTable *output_names; /* also of pads that are being added */
  /* What a pad that comes later must be told first. */
  GstEvent *stream_start;
  GstSegment told_segment;
  gboolean ended;
  GstFlowCombiner *flow;
  guint32 seek_seqnum;
  guint64 n_asked;
  guint64 n_buffers;
  guint64 n_sampled;
  VlmRateDecision decision; /* the newest one */
  guint told_width;
  guint told_height;
  gint64 unwatched_ns;          /* passed without ever being in a window */
  GstVlmWorkerStats last_stats; /* while there is no worker */
  gboolean failed;              /* on-error=fail */
  char *progress_stage;
  int progress_percent;
};

/* gstvlmevents-props.c */
void gst_vlm_events_install_properties (GObjectClass *klass);
void gst_vlm_events_init_settings (GstVlmEvents *self);
void gst_vlm_events_clear_settings (GstVlmEvents *self);

/* gstvlmevents-rate.c */
/* Ids of properties from here on are those of the rate. */
#define GST_VLM_EVENTS_FIRST_RATE_PROP 200
void gst_vlm_events_install_rate (GObjectClass *klass);
void gst_vlm_events_init_rate (GstVlmEvents *self);
void gst_vlm_events_clear_rate (GstVlmEvents *self);
/* With the object lock; FALSE for a property that is none of these. */
gboolean
gst_vlm_events_set_rate (GstVlmEvents *self, guint id, const GValue *value);
gboolean gst_vlm_events_get_rate (GstVlmEvents *self, guint id, GValue *value);
/* Posts an error and returns FALSE where the settings make no sense. */
gboolean gst_vlm_events_check_rate (GstVlmEvents *self);
/* Plans for the caps, and makes a sampler. */
gboolean gst_vlm_events_plan_rate (GstVlmEvents *self, GError **error);
/* Whether to sample @buffer, as self->frame_width x frame_height. @motion: what
 * it shows, -1 when that is not known. FALSE also upon an error. */
gboolean gst_vlm_events_wants (GstVlmEvents *self, GstBuffer *buffer,
    gint64 stream_time, gint64 duration, float *motion, GError **error);
/* With the lock. */
void gst_vlm_events_add_rate (GstVlmEvents *self, GstStructure *stats);

/* gstvlmevents-questions.c */
/* Ids of properties from here on are those of the questions. */
#define GST_VLM_EVENTS_FIRST_QUESTION_PROP 100
void gst_vlm_events_install_questions (GObjectClass *klass);
/* With the object lock; FALSE for a property that is none of these. */
gboolean
gst_vlm_events_set_question (GstVlmEvents *self, guint id, const GValue *value);
gboolean
gst_vlm_events_get_question (GstVlmEvents *self, guint id, GValue *value);
/* Tells the worker what is asked now. */
void gst_vlm_events_update_questions (GstVlmEvents *self);
/* (transfer full) */
VlmQuestions *gst_vlm_events_get_questions (GstVlmEvents *self);
void gst_vlm_events_clear_questions (GstVlmEvents *self);

/* gstvlmevents-ask.c */
void gst_vlm_events_install_ask (GObjectClass *klass);
void gst_vlm_events_answer (gpointer user_data, guint64 id,
    const char *question, const VlmInstant *start, const VlmInstant *end,
    const char *answer, double confidence, const GError *error);

/* gstvlmevents-output.c */
void gst_vlm_events_install_signals (GObjectClass *klass);
extern const GstVlmWorkerFuncs gst_vlm_events_worker_funcs;
/* A span that was not watched, on every way out. */
void gst_vlm_events_report_gap (GstVlmEvents *self, GstVlmGapReason reason,
    const VlmInstant *start, const VlmInstant *end, guint generation);
/* An analysis or a frame failed; TRUE if the pipeline shall go on. */
gboolean gst_vlm_events_report_failure (
    GstVlmEvents *self, const char *what, const GError *error);
/* Puts what was found since the last buffer on this one. */
GstBuffer *gst_vlm_events_attach (GstVlmEvents *self, GstBuffer *buffer);

/* gstvlmevents-pads.c */
void gst_vlm_events_install_outputs (GstElementClass *klass);
void gst_vlm_events_init_outputs (GstVlmEvents *self);
void gst_vlm_events_clear_outputs (GstVlmEvents *self);
/* The pads of events that are there now, GstVlmEventPad; (transfer full). */
GPtrArray *gst_vlm_events_ref_outputs (GstVlmEvents *self);
gboolean
gst_vlm_events_src_event (GstPad *pad, GstObject *parent, GstEvent *event);
GstIterator *gst_vlm_events_iterate_links (GstPad *pad, GstObject *parent);

/* gstvlmevents-watch.c */
/* With the state: from READY up and down again. FALSE if it failed at once. */
gboolean gst_vlm_events_start_worker (GstVlmEvents *self);
void gst_vlm_events_end_worker (GstVlmEvents *self);
/* From buffers to windows, on the streaming thread. */
GstFlowReturn
gst_vlm_events_watch_buffer (GstVlmEvents *self, GstBuffer *buffer);
/* Whether what comes at @stream_time goes on where the last frame ended; a hole
 * too short to be seen by the sampling is none. */
gboolean gst_vlm_events_goes_on (GstVlmEvents *self, gint64 stream_time);
/* The stream is interrupted: what was sampled becomes a window, if short. */
GstFlowReturn gst_vlm_events_cut (GstVlmEvents *self);
/* Waits for what is under way, as long as the policy wants it. */
GstFlowReturn gst_vlm_events_drain (GstVlmEvents *self);
/* Forgets what was sampled. */
void gst_vlm_events_forget (GstVlmEvents *self);
GstVlmPolicy gst_vlm_events_get_policy (GstVlmEvents *self);

G_END_DECLS
