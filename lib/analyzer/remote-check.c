/* gst-vlm: whether an answer that no mask constrained has the requested form
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzer/remote-check.h"

#include <string.h>

#include <vlm/vlm-error.h>

#include "events/event-schema.h"
#include "grammar/schema.h"

/* How much of an answer a message quotes. */
#define MAX_QUOTED 60

/* NULL without @error: any text will do, or what the reader of the kind makes of
 * it. (transfer full) */
static VlmGrammar *
compile (
    const VlmAnswerKind *kind, const VlmAnswerBounds *bounds, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (VlmSchema) schema = NULL;

  if (kind->reads_variants)
    return NULL;
  if (kind->schema == NULL)
    return vlm_answer_kind_compile (kind, bounds, error);
  text = kind->schema (bounds, error);
  if (text == NULL)
    return NULL;
  schema = vlm_schema_new (text, strlen (text), kind->name, error);
  return schema != NULL ? vlm_schema_compile (schema, VLM_SCHEMA_LOOSE, error)
                        : NULL;
}

/* Models are trained to write JSON in a fence, so that is not an error. */
static void
skip_fence (const char **text, gsize *n)
{
  gsize open = strlen (VLM_ANSWER_FENCE_OPEN);
  gsize close = strlen (VLM_ANSWER_FENCE_CLOSE);

  if (!g_str_has_prefix (*text, VLM_ANSWER_FENCE_OPEN))
    return;
  *text += open;
  *n -= open;
  if (*n >= close &&
      memcmp (*text + *n - close, VLM_ANSWER_FENCE_CLOSE, close) == 0)
    *n -= close;
}

gboolean
vlm_remote_check (const VlmAnswerKind *kind, const VlmAnswerBounds *bounds,
    const char *text, gboolean is_cut_off, GError **error)
{
  g_autoptr (GError) own_error = NULL;
  g_autoptr (VlmGrammar) grammar =
      kind != NULL ? compile (kind, bounds, &own_error) : NULL;
  g_autofree char *quoted = NULL;
  gsize n = strlen (text);
  gsize end;

  if (grammar == NULL) {
    if (own_error == NULL)
      return TRUE;
    g_propagate_error (error, g_steal_pointer (&own_error));
    return FALSE;
  }
  skip_fence (&text, &n);
  if (vlm_grammar_match (grammar, text, n, &end) == VLM_GRAMMAR_MATCHED ||
      (is_cut_off && end == n))
    return TRUE;
  quoted = g_utf8_make_valid (text, (gssize) MIN (n, end + MAX_QUOTED / 2));
  g_set_error (error, VLM_EVENT_ERROR, VLM_EVENT_ERROR_SCHEMA,
      "the server's answer is not of the requested form (%s), from byte "
      "%" G_GSIZE_FORMAT " on: %.*s",
      kind->name, end, MAX_QUOTED * 4, quoted);
  return FALSE;
}
