/* gst-vlm: positions of tokens on three axes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config.h"

/* Positions [3, n] under construction, an axis each (t, h, w); starts all zero.
 * next is the position of the next text token. */
typedef struct
{
  GArray *axes[3]; /* gint32 */
  gint32 next;
} VlmPositions;

void vlm_positions_init (VlmPositions *positions);
void vlm_positions_clear (VlmPositions *positions);
void vlm_positions_add_text (VlmPositions *positions, guint n_tokens);
/* Makes room for @n_tokens more, at least one; gives where to write each axis. */
void vlm_positions_extend (
    VlmPositions *positions, guint n_tokens, gint32 *targets[3]);

/* Angles [n, head_dim] (D/2 cosines, then D/2 sines) of tokens first … first +
 * n - 1. */
void vlm_positions_angles (const VlmPositions *positions,
    const VlmConfig *config, guint first, guint n, float *angles);
