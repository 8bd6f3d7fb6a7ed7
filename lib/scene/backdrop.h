/* gst-vlm: the background of a scene in pixels
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scene/canvas.h"

/* Over the whole picture; it is kept for the next one of the same size. */
void vlm_backdrop_draw (const VlmCanvas *canvas);
