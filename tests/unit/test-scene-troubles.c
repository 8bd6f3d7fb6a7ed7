/* gst-vlm: difficulties of scenes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-scene-render.h>

#include "tests/support/scene-check.h"

#define WIDTH 160
#define HEIGHT 120
#define N_BYTES ((gsize) 3 * WIDTH * HEIGHT)

static VlmSceneParams
make_params (guint64 seed, VlmSceneTroubles troubles)
{
  return (VlmSceneParams){
    .seed = seed,
    .width = WIDTH,
    .height = HEIGHT,
    .duration = 8 * VLM_SECOND,
    .min_objects = 2,
    .max_objects = 4,
    .kind = (VlmSceneKind) (seed % 3),
    .troubles = troubles,
  };
}

static guint8 *
render (VlmScene *scene, gint64 time)
{
  guint8 *rgb = g_malloc (N_BYTES);

  vlm_scene_render (scene, time, WIDTH, HEIGHT, rgb, 3 * WIDTH);
  return rgb;
}

/* Pixels are the same on every machine and from every compiler. */
static void
test_pixels (void)
{
  static const char *const expected[] = {
    "82a562c822a177c610a6996053a665c8",
    "3319a8e37d632ec20a257de54e509c6f",
    "473b829bebb77b8e73c670ce6f72fa9c",
    "8430399503bac0de6003eb7215f5c1c6",
    "24a7859cd9461b3a82792e41c4542f65",
    "dc2ab0f72f2392be87265a111e9584ab",
    "5d8939a42e22a1017c66a212c14d123b",
    "e969ec52273f62ac5833b68ae8aec87b",
    "c859689439a1e9986bab81e186f7ccd5",
    "588f0b62c519c174e60e4d2327a1b7e2",
    "d52215d3c054260dc8ea5ff86ab8064b",
    "19d57592a2bfe7cd81e43bcfe64988ba",
  };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++) {
    VlmSceneParams params = make_params (
        i, i < 11 ? (VlmSceneTroubles) (1u << i) : VLM_SCENE_TROUBLE_ALL);
    g_autoptr (VlmScene) scene = vlm_scene_new (&params);
    g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_MD5);

    for (gint64 s = 0; s <= 8; s += 2) {
      g_autofree guint8 *rgb = render (scene, s * VLM_SECOND);

      g_checksum_update (sum, rgb, (gssize) N_BYTES);
    }
    g_assert_cmpstr (g_checksum_get_string (sum), ==, expected[i]);
  }
}

/* What is true of every scene is true of hard ones. */
static void
test_events (void)
{
  for (guint64 seed = 0; seed < 400; seed++) {
    VlmSceneParams params = make_params (seed,
        seed < 352 ? (VlmSceneTroubles) (1u << seed % 11)
                   : VLM_SCENE_TROUBLE_ALL);
    g_autoptr (VlmScene) scene = vlm_scene_new (&params);

    for (guint i = 0; i < vlm_scene_get_n_events (scene); i++) {
      scene_check_event (scene, i, params.duration);
      for (gint64 t = -1; t <= 81; t++)
        scene_check_box (
            scene, i, params.duration, t * VLM_SECOND / 10, 320, 240);
    }
  }
}

/* These troubles change nothing of what a scene without them has. */
static void
test_surroundings_are_no_events (void)
{
  const VlmSceneTroubles around = VLM_SCENE_TROUBLE_STANDING |
      VLM_SCENE_TROUBLE_DRIFT | VLM_SCENE_TROUBLE_FOCUS |
      VLM_SCENE_TROUBLE_SWAY | VLM_SCENE_TROUBLE_SHADES;

  for (guint64 seed = 0; seed < 100; seed++) {
    VlmSceneParams params = make_params (seed, around);
    VlmSceneParams plain = make_params (seed, (VlmSceneTroubles) 0);
    g_autoptr (VlmScene) scene = vlm_scene_new (&params);
    g_autoptr (VlmScene) without = vlm_scene_new (&plain);
    guint n = vlm_scene_get_n_events (without);

    g_assert_cmpuint (vlm_scene_get_n_events (scene), ==, n);
    for (guint i = 0; i < n; i++) {
      const VlmSceneEvent *a = vlm_scene_get_event (scene, i);
      const VlmSceneEvent *b = vlm_scene_get_event (without, i);

      g_assert_cmpstr (a->description, ==, b->description);
      g_assert_cmpint (a->start, ==, b->start);
      g_assert_cmpint (a->end, ==, b->end);
    }
  }
}

