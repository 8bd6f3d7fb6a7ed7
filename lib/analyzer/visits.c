/* gst-vlm: what comes over the border of the picture and goes over it again
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/visits.h"

#include <vlm/vlm-motion.h>

#include "analyzer/stir.h"
#include "base/log.h"
#include "events/event-time.h"
#include "events/event-words.h"

/* A pause does not end motion: people who walk stand still between steps. */
#define PAUSE VLM_SECOND

/* --- motion --------------------------------------------------------------- */

/* What a frame shows that the one before it does not. */
typedef struct
{
  gint64 time;
  gboolean moves;
  gboolean at_border;
} Change;

static gboolean
look (VlmMotion *motion, const VlmFrame *frame, float *part)
{
  const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
    TRUE, frame->width, frame->height, { frame->pixels },
    { 3 * (gint) frame->width } };

  if (!vlm_motion_look (motion, &view, part, NULL))
    return FALSE;
  vlm_motion_keep (motion);
  return TRUE;
}

/* (transfer full): Change, one for each frame but the first; NULL as below. A
 * frame that fills several slots counts once. */
static GArray *
find_changes (const VlmWindow *window)
{
  g_autoptr (GArray) changes = g_array_new (FALSE, FALSE, sizeof (Change));
  g_autoptr (VlmMotion) motion = vlm_motion_new ();
  const VlmFrame *before = NULL;

  for (guint i = 0; i < window->n_samples; i++) {
    const VlmFrame *frame = window->samples[i].frame;
    Change change = { .time = window->samples[i].slot_time };
    float part;

    if (frame == before)
      continue;
    if (!look (motion, frame, &part) || part > VLM_STIR_MAX_PART ||
        (before != NULL && part < 0.0f))
      return NULL;
    change.moves = part >= VLM_MOTION_THRESHOLD;
    change.at_border = vlm_motion_reaches_border (motion);
    if (before != NULL)
      g_array_append_val (changes, change);
    before = frame;
  }
  return g_steal_pointer (&changes);
}

/* Whether the first frame is known to show nothing that the frame sampled before
 * it did not. */
static gboolean
begins_still (const VlmWindow *window)
{
  float motion = window->samples[0].frame->motion;

  return motion >= 0.0f && motion < VLM_MOTION_THRESHOLD;
}

/* A single frame that differs from the one before it, and not from the one after
 * it, shows nothing that came and went: at most a flicker at the border. */
static void
add_stretch (GArray *stretches, const VlmWindow *window, const GArray *changes,
    guint first, guint last)
{
  const Change *a = &g_array_index (changes, Change, first);
  const Change *b = &g_array_index (changes, Change, last);
  gboolean comes = a->at_border && (first > 0 || begins_still (window));
  gboolean goes_on = last == changes->len - 1;
  const VlmStretch stretch = {
    .start = a->time,
    .end = goes_on ? window->end : b->time,
    .is_visit = comes && (goes_on || b->at_border),
  };

  if (stretch.start < stretch.end || !stretch.is_visit)
    g_array_append_val (stretches, stretch);
}

GArray *
vlm_visits_find (const VlmWindow *window)
{
  g_autoptr (GArray) changes = find_changes (window);
  GArray *stretches;
  guint first = 0;
  guint last = G_MAXUINT;

  if (changes == NULL)
    return NULL;
  stretches = g_array_new (FALSE, FALSE, sizeof (VlmStretch));
  for (guint i = 0; i < changes->len; i++) {
    const Change *change = &g_array_index (changes, Change, i);

    if (!change->moves)
      continue;
    if (last != G_MAXUINT &&
        change->time - g_array_index (changes, Change, last).time > PAUSE)
      add_stretch (stretches, window, changes, first, last);
    else if (last != G_MAXUINT) {
      last = i;
      continue;
    }
    first = last = i;
  }
  if (last != G_MAXUINT)
    add_stretch (stretches, window, changes, first, last);
  return stretches;
}

/* --- reports -------------------------------------------------------------- */

/* What is left of a report. */
typedef struct
{
  VlmEvent *event;
  gint64 n_cut; /* ns that are no longer in it */
} Piece;

static gint64
length_of (const VlmEvent *event)
{
  return event->end.stream_time - event->start.stream_time;
}

/* (transfer full): the visits of which @report has half or more; none if it
 * touches other motion, within a slice. */
static GArray *
find_visits (
    const VlmEvent *report, const GArray *stretches, gint64 tolerance_ns)
{
  GArray *visits = g_array_new (FALSE, FALSE, sizeof (VlmStretch));

  for (guint i = 0; i < stretches->len; i++) {
    const VlmStretch *stretch = &g_array_index (stretches, VlmStretch, i);
    gint64 common = MIN (report->end.stream_time, stretch->end) -
        MAX (report->start.stream_time, stretch->start);

    if (!stretch->is_visit && common >= -tolerance_ns) {
      g_array_set_size (visits, 0);
      return visits;
    }
    if (stretch->is_visit && 2 * common >= stretch->end - stretch->start)
      g_array_append_val (visits, *stretch);
  }
  return visits;
}

/* Leaves those of @visits that @text speaks of: what appears or disappears, in
 * the words of the model, does not cross the border. */
