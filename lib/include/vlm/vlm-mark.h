/* gst-vlm: a position in a picture, from an answer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>
#include <vlm/vlm-frame.h>

G_BEGIN_DECLS

/**
 * VlmMark:
 * @rect: the box around it; of a point one pixel
 * @n_points: 0 for a box, 1 for a point, 4 for a quadrilateral
 * @points: x and y of each, in the order in which they were written
 * @label: the model's name for it; of a block of a document its class
 * @text: (nullable): what is written there
 * @html: (nullable): the same with the markup of tables and lists: known
 *   elements, without attributes other than colspan and rowspan, everything
 *   else escaped
 * @text_start: first byte of its part of the answer
 * @text_end: one past the last one
 *
 * One position in an answer: a box, a point, a quadrilateral. In pixels of the
 * picture that the model saw, or, after vlm_mark_map(), of the source.
 *
 * Since: 0.1
 */
typedef struct
{
  VlmRect rect;
  guint n_points;
  gint points[8];
  char *label;
  char *text;
  char *html;
  gsize text_start;
  gsize text_end;
} VlmMark;

#define VLM_TYPE_MARK (vlm_mark_get_type ())

VLM_API GType vlm_mark_get_type (void) G_GNUC_CONST;
VLM_API VlmMark *vlm_mark_copy (const VlmMark *mark);
VLM_API void vlm_mark_free (VlmMark *mark);
VLM_API VlmMark *vlm_mark_map (const VlmMark *mark, const VlmFrame *frame);
VLM_API VlmRect vlm_mark_map_rect (const VlmRect *rect, const VlmFrame *frame);
VLM_API char *vlm_mark_to_html (const VlmMark *mark);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmMark, vlm_mark_free)

G_END_DECLS
