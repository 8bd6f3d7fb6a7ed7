/* gst-vlm: from what overlapping windows report to events with a life
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/tracker.h"

#include <string.h>

/* Descriptions of one happening vary from window to window; half of their words
 * in common is the least that counts as the same. */
#define MIN_SIMILARITY 0.5

typedef struct
{
  VlmEvent *event; /* as last emitted, or changed since */
  gboolean open;   /* no end record yet */
  gboolean seen;   /* in the current window */
} Track;

struct _VlmTracker
{
  gint64 tolerance_ns;
  guint64 next_id;
  GPtrArray *tracks; /* Track */
};

static void
track_free (gpointer data)
{
  Track *track = data;

  vlm_event_unref (track->event);
  g_free (track);
}

VlmTracker *
vlm_tracker_new (gint64 tolerance_ns)
{
  VlmTracker *tracker = g_new0 (VlmTracker, 1);

  tracker->tolerance_ns = tolerance_ns;
  tracker->next_id = 1;
  tracker->tracks = g_ptr_array_new_with_free_func (track_free);
  return tracker;
}

void
vlm_tracker_free (VlmTracker *tracker)
{
  if (tracker == NULL)
    return;
  g_ptr_array_unref (tracker->tracks);
  g_free (tracker);
}

static gint
compare_reports (gconstpointer a, gconstpointer b)
{
  const VlmEvent *x = *(const VlmEvent *const *) a;
  const VlmEvent *y = *(const VlmEvent *const *) b;

  if (x->start.stream_time != y->start.stream_time)
    return x->start.stream_time < y->start.stream_time ? -1 : 1;
  if (x->end.stream_time != y->end.stream_time)
    return x->end.stream_time < y->end.stream_time ? -1 : 1;
  return g_strcmp0 (x->description, y->description);
}

static GHashTable *
split_words (const char *text)
{
  g_autofree char *folded = g_utf8_casefold (text != NULL ? text : "", -1);
  g_auto (GStrv) words = g_strsplit_set (folded, " \t\n.,;:!?\"'()[]{}-", -1);
  GHashTable *set =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; words[i] != NULL; i++)
    if (words[i][0] != '\0')
      g_hash_table_add (set, g_strdup (words[i]));
  return set;
}

/* Words in common over all words (Jaccard); 1 for two empty texts. */
static double
similarity (const char *a, const char *b)
{
  g_autoptr (GHashTable) x = NULL;
  g_autoptr (GHashTable) y = NULL;
  GHashTableIter iter;
  gpointer word;
  guint common = 0;
  guint all;

  if (g_strcmp0 (a, b) == 0)
    return 1.0;
  x = split_words (a);
  y = split_words (b);
  g_hash_table_iter_init (&iter, x);
  while (g_hash_table_iter_next (&iter, &word, NULL))
    common += g_hash_table_contains (y, word);
  all = g_hash_table_size (x) + g_hash_table_size (y) - common;
  return all > 0 ? (double) common / all : 1.0;
}

/* Length of the common span; negative is the gap between the two. */
static gint64
overlap (const VlmEvent *a, const VlmEvent *b)
{
  return MIN (a->end.stream_time, b->end.stream_time) -
      MAX (a->start.stream_time, b->start.stream_time);
}

/* The track that tells of the same happening: same query, alike in words,
 * overlapping or touching in time; the largest overlap, then the oldest. */
static Track *
find_track (VlmTracker *tracker, const VlmEvent *report)
{
  Track *best = NULL;
  gint64 best_overlap = 0;

  for (guint i = 0; i < tracker->tracks->len; i++) {
    Track *track = tracker->tracks->pdata[i];
    gint64 common = overlap (track->event, report);

    if (track->seen || common < -tracker->tolerance_ns ||
        g_strcmp0 (track->event->query, report->query) != 0 ||
        similarity (track->event->description, report->description) <
            MIN_SIMILARITY)
      continue;
    if (best == NULL || common > best_overlap) {
      best = track;
      best_overlap = common;
    }
  }
  return best;
}

