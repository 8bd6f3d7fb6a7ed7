/* gst-vlm: motion in the frames of a window
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-window.h>

/* Share of the picture: if more differs, the camera moves. */
#define VLM_STIR_MAX_PART 0.35

/* Which pixels of a frame belong to what moves. */
typedef struct
{
  const VlmFrame *frame; /* borrowed */
  guint8 *moves;         /* [height, width], 0 or 1 */
  guint n_moves;         /* of them; 0 where nothing can be said */
  gboolean is_sure;      /* it moves before and after; else some of them may be
                          * where it was or will be */
} VlmStir;

/* Compares sample @index of @window with its neighbours. Nothing moves if so much
 * differs that the camera must have moved, or if the neighbours have other sizes.
 * Light that changes all over is not motion. */
void vlm_stir_init (VlmStir *stir, const VlmWindow *window, guint index);
void vlm_stir_clear (VlmStir *stir);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VlmStir, vlm_stir_clear)

/* Which part of @rect moves, 0 to 1. @rect: in pixels of the source. */
double vlm_stir_get_part (const VlmStir *stir, const VlmRect *rect);
