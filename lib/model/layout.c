/* gst-vlm: from a user's turn to tokens and positions
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/layout.h"

#include "model/arch.h"

VlmLayout *
vlm_layout_new (const VlmPrompt *prompt, const VlmConfig *config,
    const VlmTokenizer *tokenizer, GError **error)
{
  g_autoptr (VlmLayout) layout = g_new0 (VlmLayout, 1);

  layout->ids = g_array_new (FALSE, FALSE, sizeof (gint32));
  layout->slices = g_array_new (FALSE, FALSE, sizeof (VlmSliceRef));
  vlm_positions_init (&layout->positions);
  if (!config->arch->lay_out (layout, prompt, config, tokenizer, error))
    return NULL;
  return g_steal_pointer (&layout);
}

void
vlm_layout_free (VlmLayout *layout)
{
  if (layout == NULL)
    return;
  g_clear_pointer (&layout->ids, g_array_unref);
  g_clear_pointer (&layout->slices, g_array_unref);
  vlm_positions_clear (&layout->positions);
  g_free (layout);
}

GArray *
vlm_layout_resolve (const VlmLayout *layout, const guint64 *rows)
{
  g_autofree guint *next_cell = g_new0 (guint, layout->slices->len + 1);
  GArray *ids = g_array_copy (layout->ids);

  for (guint i = 0; i < ids->len; i++) {
    gint32 *id = &g_array_index (ids, gint32, i);
    guint slice = (guint) (-1 - *id);

    if (*id < 0)
      *id = -1 - (gint32) (rows[slice] + next_cell[slice]++);
  }
  return ids;
}

gboolean
vlm_layout_check_tokenizer (const VlmTokenizer *tokenizer,
    const VlmConfig *config, const char *path, GError **error)
{
  return config->arch->check_tokenizer (tokenizer, config, path, error);
}
