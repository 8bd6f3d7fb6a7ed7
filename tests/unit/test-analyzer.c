/* gst-vlm: questions and the processing of answers, with any answerer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-error.h>
#include <vlm/vlm-questions.h>

#include "analyzer/engine-analyzer.h"
#include "analyzer/kinds.h"
#include "media/window.h"
#include "tests/support/warnings.h"

#define SIDE 56
#define SOURCE 112 /* boxes are in its pixels */

/* An answerer without a device, a tokenizer or a model. */
typedef struct
{
  VlmAnswerer parent;
  const char *text;      /* about windows */
  const char *box;       /* about pictures */
  gboolean knows_tokens; /* it knows how sure it is */
  guint max_samples;     /* "out of memory" beyond, 0 for no limit */
  GString *log;          /* the questions it got, a letter each */
  const double *yes;     /* probabilities of yes, one for each weighing */
  guint n_weighed;
  double mass; /* of yes and no together */
} Scripted;

static VlmReply *
scripted_answer (VlmAnswerer *answerer, const VlmRequest *request,
    GCancellable *cancellable, GError **error)
{
  Scripted *self = (Scripted *) answerer;
  const VlmTokenTrace token = { G_MAXSIZE, -0.5 };
  VlmReply *reply;

  g_assert_true ((request->window != NULL) != (request->picture != NULL));
  g_assert_cmpstr (request->question, !=, "");
  g_string_append_c (self->log, vlm_answer_kind_get_name (request->kind)[0]);
  if (self->max_samples > 0 && request->window != NULL &&
      request->window->n_samples > self->max_samples) {
    g_set_error_literal (
        error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY, "no room");
    return NULL;
  }
  reply = g_new0 (VlmReply, 1);
  reply->text = g_strdup (request->window != NULL ? self->text : self->box);
  reply->usage.n_tokens = 10;
  reply->max_tokens = 256;
  if (self->knows_tokens) {
    reply->trace = g_array_new (FALSE, FALSE, sizeof token);
    g_array_append_val (reply->trace, token);
  }
  return reply;
}

/* Logged as Y, or as y where the cache of the other questions is left alone, with
 * the number of frames in the question. */
static gboolean
scripted_weigh (VlmAnswerer *answerer, const VlmRequest *request,
    double *probabilities, VlmUsage *usage, GCancellable *cancellable,
    GError **error)
{
  Scripted *self = (Scripted *) answerer;
  double yes = self->yes[self->n_weighed++];

  g_assert_true (request->kind == &vlm_kind_yes_no);
  g_assert_true (g_str_has_prefix (
      request->question, "Is this true at any time in the video: '"));
  g_string_append_printf (self->log, "%c%u", request->is_apart ? 'y' : 'Y',
      request->window->n_samples);
  if (yes < 0.0) {
    g_set_error_literal (
        error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT, "no");
    return FALSE;
  }
  probabilities[VLM_YES] = self->mass * yes;
  probabilities[VLM_NO] = self->mass * (1.0 - yes);
  usage->n_prompt_tokens = 7;
  return TRUE;
}

static gboolean
scripted_can_weigh (VlmAnswerer *answerer, const VlmAnswerKind *kind,
    GCancellable *cancellable, GError **error)
{
  return TRUE;
}

static GString *asked; /* by the answerer that was freed last */

static void
scripted_free (VlmAnswerer *answerer)
{
  Scripted *self = (Scripted *) answerer;

  if (asked != NULL)
    g_string_free (asked, TRUE);
  asked = self->log;
  g_free (self);
}

static Scripted *
scripted_new (const char *text)
{
  static const VlmAnswererClass klass = { scripted_answer, scripted_free,
    scripted_weigh, scripted_can_weigh };
  Scripted *self = g_new0 (Scripted, 1);

  self->parent.klass = &klass;
  self->parent.model = g_strdup ("a server");
  self->parent.geometry = (VlmGeometry){ 14, 2, 2, 3136, 12845056, 0, 0 };
  self->parent.max_vision = 32768;
  self->text = text;
  self->mass = 0.8;
  self->log = g_string_new (NULL);
  return self;
}

