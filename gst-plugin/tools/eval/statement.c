/* gst-vlm: what is true of a scene of an evaluation, and what is not
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/eval/statement.h"

#include <string.h>

#include "tools/eval/metrics.h"

typedef enum
{
  DOES_ENTER,
  DOES_LEAVE,
  DOES_APPEAR,
  DOES_DISAPPEAR,
  N_DEEDS
} Deed;

static const char *const verbs[N_DEEDS] = { "enters", "leaves", "appears",
  "disappears" };

static void
clear_statement (gpointer data)
{
  g_free (((EvalStatement *) data)->text);
}

static void
add (GArray *list, const char *label, const char *does, gboolean truth)
{
  EvalStatement statement = { NULL, truth };

  statement.text = g_strdup_printf (
      "%s %s %s", strchr ("aeiou", label[0]) != NULL ? "an" : "a", label, does);
  g_array_append_val (list, statement);
}

static gboolean
says (const EvalEvent *event, const char *word)
{
  return strstr (event->description, word) != NULL;
}

/* An object that crosses enters and leaves. Descriptions do not always say how an
 * object went. */
static gboolean
has_done (const EvalEvent *event, gboolean to_the_end, Deed deed)
{
  switch (deed) {
  case DOES_ENTER:
    return says (event, " enters") || says (event, " crosses");
  case DOES_LEAVE:
    return says (event, " leaves") || says (event, " crosses");
  case DOES_APPEAR:
    return says (event, " appears");
  case DOES_DISAPPEAR:
    return !to_the_end && !says (event, " leaves") && !says (event, " crosses");
  default:
    g_assert_not_reached ();
  }
}

static gboolean
anyone_has (const EvalSample *sample, const char *label, Deed deed)
{
  for (guint i = 0; i < sample->events->len; i++) {
    const EvalEvent *event = &g_array_index (sample->events, EvalEvent, i);

    if (g_str_equal (event->label, label) &&
        has_done (event, vlm_scene_get_event (sample->scene, i)->in_view_at_end,
            deed))
      return TRUE;
  }
  return FALSE;
}

/* Every other scene has a true one, if one of the objects does any of these. */
static void
add_deed (GArray *list, const EvalSample *sample)
{
  gboolean wanted = sample->seed % 2 == 0;
  guint first = (guint) (sample->seed / 2 % N_DEEDS);

  for (guint i = 0; i < N_DEEDS; i++) {
    Deed deed = (Deed) ((first + i) % N_DEEDS);
    gboolean truth = anyone_has (sample, sample->present, deed);

    if (truth != wanted && i + 1 < N_DEEDS)
      continue;
    add (list, sample->present, verbs[deed], truth);
    return;
  }
}

GArray *
eval_statements_new (const EvalSample *sample)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (EvalStatement));

  g_array_set_clear_func (list, clear_statement);
  if (sample->present != NULL) {
    add (list, sample->present, "is in view", TRUE);
    if (sample->duration > 0)
      add_deed (list, sample);
  }
  add (list, sample->absent, "is in view", FALSE);
  return list;
}
