/* gst-vlm: vlmevents, what its files share
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstflowcombiner.h>
#include <gst/video/video.h>
#include <vlm/vlm-analyzer.h>
#include <vlm/vlm-camera.h>

#include "elements/gstvlmevents.h"
#include "elements/gstvlmworker.h"
#include "util/gstvlmdelay.h"
#include "util/gstvlmeventpad.h"
#include "util/gstvlmgate.h"
#include "util/gstvlmplacer.h"
#include "util/gstvlmrefiner.h"
#include "util/gstvlmsnapshots.h"
#include "util/gstvlmtrigger.h"
#include "util/gstvlmwindower.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (gst_vlm_events_debug);

#define GST_VLM_TYPE_CAMERA_STATES (gst_vlm_camera_states_get_type ())

GType gst_vlm_camera_states_get_type (void);

typedef struct _GstVlmEventsCamera GstVlmEventsCamera;

/* The kinds of answers there are; 0 are events. */
#define GST_VLM_TYPE_TASK (gst_vlm_task_get_type ())

GType gst_vlm_task_get_type (void);

#define GST_VLM_TYPE_TRIGGER_MODE (gst_vlm_trigger_mode_get_type ())

/**
 * GstVlmTriggerMode:
 * @GST_VLM_TRIGGER_ALWAYS: analyse all windows
 * @GST_VLM_TRIGGER_EXTERNAL: analyse windows around what a detector or an
 *   application reports
 *
 * What decides which windows are analysed.
 */
typedef enum
{
  GST_VLM_TRIGGER_ALWAYS,
  GST_VLM_TRIGGER_EXTERNAL,
} GstVlmTriggerMode;

GType gst_vlm_trigger_mode_get_type (void);

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

/* gstvlmevents-props.c has the table of all of them. */
typedef struct
{
  char *model;
  char *mmproj;
  VlmModelWeights weights;
  VlmKvCache kv_cache;
  VlmPrecision precision;
  char *device;
  VlmRemoteServer server; /* of a model on another machine, to the next gap */
  char *api_key_file;
  char *ca_file;
  VlmBoxSpace box_space;
  guint max_requests;
  double request_timeout;

  char *stream_label;

  /* The questions. */
  char *prompt;
  char *query;
  char *queries; /* several, with ; between them */
  guint max_tokens;
  gboolean ground;
  char *conditions; /* likewise */
  gint task;        /* a value of GST_VLM_TYPE_TASK */
  char *schema_file;
  char *system_prompt;
  char *language;
  double temperature;
  guint64 seed;
  gboolean answers; /* report all questions and answers */
  double on_threshold;
  double off_threshold;
  guint confirm;
  double cooldown;
  gboolean locate;

  /* Windows, and how many frames of which size are in them. */
  double window;
  double hop;
  double context;
  char *fps;
  guint min_fps[2];
  guint max_fps[2];
  guint64 min_pixels;
  guint64 max_pixels;
  guint max_frames;
  guint max_video_tokens;
  gboolean skip_still;
  gboolean refine;
  GstVlmTriggerMode trigger;
  char *trigger_label; /* several, with ; between them */
  double trigger_before;
  double trigger_after;
  char *mask; /* polygons, as vlm_regions_parse() takes them */
  char *zone;
  guint camera_events; /* VlmCameraStates */
  gboolean snapshots;
  gboolean snapshot_boxes;
  char *snapshot_location; /* a folder */

  gboolean delay_video;
  double delay_margin;
  guint64 delay_bytes;

  GstVlmPolicy policy;
  guint max_queue;
  GstVlmOnError on_error;
  double min_confidence;
  double eos_drain_timeout;
} GstVlmEventsSettings;

struct _GstVlmEvents
{
  GstElement parent;

  GstPad *sinkpad;
  GstPad *srcpad;

  /* Under the object lock. */
  GstVlmEventsSettings settings;
  guint64 query_version; /* grows with each change of the questions */
  VlmAnalyzer *analyzer;
  double model_min_confidence; /* of the model that is loaded */
  char *schema;                /* what is in schema-file, since the start */
  gint regions_version; /* atomic: grows with each change of mask or zone */