#define ANSWER(start, end)                                                     \
  "[{\"start_time\": \"" start "\", \"end_time\": \"" end                      \
  "\", \"description\": \"a red car stops\"}]"

/* Samples every half second; each window shares the frames of the one before. */
static VlmWindow *
make_window (guint first, guint n_samples)
{
  VlmWindow *window = vlm_window_new (n_samples);
  static VlmFrame *frames[64];

  for (guint i = 0; i < n_samples; i++) {
    guint k = first + i;
    static guint8 pixels[SOURCE * SOURCE * 3];
    const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
      TRUE, SOURCE, SOURCE, { pixels }, { SOURCE * 3 } };
    gint64 time = (gint64) k * VLM_SECOND / 2;

    if (frames[k] == NULL) {
      frames[k] = vlm_frame_new (&view, SIDE, SIDE, VLM_RESAMPLE_VIDEO, NULL);
      frames[k]->time = (VlmInstant){ time, time, time, VLM_TIME_NONE };
    }
    window->samples[i].slot_time = time;
    window->samples[i].frame = vlm_frame_ref (frames[k]);
  }
  window->start = window->samples[0].slot_time;
  window->end = window->start + n_samples * VLM_SECOND / 2;
  window->period = window->end - window->start;
  window->slot_duration = VLM_SECOND / 2;
  return window;
}

static GPtrArray *
analyse (VlmAnalyzer *analyzer, guint first, guint n_samples)
{
  g_autoptr (VlmWindow) window = make_window (first, n_samples);
  g_autoptr (GError) error = NULL;
  GPtrArray *events = vlm_analyzer_analyze (analyzer, window, NULL, &error);

  g_assert_no_error (error);
  return events;
}

static const VlmEvent *
only_event (const GPtrArray *events)
{
  g_assert_cmpuint (events->len, ==, 1);
  return events->pdata[0];
}

static void
test_event (gconstpointer data)
{
  gboolean knows_tokens = GPOINTER_TO_INT (data);
  Scripted *scripted = scripted_new (ANSWER ("00:01.00", "00:02.00"));
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (GPtrArray) events = NULL;
  const VlmEvent *event;

  scripted->knows_tokens = knows_tokens;
  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  events = analyse (analyzer, 4, 8);
  event = only_event (events);
  g_assert_cmpint (event->start.stream_time, ==, 3 * VLM_SECOND);
  g_assert_cmpint (event->end.stream_time, ==, 4 * VLM_SECOND);
  g_assert_cmpstr (event->model, ==, "a server");
  if (knows_tokens)
    g_assert_cmpfloat_with_epsilon (event->confidence, 0.6065, 1e-4);
  else
    g_assert_cmpfloat (event->confidence, ==, -1.0);
}

/* If the grown video is too long, the window alone is analysed. */
static void
test_no_room (void)
{
  Scripted *scripted = scripted_new (ANSWER ("00:01.00", "00:02.00"));
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;

  scripted->max_samples = 8;
  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  first = analyse (analyzer, 0, 8);
  second = analyse (analyzer, 4, 8);
  g_assert_cmpstr (scripted->log->str, ==, "eee");
}

/* A window of 6 s in which a bright bar comes over the left border at 2 s, and is
 * gone at 3 s. */
static VlmWindow *
make_window_with_visit (void)
{
  static const gint right[] = { 0, 0, 0, 0, 12, 24, 0, 0, 0, 0, 0, 0 };
  VlmWindow *window = make_window (0, G_N_ELEMENTS (right));

  for (guint i = 0; i < window->n_samples; i++) {
    static guint8 pixels[SOURCE * SOURCE * 3];
    const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
      TRUE, SOURCE, SOURCE, { pixels }, { SOURCE * 3 } };
    VlmFrame *frame;

    memset (pixels, 50, sizeof pixels);
    for (guint row = 40; row < 80; row++)
      memset (pixels + row * SOURCE * 3, 200, 3 * (gsize) right[i] * 2);
    frame = vlm_frame_new (&view, SIDE, SIDE, VLM_RESAMPLE_VIDEO, NULL);
    frame->time = window->samples[i].frame->time;
    vlm_frame_unref (window->samples[i].frame);
    window->samples[i].frame = frame;
  }
  return window;
}

