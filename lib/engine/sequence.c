/* gst-vlm: the content of a context, which the next prompt can reuse
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/sequence.h"

#include <string.h>

void
vlm_sequence_init (VlmSequence *sequence)
{
  sequence->places = g_array_new (FALSE, FALSE, sizeof (VlmPlace));
}

void
vlm_sequence_clear (VlmSequence *sequence)
{
  g_clear_pointer (&sequence->places, g_array_unref);
}

void
vlm_sequence_truncate (VlmSequence *sequence, guint n)
{
  g_assert (n <= sequence->places->len);
  g_array_set_size (sequence->places, n);
}

void
vlm_sequence_add (VlmSequence *sequence, guint64 key,
    const VlmPositions *positions, guint axis_index)
{
  VlmPlace place;

  /* compared as memory: padding would count */
  memset (&place, 0, sizeof place);
  place.key = key;
  for (guint axis = 0; axis < 3; axis++)
    place.position[axis] =
        g_array_index (positions->axes[axis], gint32, axis_index);
  g_array_append_val (sequence->places, place);
}

guint
vlm_sequence_common (const VlmSequence *a, const VlmSequence *b)
{
  guint most = MIN (a->places->len, b->places->len);

  for (guint i = 0; i < most; i++)
    if (memcmp (&g_array_index (a->places, VlmPlace, i),
            &g_array_index (b->places, VlmPlace, i), sizeof (VlmPlace)) != 0)
      return i;
  return most;
}
