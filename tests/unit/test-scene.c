/* gst-vlm: scenes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-scene-box.h>
#include <vlm/vlm-scene-render.h>
#include <vlm/vlm-scene.h>

#include "tests/support/scene-check.h"

#define SECONDS(s) ((gint64) ((s) * (double) VLM_SECOND))

static VlmSceneParams
make_params (guint64 seed, VlmSceneKind kind)
{
  return (VlmSceneParams){
    .seed = seed,
    .width = 160,
    .height = 120,
    .duration = SECONDS (8),
    .min_objects = 3,
    .max_objects = 3,
    .kind = kind,
    .effects = VLM_SCENE_EFFECT_ALL,
  };
}

static guint8 *
render (VlmScene *scene, gint64 time, guint width, guint height)
{
  guint8 *rgb = g_malloc (3 * (gsize) width * height);

  vlm_scene_render (scene, time, width, height, rgb, 3 * (gsize) width);
  return rgb;
}

/* Pixels are the same on every machine and from every compiler. */
static void
test_pixels (void)
{
  static const struct
  {
    VlmSceneKind kind;
    const char *md5;
    VlmSceneEffects without;
    gdouble perspective;
  } expected[] = {
    { VLM_SCENE_KIND_NAMED, "9d8f6f199562c60c70e1110debb9f673",
        VLM_SCENE_EFFECT_EXPOSURE },
    { VLM_SCENE_KIND_ANY, "d42640e03e83e41617453006f17c990f",
        VLM_SCENE_EFFECT_EXPOSURE },
    { VLM_SCENE_KIND_MIXED, "061644fd769c5fe5b92987e2e56f2af5",
        VLM_SCENE_EFFECT_EXPOSURE },
    { VLM_SCENE_KIND_MIXED, "b6900e1fe308bfdf07e23c5412945e06",
        VLM_SCENE_EFFECT_EXPOSURE },
    { VLM_SCENE_KIND_ANY, "2610307f6c2fa593bca4b7d2d15c2578",
        VLM_SCENE_EFFECT_EXPOSURE },
    { VLM_SCENE_KIND_NAMED, "2819029647b3faeb9963995cf6c9707e",
        VLM_SCENE_EFFECT_EXPOSURE },
    { VLM_SCENE_KIND_ANY, "8b12af1369e84af8305f9a1fea62b2c8", 0, 0.5 },
    { VLM_SCENE_KIND_MIXED, "3343b546daaa4a9a181531451a270390", 0, 0.8 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++) {
    VlmSceneParams params = make_params (i, expected[i].kind);
    g_autoptr (VlmScene) scene = NULL;
    g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_MD5);

    params.effects &= ~expected[i].without;
    params.perspective = expected[i].perspective;
    scene = vlm_scene_new (&params);
    for (gint64 s = 0; s <= 8; s += 2) {
      g_autofree guint8 *rgb = render (scene, s * VLM_SECOND, 167, 123);

      g_checksum_update (sum, rgb, 3 * 167 * 123);
    }
    g_assert_cmpstr (g_checksum_get_string (sum), ==, expected[i].md5);
  }
}

/* In any order, with other sizes in between. */
static void
test_order (void)
{
  VlmSceneParams params = make_params (77, VLM_SCENE_KIND_MIXED);
  g_autoptr (VlmScene) once = vlm_scene_new (&params);
  g_autoptr (VlmScene) often = vlm_scene_new (&params);

  for (gint64 t = 8; t >= 0; t--) {
    g_autofree guint8 *other = render (often, SECONDS (1), 31, 64);
    g_autofree guint8 *a = render (often, t * VLM_SECOND, 160, 120);
    g_autofree guint8 *b = render (once, (8 - t) * VLM_SECOND, 160, 120);
    g_autofree guint8 *c = render (once, t * VLM_SECOND, 160, 120);

    g_assert_cmpmem (a, 160 * 120 * 3, c, 160 * 120 * 3);
  }
}