/* If the model asks for it, reports with its label are cut to what comes and
 * goes, and that is counted. */
static void
test_times_follow_motion (void)
{
  static const struct
  {
    const char *label;
    double start, end;
    guint n_cut;
  } cases[] = { { NULL, 0.0, 5.5, 0 }, { "dog", 0.0, 5.5, 0 },
    { "red car", 2.0, 3.0, 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Scripted *scripted = scripted_new (ANSWER ("00:00.00", "00:05.50"));
    g_autoptr (VlmWindow) window = make_window_with_visit ();
    g_autoptr (VlmAnalyzer) analyzer = NULL;
    g_autoptr (GPtrArray) events = NULL;
    VlmAnalyzerCounts counts;
    const VlmEvent *event;

    scripted->parent.times_follow_motion = cases[i].label;
    analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
    events = vlm_analyzer_analyze (analyzer, window, NULL, NULL);
    g_assert_nonnull (events);
    event = only_event (events);
    g_assert_cmpint (
        event->start.stream_time, ==, (gint64) (cases[i].start * VLM_SECOND));
    g_assert_cmpint (
        event->end.stream_time, ==, (gint64) (cases[i].end * VLM_SECOND));
    g_assert_cmpint (event->end.pts, ==, event->end.stream_time);
    vlm_analyzer_take_counts (analyzer, &counts);
    g_assert_cmpuint (counts.n_cut, ==, cases[i].n_cut);
    g_assert_cmpuint (counts.n_repeated, ==, 0);
    vlm_analyzer_take_counts (analyzer, &counts);
    g_assert_cmpuint (counts.n_cut, ==, 0);
  }
}

/* A box is a question of its own, about one picture, and comes in pixels of the
 * source. */
static void
test_box (void)
{
  Scripted *scripted = scripted_new (ANSWER ("00:01.00", "00:02.00"));
  const VlmQuestions questions = { .ground = TRUE };
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (GPtrArray) events = NULL;
  const VlmEvent *event;

  scripted->box = "[{\"bbox_2d\": [7, 14, 28, 56], \"label\": \"red car\"}]";
  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  vlm_analyzer_set_questions (analyzer, &questions);
  events = analyse (analyzer, 0, 8);
  event = only_event (events);
  g_assert_cmpint (event->bbox.x, ==, 14);
  g_assert_cmpint (event->bbox.y, ==, 28);
  g_assert_cmpint (event->bbox.width, ==, 42);
  g_assert_cmpint (event->bbox.height, ==, 84);
  g_assert_cmpstr (scripted->log->str, ==, "eb");
}

static void
test_ask (void)
{
  Scripted *scripted = scripted_new ("It is \xc3\xa9.");
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (VlmWindow) window = make_window (0, 4);
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL;
  double confidence = 2.0;

  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  answer = vlm_analyzer_ask (
      analyzer, window, "What is it?", &confidence, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (answer, ==, "It is \xc3\xa9.");
  g_assert_cmpfloat (confidence, ==, -1.0);
  vlm_analyzer_unload (analyzer);
  g_assert_cmpstr (asked->str, ==, "f");
}

static char *
list_glance (VlmAnalyzer *analyzer, VlmWindow *window)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) events =
      vlm_analyzer_glance (analyzer, window, NULL, &error);
  GString *text = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < events->len; i++) {
    const VlmEvent *event = events->pdata[i];

    g_string_append_printf (text, "%g-%g ",
        (double) event->start.stream_time / VLM_SECOND,
        (double) event->end.stream_time / VLM_SECOND);
  }
  return g_string_free (text, FALSE);
}

/* A glance says when, and no more: the window that comes has the event as if
 * there had been no glance. */
