/* gst-vlm: tests of where barriers are needed
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/barrier.h"

/* Only compared, never looked into. */
#define BUFFER(i) ((const VlmVkBuffer *) GSIZE_TO_POINTER (16 * ((i) + 1)))

static void
test_conflicts (void)
{
  const struct
  {
    VlmVkAccess first, second;
    guint buffer;
    guint64 begin, end;
    gboolean conflict;
  } cases[] = {
    { VLM_VK_READ, VLM_VK_READ, 0, 100, 200, FALSE },
    { VLM_VK_WRITE, VLM_VK_READ, 0, 100, 200, TRUE },
    { VLM_VK_READ, VLM_VK_WRITE, 0, 100, 200, TRUE },
    { VLM_VK_WRITE, VLM_VK_WRITE, 0, 100, 200, TRUE },
    { VLM_VK_READ_WRITE, VLM_VK_READ, 0, 100, 200, TRUE },
    { VLM_VK_READ, VLM_VK_READ_WRITE, 0, 100, 200, TRUE },
    { VLM_VK_WRITE, VLM_VK_WRITE, 1, 100, 200, FALSE },
    { VLM_VK_WRITE, VLM_VK_WRITE, 0, 0, 100, FALSE },
    { VLM_VK_WRITE, VLM_VK_WRITE, 0, 200, 300, FALSE },
    { VLM_VK_WRITE, VLM_VK_READ, 0, 0, 101, TRUE },
    { VLM_VK_WRITE, VLM_VK_READ, 0, 199, 300, TRUE },
    { VLM_VK_WRITE, VLM_VK_READ, 0, 0, 300, TRUE },
    { VLM_VK_WRITE, VLM_VK_READ, 0, 150, 160, TRUE },
    { VLM_VK_WRITE_APART, VLM_VK_WRITE_APART, 0, 100, 200, FALSE },
    { VLM_VK_WRITE_APART, VLM_VK_WRITE, 0, 100, 200, TRUE },
    { VLM_VK_WRITE, VLM_VK_WRITE_APART, 0, 100, 200, TRUE },
    { VLM_VK_WRITE_APART, VLM_VK_READ, 0, 100, 200, TRUE },
    { VLM_VK_READ, VLM_VK_WRITE_APART, 0, 100, 200, TRUE },
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VlmVkBarrier barrier;
    VlmVkSpan first = { BUFFER (0), 100, 200, cases[i].first };
    VlmVkSpan second = { BUFFER (cases[i].buffer), cases[i].begin, cases[i].end,
      cases[i].second };
    vlm_vk_barrier_init (&barrier);
    vlm_vk_barrier_add (&barrier, &first, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
    g_assert_cmpint (
        vlm_vk_barrier_conflicts (&barrier, &second), ==, cases[i].conflict);
    vlm_vk_barrier_reset (&barrier);
    g_assert_false (vlm_vk_barrier_conflicts (&barrier, &second));
    vlm_vk_barrier_clear (&barrier);
  }
}

/* The same span again widens its access, and does not narrow it. */
static void
test_same_span (void)
{
  VlmVkBarrier barrier;
  VlmVkSpan span = { BUFFER (0), 0, 64, VLM_VK_WRITE };
  VlmVkSpan reader = { BUFFER (0), 0, 64, VLM_VK_READ };
  vlm_vk_barrier_init (&barrier);
  vlm_vk_barrier_add (&barrier, &span, VK_PIPELINE_STAGE_TRANSFER_BIT);
  vlm_vk_barrier_add (&barrier, &reader, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
  g_assert_true (vlm_vk_barrier_conflicts (&barrier, &reader));
  g_assert_cmphex (barrier.stages, ==,
      VK_PIPELINE_STAGE_TRANSFER_BIT | VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
  g_assert_cmphex (barrier.writes, ==, VK_ACCESS_TRANSFER_WRITE_BIT);
  vlm_vk_barrier_clear (&barrier);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vk/barrier/conflicts", test_conflicts);
  g_test_add_func ("/vk/barrier/same-span", test_same_span);
  return g_test_run ();
}
