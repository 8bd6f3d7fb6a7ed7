/* gst-vlm: long videos with one event each
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   refine VIDEOS MINUTES [generous]
 *
 * Plays videos of so many minutes, each with one event of three seconds, through
 * vlmevents window=0 refine=true with the model that ships, and some minutes of
 * each through plain windows at two frames a second. Prints a line for each and
 * one at the end, and fails if too few events are found, if their times are too
 * far off, if there are too many others, or if it costs too much.
 * generous: limits so wide that a minute of computing is enough. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <vlm/vlm-event.h>
#include <vlm/vlm-scene-render.h>

#include "support/resident.h"

#define WIDTH 320
#define HEIGHT 240
#define FPS 8
#define CAPS "video/x-raw, format=RGB, width=320, height=240, framerate=8/1"
/* No training uses seeds from here on. */
#define FIRST_SEED (G_GUINT64_CONSTANT (1) << 41)
#define SCENE_S 12
#define SHORTEST (2750 * (VLM_SECOND / 1000))
#define LONGEST (3250 * (VLM_SECOND / 1000))
/* The video around the scene repeats frames of the scene. */
#define N_IDLE 16
#define PLAIN_MINUTES 2.0

typedef struct
{
  double share;    /* of the events that must be found */
  double edge_s;   /* median error of their starts and ends */
  double n_others; /* false ones in an hour */
  double cost;     /* as a share of plain windows */
} Limits;

static const Limits strict = { 0.9, 0.5, 1.0, 0.25 };
static const Limits generous = { 0.5, 1.5, 30.0, 0.6 };

/* 50 MB: while a video plays, after its first window and glance; and in all,
 * beyond what plain windows take. */
#define MAX_GROWTH_KB (50 * 1000 * 1000 / 1024)

/* A scene with one event, and where it is in the video. */
typedef struct
{
  VlmScene *scene;
  guint64 seed;
  gint64 at;
  gint64 length;
  GstBuffer *idle[2][N_IDLE]; /* before it and after */
  gint64 start;               /* of the event, in the video */
  gint64 end;
  const char *description;
} Video;

/* What an element made of it. */
typedef struct
{
  GPtrArray *events; /* VlmEvent, as they ended */
  guint64 n_tokens;
  guint64 n_glances;
  guint64 n_analysed;
  double seconds;
  /* Resident: after the first window and glance, and at most. */
  gint64 early_kb;
  gint64 peak_kb;
} Result;

typedef struct
{
  guint n_videos;
  guint n_found;
  guint n_others;
  double hours;
  GArray *errors; /* double, s */
  double cost;    /* shares of each, added */
  double time;
  gint64 growth_kb; /* at most, of one video */
  gint64 beyond_kb; /* what plain windows take */
} Total;

/* --- the video ------------------------------------------------------------ */

static GstBuffer *
render (Video *video, gint64 time)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, WIDTH * HEIGHT * 3, NULL);
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
  vlm_scene_render (video->scene, time, WIDTH, HEIGHT, map.data, WIDTH * 3);
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

/* Nothing of it moves the whole picture: what is before the event and after it is
 * still, but for the noise of a sensor and of a codec. */
static const VlmSceneEvent *
make_scene (Video *video, guint64 seed)
{
  const VlmSceneParams params = {
    .seed = seed,
    .width = WIDTH,
    .height = HEIGHT,
    .duration = SCENE_S * VLM_SECOND,
    .min_objects = 1,
    .max_objects = 1,
    .kind = VLM_SCENE_KIND_MIXED,
    .effects = VLM_SCENE_EFFECT_SHADOWS | VLM_SCENE_EFFECT_NOISE |
        VLM_SCENE_EFFECT_BLOCKS,
  };

  video->scene = vlm_scene_new (&params);
  video->seed = seed;
  return vlm_scene_get_event (video->scene, 0);
}

static gboolean
suits (const VlmSceneEvent *event)
{
  gint64 length = event->end - event->start;

  return !event->in_view_at_start && !event->in_view_at_end &&
      length >= SHORTEST && length <= LONGEST && event->start >= VLM_SECOND &&
      event->end <= (SCENE_S - 1) * VLM_SECOND;
}

/* The @number-th one; the same each time. */
static void
video_init (Video *video, guint number, gint64 length)
{
  guint64 seed = FIRST_SEED + (guint64) number * 1000000;
  GRand *rand = g_rand_new_with_seed (number + 1);
  const VlmSceneEvent *event;

  while (!suits ((event = make_scene (video, seed++))))
    vlm_scene_free (video->scene);
  video->length = length;
  video->at = VLM_SECOND / 1000 *
      (gint64) (1e3 *
          g_rand_double_range (
              rand, 20.0, (double) length / VLM_SECOND - SCENE_S - 15.0));
  video->at -= video->at % (VLM_SECOND / FPS);
  video->start = video->at + event->start;
  video->end = video->at + event->end;
  video->description = event->description;
  for (guint i = 0; i < N_IDLE; i++) {
    video->idle[0][i] = render (video, i * event->start / (N_IDLE + 1));
    video->idle[1][i] = render (video,
        event->end + VLM_SECOND / 2 +
            i * (SCENE_S * VLM_SECOND - event->end - VLM_SECOND / 2) / N_IDLE);
  }
  g_rand_free (rand);
}

