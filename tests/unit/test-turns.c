/* gst-vlm: the order in which sessions use the device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/turns.h"

/* A thread that wants one turn. */
typedef struct
{
  VlmTurns *turns;
  VlmTurnKind kind;
  char name;
  GString *log; /* guarded by the turn */
  GCancellable *cancellable;
  GThread *thread;
} Waiter;

static gpointer
take_one (gpointer data)
{
  Waiter *waiter = data;
  g_autoptr (GError) error = NULL;

  if (vlm_turns_take (
          waiter->turns, waiter->kind, waiter->cancellable, &error)) {
    g_string_append_c (waiter->log, waiter->name);
    vlm_turns_give_back (waiter->turns);
  } else {
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  }
  return NULL;
}

/* Returns when it waits. */
static void
start (Waiter *waiter)
{
  guint before = vlm_turns_get_n_waiting (waiter->turns, waiter->kind);

  waiter->thread = g_thread_new ("waiter", take_one, waiter);
  while (vlm_turns_get_n_waiting (waiter->turns, waiter->kind) == before)
    g_usleep (100);
}

/* Lower case wants bulk, upper case steps; they queue in this order after a turn
 * of @held. */
static char *
run_queue (const char *names, VlmTurnKind held, char cancelled)
{
  g_autoptr (VlmTurns) turns = vlm_turns_new ();
  GString *log = g_string_new (NULL);
  gsize n = strlen (names);
  g_autofree Waiter *waiters = g_new0 (Waiter, n);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_assert_true (vlm_turns_take (turns, held, NULL, NULL));
  for (gsize i = 0; i < n; i++) {
    waiters[i] = (Waiter){ .turns = turns,
      .kind = g_ascii_isupper (names[i]) ? VLM_TURN_STEP : VLM_TURN_BULK,
      .name = names[i],
      .log = log,
      .cancellable = names[i] == cancelled ? cancellable : NULL };
    start (&waiters[i]);
  }
  g_cancellable_cancel (cancellable);
  for (gsize i = 0; i < n; i++)
    if (names[i] == cancelled)
      g_thread_join (waiters[i].thread);
  vlm_turns_give_back (turns);
  for (gsize i = 0; i < n; i++)
    if (names[i] != cancelled)
      g_thread_join (waiters[i].thread);
  return g_string_free (log, FALSE);
}

static void
test_order (void)
{
  static const struct
  {
    const char *names;
    VlmTurnKind held;
    char cancelled;
    const char *order;
  } cases[] = {
    /* first come, first served */
    { "abcd", VLM_TURN_BULK, '-', "abcd" },
    { "ABCD", VLM_TURN_STEP, '-', "ABCD" },
    /* a step waits for one piece, however many came before it */
    { "abcdA", VLM_TURN_BULK, '-', "Aabcd" },
    { "abcdA", VLM_TURN_STEP, '-', "aAbcd" },
    /* and a piece for one step */
    { "ABCDa", VLM_TURN_STEP, '-', "aABCD" },
    { "abcdABCD", VLM_TURN_BULK, '-', "AaBbCcDd" },
    { "ABCDabcd", VLM_TURN_STEP, '-', "aAbBcCdD" },
    { "aABbC", VLM_TURN_BULK, '-', "AaBbC" },
    /* a cancelled thread does not hold up others */
    { "abcdA", VLM_TURN_BULK, 'A', "abcd" },
    { "abcdA", VLM_TURN_BULK, 'b', "Aacd" },
    { "a", VLM_TURN_BULK, 'a', "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *order =
        run_queue (cases[i].names, cases[i].held, cases[i].cancelled);

    g_assert_cmpstr (order, ==, cases[i].order);
  }
}

/* A turn that is free is taken at once, also by a cancelled caller; without turns
 * there is no wait. */
static void
test_free (void)
{
  g_autoptr (VlmTurns) turns = vlm_turns_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_assert_true (vlm_turns_take (NULL, VLM_TURN_BULK, NULL, NULL));
  vlm_turns_give_back (NULL);
  g_cancellable_cancel (cancellable);
  for (guint i = 0; i < 3; i++) {
    g_assert_true (vlm_turns_take (turns, VLM_TURN_BULK, cancellable, NULL));
    vlm_turns_give_back (turns);
  }
  g_assert_cmpuint (vlm_turns_get_n_taken (turns, VLM_TURN_BULK), ==, 3);
  g_assert_cmpuint (vlm_turns_get_n_taken (turns, VLM_TURN_STEP), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/turns/order", test_order);
  g_test_add_func ("/turns/free", test_free);
  return g_test_run ();
}
