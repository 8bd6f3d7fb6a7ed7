/* gst-vlm: from rules to an automaton
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <vlm/vlm-error.h>

#include "base/bits.h"
#include "grammar/grammar-private.h"
#include "grammar/rule-private.h"

/* Limits for rules that come from somebody's schema. */
#define MAX_STATES (1u << 18)
#define MAX_NODES 16384u
#define MAX_DEPTH 64u

#define NONE G_MAXUINT32

/* First a nondeterministic automaton (Thompson): each state reads one byte, or
 * reads nothing and forks, sets a counter or takes from one. */
typedef struct
{
  const guint32 *bytes; /* NULL when it reads nothing */
  VlmGrammarOp op;      /* value without a meaning when there is no counter */
  gboolean has_op;
  guint32 next[2]; /* NONE for none; both NONE: the text may end */
} State;

/* Then the deterministic one, whose nodes are sets of such states. */
typedef struct
{
  GArray *states; /* State */
  VlmGrammar *grammar;
  GPtrArray *kernels;    /* GArray of guint32, sorted, by node */
  GHashTable *by_kernel; /* kernel -> node */
  GArray *nodes;         /* VlmGrammarNode */
  GError *error;
} Compiler;

static guint32
    G_GNUC_PRINTF (2, 3) fail (Compiler *self, const char *format, ...)
{
  va_list arguments;

  if (self->error == NULL) {
    va_start (arguments, format);
    self->error = g_error_new_valist (
        VLM_INFER_ERROR, VLM_INFER_ERROR_BAD_INPUT, format, arguments);
    va_end (arguments);
  }
  return NONE;
}

static guint32
add_state (Compiler *self, guint32 first, guint32 second)
{
  State state = { .next = { first, second } };

  if (self->states->len >= MAX_STATES)
    return fail (self, "a grammar of more than %u states", MAX_STATES);
  g_array_append_val (self->states, state);
  return self->states->len - 1;
}

static guint32
add_op (Compiler *self, guint counter, gboolean set, guint value, guint32 next)
{
  guint32 index;

  if (counter >= VLM_GRAMMAR_MAX_COUNTERS || value > VLM_GRAMMAR_MAX_COUNT)
    return fail (self, "a grammar with a budget of %u, %u budgets deep", value,
        counter + 1);
  index = add_state (self, next, NONE);
  if (index != NONE) {
    State *state = &g_array_index (self->states, State, index);

    state->has_op = TRUE;
    state->op = (VlmGrammarOp){ (guint8) counter, set != 0, (guint16) value };
  }
  return index;
}

/* The state where @rule begins if it goes on at @next. @n_budgets are around
 * it. */
static guint32
add_rule (Compiler *self, const VlmRule *rule, guint n_budgets, guint depth,
    guint32 next)
{
  const VlmRule *part = rule->parts != NULL && rule->parts->len > 0
      ? g_ptr_array_index (rule->parts, 0)
      : NULL;
  guint32 start = next;

  if (depth > MAX_DEPTH || self->error != NULL)
    return fail (self, "a grammar of more than %u levels", MAX_DEPTH);
  switch (rule->kind) {
  case VLM_RULE_BYTES:
    start = add_state (self, next, NONE);
    if (start != NONE)
      g_array_index (self->states, State, start).bytes = rule->bytes;
    break;
  case VLM_RULE_SEQUENCE:
    for (guint i = rule->parts->len; i > 0; i--)
      start = add_rule (self, g_ptr_array_index (rule->parts, i - 1), n_budgets,
          depth + 1, start);
    break;
  case VLM_RULE_CHOICE:
    start = NONE;
    for (guint i = 0; i < rule->parts->len; i++)
      start = add_state (self,
          add_rule (self, g_ptr_array_index (rule->parts, i), n_budgets,
              depth + 1, next),
          start);
    break;
  case VLM_RULE_MANY:
    start = add_state (self, next, NONE);
    if (start != NONE) {
      guint32 body = add_rule (self, part, n_budgets, depth + 1, start);

      g_array_index (self->states, State, start).next[1] = body;
    }
    break;
  case VLM_RULE_TIMES:
    for (guint i = 0; i < rule->count && self->error == NULL; i++)
      start = add_rule (self, part, n_budgets, depth + 1, start);
    break;
  case VLM_RULE_BUDGET:
    start = add_rule (self, part, n_budgets + 1, depth + 1, next);
    start = add_op (self, n_budgets, TRUE, rule->count, start);
    break;
  case VLM_RULE_SPEND:
    if (rule->count > 0)
      start = add_op (self, n_budgets - 1, FALSE, rule->count, next);
    break;
  }
  return start;
}