static void
test_events (void)
{
  guint n_found = 0;

  for (guint64 seed = 0; seed < 400; seed++) {
    VlmSceneParams params = make_params (seed, (VlmSceneKind) (seed % 3));
    g_autoptr (VlmScene) scene = vlm_scene_new (&params);

    g_assert_cmpuint (vlm_scene_get_n_events (scene), ==, 3);
    for (guint i = 0; i < 3; i++) {
      scene_check_event (scene, i, params.duration);
      for (gint64 t = -1; t <= 81; t++)
        scene_check_box (
            scene, i, params.duration, t * VLM_SECOND / 10, 320, 240);
      n_found++;
    }
  }
  g_assert_cmpuint (n_found, ==, 1200);
}

/* Events say nothing of pixels: a scene is the same in all sizes, and boxes
 * scale with the picture. */
static void
test_sizes (void)
{
  VlmSceneParams params = make_params (5, VLM_SCENE_KIND_NAMED);
  VlmSceneParams larger = params;
  g_autoptr (VlmScene) a = NULL;
  g_autoptr (VlmScene) b = NULL;

  larger.width = 1920;
  larger.height = 1440;
  a = vlm_scene_new (&params);
  b = vlm_scene_new (&larger);
  for (guint i = 0; i < 3; i++) {
    const VlmSceneEvent *x = vlm_scene_get_event (a, i);
    const VlmSceneEvent *y = vlm_scene_get_event (b, i);
    VlmRect small, large;

    g_assert_cmpstr (x->description, ==, y->description);
    g_assert_cmpint (x->start, ==, y->start);
    g_assert_cmpint (x->end, ==, y->end);
    vlm_scene_get_box (a, i, (x->start + x->end) / 2, 160, 120, &small);
    vlm_scene_get_box (b, i, (x->start + x->end) / 2, 1600, 1200, &large);
    g_assert_cmpint (ABS (10 * small.x - large.x), <=, 10);
    g_assert_cmpint (ABS (10 * small.width - large.width), <=, 20);
  }
}

static gboolean
differ (const guint8 *a, const guint8 *b)
{
  return ABS (a[0] - b[0]) > 4 || ABS (a[1] - b[1]) > 4 ||
      ABS (a[2] - b[2]) > 4;
}

/* Where the pictures with and without objects differ. */
static VlmRect
find_difference (const guint8 *a, const guint8 *b, gint width, gint height)
{
  gint x0 = width, y0 = height, x1 = 0, y1 = 0;

  for (gint y = 0; y < height; y++) {
    for (gint x = 0; x < width; x++) {
      if (!differ (a + 3 * (y * width + x), b + 3 * (y * width + x)))
        continue;
      x0 = MIN (x0, x);
      y0 = MIN (y0, y);
      x1 = MAX (x1, x + 1);
      y1 = MAX (y1, y + 1);
    }
  }
  return x1 == 0 ? (VlmRect){ 0 } : (VlmRect){ x0, y0, x1 - x0, y1 - y0 };
}

/* The box is where the object is in the picture, as long as it is in view; then
 * at most the eighth that does not count is left. */
static void
check_pixels_of (const VlmSceneParams *params)
{
  VlmSceneParams empty = *params;
  g_autoptr (VlmScene) scene = vlm_scene_new (params);
  g_autoptr (VlmScene) nothing = NULL;
  VlmRect box;

  empty.min_objects = empty.max_objects = 0;
  nothing = vlm_scene_new (&empty);
  for (gint64 t = 0; t <= 24; t++) {
    gint64 time = t * params->duration / 24;
    g_autofree guint8 *a = render (scene, time, 160, 120);
    g_autofree guint8 *b = render (nothing, time, 160, 120);
    VlmRect seen = find_difference (a, b, 160, 120);

    if (!vlm_scene_get_box (scene, 0, time, 160, 120, &box)) {
      g_assert_cmpint (MIN (seen.width, seen.height), <=, 9);
      continue;
    }
    g_assert_cmpint (ABS (box.x - seen.x), <=, 2);
    g_assert_cmpint (ABS (box.y - seen.y), <=, 2);
    g_assert_cmpint (ABS (box.x + box.width - seen.x - seen.width), <=, 2);
    g_assert_cmpint (ABS (box.y + box.height - seen.y - seen.height), <=, 2);
  }
}