/* How many pictures of an empty scene differ from its first one. */
static guint
count_changes (VlmScene *scene)
{
  g_autofree guint8 *first = render (scene, 0);
  guint n = 0;

  for (gint64 t = 1; t <= 16; t++) {
    g_autofree guint8 *rgb = render (scene, t * VLM_SECOND / 2);

    n += memcmp (first, rgb, N_BYTES) != 0;
  }
  return n;
}

/* In a scene without objects nothing but these changes the picture. */
static void
test_surroundings_move (void)
{
  static const struct
  {
    VlmSceneTroubles trouble;
    gboolean moves;
  } cases[] = {
    { VLM_SCENE_TROUBLE_STANDING, FALSE },
    { VLM_SCENE_TROUBLE_DRIFT, TRUE },
    { VLM_SCENE_TROUBLE_FOCUS, TRUE },
    { VLM_SCENE_TROUBLE_SWAY, TRUE },
    { VLM_SCENE_TROUBLE_SHADES, TRUE },
    { VLM_SCENE_TROUBLE_FIGURES, FALSE },
    { VLM_SCENE_TROUBLE_STAYS, FALSE },
    { VLM_SCENE_TROUBLE_EDGES, FALSE },
    { VLM_SCENE_TROUBLE_BRIEF, FALSE },
    { VLM_SCENE_TROUBLE_ANGLE, FALSE },
    { VLM_SCENE_TROUBLE_FAINT, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    guint n = 0;

    for (guint64 seed = 0; seed < 12; seed++) {
      VlmSceneParams params = make_params (seed, cases[i].trouble);
      g_autoptr (VlmScene) scene = NULL;

      params.min_objects = params.max_objects = 0;
      params.backgrounds = VLM_SCENE_BACKGROUND_CLUTTER;
      scene = vlm_scene_new (&params);
      g_assert_cmpuint (vlm_scene_get_n_events (scene), ==, 0);
      n += count_changes (scene);
    }
    if (cases[i].moves)
      g_assert_cmpuint (n, >, 60);
    else
      g_assert_cmpuint (n, ==, 0);
  }
}

static void
test_standing (void)
{
  guint n_seen = 0;

  for (guint64 seed = 0; seed < 60; seed++) {
    VlmSceneParams params = make_params (seed, VLM_SCENE_TROUBLE_STANDING);
    g_autoptr (VlmScene) scene = vlm_scene_new (&params);
    guint n = vlm_scene_get_n_bystanders (scene);

    for (guint i = 0; i < n; i++) {
      VlmRect first, last;

      vlm_scene_get_bystander_box (scene, i, 0, WIDTH, HEIGHT, &first);
      vlm_scene_get_bystander_box (
          scene, i, params.duration, WIDTH, HEIGHT, &last);
      scene_check_inside (&first, WIDTH, HEIGHT);
      g_assert_cmpmem (&first, sizeof first, &last, sizeof last);
    }
    n_seen += n;
  }
  g_assert_cmpuint (n_seen, >, 60);
}

/* A still picture has none of them: they would be objects like any other, or
 * could not be recognised. */
static void
test_still (void)
{
  for (guint64 seed = 0; seed < 50; seed++) {
    VlmSceneParams params = make_params (seed, VLM_SCENE_TROUBLE_ALL);
    g_autoptr (VlmScene) scene = NULL;

    params.duration = 0;
    scene = vlm_scene_new (&params);
    g_assert_cmpuint (vlm_scene_get_n_bystanders (scene), ==, 0);
    for (guint i = 0; i < vlm_scene_get_n_events (scene); i++)
      scene_check_box (scene, i, 0, 0, WIDTH, HEIGHT);
  }
}

static void
test_brief (void)
{
  guint n_brief = 0, n = 0;

  for (guint64 seed = 0; seed < 100; seed++) {
    VlmSceneParams params = make_params (seed, VLM_SCENE_TROUBLE_BRIEF);
    g_autoptr (VlmScene) scene = vlm_scene_new (&params);

    for (guint i = 0; i < vlm_scene_get_n_events (scene); i++, n++) {
      const VlmSceneEvent *e = vlm_scene_get_event (scene, i);

      n_brief += e->end - e->start <= 2 * VLM_SECOND &&
          e->end - e->start >= VLM_SECOND * 49 / 100;
    }
  }
  g_assert_cmpuint (n_brief, >, n / 2);
}

/* Objects that fidget never stand still, and the others are said not to. */
static void
test_stays (void)
{
  guint n_long = 0;

  for (guint64 seed = 0; seed < 100; seed++) {
    VlmSceneParams params = make_params (seed, VLM_SCENE_TROUBLE_STAYS);
    g_autoptr (VlmScene) scene = vlm_scene_new (&params);

    for (guint i = 0; i < vlm_scene_get_n_events (scene); i++) {
      const VlmSceneEvent *e = vlm_scene_get_event (scene, i);
      VlmRect a, b;
      guint n_moved = 0;

      for (gint64 t = e->start; t + VLM_SECOND < e->end; t += VLM_SECOND) {
        vlm_scene_get_box (scene, i, t, 1600, 1200, &a);
        vlm_scene_get_box (scene, i, t + VLM_SECOND, 1600, 1200, &b);
        n_moved += memcmp (&a, &b, sizeof a) != 0;
      }
      if (!e->fidgets)
        continue;
      g_assert_cmpint (e->end - e->start, >, 3 * VLM_SECOND);
      g_assert_cmpuint (n_moved, >, 0);
      n_long++;
    }
  }
  g_assert_cmpuint (n_long, >, 80);
}

/* Small and cut: its box touches a side whenever it is in view. */
static void
test_edges (void)
{
  guint n_at_edge = 0, n = 0;

  for (guint64 seed = 0; seed < 100; seed++) {
    VlmSceneParams params = make_params (seed, VLM_SCENE_TROUBLE_EDGES);
    g_autoptr (VlmScene) scene = vlm_scene_new (&params);

    for (guint i = 0; i < vlm_scene_get_n_events (scene); i++, n++) {
      const VlmSceneEvent *e = vlm_scene_get_event (scene, i);
      VlmRect box;

      vlm_scene_get_box (
          scene, i, (e->start + e->end) / 2, WIDTH, HEIGHT, &box);
      n_at_edge += box.x == 0 || box.y == 0 || box.x + box.width == WIDTH ||
          box.y + box.height == HEIGHT;
    }
  }
  g_assert_cmpuint (n_at_edge, >, n / 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scene-troubles/pixels", test_pixels);
  g_test_add_func ("/scene-troubles/events", test_events);
  g_test_add_func ("/scene-troubles/surroundings-are-no-events",
      test_surroundings_are_no_events);
  g_test_add_func ("/scene-troubles/surroundings-move", test_surroundings_move);
  g_test_add_func ("/scene-troubles/standing", test_standing);
  g_test_add_func ("/scene-troubles/still", test_still);
  g_test_add_func ("/scene-troubles/brief", test_brief);
  g_test_add_func ("/scene-troubles/stays", test_stays);
  g_test_add_func ("/scene-troubles/edges", test_edges);
  return g_test_run ();
}