static void
test_glance (void)
{
  Scripted *scripted = scripted_new (ANSWER ("00:01.00", "00:02.00"));
  char *conditions[] = { (char *) "it rains", NULL };
  char *queries[] = { (char *) "cars", NULL };
  const VlmQuestions both = { .queries = queries, .conditions = conditions };
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (VlmWindow) window = make_window (4, 8);
  g_autofree char *before = NULL;
  g_autofree char *again = NULL;
  g_autofree char *all = NULL;
  g_autoptr (GPtrArray) events = NULL;

  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  before = list_glance (analyzer, window);
  g_assert_cmpstr (before, ==, "3-4 ");
  events = analyse (analyzer, 4, 8);
  g_assert_cmpint (only_event (events)->id, ==, 1);
  again = list_glance (analyzer, window);
  g_assert_cmpstr (again, ==, "3-4 ");
  g_assert_cmpstr (scripted->log->str, ==, "eee");

  /* conditions are judged in each window, so all of the span is wanted */
  vlm_analyzer_set_questions (analyzer, &both);
  all = list_glance (analyzer, window);
  g_assert_cmpstr (all, ==, "2-6 ");
  g_assert_cmpstr (scripted->log->str, ==, "eee");
}

/* Text that is not a list is an error here, too. */
static void
test_glance_nonsense (void)
{
  Scripted *scripted = scripted_new ("I see a car.");
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (VlmWindow) window = make_window (0, 4);
  g_autoptr (GError) error = NULL;

  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  g_assert_null (vlm_analyzer_glance (analyzer, window, NULL, &error));
  g_assert_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX);
}

#define BARE_TYPE_ANALYZER (bare_analyzer_get_type ())
G_DECLARE_FINAL_TYPE (BareAnalyzer, bare_analyzer, BARE, ANALYZER, GObject)

/* It implements no method of the interface. */
struct _BareAnalyzer
{
  GObject parent;
};

static void
bare_analyzer_iface_init (VlmAnalyzerInterface *iface)
{
}

G_DEFINE_FINAL_TYPE_WITH_CODE (BareAnalyzer, bare_analyzer, G_TYPE_OBJECT,
    G_IMPLEMENT_INTERFACE (VLM_TYPE_ANALYZER, bare_analyzer_iface_init))

static void
bare_analyzer_class_init (BareAnalyzerClass *klass)
{
}

static void
bare_analyzer_init (BareAnalyzer *self)
{
}

static void
test_glance_bare (void)
{
  g_autoptr (VlmAnalyzer) analyzer = g_object_new (BARE_TYPE_ANALYZER, NULL);
  g_autoptr (VlmWindow) window = make_window (4, 8);
  g_autofree char *all = list_glance (analyzer, window);

  g_assert_cmpstr (all, ==, "2-6 ");
}

/* Text that is not a list is an error, not a window without events. */
static void
test_nonsense (void)
{
  Scripted *scripted = scripted_new ("I see a car.");
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (VlmWindow) window = make_window (0, 4);
  g_autoptr (GError) error = NULL;

  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  g_assert_null (vlm_analyzer_analyze (analyzer, window, NULL, &error));
  g_assert_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SYNTAX);
}

/* --- conditions ----------------------------------------------------------- */

static char *two_conditions[] = { " gate = the gate is open ", "a dog barks",
  NULL };

/* "3[gate", "3]gate": event 3 of that condition begins, ends. */
static void
check_records (const GPtrArray *records, const char *expected)
{
  g_autoptr (GString) log = g_string_new (NULL);

  for (guint i = 0; i < records->len; i++) {
    const VlmEvent *event = records->pdata[i];

    g_string_append_printf (log, "%s%d%c%s", i > 0 ? " " : "", (int) event->id,
        "[+]"[event->state],
        event -> condition != NULL ? event -> condition : "-");
  }
  g_assert_cmpstr (log->str, ==, expected);
}

