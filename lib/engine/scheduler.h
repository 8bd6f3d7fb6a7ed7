/* gst-vlm: one model's device, shared by its sessions
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Prompts go through the decoder in pieces, each in a turn of its own
 * (model/turns.h). Steps of answers are run in batches: sessions with a step
 * ready when the turn comes take part, and the batch waits only for members of
 * the batch before, for a fraction of the time that it took. There is no
 * thread for it: a session that finds that no batch is running runs one.
 * Thread-safe. */
#pragma once

#include "model/stepper.h"
#include "model/turns.h"

/* Answers of one batch. */
#define VLM_SCHEDULER_MAX_BATCH 8

typedef struct _VlmScheduler VlmScheduler;

VlmScheduler *vlm_scheduler_new (VlmNet *net);
/* When it is no longer used. */
void vlm_scheduler_free (VlmScheduler *scheduler);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmScheduler, vlm_scheduler_free)

/* For vlm_context_set_turns() and the like. */
VlmTurns *vlm_scheduler_get_turns (VlmScheduler *scheduler);

/* The writer of one answer; a plain struct, zero to begin with. */
typedef struct
{
  guint64 batch; /* the last one it was in; 0: it is not expected again */
} VlmWriter;

/* As vlm_context_append() of a @span without features, together with the
 * steps of others. @writer is expected to come back for the next step, until
 * vlm_scheduler_leave(). Cancelled, the context is as before. */
gboolean vlm_scheduler_step (VlmScheduler *scheduler, VlmWriter *writer,
    VlmContext *context, const VlmTokenSpan *span, const VlmChoose *choose,
    VlmNnChoice *choice, GCancellable *cancellable, GError **error);
void vlm_scheduler_leave (VlmScheduler *scheduler, VlmWriter *writer);

typedef struct
{
  guint64 n_batches;
  guint64 n_steps; /* in them */
  guint largest_batch;
  guint n_waiting; /* steps, now */
} VlmSchedulerStats;

void
vlm_scheduler_get_stats (VlmScheduler *scheduler, VlmSchedulerStats *stats);
