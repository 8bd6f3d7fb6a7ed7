/* gst-vlm: answers that fit a JSON schema
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>

#include <vlm/vlm-error.h>

#include "base/word-hash.h"
#include "grammar/schema-private.h"
#include "io/json.h"

void
vlm_schema_fail (
    VlmSchema *self, guint place, const char *keyword, const char *format, ...)
{
  const VlmSchemaPlace *at = vlm_schema_get_place (self, place);
  g_autofree char *what = NULL;
  va_list arguments;

  if (self->error != NULL)
    return;
  va_start (arguments, format);
  what = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  self->error = g_error_new (VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
      "%s: %s%s%s: %s", self->name,
      at->pointer[0] == '\0' && keyword == NULL ? "/" : at->pointer,
      keyword != NULL ? "/" : "", keyword != NULL ? keyword : "", what);
}

typedef struct
{
  gpointer data;
  GDestroyNotify destroy;
} Kept;

gpointer
vlm_schema_keep (VlmSchema *self, gpointer data, GDestroyNotify destroy)
{
  Kept kept = { data, destroy };

  g_array_append_val (self->kept, kept);
  return data;
}

static void
unref_chars (gpointer chars)
{
  vlm_chars_unref (chars);
}

static void
clear_place (gpointer data)
{
  VlmSchemaPlace *place = data;

  g_free (place->pointer);
  g_free (place->base);
}

static void
free_terms (gpointer terms)
{
  g_array_unref (terms);
}

/* The sets that are known by number: of all, and of nothing. */
static void
add_first_sets (VlmSchema *self)
{
  const VlmSchemaTerm none = G_MAXUINT32;

  for (VlmSchemaSet set = VLM_SCHEMA_ANYTHING; set <= VLM_SCHEMA_NOTHING;
       set++) {
    GArray *terms = g_array_new (FALSE, FALSE, sizeof (VlmSchemaTerm));

    if (set == VLM_SCHEMA_NOTHING)
      g_array_append_val (terms, none);
    g_ptr_array_add (self->sets, terms);
    g_ptr_array_add (self->set_shapes, NULL);
    g_hash_table_insert (self->by_terms,
        g_bytes_new (terms->data, terms->len * sizeof (VlmSchemaTerm)),
        GUINT_TO_POINTER (set));
  }
}

static VlmSchema *
new_schema (const char *name)
{
  VlmSchema *self = g_new0 (VlmSchema, 1);

  self->name = g_strdup (name);
  self->places = g_array_new (FALSE, FALSE, sizeof (VlmSchemaPlace));
  g_array_set_clear_func (self->places, clear_place);
  self->by_node = g_hash_table_new (NULL, NULL);
  self->by_uri = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->dynamic = g_hash_table_new (g_str_hash, g_str_equal);
  self->sets = g_ptr_array_new_with_free_func (free_terms);
  self->by_terms = g_hash_table_new_full (
      g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  self->set_shapes = g_ptr_array_new ();
  self->term_shapes = g_hash_table_new (NULL, NULL);
  self->begun = g_hash_table_new (NULL, NULL);
  self->kept = g_array_new (FALSE, FALSE, sizeof (Kept));
  self->chars = g_hash_table_new_full (vlm_word_hash, g_bytes_equal,
      (GDestroyNotify) g_bytes_unref, unref_chars);
  self->made = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  add_first_sets (self);
  return self;
}

VlmSchema *
vlm_schema_new (
    const char *text, gsize n_bytes, const char *name, GError **error)
{
  g_autoptr (VlmSchema) self = new_schema (name);
  g_autofree char *hidden = vlm_schema_hide_nul (text, &n_bytes);

  if (hidden == NULL) {
    g_set_error (error, VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT,
        "%s: U+FDD0 is not a character", name);
    return NULL;
  }
  self->document = vlm_json_document_new (hidden, n_bytes, name, error);
  if (self->document == NULL)
    return NULL;
  self->root = vlm_json_document_get_root (self->document);
  vlm_schema_index (self);
  if (self->error == NULL)
    return g_steal_pointer (&self);
  g_propagate_error (error, g_error_copy (self->error));
  return NULL;
}

void
vlm_schema_free (VlmSchema *self)
{
  if (self == NULL)
    return;
  for (guint i = self->kept->len; i-- > 0;) {
    Kept *kept = &g_array_index (self->kept, Kept, i);

    if (kept->data != NULL)
      kept->destroy (kept->data);
  }
  g_array_unref (self->kept);
  g_hash_table_unref (self->made);
  g_hash_table_unref (self->chars);
  g_hash_table_unref (self->begun);
  g_hash_table_unref (self->term_shapes);
  g_ptr_array_unref (self->set_shapes);
  g_hash_table_unref (self->by_terms);
  g_ptr_array_unref (self->sets);
  g_hash_table_unref (self->dynamic);
  g_hash_table_unref (self->by_uri);
  g_hash_table_unref (self->by_node);
  g_array_unref (self->places);
  vlm_json_document_free (self->document);
  g_clear_error (&self->error);
  g_free (self->name);
  g_free (self);
}

VlmGrammar *
vlm_schema_compile (VlmSchema *self, VlmSchemaForm form, GError **error)
{
  g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
  const VlmRule *rule = vlm_schema_rule (self, book, form, error);
  VlmGrammar *grammar;

  if (rule == NULL)
    return NULL;
  grammar = vlm_grammar_new (rule, error);
  if (grammar == NULL)
    g_prefix_error (error, "%s: ", self->name);
  return grammar;
}