static void
video_clear (Video *video)
{
  for (guint i = 0; i < N_IDLE; i++) {
    gst_buffer_unref (video->idle[0][i]);
    gst_buffer_unref (video->idle[1][i]);
  }
  vlm_scene_free (video->scene);
}

static GstBuffer *
make_frame (Video *video, guint number)
{
  gint64 time = (gint64) number * VLM_SECOND / FPS;
  gint64 within = time - video->at;
  GstBuffer *buffer;

  if (within >= 0 && within < SCENE_S * VLM_SECOND)
    buffer = render (video, within);
  else
    buffer = gst_buffer_copy (video->idle[within >= 0][number % N_IDLE]);
  GST_BUFFER_PTS (buffer) = (GstClockTime) time;
  GST_BUFFER_DURATION (buffer) = GST_SECOND / FPS;
  return buffer;
}

/* --- one run -------------------------------------------------------------- */

static void
on_event (GstElement *element, VlmEvent *event, gpointer user_data)
{
  Result *result = user_data;

  if (event->state == VLM_EVENT_STATE_END)
    g_ptr_array_add (result->events, vlm_event_ref (event));
}

static void
check_bus (GstBus *bus)
{
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
  g_autoptr (GError) error = NULL;

  if (message == NULL)
    return;
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else
    gst_message_parse_warning (message, &error, NULL);
  g_error ("%s", error->message);
}

static void
read_stats (GstElement *element, Result *result)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 n_prompt = 0;
  guint64 n_answer = 0;

  g_object_get (element, "stats", &stats, NULL);
  g_assert_true (gst_structure_get (stats, "prompt-tokens", G_TYPE_UINT64,
      &n_prompt, "answer-tokens", G_TYPE_UINT64, &n_answer, "glances",
      G_TYPE_UINT64, &result->n_glances, "windows-analysed", G_TYPE_UINT64,
      &result->n_analysed, "inference-seconds", G_TYPE_DOUBLE, &result->seconds,
      NULL));
  result->n_tokens = n_prompt + n_answer;
}

/* Until the first window and glance, models, pipelines and caches are made. */
static void
weigh (GstElement *element, Result *result)
{
  gint64 now_kb = resident_kb ();

  if (result->early_kb == 0) {
    read_stats (element, result);
    if (result->n_glances > 0 && result->n_analysed > 0)
      result->early_kb = now_kb;
  }
  result->peak_kb = MAX (result->peak_kb, now_kb);
}

/* The first @length of the video. */
static void
play (Video *video, const char *settings, gint64 length, Result *result)
{
  g_autofree char *line = g_strdup_printf ("vlmevents name=w %s", settings);
  g_autoptr (GError) error = NULL;
  GstElement *element = gst_parse_launch (line, &error);
  g_autoptr (GstBus) bus = gst_bus_new ();
  guint n_frames = (guint) (length * FPS / VLM_SECOND);
  GstHarness *harness;

  g_assert_no_error (error);
  gst_object_ref_sink (element);
  gst_element_set_bus (element, bus);
  result->events =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
  g_signal_connect (element, "event", G_CALLBACK (on_event), result);
  harness = gst_harness_new_with_element (element, "sink", "src");
  gst_harness_set_live (harness, FALSE);
  gst_harness_set_drop_buffers (harness, TRUE);
  gst_harness_set_src_caps_str (harness, CAPS);
  for (guint i = 0; i < n_frames; i++) {
    g_assert_cmpint (
        gst_harness_push (harness, make_frame (video, i)), ==, GST_FLOW_OK);
    check_bus (bus);
    if (i % (5 * FPS) == 0)
      weigh (element, result);
  }
  g_assert_true (gst_harness_push_event (harness, gst_event_new_eos ()));
  weigh (element, result);
  check_bus (bus);
  read_stats (element, result);
  gst_harness_teardown (harness);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
}

/* --- how good it is ------------------------------------------------------- */

static double
in_seconds (gint64 time)
{
  return (double) time / VLM_SECOND;
}

/* The one that has most in common with the truth; NULL if none has anything. */
static const VlmEvent *
find_event (const Video *video, const Result *result)
{
  const VlmEvent *best = NULL;
  gint64 best_common = 0;

  for (guint i = 0; i < result->events->len; i++) {
    const VlmEvent *event = result->events->pdata[i];
    gint64 common = MIN (event->end.stream_time, video->end) -
        MAX (event->start.stream_time, video->start);

    if (common > best_common) {
      best_common = common;
      best = event;
    }
  }
  return best;
}

