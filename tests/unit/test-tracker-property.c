/* gst-vlm: properties of the life cycle of all events
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A made-up truth is cut into the reports of overlapping windows, clean or as a
 * model would garble them. Scenes grow with their seed, so the first one that
 * fails is a small one; VLM_TEST_SEED=N runs that one alone. */
#include "events/event-words.h"
#include "events/tracker.h"
#include "support/rng.h"

#define SECOND VLM_SECOND
#define SLOT (SECOND / 2)
#define TOLERANCE (2 * SLOT)
#define N_SCENES 600

static const char *const texts[] = { "a red car stops", "a blue car stops",
  "a person falls", "a dog barks loudly", "the door opens", "smoke rises",
  "rain" };
/* Of a scene in which each window has other words for what it sees. */
static const char *const subjects[] = { "a red car", "a blue van", "a person",
  "the dog", "a small green thing" };
static const char *const phrases[] = { "appears", "enters from the left",
  "moves", "is standing still", "moves to the right", "leaves",
  "disappears behind a wall" };
static const char *const queries[] = { NULL, "cars", "people" };

typedef struct
{
  const char *query;
  const char *text;
  gint64 start;
  gint64 end;
} Truth;

typedef struct
{
  guint64 seed;
  GArray *truth; /* Truth */
  gint64 end;
  gint64 window;
  gint64 hop;
  gint64 jitter;   /* of the times that a window does see */
  guint n_missing; /* so many of 100 reports are not there */
  guint n_false;   /* so many of 100 windows make one up */
  gboolean garbled;
  gboolean rephrased;
} Scene;

static gint64
random_time (Rng *rng, gint64 from, gint64 to)
{
  return from + (gint64) (rng_next (rng) % (guint64) (to - from + 1));
}

/* Events that look the same are apart in time, so that they are distinct. */
static gboolean
is_apart (const Scene *scene, const Truth *truth)
{
  for (guint i = 0; i < scene->truth->len; i++) {
    const Truth *other = &g_array_index (scene->truth, Truth, i);

    if (other->text == truth->text && other->query == truth->query &&
        MIN (other->end, truth->end) - MAX (other->start, truth->start) >
            -4 * SECOND)
      return FALSE;
  }
  return TRUE;
}

static Scene
make_scene (guint64 seed, Rng *rng, gboolean clean, gboolean rephrased)
{
  Scene scene = { .seed = seed,
    .truth = g_array_new (FALSE, FALSE, sizeof (Truth)),
    .rephrased = rephrased };
  guint n = 1 + rng_below (rng, 1 + (guint) (seed / 40));

  scene.end = 20 * SECOND + (gint64) (seed % 10) * 5 * SECOND;
  scene.window = random_time (rng, 4, 12) * SECOND;
  scene.hop = random_time (rng, 2, scene.window / SLOT) * SLOT;
  for (guint i = 0; i < n; i++) {
    Truth truth = { .query = queries[rng_below (rng, G_N_ELEMENTS (queries))],
      .text = rephrased ? subjects[rng_below (rng, G_N_ELEMENTS (subjects))]
                        : texts[rng_below (rng, G_N_ELEMENTS (texts))] };

    truth.start = random_time (rng, 0, scene.end - SECOND);
    truth.end = random_time (rng, truth.start + SECOND / 5,
        MIN (scene.end, truth.start + 25 * SECOND));
    if (is_apart (&scene, &truth))
      g_array_append_val (scene.truth, truth);
  }
  if (clean)
    return scene;
  scene.jitter = random_time (rng, 0, 2 * SECOND);
  scene.n_missing = rng_below (rng, 40);
  scene.n_false = rng_below (rng, 30);
  scene.garbled = TRUE;
  return scene;
}

/* Other case and marks, and where it is garbled other words. */
static char *
say (const Scene *scene, const char *text, Rng *rng)
{
  static const char *const endings[] = { "", ".", "!", " now", " twice",
    " in the rain" };
  guint n_endings = scene->garbled ? G_N_ELEMENTS (endings) : 3;
  const char *phrase =
      scene->rephrased ? phrases[rng_below (rng, G_N_ELEMENTS (phrases))] : "";
  char *said = g_strconcat (text, scene->rephrased ? " " : "", phrase,
      endings[rng_below (rng, n_endings)], NULL);

  if (rng_below (rng, 2) == 0)
    said[0] = g_ascii_toupper (said[0]);
  return said;
}

static VlmEvent *
make_report (const Scene *scene, const char *query, const char *text,
    gint64 start, gint64 end, gint64 window_end, Rng *rng)
{
  VlmEvent *event = vlm_event_new ();

  event->query = g_strdup (query);
  event->description = say (scene, text, rng);
  event->start.stream_time = start;
  event->end.stream_time = end;
  event->ongoing = end + TOLERANCE >= window_end;
  event->confidence = rng_below (rng, 100) / 100.0;
  return event;
}

