/* gst-vlm: the order in which sessions use the device
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All sessions of one net share the device's queue. A turn is one submission,
 * from submitting until it is done. Turns alternate between two kinds of work,
 * so that neither waits for more than one turn of the other, and within a kind
 * follow the order of arrival: a prompt of thousands of tokens, which takes many
 * turns, does not delay answers that are being written. A session that waits
 * for something other than its turn delays nobody. Thread-safe. */
#pragma once

#include <gio/gio.h>

typedef enum
{
  VLM_TURN_BULK, /* a piece of a prompt or of pictures */
  VLM_TURN_STEP, /* the next tokens of answers */
} VlmTurnKind;

#define VLM_TURN_N_KINDS 2

typedef struct _VlmTurns VlmTurns;

VlmTurns *vlm_turns_new (void);
void vlm_turns_free (VlmTurns *turns);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmTurns, vlm_turns_free)

/* Waits for a turn, which must be given back. FALSE only if @cancellable is
 * cancelled. NULL @turns: no other session uses the device, and there is no
 * wait. */
gboolean vlm_turns_take (VlmTurns *turns, VlmTurnKind kind,
    GCancellable *cancellable, GError **error);
void vlm_turns_give_back (VlmTurns *turns);

/* How many wait now, and how many turns there were. */
guint vlm_turns_get_n_waiting (VlmTurns *turns, VlmTurnKind kind);
guint64 vlm_turns_get_n_taken (VlmTurns *turns, VlmTurnKind kind);
