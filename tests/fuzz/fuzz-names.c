/* gst-vlm: any text as a name of a tensor, of a shard, or of a model
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/checkpoint-look.h"
#include "io/limits.h"
#include "model/hub-cache.h"
#include "model/qwen2_5_vl/tensor-names.h"
#include "tests/fuzz/target.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  g_autofree char *name =
      g_strndup (data != NULL ? (const char *) data : "", n_bytes);
  g_autofree char *canonical = vlm_tensor_names_canonical (name);
  g_autofree char *stem = NULL;
  guint number, n_shards;

  if (canonical != NULL) {
    g_autofree char *again = vlm_tensor_names_canonical (canonical);

    g_assert_cmpstr (again, ==, canonical);
  }
  if (vlm_checkpoint_parse_shard (name, &stem, &number, &n_shards))
    g_assert_true (number >= 1 && number <= n_shards &&
        n_shards <= VLM_MAX_SHARDS && g_str_has_prefix (name, stem));
  (void) vlm_hub_is_id (name);
  return 0;
}