/* The index of the list at @index with @op behind it. */
static guint
extend_ops (Compiler *self, guint index, const VlmGrammarOp *op)
{
  GArray *all = self->grammar->ops;
  VlmGrammarOps list = *vlm_grammar_ops (self->grammar, index);

  if (list.n_ops == VLM_GRAMMAR_MAX_OPS) {
    fail (self, "a grammar that counts more than %d things at once",
        VLM_GRAMMAR_MAX_OPS);
    return 0;
  }
  list.ops[list.n_ops++] = *op;
  for (guint i = 0; i < all->len; i++)
    if (memcmp (&g_array_index (all, VlmGrammarOps, i), &list, sizeof list) ==
        0)
      return i;
  if (all->len > G_MAXUINT8) {
    fail (self, "a grammar with too many budgets");
    return 0;
  }
  g_array_append_val (all, list);
  return all->len - 1;
}

/* A state that is reached without reading, and what was counted on the way. */
typedef struct
{
  guint32 state;
  guint ops;
} Reached;

static void
reach (GArray *closure, guint32 state, guint ops)
{
  Reached reached = { state, ops };

  if (state == NONE)
    return;
  for (guint i = 0; i < closure->len; i++) {
    const Reached *other = &g_array_index (closure, Reached, i);

    if (other->state == state && other->ops == ops)
      return;
  }
  g_array_append_val (closure, reached);
}

