/* gst-vlm: from probabilities of windows to a condition that holds
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/condition.h"
#include "support/rng.h"

#define SECOND VLM_SECOND
#define N_LIVES 800

static VlmEvent *
make_report (gint64 start, gint64 end, double probability, double mass)
{
  VlmEvent *report = vlm_event_new ();

  report->start = (VlmInstant){ start + 1, start + 2, start, start + 3 };
  report->end = (VlmInstant){ end + 1, end + 2, end, end + 3 };
  report->time_source = VLM_TIME_SOURCE_CLOCK;
  report->probability = probability;
  report->mass = mass;
  report->window.start = start;
  report->window.end = end;
  return report;
}

static void
add (GString *log, VlmEvent *record)
{
  if (record == NULL) {
    g_string_append_c (log, '.');
    return;
  }
  g_string_append_printf (log, "%s%d-%d",
      record->state == VLM_EVENT_STATE_BEGIN     ? "["
          : record->state == VLM_EVENT_STATE_END ? "]"
                                                 : "+",
      (int) (record->start.stream_time / SECOND),
      (int) (record->end.stream_time / SECOND));
  vlm_event_unref (record);
}

/* Windows of @length seconds, every @hop; probabilities in hundredths, negative
 * where the model answered neither yes nor no. Returns the records: "[start-end"
 * for a begin, "+" for an update, "]" for an end, "." for nothing. */
static char *
watch (const VlmConditionRules *rules, guint length, guint hop,
    const int *hundredths, guint n)
{
  VlmCondition *condition = vlm_condition_new ("gate", "the gate is open");
  GString *log = g_string_new (NULL);
  guint64 next_id = 1;

  for (guint i = 0; i < n; i++) {
    gint64 start = (gint64) (i * hop) * SECOND;
    g_autoptr (VlmEvent) report = make_report (start, start + length * SECOND,
        ABS (hundredths[i]) / 100.0, hundredths[i] < 0 ? 0.01 : 0.98);

    add (log, vlm_condition_push (condition, rules, report, NULL, &next_id));
  }
  add (log, vlm_condition_finish (condition));
  g_assert_null (vlm_condition_finish (condition));
  vlm_condition_free (condition);
  return g_string_free (log, FALSE);
}

#define CHECK(rules, length, hop, expected, ...)                               \
  G_STMT_START                                                                 \
  {                                                                            \
    const int values[] = { __VA_ARGS__ };                                      \
    g_autofree char *log =                                                     \
        watch (rules, length, hop, values, G_N_ELEMENTS (values));             \
                                                                               \
    g_assert_cmpstr (log, ==, expected);                                       \
  }                                                                            \
  G_STMT_END

static void
test_thresholds (void)
{
  const VlmConditionRules defaults = { 0 };
  const VlmConditionRules strict = { .on_threshold = 0.9,
    .off_threshold = 0.8 };
  const VlmConditionRules crossed = { .on_threshold = 0.3 };

  /* More than 0.6, less than 0.4; between them the state stays. */
  CHECK (&defaults, 10, 10, "..[20-30]20-30..", 50, 60, 61, 39, 60);
  CHECK (&defaults, 10, 10, "[0-10+0-20.]0-30.", 99, 41, 40, 39);
  CHECK (&defaults, 10, 10, ".....", 59, 41, 60, 0);
  CHECK (&strict, 10, 10, ".[10-20]10-20..", 89, 95, 79, 85);
  /* The lower one is never above the upper one. */
  CHECK (&crossed, 10, 10, "[0-10.]0-20.", 35, 31, 29);
  /* The end of the stream ends it. */
  CHECK (&defaults, 10, 10, "[0-10]0-10", 99);
  CHECK (&defaults, 10, 10, "[0-10.]0-20", 99, 98);
}

static void
test_confirm (void)
{
  const VlmConditionRules rules = { .confirm = 3 };

  CHECK (&rules, 10, 10, "..[0-30]0-30.", 70, 80, 90, 0);
  /* In a row: one between the thresholds restarts the count. */
  CHECK (&rules, 10, 10, ".....[30-60]30-60", 70, 80, 50, 70, 70, 70);
  CHECK (&rules, 10, 10, ".....", 70, 80, 0, 90);
}

static void
test_cooldown (void)
{
  const VlmConditionRules rules = { .cooldown = 20 * SECOND };

  /* It ends at 10; a window that ends by 30 does not count. */
  CHECK (&rules, 10, 10, "[0-10]0-10.[30-40]30-40", 90, 0, 90, 90);
  CHECK (&rules, 10, 10, "[0-10]0-10....", 90, 0, 90, 0, 0);
}

