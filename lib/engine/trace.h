/* gst-vlm: the confidence in the words of an answer
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* One token that the model chose (tokens that the grammar forces are no
 * choice): where the text ends with it, in bytes, and how likely it was. */
typedef struct
{
  gsize text_end;
  double log_probability;
} VlmTokenTrace;

/* How sure bytes @start … @end - 1 of the text are: the geometric mean of the
 * probabilities of the tokens that wrote them, and that of the worst four in a
 * row, half and half (again their geometric mean). A long text hides a few
 * unlikely tokens in its mean. 1 when none was chosen; -1, not known, without a
 * trace (NULL). */
double vlm_trace_confidence (const GArray *trace, gsize start, gsize end);