/* Conditions alone need no list. Each has its own begin and end. */
static void
test_conditions (void)
{
  static const double yes[] = { 0.9, 0.1, 0.95, 0.7, 0.2, 0.7 };
  Scripted *scripted = scripted_new ("");
  const VlmQuestions questions = { .version = 4, .conditions = two_conditions };
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;
  g_autoptr (GPtrArray) third = NULL;
  g_autoptr (GPtrArray) last = NULL;
  const VlmEvent *event;

  scripted->yes = yes;
  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  vlm_analyzer_set_questions (analyzer, &questions);
  first = analyse (analyzer, 0, 8);
  check_records (first, "1[gate");
  event = first->pdata[0];
  g_assert_cmpstr (event->query, ==, "the gate is open");
  g_assert_cmpstr (event->model, ==, "a server");
  g_assert_cmpuint (event->query_version, ==, 4);
  g_assert_cmpint (event->start.stream_time, ==, 0);
  g_assert_cmpint (event->end.stream_time, ==, 4 * VLM_SECOND);
  g_assert_cmpint (event->end.pts, ==, 4 * VLM_SECOND);
  g_assert_cmpuint (event->window.n_frames, ==, 8);
  g_assert_cmpfloat_with_epsilon (event->probability, 0.9, 1e-9);
  g_assert_cmpfloat_with_epsilon (event->mass, 0.8, 1e-9);
  second = analyse (analyzer, 8, 8);
  check_records (second, "2[a dog barks");
  third = analyse (analyzer, 16, 8);
  check_records (third, "1]gate");
  last = vlm_analyzer_finish (analyzer);
  check_records (last, "2]a dog barks");
  g_assert_cmpstr (scripted->log->str, ==, "Y8Y8Y8Y8Y8Y8");
}

/* Where windows overlap, events are looked for in the grown video and conditions
 * in the window; both take their ids from one sequence. */
static void
test_conditions_beside_events (void)
{
  static const double yes[] = { 0.9, 0.9, 0.9, 0.1 };
  char *queries[] = { (char *) "cars", NULL };
  char *conditions[] = { (char *) "it rains", NULL };
  Scripted *scripted = scripted_new (ANSWER ("00:01.00", "00:04.00"));
  const VlmQuestions both = { .queries = queries, .conditions = conditions };
  const VlmQuestions none = { .queries = queries };
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;
  g_autoptr (GPtrArray) third = NULL;

  scripted->yes = yes;
  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  vlm_analyzer_set_questions (analyzer, &both);
  first = analyse (analyzer, 0, 8);
  check_records (first, "1[- 2[it rains");
  second = analyse (analyzer, 4, 8);
  g_assert_cmpstr (scripted->log->str, ==, "eY8ey8");
  /* A condition that is removed ends. */
  vlm_analyzer_set_questions (analyzer, &none);
  third = analyse (analyzer, 8, 8);
  check_records (third, "2]it rains");
  g_assert_cmpstr (scripted->log->str, ==, "eY8ey8e");
}

/* Rules change at any time; a window without an answer changes nothing. */
static void
test_conditions_changed (void)
{
  static const double yes[] = { 0.5, 0.5, -1.0, 0.5 };
  char *conditions[] = { (char *) "it rains", NULL };
  Scripted *scripted = scripted_new ("");
  VlmQuestions questions = { .conditions = conditions };
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;
  g_autoptr (GPtrArray) last = NULL;
  g_autoptr (VlmWindow) failing = make_window (16, 8);
  g_autoptr (GError) error = NULL;

  scripted->yes = yes;
  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  vlm_analyzer_set_questions (analyzer, &questions);
  first = analyse (analyzer, 0, 8);
  check_records (first, "");
  questions.condition_rules.on_threshold = 0.45;
  vlm_analyzer_set_questions (analyzer, &questions);
  second = analyse (analyzer, 8, 8);
  check_records (second, "1[it rains");
  g_assert_null (vlm_analyzer_analyze (analyzer, failing, NULL, &error));
  g_assert_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT);
  questions.condition_rules.off_threshold = 0.55;
  questions.condition_rules.on_threshold = 0.9;
  vlm_analyzer_set_questions (analyzer, &questions);
  last = analyse (analyzer, 24, 8);
  check_records (last, "1]it rains");
}

/* Conditions that cannot be asked, and answers that are none, warn once each. */
static void
test_conditions_warned (void)
{
  static const double yes[] = { 0.9, 0.9 };
  char *conditions[] = { (char *) "gate= ", (char *) "it rains", NULL };
  Scripted *scripted = scripted_new ("");
  const VlmQuestions questions = { .conditions = conditions };
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (GPtrArray) first = NULL;
  g_autoptr (GPtrArray) second = NULL;

  scripted->yes = yes;
  scripted->mass = 0.04;
  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  vlm_analyzer_set_questions (analyzer, &questions);
  warnings_expect ("\"gate= \"");
  first = analyse (analyzer, 0, 8);
  warnings_expect ("neither yes nor no");
  second = analyse (analyzer, 8, 8);
  warnings_expect_none ();
  check_records (first, "");
  check_records (second, "");
  g_assert_cmpstr (scripted->log->str, ==, "Y8Y8");
}

