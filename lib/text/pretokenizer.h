/* gst-vlm: where one word ends and the next begins
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The only pattern there is support for, as tokenizer.json spells it. */
extern const char *const vlm_pretokenizer_pattern;

/* Immutable, thread-safe. */
typedef struct _VlmPretokenizer VlmPretokenizer;

VlmPretokenizer *vlm_pretokenizer_new (void);
void vlm_pretokenizer_free (VlmPretokenizer *pretokenizer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmPretokenizer, vlm_pretokenizer_free)

typedef void (*VlmWordFunc) (
    const char *word, gsize n_bytes, gpointer user_data);
/* Calls @func for each word of @text, valid UTF-8. The words cover all of it,
 * in order. Linear. */
void vlm_pretokenizer_split (const VlmPretokenizer *pretokenizer,
    const char *text, gsize n_bytes, VlmWordFunc func, gpointer user_data);
