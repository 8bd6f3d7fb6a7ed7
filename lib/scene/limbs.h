/* gst-vlm: objects with limbs
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scene/object.h"

/* As in build.h. @restless: limbs move even while the object stays. */
void vlm_build_walker (VlmObject *object, VlmRandom *random,
    const VlmBackground *background, gboolean restless);
void vlm_build_animal (VlmObject *object, VlmRandom *random,
    const VlmBackground *background, gboolean restless);
void vlm_build_machine (VlmObject *object, VlmRandom *random,
    const VlmBackground *background, gboolean restless);