static void
check_times (
    const GPtrArray *records, double start, double end, const char *located)
{
  const VlmEvent *event = only_event (records);

  g_assert_cmpint (event->start.stream_time, ==, (gint64) (start * VLM_SECOND));
  g_assert_cmpint (event->end.stream_time, ==, (gint64) (end * VLM_SECOND));
  g_assert_cmpstr (event->located, ==, located);
}

/* (transfer full): the records of @n windows, one after the other. */
static GPtrArray *
analyse_windows (VlmAnalyzer *analyzer, guint n)
{
  GPtrArray *all =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (all, analyse (analyzer, 8 * i, 8));
  return all;
}

static const GPtrArray *
records_of (const GPtrArray *all, guint window)
{
  return all->pdata[window];
}

static VlmAnalyzer *
new_locating (Scripted *scripted, const double *yes, guint confirm)
{
  static char *conditions[] = { (char *) "it rains", NULL };
  const VlmQuestions questions = { .conditions = conditions,
    .condition_rules = { .confirm = confirm },
    .locate = TRUE };
  VlmAnalyzer *analyzer = vlm_engine_analyzer_new_for (&scripted->parent);

  scripted->yes = yes;
  vlm_analyzer_set_questions (analyzer, &questions);
  return analyzer;
}

/* Times are queried only when a condition begins or ends; for the end, in the
 * last window in which it held, unless that was done before. */
static void
test_locate (void)
{
  static const double yes[] = { 0.1, 0.9, 0.9, 0.1, 0.9, 0.1 };
  Scripted *scripted = scripted_new (ANSWER ("00:01.00", "00:02.50"));
  g_autoptr (VlmAnalyzer) analyzer = new_locating (scripted, yes, 1);
  g_autoptr (GPtrArray) records = analyse_windows (analyzer, 6);

  check_times (records_of (records, 1), 5, 6.5, "both");
  check_times (records_of (records, 3), 5, 10.5, "both");
  check_times (records_of (records, 4), 17, 18.5, "both");
  check_times (records_of (records, 5), 17, 18.5, "both");
  g_assert_cmpuint (
      records_of (records, 0)->len + records_of (records, 2)->len, ==, 0);
  g_assert_cmpstr (scripted->log->str, ==, "Y8Y8eY8Y8eY8eY8");
}

/* It begins in the first of the windows that confirm it. */
static void
test_locate_confirmed (void)
{
  static const double yes[] = { 0.9, 0.1, 0.9, 0.9, 0.8, 0.0 };
  Scripted *scripted = scripted_new (ANSWER ("00:01.00", "00:02.50"));
  g_autoptr (VlmAnalyzer) analyzer = new_locating (scripted, yes, 2);
  g_autoptr (GPtrArray) records = analyse_windows (analyzer, 6);

  check_times (records_of (records, 3), 9, 16, "start");
  check_times (records_of (records, 5), 9, 18.5, "both");
  g_assert_cmpstr (scripted->log->str, ==, "Y8Y8Y8Y8eY8Y8e");
}

/* If the answer has no time, the window's times are used. */
static void
test_locate_nothing (void)
{
  static const char *const answers[] = { "I see rain.", "[]" };
  static const double yes[] = { 0.9, 0.1 };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++) {
    Scripted *scripted = scripted_new (answers[i]);
    g_autoptr (VlmAnalyzer) analyzer = new_locating (scripted, yes, 1);
    g_autoptr (GPtrArray) first = analyse (analyzer, 0, 8);
    g_autoptr (GPtrArray) second = analyse (analyzer, 8, 8);

    check_times (first, 0, 4, NULL);
    check_times (second, 0, 4, NULL);
  }
}

/* --- answers that are not events ------------------------------------------ */