static void
emit (GPtrArray *records, Track *track, VlmEventState state)
{
  VlmEvent *record = vlm_event_copy (track->event);

  record->state = state;
  record->ongoing = state != VLM_EVENT_STATE_END;
  track->open = record->ongoing;
  g_ptr_array_add (records, record);
}

static void
start_track (VlmTracker *tracker, const VlmEvent *report, GPtrArray *records)
{
  Track *track = g_new0 (Track, 1);

  track->event = vlm_event_copy (report);
  track->event->id = tracker->next_id++;
  track->seen = TRUE;
  g_ptr_array_add (tracker->tracks, track);
  emit (records, track,
      report->ongoing ? VLM_EVENT_STATE_BEGIN : VLM_EVENT_STATE_END);
}

/* What the newer window adds. The first start and the first words stand, unless
 * the newer window saw further back. Returns whether it is worth an update. */
static gboolean
merge (VlmTracker *tracker, VlmEvent *event, const VlmEvent *report)
{
  gboolean changed = FALSE;

  if (report->start.stream_time + tracker->tolerance_ns <
      event->start.stream_time) {
    event->start = report->start;
    changed = TRUE;
  }
  if (report->end.stream_time > event->end.stream_time)
    event->end = report->end;
  if (report->bbox.width > 0 && event->bbox.width == 0) {
    event->bbox = report->bbox;
    event->bbox_time = report->bbox_time;
    changed = TRUE;
  }
  event->confidence = MAX (event->confidence, report->confidence);
  event->window = report->window;
  return changed;
}

static void
continue_track (VlmTracker *tracker, Track *track, const VlmEvent *report,
    GPtrArray *records)
{
  gboolean changed;

  track->seen = TRUE;
  if (!track->open)
    return; /* already told; the new window only sees it again */
  changed = merge (tracker, track->event, report);
  if (!report->ongoing)
    emit (records, track, VLM_EVENT_STATE_END);
  else if (changed)
    emit (records, track, VLM_EVENT_STATE_UPDATE);
}

/* Open tracks that a window should have seen and did not are over; closed ones
 * are forgotten when no later window can see them again. */
static void
settle (VlmTracker *tracker, const VlmEventWindow *window, GPtrArray *records)
{
  for (guint i = 0; i < tracker->tracks->len;) {
    Track *track = tracker->tracks->pdata[i];

    if (track->open && !track->seen)
      emit (records, track, VLM_EVENT_STATE_END);
    track->seen = FALSE;
    if (!track->open &&
        track->event->end.stream_time + tracker->tolerance_ns < window->start)
      g_ptr_array_remove_index (tracker->tracks, i);
    else
      i++;
  }
}

GPtrArray *
vlm_tracker_push (
    VlmTracker *tracker, GPtrArray *reports, const VlmEventWindow *window)
{
  GPtrArray *records =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);

  g_ptr_array_sort (reports, compare_reports);
  for (guint i = 0; i < reports->len; i++) {
    const VlmEvent *report = reports->pdata[i];
    Track *track = find_track (tracker, report);

    if (track != NULL)
      continue_track (tracker, track, report, records);
    else
      start_track (tracker, report, records);
  }
  settle (tracker, window, records);
  g_ptr_array_sort (records, compare_reports);
  g_ptr_array_unref (reports);
  return records;
}

GPtrArray *
vlm_tracker_finish (VlmTracker *tracker)
{
  GPtrArray *records =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);

  for (guint i = 0; i < tracker->tracks->len; i++) {
    Track *track = tracker->tracks->pdata[i];

    if (track->open)
      emit (records, track, VLM_EVENT_STATE_END);
  }
  vlm_tracker_reset (tracker);
  return records;
}

void
vlm_tracker_reset (VlmTracker *tracker)
{
  g_ptr_array_set_size (tracker->tracks, 0);
}
