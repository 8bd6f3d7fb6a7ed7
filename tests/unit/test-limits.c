/* gst-vlm: boxes whose second corner comes after the first
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-box-parse.h>

#include "engine/limits.h"
#include "tests/support/answer-grammar.h"
#include "tests/support/tiny-tokenizer.h"

#define WIDTH 448
#define HEIGHT 102

typedef struct
{
  VlmTokenizer *tokenizer;
  VlmTokenTrie *trie;
  VlmTokenMask *mask;
  gint32 end_id;
  GRand *rand;
  VlmAnswerBounds bounds;
} Fixture;

static void
fixture_init (Fixture *f, guint width, guint height)
{
  g_autoptr (VlmGrammar) grammar = boxes_grammar (4, 6, width, height);

  f->tokenizer = tiny_tokenizer_new ();
  f->trie = vlm_token_trie_new (
      f->tokenizer, vlm_tokenizer_get_n_ids (f->tokenizer) + 5);
  f->end_id = vlm_tokenizer_find_special (f->tokenizer, "<|im_end|>");
  f->mask = vlm_token_mask_new (grammar, f->trie, &f->end_id, 1);
  f->rand = g_rand_new_with_seed (3);
  f->bounds = (VlmAnswerBounds){ .duration_ns = -1,
    .width = width,
    .height = height,
    .max_items = 4,
    .max_text_bytes = 6 };
}

static void
fixture_clear (Fixture *f)
{
  vlm_token_mask_free (f->mask);
  vlm_token_trie_unref (f->trie);
  vlm_tokenizer_unref (f->tokenizer);
  g_rand_free (f->rand);
}

static gint32
draw_token (Fixture *f, const guint32 *bits)
{
  gint32 drawn = -1;
  gint32 n = 0;

  for (guint id = 0; id < f->trie->vocab_size; id++)
    if ((bits[id / 32] >> id % 32 & 1) != 0 &&
        g_rand_int_range (f->rand, 0, ++n) == 0)
      drawn = (gint32) id;
  return drawn;
}

/* Writes an answer of at most @max_tokens tokens, each drawn from what may
 * follow. (transfer full) */
static char *
write_answer (Fixture *f, guint max_tokens)
{
  VlmLimiter limiter = { vlm_kind_boxes.limits, &f->bounds, f->tokenizer,
    f->trie->vocab_size };
  g_autoptr (GError) error = NULL;
  GString *text = g_string_new (NULL);
  VlmMatcher matcher;

  vlm_matcher_init (&matcher, f->mask, max_tokens, &error);
  g_assert_no_error (error);
  for (guint n_left = max_tokens; n_left > 0; n_left--) {
    const guint32 *bits =
        vlm_limiter_get_mask (&limiter, &matcher, text, n_left);
    gint32 token;
    gsize n_bytes;
    const char *bytes;

    g_assert_nonnull (bits);
    token = draw_token (f, bits);
    g_assert_cmpint (token, >=, 0);
    vlm_matcher_accept (&matcher, token);
    if (matcher.ended)
      break;
    bytes = vlm_tokenizer_get_bytes (f->tokenizer, token, &n_bytes);
    g_string_append_len (text, bytes, (gssize) n_bytes);
  }
  g_assert_true (vlm_matcher_is_complete (&matcher));
  vlm_limiter_clear (&limiter);
  return g_string_free (text, FALSE);
}

/* The corners as they are written: vlm_box_parse() would sort them. */
static guint
check_corners (const char *text, guint width, guint height)
{
  guint n = 0;

  for (const char *at = text; (at = strstr (at, "bbox_2d\": [")) != NULL; n++) {
    int c[4];

    at += strlen ("bbox_2d\": [");
    g_assert_cmpint (
        sscanf (at, "%d, %d, %d, %d]", &c[0], &c[1], &c[2], &c[3]), ==, 4);
    g_assert_cmpint (c[0], <, c[2]);
    g_assert_cmpint (c[1], <, c[3]);
    g_assert_cmpint (c[2], <=, (gint) width);
    g_assert_cmpint (c[3], <=, (gint) height);
  }
  return n;
}

/* However few tokens there are, and whatever is drawn. */
static void
test_boxes (void)
{
  static const guint sizes[][2] = { { 448, 102 }, { 28, 28 }, { 1, 1 },
    { 1000, 9 }, { 10, 32768 } };
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    Fixture f;
    guint least;

    fixture_init (&f, sizes[i][0], sizes[i][1]);
    least = vlm_token_mask_get_min_tokens (f.mask);
    for (guint k = 0; k < 400; k++) {
      g_autofree char *text = write_answer (&f, least + k);
      g_autofree char *why = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) boxes = NULL;
      guint n_rejected;

      n += check_corners (text, sizes[i][0], sizes[i][1]);
      boxes = vlm_box_parse (
          text, sizes[i][0], sizes[i][1], &n_rejected, &why, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (n_rejected, ==, 0);
    }
    fixture_clear (&f);
  }
  g_assert_cmpuint (n, >, 500);
}

/* What may be written of a box so far. */
static void
test_parts (void)
{
  static const VlmAnswerBounds bounds = { .width = WIDTH, .height = HEIGHT };
  static const struct
  {
    const char *part;
    gboolean fits;
  } cases[] = {
    { "", TRUE },
    { "447", TRUE },
    { "447, 101, ", TRUE },
    { "447, 101, 4", TRUE },
    { "447, 101, 5", FALSE },
    { "447, 101, 44", TRUE },
    { "447, 101, 447", FALSE },
    { "447, 101, 448", TRUE },
    { "447, 101, 44,", FALSE },
    { "0, 0, 0", FALSE },
    { "0, 0, 1", TRUE },
    { "9, 9, 1", TRUE },
    { "9, 9, 10, 1", TRUE },
    { "9, 9, 10, 9", TRUE },
    { "9, 100, 10, 9", FALSE },
    { "9, 10, 10, 102]", TRUE },
    { "9, 100, 10, 100]", FALSE },
    { "150, 0, 12", FALSE },
    { "150, 0, 15", TRUE },
    { "150, 0, 15,", FALSE },
    { "99, 99, 9", FALSE },
    { "99, 99, 1", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_true (vlm_kind_boxes.limits->fits (cases[i].part,
                       strlen (cases[i].part), &bounds) == cases[i].fits);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/limits/boxes", test_boxes);
  g_test_add_func ("/limits/parts", test_parts);
  return g_test_run ();
}
