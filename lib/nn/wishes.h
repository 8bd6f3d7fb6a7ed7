/* gst-vlm: kernels that are asked for by name
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef enum
{
  VLM_NN_WISH_NONE,
  VLM_NN_WISH_WANTED, /* before others, also on devices it is not made for */
  VLM_NN_WISH_REFUSED,
} VlmNnWish;

/* What the environment variable VLM_KERNELS says of a kernel: patterns with
 * commas between them, of kernels that are wanted, or refused where a minus is
 * before them. The last one that fits counts. */
VlmNnWish vlm_nn_wish (const char *text, const char *name);

/* The first pattern that fits none of @names (NULL-terminated), or NULL.
 * (transfer full) */
char *vlm_nn_wishes_unknown (const char *text, const char *const *names);
