/* gst-vlm: regular expressions as trees
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef enum
{
  VLM_PATTERN_SET,      /* one character out of a set */
  VLM_PATTERN_SEQUENCE, /* all parts in order */
  VLM_PATTERN_CHOICE,   /* one of the parts */
  VLM_PATTERN_REPEAT,   /* parts[0] min to max times; G_MAXUINT: any number */
  VLM_PATTERN_START,    /* nothing, at the start of the text */
  VLM_PATTERN_END,      /* nothing, at the end */
} VlmPatternKind;

typedef struct
{
  VlmPatternKind kind;
  GArray *set;      /* VlmCharRange, finished */
  GPtrArray *parts; /* VlmPattern */
  guint min, max;
} VlmPattern;

/* The regular part of ECMAScript's expressions, without flags but u: classes,
 * groups, alternatives, quantifiers, anchors, \p{…} with general categories.
 * VLM_INFER_ERROR_BAD_INPUT names the place, and what it is: look-around,
 * references back and word boundaries are not supported. */
VlmPattern *vlm_pattern_parse (const char *text, GError **error);
void vlm_pattern_free (VlmPattern *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmPattern, vlm_pattern_free)