static void
test_boxes (void)
{
  for (guint64 seed = 0; seed < 60; seed++) {
    VlmSceneParams params = make_params (seed, VLM_SCENE_KIND_NAMED);

    params.min_objects = params.max_objects = 1;
    params.backgrounds = VLM_SCENE_BACKGROUND_FLAT;
    params.effects = (VlmSceneEffects) 0;
    check_pixels_of (&params);
    params.effects = VLM_SCENE_EFFECT_SHAKE;
    check_pixels_of (&params);
  }
}

static void
test_labels (void)
{
  guint n = vlm_scene_get_n_labels ();

  g_assert_cmpuint (n, ==, 49);
  g_assert_cmpstr (vlm_scene_get_label (0), ==, "red circle");
  g_assert_cmpstr (vlm_scene_get_label (n - 1), ==, "object");
  for (guint64 seed = 0; seed < 200; seed++) {
    VlmSceneParams params = make_params (seed, VLM_SCENE_KIND_NAMED);
    g_autoptr (VlmScene) scene = vlm_scene_new (&params);

    for (guint i = 0; i < 3; i++) {
      const char *label = vlm_scene_get_event (scene, i)->label;

      g_assert_cmpstr (label, !=, "object");
      for (guint k = 0; k < i; k++)
        g_assert_cmpstr (label, !=, vlm_scene_get_event (scene, k)->label);
    }
  }
}

/* The description of an object says what happens to it. */
static void
test_words (void)
{
  for (guint64 seed = 0; seed < 300; seed++) {
    VlmSceneParams params = make_params (seed, VLM_SCENE_KIND_ANY);
    g_autoptr (VlmScene) scene = vlm_scene_new (&params);

    for (guint i = 0; i < 3; i++) {
      const VlmSceneEvent *e = vlm_scene_get_event (scene, i);
      gboolean comes = strstr (e->description, "appears") != NULL ||
          strstr (e->description, "enters") != NULL ||
          strstr (e->description, "crosses") != NULL;
      gboolean goes = strstr (e->description, "leaves") != NULL ||
          strstr (e->description, "disappears") != NULL ||
          strstr (e->description, "crosses") != NULL;
      VlmRect first, last;

      g_assert_true (strstr (e->description, "disappears") ||
          comes != e->in_view_at_start);
      g_assert_true (!goes || !e->in_view_at_end);
      if (strstr (e->description, "crosses from left") == NULL)
        continue;
      vlm_scene_get_box (scene, i, e->start, 160, 120, &first);
      vlm_scene_get_box (scene, i, e->end - 1, 160, 120, &last);
      g_assert_cmpint (first.x, ==, 0);
      g_assert_cmpint (last.x + last.width, ==, 160);
    }
  }
}

/* A still picture has everything in it. */
static void
test_still (void)
{
  for (guint64 seed = 0; seed < 50; seed++) {
    VlmSceneParams params = make_params (seed, VLM_SCENE_KIND_MIXED);
    g_autoptr (VlmScene) scene = NULL;

    params.duration = 0;
    params.max_bystanders = VLM_SCENE_MAX_BYSTANDERS;
    scene = vlm_scene_new (&params);
    g_assert_cmpuint (vlm_scene_get_n_events (scene), ==, 3);
    g_assert_cmpuint (vlm_scene_get_n_bystanders (scene), ==, 0);
    for (guint i = 0; i < 3; i++) {
      scene_check_event (scene, i, 0);
      scene_check_box (scene, i, 0, 0, 160, 120);
    }
  }
}

static gboolean
is_beside (const VlmRect *a, const VlmRect *b)
{
  return a->x + a->width <= b->x || b->x + b->width <= a->x ||
      a->y + a->height <= b->y || b->y + b->height <= a->y;
}

static gboolean
is_beside_all_objects (const VlmScene *scene, gint64 time, const VlmRect *box)
{
  VlmRect other;

  for (guint i = 0; i < vlm_scene_get_n_events (scene); i++)
    if (vlm_scene_get_box (scene, i, time, 160, 120, &other) &&
        !is_beside (box, &other))
      return FALSE;
  return TRUE;
}

