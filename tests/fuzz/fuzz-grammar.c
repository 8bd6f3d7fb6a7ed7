/* gst-vlm: any rules, and any picks out of their masks
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The first half of the input is a program that builds rules on a stack, the
 * second one picks tokens. Whatever it is: the text ends within its limit, and
 * the automaton takes it byte by byte. */
#include "grammar/grammar-private.h"
#include "grammar/token-mask.h"
#include "tests/fuzz/target.h"
#include "tests/support/tiny-tokenizer.h"

#define MAX_PROGRAM 60u
/* Parts of a rule, written out: for speed. */
#define MAX_PARTS 400u
#define MAX_LIMIT 64u

typedef struct
{
  const uint8_t *data;
  size_t n_bytes, at;
} Input;

static guint
take (Input *input)
{
  return input->at < input->n_bytes ? input->data[input->at++] : 0;
}

typedef struct
{
  Input *input;
  VlmRuleBook *book;
  GPtrArray *stack; /* VlmRule */
  GArray *sizes;    /* guint: their parts */
  guint size;       /* of the rule in hand */
  VlmRule *units[4];
} Builder;

static const VlmRule *
pop (Builder *self)
{
  if (self->stack->len == 0)
    return vlm_rule_literal (self->book, "");
  self->size += g_array_index (self->sizes, guint, self->sizes->len - 1);
  g_array_set_size (self->sizes, self->sizes->len - 1);
  return g_ptr_array_steal_index (self->stack, self->stack->len - 1);
}

static const VlmRule *
make_word (Builder *self)
{
  static const char *const words[] = { "a", "b", "\"", ",", "[", "]", "{", "}",
    "start", "_time\":", "the", "\": \"", "00", "", "é", "aaaa" };

  return vlm_rule_literal (
      self->book, words[take (self->input) % G_N_ELEMENTS (words)]);
}

static const VlmRule *
make_range (Builder *self)
{
  guint a = take (self->input), b = take (self->input);

  return vlm_rule_range (self->book, (guint8) MIN (a, b), (guint8) MAX (a, b));
}

static const VlmRule *
make_pair (Builder *self, VlmRule *rule)
{
  const VlmRule *second = pop (self);

  vlm_rule_add (rule, pop (self));
  vlm_rule_add (rule, second);
  return rule;
}

static const VlmRule *
make_ordered (Builder *self)
{
  guint how = take (self->input);
  VlmRule *rule = vlm_rule_ordered_new (
      self->book, vlm_rule_literal (self->book, ","), FALSE);

  for (guint i = 0; i < 1 + how % 3; i++)
    vlm_rule_ordered_add (rule, pop (self), (how >> (2 + i) & 1) != 0);
  if ((how & 32) != 0)
    vlm_rule_ordered_set_more (rule, pop (self), (how & 64) != 0);
  return rule;
}

static const VlmRule *
make_call (Builder *self)
{
  guint which = take (self->input) % G_N_ELEMENTS (self->units);
  guint min = take (self->input) % 4, max = take (self->input) % 6;

  return vlm_rule_call (self->book, self->units[which], min,
      max == 5 ? VLM_RULE_UNLIMITED : min + max);
}

static const VlmRule *
make_times (Builder *self)
{
  guint n = take (self->input) % 5;
  const VlmRule *rule = pop (self);

  self->size *= MAX (n, 1);
  return vlm_rule_times (self->book, rule, n);
}

static const VlmRule *
make_list (Builder *self)
{
  const VlmRule *item = pop (self);

  self->size *= 2;
  return vlm_rule_list (self->book, item, vlm_rule_literal (self->book, ","),
      1 + take (self->input) % 4);
}

static const VlmRule *
make_rule (Builder *self)
{
  VlmRuleBook *book = self->book;

  self->size = 4;
  switch (take (self->input) % 15) {
  case 0:
  case 1:
    return make_word (self);
  case 2:
    return make_range (self);
  case 3:
  case 4:
    return make_pair (self, vlm_rule_sequence_new (book));
  case 5:
  case 6:
    return make_pair (self, vlm_rule_choice_new (book));
  case 7:
    return vlm_rule_many (book, pop (self));
  case 8:
    return make_times (self);
  case 9:
    return vlm_rule_budget (book, take (self->input) % 5, pop (self));
  case 10:
    return vlm_rule_spend (book, take (self->input) % 3);
  case 11:
    return make_list (self);
  case 12:
    return make_ordered (self);
  case 13:
    return make_call (self);
  default:
    return vlm_rule_json_string (book, 1 + take (self->input) % 8);
  }
}

