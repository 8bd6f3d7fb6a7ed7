/* gst-vlm: the probabilities of answers of one token
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/choices.h"

#include <math.h>

#include <vlm/vlm-error.h>

struct _VlmChoices
{
  const VlmAnswerKind *kind;
  guint n_choices;
  guint n_vocab;
  GArray *tokens; /* Member, by token */
};

typedef struct
{
  guint token;
  guint choice;
} Member;

/* The user's text never becomes an added token, and no answer is one. */
static gint
find_choice (
    const VlmAnswerKind *kind, const VlmTokenizer *tokenizer, guint token)
{
  gsize n_bytes;
  const char *bytes =
      vlm_tokenizer_get_bytes (tokenizer, (gint32) token, &n_bytes);

  if (bytes == NULL || vlm_tokenizer_is_added (tokenizer, (gint32) token))
    return -1;
  return kind->stands_for (bytes, n_bytes);
}

static gboolean
check_complete (const VlmChoices *self, GError **error)
{
  for (guint choice = 0; choice < self->n_choices; choice++) {
    guint i = 0;

    while (i < self->tokens->len &&
        g_array_index (self->tokens, Member, i).choice != choice)
      i++;
    if (i == self->tokens->len) {
      g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
          "the vocabulary has no token for \"%s\": this model cannot answer "
          "questions of the kind %s",
          self->kind->choices[choice], self->kind->name);
      return FALSE;
    }
  }
  return TRUE;
}

VlmChoices *
vlm_choices_new (const VlmAnswerKind *kind, const VlmTokenizer *tokenizer,
    guint n_vocab, GError **error)
{
  g_autoptr (VlmChoices) self = g_new0 (VlmChoices, 1);

  g_assert (kind->choices != NULL);
  self->kind = kind;
  self->n_choices = g_strv_length ((char **) kind->choices);
  self->n_vocab = n_vocab;
  self->tokens = g_array_new (FALSE, FALSE, sizeof (Member));
  for (guint token = 0; token < n_vocab; token++) {
    gint choice = find_choice (kind, tokenizer, token);
    const Member member = { token, (guint) choice };

    if (choice >= 0)
      g_array_append_val (self->tokens, member);
  }
  return check_complete (self, error) ? g_steal_pointer (&self) : NULL;
}

void
vlm_choices_free (VlmChoices *choices)
{
  if (choices == NULL)
    return;
  g_array_unref (choices->tokens);
  g_free (choices);
}

const VlmAnswerKind *
vlm_choices_get_kind (const VlmChoices *choices)
{
  return choices->kind;
}

void
vlm_choices_weigh (
    const VlmChoices *self, const float *logits, double *probabilities)
{
  float max = -INFINITY;
  double sum = 0.0;

  for (guint i = 0; i < self->n_vocab; i++)
    max = MAX (max, logits[i]);
  for (guint i = 0; i < self->n_vocab; i++)
    sum += exp ((double) logits[i] - max);
  for (guint choice = 0; choice < self->n_choices; choice++)
    probabilities[choice] = 0.0;
  for (guint i = 0; i < self->tokens->len; i++) {
    const Member *member = &g_array_index (self->tokens, Member, i);

    probabilities[member->choice] +=
        exp ((double) logits[member->token] - max) / sum;
  }
}

char *
vlm_choices_describe (const VlmAnswerKind *kind, const double *probabilities)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; kind->choices[i] != NULL; i++)
    g_string_append_printf (text, "%s%s %.4f", i > 0 ? ", " : "",
        kind->choices[i], probabilities[i]);
  return g_string_free (text, FALSE);
}
