/* gst-vlm: whether two descriptions are about the same subject
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "events/event-words.h"

#include <string.h>

/* Descriptions of one event vary from window to window; those with at least half
 * of their words in common count as the same. */
#define MIN_SIMILARITY 0.5

/* A subject of more words is not a short name. */
#define MAX_SUBJECT 5

static const char *const articles[] = { "a", "an", "the", NULL };

/* A subject ends before any of these. */
static const char *const stops[] = { "is", "are", "was", "were", "has", "have",
  "had", "can", "who", "that", "which", "and", "then", "while", "as", "with",
  "without", "in", "on", "at", "from", "to", "into", "onto", "off", "over",
  "under", "near", "behind", "through", "across", "along", "by", "around",
  "for", "past", "before", "after", "up", "down", "out", "between", "against",
  "beside", "towards", "toward", NULL };

static const char *const plurals[] = { "two", "three", "four", "five", "six",
  "several", "some", "many", "few", "both", "all", "multiple", NULL };
static const char *const plural_nouns[] = { "people", "men", "women",
  "children", NULL };

/* These end like a verb, but are none. */
static const char *const nouns[] = { "building", "thing", "something",
  "anything", "nothing", "ceiling", "string", "ring", "king", "wing",
  "lightning", "bus", "glass", "grass", "canvas", "gas", "lens", NULL };

static const char *const comings[] = { "enters", "crosses", NULL };
static const char *const goings[] = { "leaves", "crosses", NULL };
static const char *const poppings[] = { "appears", "disappears", NULL };

static char **
split (const char *text)
{
  return g_strsplit_set (text != NULL ? text : "", " \t\n\r.,;:!?\"()[]{}", -1);
}

static gboolean
is_one_of (const char *const *list, const char *word)
{
  return g_strv_contains (list, word);
}

static GHashTable *
collect (const char *text)
{
  g_autofree char *folded = g_utf8_casefold (text != NULL ? text : "", -1);
  g_auto (GStrv) words = split (folded);
  GHashTable *set =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; words[i] != NULL; i++)
    if (words[i][0] != '\0' && !is_one_of (articles, words[i]))
      g_hash_table_add (set, g_strdup (words[i]));
  return set;
}

double
vlm_words_similarity (const char *a, const char *b)
{
  g_autoptr (GHashTable) x = collect (a);
  g_autoptr (GHashTable) y = collect (b);
  GHashTableIter iter;
  gpointer word;
  guint common = 0;
  guint all;

  g_hash_table_iter_init (&iter, x);
  while (g_hash_table_iter_next (&iter, &word, NULL))
    common += g_hash_table_contains (y, word);
  all = g_hash_table_size (x) + g_hash_table_size (y) - common;
  return all > 0 ? (double) common / all : 1.0;
}

/* In the third person, or a participle. */
static gboolean
looks_like_verb (const char *word)
{
  gsize length = strlen (word);

  if (length < 4 || is_one_of (nouns, word))
    return FALSE;
  if (g_str_has_suffix (word, "ing"))
    return TRUE;
  return word[length - 1] == 's' && word[length - 2] != 's' &&
      word[length - 2] != 'u';
}

static gboolean
ends_plural (const char *word)
{
  return is_one_of (plural_nouns, word) ||
      (g_str_has_suffix (word, "s") && !is_one_of (nouns, word));
}

/* The end of the subject of @words (folded), 0 if it cannot be determined. */
static guint
find_end (char **words, guint n)
{
  gboolean plural = n > 0 && is_one_of (plurals, words[0]);

  if (n == 0 || is_one_of (stops, words[0]) || strcmp (words[0], "there") == 0)
    return 0;
  for (guint i = 1; i < n; i++) {
    if (plural && ends_plural (words[i]))
      return i + 1;
    if (is_one_of (stops, words[i]) ||
        (!plural && looks_like_verb (words[i]) &&
            strcmp (words[i - 1], "of") != 0))
      return i;
  }
  return 0;
}

char *
vlm_words_subject (const char *sentence)
{
  g_auto (GStrv) parts = split (sentence);
  g_autoptr (GPtrArray) words = g_ptr_array_new ();
  g_autoptr (GPtrArray) folded = g_ptr_array_new_with_free_func (g_free);
  guint end;

  for (guint i = 0; parts[i] != NULL; i++) {
    char *word = g_utf8_casefold (parts[i], -1);

    if (word[0] == '\0' || (words->len == 0 && is_one_of (articles, word))) {
      g_free (word);
      continue;
    }
    g_ptr_array_add (words, parts[i]);
    g_ptr_array_add (folded, word);
  }
  end = find_end ((char **) folded->pdata, folded->len);
  if (end == 0 || end > MAX_SUBJECT)
    return NULL;
  g_ptr_array_set_size (words, (gint) end);
  g_ptr_array_add (words, NULL);
  return g_strjoinv (" ", (char **) words->pdata);
}

static gboolean
has_one_of (const char *const *list, const char *sentence)
{
  g_autofree char *folded =
      g_utf8_casefold (sentence != NULL ? sentence : "", -1);
  g_auto (GStrv) words = split (folded);

  for (guint i = 0; words[i] != NULL; i++)
    if (is_one_of (list, words[i]))
      return TRUE;
  return FALSE;
}

gboolean
vlm_words_say_it_comes (const char *sentence)
{
  return has_one_of (comings, sentence);
}

gboolean
vlm_words_say_it_goes (const char *sentence)
{
  return has_one_of (goings, sentence);
}

gboolean
vlm_words_say_it_pops (const char *sentence)
{
  return has_one_of (poppings, sentence);
}

char *
vlm_words_without_article (const char *text)
{
  char *copy = g_strstrip (g_strdup (text != NULL ? text : ""));
  gsize length = strlen (copy);

  while (length > 0 && strchr (".,;:!?", copy[length - 1]) != NULL)
    copy[--length] = '\0';
  for (guint i = 0; articles[i] != NULL; i++) {
    gsize n = strlen (articles[i]);

    if (g_ascii_strncasecmp (copy, articles[i], n) == 0 && copy[n] == ' ') {
      memmove (copy, copy + n + 1, length - n);
      break;
    }
  }
  return copy;
}

gboolean
vlm_words_same (const char *a, const char *b)
{
  g_autofree char *x = NULL;
  g_autofree char *y = NULL;

  if (vlm_words_similarity (a, b) < MIN_SIMILARITY)
    return FALSE;
  x = vlm_words_subject (a);
  y = vlm_words_subject (b);
  return x == NULL || y == NULL ||
      vlm_words_similarity (x, y) >= MIN_SIMILARITY;
}

gboolean
vlm_words_same_subject (const char *a, const char *b)
{
  g_autofree char *x = vlm_words_subject (a);
  g_autofree char *y = vlm_words_subject (b);

  return x != NULL && y != NULL &&
      vlm_words_similarity (x, y) >= MIN_SIMILARITY;
}
