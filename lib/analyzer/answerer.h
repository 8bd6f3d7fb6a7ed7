/* gst-vlm: what answers a question about video or a picture
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The analyzer decides about the questions and what is done with the answers;
 * an answerer only answers. One may run a model on a device of this machine
 * (answerer-local.c), another may query a server: the analyzer knows neither
 * devices nor tokens. One thread at a time. */
#pragma once

#include <gio/gio.h>
#include <vlm/vlm-answer-record.h>
#include <vlm/vlm-model-params.h>
#include <vlm/vlm-prompt.h>
#include <vlm/vlm-questions.h>
#include <vlm/vlm-sampler.h>

#include "analyzer/reading.h"
#include "engine/trace.h"
#include "grammar/answer-kind.h"

/* A question about a window, as a video, or about a picture. Borrowed. */
typedef struct
{
  const VlmWindow *window; /* NULL where there is a picture */
  VlmFrame *picture;
  const char *question;
  const VlmAnswerKind *kind;
  const char *detail; /* of the kind; nullable */
  guint max_items;    /* as in VlmAnswerBounds */
  guint max_tokens;   /* longest answer, 0 for the default */
  /* The unit of boxes in the answer: _THOUSANDTHS of the picture, else
   * pixels. */
  VlmBoxSpace box_space;
  /* The window is not the video of the questions before: what is kept of that
   * video stays. */
  gboolean is_apart;

  /* For its record: the window whose times it has, if that is not @window; the
   * query in the question; and whether the answer itself is a result for the
   * user. Nullable. */
  const VlmWindow *about;
  const char *query;
  gboolean is_result;
} VlmRequest;

typedef struct
{
  char *text;
  GArray *trace; /* VlmTokenTrace; NULL: it is not known how sure it is */
  VlmUsage usage;
  guint max_tokens;    /* there might have been */
  gboolean is_cut_off; /* max_tokens ended it */

  /* Set by vlm_answerer_answer(): the parsed answer, or else why there is
   * none. */
  VlmReading *reading;
  GError *problem;
} VlmReply;

void vlm_reply_free (VlmReply *reply);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmReply, vlm_reply_free)

/* The side of a picture whose boxes are in thousandths. */
#define VLM_BOX_THOUSAND 1000u

/* The bounds of the form of the answer to @request. */
VlmAnswerBounds vlm_request_get_bounds (const VlmRequest *request);
typedef struct _VlmAnswerer VlmAnswerer;

typedef struct
{
  /* (transfer full). VLM_INFER_ERROR; VLM_REMOTE_ERROR; VLM_EVENT_ERROR for an
   * answer of another form; VLM_DEVICE_ERROR_OUT_OF_MEMORY where a shorter video
   * might do; G_IO_ERROR_CANCELLED soon after @cancellable. */
  VlmReply *(*answer) (VlmAnswerer *self, const VlmRequest *request,
      GCancellable *cancellable, GError **error);
  void (*free) (VlmAnswerer *self);
  /* How probable each choice of the kind is as the answer; nullable, with the
   * one below. @usage is zero before. Errors as those of answer. */
  gboolean (*weigh) (VlmAnswerer *self, const VlmRequest *request,
      double *probabilities, VlmUsage *usage, GCancellable *cancellable,
      GError **error);
  /* FALSE with VLM_LOAD_ERROR_UNSUPPORTED or VLM_REMOTE_ERROR where it can never
   * do that. */
  gboolean (*can_weigh) (VlmAnswerer *self, const VlmAnswerKind *kind,
      GCancellable *cancellable, GError **error);
  /* How it learns the times of the frames of @window, as in the records; static.
   * Nullable: "mrope". */
  const char *(*get_time_basis) (VlmAnswerer *self, const VlmWindow *window);
  /* The unit of boxes in @frame: _NONE if that is not known, and boxes are not
   * used; _AUTO with an error. Nullable: pixels of the frame. */
  VlmBoxSpace (*find_box_space) (VlmAnswerer *self, const VlmFrame *frame,
      GCancellable *cancellable, GError **error);
} VlmAnswererClass;

/* The first member of each answerer; set by its constructor, constant from then
 * on. */
struct _VlmAnswerer
{
  const VlmAnswererClass *klass;
  char *model;           /* its name */
  guint context_windows; /* that it may look at as one video; 0: the default */
  VlmGeometry geometry;  /* what frames must look like */
  gint64 trained_ns;     /* longest video it was trained on, 0 if unknown */
  double min_confidence; /* of what it is worth reporting; 0 if unknown */
  /* motion is more reliable than its boxes */
  gboolean boxes_follow_motion;
  /* Nor are the times of reports with this label reliable where something comes
   * and goes; nullable, borrowed. */
  const char *times_follow_motion;
  guint max_vision; /* tokens of frames in one question */

  /* Settings of questions, see VlmQuestions; they change between questions. */
  char *system;
  char *language;
  double temperature; /* < 0 for the checkpoint's default */
  guint64 seed;

  /* VlmAnswerRecord: questions since they were last taken; NULL: none. Used by
   * vlm_answerer_answer() and vlm_answerer_weigh() only. */
  GPtrArray *records;
};

/* The question comes after the video, so all questions about a window share what
 * is before it. (transfer full) */
VlmPrompt *
vlm_answerer_make_prompt (const VlmAnswerer *self, const VlmRequest *request);
void vlm_answerer_set_manner (VlmAnswerer *self, const VlmQuestions *questions);

VlmReply *vlm_answerer_answer (VlmAnswerer *self, const VlmRequest *request,
    GCancellable *cancellable, GError **error);
/* @request: of a kind that has choices; one probability for each.
 * VLM_LOAD_ERROR_UNSUPPORTED if it cannot do that. */
gboolean vlm_answerer_weigh (VlmAnswerer *self, const VlmRequest *request,
    double *probabilities, GCancellable *cancellable, GError **error);
gboolean vlm_answerer_can_weigh (VlmAnswerer *self, const VlmAnswerKind *kind,
    GCancellable *cancellable, GError **error);
const char *
vlm_answerer_get_time_basis (VlmAnswerer *self, const VlmWindow *window);
VlmBoxSpace vlm_answerer_find_box_space (VlmAnswerer *self,
    const VlmFrame *frame, GCancellable *cancellable, GError **error);
/* Questions and answers since the last call: VlmAnswerRecord, in order.
 * (transfer full) */
GPtrArray *vlm_answerer_take_records (VlmAnswerer *self);
/* NULL-safe. */
void vlm_answerer_free (VlmAnswerer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmAnswerer, vlm_answerer_free)
