/* gst-vlm: the questions of an evaluation, as vlmevents asks them
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tools/eval/sample.h"

/* Answers are greedy; all else is as the checkpoint says. Questions that follow
 * one another on the same frames share the work on them. */
typedef struct
{
  VlmModel *model;
  VlmSession *session;
  VlmGeometry geometry;
  VlmVideoLimits limits;
  gboolean verbose; /* print questions and answers on stdout */
  guint n_answers;
  guint n_rejected;   /* events and boxes that make no sense */
  guint n_unreadable; /* answers without a list of events or boxes */
  guint n_unfit;      /* answers that are not points, a number, Yes or No */
} EvalAsker;

gboolean eval_asker_init (EvalAsker *asker, const VlmModelParams *params,
    GCancellable *cancellable, GError **error);
void eval_asker_clear (EvalAsker *asker);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EvalAsker, eval_asker_clear)

/* A scene as a model sees it: on a grid of fps, in slices of two frames, the
 * last of which may repeat the last frame. */
typedef struct
{
  GPtrArray *frames; /* VlmFrame */
  GArray *times;     /* gint64 */
  gint64 duration;   /* of the slots */
  double length;     /* of the scene, s: later times are cut off */
} EvalClip;

EvalClip *eval_clip_new (const EvalAsker *asker, const EvalSample *sample,
    double fps, GError **error);
void eval_clip_free (EvalClip *clip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalClip, eval_clip_free)

/* Array of EvalEvent, with the labels that the descriptions begin with; seconds
 * from the first slot. (transfer full) */
GArray *eval_asker_ask_events (EvalAsker *asker, const EvalClip *clip,
    const char *query, GCancellable *cancellable, GError **error);

/* Array of VlmRect, in pixels of the frame. (transfer full) */
GArray *eval_asker_ask_boxes (EvalAsker *asker, VlmFrame *frame,
    const char *label, GCancellable *cancellable, GError **error);

typedef enum
{
  EVAL_SAYS_NEITHER,
  EVAL_SAYS_YES,
  EVAL_SAYS_NO,
} EvalSays;

/* About a video or a picture: one of @clip and @frame is NULL. */
gboolean eval_asker_ask_yes_no (EvalAsker *asker, const EvalClip *clip,
    VlmFrame *frame, const char *statement, EvalSays *says,
    GCancellable *cancellable, GError **error);

/* @points: array of EvalPoint, in pixels of the frame, or NULL if the answer is
 * not a list. */
gboolean
eval_asker_ask_points (EvalAsker *asker, VlmFrame *frame, const char *label,
    GArray **points, GCancellable *cancellable, GError **error);

/* @label: NULL for everything. @count is -1 if the answer is not a number. */
gboolean eval_asker_ask_count (EvalAsker *asker, VlmFrame *frame,
    const char *label, gint *count, GCancellable *cancellable, GError **error);
