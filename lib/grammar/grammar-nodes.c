/* gst-vlm: from rules to automata
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each unit becomes a deterministic automaton, whose nodes are sets of states,
 * as far as it does not count: ways that count differently, or that call
 * different units, stay apart and are followed side by side. */
#include <string.h>

#include <vlm/vlm-error.h>

#include "grammar/rule-states.h"

#define MAX_NODES (1u << 17)
/* Different counts on the way from byte to byte. */
#define MAX_OPS 512u
/* And from one byte to the next. */
#define MAX_OPS_AT_ONCE 32u

typedef struct
{
  VlmGrammar *grammar;
  VlmRuleStates states;  /* of the unit in hand */
  GPtrArray *units;      /* VlmRule, by index */
  GHashTable *by_unit;   /* VlmRule -> index + 1 */
  GPtrArray *kernels;    /* GArray of guint32, sorted; of the nodes in hand */
  GHashTable *by_kernel; /* kernel -> index in kernels */
  guint first_node;      /* of the unit in hand */
  GArray *nodes, *edges, *calls, *ops;
  GArray *found; /* GArray of Reached: what is around, see close_kernel () */
  GArray *marks; /* guint32 by state: where it was found, + 1 */
  GError *error;
} Builder;

static void G_GNUC_PRINTF (2, 3) fail (Builder *self, const char *format, ...)
{
  va_list arguments;

  if (self->error != NULL)
    return;
  va_start (arguments, format);
  self->error = g_error_new_valist (
      VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT, format, arguments);
  va_end (arguments);
}

/* --- counting ------------------------------------------------------------ */

/* The index of what @first and then @second count. */
static guint
join_ops (Builder *self, guint first, const VlmGrammarOp *second)
{
  VlmGrammarOp joined = g_array_index (self->ops, VlmGrammarOp, first);

  if (joined.take + second->take > VLM_GRAMMAR_MAX_COUNT ||
      (joined.marks & second->marks) != 0) {
    fail (self, "a grammar that counts the same twice, or too much at once");
    return 0;
  }
  joined.take = (guint16) (joined.take + second->take);
  joined.marks |= second->marks;
  for (guint i = 0; i < self->ops->len; i++) {
    const VlmGrammarOp *op = &g_array_index (self->ops, VlmGrammarOp, i);

    if (op->take == joined.take && op->marks == joined.marks)
      return i;
  }
  if (self->ops->len >= MAX_OPS) {
    fail (self, "a grammar that counts in more than %u ways", MAX_OPS);
    return 0;
  }
  self->grammar->has_marks = self->grammar->has_marks || joined.marks != 0;
  self->grammar->max_take = MAX (self->grammar->max_take, joined.take);
  g_array_append_val (self->ops, joined);
  return self->ops->len - 1;
}

/* --- sets of states ------------------------------------------------------ */

/* A state that is reached without reading, and what was counted on the way. */
typedef struct
{
  guint32 state;
  guint op;
} Reached;

static void
reach (Builder *self, guint32 state, guint op)
{
  Reached reached = { state, op };
  guint32 *mark;
  guint n_ops = 0;

  if (state == VLM_RULE_NO_STATE)
    return;
  mark = &g_array_index (self->marks, guint32, state);
  if (*mark != 0) { /* seldom with another count */
    for (guint i = *mark - 1; i < self->found->len; i++) {
      const Reached *other = &g_array_index (self->found, Reached, i);

      if (other->state == state && other->op == op)
        return;
      n_ops += other->state == state;
    }
    if (n_ops >= MAX_OPS_AT_ONCE) {
      fail (self, "a grammar that counts, but does not read");
      return;
    }
  } else {
    *mark = self->found->len + 1;
  }
  g_array_append_val (self->found, reached);
}

