/* gst-vlm: what a kind of answer consists of
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A kind is one constant struct in a file of its own and a line in the table of
 * analyzer/answer-kind.c. It is declared down here so that code that writes an
 * answer can hold it to its form without knowing which kinds there are. */
#pragma once

#include <vlm/vlm-answer-kind.h>

#include "grammar/grammar.h"

/* What the form of an answer may depend on. */
typedef struct
{
  gint64 duration_ns;   /* of the video; negative: there is none */
  guint width;          /* of the picture, or of the video's frames; 0: none */
  guint height;         /* likewise */
  guint max_items;      /* of a list; 0: the default of the kind */
  guint max_text_bytes; /* of a text in it, as written there; likewise */
  const char *detail;   /* VlmGenerateParams.detail; nullable, borrowed */
} VlmAnswerBounds;

/* What a kind reads: of each type there is one way to write it as JSON. */
typedef enum
{
  VLM_PART_WORDS, /* char *: one part */
  VLM_PART_JSON,  /* char *: likewise */
  VLM_PART_EVENT, /* VlmFinding */
  VLM_PART_MARK,  /* VlmMark */
} VlmPartType;

/* Of a part of an answer that a rule allows too much of. */
typedef struct
{
  /* The beginning of such a part in @text that has not ended yet, as its last
   * bytes; NULL where there is none. */
  const char *(*find) (const char *text, gsize n);
  /* Whether such a part may begin with @part, whole or not. Something that the
   * rule allows always may. */
  gboolean (*fits) (const char *part, gsize n, const VlmAnswerBounds *bounds);
  /* How many bytes more than the shortest that the rule allows it may take. */
  guint (*spare) (const VlmAnswerBounds *bounds);
} VlmAnswerLimits;

struct _VlmAnswerKind
{
  const char *name;

  /* (transfer full): the trained sentence, or one of the user's. @about: what
   * the question is about, NULL for everything. */
  char *(*question) (const char *about, gboolean is_video);

  /* Of the turn of the system, where the models were trained with one of its own;
   * NULL: the usual one. */
  const char *system;
  gboolean needs_about; /* there is no question about everything */
  gboolean of_picture;  /* it is about one moment; else about a video, too */

  /* NULL: any text. VLM_INFER_ERROR_BAD_INPUT where @bounds lack something. */
  const VlmRule *(*rule) (
      VlmRuleBook *book, const VlmAnswerBounds *bounds, GError **error);

  /* Constraints that no rule can express, such as that one number is larger
   * than another. NULL: none. */
  const VlmAnswerLimits *limits;

  /* The form of the answer as a JSON schema, for models that the rule cannot
   * constrain; NULL if it is not JSON. (transfer full); errors as those of
   * rule. */
  char *(*schema) (const VlmAnswerBounds *bounds, GError **error);
  /* The reader takes more than the rule and the schema allow, and it alone judges
   * answers that neither of them constrained. */
  gboolean reads_variants;

  /* NULL: the answer is text only. (transfer full): the parsed answer, of the
   * type @part; @n_rejected parts of it were dropped, the first one for the
   * reason @why (transfer full). */
  GPtrArray *(*read) (const char *text, const VlmAnswerBounds *bounds,
      guint *n_rejected, char **why, GError **error);
  VlmPartType part;

  /* Of kinds that need a detail: whether it will do. NULL: it takes none. @name:
   * what messages call it, nullable. */
  gboolean (*check) (const char *detail, const char *name, GError **error);

  /* Of answers that are one of a few words, else NULL: the words, ended by
   * NULL, and which of them a token of @n bytes means, -1 for none. */
  const char *const *choices;
  gint (*stands_for) (const char *bytes, gsize n);
};

/* The rule as an automaton. (transfer full); NULL without @error for any text. */
VlmGrammar *vlm_answer_kind_compile (
    const VlmAnswerKind *kind, const VlmAnswerBounds *bounds, GError **error);
