/* gst-vlm: the order in which sessions use the device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/turns.h"

/* How late a cancelled wait may notice. */
#define CANCEL_SLICE_US (5 * 1000)

struct _VlmTurns
{
  GMutex lock;
  GCond changed;
  GQueue waiting[VLM_TURN_N_KINDS]; /* gboolean *: granted */
  guint64 n_taken[VLM_TURN_N_KINDS];
  gboolean is_taken;
  VlmTurnKind last;
};

VlmTurns *
vlm_turns_new (void)
{
  VlmTurns *turns = g_new0 (VlmTurns, 1);

  g_mutex_init (&turns->lock);
  g_cond_init (&turns->changed);
  for (guint kind = 0; kind < VLM_TURN_N_KINDS; kind++)
    g_queue_init (&turns->waiting[kind]);
  return turns;
}

void
vlm_turns_free (VlmTurns *turns)
{
  if (turns == NULL)
    return;
  g_assert (!turns->is_taken);
  g_mutex_clear (&turns->lock);
  g_cond_clear (&turns->changed);
  g_free (turns);
}

/* With the lock held and nobody's turn. */
static void
grant_next (VlmTurns *turns)
{
  VlmTurnKind other =
      turns->last == VLM_TURN_STEP ? VLM_TURN_BULK : VLM_TURN_STEP;
  VlmTurnKind kind =
      g_queue_is_empty (&turns->waiting[other]) ? turns->last : other;
  gboolean *granted = g_queue_pop_head (&turns->waiting[kind]);

  if (granted == NULL)
    return;
  *granted = TRUE;
  turns->is_taken = TRUE;
  turns->last = kind;
  turns->n_taken[kind]++;
  g_cond_broadcast (&turns->changed);
}

/* With the lock held. FALSE when @cancellable came first. */
static gboolean
wait_granted (VlmTurns *turns, VlmTurnKind kind, const gboolean *granted,
    GCancellable *cancellable)
{
  while (!*granted) {
    if (cancellable == NULL) {
      g_cond_wait (&turns->changed, &turns->lock);
    } else if (g_cancellable_is_cancelled (cancellable)) {
      g_queue_remove (&turns->waiting[kind], granted);
      return FALSE;
    } else {
      g_cond_wait_until (&turns->changed, &turns->lock,
          g_get_monotonic_time () + CANCEL_SLICE_US);
    }
  }
  return TRUE;
}

gboolean
vlm_turns_take (VlmTurns *turns, VlmTurnKind kind, GCancellable *cancellable,
    GError **error)
{
  gboolean granted = FALSE;
  gboolean good;

  if (turns == NULL)
    return TRUE;
  g_mutex_lock (&turns->lock);
  g_queue_push_tail (&turns->waiting[kind], &granted);
  if (!turns->is_taken)
    grant_next (turns);
  good = wait_granted (turns, kind, &granted, cancellable);
  g_mutex_unlock (&turns->lock);
  if (!good)
    g_cancellable_set_error_if_cancelled (cancellable, error);
  return good;
}

void
vlm_turns_give_back (VlmTurns *turns)
{
  if (turns == NULL)
    return;
  g_mutex_lock (&turns->lock);
  g_assert (turns->is_taken);
  turns->is_taken = FALSE;
  grant_next (turns);
  g_mutex_unlock (&turns->lock);
}

guint
vlm_turns_get_n_waiting (VlmTurns *turns, VlmTurnKind kind)
{
  guint n;

  g_mutex_lock (&turns->lock);
  n = turns->waiting[kind].length;
  g_mutex_unlock (&turns->lock);
  return n;
}

guint64
vlm_turns_get_n_taken (VlmTurns *turns, VlmTurnKind kind)
{
  guint64 n;

  g_mutex_lock (&turns->lock);
  n = turns->n_taken[kind];
  g_mutex_unlock (&turns->lock);
  return n;
}