static VlmAnswerRecord *
only_answer (VlmAnalyzer *analyzer)
{
  g_autoptr (GPtrArray) records = vlm_analyzer_take_answers (analyzer);
  g_autoptr (GPtrArray) none = vlm_analyzer_take_answers (analyzer);

  g_assert_cmpuint (records->len, ==, 1);
  g_assert_cmpuint (none->len, ==, 0);
  return vlm_answer_record_ref (records->pdata[0]);
}

/* A record of each window, and no events, whatever the answer is. */
static void
test_task (void)
{
  Scripted *scripted = scripted_new ("{\"n\": 3}");
  const VlmQuestions questions = { .version = 7,
    .prompt = (char *) "How many?",
    .task = (char *) "json",
    .detail = (char *) "{\"properties\":{\"n\":{\"maximum\":9}}}" };
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (GPtrArray) events = NULL;
  g_autoptr (GPtrArray) more = NULL;
  g_autoptr (VlmAnswerRecord) first = NULL;
  g_autoptr (VlmAnswerRecord) second = NULL;

  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  vlm_analyzer_set_questions (analyzer, &questions);
  events = analyse (analyzer, 0, 8);
  g_assert_cmpuint (events->len, ==, 0);
  first = only_answer (analyzer);
  g_assert_true (first->is_result);
  g_assert_cmpstr (first->task, ==, "json");
  g_assert_cmpstr (first->question, ==, "How many?");
  g_assert_cmpstr (first->value, ==, "{\"n\": 3}");
  g_assert_cmpuint (first->query_version, ==, 7);
  g_assert_cmpstr (first->model, ==, "a server");
  g_assert_cmpuint (first->usage.n_tokens, ==, 10);
  /* The times are of the window, although the question is about more video. */
  scripted->text = "{\"n\": 10}";
  more = analyse (analyzer, 4, 8);
  second = only_answer (analyzer);
  g_assert_cmpint (second->start.stream_time, ==, 2 * VLM_SECOND);
  g_assert_cmpint (second->end.pts, ==, 6 * VLM_SECOND);
  g_assert_null (second->value);
  g_assert_cmpstr (second->answer, ==, "{\"n\": 10}");
  g_assert_nonnull (strstr (second->error, "does not fit"));
  g_assert_cmpstr (scripted->log->str, ==, "jj");
}

/* A question about a moment is about the last one. */
static void
test_task_of_a_picture (void)
{
  Scripted *scripted = scripted_new ("");
  char *queries[] = { (char *) "car", NULL };
  const VlmQuestions questions = { .task = (char *) "boxes",
    .queries = queries };
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (GPtrArray) events = NULL;
  g_autoptr (VlmAnswerRecord) record = NULL;

  scripted->box = "[{\"bbox_2d\": [7, 14, 28, 56], \"label\": \"red car\"}]";
  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  vlm_analyzer_set_questions (analyzer, &questions);
  events = analyse (analyzer, 0, 8);
  record = only_answer (analyzer);
  g_assert_cmpstr (record->query, ==, "car");
  g_assert_cmpstr (record->question, ==,
      "Locate the car, report the bbox coordinates in JSON format.");
  g_assert_cmpstr (record->value, ==,
      "[\n\t{\"bbox_2d\": [14, 28, 56, 112], \"label\": \"red car\"}\n]");
  g_assert_cmpint (record->frame.stream_time, ==, 7 * VLM_SECOND / 2);
  g_assert_cmpint (record->start.stream_time, ==, 0);
  g_assert_cmpint (record->end.stream_time, ==, 4 * VLM_SECOND);
  g_assert_cmpuint (record->window.n_frames, ==, 1);
}

