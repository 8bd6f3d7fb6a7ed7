/* gst-vlm: any bytes as the pipeline cache
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/folder.h"
#include "tests/fuzz/target.h"
#include "vk/cache-file.h"

/* As they are; and, where the first one is even, with a digest that fits. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  static const VlmVkPhysical physical;
  g_autofree char *path = g_build_filename (fuzz_folder (), "cache", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) loaded = NULL;

  if (n_bytes > 0 && data[0] % 2 == 0) {
    vlm_vk_cache_file_save (path, data + 1, n_bytes - 1, &error);
    g_assert_no_error (error);
  } else {
    fuzz_write ("cache", data, n_bytes);
  }
  loaded = vlm_vk_cache_file_load (path, &physical);
  if (loaded != NULL)
    g_assert_cmpuint (g_bytes_get_size (loaded), <=, n_bytes);
  return 0;
}
