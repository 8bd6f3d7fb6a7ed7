/* gst-vlm: what comes over the border of the picture and goes over it again
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "analyzer/visits.h"

#include "media/window.h"

/* Frames a second, and their side in pixels: 28 x 28 cells of four. */
#define RATE 2
#define SIDE 112
#define N_FRAMES 24
#define NOWHERE (-SIDE)

/* A light square of a quarter of the side, with its left edge at @x (which may
 * lie outside), before a wall of @level, with @noise levels of noise. */
static VlmFrame *
draw (gint x, guint8 level, guint noise, GRand *random)
{
  g_autofree guint8 *pixels = g_malloc (SIDE * SIDE * 3);
  const VlmImageView view = { VLM_PIXEL_FORMAT_RGB, VLM_COLOR_MATRIX_BT601,
    TRUE, SIDE, SIDE, { pixels }, { 3 * SIDE } };

  for (gint row = 0; row < SIDE; row++)
    for (gint column = 0; column < SIDE; column++) {
      gboolean inside = row >= 40 && row < 68 && column >= x && column < x + 28;
      gint value = inside ? 220 : level;

      if (noise > 0)
        value += g_rand_int_range (random, -(gint) noise, (gint) noise + 1);
      memset (pixels + 3 * (row * SIDE + column), CLAMP (value, 0, 255), 3);
    }
  return vlm_frame_new (&view, SIDE, SIDE, VLM_RESAMPLE_VIDEO, NULL);
}

/* Where the square is in each frame of a window that begins at 10 s. */
static VlmWindow *
make_window (const gint x[N_FRAMES])
{
  VlmWindow *window = vlm_window_new (N_FRAMES);

  window->start = 10 * VLM_SECOND;
  window->end = window->start + N_FRAMES * VLM_SECOND / RATE;
  window->slot_duration = VLM_SECOND / RATE;
  for (guint i = 0; i < N_FRAMES; i++) {
    window->samples[i].slot_time = window->start + i * window->slot_duration;
    window->samples[i].frame = draw (x[i], 60, 0, NULL);
    window->samples[i].frame->motion = i == 0 ? 0.0f : -1.0f;
    window->samples[i].frame->time.stream_time = window->samples[i].slot_time;
  }
  return window;
}

/* Makes the square cross from @first to @last, and be nowhere at other times. */
static void
cross (gint x[N_FRAMES], guint first, guint last)
{
  for (guint i = first; i <= last; i++)
    x[i] = -14 + (gint) (SIDE * (i - first) / MAX (last - first, 1));
}

static void
clear (gint x[N_FRAMES])
{
  for (guint i = 0; i < N_FRAMES; i++)
    x[i] = NOWHERE;
}

static void
assert_stretch (const GArray *stretches, guint i, guint first, guint last,
    gboolean is_visit)
{
  const VlmStretch *stretch = &g_array_index (stretches, VlmStretch, i);

  g_assert_cmpuint (i, <, stretches->len);
  g_assert_cmpint (stretch->start, ==, (10 * RATE + first) * VLM_SECOND / RATE);
  g_assert_cmpint (stretch->end, ==, (10 * RATE + last) * VLM_SECOND / RATE);
  g_assert_true (stretch->is_visit == is_visit);
}

/* Seconds since the start of the window, e.g. "0-12 object moves up". */
static void
add_report (GPtrArray *reports, const VlmWindow *window, double start,
    double end, const char *label, const char *rest)
{
  VlmEvent *report = vlm_event_new ();

  report->label = g_strdup (label);
  report->description = g_strconcat (label, " ", rest, NULL);
  report->start.stream_time = window->start + (gint64) (start * VLM_SECOND);
  report->end.stream_time = window->start + (gint64) (end * VLM_SECOND);
  report->ongoing = report->end.stream_time == window->end;
  g_ptr_array_add (reports, report);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const VlmEvent *x = *(const VlmEvent *const *) a;
  const VlmEvent *y = *(const VlmEvent *const *) b;

  return x->start.stream_time != y->start.stream_time
      ? (x->start.stream_time < y->start.stream_time ? -1 : 1)
      : g_strcmp0 (x->description, y->description);
}

/* The reports as text, in order: "2.0-5.5 object enters, …" */
static char *
cut (GPtrArray *reports, const VlmWindow *window, VlmVisitCounts *counts)
{
  g_autoptr (GArray) stretches = vlm_visits_find (window);
  GString *text = g_string_new (NULL);

  *counts = (VlmVisitCounts){ 0 };
  g_assert_nonnull (stretches);
  vlm_visits_cut (reports, window, stretches, "object", counts);
  g_ptr_array_sort (reports, compare);
  for (guint i = 0; i < reports->len; i++) {
    const VlmEvent *report = reports->pdata[i];

    g_string_append_printf (text, "%s%.1f-%.1f%s %s", i > 0 ? ", " : "",
        (double) (report->start.stream_time - window->start) / VLM_SECOND,
        (double) (report->end.stream_time - window->start) / VLM_SECOND,
        report->ongoing ? "+" : "", report->description);
  }
  return g_string_free (text, FALSE);
}

