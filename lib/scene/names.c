/* gst-vlm: what objects are called, and the colours of names
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene/names.h"

#include "scene/outline.h"

#define LABELS(color)                                                          \
  color " circle", color " square", color " triangle", color " star",          \
      color " cross", color " ring"

static const char *const labels[VLM_OBJECT_UNNAMED + 1] = {
  LABELS ("red"),
  LABELS ("green"),
  LABELS ("blue"),
  LABELS ("yellow"),
  LABELS ("orange"),
  LABELS ("purple"),
  LABELS ("white"),
  LABELS ("black"),
  "object",
};

static const VlmColor named_colors[VLM_N_NAMED_COLORS] = {
  { { 215, 30, 35 } },
  { { 30, 165, 55 } },
  { { 35, 75, 225 } },
  { { 245, 222, 40 } },
  { { 250, 130, 20 } },
  { { 140, 45, 185 } },
  { { 248, 248, 248 } },
  { { 14, 14, 16 } },
};

const char *
vlm_object_label (guint name)
{
  g_assert (name <= VLM_OBJECT_UNNAMED);
  return labels[name];
}

VlmColor
vlm_named_color (guint color)
{
  g_assert (color < VLM_N_NAMED_COLORS);
  return named_colors[color];
}

float
vlm_object_name_contrast (guint name, const VlmBackground *background)
{
  return vlm_background_contrast (
      background, named_colors[name / VLM_N_SHAPES]);
}
