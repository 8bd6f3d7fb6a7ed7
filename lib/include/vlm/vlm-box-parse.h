/* gst-vlm: from the model's text to boxes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <vlm/vlm-types.h>

G_BEGIN_DECLS

/**
 * VlmFoundBox:
 * @rect: where it is, in pixels of the picture that the model saw
 * @label: what the model calls it
 * @text_start: first byte of the answer that is about it
 * @text_end: one past the last one
 *
 * What an answer says about one box.
 *
 * Since: 0.1
 */
typedef struct
{
  VlmRect rect;
  char *label;
  gsize text_start;
  gsize text_end;
} VlmFoundBox;

VLM_API void vlm_found_box_free (VlmFoundBox *box);
VLM_API GPtrArray *vlm_box_parse (const char *text, guint width, guint height,
    guint *n_rejected, char **why, GError **error);

G_END_DECLS