/* Overlapping windows give more exact times. */
static void
test_overlap (void)
{
  const VlmConditionRules defaults = { 0 };

  CHECK (&defaults, 10, 2, ".[10-12...]10-10.", 0, 90, 90, 90, 90, 0);
  CHECK (&defaults, 10, 6, "..[16-22.]16-24.", 0, 0, 90, 90, 0);
  /* Windows with gaps between them. */
  CHECK (&defaults, 4, 10, ".[10-14.]10-24.", 0, 90, 90, 0);
}

/* An answer that is neither yes nor no changes nothing. */
static void
test_no_answer (void)
{
  const VlmConditionRules rules = { .confirm = 2 };

  CHECK (&rules, 10, 10, "...[20-40]20-40", 90, -90, 90, 90);
  CHECK (&rules, 10, 10, ".[0-20..]0-20.", 90, 90, -10, -90, 0);
}

static void
test_record (void)
{
  const VlmConditionRules rules = { .confirm = 2 };
  VlmCondition *condition = vlm_condition_new ("gate", "the gate is open");
  g_autoptr (VlmEvent) first = make_report (0, 4 * SECOND, 0.7, 0.9);
  g_autoptr (VlmEvent) second = make_report (4 * SECOND, 8 * SECOND, 0.8, 0.95);
  g_autoptr (VlmEvent) third = make_report (8 * SECOND, 12 * SECOND, 0.1, 1.0);
  g_autoptr (VlmEvent) begin = NULL;
  g_autoptr (VlmEvent) over = NULL;
  g_autofree char *json = NULL;
  guint64 next_id = 5;

  second->model = g_strdup ("m");
  g_assert_null (vlm_condition_push (condition, &rules, first, NULL, &next_id));
  begin = vlm_condition_push (condition, &rules, second, NULL, &next_id);
  over = vlm_condition_push (condition, &rules, third, NULL, &next_id);
  g_assert_cmpuint (next_id, ==, 6);
  json = vlm_event_to_json (begin);
  g_assert_cmpstr (json, ==,
      "{\"type\": \"event\", \"schema_version\": 1, \"id\": 5, \"state\": "
      "\"begin\", \"label\": \"gate\", \"description\": \"the gate is open\", "
      "\"start\": {\"pts\": 0.000000001, \"running_time\": 0.000000002, "
      "\"stream_time\": 0.0, \"utc\": \"1970-01-01T00:00:00.000000003Z\"}, "
      "\"end\": {\"pts\": 8.000000001, \"running_time\": 8.000000002, "
      "\"stream_time\": 8.0, \"utc\": \"1970-01-01T00:00:08.000000003Z\"}, "
      "\"ongoing\": true, \"time_source\": \"clock\", \"confidence\": 0.8000, "
      "\"query\": \"the gate is open\", \"condition\": \"gate\", "
      "\"probability\": 0.8000, \"mass\": 0.9500, \"probabilities\": ["
      "{\"stream_time\": 4.0, \"probability\": 0.7000, \"mass\": 0.9000}, "
      "{\"stream_time\": 8.0, \"probability\": 0.8000, \"mass\": 0.9500}], "
      "\"window\": {\"start\": 4.0, \"end\": 8.0, \"frames\": 0, \"fps\": "
      "0.000, \"pixels\": [0, 0]}, \"model\": \"m\"}");
  g_assert_cmpuint (over->id, ==, 5);
  g_assert_cmpuint (over->probabilities->len, ==, 3);
  g_assert_cmpfloat (over->probability, ==, 0.1);
  g_assert_cmpfloat (over->confidence, ==, 0.8);
  g_assert_false (over->ongoing);
  /* What was emitted is not changed by what follows. */
  g_assert_cmpuint (begin->probabilities->len, ==, 2);
  vlm_condition_free (condition);
}

static VlmConditionSpan
make_span (gint64 start, gint64 end)
{
  return (VlmConditionSpan){
    .has_start = start >= 0,
    .has_end = end >= 0,
    .start = { start + 1, start + 2, start, start + 3 },
    .end = { end + 1, end + 2, end, end + 3 },
    .time_source = VLM_TIME_SOURCE_NTP,
  };
}

/* Windows of 10 s, one after the other, that hold or not; spans in seconds, -1
 * for what is not known. */
static char *
watch_located (const int hundredths[], const int spans[][2], guint n)
{
  const VlmConditionRules defaults = { 0 };
  VlmCondition *condition = vlm_condition_new ("gate", "the gate is open");
  GString *log = g_string_new (NULL);
  guint64 next_id = 1;

  for (guint i = 0; i <= n; i++) {
    g_autoptr (VlmEvent) report = make_report (
        i * 10 * SECOND, (i + 1) * 10 * SECOND, hundredths[i] / 100.0, 0.98);
    VlmConditionSpan span = { 0 };
    VlmEvent *record;

    if (i < n) {
      span = make_span (spans[i][0] * SECOND, spans[i][1] * SECOND);
      record =
          vlm_condition_push (condition, &defaults, report, &span, &next_id);
    } else {
      record = vlm_condition_finish (condition);
    }
    if (record != NULL && record->located != NULL)
      g_string_append_printf (log, "(%s)", record->located);
    add (log, record);
  }
  vlm_condition_free (condition);
  return g_string_free (log, FALSE);
}

