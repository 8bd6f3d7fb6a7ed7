/* gst-vlm: sets of texts, character by character
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A deterministic automaton over Unicode characters, surrogates apart: the
 * smallest one of its set of texts. Immutable. Atomic reference count. Errors
 * are of VLM_INFER_ERROR_BAD_INPUT. */
typedef struct _VlmChars VlmChars;

/* More than sensible patterns and bounds need. */
#define VLM_CHARS_MAX_NODES 20000u

typedef struct
{
  guint32 first, last; /* characters */
  guint32 next;        /* node */
} VlmCharsEdge;

typedef struct
{
  guint first_edge, n_edges; /* in order of characters */
  gboolean accepting;
} VlmCharsNode;

struct _VlmChars
{
  gatomicrefcount refs;
  VlmCharsNode *nodes; /* 0 is the start; none: no text at all */
  VlmCharsEdge *edges;
  guint n_nodes;
};

VlmChars *vlm_chars_ref (VlmChars *self);
void vlm_chars_unref (VlmChars *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmChars, vlm_chars_unref)

/* Just @text, which is valid UTF-8. */
VlmChars *vlm_chars_new_text (const char *text);
/* All texts of @min to @max characters; G_MAXUINT for no limit. */
VlmChars *vlm_chars_new_any (guint min, guint max, GError **error);
/* All texts in which a regular expression is found. */
VlmChars *vlm_chars_new_pattern (const char *pattern, GError **error);

/* Texts of both, of either, of @a but not of @b. */
VlmChars *
vlm_chars_intersect (const VlmChars *a, const VlmChars *b, GError **error);
VlmChars *
vlm_chars_unite (const VlmChars *a, const VlmChars *b, GError **error);
VlmChars *
vlm_chars_subtract (const VlmChars *a, const VlmChars *b, GError **error);

static inline gboolean
vlm_chars_is_empty (const VlmChars *self)
{
  return self->n_nodes == 0;
}
gboolean vlm_chars_match (const VlmChars *self, const char *text);

/* Made by hand: nodes from 0 on, then what leads from one to another; the
 * characters that lead from one node must not overlap. */
typedef struct
{
  GArray *nodes; /* gboolean: accepting */
  GArray *edges; /* VlmCharsDraftEdge */
} VlmCharsDraft;

void vlm_chars_draft_init (VlmCharsDraft *draft);
/* Returns its index. */
guint vlm_chars_draft_add_node (VlmCharsDraft *draft, gboolean accepting);
void vlm_chars_draft_add_edge (
    VlmCharsDraft *draft, guint from, guint32 first, guint32 last, guint to);
/* @to gets all edges that @from has so far. */
void vlm_chars_draft_copy_edges (VlmCharsDraft *draft, guint from, guint to);
/* Clears @draft. */
VlmChars *vlm_chars_draft_finish (VlmCharsDraft *draft);
