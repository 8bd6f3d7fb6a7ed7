/* gst-vlm: sub-allocation of device memory
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/memory.h"

#include <sys/mman.h>

#include <vlm/vlm-error.h>

#include "base/checked.h"
#include "vk/result.h"

#define MIB (G_GUINT64_CONSTANT (1) << 20)
/* Slabs of a memory type start small, so that a small model takes little, and
 * double until the driver's cost of an allocation is negligible. */
#define FIRST_SLAB_BYTES (8 * MIB)
#define MAX_SLAB_BYTES (64 * MIB)
/* From here on a slab would mostly hold one block: it gets its own memory,
 * which goes back to the driver as soon as it is freed. */
#define DEDICATED_BYTES (32 * MIB)
/* Small heaps, such as the 256 MiB window of a GPU without a resizable BAR,
 * are not to be filled by one slab. */
#define MIN_SLABS_PER_HEAP 16

typedef struct
{
  guint64 offset;
  guint64 n_bytes;
} Range;

struct _VlmVkSlab
{
  VkDeviceMemory memory;
  guint8 *mapped;
  guint64 n_bytes;
  guint32 type;
  gboolean dedicated;
  GArray *free; /* Range, by offset, never adjacent */
};

struct _VlmVkMemory
{
  VkDevice device;
  VkPhysicalDeviceMemoryProperties properties;
  GMutex lock;
  GPtrArray *slabs[VK_MAX_MEMORY_TYPES]; /* VlmVkSlab, not dedicated */
  guint64 now_bytes;
  guint64 peak_bytes;
  guint64 block_bytes;
};

VlmVkMemory *
vlm_vk_memory_new (
    VkDevice device, const VkPhysicalDeviceMemoryProperties *properties)
{
  VlmVkMemory *memory = g_new0 (VlmVkMemory, 1);
  memory->device = device;
  memory->properties = *properties;
  g_mutex_init (&memory->lock);
  for (guint i = 0; i < VK_MAX_MEMORY_TYPES; i++)
    memory->slabs[i] = g_ptr_array_new ();
  return memory;
}

void
vlm_vk_memory_destroy (VlmVkMemory *memory)
{
  if (memory == NULL)
    return;
  g_assert (memory->now_bytes == 0);
  for (guint i = 0; i < VK_MAX_MEMORY_TYPES; i++)
    g_ptr_array_unref (memory->slabs[i]);
  g_mutex_clear (&memory->lock);
  g_free (memory);
}

/* Device memory that the host sees is worth having only if it is the device's
 * main heap and not a small window of it. */
static gboolean
in_main_heap (const VlmVkMemory *memory, guint32 type)
{
  const VkPhysicalDeviceMemoryProperties *properties = &memory->properties;
  guint64 largest = 0;
  for (guint32 i = 0; i < properties->memoryHeapCount; i++)
    if ((properties->memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) !=
        0)
      largest = MAX (largest, properties->memoryHeaps[i].size);
  guint32 heap = properties->memoryTypes[type].heapIndex;
  return properties->memoryHeaps[heap].size == largest;
}

/* Higher is better; 0 will not do. Only coherent memory is ever mapped, so no
 * range needs flushing. */
static guint
type_score (const VlmVkMemory *memory, guint32 type, VlmVkBufferUse use)
{
  VkMemoryPropertyFlags flags =
      memory->properties.memoryTypes[type].propertyFlags;
  const VkMemoryPropertyFlags host = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
      VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  gboolean local = (flags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT) != 0;
  gboolean mapped = (flags & host) == host;
  gboolean cached = (flags & VK_MEMORY_PROPERTY_HOST_CACHED_BIT) != 0;

  /* Needs features that are not enabled. */
  if ((flags &
          ~(host | VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT |
              VK_MEMORY_PROPERTY_HOST_CACHED_BIT)) != 0)
    return 0;
  switch (use) {
  case VLM_VK_BUFFER_DEVICE:
    if (!in_main_heap (memory, type) && local)
      return 2;
    return 1 + (local ? 4 : 0) + (mapped ? 1 : 0) + (cached ? 1 : 0);
  case VLM_VK_BUFFER_UPLOAD:
    return mapped ? 1 + (local ? 0 : 2) + (cached ? 0 : 1) : 0;
  case VLM_VK_BUFFER_READBACK:
    return mapped ? 1 + (local ? 0 : 1) + (cached ? 2 : 0) : 0;
  }
  g_assert_not_reached ();
}

static gboolean
choose_type (const VlmVkMemory *memory, guint32 type_bits, VlmVkBufferUse use,
    guint32 *type, GError **error)
{
  guint best = 0;
  for (guint32 i = 0; i < memory->properties.memoryTypeCount; i++) {
    guint score = (type_bits >> i & 1) != 0 ? type_score (memory, i, use) : 0;
    if (score > best) {
      best = score;
      *type = i;
    }
  }
  if (best > 0)
    return TRUE;
  g_set_error_literal (error, VLM_DEVICE_ERROR,
      VLM_DEVICE_ERROR_MISSING_FEATURE,
      "the Vulkan device has no memory type for this buffer");
  return FALSE;
}

