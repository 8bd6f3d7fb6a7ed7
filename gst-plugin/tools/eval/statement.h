/* gst-vlm: what is true of a scene of an evaluation, and what is not
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tools/eval/sample.h"

typedef struct
{
  char *text; /* "a red circle enters" */
  gboolean truth;
} EvalStatement;

/* About a label that is there, about one that is not, and about what one of the
 * objects does, true or not. Array of EvalStatement. (transfer full) */
GArray *eval_statements_new (const EvalSample *sample);