/* They are where their boxes say, for the whole scene, and change nothing of its
 * events. */
static void
test_bystanders (void)
{
  guint n_seen = 0;

  for (guint64 seed = 0; seed < 60; seed++) {
    VlmSceneParams params = make_params (seed, VLM_SCENE_KIND_NAMED);
    g_autoptr (VlmScene) without = NULL;
    g_autoptr (VlmScene) scene = NULL;
    VlmRect first, last;

    params.backgrounds = VLM_SCENE_BACKGROUND_FLAT;
    params.effects = (VlmSceneEffects) 0;
    without = vlm_scene_new (&params);
    g_assert_cmpuint (vlm_scene_get_n_bystanders (without), ==, 0);
    params.max_bystanders = 1;
    scene = vlm_scene_new (&params);
    g_assert_cmpuint (vlm_scene_get_n_events (scene), ==, 3);
    if (vlm_scene_get_n_bystanders (scene) == 0)
      continue;
    vlm_scene_get_bystander_box (scene, 0, 0, 160, 120, &first);
    vlm_scene_get_bystander_box (scene, 0, params.duration, 160, 120, &last);
    g_assert_cmpmem (&first, sizeof first, &last, sizeof last);
    for (gint64 t = 0; t <= 8; t++) {
      g_autofree guint8 *a = render (scene, t * VLM_SECOND, 160, 120);
      g_autofree guint8 *b = render (without, t * VLM_SECOND, 160, 120);
      VlmRect seen = find_difference (a, b, 160, 120);

      if (!is_beside_all_objects (scene, t * VLM_SECOND, &first))
        continue;
      g_assert_cmpint (ABS (seen.x - first.x), <=, 2);
      g_assert_cmpint (ABS (seen.y - first.y), <=, 2);
      g_assert_cmpint (ABS (seen.width - first.width), <=, 3);
      g_assert_cmpint (ABS (seen.height - first.height), <=, 3);
      n_seen++;
    }
  }
  g_assert_cmpuint (n_seen, >, 100);
}

static double
area_of (const VlmRect *box)
{
  return (double) box->width * box->height;
}

/* For the middle between both places: near the sides its path differs. */
static void
check_grown (const VlmRect *flat, const VlmRect *deep)
{
  double above = 1.0 -
      (flat->y + deep->y + flat->height / 2.0 + deep->height / 2.0) / 2400;
  double scale = 1.0 - 0.6 * above;
  double grown = area_of (deep) / area_of (flat);

  g_assert_cmpfloat (grown, <, 1.15 * scale * scale);
  g_assert_cmpfloat (grown, >, scale * scale / 1.15);
}

/* What comes nearer grows: an object wholly in view is smaller at the top by the
 * given factor, and its events are as they would be without. */
static void
test_perspective (void)
{
  guint n_grown = 0;

  for (guint64 seed = 0; seed < 200; seed++) {
    VlmSceneParams params = make_params (seed, VLM_SCENE_KIND_NAMED);
    g_autoptr (VlmScene) flat = NULL;
    g_autoptr (VlmScene) deep = NULL;

    params.min_objects = params.max_objects = 1;
    params.effects = (VlmSceneEffects) 0;
    flat = vlm_scene_new (&params);
    params.perspective = 0.6;
    deep = vlm_scene_new (&params);
    scene_check_event (deep, 0, params.duration);
    for (gint64 t = 0; t <= 80; t++) {
      gint64 time = t * VLM_SECOND / 10;
      VlmRect a, b;
      gboolean there = vlm_scene_get_box (flat, 0, time, 1600, 1200, &a);

      scene_check_box (deep, 0, params.duration, time, 320, 240);
      g_assert_true (
          vlm_scene_get_box (deep, 0, time, 1600, 1200, &b) == there);
      if (!there || a.x < 200 || a.y < 150 || a.x + a.width > 1400 ||
          a.y + a.height > 1050)
        continue;
      check_grown (&a, &b);
      n_grown++;
    }
  }
  g_assert_cmpuint (n_grown, >, 1000);
}