/* Leaves all that is reached from @kernel in found. */
static void
close_kernel (Builder *self, const GArray *kernel)
{
  for (guint i = 0; i < self->found->len; i++)
    g_array_index (self->marks, guint32,
        g_array_index (self->found, Reached, i).state) = 0;
  g_array_set_size (self->found, 0);
  if (self->marks->len < self->states.states->len)
    g_array_set_size (self->marks, self->states.states->len);
  for (guint i = 0; i < kernel->len; i++)
    reach (self, g_array_index (kernel, guint32, i), 0);
  for (guint i = 0; i < self->found->len && self->error == NULL; i++) {
    Reached reached = g_array_index (self->found, Reached, i);
    const VlmRuleState *state = vlm_rule_state (&self->states, reached.state);

    if (state->bytes != NULL || state->call != NULL)
      continue;
    if (state->op.take > 0 || state->op.marks != 0)
      reached.op = join_ops (self, reached.op, &state->op);
    reach (self, state->next[0], reached.op);
    reach (self, state->next[1], reached.op);
  }
}

static guint
hash_kernel (gconstpointer pointer)
{
  const GArray *kernel = pointer;
  guint hash = kernel->len;

  for (guint i = 0; i < kernel->len; i++)
    hash = hash * 31 + g_array_index (kernel, guint32, i);
  return hash;
}

static gboolean
equal_kernels (gconstpointer a, gconstpointer b)
{
  const GArray *x = a, *y = b;

  return x->len == y->len &&
      memcmp (x->data, y->data, x->len * sizeof (guint32)) == 0;
}

static int
compare_states (gconstpointer a, gconstpointer b)
{
  guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;

  return (x > y) - (x < y);
}

static void
sort_kernel (GArray *kernel)
{
  guint n = 0;

  if (kernel->len < 2)
    return;
  g_array_sort (kernel, compare_states);
  for (guint i = 0; i < kernel->len; i++) {
    guint32 state = g_array_index (kernel, guint32, i);

    if (n == 0 || g_array_index (kernel, guint32, n - 1) != state)
      g_array_index (kernel, guint32, n++) = state;
  }
  g_array_set_size (kernel, n);
}

/* The node of a set of states; takes @kernel. */
static guint32
find_node (Builder *self, GArray *kernel)
{
  VlmGrammarNode node = { 0 };
  gpointer found;

  sort_kernel (kernel);
  if (g_hash_table_lookup_extended (self->by_kernel, kernel, NULL, &found)) {
    g_array_unref (kernel);
    return self->first_node + GPOINTER_TO_UINT (found);
  }
  if (self->nodes->len >= MAX_NODES)
    fail (self, "a grammar of more than %u nodes", MAX_NODES);
  g_array_append_val (self->nodes, node);
  g_ptr_array_add (self->kernels, kernel);
  g_hash_table_insert (
      self->by_kernel, kernel, GUINT_TO_POINTER (self->kernels->len - 1));
  return self->nodes->len - 1;
}

static GArray *
new_kernel (guint32 state)
{
  GArray *kernel = g_array_sized_new (FALSE, FALSE, sizeof (guint32), 1);

  g_array_append_val (kernel, state);
  return kernel;
}

/* --- the ways out of a node ---------------------------------------------- */

/* Whether those of found that count @op read the same when they read @a as when
 * they read @b. */
static gboolean
same_targets (const Builder *self, guint op, guint a, guint b)
{
  for (guint i = 0; i < self->found->len; i++) {
    const Reached *reached = &g_array_index (self->found, Reached, i);
    const VlmRuleState *state = vlm_rule_state (&self->states, reached->state);

    if (reached->op == op && state->bytes != NULL &&
        vlm_bits_has (state->bytes, a) != vlm_bits_has (state->bytes, b))
      return FALSE;
  }
  return TRUE;
}

static GArray *
collect_targets (const Builder *self, guint op, guint byte)
{
  GArray *kernel = NULL;

  for (guint i = 0; i < self->found->len; i++) {
    const Reached *reached = &g_array_index (self->found, Reached, i);
    const VlmRuleState *state = vlm_rule_state (&self->states, reached->state);

    if (reached->op != op || state->bytes == NULL ||
        !vlm_bits_has (state->bytes, byte))
      continue;
    if (kernel == NULL)
      kernel = new_kernel (state->next[0]);
    else
      g_array_append_val (kernel, state->next[0]);
  }
  return kernel;
}

