/* gst-vlm: the token masks of the answers that come back
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/mask-cache.h"

/* Windows are analysed in videos of several lengths, each with its own grammar;
 * the masks of one are up to a megabyte. */
#define MAX_MASKS 32

typedef struct
{
  const VlmAnswerKind *kind;
  VlmAnswerBounds bounds; /* owns the detail */
  VlmTokenMask *mask;
} Entry;

struct _VlmMaskCache
{
  VlmModel *model;
  GQueue entries; /* Entry, the last used first */
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  vlm_token_mask_free (entry->mask);
  g_free ((char *) entry->bounds.detail);
  g_free (entry);
}

VlmMaskCache *
vlm_mask_cache_new (VlmModel *model)
{
  VlmMaskCache *cache = g_new0 (VlmMaskCache, 1);

  cache->model = model;
  g_queue_init (&cache->entries);
  return cache;
}

void
vlm_mask_cache_free (VlmMaskCache *cache)
{
  if (cache == NULL)
    return;
  g_queue_clear_full (&cache->entries, entry_free);
  g_free (cache);
}

static gboolean
is_for (const Entry *entry, const VlmAnswerKind *kind, const VlmAnswerBounds *b)
{
  return entry->kind == kind && entry->bounds.duration_ns == b->duration_ns &&
      entry->bounds.width == b->width && entry->bounds.height == b->height &&
      entry->bounds.max_items == b->max_items &&
      entry->bounds.max_text_bytes == b->max_text_bytes &&
      g_strcmp0 (entry->bounds.detail, b->detail) == 0;
}

static Entry *
make_entry (VlmMaskCache *self, const VlmAnswerKind *kind,
    const VlmAnswerBounds *bounds, GError **error)
{
  const VlmGenerationConfig *generation =
      &vlm_model_get_config (self->model)->generation;
  g_autoptr (VlmGrammar) grammar =
      vlm_answer_kind_compile (kind, bounds, error);
  Entry *entry;

  if (grammar == NULL)
    return NULL;
  entry = g_new0 (Entry, 1);
  entry->kind = kind;
  entry->bounds = *bounds;
  entry->bounds.detail = g_strdup (bounds->detail);
  entry->mask = vlm_token_mask_new (grammar, vlm_model_get_trie (self->model),
      generation->eos, generation->n_eos);
  return entry;
}

gboolean
vlm_mask_cache_get (VlmMaskCache *self, const VlmAnswerKind *kind,
    const VlmAnswerBounds *bounds, VlmTokenMask **mask, GError **error)
{
  GList *link = self->entries.head;
  Entry *entry;

  *mask = NULL;
  if (kind == NULL || kind->rule == NULL)
    return TRUE;
  while (link != NULL && !is_for (link->data, kind, bounds))
    link = link->next;
  if (link != NULL) {
    g_queue_unlink (&self->entries, link);
    g_queue_push_head_link (&self->entries, link);
  } else {
    entry = make_entry (self, kind, bounds, error);
    if (entry == NULL)
      return FALSE;
    if (self->entries.length >= MAX_MASKS)
      entry_free (g_queue_pop_tail (&self->entries));
    g_queue_push_head (&self->entries, entry);
  }
  *mask = ((const Entry *) self->entries.head->data)->mask;
  return TRUE;
}
