/* gst-vlm: tests of buffers, their memory and their transfers
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "support/vk-test.h"

#include "vk/buffer-private.h"

#define MIB ((guint64) 1 << 20)

typedef struct
{
  VlmVkBlock block;
  guint64 n_bytes;
} Piece;

static void
check_pieces (GArray *pieces)
{
  for (guint i = 0; i < pieces->len; i++) {
    const VlmVkBlock *a = &g_array_index (pieces, Piece, i).block;
    for (guint k = i + 1; k < pieces->len; k++) {
      const VlmVkBlock *b = &g_array_index (pieces, Piece, k).block;
      g_assert_true (a->memory != b->memory ||
          a->offset + a->n_bytes <= b->offset ||
          b->offset + b->n_bytes <= a->offset);
    }
  }
}

/* Random sizes and alignments, taken and given back in random order. */
static void
test_pieces (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) pieces = g_array_new (FALSE, TRUE, sizeof (Piece));
  VlmVkMemory *memory = device->memory;
  guint64 n_used = 0, now_bytes, peak_bytes, block_bytes;

  for (guint step = 0; step < 3000; step++) {
    if (pieces->len == 0 ||
        (pieces->len < 120 && g_test_rand_int_range (0, 100) < 55)) {
      Piece piece = { 0 };
      guint order = (guint) g_test_rand_int_range (4, 24);
      VkMemoryRequirements need = {
        .size = (guint64) g_test_rand_int_range (1, 1 << order),
        .alignment = (guint64) 1 << g_test_rand_int_range (0, 13),
        .memoryTypeBits = G_MAXUINT32,
      };
      VlmVkBufferUse use = (VlmVkBufferUse) g_test_rand_int_range (0, 3);
      vlm_vk_memory_alloc (memory, &need, use, &piece.block, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (piece.block.offset % need.alignment, ==, 0);
      g_assert_cmpuint (piece.block.n_bytes, ==, need.size);
      g_assert_true (use == VLM_VK_BUFFER_DEVICE || piece.block.mapped);
      n_used += need.size;
      g_array_append_val (pieces, piece);
    } else {
      guint i = (guint) g_test_rand_int_range (0, (gint32) pieces->len);
      Piece *piece = &g_array_index (pieces, Piece, i);
      n_used -= piece->block.n_bytes;
      vlm_vk_memory_free (memory, &piece->block);
      g_array_remove_index_fast (pieces, i);
    }
    if (step % 100 == 0)
      check_pieces (pieces);
    vlm_vk_memory_get_usage (memory, &now_bytes, &peak_bytes, &block_bytes);
    g_assert_cmpuint (block_bytes, ==, n_used);
    g_assert_cmpuint (now_bytes, >=, n_used);
    g_assert_cmpuint (peak_bytes, >=, now_bytes);
  }
  for (guint i = 0; i < pieces->len; i++)
    vlm_vk_memory_free (memory, &g_array_index (pieces, Piece, i).block);
  vlm_vk_memory_get_usage (memory, &now_bytes, NULL, &block_bytes);
  g_assert_cmpuint (block_bytes, ==, 0);
  g_assert_cmpuint (now_bytes, ==, 0);
}

/* Many small buffers share few allocations; a large one has its own, which is
 * given back with it. */
static void
test_slabs (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  guint64 small_bytes, large_bytes, after_bytes;
  VlmVkBuffer *small[200];
  for (guint i = 0; i < G_N_ELEMENTS (small); i++)
    small[i] = vk_test_buffer (device, 1000 + i);
  vlm_vk_device_get_usage (device, &small_bytes, NULL);
  g_assert_cmpuint (small_bytes, <=, 8 * MIB);

  VlmVkBuffer *large = vk_test_buffer (device, 40 * MIB);
  vlm_vk_device_get_usage (device, &large_bytes, NULL);
  g_assert_cmpuint (large_bytes, >=, small_bytes + 40 * MIB);
  g_assert_cmpuint (large_bytes, <, small_bytes + 41 * MIB);
  vlm_vk_buffer_unref (large);
  vlm_vk_device_get_usage (device, &after_bytes, NULL);
  g_assert_cmpuint (after_bytes, ==, small_bytes);

  for (guint i = 0; i < G_N_ELEMENTS (small); i++)
    vlm_vk_buffer_unref (small[i]);
  vlm_vk_device_get_usage (device, &after_bytes, NULL);
  g_assert_cmpuint (after_bytes, ==, 0);
}

static guint8
pattern (guint64 i)
{
  return (guint8) (i * 31 + i / 251);
}

