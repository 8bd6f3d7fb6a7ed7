/* gst-vlm: positions of the values in an answer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A value that has no names in it: a string, a number, a list of such. */
typedef struct
{
  char *pointer; /* to it, RFC 6901 */
  gsize start;   /* bytes of the text */
  gsize end;
} AnswerField;

/* AnswerField of the object or list in @text, with or without a fence around it,
 * up to the first error in it. (transfer full) */
GPtrArray *fields_find (const char *text);
