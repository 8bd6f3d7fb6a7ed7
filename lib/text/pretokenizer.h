/* gst-vlm: where one word ends and the next begins
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The rules of a file for splitting text. */
typedef enum
{
  VLM_SPLIT_QWEN2,
  /* What some versions of transformers put into the files of other models, too,
   * when they save them: Mistral's. Words begin at capitals. */
  VLM_SPLIT_PATCHED,
  VLM_N_SPLITS,
} VlmSplit;

/* VLM_N_SPLITS for a pattern, as tokenizer.json spells it, that there is no
 * support for. */
VlmSplit vlm_pretokenizer_find_split (const char *pattern);
/* The pattern as tokenizer.json spells it. */
const char *vlm_pretokenizer_get_pattern (VlmSplit split);

/* Immutable, thread-safe. */
typedef struct _VlmPretokenizer VlmPretokenizer;

VlmPretokenizer *vlm_pretokenizer_new (VlmSplit split);
void vlm_pretokenizer_free (VlmPretokenizer *pretokenizer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmPretokenizer, vlm_pretokenizer_free)

typedef void (*VlmWordFunc) (
    const char *word, gsize n_bytes, gpointer user_data);
/* Calls @func for each word of @text, valid UTF-8. The words cover all of it,
 * in order. Linear. */
void vlm_pretokenizer_split (const VlmPretokenizer *pretokenizer,
    const char *text, gsize n_bytes, VlmWordFunc func, gpointer user_data);