static void
slab_destroy (VlmVkMemory *memory, VlmVkSlab *slab)
{
  /* Unmaps too. */
  vkFreeMemory (memory->device, slab->memory, NULL);
  memory->now_bytes -= slab->n_bytes;
  g_array_unref (slab->free);
  g_free (slab);
}

/* A software device's memory is the process's own, which comes in pages of 4 KiB
 * unless larger ones are requested: page faults take longer than packing the
 * weights. Memory of any other device refuses, and stays as it is. */
static void
ask_for_huge_pages (void *mapped, guint64 n_bytes)
{
#ifdef MADV_HUGEPAGE
  const guintptr page = 4096;
  const guintptr begin = ((guintptr) mapped + page - 1) & ~(page - 1);
  const guintptr end = ((guintptr) mapped + n_bytes) & ~(page - 1);
  if (end > begin)
    madvise ((void *) begin, end - begin, MADV_HUGEPAGE);
#endif
}

static VlmVkSlab *
slab_new (VlmVkMemory *memory, guint32 type, guint64 n_bytes,
    gboolean dedicated, GError **error)
{
  VkMemoryAllocateInfo info = {
    .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
    .allocationSize = n_bytes,
    .memoryTypeIndex = type,
  };
  VkDeviceMemory handle;
  if (!vlm_vk_call (
          error, vkAllocateMemory, memory->device, &info, NULL, &handle)) {
    g_prefix_error (error,
        "%" G_GUINT64_FORMAT " MiB, %" G_GUINT64_FORMAT " MiB already taken: ",
        vlm_div_round_up (n_bytes, MIB), memory->now_bytes / MIB);
    return NULL;
  }
  void *mapped = NULL;
  const VkMemoryPropertyFlags host = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
      VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  VkMemoryPropertyFlags flags =
      memory->properties.memoryTypes[type].propertyFlags;
  if ((flags & host) == host &&
      !vlm_vk_call (error, vkMapMemory, memory->device, handle, 0,
          VK_WHOLE_SIZE, 0, &mapped)) {
    vkFreeMemory (memory->device, handle, NULL);
    return NULL;
  }
  if (mapped != NULL)
    ask_for_huge_pages (mapped, n_bytes);

  VlmVkSlab *slab = g_new0 (VlmVkSlab, 1);
  slab->memory = handle;
  slab->mapped = mapped;
  slab->n_bytes = n_bytes;
  slab->type = type;
  slab->dedicated = dedicated;
  slab->free = g_array_new (FALSE, FALSE, sizeof (Range));
  Range all = { 0, n_bytes };
  g_array_append_val (slab->free, all);
  memory->now_bytes += n_bytes;
  memory->peak_bytes = MAX (memory->peak_bytes, memory->now_bytes);
  return slab;
}

/* The smallest free range of the slab that fits, or -1. */
static gssize
slab_find (const VlmVkSlab *slab, guint64 n_bytes, guint64 alignment)
{
  gssize best = -1;
  guint64 best_bytes = G_MAXUINT64;
  for (guint i = 0; i < slab->free->len; i++) {
    const Range *range = &g_array_index (slab->free, Range, i);
    guint64 skipped = vlm_align_up (range->offset, alignment) - range->offset;
    if (range->n_bytes >= skipped && range->n_bytes - skipped >= n_bytes &&
        range->n_bytes < best_bytes) {
      best = i;
      best_bytes = range->n_bytes;
    }
  }
  return best;
}

static void
slab_take (VlmVkSlab *slab, guint i, guint64 n_bytes, guint64 alignment,
    VlmVkBlock *block)
{
  Range *range = &g_array_index (slab->free, Range, i);
  guint64 offset = vlm_align_up (range->offset, alignment);
  Range before = { range->offset, offset - range->offset };
  Range after = { offset + n_bytes,
    range->offset + range->n_bytes - offset - n_bytes };

  if (before.n_bytes > 0 && after.n_bytes > 0) {
    *range = before;
    g_array_insert_val (slab->free, i + 1, after);
  } else if (before.n_bytes > 0) {
    *range = before;
  } else if (after.n_bytes > 0) {
    *range = after;
  } else {
    g_array_remove_index (slab->free, i);
  }
  block->slab = slab;
  block->memory = slab->memory;
  block->offset = offset;
  block->n_bytes = n_bytes;
  block->mapped = slab->mapped != NULL ? slab->mapped + offset : NULL;
}