static VlmGrammar *
make_grammar (Input *input, VlmRuleBook *book)
{
  Builder self = {
    .input = input,
    .book = book,
    .stack = g_ptr_array_new (),
    .sizes = g_array_new (FALSE, FALSE, sizeof (guint)),
  };
  g_autoptr (GError) error = NULL;
  guint n = MIN (MAX_PROGRAM, (guint) input->n_bytes / 2);
  VlmGrammar *grammar;

  for (guint i = 0; i < G_N_ELEMENTS (self.units); i++)
    self.units[i] = vlm_rule_unit_new (book);
  while (input->at < n) {
    const VlmRule *rule = make_rule (&self);

    if (self.size > MAX_PARTS)
      continue;
    g_ptr_array_add (self.stack, (gpointer) rule);
    g_array_append_val (self.sizes, self.size);
  }
  for (guint i = 0; i < G_N_ELEMENTS (self.units); i++)
    vlm_rule_unit_define (self.units[i], pop (&self));
  grammar = vlm_grammar_new (pop (&self), &error);
  g_assert_true ((grammar != NULL) == (error == NULL));
  g_ptr_array_unref (self.stack);
  g_array_unref (self.sizes);
  return grammar;
}

static VlmTokenTrie *
get_trie (void)
{
  static VlmTokenTrie *trie;

  if (trie == NULL) {
    g_autoptr (VlmTokenizer) tokenizer = tiny_tokenizer_new ();

    trie = vlm_token_trie_new (tokenizer, vlm_tokenizer_get_n_ids (tokenizer));
  }
  return trie;
}

/* The token @nth of those in @bits, over the end. */
static gint32
pick (const VlmTokenTrie *trie, const guint32 *bits, guint nth)
{
  guint n = 0;

  for (guint id = 0; id < trie->vocab_size; id++)
    n += vlm_bits_has (bits, id);
  g_assert_cmpuint (n, >, 0);
  nth %= n;
  for (guint id = 0; id < trie->vocab_size; id++)
    if (vlm_bits_has (bits, id) && nth-- == 0)
      return (gint32) id;
  g_assert_not_reached ();
}

static void
write_answer (Input *input, VlmGrammar *grammar, VlmTokenMask *mask,
    gint32 end_id, guint limit)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  VlmTokenTrie *trie = get_trie ();
  VlmGrammarState state;
  VlmMatcher matcher;

  if (!vlm_matcher_init (&matcher, mask, limit, NULL))
    return;
  while (ids->len < limit && !vlm_matcher_is_final (&matcher)) {
    guint n_left = limit - ids->len, how = take (input);
    gint32 id;

    if (how % 4 == 0 && vlm_matcher_force (&matcher, n_left, ids) > 0)
      continue;
    id = pick (
        trie, vlm_matcher_get_mask (&matcher, n_left), how << 8 | take (input));
    vlm_matcher_accept (&matcher, id);
    if (matcher.ended)
      break;
    g_array_append_val (ids, id);
  }
  g_assert_cmpuint (ids->len, <=, limit);
  g_assert_true (vlm_matcher_is_complete (&matcher));
  vlm_grammar_start (grammar, &state);
  for (guint i = 0; i < ids->len; i++) {
    gsize n_bytes;
    const char *bytes = vlm_tokenizer_get_bytes (
        trie->tokenizer, g_array_index (ids, gint32, i), &n_bytes);

    g_assert_cmpint (g_array_index (ids, gint32, i), !=, end_id);
    for (gsize j = 0; j < n_bytes; j++)
      if (!vlm_grammar_step (grammar, &state, (guint8) bytes[j])) {
        g_assert_true (state.lost);
        return;
      }
  }
  g_assert_true (state.lost || vlm_grammar_is_complete (grammar, &state));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  Input input = { data, n_bytes, 0 };
  g_autoptr (VlmRuleBook) book = vlm_rule_book_new ();
  g_autoptr (VlmGrammar) grammar = make_grammar (&input, book);
  g_autoptr (VlmTokenMask) mask = NULL;
  VlmTokenTrie *trie = get_trie ();
  gint32 end_id = vlm_tokenizer_find_special (trie->tokenizer, "<|im_end|>");
  guint least;

  if (grammar == NULL)
    return 0;
  mask = vlm_token_mask_new (grammar, trie, &end_id, 1);
  least = vlm_token_mask_get_min_tokens (mask);
  write_answer (&input, grammar, mask, end_id, MIN (least, 2 * MAX_LIMIT));
  write_answer (&input, grammar, mask, end_id,
      MIN (least, MAX_LIMIT) + take (&input) % MAX_LIMIT);
  return 0;
}
