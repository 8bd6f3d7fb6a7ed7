/* gst-vlm: what schemas consist of
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A place in the schema constrains a value. A set of places, each with or
 * without "not", is their conjunction. A shape is what fits a set: the values of
 * each type of JSON. Shapes are made when they are needed, so that a schema may
 * refer to itself. */
#pragma once

#include <json-glib/json-glib.h>

#include "grammar/schema.h"
#include "io/json.h"

/* A place and whether it must not hold: place << 1 | negated. */
typedef guint32 VlmSchemaTerm;

/* A set of terms that all hold, by number. */
typedef guint32 VlmSchemaSet;
#define VLM_SCHEMA_ANYTHING 0u /* the set without terms */
#define VLM_SCHEMA_NOTHING 1u  /* the set of what nothing fits */

typedef struct
{
  JsonNode *node;
  char *pointer;     /* JSON pointer */
  char *base;        /* URI that references are relative to; "" for none */
  gboolean is_value; /* node is what must be there, not a schema */
} VlmSchemaPlace;

/* Strings of @min to @max characters; @chars: NULL for any. */
typedef struct
{
  VlmChars *chars;
  guint min, max;
  guint place; /* which requires it, likewise below */
} VlmSchemaString;

/* At least @min and at most @max items that fit @set. */
typedef struct
{
  VlmSchemaSet set;
  VlmSchemaSet others; /* what does not */
  guint min, max;
  guint place;
} VlmSchemaContains;

typedef struct
{
  GArray *prefix; /* VlmSchemaSet: the first items */
  VlmSchemaSet rest;
  guint min, max;
  GArray *contains;        /* VlmSchemaContains */
  guint n_evaluated;       /* of the prefix */
  gboolean rest_evaluated; /* and all behind it */
  guint place;
} VlmSchemaArray;

typedef struct
{
  char *name;
  VlmSchemaSet set;
  gboolean required;
  gboolean declared;  /* by "properties" */
  gboolean evaluated; /* for unevaluatedProperties */
} VlmSchemaMember;

/* All other names out of a set. */
typedef struct
{
  VlmChars *names; /* NULL: any */
  VlmSchemaSet set;
  gboolean evaluated;
} VlmSchemaClass;

typedef struct
{
  GPtrArray *members;  /* VlmSchemaMember */
  GArray *classes;     /* VlmSchemaClass; names of no class must not be */
  gboolean is_open;    /* the schema defines further ones */
  gboolean needs_more; /* at least one that is no member */
  guint min, max;
  guint place;
} VlmSchemaObject;

typedef struct
{
  gboolean null, falsity, truth;
  gboolean any_number;
  VlmChars *numbers;  /* plain decimals, unless any_number; NULL: none */
  GPtrArray *strings; /* VlmSchemaString: one of them; likewise: */
  GPtrArray *arrays;
  GPtrArray *objects;
} VlmSchemaShape;

struct _VlmSchema
{
  VlmJsonDocument *document;
  JsonNode *root;
  char *name;
  GArray *places;          /* VlmSchemaPlace */
  GHashTable *by_node;     /* JsonNode * -> place + 1 */
  GHashTable *by_uri;      /* URI with or without a fragment -> JsonNode * */
  GHashTable *dynamic;     /* name of a dynamic anchor -> how many there are */
  GPtrArray *sets;         /* GArray of VlmSchemaTerm in order */
  GHashTable *by_terms;    /* GBytes -> set */
  GPtrArray *set_shapes;   /* by set; NULL until needed */
  GHashTable *term_shapes; /* term -> VlmSchemaShape */
  GHashTable *begun;       /* term -> see schema-terms.c */
  GArray *kept;            /* what lives as long as the schema */
  guint depth;             /* of shapes in the making */
  GHashTable *chars; /* GBytes of it -> VlmChars, each set of texts once */
  GHashTable *made;  /* how -> VlmChars of chars, see schema-chars.c */
  GError *error;     /* the first one */
};

/* --- schema.c ------------------------------------------------------------- */

/* Notes the first error: "name: pointer/keyword: why"; @keyword NULL for the
 * place itself. */
void vlm_schema_fail (VlmSchema *self, guint place, const char *keyword,
    const char *format, ...) G_GNUC_PRINTF (4, 5);
/* @data is freed with the schema. */
gpointer
vlm_schema_keep (VlmSchema *self, gpointer data, GDestroyNotify destroy);

/* --- schema-places.c ------------------------------------------------------ */

/* Finds identifiers and anchors. */
void vlm_schema_index (VlmSchema *self);
/* The place of @node at @keyword of @above; @step, nullable, comes after it. */
guint vlm_schema_place (VlmSchema *self, guint above, const char *keyword,
    const char *step, JsonNode *node, gboolean is_value);
/* Where @reference at @keyword of @place leads; 0 with an error. */
guint vlm_schema_resolve (
    VlmSchema *self, guint place, const char *keyword, const char *reference);

static inline const VlmSchemaPlace *
vlm_schema_get_place (const VlmSchema *self, guint place)
{
  return &g_array_index (self->places, VlmSchemaPlace, place);
}

