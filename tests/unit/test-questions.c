/* gst-vlm: the questions to the model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/questions.h"

#include "tests/support/warnings.h"

static char *two[] = { "a person falls", "a red car", NULL };

static void
check (GPtrArray *list, guint i, const char *query, const char *words)
{
  const VlmQuestion *question;

  g_assert_cmpuint (i, <, list->len);
  question = list->pdata[i];
  g_assert_cmpstr (question->query, ==, query);
  g_assert_nonnull (strstr (question->text, words));
}

static void
test_everything (void)
{
  char *none[] = { NULL };
  const VlmQuestions unset = { .prompt = NULL };
  const VlmQuestions empty = { .prompt = (char *) "", .queries = none };
  g_autoptr (GPtrArray) a = vlm_questions_expand (&unset);
  g_autoptr (GPtrArray) b = vlm_questions_expand (&empty);

  g_assert_cmpuint (a->len, ==, 1);
  check (a, 0, NULL, "a series of activity events");
  g_assert_cmpuint (b->len, ==, 1);
  check (b, 0, NULL, "a series of activity events");
}

static void
test_queries (void)
{
  const VlmQuestions questions = { .queries = two };
  g_autoptr (GPtrArray) list = vlm_questions_expand (&questions);

  g_assert_cmpuint (list->len, ==, 2);
  check (list, 0, "a person falls", "the query 'a person falls'");
  check (list, 1, "a red car", "the query 'a red car'");
}

static void
test_prompt (void)
{
  const VlmQuestions fixed = { .prompt = (char *) "What?", .queries = two };
  const VlmQuestions each = { .prompt = (char *) "When {query}, or {query}?",
    .queries = two };
  const VlmQuestions no_query = { .prompt = (char *) "When {query}?" };
  g_autoptr (GPtrArray) once = vlm_questions_expand (&fixed);
  g_autoptr (GPtrArray) twice = vlm_questions_expand (&each);
  g_autoptr (GPtrArray) any = vlm_questions_expand (&no_query);

  g_assert_cmpuint (once->len, ==, 1);
  check (once, 0, NULL, "What?");
  g_assert_cmpuint (twice->len, ==, 2);
  check (twice, 0, "a person falls", "When a person falls, or a person falls?");
  check (twice, 1, "a red car", "When a red car, or a red car?");
  g_assert_cmpuint (any->len, ==, 1);
  check (any, 0, NULL, "When anything that happens?");
}

/* With conditions alone there is no question for a list of everything. */
static void
test_conditions (void)
{
  char *conditions[] = { (char *) "the gate is open", NULL };
  char *none[] = { NULL };
  const VlmQuestions alone = { .conditions = conditions };
  const VlmQuestions with_prompt = { .prompt = (char *) "What?",
    .conditions = conditions };
  const VlmQuestions with_queries = { .queries = two,
    .conditions = conditions };
  const VlmQuestions without = { .conditions = none };
  g_autoptr (GPtrArray) a = vlm_questions_expand (&alone);
  g_autoptr (GPtrArray) b = vlm_questions_expand (&with_prompt);
  g_autoptr (GPtrArray) c = vlm_questions_expand (&with_queries);
  g_autoptr (GPtrArray) d = vlm_questions_expand (&without);

  g_assert_cmpuint (a->len, ==, 0);
  g_assert_cmpuint (b->len, ==, 1);
  g_assert_cmpuint (c->len, ==, 2);
  g_assert_cmpuint (d->len, ==, 1);
}

/* Questions of another task; none where the task needs a query. */
static void
test_task (void)
{
  const VlmQuestions points = { .task = (char *) "points" };
  const VlmQuestions each = { .task = (char *) "count", .queries = two };
  const VlmQuestions nothing = { .task = (char *) "yes-no" };
  g_autoptr (GPtrArray) a = vlm_questions_expand (&points);
  g_autoptr (GPtrArray) b = vlm_questions_expand (&each);
  g_autoptr (GPtrArray) c = vlm_questions_expand (&nothing);

  warnings_expect ("yes-no needs a query");
  warnings_expect_none ();
  g_assert_cmpuint (a->len, ==, 1);
  check (a, 0, NULL, "Point to each object");
  g_assert_cmpuint (b->len, ==, 2);
  check (b, 1, "a red car", "the query 'a red car'");
  g_assert_cmpuint (c->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  warnings_keep ();
  g_test_add_func ("/questions/everything", test_everything);
  g_test_add_func ("/questions/queries", test_queries);
  g_test_add_func ("/questions/prompt", test_prompt);
  g_test_add_func ("/questions/conditions", test_conditions);
  g_test_add_func ("/questions/task", test_task);
  return g_test_run ();
}