#define CHECK_LOCATED(expected, n, values, ...)                                \
  G_STMT_START                                                                 \
  {                                                                            \
    const int p[] = values;                                                    \
    const int spans[][2] = { __VA_ARGS__ };                                    \
    g_autofree char *log = watch_located (p, spans, n);                        \
                                                                               \
    g_assert_cmpstr (log, ==, expected);                                       \
  }                                                                            \
  G_STMT_END
#define P(...)                                                                 \
  {                                                                            \
    __VA_ARGS__, 0                                                             \
  }

static void
test_located (void)
{
  /* Times that are known at once, and stay. */
  CHECK_LOCATED ("(both)[3-7(both)]3-7.", 2, P (90, 0), { 3, 7 }, { 3, 7 });
  CHECK_LOCATED ("(both)[3-7(both)]3-7", 1, P (90), { 3, 7 });
  /* It continues, so the end is the window's end again. */
  CHECK_LOCATED ("(both)[3-10(start)+3-20(both)]3-16.", 3, P (99, 70, 0),
      { 3, 10 }, { -1, -1 }, { -1, 16 });
  CHECK_LOCATED ("(both)[3-10(start)+3-20(start)]3-20.", 3, P (99, 70, 0),
      { 3, 10 }, { -1, -1 }, { -1, -1 });
  CHECK_LOCATED ("[0-10(end)]0-8.", 2, P (90, 0), { -1, -1 }, { -1, 8 });
  /* No end before the start, no start before the end of the one before. */
  CHECK_LOCATED ("(start)[5-10(start)]5-10.", 2, P (90, 0), { 5, 4 }, { 5, 4 });
  CHECK_LOCATED ("(both)[3-7(both)]3-7(end)[20-28(end)]20-28", 3, P (90, 0, 90),
      { 3, 7 }, { 3, 7 }, { 6, 28 });
}

/* --- what holds for every life -------------------------------------------- */

typedef struct
{
  VlmConditionRules rules;
  guint n_windows;
  gint64 length;
  gint64 hop;
} Life;

typedef struct
{
  const Life *life;
  GArray *looks; /* VlmProbability, all of them */
  guint n_told;  /* number of them that are in records */
  guint n_above; /* in a row, by the upper threshold alone */
  gboolean holds;
  guint64 last_id;
  gint64 last_end; /* of the last one that ended */
  GString *log;
} Check;

static gint64
random_time (Rng *rng, gint64 from, gint64 to)
{
  return from + (gint64) (rng_next (rng) % (guint64) (to - from + 1));
}

static Life
make_life (Rng *rng)
{
  Life life = {
    .n_windows = 1 + (guint) random_time (rng, 0, 60),
    .length = random_time (rng, 1, 12) * SECOND,
  };

  life.hop = random_time (rng, 1, 2 * life.length);
  life.rules.confirm = (guint) random_time (rng, 0, 4);
  life.rules.on_threshold = 0.01 * (double) random_time (rng, 0, 99);
  life.rules.off_threshold = 0.01 * (double) random_time (rng, 0, 99);
  life.rules.cooldown = random_time (rng, 0, 3) * life.length;
  return life;
}

/* Between two records of a condition no probability is missing. */
static void
check_looks (Check *check, const VlmEvent *record)
{
  const GArray *told = record->probabilities;
  guint first = check->looks->len - told->len;

  g_assert_cmpuint (told->len, >, 0);
  g_assert_cmpuint (told->len, <=, VLM_CONDITION_MAX_LOOKS);
  if (record->state != VLM_EVENT_STATE_BEGIN)
    g_assert_cmpuint (first, <=, check->n_told);
  for (guint i = 0; i < told->len; i++) {
    const VlmProbability *a = &g_array_index (told, VlmProbability, i);
    const VlmProbability *b =
        &g_array_index (check->looks, VlmProbability, first + i);

    g_assert_cmpint (a->stream_time, ==, b->stream_time);
    g_assert_cmpfloat (a->probability, ==, b->probability);
  }
  check->n_told = check->looks->len;
}

