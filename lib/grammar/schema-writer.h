/* gst-vlm: shapes as rules
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "grammar/schema-private.h"

typedef struct
{
  VlmSchema *schema;
  VlmRuleBook *book;
  VlmSchemaForm form;
  GHashTable *values;   /* set -> VlmRule of what fits it; see schema-rules.c */
  GHashTable *empty;    /* sets that no array or object fits */
  GHashTable *texts;    /* VlmChars -> VlmRule, a unit */
  GHashTable *kinds;    /* likewise: as many characters of one kind */
  const VlmRule *space; /* white space, where it may be; NULL for none */
} VlmSchemaWriter;

/* What fits @set, as a rule; NULL when nothing does, or with an error. */
const VlmRule *vlm_schema_write_value (VlmSchemaWriter *self, VlmSchemaSet set);

/* Each of these is one alternative; NULL likewise. */
const VlmRule *
vlm_schema_write_array (VlmSchemaWriter *self, const VlmSchemaArray *array);
const VlmRule *
vlm_schema_write_object (VlmSchemaWriter *self, const VlmSchemaObject *object);

/* @chars, as the members of all strings that have the same. */
const VlmRule *vlm_schema_write_texts (
    VlmSchemaWriter *self, VlmChars *chars, VlmSpelling spelling);
/* The same in a string, where runs of characters are counted; not empty. */
const VlmRule *vlm_schema_write_runs (VlmSchemaWriter *self, VlmChars *chars);
/* At least @min and at most @max characters of @kind, which has texts of one
 * character only. */
const VlmRule *vlm_schema_write_count (
    VlmSchemaWriter *self, VlmChars *kind, guint min, guint max);

/* @text, and white space after it where that is allowed. */
const VlmRule *vlm_schema_write_mark (VlmSchemaWriter *self, const char *text);
VlmSpelling vlm_schema_spelling (const VlmSchemaWriter *self);