static inline VlmSchemaTerm
vlm_schema_term (guint place, gboolean negated)
{
  return place << 1 | (negated ? 1 : 0);
}

/* --- schema-sets.c -------------------------------------------------------- */

VlmSchemaSet vlm_schema_set_of (VlmSchema *self, VlmSchemaTerm term);
/* Both hold. */
VlmSchemaSet
vlm_schema_set_join (VlmSchema *self, VlmSchemaSet a, VlmSchemaSet b);

VlmSchemaShape *vlm_schema_shape_new (VlmSchema *self);
VlmSchemaShape *vlm_schema_shape_new_any (VlmSchema *self);
VlmSchemaString *vlm_schema_string_new (
    VlmSchema *self, guint place, VlmChars *chars, guint min, guint max);
VlmSchemaArray *vlm_schema_array_new (VlmSchema *self, guint place);
VlmSchemaObject *vlm_schema_object_new (VlmSchema *self, guint place);
VlmSchemaMember *
vlm_schema_object_find (const VlmSchemaObject *self, const char *name);
VlmSchemaMember *vlm_schema_object_add (VlmSchema *self,
    VlmSchemaObject *object, const char *name, VlmSchemaSet set);
/* The constraint of @object on @name, which it has no member for. */
VlmSchemaSet vlm_schema_object_rest (
    const VlmSchemaObject *object, const char *name, gboolean *evaluated);

/* Copies in which nothing counts as evaluated. */
VlmSchemaArray *
vlm_schema_array_forget (VlmSchema *self, const VlmSchemaArray *from);
VlmSchemaObject *
vlm_schema_object_forget (VlmSchema *self, const VlmSchemaObject *from);

/* Of two shapes; @place is named when that is too much. */
VlmSchemaShape *vlm_schema_unite (VlmSchema *self, guint place,
    const VlmSchemaShape *a, const VlmSchemaShape *b);
VlmSchemaShape *vlm_schema_intersect (VlmSchema *self, guint place,
    const VlmSchemaShape *a, const VlmSchemaShape *b);
/* As far as is known without following recursion. */
gboolean vlm_schema_is_empty (VlmSchema *self, const VlmSchemaShape *shape);

/* What fits a set; NULL with an error, or where it is being made. */
const VlmSchemaShape *vlm_schema_shape_of (VlmSchema *self, VlmSchemaSet set);

/* --- schema-terms.c ------------------------------------------------------- */

/* The target of @term if it is only a reference, so that several references to
 * one place share it. */
VlmSchemaTerm vlm_schema_follow (VlmSchema *self, VlmSchemaTerm term);
/* NULL with an error, or where it is being made. */
const VlmSchemaShape *
vlm_schema_term_shape (VlmSchema *self, VlmSchemaTerm term);

/* --- schema-number.c, schema-format.c ------------------------------------- */

/* All decimals without an exponent that a double distinguishes. */
VlmChars *vlm_schema_decimals (VlmSchema *self);
/* Those that are integers. */
VlmChars *vlm_schema_integers (VlmSchema *self);
/* Those at least or at most, or beyond, @bound: a number. */
VlmChars *
vlm_schema_at_least (VlmSchema *self, JsonNode *bound, gboolean exclusive);
VlmChars *
vlm_schema_at_most (VlmSchema *self, JsonNode *bound, gboolean exclusive);
/* Multiples of @factor; NULL, without an error, when it is not supported. */
VlmChars *vlm_schema_multiples (VlmSchema *self, JsonNode *factor);
/* Those equal to one of @values, numbers. */
VlmChars *vlm_schema_equal_to (VlmSchema *self, GPtrArray *values);
/* As numbers are written: without a spare digit. */
VlmChars *vlm_schema_written (VlmSchema *self);

/* NULL, without an error, for a format that is not supported. */
VlmChars *vlm_schema_format (VlmSchema *self, const char *name);

/* --- schema-chars.c -------------------------------------------------------- */

/* The stand-in for U+0000 in strings of the schema: json-glib's end there. */
#define VLM_SCHEMA_NUL 0xfdd0u

/* Puts it in its place. NULL if the text already contains it. */
char *vlm_schema_hide_nul (const char *text, gsize *n_bytes);
/* One of @texts (char *), or just one. */
VlmChars *vlm_schema_texts (VlmSchema *self, const GPtrArray *texts);
VlmChars *vlm_schema_text (VlmSchema *self, const char *text);
/* All of these live as long as the schema, and each set of texts exists only
 * once. A set that gets too large is empty, with an error at @place. */
VlmChars *vlm_schema_keep_chars (VlmSchema *self, VlmChars *chars);
VlmChars *vlm_schema_pattern (
    VlmSchema *self, guint place, const char *keyword, const char *pattern);
VlmChars *
vlm_schema_length (VlmSchema *self, guint place, guint min, guint max);
VlmChars *
vlm_schema_both (VlmSchema *self, guint place, VlmChars *a, VlmChars *b);
VlmChars *
vlm_schema_either (VlmSchema *self, guint place, VlmChars *a, VlmChars *b);
VlmChars *
vlm_schema_without (VlmSchema *self, guint place, VlmChars *a, VlmChars *b);