static void
check_record (Check *check, const VlmEvent *record, const VlmEvent *report)
{
  const VlmConditionRules *rules = &check->life->rules;
  g_autofree char *json = vlm_event_to_json (record);

  g_string_append_printf (check->log, "%s\n", json);
  check_looks (check, record);
  g_assert_cmpint (record->start.stream_time, <=, record->end.stream_time);
  g_assert_cmpint (record->start.pts, ==, record->start.stream_time + 1);
  g_assert_cmpint (record->end.utc, ==, record->end.stream_time + 3);
  g_assert_true (record->ongoing == (record->state != VLM_EVENT_STATE_END));
  if (record->state == VLM_EVENT_STATE_BEGIN) {
    g_assert_false (check->holds);
    g_assert_cmpuint (record->id, ==, check->last_id + 1);
    g_assert_cmpuint (check->n_above, >=, MAX (rules->confirm, 1));
    g_assert_cmpint (record->start.stream_time, >=, check->last_end);
    g_assert_true (check->last_id == 0 ||
        report->end.stream_time > check->last_end + rules->cooldown);
    check->last_id = record->id;
  } else {
    g_assert_true (check->holds);
    g_assert_cmpuint (record->id, ==, check->last_id);
  }
  check->holds = record->ongoing;
  if (!record->ongoing)
    check->last_end = record->end.stream_time;
}

/* Of a moment in the window, or nothing. */
static VlmConditionSpan
make_random_span (Rng *rng, const VlmEvent *report)
{
  gint64 from = report->start.stream_time;
  gint64 to = report->end.stream_time;
  gboolean has_start = random_time (rng, 0, 2) > 0;
  gboolean has_end = random_time (rng, 0, 2) > 0;

  return make_span (has_start ? random_time (rng, from, to) : -1,
      has_end ? random_time (rng, from, to) : -1);
}

static char *
live (const Life *life, guint64 seed)
{
  Rng rng = { seed };
  VlmCondition *condition = vlm_condition_new ("a", "a");
  Check check = { .life = life, .log = g_string_new (NULL) };
  double on = life->rules.on_threshold > 0 ? life->rules.on_threshold : 0.6;
  double off = life->rules.off_threshold > 0 ? life->rules.off_threshold : 0.4;
  guint64 next_id = 1;
  VlmEvent *last;

  off = MIN (on, off);
  check.looks = g_array_new (FALSE, FALSE, sizeof (VlmProbability));
  for (guint i = 0; i < life->n_windows; i++) {
    gint64 start = (gint64) i * life->hop;
    gboolean is_answer = random_time (&rng, 0, 9) > 0;
    g_autoptr (VlmEvent) report = make_report (start, start + life->length,
        0.001 * (double) random_time (&rng, 0, 1000), is_answer ? 0.9 : 0.01);
    const VlmProbability look = { report->end.stream_time, report->probability,
      report->mass };
    gboolean held = check.holds;
    const VlmConditionSpan span = make_random_span (&rng, report);
    VlmConditionChange change =
        vlm_condition_foresee (condition, &life->rules, report);
    g_autoptr (VlmEvent) record = vlm_condition_push (condition, &life->rules,
        report, change != VLM_CONDITION_STAYS ? &span : NULL, &next_id);

    g_array_append_val (check.looks, look);
    check.n_above = is_answer && look.probability > on ? check.n_above + 1 : 0;
    if (record != NULL)
      check_record (&check, record, report);
    g_assert_true ((change == VLM_CONDITION_BEGINS) == (!held && check.holds));
    g_assert_true ((change == VLM_CONDITION_ENDS) == (held && !check.holds));
    g_assert_true (check.holds == vlm_condition_holds (condition));
    /* Whether it continues is decided by the lower threshold alone. */
    if (held)
      g_assert_true (check.holds == !(is_answer && look.probability < off));
  }
  last = vlm_condition_finish (condition);
  g_assert_true ((last != NULL) == check.holds);
  if (last != NULL) {
    check_record (&check, last, NULL);
    vlm_event_unref (last);
  }
  g_array_unref (check.looks);
  vlm_condition_free (condition);
  return g_string_free (check.log, FALSE);
}

static void
test_property (void)
{
  guint n_records = 0;

  for (guint64 seed = 1; seed <= N_LIVES; seed++) {
    Rng rng = { seed };
    const Life life = make_life (&rng);
    g_autofree char *once = live (&life, seed);
    g_autofree char *twice = live (&life, seed);

    g_assert_cmpstr (once, ==, twice);
    n_records += once[0] != '\0';
  }
  g_assert_cmpuint (n_records, >, N_LIVES / 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/condition/thresholds", test_thresholds);
  g_test_add_func ("/condition/confirm", test_confirm);
  g_test_add_func ("/condition/cooldown", test_cooldown);
  g_test_add_func ("/condition/overlap", test_overlap);
  g_test_add_func ("/condition/no-answer", test_no_answer);
  g_test_add_func ("/condition/record", test_record);
  g_test_add_func ("/condition/located", test_located);
  g_test_add_func ("/condition/property", test_property);
  return g_test_run ();
}
