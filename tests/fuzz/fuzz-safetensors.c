/* gst-vlm: any bytes as a safetensors file
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/safetensors.h"
#include "tests/fuzz/target.h"

/* Every byte that the table of contents promises is there. */
static void
read_all (const VlmSafetensors *tensors)
{
  for (guint i = 0; i < vlm_safetensors_get_n_tensors (tensors); i++) {
    g_auto (VlmTensorView) view = { 0 };
    gboolean found = vlm_safetensors_find (
        tensors, vlm_safetensors_get_name (tensors, i), &view);
    g_autofree guint8 *data = vlm_tensor_view_read_all (&view, NULL);
    float value;

    g_assert_true (found && data != NULL);
    if (view.n_elements > 0 &&
        (view.dtype == VLM_DTYPE_F32 || view.dtype == VLM_DTYPE_BF16))
      g_assert_true (vlm_tensor_view_read_floats (
          &view, view.n_elements - 1, 1, &value, NULL));
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, n_bytes);
  g_autoptr (VlmDataFile) file = vlm_data_file_new_from_bytes (bytes, "fuzz");
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmSafetensors) tensors = vlm_safetensors_new (file, &error);

  g_assert_true ((tensors != NULL) == (error == NULL));
  if (tensors != NULL)
    read_all (tensors);
  return 0;
}
