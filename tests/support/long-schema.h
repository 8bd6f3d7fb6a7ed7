/* gst-vlm: JSON schemas as long as you like
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef enum
{
  LONG_SCHEMA_FIELDS,   /* optional members of all types */
  LONG_SCHEMA_PATTERNS, /* strings with patterns and lengths */
  LONG_SCHEMA_TEXTS,    /* the same, with most characters, each its own */
  LONG_SCHEMA_BRANCHES, /* alternatives that a constant tells apart */
  LONG_SCHEMA_SECTIONS, /* lists of a definition that refers to itself */
  N_LONG_SCHEMAS,
} LongSchema;

const char *long_schema_get_name (LongSchema kind);
/* Of so many parts. (transfer full) */
char *long_schema_new (LongSchema kind, guint n_parts);
/* So many that it has 10 kB. */
guint long_schema_get_usual (LongSchema kind);
