/* gst-vlm: whether two descriptions are about the same subject
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rules of thumb for the sentences of a model: no language is understood here.
 * Pure. */
#pragma once

#include <glib.h>

/* Words in common over all words (Jaccard), without regard to case, marks and
 * articles; 1 for two texts without words. */
double vlm_words_similarity (const char *a, const char *b);

/* What an English sentence is about: its words up to the verb or the first
 * preposition, without the article: "A red circle enters from the left" gives
 * "red circle". (transfer full), NULL if that cannot be determined. */
char *vlm_words_subject (const char *sentence);

/* @text without a first article and without marks at its end. (transfer full),
 * empty for NULL */
char *vlm_words_without_article (const char *text);

/* Whether an English sentence says that something comes over the border of the
 * picture ("enters", "crosses"), goes over it ("leaves", "crosses"), or is
 * suddenly there or gone ("appears", "disappears"). */
gboolean vlm_words_say_it_comes (const char *sentence);
gboolean vlm_words_say_it_goes (const char *sentence);
gboolean vlm_words_say_it_pops (const char *sentence);

/* At least half of the words are the same, and of the subjects too, if they
 * can be determined. */
gboolean vlm_words_same (const char *a, const char *b);

/* Both subjects can be determined, and have at least half of their words in
 * common, whatever the rest of the texts. */
gboolean vlm_words_same_subject (const char *a, const char *b);