static GArray *
close_kernel (Compiler *self, const GArray *kernel)
{
  GArray *closure = g_array_new (FALSE, FALSE, sizeof (Reached));

  for (guint i = 0; i < kernel->len; i++)
    reach (closure, g_array_index (kernel, guint32, i), 0);
  for (guint i = 0; i < closure->len && self->error == NULL; i++) {
    Reached reached = g_array_index (closure, Reached, i);
    const State *state = &g_array_index (self->states, State, reached.state);

    if (state->bytes != NULL)
      continue;
    if (state->has_op)
      reached.ops = extend_ops (self, reached.ops, &state->op);
    reach (closure, state->next[0], reached.ops);
    reach (closure, state->next[1], reached.ops);
  }
  return closure;
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

/* The node of a set of states; takes @kernel. */
static guint
find_node (Compiler *self, GArray *kernel)
{
  VlmGrammarNode node = { .accepting = FALSE };
  gpointer found;

  g_array_sort (kernel, compare_states);
  if (g_hash_table_lookup_extended (self->by_kernel, kernel, NULL, &found)) {
    g_array_unref (kernel);
    return GPOINTER_TO_UINT (found);
  }
  if (self->nodes->len >= MAX_NODES)
    fail (self, "a grammar of more than %u nodes", MAX_NODES);
  memset (node.next, 0xff, sizeof node.next);
  g_array_append_val (self->nodes, node);
  g_ptr_array_add (self->kernels, kernel);
  g_hash_table_insert (
      self->by_kernel, kernel, GUINT_TO_POINTER (self->nodes->len - 1));
  return self->nodes->len - 1;
}

/* Where @byte leads from @closure. Two ways that count differently cannot be
 * walked at once. */
static void
connect_byte (Compiler *self, guint index, const GArray *closure, guint byte)
{
  GArray *kernel = NULL;
  guint ops = 0, next;

  for (guint i = 0; i < closure->len; i++) {
    const Reached *reached = &g_array_index (closure, Reached, i);
    const State *state = &g_array_index (self->states, State, reached->state);
    gboolean known = FALSE;

    if (state->bytes == NULL || !vlm_bits_has (state->bytes, byte))
      continue;
    if (kernel == NULL) {
      kernel = g_array_new (FALSE, FALSE, sizeof (guint32));
      ops = reached->ops;
    }
    if (ops != reached->ops)
      fail (self,
          "a grammar in which the byte 0x%02x may be counted in "
          "different ways",
          byte);
    for (guint j = 0; j < kernel->len; j++)
      known = known || g_array_index (kernel, guint32, j) == state->next[0];
    if (!known)
      g_array_append_val (kernel, state->next[0]);
  }
  if (kernel == NULL)
    return;
  next = find_node (self, kernel);
  g_array_index (self->nodes, VlmGrammarNode, index).next[byte] =
      (guint16) next;
  g_array_index (self->nodes, VlmGrammarNode, index).ops[byte] = (guint8) ops;
}

static void
connect_node (Compiler *self, guint index)
{
  g_autoptr (GArray) closure =
      close_kernel (self, g_ptr_array_index (self->kernels, index));

  for (guint i = 0; i < closure->len; i++) {
    const State *state = &g_array_index (
        self->states, State, g_array_index (closure, Reached, i).state);

    if (state->bytes == NULL && state->next[0] == NONE &&
        state->next[1] == NONE)
      g_array_index (self->nodes, VlmGrammarNode, index).accepting = TRUE;
  }
  for (guint byte = 0; byte < 256 && self->error == NULL; byte++)
    connect_byte (self, index, closure, byte);
}

/* From every node there must be a way to the end that takes nothing from any
 * counter: then no text can get stuck, and how long it takes to end one depends
 * on the node alone. */
static void
check_ends (Compiler *self)
{
  const VlmGrammar *grammar = self->grammar;
  g_autofree gboolean *ends = g_new0 (gboolean, self->nodes->len);
  gboolean changed = TRUE;

  while (changed) {
    changed = FALSE;
    for (guint i = self->nodes->len; i-- > 0;) {
      const VlmGrammarNode *node =
          &g_array_index (self->nodes, VlmGrammarNode, i);
      gboolean end = node->accepting;

      for (guint byte = 0; byte < 256 && !end && !ends[i]; byte++)
        end = node->next[byte] != VLM_GRAMMAR_DEAD && ends[node->next[byte]] &&
            vlm_grammar_is_free (grammar, node->ops[byte]);
      changed = changed || (end && !ends[i]);
      ends[i] = ends[i] || end;
    }
  }
  for (guint i = 0; i < self->nodes->len; i++)
    if (!ends[i])
      fail (self, "a grammar with a text that cannot be ended");
}

static void
free_kernel (gpointer kernel)
{
  g_array_unref (kernel);
}

static void
compile (Compiler *self, const VlmRule *root)
{
  static const VlmGrammarOps no_ops;
  guint32 end = add_state (self, NONE, NONE);
  guint32 start = add_rule (self, root, 0, 0, end);
  GArray *kernel = g_array_new (FALSE, FALSE, sizeof (guint32));

  g_array_append_val (self->grammar->ops, no_ops);
  g_array_append_val (kernel, start);
  if (self->error != NULL) {
    g_array_unref (kernel);
    return;
  }
  find_node (self, kernel);
  for (guint i = 0; i < self->nodes->len && self->error == NULL; i++)
    connect_node (self, i);
  if (self->error == NULL)
    check_ends (self);
}

VlmGrammar *
vlm_grammar_new (const VlmRule *root, GError **error)
{
  g_autoptr (VlmGrammar) grammar = g_new0 (VlmGrammar, 1);
  Compiler compiler = {
    .states = g_array_new (FALSE, FALSE, sizeof (State)),
    .grammar = grammar,
    .kernels = g_ptr_array_new_with_free_func (free_kernel),
    .by_kernel = g_hash_table_new (hash_kernel, equal_kernels),
    .nodes = g_array_new (FALSE, FALSE, sizeof (VlmGrammarNode)),
  };

  g_atomic_ref_count_init (&grammar->refs);
  grammar->ops = g_array_new (FALSE, TRUE, sizeof (VlmGrammarOps));
  compile (&compiler, root);
  g_array_unref (compiler.states);
  g_hash_table_unref (compiler.by_kernel);
  g_ptr_array_unref (compiler.kernels);
  grammar->n_nodes = compiler.nodes->len;
  grammar->nodes =
      (VlmGrammarNode *) (gpointer) g_array_free (compiler.nodes, FALSE);
  if (compiler.error != NULL) {
    g_propagate_error (error, compiler.error);
    return NULL;
  }
  return g_steal_pointer (&grammar);
}
