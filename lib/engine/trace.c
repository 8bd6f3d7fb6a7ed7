/* gst-vlm: the confidence in the words of an answer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/trace.h"

#include <math.h>

/* A part of a text, such as a word or a number, has at least so many tokens. */
#define PART 4

double
vlm_trace_confidence (const GArray *trace, gsize start, gsize end)
{
  double sum = 0.0, part = 0.0, worst = 0.0;
  guint n = 0;

  if (trace == NULL)
    return -1.0;
  for (guint i = 0; i < trace->len; i++) {
    const VlmTokenTrace *token = &g_array_index (trace, VlmTokenTrace, i);

    /* a first token that is part of a character ends at 0, and counts */
    if (start > 0 && token->text_end <= start)
      continue;
    sum += token->log_probability;
    part += token->log_probability;
    if (n++ >= PART)
      part -= token[-PART].log_probability;
    if (n <= PART || part < worst)
      worst = part;
    if (token->text_end >= end)
      break;
  }
  return n > 0 ? exp ((sum / n + worst / MIN (n, PART)) / 2.0) : 1.0;
}