static void
add_edges (Builder *self, guint op)
{
  guint32 bytes[8] = { 0 };
  guint last = 256; /* the byte of the last edge */

  for (guint i = 0; i < self->found->len; i++) {
    const Reached *reached = &g_array_index (self->found, Reached, i);
    const VlmRuleState *state = vlm_rule_state (&self->states, reached->state);

    for (guint j = 0; reached->op == op && state->bytes != NULL && j < 8; j++)
      bytes[j] |= state->bytes[j];
  }
  for (guint byte = 0; byte < 256 && self->error == NULL; byte++) {
    if (bytes[byte / 32] == 0) {
      byte |= 31;
      continue;
    }
    if (!vlm_bits_has (bytes, byte))
      continue;
    if (last + 1 == byte && same_targets (self, op, last, byte)) {
      g_array_index (self->edges, VlmGrammarEdge, self->edges->len - 1).last =
          (guint8) byte;
    } else {
      VlmGrammarEdge edge = { (guint8) byte, (guint8) byte, (guint16) op,
        find_node (self, collect_targets (self, op, byte)) };

      g_array_append_val (self->edges, edge);
    }
    last = byte;
  }
}

static guint32
find_unit (Builder *self, const VlmRule *unit)
{
  guint index = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_unit, unit));

  if (index == 0) {
    g_ptr_array_add (self->units, (gpointer) unit);
    index = self->units->len;
    g_hash_table_insert (
        self->by_unit, (gpointer) unit, GUINT_TO_POINTER (index));
  }
  return index - 1;
}

static gboolean
same_call (const Builder *self, const Reached *a, const Reached *b)
{
  const VlmRule *x = vlm_rule_state (&self->states, a->state)->call;
  const VlmRule *y = vlm_rule_state (&self->states, b->state)->call;

  return a->op == b->op && x != NULL && y != NULL &&
      x->parts->pdata[0] == y->parts->pdata[0] && x->min == y->min &&
      x->max == y->max;
}

/* The call of found[first], together with the same ones after it. If one of them
 * is before it, it is already done. */
static void
add_call (Builder *self, guint first)
{
  const Reached *at = &g_array_index (self->found, Reached, first);
  const VlmRule *rule = vlm_rule_state (&self->states, at->state)->call;
  GArray *kernel = g_array_new (FALSE, FALSE, sizeof (guint32));
  VlmGrammarCall call = {
    .op = (guint16) at->op,
    .owed = (guint16) rule->min,
    .left = rule->max == VLM_RULE_UNLIMITED ? VLM_GRAMMAR_NO_LIMIT
                                            : (guint16) rule->max,
  };

  for (guint i = 0; i < self->found->len; i++) {
    const Reached *other = &g_array_index (self->found, Reached, i);

    if (!same_call (self, at, other))
      continue;
    if (i < first) {
      g_array_unref (kernel);
      return;
    }
    g_array_append_val (
        kernel, vlm_rule_state (&self->states, other->state)->next[0]);
  }
  call.next = find_node (self, kernel);
  call.unit = find_unit (self, rule->parts->pdata[0]);
  g_array_append_val (self->calls, call);
}

static void
connect_node (Builder *self, guint index)
{
  VlmGrammarNode node = {
    .unit = self->grammar->n_units,
    .first_edge = self->edges->len,
    .first_call = self->calls->len,
  };
  guint32 done = 0; /* ops whose edges are there, the first 32 of them */

  close_kernel (
      self, g_ptr_array_index (self->kernels, index - self->first_node));
  for (guint i = 0; i < self->found->len && self->error == NULL; i++) {
    Reached reached = g_array_index (self->found, Reached, i);
    const VlmRuleState *state = vlm_rule_state (&self->states, reached.state);
    gboolean again = FALSE;

    if (state->call != NULL) {
      add_call (self, i);
      continue;
    }
    if (state->bytes == NULL) {
      if (vlm_rule_state_is_end (state) && reached.op != 0)
        fail (self, "a grammar that counts where a unit ends");
      node.ends = node.ends || vlm_rule_state_is_end (state);
      continue;
    }
    if (reached.op < 32 && (done >> reached.op & 1) != 0)
      continue;
    for (guint j = 0; reached.op >= 32 && j < i && !again; j++) {
      const Reached *other = &g_array_index (self->found, Reached, j);

      again = other->op == reached.op &&
          vlm_rule_state (&self->states, other->state)->bytes != NULL;
    }
    if (!again)
      add_edges (self, reached.op);
    if (reached.op < 32)
      done |= 1u << reached.op;
  }
  node.n_edges = self->edges->len - node.first_edge;
  node.n_calls = self->calls->len - node.first_call;
  g_array_index (self->nodes, VlmGrammarNode, index) = node;
}