static GPtrArray *
new_reports (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_event_unref);
}

/* --- motion --------------------------------------------------------------- */

/* A stretch begins with the first frame in which the square is, and ends with the
 * first one in which it is not. */
static void
test_stretches (void)
{
  gint x[N_FRAMES];
  g_autoptr (VlmWindow) window = NULL;
  g_autoptr (GArray) stretches = NULL;

  clear (x);
  cross (x, 2, 6);
  cross (x, 11, 14);
  window = make_window (x);
  stretches = vlm_visits_find (window);
  g_assert_cmpuint (stretches->len, ==, 2);
  assert_stretch (stretches, 0, 2, 7, TRUE);
  assert_stretch (stretches, 1, 11, 15, TRUE);
}

/* What appears within the picture, or comes and stays there, is no visit. */
static void
test_no_visits (void)
{
  gint x[N_FRAMES];
  g_autoptr (VlmWindow) appears = NULL;
  g_autoptr (VlmWindow) stays = NULL;
  g_autoptr (GArray) a = NULL;
  g_autoptr (GArray) b = NULL;

  clear (x);
  for (guint i = 4; i < 12; i++)
    x[i] = 40;
  appears = make_window (x);
  a = vlm_visits_find (appears);
  g_assert_cmpuint (a->len, ==, 2);
  assert_stretch (a, 0, 4, 4, FALSE);
  assert_stretch (a, 1, 12, 12, FALSE);

  clear (x);
  cross (x, 4, 9);
  for (guint i = 7; i < N_FRAMES; i++)
    x[i] = x[6];
  stays = make_window (x);
  b = vlm_visits_find (stays);
  g_assert_cmpuint (b->len, ==, 1);
  assert_stretch (b, 0, 4, 6, FALSE);
}

/* A flicker at the border is nothing; a pause does not end motion. */
static void
test_flicker (void)
{
  gint x[N_FRAMES];
  g_autoptr (VlmWindow) window = NULL;
  g_autoptr (GArray) stretches = NULL;

  clear (x);
  for (guint i = 3; i < N_FRAMES; i++)
    x[i] = -14;
  cross (x, 10, 13);
  x[12] = x[11];
  window = make_window (x);
  stretches = vlm_visits_find (window);
  g_assert_cmpuint (stretches->len, ==, 1);
  assert_stretch (stretches, 0, 11, 14, TRUE);
}

/* What moves from the beginning may have been there before; what moves at the
 * end goes on. */
static void
test_ends (void)
{
  gint x[N_FRAMES];
  g_autoptr (VlmWindow) window = NULL;
  g_autoptr (GArray) unknown = NULL;
  g_autoptr (GArray) known = NULL;

  clear (x);
  cross (x, 1, 4);
  cross (x, 20, N_FRAMES - 1);
  window = make_window (x);
  known = vlm_visits_find (window);
  g_assert_cmpuint (known->len, ==, 2);
  assert_stretch (known, 0, 1, 5, TRUE);
  assert_stretch (known, 1, 20, N_FRAMES, TRUE);
  window->samples[0].frame->motion = -1.0f;
  unknown = vlm_visits_find (window);
  assert_stretch (unknown, 0, 1, 5, FALSE);
  assert_stretch (unknown, 1, 20, N_FRAMES, TRUE);
}

static void
replace (VlmWindow *window, guint i, VlmFrame *frame)
{
  vlm_frame_unref (window->samples[i].frame);
  window->samples[i].frame = frame;
}

/* Noise, light that changes all over, and a frame that fills several slots are no
 * motion. If most of the picture changes, nothing is known. */
static void
test_no_motion (void)
{
  gint x[N_FRAMES];
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  g_autoptr (VlmWindow) window = NULL;
  g_autoptr (GArray) still = NULL;

  clear (x);
  window = make_window (x);
  for (guint i = 1; i < N_FRAMES; i++)
    replace (window, i,
        i % 5 == 4 ? vlm_frame_ref (window->samples[i - 1].frame)
                   : draw (40, (guint8) (60 + 4 * i), 11, random));
  replace (window, 0, draw (40, 60, 11, random));
  still = vlm_visits_find (window);
  g_assert_cmpuint (still->len, ==, 0);

  for (guint i = 1; i < N_FRAMES; i++)
    for (guint k = 0; k < SIDE * SIDE * 3 / 2; k++)
      window->samples[i].frame->pixels[k] = (guint8) (40 * (i % 4));
  g_assert_null (vlm_visits_find (window));
}

/* --- reports -------------------------------------------------------------- */