static void
slab_give (VlmVkSlab *slab, Range freed)
{
  guint i = 0;
  while (i < slab->free->len &&
      g_array_index (slab->free, Range, i).offset < freed.offset)
    i++;
  if (i < slab->free->len) {
    Range *next = &g_array_index (slab->free, Range, i);
    g_assert (freed.offset + freed.n_bytes <= next->offset);
    if (freed.offset + freed.n_bytes == next->offset) {
      freed.n_bytes += next->n_bytes;
      g_array_remove_index (slab->free, i);
    }
  }
  if (i > 0) {
    Range *previous = &g_array_index (slab->free, Range, i - 1);
    g_assert (previous->offset + previous->n_bytes <= freed.offset);
    if (previous->offset + previous->n_bytes == freed.offset) {
      previous->n_bytes += freed.n_bytes;
      return;
    }
  }
  g_array_insert_val (slab->free, i, freed);
}

static gboolean
slab_is_empty (const VlmVkSlab *slab)
{
  return slab->free->len == 1 &&
      g_array_index (slab->free, Range, 0).n_bytes == slab->n_bytes;
}

static guint64
next_slab_bytes (const VlmVkMemory *memory, guint32 type, guint64 n_bytes)
{
  guint32 heap = memory->properties.memoryTypes[type].heapIndex;
  guint64 most = memory->properties.memoryHeaps[heap].size / MIN_SLABS_PER_HEAP;
  guint n_slabs = memory->slabs[type]->len;
  guint64 slab_bytes =
      n_slabs < 3 ? FIRST_SLAB_BYTES << n_slabs : MAX_SLAB_BYTES;
  slab_bytes = MIN (slab_bytes, MAX (most, MIB));
  return MAX (slab_bytes, vlm_align_up (n_bytes, MIB));
}

static gboolean
alloc_locked (VlmVkMemory *memory, guint32 type, guint64 n_bytes,
    guint64 alignment, VlmVkBlock *block, GError **error)
{
  GPtrArray *slabs = memory->slabs[type];
  VlmVkSlab *slab = NULL;

  if (n_bytes < DEDICATED_BYTES) {
    for (guint i = 0; i < slabs->len; i++) {
      slab = g_ptr_array_index (slabs, i);
      gssize found = slab_find (slab, n_bytes, alignment);
      if (found >= 0) {
        slab_take (slab, (guint) found, n_bytes, alignment, block);
        return TRUE;
      }
    }
    /* If there is no room for a slab there may still be room for this. */
    slab = slab_new (
        memory, type, next_slab_bytes (memory, type, n_bytes), FALSE, NULL);
    if (slab != NULL)
      g_ptr_array_add (slabs, slab);
  } else {
    slab = NULL;
  }
  if (slab == NULL)
    slab = slab_new (memory, type, n_bytes, TRUE, error);
  if (slab == NULL)
    return FALSE;
  slab_take (slab, 0, n_bytes, alignment, block);
  return TRUE;
}

gboolean
vlm_vk_memory_alloc (VlmVkMemory *memory,
    const VkMemoryRequirements *requirements, VlmVkBufferUse use,
    VlmVkBlock *block, GError **error)
{
  guint32 type = 0;
  *block = (VlmVkBlock){ 0 };
  if (!choose_type (memory, requirements->memoryTypeBits, use, &type, error))
    return FALSE;

  g_mutex_lock (&memory->lock);
  gboolean ok = alloc_locked (memory, type, requirements->size,
      MAX (requirements->alignment, 1), block, error);
  if (ok)
    memory->block_bytes += block->n_bytes;
  g_mutex_unlock (&memory->lock);
  block->cached = (memory->properties.memoryTypes[type].propertyFlags &
                      VK_MEMORY_PROPERTY_HOST_CACHED_BIT) != 0;
  return ok;
}

void
vlm_vk_memory_free (VlmVkMemory *memory, VlmVkBlock *block)
{
  VlmVkSlab *slab = block->slab;
  if (slab == NULL)
    return;
  g_mutex_lock (&memory->lock);
  memory->block_bytes -= block->n_bytes;
  slab_give (slab, (Range){ block->offset, block->n_bytes });
  if (slab_is_empty (slab)) {
    if (!slab->dedicated)
      g_ptr_array_remove_fast (memory->slabs[slab->type], slab);
    slab_destroy (memory, slab);
  }
  g_mutex_unlock (&memory->lock);
  *block = (VlmVkBlock){ 0 };
}

void
vlm_vk_memory_get_usage (VlmVkMemory *memory, guint64 *now_bytes,
    guint64 *peak_bytes, guint64 *block_bytes)
{
  g_mutex_lock (&memory->lock);
  if (now_bytes != NULL)
    *now_bytes = memory->now_bytes;
  if (peak_bytes != NULL)
    *peak_bytes = memory->peak_bytes;
  if (block_bytes != NULL)
    *block_bytes = memory->block_bytes;
  g_mutex_unlock (&memory->lock);
}
