/* gst-vlm: answers that fit a JSON schema
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The schema is the detail of the answer; docs/schemas.md has what may be in
 * it. */
#include <string.h>

#include <vlm/vlm-error.h>

#include "analyzer/kinds.h"
#include "grammar/schema.h"

#define FENCE "```"

static char *
make_question (const char *about, gboolean is_video)
{
  if (about != NULL)
    return g_strdup (about);
  return g_strdup (is_video ? "Describe this video in JSON format."
                            : "Describe this image in JSON format.");
}

static VlmSchema *
read_schema (const char *detail, const char *name, GError **error)
{
  if (detail == NULL) {
    g_set_error_literal (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "an answer of the kind json needs a JSON schema");
    return NULL;
  }
  return vlm_schema_new (
      detail, strlen (detail), name != NULL ? name : "schema", error);
}

/* A schema that cannot be written is of no use; one that can is also read. */
static gboolean
check_detail (const char *detail, const char *name, GError **error)
{
  g_autoptr (VlmSchema) schema = read_schema (detail, name, error);
  g_autoptr (VlmGrammar) grammar = NULL;

  if (schema != NULL)
    grammar = vlm_schema_compile (schema, VLM_SCHEMA_STRICT, error);
  return grammar != NULL;
}

static const VlmRule *
make_rule (VlmRuleBook *book, const VlmAnswerBounds *bounds, GError **error)
{
  g_autoptr (VlmSchema) schema = read_schema (bounds->detail, NULL, error);

  return schema != NULL
      ? vlm_schema_rule (schema, book, VLM_SCHEMA_STRICT, error)
      : NULL;
}

static char *
make_schema (const VlmAnswerBounds *bounds, GError **error)
{
  g_autoptr (VlmSchema) schema = read_schema (bounds->detail, NULL, error);

  return schema != NULL ? g_strdup (bounds->detail) : NULL;
}

/* (transfer full): without white space and a code fence around it, which
 * unconstrained models like to write. */
static char *
strip (const char *text)
{
  g_autofree char *whole = g_strstrip (g_strdup (text));
  gsize size = strlen (whole);
  const char *line_end = strchr (whole, '\n');

  if (!g_str_has_prefix (whole, FENCE) || !g_str_has_suffix (whole, FENCE) ||
      line_end == NULL || size < 2 * strlen (FENCE))
    return g_steal_pointer (&whole);
  whole[size - strlen (FENCE)] = '\0';
  return g_strstrip (g_strdup (line_end));
}

static gboolean
fits (VlmSchema *schema, VlmSchemaForm form, const char *text, gsize *end,
    GError **error)
{
  g_autoptr (VlmGrammar) grammar = vlm_schema_compile (schema, form, error);

  return grammar != NULL &&
      vlm_grammar_match (grammar, text, strlen (text), end) ==
      VLM_GRAMMAR_MATCHED;
}

/* A constrained answer has the strict form, which is cheaper to check. */
static GPtrArray *
read_answer (const char *text, const VlmAnswerBounds *bounds, guint *n_rejected,
    char **why, GError **error)
{
  g_autoptr (VlmSchema) schema = read_schema (bounds->detail, NULL, error);
  g_autofree char *json = strip (text);
  g_autoptr (GError) own_error = NULL;
  GPtrArray *list;
  gsize end = 0;

  *n_rejected = 0;
  *why = NULL;
  if (schema == NULL)
    return NULL;
  if (!fits (schema, VLM_SCHEMA_STRICT, json, &end, &own_error) &&
      (own_error != NULL ||
          !fits (schema, VLM_SCHEMA_LOOSE, json, &end, &own_error))) {
    if (own_error != NULL)
      g_propagate_error (error, g_steal_pointer (&own_error));
    else
      g_set_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SCHEMA,
          "the answer does not fit the schema from byte %" G_GSIZE_FORMAT
          " on: \"%.60s\"",
          end, json);
    return NULL;
  }
  list = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (list, g_steal_pointer (&json));
  return list;
}

const VlmAnswerKind vlm_kind_json = {
  .name = "json",
  .question = make_question,
  .rule = make_rule,
  .schema = make_schema,
  .read = read_answer,
  .part = VLM_PART_JSON,
  .check = check_detail,
};
