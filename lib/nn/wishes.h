/* gst-vlm: kernels that are selected by name
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef enum
{
  VLM_NN_WISH_NONE,
  VLM_NN_WISH_WANTED, /* before others, also on devices it is not made for */
  VLM_NN_WISH_REFUSED,
} VlmNnWish;

/* The setting of a kernel in the environment variable VLM_KERNELS: patterns
 * separated by commas, of kernels to prefer, or to exclude with a minus in
 * front. The last match counts. */
VlmNnWish vlm_nn_wish (const char *text, const char *name);

/* The first pattern that fits none of @names (NULL-terminated), or NULL.
 * (transfer full) */
char *vlm_nn_wishes_unknown (const char *text, const char *const *names);