  /* Of the streaming thread, and of others while the pads are inactive. */
  GstVlmWindower *windower;   /* as long as there is a worker */
  GstVlmRefiner *refiner;     /* likewise, with refine */
  guint frames_per_slice;     /* of the model, when something was sampled */
  GstVlmEventsCamera *camera; /* likewise, if camera-events is set */
  gint is_live;               /* atomic: the worker reads it */
  gboolean knows_live;
  gboolean warned_no_time;  /* since the stream started */
  GstClockTime standing_at; /* of the last frame, and how many */
  guint n_standing;         /* before it had the same */
  GstVlmDelay *delay;       /* while there is a worker, with delay-video */
  gint64 delay_window;      /* as set when it started, as the two next ones */
  gint64 delay_hop;
  gint64 delay_margin;
  gboolean warned_small;  /* of delay-bytes */
  GstVlmTrigger *trigger; /* with trigger=external; set under the lock, too */
  gint64 trigger_before;  /* as it was when that started, 0 without */
  char **trigger_labels;
  GQueue kept_events;    /* GstEvent, that a flush found on their way out */
  GstVideoInfo out_info; /* of what leaves, on the thread that sends it */
  gint regions_followed; /* version that the windower has */
  char *mask_text;       /* that it has, as the next one */
  char *zone_text;
  GstEvent *front_regions; /* of an upstream element */
  gboolean must_send_regions;
  gboolean sent_regions; /* since the stream started */

  /* Lock order: this, then that of the worker or of an event pad. No message is
   * posted, no signal emitted and nothing pushed under it. */
  GMutex lock;
  GstVlmWorker *worker;
  guint generation;
  GPtrArray *pending;         /* events for the next buffer */
  GPtrArray *pending_answers; /* VlmAnswerRecord, likewise */
  GstVlmPlacer *placer; /* events for their own buffers, with delay-video */
  GstVlmGate *gate;
  GstVlmSnapshots *snapshots; /* has a lock of its own */
  char *run;                  /* UUID of this run, from READY to READY */
  guint64 n_records;          /* since the element was made */
  /* GstVlmEventPad. Replaced, never changed: a reference can be iterated over. */
  GPtrArray *outputs;
  GHashTable *output_names; /* also of pads that are being added */
  /* What a later pad must receive first. */
  GstEvent *stream_start;
  GstEvent *subjects; /* the subjects of events, for downstream */
  GstSegment sent_segment;
  guint video_width;
  guint video_height;
  gboolean ended;
  GstFlowCombiner *flow;
  guint32 seek_seqnum;
  guint64 n_asked;
  guint64 n_buffers;
  guint64 n_sampled;
  VlmRateDecision decision; /* the newest one */
  guint decided_width;
  guint decided_height;
  guint64 unwatched_ns;         /* passed without ever being in a window */
  GstVlmWorkerStats last_stats; /* while there is no worker */
  gboolean failed;              /* on-error=fail */
  char *progress_stage;
  int progress_percent;
};

/* gstvlmevents-props.c */
void gst_vlm_events_install_properties (GObjectClass *klass);
void gst_vlm_events_init_settings (GstVlmEvents *self);
void gst_vlm_events_clear_settings (GstVlmEvents *self);

/* gstvlmevents-check.c */
/* Borrows what @settings have. */
VlmModelParams gst_vlm_events_get_model (const GstVlmEventsSettings *settings);
/* Posts an error and returns FALSE where the settings cannot work, and a warning
 * where one has no effect. */
gboolean gst_vlm_events_check_settings (
    GstVlmEvents *self, GstVlmWindowerParams *windows);
/* Whether still windows are glanced at. */
gboolean gst_vlm_events_refines (const GstVlmEventsSettings *settings);
void gst_vlm_events_check_questions (GstVlmEvents *self);
/* (transfer full) (nullable): what the error would be */
char *gst_vlm_events_find_error (GstVlmEvents *self);

/* gstvlmevents-regions.c */
/* (transfer full) (nullable): what is wrong with mask or zone */
char *gst_vlm_events_find_region_error (const GstVlmEventsSettings *settings);
/* Gives a new windower its mask and zone. */
void gst_vlm_events_start_regions (GstVlmEvents *self);
/* Applies a change, and announces it downstream; on the streaming thread,
 * before a frame. */
void gst_vlm_events_follow_regions (GstVlmEvents *self);
/* Has the regions sent again, after a new stream or other caps. */
void gst_vlm_events_repeat_regions (GstVlmEvents *self);
/* Whether @event has regions of an upstream element, which are then sent along
 * with those of this one. */
gboolean gst_vlm_events_take_regions (GstVlmEvents *self, GstEvent *event);

