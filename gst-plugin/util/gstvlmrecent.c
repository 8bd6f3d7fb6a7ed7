/* gst-vlm: the events that are worth showing now
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstvlmrecent.h"

/* Only the last of an endless stream of events are kept. */
#define MAX_EVENTS 64

/* What a test source calls itself in its events. */
#define TRUTH_MODEL "vlmtestsrc"

/* A box found this close to the present frame counts as one of it. */
#define PRESENT_NS (VLM_SECOND / 4)

/* Longer than any stream, and safe to add and to subtract. */
#define MAX_TIME (G_MAXINT64 / 4)

typedef struct
{
  VlmEvent *event;
  gint64 known;           /* when its last record came */
  gint64 seen;            /* when it was at its box */
  VlmRect box;            /* width 0 for none */
  GstVlmPicture *picture; /* (nullable) of its frame */
  VlmRect picture_box;
} Recent;

struct _GstVlmRecent
{
  GArray *events; /* Recent, in the order in which they became known */
  GstVlmPictures *pictures;
  int width;
  int height;
};

static void
clear_recent (gpointer data)
{
  Recent *recent = data;

  g_clear_pointer (&recent->picture, gst_vlm_picture_unref);
  vlm_event_unref (recent->event);
}

GstVlmRecent *
gst_vlm_recent_new (void)
{
  GstVlmRecent *self = g_new0 (GstVlmRecent, 1);

  self->events = g_array_new (FALSE, TRUE, sizeof (Recent));
  g_array_set_clear_func (self->events, clear_recent);
  return self;
}

void
gst_vlm_recent_free (GstVlmRecent *self)
{
  g_array_unref (self->events);
  g_free (self);
}

void
gst_vlm_recent_set_pictures (
    GstVlmRecent *self, GstVlmPictures *pictures, int width, int height)
{
  self->pictures = pictures;
  self->width = width;
  self->height = height;
}

void
gst_vlm_recent_clear (GstVlmRecent *self)
{
  g_array_set_size (self->events, 0);
}

static Recent *
get (const GstVlmRecent *self, guint index)
{
  return &g_array_index (self->events, Recent, index);
}

void
gst_vlm_recent_forget_boxes (GstVlmRecent *self)
{
  for (guint i = 0; i < self->events->len; i++)
    get (self, i)->box.width = 0;
}

static gboolean
is_time (gint64 time)
{
  return time >= -MAX_TIME && time <= MAX_TIME;
}

/* Two analyzers in one pipeline may use the same ids. */
static gboolean
is_same (const VlmEvent *a, const VlmEvent *b)
{
  if (a->event_uid != NULL && b->event_uid != NULL)
    return g_str_equal (a->event_uid, b->event_uid);
  return a->id == b->id && g_strcmp0 (a->model, b->model) == 0 &&
      g_strcmp0 (a->query, b->query) == 0 &&
      g_strcmp0 (a->stream, b->stream) == 0;
}

static Recent *
find (const GstVlmRecent *self, const VlmEvent *event)
{
  for (guint i = 0; i < self->events->len; i++)
    if (is_same (get (self, i)->event, event))
      return get (self, i);
  return NULL;
}

static Recent *
append (GstVlmRecent *self)
{
  Recent none = { .seen = VLM_TIME_NONE };

  if (self->events->len == MAX_EVENTS)
    g_array_remove_index (self->events, 0);
  g_array_append_val (self->events, none);
  return get (self, self->events->len - 1);
}

/* Compares distances, because streams also run backwards. */
static gboolean
is_held (const Recent *recent, const GstVlmShown *shown, gint64 now)
{
  gint64 seen = is_time (recent->seen) ? recent->seen : recent->known;

  return ABS (now - seen) <= shown->tolerance;
}

static void
find_picture (GstVlmRecent *self, Recent *recent)
{
  GstVlmPicture *picture = NULL;

  if (self->pictures != NULL && self->width > 0 && self->height > 0)
    picture = gst_vlm_pictures_find (self->pictures, recent->seen);
  if (picture == NULL)
    return;
  g_clear_pointer (&recent->picture, gst_vlm_picture_unref);
  recent->picture = picture;
  recent->picture_box = (VlmRect){
    recent->box.x * picture->width / self->width,
    recent->box.y * picture->height / self->height,
    MAX (1, recent->box.width * picture->width / self->width),
    MAX (1, recent->box.height * picture->height / self->height),
  };
}

void
gst_vlm_recent_add (GstVlmRecent *self, const VlmEvent *event,
    const GstVlmShown *shown, gint64 now)
{
  Recent *recent = find (self, event);

  if (recent == NULL)
    recent = append (self);
  else
    vlm_event_unref (recent->event);
  recent->event = vlm_event_ref ((VlmEvent *) event);
  recent->known = now;
  if (event->bbox.width > 0 && event->bbox.height > 0) {
    recent->box = event->bbox;
    recent->seen = event->bbox_time.stream_time;
    if (shown->pictures && is_time (recent->seen) &&
        now - recent->seen > shown->tolerance)
      find_picture (self, recent);
  }
}

gboolean
gst_vlm_recent_move (GstVlmRecent *self, guint64 id, gboolean is_truth,
    const VlmRect *rect, gint64 seen, gint64 now)
{
  for (guint i = self->events->len; i-- > 0;) {
    Recent *recent = get (self, i);

    if (recent->event->id != id ||
        (g_strcmp0 (recent->event->model, TRUTH_MODEL) == 0) != is_truth)
      continue;
    recent->box = *rect;
    recent->seen = seen;
    recent->known = now;
    return TRUE;
  }
  return FALSE;
}

static gboolean
is_over (const VlmEvent *event)
{
  return event->state == VLM_EVENT_STATE_END || !event->ongoing;
}

