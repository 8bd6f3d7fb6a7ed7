/* gst-vlm: the construction of unnamed objects
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scene/object.h"

/* One more part in front of the others, with a texture that differs from what
 * is behind it. (transfer none) */
VlmPart *vlm_build_add_part (VlmObject *object, const VlmOutline *outline,
    VlmRandom *random, const VlmBackground *background);

/* Parts are added to an object without any; its size is not decided here. */
void vlm_build_vehicle (
    VlmObject *object, VlmRandom *random, const VlmBackground *background);
void vlm_build_figure (
    VlmObject *object, VlmRandom *random, const VlmBackground *background);
void vlm_build_thing (
    VlmObject *object, VlmRandom *random, const VlmBackground *background);
void vlm_build_panel (
    VlmObject *object, VlmRandom *random, const VlmBackground *background);
void vlm_build_sign (
    VlmObject *object, VlmRandom *random, const VlmBackground *background);