static void
free_kernel (gpointer kernel)
{
  g_array_unref (kernel);
}

static VlmGrammarUnit
build_unit (Builder *self, const VlmRule *body, const VlmRule *unit)
{
  VlmGrammarUnit built = { .entry = self->nodes->len };
  guint32 start = vlm_rule_states_set (&self->states, body);

  if (self->states.error != NULL) {
    g_propagate_error (&self->error, g_steal_pointer (&self->states.error));
    return built;
  }
  if (unit != NULL) {
    built.marks = unit->marks;
    built.required = unit->required;
  }
  for (guint i = 0; i < self->found->len; i++)
    g_array_index (self->marks, guint32,
        g_array_index (self->found, Reached, i).state) = 0;
  g_array_set_size (self->found, 0);
  self->first_node = self->nodes->len;
  self->kernels = g_ptr_array_new_with_free_func (free_kernel);
  self->by_kernel = g_hash_table_new (hash_kernel, equal_kernels);
  find_node (self, new_kernel (start));
  for (guint i = built.entry; i < self->nodes->len && self->error == NULL; i++)
    connect_node (self, i);
  built.n_nodes = self->nodes->len - built.entry;
  g_hash_table_unref (self->by_kernel);
  g_ptr_array_unref (self->kernels);
  return built;
}

gboolean
vlm_grammar_build_nodes (
    VlmGrammar *grammar, const VlmRule *root, GError **error)
{
  static const VlmGrammarOp no_op;
  g_autoptr (GArray) units =
      g_array_new (FALSE, FALSE, sizeof (VlmGrammarUnit));
  Builder self = {
    .grammar = grammar,
    .units = g_ptr_array_new (),
    .by_unit = g_hash_table_new (NULL, NULL),
    .nodes = g_array_new (FALSE, FALSE, sizeof (VlmGrammarNode)),
    .edges = g_array_sized_new (FALSE, FALSE, sizeof (VlmGrammarEdge), 1),
    .calls = g_array_sized_new (FALSE, FALSE, sizeof (VlmGrammarCall), 1),
    .ops = g_array_new (FALSE, TRUE, sizeof (VlmGrammarOp)),
    .found = g_array_new (FALSE, FALSE, sizeof (Reached)),
    .marks = g_array_new (FALSE, TRUE, sizeof (guint32)),
  };

  vlm_rule_states_init (&self.states);
  g_array_append_val (self.ops, no_op);
  g_ptr_array_add (self.units, (gpointer) root);
  for (guint i = 0; i < self.units->len && self.error == NULL; i++) {
    const VlmRule *unit = self.units->pdata[i];
    VlmGrammarUnit built;

    grammar->n_units = i;
    built = i == 0 ? build_unit (&self, root, NULL)
                   : build_unit (&self, unit->parts->pdata[0], unit);
    g_array_append_val (units, built);
  }
  grammar->n_units = units->len;
  grammar->n_nodes = self.nodes->len;
  grammar->n_edges = self.edges->len;
  grammar->n_calls = self.calls->len;
  grammar->n_ops = self.ops->len;
  grammar->units = (gpointer) g_array_free (g_steal_pointer (&units), FALSE);
  grammar->nodes = (gpointer) g_array_free (self.nodes, FALSE);
  grammar->edges = (gpointer) g_array_free (self.edges, FALSE);
  grammar->calls = (gpointer) g_array_free (self.calls, FALSE);
  grammar->ops = (gpointer) g_array_free (self.ops, FALSE);
  vlm_rule_states_clear (&self.states);
  g_array_unref (self.found);
  g_array_unref (self.marks);
  g_hash_table_unref (self.by_unit);
  g_ptr_array_unref (self.units);
  if (self.error != NULL)
    g_propagate_error (error, self.error);
  return self.error == NULL;
}