/* The words say which of two visits is meant. */
static void
test_words (void)
{
  static const struct
  {
    const char *rest;
    const char *left;
    guint n_cut;
  } cases[] = {
    { "enters from the left", "1.0-3.5 object enters from the left", 1 },
    { "leaves to the right", "5.5-7.5 object leaves to the right", 1 },
    { "crosses from left to right", "1.0-7.5 object crosses from left to right",
        1 },
    { "enters from the left and leaves at the top",
        "1.0-7.5 object enters from the left and leaves at the top", 1 },
    { "moves up", "1.0-3.5 object moves up, 5.5-7.5 object moves up", 1 },
    { "stays", "1.0-3.5 object stays, 5.5-7.5 object stays", 1 },
    { "appears", "0.0-12.0+ object appears", 0 },
    { "disappears", "0.0-12.0+ object disappears", 0 },
  };
  gint x[N_FRAMES];
  g_autoptr (VlmWindow) window = NULL;

  clear (x);
  cross (x, 2, 6);
  cross (x, 11, 14);
  window = make_window (x);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GPtrArray) reports = new_reports ();
    g_autofree char *left = NULL;
    VlmVisitCounts counts;

    add_report (reports, window, 0.0, 12.0, "object", cases[i].rest);
    left = cut (reports, window, &counts);
    g_assert_cmpstr (left, ==, cases[i].left);
    g_assert_cmpuint (counts.n_cut, ==, cases[i].n_cut);
    g_assert_cmpuint (counts.n_repeated, ==, 0);
  }
}

/* Whatever has a name keeps its times, and so does what has no half of a visit,
 * or touches other motion as well. */
static void
test_untouched (void)
{
  static const char expected[] = "0.0-1.5 object leaves to the left, "
                                 "0.0-12.0+ red circle stays, "
                                 "8.0-12.0+ object moves up, "
                                 "8.5-9.5 object appears";
  gint x[N_FRAMES];
  g_autoptr (VlmWindow) window = NULL;
  g_autoptr (GPtrArray) reports = new_reports ();
  g_autofree char *left = NULL;
  VlmVisitCounts counts;

  clear (x);
  cross (x, 2, 6);
  for (guint i = 20; i < N_FRAMES; i++)
    x[i] = 40;
  window = make_window (x);
  add_report (reports, window, 0.0, 12.0, "red circle", "stays");
  add_report (reports, window, 0.0, 1.5, "object", "leaves to the left");
  add_report (reports, window, 8.0, 12.0, "object", "moves up");
  add_report (reports, window, 8.5, 9.5, "object", "appears");
  left = cut (reports, window, &counts);
  g_assert_cmpstr (left, ==, expected);
  g_assert_cmpuint (counts.n_cut, ==, 0);

  add_report (reports, window, 0.0, 11.0, "object", "leaves at the top");
  g_free (left);
  left = cut (reports, window, &counts);
  g_assert_cmpuint (counts.n_cut, ==, 0);
  g_assert_cmpuint (reports->len, ==, 5);
}

/* One visit is one event, unless the model saw two at just that time. */
static void
test_repeated (void)
{
  gint x[N_FRAMES];
  g_autoptr (VlmWindow) window = NULL;
  g_autoptr (GPtrArray) reports = new_reports ();
  g_autofree char *left = NULL;
  VlmVisitCounts counts;

  clear (x);
  cross (x, 2, 6);
  cross (x, 11, 14);
  window = make_window (x);
  add_report (reports, window, 1.0, 4.0, "object", "enters from the top");
  add_report (reports, window, 0.5, 4.0, "object", "leaves to the left");
  add_report (reports, window, 0.0, 12.0, "object", "moves up");
  add_report (reports, window, 0.0, 10.0, "object", "leaves to the right");
  left = cut (reports, window, &counts);
  g_assert_cmpstr (left, ==,
      "1.0-3.5 object enters from the top, 1.0-3.5 object leaves to the left, "
      "5.5-7.5 object moves up");
  g_assert_cmpuint (counts.n_cut, ==, 4);
  g_assert_cmpuint (counts.n_repeated, ==, 2);
}

/* It goes on as long as the report and the motion do. */
static void
test_ongoing (void)
{
  gint x[N_FRAMES];
  g_autoptr (VlmWindow) window = NULL;
  g_autoptr (GPtrArray) reports = new_reports ();
  g_autofree char *left = NULL;
  VlmVisitCounts counts;

  clear (x);
  cross (x, 18, N_FRAMES - 1);
  window = make_window (x);
  add_report (reports, window, 5.0, 12.0, "object", "enters from the left");
  left = cut (reports, window, &counts);
  g_assert_cmpstr (left, ==, "9.0-12.0+ object enters from the left");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/visits/stretches", test_stretches);
  g_test_add_func ("/visits/no-visits", test_no_visits);
  g_test_add_func ("/visits/flicker", test_flicker);
  g_test_add_func ("/visits/ends", test_ends);
  g_test_add_func ("/visits/no-motion", test_no_motion);
  g_test_add_func ("/visits/words", test_words);
  g_test_add_func ("/visits/untouched", test_untouched);
  g_test_add_func ("/visits/repeated", test_repeated);
  g_test_add_func ("/visits/ongoing", test_ongoing);
  return g_test_run ();
}