static void
choose_visits (GArray *visits, const char *text)
{
  gboolean comes = vlm_words_say_it_comes (text);
  gboolean goes = vlm_words_say_it_goes (text);

  if (vlm_words_say_it_pops (text))
    g_array_set_size (visits, 0);
  if (visits->len < 2)
    return;
  if (comes && goes)
    g_array_index (visits, VlmStretch, 0).end =
        g_array_index (visits, VlmStretch, visits->len - 1).end;
  if (comes)
    g_array_set_size (visits, 1);
  else if (goes)
    g_array_remove_range (visits, 0, visits->len - 1);
}

/* How much of @report lies in @visits. */
static gint64
sum_common (const VlmEvent *report, const GArray *visits)
{
  gint64 sum = 0;

  for (guint i = 0; i < visits->len; i++) {
    const VlmStretch *visit = &g_array_index (visits, VlmStretch, i);

    sum += MIN (report->end.stream_time, visit->end) -
        MAX (report->start.stream_time, visit->start);
  }
  return sum;
}

static VlmEvent *
cut_to (
    const VlmEvent *report, const VlmStretch *visit, const VlmWindow *window)
{
  VlmEvent *event = vlm_event_copy (report);
  gint64 zero = window->samples[0].slot_time;
  gint64 start = MAX (report->start.stream_time, visit->start);
  gint64 end = MIN (report->end.stream_time, visit->end);

  if (start != report->start.stream_time) {
    event->start = vlm_event_time (window, start - zero);
    event->time_source = vlm_event_time_source (window, start - zero);
  }
  if (end != report->end.stream_time) {
    event->end = vlm_event_time (window, end - zero);
    event->ongoing = FALSE;
  }
  return event;
}

/* Adds the parts of @report (transfer full) that remain to @pieces. */
static void
cut (VlmEvent *report, const VlmWindow *window, const GArray *stretches,
    GArray *pieces, VlmVisitCounts *counts)
{
  g_autoptr (VlmEvent) whole = report;
  g_autoptr (GArray) visits =
      find_visits (whole, stretches, 2 * window->slot_duration);
  Piece piece = { .n_cut = 0 };

  choose_visits (visits, whole->description);
  if (visits->len > 0)
    piece.n_cut = length_of (whole) - sum_common (whole, visits);
  if (piece.n_cut == 0) {
    piece = (Piece){ vlm_event_ref (whole), 0 };
    g_array_append_val (pieces, piece);
    return;
  }
  for (guint i = 0; i < visits->len; i++) {
    piece.event =
        cut_to (whole, &g_array_index (visits, VlmStretch, i), window);
    g_array_append_val (pieces, piece);
  }
  counts->n_cut++;
  vlm_info ("window %" G_GUINT64_FORMAT ": \"%s\" cut by %.2f s of %.2f s, in "
            "which nothing comes or goes",
      window->serial, whole->description, (double) piece.n_cut / VLM_SECOND,
      (double) length_of (whole) / VLM_SECOND);
}

/* The least cut first; the rest makes the order definite. */
static gint
compare_pieces (gconstpointer a, gconstpointer b)
{
  const Piece *x = a;
  const Piece *y = b;
  gint64 x_start = x->event->start.stream_time;
  gint64 y_start = y->event->start.stream_time;

  if (x->n_cut != y->n_cut)
    return x->n_cut < y->n_cut ? -1 : 1;
  if (x_start != y_start)
    return x_start < y_start ? -1 : 1;
  return g_strcmp0 (x->event->description, y->event->description);
}

/* Whether one of @reports, from @first on, has half of @event or more. */
static gboolean
is_repeated (const VlmEvent *event, const GPtrArray *reports, guint first)
{
  for (guint i = first; i < reports->len; i++) {
    const VlmEvent *other = reports->pdata[i];
    gint64 common = MIN (event->end.stream_time, other->end.stream_time) -
        MAX (event->start.stream_time, other->start.stream_time);

    if (common > 0 && 2 * common >= length_of (event))
      return TRUE;
  }
  return FALSE;
}

/* Puts @pieces, whose events it takes over, back into @reports. */
static void
put_back (GArray *pieces, const VlmWindow *window, GPtrArray *reports,
    VlmVisitCounts *counts)
{
  guint first = reports->len;

  g_array_sort (pieces, compare_pieces);
  for (guint i = 0; i < pieces->len; i++) {
    const Piece *piece = &g_array_index (pieces, Piece, i);

    if (piece->n_cut <= 2 * window->slot_duration ||
        !is_repeated (piece->event, reports, first)) {
      g_ptr_array_add (reports, piece->event);
      continue;
    }
    counts->n_repeated++;
    vlm_info ("window %" G_GUINT64_FORMAT
              ": \"%s\" left out: another report is about the same motion",
        window->serial, piece->event->description);
    vlm_event_unref (piece->event);
  }
}

void
vlm_visits_cut (GPtrArray *reports, const VlmWindow *window,
    const GArray *stretches, const char *label, VlmVisitCounts *counts)
{
  g_autoptr (GArray) pieces = g_array_new (FALSE, FALSE, sizeof (Piece));

  for (guint i = 0; i < reports->len;) {
    if (g_strcmp0 (((VlmEvent *) reports->pdata[i])->label, label) == 0)
      cut (g_ptr_array_steal_index (reports, i), window, stretches, pieces,
          counts);
    else
      i++;
  }
  put_back (pieces, window, reports, counts);
}
