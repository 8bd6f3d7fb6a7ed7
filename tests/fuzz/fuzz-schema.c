/* gst-vlm: any text as a JSON schema, and another one as a value for it
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A schema, a zero byte, a text. What may be written may be read, too, and is
 * JSON. */
#include <string.h>

#include "grammar/grammar-private.h"
#include "grammar/schema.h"
#include "io/json.h"
#include "tests/fuzz/target.h"

/* Patterns and lengths grow large on purpose: bounded, for speed. */
#define MAX_SCHEMA_BYTES 2000u
#define MAX_TEXT_BYTES 400u

/* The cheapest byte that brings @state to its end: by trying. */
static guint8
find_way_out (const VlmGrammar *grammar, const VlmGrammarState *state)
{
  const VlmGrammarWay *best = NULL;
  guint64 least = G_MAXUINT64;
  VlmGrammarWay way;

  for (guint i = 0; i < state->n_ways; i++) {
    guint64 cost = 0;

    for (guint j = 0; j <= state->ways[i].depth; j++) {
      const VlmGrammarFrame *frame = &state->ways[i].frames[j];
      const VlmGrammarNode *node = &grammar->nodes[frame->node];

      cost += node->cost;
      if (frame->owed > 0)
        cost += (guint64) frame->owed * grammar->units[node->unit].loop_cost;
    }
    if (cost < least) {
      least = cost;
      best = &state->ways[i];
    }
  }
  vlm_grammar_copy_way (&way, best);
  while (TRUE) {
    VlmGrammarFrame *frame = &way.frames[way.depth];
    const VlmGrammarNode *node = &grammar->nodes[frame->node];
    gboolean loops = node->ends && frame->owed > 0;
    guint32 step = loops ? node->loop_step : node->step;

    switch (loops ? node->loop_kind : node->step_kind) {
    case VLM_GRAMMAR_ENDS:
      g_assert_cmpuint (way.depth, >, 0);
      way.depth--;
      break;
    case VLM_GRAMMAR_BY_CALL:
      vlm_grammar_apply (
          &grammar->ops[grammar->calls[step].op], &way.frames[way.depth]);
      g_assert_true (vlm_grammar_enter (grammar, &way, &grammar->calls[step]));
      break;
    default:
      return grammar->edges[step].first;
    }
  }
}

/* A text that the grammar allows, picked by @picks. */
static GString *
write_text (const VlmGrammar *grammar, const uint8_t *picks, size_t n_picks)
{
  GString *text = g_string_new (NULL);
  VlmGrammarState state;

  vlm_grammar_start (grammar, &state);
  for (size_t i = 0; text->len < 100000; i++) {
    guint byte = i < n_picks ? picks[i] : 0;

    if (i >= n_picks || !vlm_grammar_step (grammar, &state, (guint8) byte)) {
      if (vlm_grammar_is_complete (grammar, &state))
        break;
      byte = find_way_out (grammar, &state);
      g_assert_true (vlm_grammar_step (grammar, &state, (guint8) byte));
    }
    g_string_append_c (text, (char) byte);
  }
  return text;
}

static void
check_written (const VlmGrammar *strict, const VlmGrammar *loose,
    const uint8_t *picks, size_t n_picks)
{
  g_autoptr (GString) text = write_text (strict, picks, n_picks);
  g_autoptr (VlmJsonDocument) document = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (text->len, <, 100000);
  g_assert_cmpint (vlm_grammar_match (loose, text->str, text->len, NULL), !=,
      VLM_GRAMMAR_REFUSED);
  if (strstr (text->str, "\\u0000") != NULL)
    return; /* which readers refuse */
  document = vlm_json_document_new (text->str, text->len, "written", &error);
  g_assert_no_error (error);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  const uint8_t *zero = n_bytes > 0 ? memchr (data, 0, n_bytes) : NULL;
  size_t n_schema = zero != NULL ? (size_t) (zero - data) : n_bytes;
  size_t n_text = zero != NULL ? n_bytes - n_schema - 1 : 0;
  g_autoptr (VlmSchema) schema = NULL;
  g_autoptr (VlmGrammar) strict = NULL;
  g_autoptr (VlmGrammar) loose = NULL;
  g_autoptr (GError) error = NULL;

  if (n_schema > MAX_SCHEMA_BYTES || n_text > MAX_TEXT_BYTES)
    return 0;
  schema = vlm_schema_new (
      n_schema > 0 ? (const char *) data : "", n_schema, "fuzz", &error);
  g_assert_true ((schema != NULL) == (error == NULL));
  if (schema == NULL)
    return 0;
  loose = vlm_schema_compile (schema, VLM_SCHEMA_LOOSE, &error);
  g_assert_true ((loose != NULL) == (error == NULL));
  if (loose == NULL)
    return 0;
  vlm_grammar_match (
      loose, zero != NULL ? (const char *) zero + 1 : "", n_text, NULL);
  strict = vlm_schema_compile (schema, VLM_SCHEMA_STRICT, &error);
  g_assert_true ((strict != NULL) == (error == NULL));
  if (strict != NULL)
    check_written (strict, loose, zero != NULL ? zero + 1 : data, n_text);
  return 0;
}
