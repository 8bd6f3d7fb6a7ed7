/* gst-vlm: checks every kernel of every op against the reference
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A family is a check-<family>.c with one function, listed in vkcheck.c. It
 * walks its cases:
 *
 *   if (vkcheck_begin (check, "matmul/%s/%ux%u", kernel, m, n)) {
 *     … make tensors, run the op with vkcheck_run, compare …
 *     vkcheck_end (check);
 *   }
 *
 * A case fails by vkcheck_fail, any number of times; it is one line of TAP. */
#pragma once

#include "nn/context.h"
#include "support/rng.h"

typedef struct
{
  VlmNn *nn;
  Rng rng;        /* reseeded from the seed and the name of each case */
  gboolean bench; /* time the cases too, and the shapes of the models */
  guint64 seed;
  const char *filter;
  char *name; /* of the running case */
  guint n_cases;
  guint n_failed;   /* cases */
  gboolean failing; /* the running case */
} VkCheck;

/* What inputs are made of. */
typedef enum
{
  VKCHECK_RANDOM, /* [-1, 1) */
  VKCHECK_ZERO,
  VKCHECK_LARGE,       /* +- 1e15, or what the type holds */
  VKCHECK_DENORMAL,    /* the smallest of the type */
  VKCHECK_ALTERNATING, /* the sign of each is not the one before */
  VKCHECK_N_INPUTS,
} VkCheckInput;

const char *vkcheck_input_name (VkCheckInput input);
void
vkcheck_make_floats (VkCheck *check, VkCheckInput input, float *data, gsize n);
/* Makes the values of 16-bit types representable, and packs them to @raw. */
void vkcheck_quantise (VlmDType dtype, float *data, gsize n, void *raw);

/* Rows of @n_in weights of any type that a device reads, random in all their
 * bits but for scales of about 1 / 16, and their values. [n_rows, n_in] to
 * @data, vlm_nn_format_row_bytes a row to @raw. */
void vkcheck_make_blocks (VkCheck *check, VlmDType dtype, guint n_rows,
    guint n_in, float *data, guint8 *raw);

/* FALSE when the case is filtered out. */
gboolean
vkcheck_begin (VkCheck *check, const char *format, ...) G_GNUC_PRINTF (2, 3);
void
vkcheck_fail (VkCheck *check, const char *format, ...) G_GNUC_PRINTF (2, 3);
void vkcheck_end (VkCheck *check);

/* Aborts the program on an error: the device failed, not the case. */
void vkcheck_no_error (GError *error, const char *what);

/* A tensor in the middle of a buffer whose rest is canaries, as are all of its
 * elements, padding included; they are NaN as floats, so that reading one shows.
 * Writing @data sets padding to zero. Free with vlm_nn_tensor_clear. */
VlmNnTensor
vkcheck_tensor (VkCheck *check, guint64 n_rows, guint n_cols, const void *data);

/* Fails the case when a word around the tensor changed, or when an element of
 * its padding is not zero. */
void vkcheck_guards (VkCheck *check, const VlmNnTensor *tensor);

/* Fails the case when sum (error^2) / sum (expected^2) is above @nmse or any
 * value is not finite. Errors of an element up to @floor do not count. */
void vkcheck_compare (VkCheck *check, const float *actual,
    const double *expected, gsize n, double nmse, double floor);

/* Runs what @record records: once, or often enough to measure the time when
 * benching. @flops and @n_bytes are what one run does; 0 where it makes no
 * sense. */
typedef void (*VkCheckRecord) (VlmNn *nn, gpointer user_data);
void vkcheck_run (VkCheck *check, VkCheckRecord record, gpointer user_data);
void vkcheck_time (VkCheck *check, VkCheckRecord record, gpointer user_data,
    double flops, double n_bytes);

/* Prints what the driver's compiler made of each kernel that has @filter in its
 * name (NULL: of all); runs nothing. Returns the exit status. */
int vkcheck_stats (const char *selector, const char *filter);

void check_attention (VkCheck *check);
void check_choose (VkCheck *check);
void check_finite (VkCheck *check);
void check_matmul (VkCheck *check);
void check_norm (VkCheck *check);
void check_rope (VkCheck *check);
void check_rows (VkCheck *check);
