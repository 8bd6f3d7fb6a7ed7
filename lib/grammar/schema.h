/* gst-vlm: answers that fit a JSON schema
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/grammar.h"

/* A JSON schema, draft 2020-12, see docs/schemas.md. One thread. One owner. */
typedef struct _VlmSchema VlmSchema;

typedef enum
{
  VLM_SCHEMA_STRICT, /* to write: compact, keys in the order of the schema */
  VLM_SCHEMA_LOOSE,  /* to read: white space and order of keys are free */
} VlmSchemaForm;

/* @name is what messages call it. Errors are of VLM_LOAD_ERROR for what is no
 * JSON, else VLM_INFER_ERROR_BAD_INPUT with the place of the keyword, such as
 * "/properties/age/minimum". */
VlmSchema *vlm_schema_new (
    const char *text, gsize n_bytes, const char *name, GError **error);
void vlm_schema_free (VlmSchema *schema);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmSchema, vlm_schema_free)

/* The texts that fit; BAD_INPUT, with the place, for what is not supported, and
 * for a schema that no text fits, if one is to be written. */
const VlmRule *vlm_schema_rule (
    VlmSchema *schema, VlmRuleBook *book, VlmSchemaForm form, GError **error);
/* The same as a grammar. */
VlmGrammar *
vlm_schema_compile (VlmSchema *schema, VlmSchemaForm form, GError **error);