static gint64
shake (const Scene *scene, gint64 time, gint64 low, gint64 high, Rng *rng)
{
  if (time <= low || time >= high)
    return CLAMP (time, low, high);
  time += random_time (rng, -scene->jitter, scene->jitter);
  return CLAMP (time, low, high);
}

static GPtrArray *
look_at (const Scene *scene, gint64 from, Rng *rng)
{
  GPtrArray *reports =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
  gint64 to = from + scene->window;

  for (guint i = 0; i < scene->truth->len; i++) {
    const Truth *truth = &g_array_index (scene->truth, Truth, i);
    gint64 start = shake (scene, truth->start, from, to, rng);
    gint64 end = shake (scene, truth->end, from, to, rng);

    if (truth->start >= to || truth->end <= from ||
        rng_below (rng, 100) < scene->n_missing)
      continue;
    g_ptr_array_add (reports,
        make_report (scene, truth->query, truth->text, MIN (start, end),
            MAX (start, end), to, rng));
  }
  if (rng_below (rng, 100) < scene->n_false) {
    gint64 start = random_time (rng, from, to);

    g_ptr_array_add (reports,
        make_report (scene, NULL, texts[rng_below (rng, G_N_ELEMENTS (texts))],
            start, random_time (rng, start, to), to, rng));
  }
  return reports;
}

static void
shuffle (GPtrArray *array, Rng *rng)
{
  for (guint i = array->len; i > 1; i--) {
    guint k = rng_below (rng, i);
    gpointer last = array->pdata[i - 1];

    array->pdata[i - 1] = array->pdata[k];
    array->pdata[k] = last;
  }
}

/* All records, in order. @order: of the reports of a window; the records of
 * each window end with a NULL. */
static GPtrArray *
track (const Scene *scene, guint64 order)
{
  g_autoptr (VlmTracker) tracker = vlm_tracker_new ();
  GPtrArray *all = g_ptr_array_new ();
  Rng rng = { scene->seed };
  Rng mix = { order };
  GPtrArray *records;

  for (gint64 from = 0; from + scene->window <= scene->end;
       from += scene->hop) {
    const VlmTrackerLook look = {
      .seen_from = from, .asked_from = from, .tolerance_ns = TOLERANCE
    };
    GPtrArray *reports = look_at (scene, from, &rng);

    shuffle (reports, &mix);
    records = vlm_tracker_push (tracker, reports, &look, NULL);
    g_ptr_array_extend_and_steal (all, records);
    g_ptr_array_add (all, NULL);
  }
  g_ptr_array_extend_and_steal (all, vlm_tracker_finish (tracker));
  g_ptr_array_add (all, NULL);
  return all;
}

static void
free_records (GPtrArray *records)
{
  for (guint i = 0; i < records->len; i++)
    if (records->pdata[i] != NULL)
      vlm_event_unref (records->pdata[i]);
  g_ptr_array_unref (records);
}

#define expect(scene, condition)                                               \
  G_STMT_START                                                                 \
  {                                                                            \
    if (!(condition))                                                          \
      g_error ("%s:%d: seed %" G_GUINT64_FORMAT ": not " #condition, __FILE__, \
          __LINE__, (scene)->seed);                                            \
  }                                                                            \
  G_STMT_END

static void
check_life (const Scene *scene, const VlmEvent *event, GHashTable *live,
    GHashTable *ended)
{
  gpointer id = GSIZE_TO_POINTER (event->id);
  const VlmEvent *before = g_hash_table_lookup (live, id);

  expect (scene, event->id > 0);
  expect (scene, !g_hash_table_contains (ended, id));
  expect (scene, event->start.stream_time <= event->end.stream_time);
  expect (scene, event->ongoing == (event->state != VLM_EVENT_STATE_END));
  expect (scene, (event->state != VLM_EVENT_STATE_BEGIN) || before == NULL);
  expect (scene, (event->state != VLM_EVENT_STATE_UPDATE) || before != NULL);
  if (before != NULL) {
    expect (scene, g_strcmp0 (before->query, event->query) == 0);
    expect (scene, event->confidence >= before->confidence);
  }
  if (event->state == VLM_EVENT_STATE_END) {
    g_hash_table_remove (live, id);
    g_hash_table_add (ended, id);
  } else {
    g_hash_table_insert (live, id, (gpointer) event);
  }
}

/* Events that are open at the same time are not the same. */
static void
check_live (const Scene *scene, GHashTable *live)
{
  g_autoptr (GList) events = g_hash_table_get_values (live);

  for (GList *a = events; a != NULL; a = a->next)
    for (GList *b = a->next; b != NULL; b = b->next) {
      const VlmEvent *x = a->data;
      const VlmEvent *y = b->data;

      expect (scene,
          g_strcmp0 (x->query, y->query) != 0 ||
              MIN (x->end.stream_time, y->end.stream_time) <
                  MAX (x->start.stream_time, y->start.stream_time) ||
              !vlm_words_same (x->description, y->description));
    }
}

