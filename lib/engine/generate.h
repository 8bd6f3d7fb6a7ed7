/* gst-vlm: the loop that writes an answer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-session.h>

#include "engine/limits.h"
#include "engine/sampling.h"
#include "engine/scheduler.h"
#include "engine/trace.h"
#include "grammar/token-mask.h"
#include "model/context.h"
#include "text/tokenizer.h"

/* Everything the loop needs; the caller owns it all. */
typedef struct
{
  VlmContext *context;
  VlmScheduler *scheduler;
  const VlmTokenizer *tokenizer;
  const VlmConfig *config;
  const VlmNnTensor *features; /* nullable */
  VlmMatcher *matcher;         /* nullable: free text */
  VlmLimiter limiter;          /* of what the matcher allows */
  VlmModelTaps *taps;          /* nullable: of the context; keep what writes */
  VlmSampling sampling;
  guint64 seed;
  guint max_tokens;
  guint32 *seen;        /* bit set of the prompt's tokens; grows */
  const guint32 *valid; /* bit set of tokens that exist; NULL for all */
  guint n_vocab;
  const VlmWork *work; /* nullable */
} VlmDecodeJob;

typedef struct
{
  GString *text;
  GArray *trace;    /* VlmTokenTrace */
  GArray *answer;   /* gint32: its tokens, in the context or not yet */
  GArray *ends;     /* gsize: bytes of the text with each of them */
  GArray *appended; /* gint32: tokens of the answer that the context holds */
  guint n_tokens;
  guint n_forced;   /* which the grammar forced */
  gboolean stopped; /* the model ended, or the grammar was complete */
  gint64 vision_us;
  gint64 prefill_us;
  gint64 decode_us;
} VlmTranscript;

void vlm_transcript_init (VlmTranscript *out);
void vlm_transcript_clear (VlmTranscript *out);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VlmTranscript, vlm_transcript_clear)

/* Appends ids[first …] of the prompt (feature rows as -1 - row) and then writes
 * the answer after it. What was appended is valid in @out also on error. */
gboolean vlm_generate (VlmDecodeJob *job, const GArray *ids,
    const VlmPositions *positions, guint first, VlmTranscript *out,
    GError **error);