static void
fill_pattern (guint8 *target, guint64 offset, gsize n_bytes, gpointer user_data)
{
  guint *n_calls = user_data;
  if (n_calls != NULL)
    (*n_calls)++;
  for (gsize i = 0; i < n_bytes; i++)
    target[i] = pattern (offset + i);
}

static void
check_range (VlmVkBuffer *buffer, guint64 offset, guint64 n_bytes)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *got = g_malloc (n_bytes);
  vlm_vk_buffer_read (buffer, offset, got, n_bytes, &error);
  g_assert_no_error (error);
  for (guint64 i = 0; i < n_bytes; i++)
    if (got[i] != pattern (i))
      g_error (
          "byte %" G_GUINT64_FORMAT " is %u, not %u", i, got[i], pattern (i));
}

/* Around the size of a staging slot, at odd offsets, with bytes around that
 * must stay. */
static void
transfer (VlmVkDevice *device)
{
  const struct
  {
    guint64 offset, n_bytes;
    gsize granule_bytes;
  } cases[] = {
    { 0, 1, 1 },
    { 3, 5, 1 },
    { 0, 4096, 16 },
    { 17, 8 * MIB - 1, 1 },
    { 4, 8 * MIB, 4 },
    { 1, 8 * MIB + 1, 1 },
    { 256, 20 * MIB, 3000 },
    { 0, 21 * MIB, 10 * MIB },
  };
  g_autoptr (GError) error = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    guint64 end = cases[i].offset + cases[i].n_bytes;
    g_autoptr (VlmVkBuffer) buffer = vk_test_buffer (device, end + 16);
    guint8 marks[16], got[16];
    guint n_calls = 0;
    memset (marks, 0xa5, sizeof marks);
    vlm_vk_buffer_write (buffer, 0, marks, MIN (cases[i].offset, 16), &error);
    g_assert_no_error (error);
    vlm_vk_buffer_write (buffer, end, marks, 16, &error);
    g_assert_no_error (error);
    vlm_vk_buffer_fill (buffer, cases[i].offset, cases[i].n_bytes,
        cases[i].granule_bytes, fill_pattern, &n_calls, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (n_calls, >=, 1);
    if (vlm_vk_buffer_map (buffer) == NULL && cases[i].n_bytes > 10 * MIB)
      g_assert_cmpuint (n_calls, >, 1);
    check_range (buffer, cases[i].offset, cases[i].n_bytes);
    vlm_vk_buffer_read (buffer, end, got, 16, &error);
    g_assert_no_error (error);
    g_assert_cmpmem (got, 16, marks, 16);
    gsize n_before = MIN (cases[i].offset, 16);
    vlm_vk_buffer_read (buffer, 0, got, n_before, &error);
    g_assert_no_error (error);
    g_assert_cmpmem (got, n_before, marks, n_before);
  }
}

static void
test_transfer (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device != NULL)
    transfer (device);
}

static VlmVkDevice *
open_unmapped (void)
{
  g_setenv ("VLM_NO_MAP", "1", TRUE);
  VlmVkDevice *device = vk_test_open ();
  g_unsetenv ("VLM_NO_MAP");
  return device;
}

static void
test_staged_transfer (void)
{
  g_autoptr (VlmVkDevice) device = open_unmapped ();
  if (device == NULL)
    return;
  g_autoptr (VlmVkBuffer) buffer = vk_test_buffer (device, 16);
  g_assert_null (vlm_vk_buffer_map (buffer));
  transfer (device);
}

/* What is staged is seen by dispatches, and what they write is read back. */
static void
test_staged_dispatch (void)
{
  g_autoptr (VlmVkDevice) device = open_unmapped ();
  if (device == NULL)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmVkBuffer) buffer = vk_test_buffer (device, 4096);
  g_autoptr (VlmVkCommands) commands = vlm_vk_commands_new (device, &error);
  g_assert_no_error (error);
  VlmVkPipeline *pipeline = vk_test_affine_get (device, 2, 3);
  guint32 values[1024];
  for (guint round = 0; round < 4; round++) {
    for (guint i = 0; i < G_N_ELEMENTS (values); i++)
      values[i] = i * (round + 1);
    vlm_vk_buffer_write (buffer, 0, values, sizeof values, &error);
    g_assert_no_error (error);
    vk_test_run_affine (commands, pipeline, buffer, 0, buffer, 0, 1024);
    vk_test_finish (device, commands);
    vlm_vk_buffer_read (buffer, 0, values, sizeof values, &error);
    g_assert_no_error (error);
    for (guint i = 0; i < G_N_ELEMENTS (values); i++)
      g_assert_cmpuint (values[i], ==, i * (round + 1) * 2 + 3);
  }
}

