/* gst-vlm: from the reports of overlapping windows to events with a life cycle
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/tracker.h"

#include "events/event-words.h"

/* A window that does not see what the one before it saw contradicts it. So many
 * in a row are taken to have overlooked it. */
#define MAX_OVERLOOKED 1

/* A rise of the confidence that is worth an update. */
#define MATERIAL_CONFIDENCE 0.1

typedef struct
{
  VlmEvent *event; /* as last emitted, or changed since */
  gboolean open;   /* no end record yet */
  gboolean fresh;  /* no record yet */
  guint n_overlooked;
  gint64 longest_ns;          /* of it that one report saw: its words stand */
  double reported_confidence; /* in the last record */

  /* Of the current window. */
  gboolean seen;
  gboolean changed;
  gboolean ongoing;
  VlmInstant end;
} Track;

struct _VlmTracker
{
  guint64 next_id;
  GPtrArray *tracks; /* Track, the oldest first */
};

static void
track_free (gpointer data)
{
  Track *track = data;

  vlm_event_unref (track->event);
  g_free (track);
}

static GPtrArray *
new_records (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
}

VlmTracker *
vlm_tracker_new (void)
{
  VlmTracker *tracker = g_new0 (VlmTracker, 1);

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

static gint64
length_of (const VlmEvent *event)
{
  return event->end.stream_time - event->start.stream_time;
}

/* Orders by everything that decides how a report is handled. */
static gint
compare_reports (gconstpointer a, gconstpointer b)
{
  const VlmEvent *x = *(const VlmEvent *const *) a;
  const VlmEvent *y = *(const VlmEvent *const *) b;
  int order;

  if (x->start.stream_time != y->start.stream_time)
    return x->start.stream_time < y->start.stream_time ? -1 : 1;
  if (x->end.stream_time != y->end.stream_time)
    return x->end.stream_time < y->end.stream_time ? -1 : 1;
  order = g_strcmp0 (x->query, y->query);
  if (order == 0)
    order = g_strcmp0 (x->description, y->description);
  if (order != 0)
    return order;
  return (x->confidence > y->confidence) - (x->confidence < y->confidence);
}

static gint
compare_records (gconstpointer a, gconstpointer b)
{
  const VlmEvent *x = *(const VlmEvent *const *) a;
  const VlmEvent *y = *(const VlmEvent *const *) b;

  if (x->start.stream_time != y->start.stream_time)
    return x->start.stream_time < y->start.stream_time ? -1 : 1;
  return (x->id > y->id) - (x->id < y->id);
}

/* Length of the common span; negative is the gap between the two. */
static gint64
overlap (const VlmEvent *a, const VlmEvent *b)
{
  return MIN (a->end.stream_time, b->end.stream_time) -
      MAX (a->start.stream_time, b->start.stream_time);
}

static gboolean
is_same (const VlmEvent *a, const VlmEvent *b, gint64 tolerance_ns)
{
  return overlap (a, b) >= -tolerance_ns &&
      g_strcmp0 (a->query, b->query) == 0 &&
      vlm_words_same (a->description, b->description);
}

/* --- a report finds its event ------------------------------------------- */

/* An event that has ended can only be seen again, not continue. */
static gboolean
may_take (const Track *track, const VlmEvent *report, gint64 tolerance_ns)
{
  if (!is_same (track->event, report, tolerance_ns))
    return FALSE;
  return track->open ||
      report->end.stream_time <= track->event->end.stream_time + tolerance_ns ||
      2 * overlap (track->event, report) >= length_of (report);
}

/* Open events before ended ones, the same words before similar ones, then the
 * longest overlap, then the oldest. */
static gboolean
is_better (const Track *track, const Track *best, const VlmEvent *report)
{
  double alike =
      vlm_words_similarity (track->event->description, report->description);
  double best_alike =
      vlm_words_similarity (best->event->description, report->description);

  if (track->open != best->open)
    return track->open;
  if ((alike == 1.0) != (best_alike == 1.0))
    return alike == 1.0;
  return overlap (track->event, report) > overlap (best->event, report);
}

static Track *
find_track (VlmTracker *tracker, const VlmEvent *report, gint64 tolerance_ns)
{
  Track *best = NULL;

  for (guint i = 0; i < tracker->tracks->len; i++) {
    Track *track = tracker->tracks->pdata[i];

    if (may_take (track, report, tolerance_ns) &&
        (best == NULL || is_better (track, best, report)))
      best = track;
  }
  return best;
}

/* Two boxes that are further apart than they are large show two objects. */
static gboolean
is_elsewhere (const VlmRect *a, const VlmRect *b)
{
  int width = MAX (a->width, b->width);
  int height = MAX (a->height, b->height);

  if (a->width == 0 || b->width == 0)
    return FALSE;
  return a->x > b->x + b->width + width || b->x > a->x + a->width + width ||
      a->y > b->y + b->height + height || b->y > a->y + a->height + height;
}

static gboolean
is_near (gint64 a, gint64 b, gint64 tolerance_ns)
{
  return ABS (a - b) <= tolerance_ns;
}

/* A window's end cuts an event in two, and the next window finds other words for
 * the rest: "enters" before the border, "moves" after it. */
static gboolean
goes_on (const Track *track, const VlmEvent *report, gint64 tolerance_ns)
{
  return track->open && track->ongoing &&
      report->start.stream_time <=
      track->event->end.stream_time + tolerance_ns &&
      report->end.stream_time > track->event->end.stream_time;
}

/* Or an overlapping window finds other words for an event that was seen before:
 * for all of it, or for the part after the window's own start. */
static gboolean
is_seen_again (
    const Track *track, const VlmEvent *report, const VlmTrackerLook *look)
{
  const VlmEvent *event = track->event;
  gint64 start = report->start.stream_time;
  gint64 end = report->end.stream_time;

  return (is_near (start, event->start.stream_time, look->tolerance_ns) ||
             start <= look->seen_from + look->tolerance_ns) &&
      start <= event->end.stream_time + look->tolerance_ns &&
      (track->open ||
          is_near (end, event->end.stream_time, look->tolerance_ns));
}

/* Whether @report is about the same subject at the right time, whatever the
 * rest of its text. A window reports an event once, so two objects of the same
 * name stay two. */
static gboolean
is_same_subject (
    const Track *track, const VlmEvent *report, const VlmTrackerLook *look)
{
  const VlmEvent *event = track->event;

  return !track->seen && g_strcmp0 (event->query, report->query) == 0 &&
      report->start.stream_time + look->tolerance_ns >=
      event->start.stream_time &&
      (goes_on (track, report, look->tolerance_ns) ||
          is_seen_again (track, report, look)) &&
      vlm_words_same_subject (event->description, report->description) &&
      !is_elsewhere (&event->bbox, &report->bbox);
}

/* Open events before ended ones, then the one with the most words in common,
 * then the one that began last. */
static Track *
find_subject (
    VlmTracker *tracker, const VlmEvent *report, const VlmTrackerLook *look)
{
  Track *best = NULL;
  double best_alike = -1.0;

  for (guint i = 0; i < tracker->tracks->len; i++) {
    Track *track = tracker->tracks->pdata[i];
    double alike;

    if (!is_same_subject (track, report, look) ||
        (best != NULL && best->open && !track->open))
      continue;
    alike =
        vlm_words_similarity (track->event->description, report->description);
    if (best == NULL || alike >= best_alike || (track->open && !best->open)) {
      best = track;
      best_alike = alike;
    }
  }
  return best;
}

/* Notes where it was last seen in this window, and whether it continues. */
static void
note_end (Track *track, const VlmInstant *end, gboolean ongoing)
{
  if (!track->seen || end->stream_time > track->end.stream_time) {
    track->end = *end;
    track->ongoing = ongoing;
  } else if (end->stream_time == track->end.stream_time) {
    track->ongoing |= ongoing;
  }
  track->seen = TRUE;
}

static Track *
start_track (VlmTracker *tracker, const VlmEvent *report)
{
  Track *track = g_new0 (Track, 1);

  track->event = vlm_event_copy (report);
  track->open = TRUE;
  track->fresh = TRUE;
  track->longest_ns = length_of (report);
  note_end (track, &report->end, report->ongoing);
  g_ptr_array_add (tracker->tracks, track);
  return track;
}

/* Keeps the words of the report that saw most of the event. */
static void
take_words (Track *track, const VlmEvent *report, gint64 tolerance_ns)
{
  VlmEvent *event = track->event;

  if (length_of (report) <= track->longest_ns + tolerance_ns)
    return;
  track->longest_ns = length_of (report);
  if (vlm_words_similarity (event->description, report->description) == 1.0)
    return;
  g_free (event->description);
  event->description = g_strdup (report->description);
  g_free (event->label);
  event->label = g_strdup (report->label);
  track->changed = TRUE;
}

static void
take_report (Track *track, const VlmEvent *report, gint64 tolerance_ns)
{
  VlmEvent *event = track->event;

  if (report->start.stream_time + tolerance_ns < event->start.stream_time ||
      report->end.stream_time < event->start.stream_time) {
    event->start = report->start;
    event->time_source = report->time_source;
    track->changed = TRUE;
  }
  take_words (track, report, tolerance_ns);
  event->confidence = MAX (event->confidence, report->confidence);
  if (event->confidence >= track->reported_confidence + MATERIAL_CONFIDENCE)
    track->changed = TRUE;
  event->window = report->window;
  event->query_version = report->query_version;
  note_end (track, &report->end, report->ongoing);
  if (report->end.stream_time > event->end.stream_time)
    event->end = report->end;
}

/* --- events become one -------------------------------------------------- */

static void
emit (GPtrArray *records, Track *track, VlmEventState state)
{
  VlmEvent *record = vlm_event_copy (track->event);

  record->state = state;
  record->ongoing = state != VLM_EVENT_STATE_END;
  track->open = record->ongoing;
  track->fresh = FALSE;
  track->reported_confidence = record->confidence;
  g_ptr_array_add (records, record);
}

/* Adds what @younger has to @older, which continues. */
static void
absorb (Track *older, Track *younger, gint64 tolerance_ns)
{
  const VlmEvent *other = younger->event;

  if (other->end.stream_time > older->event->end.stream_time)
    older->event->end = other->end;
  if (other->start.stream_time + tolerance_ns <
      older->event->start.stream_time) {
    older->event->start = other->start;
    older->changed = TRUE;
  }
  take_words (older, other, tolerance_ns);
  older->event->confidence = MAX (older->event->confidence, other->confidence);
  if (younger->seen)
    note_end (older, &younger->end, younger->ongoing);
}

/* Unites two open events that turned out to be one. The younger one is removed
 * if no record was emitted yet; else it ends. FALSE if there are none. */
static gboolean
unite_two (VlmTracker *tracker, gint64 tolerance_ns, GPtrArray *records)
{
  GPtrArray *tracks = tracker->tracks;

  for (guint i = 0; i < tracks->len; i++)
    for (guint k = i + 1; k < tracks->len; k++) {
      Track *older = tracks->pdata[i];
      Track *younger = tracks->pdata[k];

      if (!older->open || !younger->open ||
          !is_same (older->event, younger->event, tolerance_ns))
        continue;
      absorb (older, younger, tolerance_ns);
      if (younger->fresh)
        g_ptr_array_remove_index (tracks, k);
      else
        emit (records, younger, VLM_EVENT_STATE_END);
      return TRUE;
    }
  return FALSE;
}

/* --- what is reported --------------------------------------------------- */

/* An event that was not seen is over, unless the window contradicts the one
 * before it and may have overlooked it. */
static gboolean
is_over (Track *track, const VlmTrackerLook *look)
{
  if (look->asked_from >= track->event->end.stream_time - look->tolerance_ns)
    return TRUE;
  return track->n_overlooked++ >= MAX_OVERLOOKED;
}

/* A window that saw past the end knows it better than windows that end before
 * it. */
static void
settle_end (Track *track)
{
  VlmEvent *event = track->event;

  if (track->ongoing && track->end.stream_time < event->end.stream_time)
    return;
  event->end = track->end;
  if (event->end.stream_time < event->start.stream_time)
    event->start = event->end;
}

static gboolean
begin (VlmTracker *tracker, Track *track, const VlmTrackerLook *look,
    GPtrArray *records, GError **error)
{
  if (look->complete != NULL &&
      !look->complete (track->event, look->user_data, error))
    return FALSE;
  track->event->id = tracker->next_id++;
  emit (records, track,
      track->ongoing ? VLM_EVENT_STATE_BEGIN : VLM_EVENT_STATE_END);
  return TRUE;
}

static gboolean
report_track (VlmTracker *tracker, Track *track, const VlmTrackerLook *look,
    GPtrArray *records, GError **error)
{
  if (!track->open)
    return TRUE;
  if (!track->seen) {
    if (is_over (track, look))
      emit (records, track, VLM_EVENT_STATE_END);
    return TRUE;
  }
  track->n_overlooked = 0;
  settle_end (track);
  if (track->fresh)
    return begin (tracker, track, look, records, error);
  if (!track->ongoing)
    emit (records, track, VLM_EVENT_STATE_END);
  else if (track->changed)
    emit (records, track, VLM_EVENT_STATE_UPDATE);
  return TRUE;
}

/* Ended events are remembered while a window can see them again. */
static void
forget (VlmTracker *tracker, const VlmTrackerLook *look)
{
  for (guint i = 0; i < tracker->tracks->len;) {
    Track *track = tracker->tracks->pdata[i];

    track->seen = FALSE;
    track->changed = FALSE;
    if (!track->open &&
        track->event->end.stream_time + look->tolerance_ns < look->seen_from)
      g_ptr_array_remove_index (tracker->tracks, i);
    else
      i++;
  }
}

static gpointer
copy_track (gconstpointer source, gpointer user_data)
{
  Track *copy = g_memdup2 (source, sizeof (Track));

  copy->event = vlm_event_copy (copy->event);
  return copy;
}

/* An event that has ended is not reported again. FALSE if @track is NULL. */
static gboolean
take (Track *track, const VlmEvent *report, gint64 tolerance_ns)
{
  if (track == NULL)
    return FALSE;
  if (track->open)
    take_report (track, report, tolerance_ns);
  else
    track->seen = TRUE;
  return TRUE;
}

/* The track that took an earlier report of this answer in the same words. It may
 * not have these words itself: ended tracks, and most others, keep their own.
 * @taken: the tracks of @rest before @at. */
static Track *
find_repeated (
    const GPtrArray *rest, Track *const *taken, guint at, gint64 tolerance_ns)
{
  for (guint i = 0; i < at; i++)
    if (is_same (rest->pdata[i], rest->pdata[at], tolerance_ns))
      return taken[i];
  return NULL;
}

/* Joins the reports that match by subject, and those of new events. */
static void
join_rest (VlmTracker *tracker, GPtrArray *rest, const VlmTrackerLook *look)
{
  g_autofree Track **taken = g_new (Track *, rest->len + 1);

  for (guint i = 0; i < rest->len; i++) {
    const VlmEvent *report = rest->pdata[i];

    taken[i] = find_repeated (rest, taken, i, look->tolerance_ns);
    if (taken[i] == NULL)
      taken[i] = find_subject (tracker, report, look);
    if (taken[i] == NULL)
      taken[i] = find_track (tracker, report, look->tolerance_ns);
    if (!take (taken[i], report, look->tolerance_ns))
      taken[i] = start_track (tracker, report);
  }
}

static gboolean
join (VlmTracker *tracker, GPtrArray *reports, const VlmTrackerLook *look,
    GPtrArray *records, GError **error)
{
  g_autoptr (GPtrArray) rest = g_ptr_array_new ();
  gint64 tolerance_ns = look->tolerance_ns;

  /* Reports that match by their words go first. */
  for (guint i = 0; i < reports->len; i++) {
    const VlmEvent *report = reports->pdata[i];

    if (!take (
            find_track (tracker, report, tolerance_ns), report, tolerance_ns))
      g_ptr_array_add (rest, (gpointer) report);
  }
  join_rest (tracker, rest, look);
  while (unite_two (tracker, look->tolerance_ns, records))
    continue;
  for (guint i = 0; i < tracker->tracks->len; i++)
    if (!report_track (
            tracker, tracker->tracks->pdata[i], look, records, error))
      return FALSE;
  return TRUE;
}

GPtrArray *
vlm_tracker_push (VlmTracker *tracker, GPtrArray *reports,
    const VlmTrackerLook *look, GError **error)
{
  GPtrArray *records = new_records ();
  guint64 next_id = tracker->next_id;
  g_autoptr (GPtrArray) before = NULL;

  if (look->complete != NULL) {
    before = g_ptr_array_copy (tracker->tracks, copy_track, NULL);
    g_ptr_array_set_free_func (before, track_free);
  }
  g_ptr_array_sort (reports, compare_reports);
  if (join (tracker, reports, look, records, error)) {
    forget (tracker, look);
    g_ptr_array_sort (records, compare_records);
  } else {
    g_clear_pointer (&records, g_ptr_array_unref);
    g_ptr_array_unref (tracker->tracks);
    tracker->tracks = g_steal_pointer (&before);
    tracker->next_id = next_id;
  }
  g_ptr_array_unref (reports);
  return records;
}

guint64 *
vlm_tracker_get_next_id (VlmTracker *tracker)
{
  return &tracker->next_id;
}

GPtrArray *
vlm_tracker_finish (VlmTracker *tracker)
{
  GPtrArray *records = new_records ();

  for (guint i = 0; i < tracker->tracks->len; i++) {
    Track *track = tracker->tracks->pdata[i];

    if (track->open)
      emit (records, track, VLM_EVENT_STATE_END);
  }
  g_ptr_array_sort (records, compare_records);
  vlm_tracker_reset (tracker);
  return records;
}

void
vlm_tracker_reset (VlmTracker *tracker)
{
  g_ptr_array_set_size (tracker->tracks, 0);
}
