/* gst-vlm: whether two descriptions are about the same subject
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/event-words.h"

static void
test_subject (void)
{
  static const struct
  {
    const char *sentence;
    const char *subject;
  } cases[] = {
    { "red circle enters from the left", "red circle" },
    { "A red circle enters from the left.", "red circle" },
    { "object appears", "object" },
    { "The white car is parked", "white car" },
    { "A man in a red shirt opens the door", "man" },
    { "a person walking a dog", "person" },
    { "A bus stops", "bus" },
    { "a red building burns", "red building" },
    { "Two white cars drive past", "Two white cars" },
    { "Several people run", "Several people" },
    { "a group of dancers", NULL },
    { "a group of dancers bows", "group of dancers" },
    { "", NULL },
    { NULL, NULL },
    { "rain", NULL },
    { "There is a car", NULL },
    { "In the left corner a car appears", NULL },
    { "red green blue yellow white black circles", NULL },
    { "\xe4\xb8\x80\xe4\xb8\xaa\xe4\xba\xba", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *subject = vlm_words_subject (cases[i].sentence);

    g_assert_cmpstr (subject, ==, cases[i].subject);
  }
}

static void
test_article (void)
{
  static const char *const cases[][2] = { { "A dog.", "dog" },
    { "the dog barks!?", "dog barks" }, { "an", "an" },
    { "theatre", "theatre" }, { " ", "" }, { NULL, "" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = vlm_words_without_article (cases[i][0]);

    g_assert_cmpstr (text, ==, cases[i][1]);
  }
}

static void
test_similarity (void)
{
  g_assert_cmpfloat (vlm_words_similarity ("", NULL), ==, 1.0);
  g_assert_cmpfloat (vlm_words_similarity ("a car", ""), ==, 0.0);
  g_assert_cmpfloat (
      vlm_words_similarity ("A car, passes!", "the CAR passes"), ==, 1.0);
  g_assert_cmpfloat (vlm_words_similarity ("red car", "blue car"), <, 0.34);
}

static void
test_same (void)
{
  g_assert_true (vlm_words_same ("", ""));
  g_assert_true (vlm_words_same ("rain", "Rain."));
  g_assert_true (
      vlm_words_same ("a white car drives by", "a car drives by slowly"));
  /* Most words in common, but about another subject. */
  g_assert_false (vlm_words_same (
      "red circle enters from the left", "blue circle enters from the left"));
  g_assert_false (vlm_words_same ("a dog barks", "a cat sits"));
}

static void
test_comes_and_goes (void)
{
  static const struct
  {
    const char *sentence;
    gboolean comes, goes, pops;
  } cases[] = {
    { "object enters from the left", TRUE, FALSE, FALSE },
    { "Object Leaves.", FALSE, TRUE, FALSE },
    { "object crosses from left to right", TRUE, TRUE, FALSE },
    { "object enters from the top and leaves at the top", TRUE, TRUE, FALSE },
    { "object appears", FALSE, FALSE, TRUE },
    { "object appears and leaves at the top", FALSE, TRUE, TRUE },
    { "object disappears", FALSE, FALSE, TRUE },
    { "object moves up", FALSE, FALSE, FALSE },
    { "it reappears beside the leaf", FALSE, FALSE, FALSE },
    { "", FALSE, FALSE, FALSE },
    { NULL, FALSE, FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const char *sentence = cases[i].sentence;

    g_assert_true (vlm_words_say_it_comes (sentence) == cases[i].comes);
    g_assert_true (vlm_words_say_it_goes (sentence) == cases[i].goes);
    g_assert_true (vlm_words_say_it_pops (sentence) == cases[i].pops);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/event-words/subject", test_subject);
  g_test_add_func ("/event-words/article", test_article);
  g_test_add_func ("/event-words/similarity", test_similarity);
  g_test_add_func ("/event-words/same", test_same);
  g_test_add_func ("/event-words/comes-and-goes", test_comes_and_goes);
  return g_test_run ();
}
