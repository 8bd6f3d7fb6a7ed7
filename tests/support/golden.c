/* gst-vlm: reference arrays of tests
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/golden.h"

#include <math.h>
#include <string.h>

void
golden_open (Golden *golden, const char *path)
{
  g_autoptr (GError) error = NULL;

  golden->file = vlm_safetensors_open (path, &error);
  g_assert_no_error (error);
}

void
golden_clear (Golden *golden)
{
  g_clear_pointer (&golden->file, vlm_safetensors_free);
}

gboolean
golden_has (const Golden *golden, const char *name)
{
  return vlm_safetensors_find (golden->file, name, NULL);
}

static VlmTensorView
find (const Golden *golden, const char *name)
{
  VlmTensorView view;

  if (!vlm_safetensors_find (golden->file, name, &view))
    g_error ("%s: no tensor %s", vlm_safetensors_get_path (golden->file), name);
  return view;
}

guint
golden_get_dim (const Golden *golden, const char *name, guint dim)
{
  g_auto (VlmTensorView) view = find (golden, name);

  g_assert_cmpuint (dim, <, view.n_dims);
  return (guint) view.shape[dim];
}

float *
golden_get_floats (const Golden *golden, const char *name, gsize *n)
{
  g_auto (VlmTensorView) view = find (golden, name);
  float *values = g_new (float, view.n_elements + 1);

  g_assert_true (view.dtype == VLM_DTYPE_F32 || view.dtype == VLM_DTYPE_BF16);
  if (!vlm_tensor_view_read_floats (&view, 0, view.n_elements, values, NULL))
    g_error ("%s: cannot be read", name);
  if (n != NULL)
    *n = view.n_elements;
  return values;
}

gint32 *
golden_get_ints (const Golden *golden, const char *name, gsize *n)
{
  g_auto (VlmTensorView) view = find (golden, name);
  gint32 *values = g_new (gint32, view.n_elements + 1);
  g_autofree guint8 *data = vlm_tensor_view_read_all (&view, NULL);

  for (gsize i = 0; i < view.n_elements; i++) {
    gint64 wide;

    if (view.dtype == VLM_DTYPE_I64) {
      memcpy (&wide, data + i * sizeof wide, sizeof wide);
      g_assert_true (wide >= G_MININT32 && wide <= G_MAXINT32);
      values[i] = (gint32) wide;
    } else {
      g_assert_cmpint (view.dtype, ==, VLM_DTYPE_I32);
      memcpy (&values[i], data + i * sizeof *values, sizeof *values);
    }
  }
  if (n != NULL)
    *n = view.n_elements;
  return values;
}

guint8 *
golden_get_bytes (const Golden *golden, const char *name, gsize *n)
{
  g_auto (VlmTensorView) view = find (golden, name);

  g_assert_cmpint (view.dtype, ==, VLM_DTYPE_U8);
  if (n != NULL)
    *n = view.n_bytes;
  return vlm_tensor_view_read_all (&view, NULL);
}

static gboolean
check_count (const char *name, gsize n, gsize n_expected)
{
  if (n == n_expected)
    return TRUE;
  g_test_message ("%s: %" G_GSIZE_FORMAT " values, expected %" G_GSIZE_FORMAT,
      name, n, n_expected);
  g_test_fail ();
  return FALSE;
}

float
golden_check_floats (const Golden *golden, const char *name,
    const float *values, gsize n, float tolerance)
{
  gsize n_expected;
  g_autofree float *expected = golden_get_floats (golden, name, &n_expected);
  float worst = 0.0f;
  gsize place = 0;

  if (!check_count (name, n, n_expected))
    return INFINITY;
  for (gsize i = 0; i < n; i++) {
    float difference = fabsf (values[i] - expected[i]);

    if (isnan (difference))
      difference = INFINITY;
    if (difference > worst) {
      worst = difference;
      place = i;
    }
  }
  g_test_message ("%s: largest difference %g of %g allowed", name,
      (double) worst, (double) tolerance);
  if (worst > tolerance) {
    g_test_message ("%s[%" G_GSIZE_FORMAT "] is %.9g, expected %.9g", name,
        place, (double) values[place], (double) expected[place]);
    g_test_fail ();
  }
  return worst;
}

gboolean
golden_check_ints (
    const Golden *golden, const char *name, const gint32 *values, gsize n)
{
  gsize n_expected;
  g_autofree gint32 *expected = golden_get_ints (golden, name, &n_expected);

  if (!check_count (name, n, n_expected))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (values[i] != expected[i]) {
      g_test_message ("%s[%" G_GSIZE_FORMAT "] is %d, expected %d", name, i,
          values[i], expected[i]);
      g_test_fail ();
      return FALSE;
    }
  return TRUE;
}

char *
golden_data_path (const char *first, ...)
{
  g_autofree char *folder =
      g_test_build_filename (G_TEST_DIST, "data", first, NULL);
  GString *path = g_string_new (folder);
  va_list args;

  va_start (args, first);
  for (const char *part; (part = va_arg (args, const char *)) != NULL;)
    g_string_append_printf (path, "/%s", part);
  va_end (args);
  return g_string_free (path, FALSE);
}

char *
golden_shared_path (const char *relative)
{
  const char *shared = g_getenv ("VLM_SHARED");
  g_autofree char *path =
      g_build_filename (shared != NULL ? shared : "", relative, NULL);

  if (shared == NULL || !g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_test_skip ("the reference data is not there");
    return NULL;
  }
  return g_steal_pointer (&path);
}
