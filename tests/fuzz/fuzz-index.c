/* gst-vlm: any bytes as the index of shards
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/tensor-source.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/target.h"

/* A tensor "a" of four bytes. */
static const char shard[] =
    "\x3a\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[1],"
    "\"data_offsets\":[0,4]}}     \0\0\0";

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  g_autofree char *path =
      g_build_filename (fuzz_folder (), "model.safetensors.index.json", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmTensorSource) source = NULL;

  fuzz_write ("a.safetensors", shard, sizeof shard);
  fuzz_write ("model.safetensors.index.json", data, n_bytes);
  source = vlm_tensor_source_open (path, &error);
  g_assert_true ((source != NULL) == (error == NULL));
  if (source == NULL)
    return 0;

  g_autoptr (GPtrArray) names = vlm_tensor_source_list (source);
  g_assert_cmpuint (names->len, <=, 1);
  for (guint i = 0; i < names->len; i++)
    g_assert_true (vlm_tensor_source_find (source, names->pdata[i], NULL));
  g_autofree char *why = vlm_tensor_source_explain (source, "b");
  g_autofree char *why_any = vlm_tensor_source_explain (source, NULL);
  return 0;
}
