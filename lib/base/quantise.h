/* gst-vlm: floats as blocks of quantised weights
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/dtype.h"

/* A row of @n elements as vlm_dtype_row_bytes (dtype, n) bytes of blocks of
 * @dtype (Q8_0 or Q4_1), the last one filled up with zeros. Codes and scales,
 * which are as the type holds them, are chosen for the least squared error;
 * large elements count for more. The block of an element that is not finite, or
 * beyond what an f16 holds, becomes NaN. */
void
vlm_quantise (VlmDType dtype, const float *values, gsize n, guint8 *blocks);
