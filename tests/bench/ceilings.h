/* gst-vlm: the best that the machine can do
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vk/device.h"

typedef struct
{
  double read_bytes_per_s; /* reading memory: what decoding is bound by */
  double flop_per_s;       /* f32 multiply-adds, two operations each */
  const char *read_method;
  const char *flop_method;
} Ceilings;

/* Measures for about a second. On a software device these are the processor's
 * own figures, on all its cores with the widest vectors of 8 floats; else the
 * device's buffer copies (each byte is read and written) and a shader of
 * nothing but multiply-adds. */
gboolean
ceilings_measure (VlmVkDevice *device, Ceilings *ceilings, GError **error);
