/* gst-vlm: any bytes as config.json
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/weights.h"
#include "tests/fuzz/target.h"

/* What was accepted can be laid out: no size is zero, none overflows. */
static void
check_sizes (const VlmConfig *config)
{
  g_autoptr (VlmWeightList) list =
      vlm_weight_list_new (config, VLM_TENSOR_NAMES_HUGGING_FACE);
  guint64 n_elements = 0;

  for (guint i = 0; i < list->n_items; i++) {
    const VlmWeightItem *item = &list->items[i];
    guint64 n = item->n_in;

    g_assert_true (item->n_out > 0 &&
        g_uint64_checked_mul (&n, n, item->n_out) &&
        g_uint64_checked_add (&n_elements, n_elements, n) &&
        g_uint64_checked_mul (&n, n, sizeof (float)));
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t n_bytes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmConfig) config = vlm_config_new_from_data (
      data != NULL ? (const char *) data : "", n_bytes, "fuzz", &error);

  g_assert_true ((config != NULL) == (error == NULL));
  if (config != NULL)
    check_sizes (config);
  return 0;
}
