/* gst-vlm: where one word ends and the next begins
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text/pretokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* The pattern as files have it, and the same for PCRE2, whose \s includes U+180E,
 * which Unicode removed from White_Space in version 6.3. */
static const struct
{
  const char *file;
  const char *pcre;
} patterns[] = {
  [VLM_SPLIT_QWEN2] = { "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?"
                        "\\p{L}+|\\p{N}|"
                        " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!"
                        "\\S)|\\s+",
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
      " ?[^\\p{White_Space}\\p{L}\\p{N}]+[\\r\\n]*|\\p{White_Space}*[\\r\\n]+|"
      "\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+" },
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define WORDS                                                                  \
  "[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+|"                                \
  "[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER "*|\\p{N}|"
  [VLM_SPLIT_PATCHED] = { WORDS
      " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
      WORDS " ?[^\\p{White_Space}\\p{L}\\p{N}]+[\\r\\n/]*|"
            "\\p{White_Space}*[\\r\\n]+|"
            "\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+" },
#undef UPPER
#undef LOWER
#undef WORDS
};

VlmSplit
vlm_pretokenizer_find_split (const char *pattern)
{
  VlmSplit split = 0;

  while (split < VLM_N_SPLITS && g_strcmp0 (pattern, patterns[split].file) != 0)
    split++;
  return split;
}

const char *
vlm_pretokenizer_get_pattern (VlmSplit split)
{
  return patterns[split].file;
}

struct _VlmPretokenizer
{
  pcre2_general_context *memory;
  pcre2_code *code;
  pcre2_match_context *context;
};

/* PCRE2 allocates little at a time; a failure ends the process, as in GLib. */
static void *
allocate (PCRE2_SIZE n_bytes, void *user_data)
{
  return g_malloc (n_bytes);
}

static void
release (void *block, void *user_data)
{
  g_free (block);
}

VlmPretokenizer *
vlm_pretokenizer_new (VlmSplit split)
{
  VlmPretokenizer *self = g_new0 (VlmPretokenizer, 1);
  pcre2_compile_context *compile;
  int code = 0;
  PCRE2_SIZE offset = 0;

  self->memory = pcre2_general_context_create (allocate, release, NULL);
  compile = pcre2_compile_context_create (self->memory);
  self->code = pcre2_compile ((PCRE2_SPTR) patterns[split].pcre,
      PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP, &code, &offset, compile);
  pcre2_compile_context_free (compile);
  if (self->code == NULL)
    g_error ("PCRE2 lacks Unicode (error %d at %" G_GSIZE_FORMAT ")", code,
        (gsize) offset);
  /* Several times faster if PCRE2 can compile here; else interpreted. */
  pcre2_jit_compile (self->code, PCRE2_JIT_COMPLETE);
  /* One match gives back at most a run of white space, so it is linear; the
   * usual limits count the steps and would fail on some megabytes of blanks. */
  self->context = pcre2_match_context_create (self->memory);
  pcre2_set_match_limit (self->context, G_MAXUINT32);
  pcre2_set_depth_limit (self->context, G_MAXUINT32);
  pcre2_set_heap_limit (self->context, G_MAXUINT32);
  return self;
}

void
vlm_pretokenizer_free (VlmPretokenizer *self)
{
  if (self == NULL)
    return;
  pcre2_code_free (self->code);
  pcre2_match_context_free (self->context);
  pcre2_general_context_free (self->memory);
  g_free (self);
}

/* Where the word that starts at @at ends. */
static gsize
match_word (const VlmPretokenizer *self, const char *text, gsize n_bytes,
    gsize at, pcre2_match_data *match)
{
  int rc = pcre2_match (self->code, (PCRE2_SPTR) text, n_bytes, at,
      PCRE2_NO_UTF_CHECK, match, self->context);
  const PCRE2_SIZE *range;

  if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
    rc = pcre2_match (self->code, (PCRE2_SPTR) text, n_bytes, at,
        PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, match, self->context);
  /* Every character is a letter, a number, white space or none of them. */
  g_assert (rc > 0);
  range = pcre2_get_ovector_pointer (match);
  g_assert (range[0] == at && range[1] > at);
  return range[1];
}

void
vlm_pretokenizer_split (const VlmPretokenizer *self, const char *text,
    gsize n_bytes, VlmWordFunc func, gpointer user_data)
{
  pcre2_match_data *match = pcre2_match_data_create (1, self->memory);
  gsize at = 0;

  while (at < n_bytes) {
    gsize end = match_word (self, text, n_bytes, at, match);

    func (text + at, end - at, user_data);
    at = end;
  }
  pcre2_match_data_free (match);
}
