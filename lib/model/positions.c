/* gst-vlm: positions of tokens on three axes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/positions.h"

#include "model/arch.h"

void
vlm_positions_init (VlmPositions *positions)
{
  for (guint axis = 0; axis < 3; axis++)
    positions->axes[axis] = g_array_new (FALSE, FALSE, sizeof (gint32));
  positions->next = 0;
}

void
vlm_positions_clear (VlmPositions *positions)
{
  for (guint axis = 0; axis < 3; axis++)
    g_clear_pointer (&positions->axes[axis], g_array_unref);
  positions->next = 0;
}

void
vlm_positions_extend (
    VlmPositions *positions, guint n_tokens, gint32 *targets[3])
{
  for (guint axis = 0; axis < 3; axis++) {
    GArray *array = positions->axes[axis];
    guint n = array->len;

    g_array_set_size (array, n + n_tokens);
    targets[axis] = (gint32 *) array->data + n;
  }
}

void
vlm_positions_add_text (VlmPositions *positions, guint n_tokens)
{
  gint32 *targets[3];

  /* An array that never held anything has no data to point into. */
  if (n_tokens == 0)
    return;
  vlm_positions_extend (positions, n_tokens, targets);
  for (guint i = 0; i < n_tokens; i++, positions->next++)
    for (guint axis = 0; axis < 3; axis++)
      targets[axis][i] = positions->next;
}

void
vlm_positions_angles (const VlmPositions *positions, const VlmConfig *config,
    guint first, guint n, float *angles)
{
  g_assert (first + n <= positions->axes[0]->len);
  config->arch->make_angles (positions, config, first, n, angles);
}
