/* gst-vlm: sets of characters
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define VLM_MAX_CHARACTER 0x10ffffu

typedef struct
{
  guint32 first, last;
} VlmCharRange;

/* Of VlmCharRange, in any order, until vlm_char_set_finish (). */
GArray *vlm_char_set_new (void);
void vlm_char_set_add (GArray *set, guint32 first, guint32 last);
void vlm_char_set_add_all (GArray *set, const GArray *other);
/* In order, joined where they touch, without surrogates; then all but those
 * when @inverted. */
void vlm_char_set_finish (GArray *set, gboolean inverted);
/* \d, \w, \s as ECMAScript has them: @name is the letter. */
void vlm_char_set_add_class (GArray *set, char name);
/* \p{…}: a general category by its short or long name. FALSE for others. */
gboolean vlm_char_set_add_category (GArray *set, const char *name);