/* Answers that give events and conditions are reported, but not as results. */
static void
test_answers (void)
{
  static const double yes[] = { 0.75 };
  char *conditions[] = { (char *) "it rains", NULL };
  char *queries[] = { (char *) "cars", NULL };
  Scripted *scripted = scripted_new (ANSWER ("00:01.00", "00:02.00"));
  const VlmQuestions questions = { .queries = queries,
    .conditions = conditions };
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (GPtrArray) events = NULL;
  g_autoptr (GPtrArray) records = NULL;
  const VlmAnswerRecord *list;
  const VlmAnswerRecord *condition;

  scripted->yes = yes;
  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  vlm_analyzer_set_questions (analyzer, &questions);
  events = analyse (analyzer, 0, 8);
  records = vlm_analyzer_take_answers (analyzer);
  g_assert_cmpuint (records->len, ==, 2);
  list = records->pdata[0];
  g_assert_false (list->is_result);
  g_assert_cmpstr (list->task, ==, "events");
  g_assert_cmpstr (list->query, ==, "cars");
  condition = records->pdata[1];
  g_assert_false (condition->is_result);
  g_assert_cmpstr (condition->task, ==, "yes-no");
  g_assert_cmpstr (condition->query, ==, "it rains");
  g_assert_cmpstr (condition->value, ==, "{\"yes\": 0.6000, \"no\": 0.2000}");
  g_assert_null (condition->answer);
}

/* A question that could not be answered is reported with the reason. */
static void
test_answer_failed (void)
{
  Scripted *scripted = scripted_new ("I see a car.");
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (VlmWindow) window = make_window (0, 8);
  g_autoptr (VlmAnswerRecord) nonsense = NULL;
  g_autoptr (VlmAnswerRecord) failed = NULL;

  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  g_assert_null (vlm_analyzer_analyze (analyzer, window, NULL, NULL));
  nonsense = only_answer (analyzer);
  g_assert_cmpstr (nonsense->answer, ==, "I see a car.");
  g_assert_nonnull (strstr (nonsense->error, "contains no list"));
  scripted->max_samples = 4;
  g_assert_null (vlm_analyzer_analyze (analyzer, window, NULL, NULL));
  failed = only_answer (analyzer);
  g_assert_cmpstr (failed->error, ==, "no room");
  g_assert_null (failed->answer);
}

static void
test_no_task (void)
{
  Scripted *scripted = scripted_new ("");
  const VlmQuestions questions = { .task = (char *) "poem" };
  g_autoptr (VlmAnalyzer) analyzer = NULL;
  g_autoptr (GPtrArray) events = NULL;

  analyzer = vlm_engine_analyzer_new_for (&scripted->parent);
  vlm_analyzer_set_questions (analyzer, &questions);
  warnings_expect ("unknown task \"poem\"");
  warnings_expect_none ();
  events = analyse (analyzer, 0, 8);
  g_assert_cmpuint (events->len, ==, 0);
  g_assert_cmpstr (scripted->log->str, ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  warnings_keep ();
  g_test_add_data_func (
      "/analyzer/event-unsure", GINT_TO_POINTER (FALSE), test_event);
  g_test_add_data_func (
      "/analyzer/event-sure", GINT_TO_POINTER (TRUE), test_event);
  g_test_add_func ("/analyzer/no-room", test_no_room);
  g_test_add_func ("/analyzer/times-follow-motion", test_times_follow_motion);
  g_test_add_func ("/analyzer/box", test_box);
  g_test_add_func ("/analyzer/ask", test_ask);
  g_test_add_func ("/analyzer/glance", test_glance);
  g_test_add_func ("/analyzer/glance-nonsense", test_glance_nonsense);
  g_test_add_func ("/analyzer/glance-bare", test_glance_bare);
  g_test_add_func ("/analyzer/nonsense", test_nonsense);
  g_test_add_func ("/analyzer/conditions", test_conditions);
  g_test_add_func (
      "/analyzer/conditions-beside-events", test_conditions_beside_events);
  g_test_add_func ("/analyzer/conditions-changed", test_conditions_changed);
  g_test_add_func ("/analyzer/conditions-warned", test_conditions_warned);
  g_test_add_func ("/analyzer/locate", test_locate);
  g_test_add_func ("/analyzer/locate-confirmed", test_locate_confirmed);
  g_test_add_func ("/analyzer/locate-nothing", test_locate_nothing);
  g_test_add_func ("/analyzer/task", test_task);
  g_test_add_func ("/analyzer/task-of-a-picture", test_task_of_a_picture);
  g_test_add_func ("/analyzer/answers", test_answers);
  g_test_add_func ("/analyzer/answer-failed", test_answer_failed);
  g_test_add_func ("/analyzer/no-task", test_no_task);
  return g_test_run ();
}