static gpointer
stage_some (gpointer data)
{
  VlmVkDevice *device = data;
  g_autoptr (GError) error = NULL;
  for (guint i = 0; i < 5; i++) {
    g_autoptr (VlmVkBuffer) buffer = vk_test_buffer (device, MIB);
    vlm_vk_buffer_fill (buffer, 0, MIB, 4, fill_pattern, NULL, &error);
    g_assert_no_error (error);
    check_range (buffer, 0, MIB);
  }
  return NULL;
}

static void
test_staged_threads (void)
{
  g_autoptr (VlmVkDevice) device = open_unmapped ();
  if (device == NULL)
    return;
  GThread *threads[4];
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("stage", stage_some, device);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

static void
test_uses (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmVkBuffer) up =
      vlm_vk_buffer_new (device, 100, VLM_VK_BUFFER_UPLOAD, &error);
  g_assert_no_error (error);
  g_autoptr (VlmVkBuffer) down =
      vlm_vk_buffer_new (device, 100, VLM_VK_BUFFER_READBACK, &error);
  g_assert_no_error (error);
  g_autoptr (VlmVkBuffer) middle = vk_test_buffer (device, 100);
  g_autoptr (VlmVkCommands) commands = vlm_vk_commands_new (device, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (vlm_vk_buffer_get_size (up), ==, 100);
  g_assert_nonnull (vlm_vk_buffer_map (up));
  g_assert_nonnull (vlm_vk_buffer_map (down));

  fill_pattern (vlm_vk_buffer_map (up), 0, 100, NULL);
  vlm_vk_commands_copy (commands, up, 0, middle, 0, 100);
  vlm_vk_commands_copy (commands, middle, 0, down, 0, 100);
  vk_test_finish (device, commands);
  g_assert_cmpmem (vlm_vk_buffer_map (down), 100, vlm_vk_buffer_map (up), 100);
}

static void
test_views (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmVkBuffer) buffer = vk_test_buffer (device, MIB);
  VkBufferView first = vlm_vk_buffer_get_view (
      buffer, VK_FORMAT_R32G32B32A32_SFLOAT, 0, 4096, &error);
  g_assert_no_error (error);
  VkBufferView other =
      vlm_vk_buffer_get_view (buffer, VK_FORMAT_R32_UINT, 256, 4096, &error);
  g_assert_no_error (error);
  g_assert_true (first != other);

  /* Those in use or given out survive any number of others. */
  VlmVkView *used =
      vlm_vk_buffer_use_view (buffer, VK_FORMAT_R32_SINT, 512, 64, &error);
  g_assert_no_error (error);
  for (guint i = 1; i <= 1000; i++) {
    VlmVkView *view = vlm_vk_buffer_use_view (
        buffer, VK_FORMAT_R32_SFLOAT, 1024, 4 * i, &error);
    g_assert_no_error (error);
    vlm_vk_buffer_release_view (buffer, view);
  }
  g_assert_cmpuint (g_hash_table_size (buffer->views), <=, 256);
  g_assert_true (first ==
      vlm_vk_buffer_get_view (
          buffer, VK_FORMAT_R32G32B32A32_SFLOAT, 0, 4096, &error));
  VlmVkView *again =
      vlm_vk_buffer_use_view (buffer, VK_FORMAT_R32_SINT, 512, 64, &error);
  g_assert_true (used == again);
  vlm_vk_buffer_release_view (buffer, used);
  vlm_vk_buffer_release_view (buffer, again);
}

/* More than the device can ever have is an error with its limit in it. */
static void
test_too_large (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  const guint64 sizes[] = { G_MAXUINT64, G_MAXUINT64 - 15,
    vlm_vk_device_get_caps (device)->max_allocation_bytes + 1 };
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (
        vlm_vk_buffer_new (device, sizes[i], VLM_VK_BUFFER_DEVICE, &error));
    g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vk/memory/pieces", test_pieces);
  g_test_add_func ("/vk/memory/slabs", test_slabs);
  g_test_add_func ("/vk/buffer/transfer", test_transfer);
  g_test_add_func ("/vk/buffer/staged-transfer", test_staged_transfer);
  g_test_add_func ("/vk/buffer/staged-dispatch", test_staged_dispatch);
  g_test_add_func ("/vk/buffer/staged-threads", test_staged_threads);
  g_test_add_func ("/vk/buffer/uses", test_uses);
  g_test_add_func ("/vk/buffer/views", test_views);
  g_test_add_func ("/vk/buffer/too-large", test_too_large);
  return g_test_run ();
}
