/* gst-vlm: what objects are called, and the colours of names
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scene/background.h"
#include "scene/outline.h"

#define VLM_N_NAMED_COLORS 8
#define VLM_OBJECT_UNNAMED (VLM_N_NAMED_COLORS * VLM_N_SHAPES)

/* "red circle" …, then "object"; static text. */
const char *vlm_object_label (guint name);
VlmColor vlm_named_color (guint color);
/* The contrast of a named object with its background. */
float vlm_object_name_contrast (guint name, const VlmBackground *background);
