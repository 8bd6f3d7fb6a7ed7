/* gst-vlm: reference arrays of tests
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/safetensors.h"

/* A safetensors file of expected values. A name that is missing, or has another
 * type, ends the test program: see golden_has. */
typedef struct
{
  VlmSafetensors *file;
} Golden;

void golden_open (Golden *golden, const char *path);
void golden_clear (Golden *golden);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Golden, golden_clear)

gboolean golden_has (const Golden *golden, const char *name);
/* Size of one dimension. */
guint golden_get_dim (const Golden *golden, const char *name, guint dim);
/* The values, F32 or BF16, or I32 or I64 that fit; *n may be NULL.
 * (transfer full) */
float *golden_get_floats (const Golden *golden, const char *name, gsize *n);
gint32 *golden_get_ints (const Golden *golden, const char *name, gsize *n);
/* U8 (transfer full) */
guint8 *golden_get_bytes (const Golden *golden, const char *name, gsize *n);

/* Prints name, largest difference and where it is; more than @tolerance, or any
 * NaN, or another number of values fails the test. The largest difference. */
float golden_check_floats (const Golden *golden, const char *name,
    const float *values, gsize n, float tolerance);
/* All equal; prints the first one that is not and fails the test. */
gboolean golden_check_ints (
    const Golden *golden, const char *name, const gint32 *values, gsize n);

/* tests/data/… (transfer full) */
char *golden_data_path (const char *first, ...) G_GNUC_NULL_TERMINATED;
/* A file or folder of the reference data beside the project, named by a path
 * with slashes; NULL after g_test_skip when it is not there.
 * (transfer full) */
char *golden_shared_path (const char *relative);
