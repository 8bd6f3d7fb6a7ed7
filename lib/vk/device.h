/* gst-vlm: one Vulkan device: choosing, opening, queue, memory
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <vulkan/vulkan.h>

/* Atomic reference count. Thread-safe: the queue and the allocator lock
 * themselves. */
typedef struct _VlmVkDevice VlmVkDevice;

#define VLM_VK_MAX_PRODUCTS 16

/* A product of cooperative matrices that the invocations of a subgroup make:
 * [m, k] by [k, n], f16 with sums in f32, or s8 with sums in s32. */
typedef struct
{
  gboolean is_int8;
  guint32 m, n, k;
} VlmVkProduct;

/* Properties of the device for choosing a shader. Constant after opening. */
typedef struct
{
  char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
  guint8 uuid[VK_UUID_SIZE];
  guint32 vendor_id;
  guint32 device_id;
  gboolean is_cpu;           /* a software rasteriser, such as lavapipe */
  guint32 subgroup_size;     /* of every pipeline that is made here */
  guint32 min_subgroup_size; /* what the device could do */
  guint32 max_subgroup_size;
  VkSubgroupFeatureFlags subgroup_ops; /* in compute shaders */
  gboolean has_fixed_subgroups;        /* every one is of subgroup_size */
  VlmVkProduct products[VLM_VK_MAX_PRODUCTS]; /* of cooperative matrices */
  guint n_products;
  guint32 max_shared_bytes;
  guint32 max_workgroup_invocations;
  guint32 max_workgroup_count[3];
  guint64 max_storage_range;  /* bytes in one storage-buffer binding */
  guint64 max_texel_elements; /* texels in one buffer view */
  guint64 max_allocation_bytes;
  guint64 heap_bytes; /* of the device-local heap */
  float timestamp_ns; /* ns in a tick; 0 without timestamps */
} VlmVkCaps;

/* "index: name (type, driver, UUID)", a line each. (transfer full), strv */
char **vlm_vk_device_list (GError **error);

/* VLM_NO_MAP=1 in the environment leaves device buffers unmapped, so that the
 * way of devices with memory of their own is tested on any device.
 * @selector: NULL for the best, or an index, a UUID, or part of a name (case
 * does not matter). VLM_DEVICE_ERROR_NO_DEVICE lists what there is. */
VlmVkDevice *vlm_vk_device_open (const char *selector, GError **error);
/* A device on which pipelines are only compiled and inspected, and nothing runs;
 * its driver may only simulate it. */
VlmVkDevice *
vlm_vk_device_open_to_compile (const char *selector, GError **error);
/* Which device that would open, without opening it. */
gboolean vlm_vk_device_find (
    const char *selector, guint8 uuid[VK_UUID_SIZE], GError **error);
VlmVkDevice *vlm_vk_device_ref (VlmVkDevice *device);
void vlm_vk_device_unref (VlmVkDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmVkDevice, vlm_vk_device_unref)

const VlmVkCaps *vlm_vk_device_get_caps (VlmVkDevice *device);
VkDevice vlm_vk_device_get_handle (VlmVkDevice *device);

/* The file that keeps findings about this device with this driver between
 * processes, in the folder of the pipeline cache (VLM_CACHE_DIR, or the user's),
 * which may not exist. @suffix: with a dot. (transfer full) */
char *vlm_vk_device_get_cache_path (
    VlmVkDevice *device, const char *name, const char *suffix);

/* Bytes that are allocated from the driver, and the most that ever were. */
void vlm_vk_device_get_usage (
    VlmVkDevice *device, guint64 *now_bytes, guint64 *peak_bytes);

/* Bytes of the largest device-local heap that are left for this process: by
 * VK_EXT_memory_budget, which counts what others have. TRUE then; FALSE where
 * there is no budget, and all that is known is the size of the heap. */
gboolean vlm_vk_device_get_free (VlmVkDevice *device, guint64 *n_bytes);
/* Bytes that copies to memory which is not mapped pass through. */
guint64 vlm_vk_device_get_staging_bytes (VlmVkDevice *device);

/* TRUE for ever once a call has reported it: a new device must be opened. */
gboolean vlm_vk_device_is_lost (VlmVkDevice *device);

/* Messages of the validation layers since the process began; 0 when they are
 * off. They are on with VLM_VALIDATE=1 in the environment (synchronization
 * validation too); VLM_VALIDATE=fatal aborts at the first message. */
guint vlm_vk_validation_count (void);
/* FALSE when VLM_VALIDATE is not set, or the layers are not installed (then
 * opening a device warns, and nothing is validated). */
gboolean vlm_vk_validation_available (void);

/* Waits until the timeline reaches @value. A cancelled @cancellable ends the
 * wait with G_IO_ERROR_CANCELLED within a few milliseconds; the work itself
 * continues and its resources stay alive until it is done. */
gboolean vlm_vk_device_wait (VlmVkDevice *device, guint64 value,
    GCancellable *cancellable, GError **error);

/* Time on the device by label and kernel, in completed work; for benchmarks. It
 * costs a timestamp for each dispatch, and it is off until it is set. Setting
 * it, on or off, forgets what was measured. Without timestamps it stays off. */
typedef struct
{
  const char *label;  /* of vlm_vk_commands_label (), or NULL */
  const char *kernel; /* name of the shader, "copy" or "fill" */
  guint64 n_times;
  guint64 ns;
} VlmVkTiming;

void vlm_vk_device_set_timing (VlmVkDevice *device, gboolean on);
/* VlmVkTiming, the longest first. (transfer full) */
GArray *vlm_vk_device_get_timings (VlmVkDevice *device);