static void
judge_video (
    const Video *video, const Result *fine, const Result *plain, Total *total)
{
  const VlmEvent *found = find_event (video, fine);
  double share = in_seconds (video->length) / (60.0 * PLAIN_MINUTES);
  double cost = (double) fine->n_tokens / ((double) plain->n_tokens * share);
  double time = fine->seconds / (plain->seconds * share);
  gint64 growth_kb = fine->peak_kb - fine->early_kb;
  gint64 beyond_kb = fine->peak_kb - plain->peak_kb;
  double errors[2] = { 0.0, 0.0 };

  total->n_videos++;
  total->n_others += fine->events->len - (found != NULL);
  total->hours += in_seconds (video->length) / 3600.0;
  total->cost += cost;
  total->time += time;
  total->growth_kb = MAX (total->growth_kb, growth_kb);
  total->beyond_kb = MAX (total->beyond_kb, beyond_kb);
  if (found != NULL) {
    total->n_found++;
    errors[0] = ABS (in_seconds (found->start.stream_time - video->start));
    errors[1] = ABS (in_seconds (found->end.stream_time - video->end));
    g_array_append_vals (total->errors, errors, 2);
  }
  printf ("%3u | %.2f to %.2f | %s | ", total->n_videos,
      in_seconds (video->start), in_seconds (video->end), video->description);
  if (found != NULL)
    printf ("%.2f to %.2f: %s | ", in_seconds (found->start.stream_time),
        in_seconds (found->end.stream_time), found->description);
  else
    printf ("not found | ");
  printf ("others %u, windows %" G_GUINT64_FORMAT ", glances %" G_GUINT64_FORMAT
          ", tokens %.3f, seconds %.3f, memory %+" G_GINT64_FORMAT
          " KiB, %+" G_GINT64_FORMAT " KiB beyond plain windows\n",
      fine->events->len - (found != NULL), fine->n_analysed, fine->n_glances,
      cost, time, growth_kb, beyond_kb);
  for (guint i = 0; i < fine->events->len; i++) {
    const VlmEvent *event = fine->events->pdata[i];

    if (event != found)
      printf ("      also %.2f to %.2f: %s\n",
          in_seconds (event->start.stream_time),
          in_seconds (event->end.stream_time), event->description);
  }
  fflush (stdout);
}

static gint
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
find_median (GArray *numbers)
{
  guint n = numbers->len;

  if (n == 0)
    return G_MAXDOUBLE;
  g_array_sort (numbers, compare_doubles);
  return (g_array_index (numbers, double, (n - 1) / 2) +
             g_array_index (numbers, double, n / 2)) /
      2.0;
}

static gboolean
judge (const Total *total, const Limits *limits)
{
  double edge_s = find_median (total->errors);
  double cost = total->cost / total->n_videos;
  gboolean passed = total->n_found >= limits->share * total->n_videos &&
      edge_s <= limits->edge_s &&
      total->n_others <= MAX (1.0, limits->n_others * total->hours) &&
      cost <= limits->cost && total->growth_kb <= MAX_GROWTH_KB &&
      total->beyond_kb <= MAX_GROWTH_KB;

  printf ("refine: %u of %u found, median error %.2f s, %u others in %.2f h, "
          "cost %.3f (seconds %.3f) of plain windows, memory grows by at most "
          "%" G_GINT64_FORMAT " KiB, %" G_GINT64_FORMAT
          " KiB beyond theirs: %s\n",
      total->n_found, total->n_videos, edge_s, total->n_others, total->hours,
      cost, total->time / total->n_videos, total->growth_kb, total->beyond_kb,
      passed ? "passed" : "failed");
  return passed;
}

static void
run_video (guint number, gint64 length, Total *total)
{
  Video video = { 0 };
  Result fine = { 0 };
  Result plain = { 0 };

  video_init (&video, number, length);
  play (&video, "window=10 fps=2", (gint64) (60.0 * PLAIN_MINUTES) * VLM_SECOND,
      &plain);
  play (&video, "window=0 refine=true", length, &fine);
  judge_video (&video, &fine, &plain, total);
  g_ptr_array_unref (fine.events);
  g_ptr_array_unref (plain.events);
  video_clear (&video);
}

int
main (int argc, char **argv)
{
  guint n_videos = argc > 2 ? (guint) g_ascii_strtoull (argv[1], NULL, 10) : 0;
  double minutes = argc > 2 ? g_ascii_strtod (argv[2], NULL) : 0.0;
  gboolean is_generous = argc == 4 && g_str_equal (argv[3], "generous");
  Total total = { 0 };
  gboolean passed;

  gst_init (&argc, &argv);
  if (n_videos == 0 || minutes < PLAIN_MINUTES || (argc != 3 && !is_generous)) {
    fprintf (stderr, "refine VIDEOS MINUTES [generous], from %g minutes on\n",
        PLAIN_MINUTES);
    return 2;
  }
  total.errors = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint i = 0; i < n_videos; i++)
    run_video (i, (gint64) (60.0 * minutes) * VLM_SECOND, &total);
  passed = judge (&total, is_generous ? &generous : &strict);
  g_array_unref (total.errors);
  return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