static gint64
get_end (const Recent *recent)
{
  gint64 end = recent->event->end.stream_time;

  return is_time (end) ? end : recent->known;
}

static gboolean
is_listed (const Recent *recent, const GstVlmShown *shown, gint64 now)
{
  return shown->strip && ABS (now - get_end (recent)) < shown->history;
}

gint64
gst_vlm_recent_expire (GstVlmRecent *self, const GstVlmShown *shown, gint64 now)
{
  gint64 next = G_MAXINT64;

  for (guint i = self->events->len; i-- > 0;) {
    const Recent *recent = get (self, i);
    gint64 seen = is_time (recent->seen) ? recent->seen : recent->known;
    gint64 held_from = seen - shown->tolerance;
    gint64 held_until = seen + shown->tolerance + 1;
    gint64 listed_until = get_end (recent) + shown->history;

    if (held_until > now)
      next = MIN (next, held_from > now ? held_from : held_until);
    if (shown->strip && listed_until > now)
      next = MIN (next, listed_until);
    if (held_from <= now && !is_held (recent, shown, now) &&
        !is_listed (recent, shown, now))
      g_array_remove_index (self->events, i);
  }
  return next;
}

char *
gst_vlm_recent_format_confidence (double confidence)
{
  /* Written so that it is false for NaN. */
  if (!(confidence >= 0.0 && confidence <= 1.0))
    return NULL;
  return g_strdup_printf ("%d %%", (int) (100.0 * confidence + 0.5));
}

/* "7 s", "2:07", "1:02:07" */
static char *
format_seconds (gint64 time)
{
  gint64 s = time / VLM_SECOND;

  if (s < 60)
    return g_strdup_printf ("%d s", (int) s);
  if (s < 3600)
    return g_strdup_printf ("%d:%02d", (int) (s / 60), (int) (s % 60));
  return g_strdup_printf ("%" G_GINT64_FORMAT ":%02d:%02d", s / 3600,
      (int) (s / 60 % 60), (int) (s % 60));
}

/* How long it goes on, or how long ago it ended. */
static char *
format_age (const VlmEvent *event, gint64 tick)
{
  gboolean over = is_over (event);
  gint64 since = over ? event->end.stream_time : event->start.stream_time;
  g_autofree char *seconds = NULL;

  if (!is_time (since) || since > tick)
    return NULL;
  seconds = format_seconds (tick - since);
  return over ? g_strconcat (seconds, " ago", NULL)
              : g_steal_pointer (&seconds);
}

static char *
make_note (const VlmEvent *event, const GstVlmShown *shown, gint64 tick)
{
  g_autofree char *confidence = NULL;
  g_autofree char *age = NULL;

  if (shown->confidence)
    confidence = gst_vlm_recent_format_confidence (event->confidence);
  if (shown->age)
    age = format_age (event, tick);
  if (confidence != NULL && age != NULL)
    return g_strconcat (confidence, "  ", age, NULL);
  return confidence != NULL ? g_steal_pointer (&confidence)
                            : g_steal_pointer (&age);
}

static gboolean
is_empty (const char *text)
{
  return text == NULL || *text == '\0';
}

static GstVlmMark
mark_of (const VlmEvent *event)
{
  if (is_over (event))
    return GST_VLM_MARK_END;
  return event->state == VLM_EVENT_STATE_BEGIN ? GST_VLM_MARK_BEGIN
                                               : GST_VLM_MARK_UPDATE;
}

static void
show_box (const Recent *recent, const GstVlmShown *shown, gint64 now,
    gint64 tick, GstVlmScene *scene)
{
  const VlmEvent *event = recent->event;
  GstVlmSceneBox box = {
    .mark = mark_of (event),
    .rect = recent->box,
    .remembered =
        !is_time (recent->seen) || ABS (now - recent->seen) > PRESENT_NS,
    .outlined = shown->boxes,
    .note = make_note (event, shown, tick),
  };

  if (shown->labels)
    box.text = gst_vlm_scene_clean_text (
        is_empty (event->label) ? event->description : event->label);
  g_array_append_val (scene->boxes, box);
}

static double
place_on_axis (gint64 time, gint64 tick, gint64 history)
{
  return CLAMP (1.0 - (double) (tick - time) / (double) history, 0.0, 1.0);
}

static void
show_row (const Recent *recent, const GstVlmShown *shown, gint64 tick,
    GstVlmScene *scene)
{
  const VlmEvent *event = recent->event;
  gint64 start = event->start.stream_time;
  gint64 end = get_end (recent);
  GstVlmSceneRow row = {
    .mark = mark_of (event),
    .ongoing = !is_over (event),
    .text = gst_vlm_scene_clean_text (
        is_empty (event->description) ? event->label : event->description),
    .note = make_note (event, shown, tick),
  };

  if (!is_time (start))
    start = end;
  if (recent->picture != NULL && shown->pictures) {
    row.picture = gst_vlm_picture_ref (recent->picture);
    row.box = recent->picture_box;
  }
  row.start = place_on_axis (start, tick, shown->history);
  row.end = place_on_axis (end, tick, shown->history);
  g_array_append_val (scene->rows, row);
}

void
gst_vlm_recent_show (const GstVlmRecent *self, const GstVlmShown *shown,
    gint64 now, gint64 tick, GstVlmScene *scene)
{
  scene->history_s = (double) shown->history / (double) VLM_SECOND;
  for (guint i = 0; i < self->events->len; i++) {
    const Recent *recent = get (self, i);

    if (recent->box.width > 0 && is_held (recent, shown, now))
      show_box (recent, shown, now, tick, scene);
  }
  for (guint i = self->events->len; shown->strip && i-- > 0;)
    show_row (get (self, i), shown, tick, scene);
}