static void
check_laws (const Scene *scene, GPtrArray *records)
{
  g_autoptr (GHashTable) live = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) ended = g_hash_table_new (NULL, NULL);
  const VlmEvent *before = NULL;
  guint64 newest = 0;

  for (guint i = 0; i < records->len; i++) {
    const VlmEvent *event = records->pdata[i];

    if (event == NULL) {
      check_live (scene, live);
      before = NULL;
      continue;
    }
    check_life (scene, event, live, ended);
    /* In order of their start; new ids only ever grow. */
    expect (scene,
        before == NULL ||
            before->start.stream_time <= event->start.stream_time);
    expect (scene, event->id <= newest + scene->truth->len + 2);
    newest = MAX (newest, event->id);
    before = event;
  }
  expect (scene, g_hash_table_size (live) == 0);
  expect (scene, g_hash_table_size (ended) == newest);
}

static void
check_order (const Scene *scene, GPtrArray *records)
{
  GPtrArray *other = track (scene, 1);

  expect (scene, other->len == records->len);
  for (guint i = 0; i < records->len; i++)
    expect (scene,
        (records->pdata[i] == NULL) == (other->pdata[i] == NULL) &&
            (records->pdata[i] == NULL ||
                vlm_event_equal (records->pdata[i], other->pdata[i])));
  free_records (other);
}

/* Where the windows end. */
static gint64
watched_until (const Scene *scene)
{
  return (scene->end - scene->window) / scene->hop * scene->hop + scene->window;
}

static gboolean
is_told_of (const Scene *scene, const char *said, const char *text)
{
  g_autofree char *subject = vlm_words_subject (said);

  return vlm_words_similarity (scene->rephrased ? subject : said, text) == 1.0;
}

static void
check_truth (const Scene *scene, GPtrArray *records, gint64 jitter)
{
  gint64 until = watched_until (scene);
  guint n_found = 0;
  guint n_true = 0;

  for (guint i = 0; i < records->len; i++)
    n_found += records->pdata[i] != NULL &&
        ((VlmEvent *) records->pdata[i])->state == VLM_EVENT_STATE_END;
  for (guint i = 0; i < scene->truth->len; i++) {
    const Truth *truth = &g_array_index (scene->truth, Truth, i);
    guint n_matches = 0;

    if (truth->start >= until)
      continue;
    n_true++;
    for (guint k = 0; k < records->len; k++) {
      const VlmEvent *event = records->pdata[k];

      if (event != NULL && event->state == VLM_EVENT_STATE_END &&
          g_strcmp0 (event->query, truth->query) == 0 &&
          is_told_of (scene, event->description, truth->text) &&
          ABS (event->start.stream_time - truth->start) <= jitter &&
          ABS (event->end.stream_time - MIN (truth->end, until)) <= jitter)
        n_matches++;
    }
    expect (scene, n_matches == 1);
  }
  expect (scene, n_found == n_true);
}

/* As soon as it is seen: in the window that sees it first, unless over. */
static void
check_begins (const Scene *scene, GPtrArray *records)
{
  gint64 from = 0;

  for (guint i = 0; i < records->len; i++) {
    const VlmEvent *event = records->pdata[i];

    if (event == NULL)
      from += scene->hop;
    else if (event->state == VLM_EVENT_STATE_BEGIN)
      expect (scene,
          from == 0 ||
              event->start.stream_time >= from - scene->hop + scene->window);
  }
}

static void
for_each_scene (gboolean clean, gboolean rephrased, gint64 jitter)
{
  const char *wanted = g_getenv ("VLM_TEST_SEED");
  guint64 first = wanted != NULL ? g_ascii_strtoull (wanted, NULL, 10) : 0;
  guint64 last = wanted != NULL ? first : N_SCENES - 1;

  for (guint64 seed = first; seed <= last; seed++) {
    Rng rng = { seed };
    Scene scene = make_scene (seed, &rng, clean, rephrased);
    GPtrArray *records;

    if (clean)
      scene.jitter = jitter;
    records = track (&scene, 0);
    check_laws (&scene, records);
    check_order (&scene, records);
    if (clean)
      check_truth (&scene, records, jitter);
    if (clean && jitter == 0)
      check_begins (&scene, records);
    free_records (records);
    g_array_unref (scene.truth);
  }
}

static void
test_clean (void)
{
  for_each_scene (TRUE, FALSE, 0);
}

/* Times that are off by less than the model can distinguish. */
static void
test_jitter (void)
{
  for_each_scene (TRUE, FALSE, SLOT / 2);
}

static void
test_garbled (void)
{
  for_each_scene (FALSE, FALSE, 0);
}

/* One stay is one event, whatever the windows that cut it say of it. */
static void
test_rephrased (void)
{
  for_each_scene (TRUE, TRUE, 0);
  for_each_scene (TRUE, TRUE, SLOT / 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tracker-property/clean", test_clean);
  g_test_add_func ("/tracker-property/jitter", test_jitter);
  g_test_add_func ("/tracker-property/garbled", test_garbled);
  g_test_add_func ("/tracker-property/rephrased", test_rephrased);
  return g_test_run ();
}