/* gstvlmevents-trigger.c */
/* When the analysis starts and ends. */
void gst_vlm_events_start_trigger (GstVlmEvents *self);
void gst_vlm_events_end_trigger (GstVlmEvents *self);
/* Whether @event is a trigger, which then takes effect. Any thread. */
gboolean gst_vlm_events_take_trigger (GstVlmEvents *self, GstEvent *event);
/* On the streaming thread: @buffer was announced to the windower. */
void gst_vlm_events_look_for_trigger (GstVlmEvents *self, GstBuffer *buffer);

/* gstvlmevents-snapshots.c */
/* (transfer full) (nullable): what is wrong with the folder, which is made */
char *gst_vlm_events_find_snapshot_error (const GstVlmEventsSettings *settings);
/* On the thread of the worker, without a lock: gives @event a picture, if that
 * is wanted. */
void gst_vlm_events_add_snapshot (
    GstVlmEvents *self, const VlmWindow *window, VlmEvent *event);

/* gstvlmevents-camera.c */
/* Before the element runs, and after. */
void gst_vlm_events_init_camera (GstVlmEvents *self);
void gst_vlm_events_clear_camera (GstVlmEvents *self);
/* While it plays and upstream is live: notices when no frame comes. */
void gst_vlm_events_start_camera_timer (GstVlmEvents *self);
void gst_vlm_events_stop_camera_timer (GstVlmEvents *self);
/* On the streaming thread: a buffer came; a frame was sampled; the stream is
 * over. */
void gst_vlm_events_note_arrival (GstVlmEvents *self);
void gst_vlm_events_show_camera (GstVlmEvents *self, const VlmFrame *frame);
void gst_vlm_events_finish_camera (GstVlmEvents *self);

/* gstvlmevents-questions.c */
/* (transfer full): the current questions */
VlmQuestions *gst_vlm_events_get_questions (GstVlmEvents *self);
/* (transfer full) (nullable): what is wrong with task or schema-file */
char *gst_vlm_events_find_task_error (const GstVlmEventsSettings *settings);
/* At the start, after that found nothing wrong. */
void gst_vlm_events_read_schema (GstVlmEvents *self);
/* Passes them to the worker, and what events can be about to the events pads. */
void gst_vlm_events_update_questions (GstVlmEvents *self);
/* To the events pads only, after a change of stream-label. */
void gst_vlm_events_update_subjects (GstVlmEvents *self);

/* gstvlmevents-ask.c */
void gst_vlm_events_install_ask (GObjectClass *klass);
/* The signal; @id: 0 for questions that do not come from the signal `ask` */
void gst_vlm_events_emit_answer (
    GstVlmEvents *self, guint64 id, const GstStructure *answer);
void gst_vlm_events_answer (gpointer user_data, guint64 id,
    const char *question, const VlmInstant *start, const VlmInstant *end,
    const char *answer, double confidence, const GError *error);

/* gstvlmevents-output.c */
void gst_vlm_events_install_signals (GObjectClass *klass);
extern const GstVlmWorkerFuncs gst_vlm_events_worker_funcs;
/* From the end of @window (nullable) to now, -1 where that means nothing. */
double
gst_vlm_events_get_latency_ms (GstVlmEvents *self, const VlmWindow *window);
/* (transfer full) (nullable) */
char *gst_vlm_events_dup_stream_label (GstVlmEvents *self);
/* Adds a region with the part of @rect that is in the frame; NULL if there is
 * none. @type: a literal, because its quark is never freed. */
GstVideoRegionOfInterestMeta *gst_vlm_events_add_region (GstVlmEvents *self,
    GstBuffer *buffer, const char *type, gint id, const VlmRect *rect);
/* A span that was not analysed, on every output. */
void gst_vlm_events_report_gap (GstVlmEvents *self, GstVlmGapReason reason,
    const VlmInstant *start, const VlmInstant *end, guint generation);
/* Fills in the rest of @report. @uid: NULL where it begins, and then set.
 * (transfer full): the message to post */
GstMessage *gst_vlm_events_report_camera (
    GstVlmEvents *self, VlmCameraReport *report, char **uid);
/* An analysis or a frame failed; TRUE if the pipeline shall continue. */
gboolean gst_vlm_events_report_failure (
    GstVlmEvents *self, const char *what, const GError *error);
