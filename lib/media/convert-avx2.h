/* gst-vlm: the loops of the conversion to RGB, for AVX2
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "media/convert.h"

/* The same numbers as the plain loops; returns how many samples from the first
 * on are done. 0 where the processor has no AVX2. */

/* Chroma samples, as many as there are whole registers of; @step 1 or 2, else 0
 * are done. */
gsize vlm_make_terms_avx2 (const VlmConverter *converter, const guint8 *u,
    const guint8 *v, guint step, gsize n, gint16 *const terms[3]);
/* Pixels: all, or none of a row that is shorter than a register. */
gsize vlm_add_luma_avx2 (const VlmConverter *converter, gsize n,
    const guint8 *luma, gint16 *const terms[3], guint8 *const rgb[3]);
