/* gst-vlm: every pixel format to RGB
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "media/image-view.h"

/* Bits of fraction that R, G and B are added up with: 255 * 2.14 + 255 * 1.17
 * has to fit into 16 bits. */
#define VLM_TERM_BITS 5
#define VLM_TERM_HALF (1 << (VLM_TERM_BITS - 1))

/* high * 256 + low, 0 <= low < 256 */
typedef struct
{
  gint16 high;
  gint16 low;
} VlmFactor;

/* Converts pieces of the rows of one picture. One thread. */
typedef struct
{
  const VlmImageView *view;
  guint max_span;
  gint16 luma_offset;
  VlmFactor luma_factor;
  VlmFactor red_v;
  VlmFactor green_u;
  VlmFactor green_v;
  VlmFactor blue_u;
  guint8 gray[256];
  guint8 *luma; /* [max_span], of packed formats */
  /* What chroma adds to each channel, of the span that was converted last;
   * 4:2:0 needs each one twice. */
  gint16 *terms[3]; /* [max_span + 1] each, 5 fractional bits */
  gboolean has_terms;
  guint terms_row;
  guint terms_x;
  guint terms_n;
} VlmConverter;

/* @view has been checked and outlives the converter; no span is longer than
 * @max_span pixels. */
void vlm_converter_init (
    VlmConverter *converter, const VlmImageView *view, guint max_span);
void vlm_converter_clear (VlmConverter *converter);

/* Pixels @x (even) to @x + @n of row @y as planes of red, green and blue. */
void vlm_converter_span (
    VlmConverter *converter, guint x, guint y, guint n, guint8 *const rgb[3]);
