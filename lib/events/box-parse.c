/* gst-vlm: from the model's text to boxes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <vlm/vlm-box-parse.h>

#include "events/mark-parse.h"

/**
 * vlm_box_parse: (skip)
 * @text: an answer
 * @width: of the picture that the model saw
 * @height: of the picture that the model saw
 * @n_rejected: (out): number of elements that were dropped
 * @why: (out) (nullable) (transfer full): what was wrong with the first of them
 * @error: return location
 *
 * Parses the list of boxes that Qwen2.5-VL was trained to write, with or
 * without a code fence, complete or truncated (the complete part is used). A
 * box is given by any two opposite corners, in any order. A box that does not
 * match the schema, is empty or not inside the picture is dropped, never
 * repaired.
 *
 * Returns: (transfer full) (element-type VlmMark): the boxes, or %NULL with
 *   %VLM_EVENT_ERROR_SYNTAX if it contains no list
 *
 * Since: 0.1
 */
GPtrArray *
vlm_box_parse (const char *text, guint width, guint height, guint *n_rejected,
    char **why, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);
  g_return_val_if_fail (n_rejected != NULL && why != NULL, NULL);

  return vlm_mark_parse (
      VLM_MARK_FORM_BOX, text, width, height, n_rejected, why, error);
}
