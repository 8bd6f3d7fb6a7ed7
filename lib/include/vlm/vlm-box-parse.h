/* gst-vlm: from the model's text to boxes
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-mark.h>

G_BEGIN_DECLS

VLM_API GPtrArray *vlm_box_parse (const char *text, guint width, guint height,
    guint *n_rejected, char **why, GError **error);

G_END_DECLS
