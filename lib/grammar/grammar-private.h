/* gst-vlm: the automaton behind a grammar
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/bits.h"
#include "grammar/grammar.h"

#define VLM_GRAMMAR_NO_LIMIT G_MAXUINT16
/* A cost that no way has. Far from where sums wrap around. */
#define VLM_GRAMMAR_NEVER (G_MAXUINT32 / 4)

/* What is counted on a way: taken from the limit of the unit, and a mark. All
 * zero for nothing. */
typedef struct
{
  guint64 marks;
  guint16 take;
} VlmGrammarOp;

typedef struct
{
  guint8 first, last; /* bytes */
  guint16 op;         /* index; 0 is the empty one */
  guint32 next;       /* node */
} VlmGrammarEdge;

typedef struct
{
  guint32 unit;
  guint32 next; /* node after it */
  guint16 op;
  guint16 left, owed; /* what the unit starts with */
  gboolean empty;     /* it may end without reading anything */
} VlmGrammarCall;

/* How the cheapest way to the end of the unit goes on from a node. */
typedef enum
{
  VLM_GRAMMAR_ENDS,
  VLM_GRAMMAR_BY_EDGE,
  VLM_GRAMMAR_BY_CALL,
} VlmGrammarStepKind;

typedef struct
{
  guint32 first_edge, n_edges, first_call, n_calls;
  guint32 unit;
  gboolean ends;  /* the unit may end here */
  gboolean empty; /* it may end from here without reading anything */
  gboolean alive; /* it may end from here at all */
  /* The cheapest way to the end, where nothing is owed: */
  guint32 cost; /* bytes */
  guint32 step; /* index of the edge or the call */
  guint8 step_kind;
  guint8 height; /* units entered at once on the way */
  /* Where the unit may end, the way around that pays 1 of what is owed: */
  guint32 loop_step; /* edge, or call */
  guint8 loop_kind;  /* VLM_GRAMMAR_ENDS for none */
} VlmGrammarNode;

typedef struct
{
  guint32 entry;   /* node */
  guint32 n_nodes; /* from entry on */
  guint64 marks, required;
  guint32 loop_cost;  /* bytes, the dearest of its ways around */
  guint8 loop_height; /* units entered at once on any of them */
  guint32 first[8];   /* bytes that it may begin with */
  guint32 follow[8];  /* bytes that may come after it */
  gboolean is_leaf;   /* it calls no unit */
} VlmGrammarUnit;

struct _VlmGrammar
{
  gatomicrefcount refs;
  VlmGrammarUnit *units; /* 0 is the root */
  VlmGrammarNode *nodes;
  VlmGrammarEdge *edges;
  VlmGrammarCall *calls;
  VlmGrammarOp *ops;
  guint n_units, n_nodes, n_edges, n_calls, n_ops;
  guint max_take; /* of any op */
  gboolean has_marks;
};

/* --- grammar-nodes.c, grammar-links.c, grammar-ends.c -------------------- */

/* Fills in everything but what the two below do. */
gboolean
vlm_grammar_build_nodes (VlmGrammar *self, const VlmRule *root, GError **error);
/* Leaves out what leads nowhere; first, follow, empty; refuses calls of itself
 * that read nothing. */
gboolean vlm_grammar_link_units (VlmGrammar *self, GError **error);
/* Costs, ways and heights; refuses what can get stuck. */
gboolean vlm_grammar_find_ends (VlmGrammar *self, GError **error);

/* --- grammar.c ----------------------------------------------------------- */

static inline void
vlm_grammar_copy_way (VlmGrammarWay *to, const VlmGrammarWay *from)
{
  to->depth = from->depth;
  for (guint i = 0; i <= from->depth; i++)
    to->frames[i] = from->frames[i];
}

/* How deep it gets on the way out of @way. */
static inline guint
vlm_grammar_way_height (const VlmGrammar *self, const VlmGrammarWay *way)
{
  const VlmGrammarFrame *frame = &way->frames[way->depth];
  const VlmGrammarNode *node = &self->nodes[frame->node];
  guint height = node->height;

  if (frame->owed > 0)
    height = MAX (height, self->units[node->unit].loop_height);
  return way->depth + height;
}

/* FALSE, with @frame as it was, where there is not enough left or a mark came
 * before. */
static inline gboolean
vlm_grammar_apply (const VlmGrammarOp *op, VlmGrammarFrame *frame)
{
  if (op->take > frame->left || (op->marks & ~frame->open) != 0)
    return FALSE;
  if (frame->left != VLM_GRAMMAR_NO_LIMIT)
    frame->left = (guint16) (frame->left - op->take);
  frame->owed = frame->owed > op->take ? (guint16) (frame->owed - op->take) : 0;
  frame->open &= ~op->marks;
  return TRUE;
}

/* Called for each way to which @byte leads from a way. The ways are the walker's
 * own: they must be copied. */
typedef struct _VlmGrammarWalk VlmGrammarWalk;
struct _VlmGrammarWalk
{
  const VlmGrammar *grammar;
  void (*reached) (VlmGrammarWalk *walk, const VlmGrammarWay *way);
  /* Instead of the end of the outermost unit, when @byte may come after it;
   * nullable. @frame: as the unit is left. */
  void (*left) (VlmGrammarWalk *walk, const VlmGrammarFrame *frame);
};

/* @way is used as scratch, and left as it was. */
void vlm_grammar_walk (VlmGrammarWalk *walk, VlmGrammarWay *way, guint8 byte);

/* Whether there is nothing to do at @node but to call one unit: then ways are in
 * that unit at once, and places that call the same one have the same tokens. */
static inline gboolean
vlm_grammar_node_settles (const VlmGrammar *self, const VlmGrammarNode *node)
{
  return node->n_edges == 0 && node->n_calls == 1 && !node->ends &&
      self->calls[node->first_call].op == 0;
}

/* Enters such units. FALSE when that is too deep. */
gboolean vlm_grammar_settle (const VlmGrammar *self, VlmGrammarWay *way);

/* Whether the text may end where @way is; @way as above. */
gboolean vlm_grammar_way_ends (const VlmGrammar *self, VlmGrammarWay *way);
/* Adds to @bytes what may come next on @way, as far as it does not depend on
 * how deep it is. */
void vlm_grammar_way_bytes (
    const VlmGrammar *self, VlmGrammarWay *way, guint32 *bytes);
/* Enters a unit on top of @way. FALSE when that is too deep. */
gboolean vlm_grammar_enter (
    const VlmGrammar *self, VlmGrammarWay *way, const VlmGrammarCall *call);