/* Puts what was found since the last buffer on this one. */
GstBuffer *gst_vlm_events_attach (GstVlmEvents *self, GstBuffer *buffer);
/* Puts these VlmEvents on @buffer: @records as metadata, @boxes as regions. */
GstBuffer *gst_vlm_events_attach_events (GstVlmEvents *self, GstBuffer *buffer,
    GPtrArray *records, GPtrArray *boxes);

/* gstvlmevents-answers.c */
/* VlmAnswerRecord; (transfer full) */
GPtrArray *gst_vlm_events_new_answers (void);
/* Of the worker: GstVlmWorkerFuncs.asked */
void gst_vlm_events_report_answers (gpointer user_data, const VlmWindow *window,
    GPtrArray *records, guint generation);
/* Puts the answers about times before @until, in stream time, on @buffer, and
 * takes ownership of it. On the thread on which video leaves. */
GstBuffer *gst_vlm_events_attach_answers (
    GstVlmEvents *self, GstBuffer *buffer, gint64 until);

/* gstvlmevents.c */
/* On the thread on which video leaves; both take ownership of the argument. */
GstFlowReturn
gst_vlm_events_send_buffer (GstVlmEvents *self, GstBuffer *buffer);
gboolean gst_vlm_events_send_event (GstVlmEvents *self, GstEvent *event);
/* The same without sending it: what the outputs get. */
void gst_vlm_events_note_event (GstVlmEvents *self, GstEvent *event);

/* gstvlmevents-delay.c */
void gst_vlm_events_init_delay (GstVlmEvents *self);
/* When the analysis starts and ends. */
void gst_vlm_events_start_delay (GstVlmEvents *self);
void gst_vlm_events_end_delay (GstVlmEvents *self);
/* Posts an error and returns FALSE where a window of such frames is too much. */
gboolean
gst_vlm_events_check_delay (GstVlmEvents *self, const GstVideoInfo *info);
/* Keeps a copy of @buffer, which then waits for its window. Nothing without
 * delay-video, as the next one. */
GstFlowReturn
gst_vlm_events_delay_buffer (GstVlmEvents *self, GstBuffer *buffer);
/* @window is complete; a ticket for it. */
guint64
gst_vlm_events_delay_window (GstVlmEvents *self, const VlmWindow *window);
/* After the flush was sent: waits until the task has returned from downstream. */
void gst_vlm_events_flush_delay (GstVlmEvents *self);
/* After the end of the flush was sent. */
void gst_vlm_events_resume_delay (GstVlmEvents *self);

/* gstvlmevents-pads.c */
void gst_vlm_events_install_outputs (GstElementClass *klass);
void gst_vlm_events_init_outputs (GstVlmEvents *self);
void gst_vlm_events_clear_outputs (GstVlmEvents *self);
/* The pads of events that are there now, GstVlmEventPad; (transfer full). */
GPtrArray *gst_vlm_events_ref_outputs (GstVlmEvents *self);
gboolean
gst_vlm_events_src_event (GstPad *pad, GstObject *parent, GstEvent *event);
GstIterator *gst_vlm_events_iterate_links (GstPad *pad, GstObject *parent);

/* gstvlmevents-analysis.c */
/* With the state: from READY up and down again. FALSE if it failed at once. */
gboolean gst_vlm_events_start_analysis (GstVlmEvents *self);
/* First, while the pads are active: ends open events, wakes waiting threads. */
void gst_vlm_events_stop_analysis (GstVlmEvents *self);
void gst_vlm_events_end_analysis (GstVlmEvents *self);
/* From buffers to windows, on the streaming thread. */
GstFlowReturn gst_vlm_events_see_buffer (GstVlmEvents *self, GstBuffer *buffer);
/* TRUE if it differs from before; then what was sampled became windows. */
gboolean gst_vlm_events_set_info (GstVlmEvents *self, const GstVideoInfo *info);
gboolean
gst_vlm_events_set_segment (GstVlmEvents *self, const GstSegment *segment);
/* The stream is interrupted: what was sampled becomes a window, if short. */
GstFlowReturn gst_vlm_events_cut (GstVlmEvents *self);
/* Waits for what is being analysed, as long as the policy wants it. */
GstFlowReturn gst_vlm_events_drain (GstVlmEvents *self);
GstVlmPolicy gst_vlm_events_get_policy (GstVlmEvents *self);
/* Queried once per stream. */
gboolean gst_vlm_events_is_live (GstVlmEvents *self);

G_END_DECLS