/* Of all of it, as an eye sees it. */
static double
lightness_of (const guint8 *rgb, gsize n_pixels)
{
  double sum = 0.0;

  for (gsize i = 0; i < n_pixels; i++, rgb += 3)
    sum += 0.3 * rgb[0] + 0.6 * rgb[1] + 0.1 * rgb[2];
  return sum / (double) n_pixels;
}

/* A pixel that nothing covers. */
static gsize
find_background (const guint8 *rgb, const guint8 *empty, gsize n_pixels)
{
  for (gsize i = 0; i < n_pixels; i++)
    if (memcmp (rgb + 3 * i, empty + 3 * i, 3) == 0)
      return i;
  g_assert_not_reached ();
}

/* How much @scene was lighter than @empty in the second before @time, at least
 * (darker, at least, if @sign is negative). */
static double
least_difference (
    VlmScene *scene, const guint8 *empty, gint64 time, double sign)
{
  double background = lightness_of (empty, 1);
  double least = G_MAXDOUBLE;

  for (gint64 i = 0; i <= 4; i++) {
    g_autofree guint8 *rgb =
        render (scene, time - i * VLM_SECOND / 4, 160, 120);

    least = MIN (least, sign * (lightness_of (rgb, 160 * 120) - background));
  }
  return least;
}

/* A camera with exposure answers light things by less light, dark ones by more,
 * and is as it was when nothing is there. */
static void
test_exposure (void)
{
  guint n_darker = 0, n_lighter = 0, n_same = 0;

  for (guint64 seed = 0; seed < 60; seed++) {
    VlmSceneParams params = make_params (seed, VLM_SCENE_KIND_NAMED);
    g_autoptr (VlmScene) fixed = NULL;
    g_autoptr (VlmScene) scene = NULL;
    g_autoptr (VlmScene) empty = NULL;
    g_autofree guint8 *c = NULL;

    params.backgrounds = VLM_SCENE_BACKGROUND_FLAT;
    params.effects = (VlmSceneEffects) 0;
    fixed = vlm_scene_new (&params);
    params.effects = VLM_SCENE_EFFECT_EXPOSURE;
    scene = vlm_scene_new (&params);
    params.min_objects = params.max_objects = 0;
    empty = vlm_scene_new (&params);
    c = render (empty, 0, 160, 120);
    for (gint64 t = 1; t <= 8; t++) {
      g_autofree guint8 *a = render (fixed, t * VLM_SECOND, 160, 120);
      g_autofree guint8 *b = render (scene, t * VLM_SECOND, 160, 120);
      gsize at = 3 * find_background (a, c, 160 * 120);
      double change = lightness_of (b + at, 1) - lightness_of (c + at, 1);

      n_same += change == 0.0;
      if (least_difference (fixed, c, t * VLM_SECOND, 1.0) > 1.0) {
        g_assert_cmpfloat (change, <=, 0.0);
        n_darker += change < 0.0;
      } else if (least_difference (fixed, c, t * VLM_SECOND, -1.0) > 1.0) {
        g_assert_cmpfloat (change, >=, 0.0);
        n_lighter += change > 0.0;
      }
    }
  }
  g_assert_cmpuint (n_darker, >, 30);
  g_assert_cmpuint (n_lighter, >, 10);
  g_assert_cmpuint (n_same, >, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scene/pixels", test_pixels);
  g_test_add_func ("/scene/order", test_order);
  g_test_add_func ("/scene/events", test_events);
  g_test_add_func ("/scene/sizes", test_sizes);
  g_test_add_func ("/scene/boxes", test_boxes);
  g_test_add_func ("/scene/labels", test_labels);
  g_test_add_func ("/scene/words", test_words);
  g_test_add_func ("/scene/still", test_still);
  g_test_add_func ("/scene/bystanders", test_bystanders);
  g_test_add_func ("/scene/perspective", test_perspective);
  g_test_add_func ("/scene/exposure", test_exposure);
  return g_test_run ();
}
