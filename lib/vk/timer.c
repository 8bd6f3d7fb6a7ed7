/* gst-vlm: time on the device
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/timer.h"

#include "base/log.h"
#include "vk/result.h"

#define POOL_TICKS 1024

typedef struct
{
  const char *label;
  const char *kernel;
} Span;

struct _VlmVkTimer
{
  GMutex lock;
  gint on;         /* atomic */
  GArray *timings; /* VlmVkTiming */
};

VlmVkTimer *
vlm_vk_timer_new (void)
{
  VlmVkTimer *timer = g_new0 (VlmVkTimer, 1);
  g_mutex_init (&timer->lock);
  timer->timings = g_array_new (FALSE, FALSE, sizeof (VlmVkTiming));
  return timer;
}

void
vlm_vk_timer_free (VlmVkTimer *timer)
{
  if (timer == NULL)
    return;
  g_array_unref (timer->timings);
  g_mutex_clear (&timer->lock);
  g_free (timer);
}

static gboolean
is_on (VlmVkTimer *timer)
{
  return g_atomic_int_get (&timer->on);
}

void
vlm_vk_device_set_timing (VlmVkDevice *device, gboolean on)
{
  VlmVkTimer *timer = device->timer;
  g_atomic_int_set (&timer->on, on && device->physical.caps.timestamp_ns > 0);
  g_mutex_lock (&timer->lock);
  g_array_set_size (timer->timings, 0);
  g_mutex_unlock (&timer->lock);
}

static int
compare_timings (gconstpointer a, gconstpointer b)
{
  guint64 ns_a = ((const VlmVkTiming *) a)->ns;
  guint64 ns_b = ((const VlmVkTiming *) b)->ns;
  return (ns_a < ns_b) - (ns_a > ns_b);
}

GArray *
vlm_vk_timer_get_timings (VlmVkTimer *timer)
{
  g_mutex_lock (&timer->lock);
  GArray *copy = g_array_copy (timer->timings);
  g_mutex_unlock (&timer->lock);
  g_array_sort (copy, compare_timings);
  return copy;
}

static void
add_time (VlmVkTimer *timer, const Span *span, guint64 ns)
{
  for (guint i = 0; i < timer->timings->len; i++) {
    VlmVkTiming *timing = &g_array_index (timer->timings, VlmVkTiming, i);
    if (g_strcmp0 (timing->label, span->label) == 0 &&
        g_strcmp0 (timing->kernel, span->kernel) == 0) {
      timing->n_times++;
      timing->ns += ns;
      return;
    }
  }
  VlmVkTiming timing = { span->label, span->kernel, 1, ns };
  g_array_append_val (timer->timings, timing);
}

void
vlm_vk_ticks_init (VlmVkTicks *ticks)
{
  *ticks = (VlmVkTicks){
    .pools = g_array_new (FALSE, FALSE, sizeof (VkQueryPool)),
    .spans = g_array_new (FALSE, FALSE, sizeof (Span)),
  };
}

void
vlm_vk_ticks_clear (VlmVkTicks *ticks, VlmVkDevice *device)
{
  for (guint i = 0; i < ticks->pools->len; i++)
    vkDestroyQueryPool (
        device->handle, g_array_index (ticks->pools, VkQueryPool, i), NULL);
  g_array_unref (ticks->pools);
  g_array_unref (ticks->spans);
}

static gboolean
add_tick (VlmVkTicks *ticks, VlmVkDevice *device, VkCommandBuffer commands,
    GError **error)
{
  guint i_pool = ticks->n_ticks / POOL_TICKS;
  if (i_pool == ticks->pools->len) {
    VkQueryPoolCreateInfo info = {
      .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
      .queryType = VK_QUERY_TYPE_TIMESTAMP,
      .queryCount = POOL_TICKS,
    };
    VkQueryPool pool;
    if (!vlm_vk_call (
            error, vkCreateQueryPool, device->handle, &info, NULL, &pool))
      return FALSE;
    g_array_append_val (ticks->pools, pool);
  }
  VkQueryPool pool = g_array_index (ticks->pools, VkQueryPool, i_pool);
  guint query = ticks->n_ticks++ % POOL_TICKS;
  if (query == 0)
    vkCmdResetQueryPool (commands, pool, 0, POOL_TICKS);
  vkCmdWriteTimestamp (
      commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, pool, query);
  return TRUE;
}

gboolean
vlm_vk_ticks_begin (VlmVkTicks *ticks, VlmVkDevice *device,
    VkCommandBuffer commands, GError **error)
{
  ticks->n_ticks = 0;
  g_array_set_size (ticks->spans, 0);
  ticks->on = is_on (device->timer);
  return !ticks->on || add_tick (ticks, device, commands, error);
}

gboolean
vlm_vk_ticks_add (VlmVkTicks *ticks, VlmVkDevice *device,
    VkCommandBuffer commands, const char *label, const char *kernel,
    GError **error)
{
  if (!ticks->on)
    return TRUE;
  if (!add_tick (ticks, device, commands, error))
    return FALSE;
  Span span = { label, kernel };
  g_array_append_val (ticks->spans, span);
  return TRUE;
}

static gboolean
read_ticks (VlmVkTicks *ticks, VlmVkDevice *device, guint64 *values)
{
  for (guint done = 0; done < ticks->n_ticks; done += POOL_TICKS) {
    guint n = MIN (ticks->n_ticks - done, POOL_TICKS);
    VkQueryPool pool =
        g_array_index (ticks->pools, VkQueryPool, done / POOL_TICKS);
    g_autoptr (GError) error = NULL;
    VkResult result = vlm_vk_device_note (device,
        vlm_vk_try (&error, vkGetQueryPoolResults, device->handle, pool, 0, n,
            n * sizeof *values, values + done, sizeof *values,
            VK_QUERY_RESULT_64_BIT));
    if (result < 0)
      vlm_warning ("timings are lost: %s", error->message);
    if (result != VK_SUCCESS)
      return FALSE;
  }
  return TRUE;
}

void
vlm_vk_ticks_collect (VlmVkTicks *ticks, VlmVkDevice *device)
{
  if (!ticks->on || ticks->spans->len == 0)
    return;
  g_autofree guint64 *values = g_new0 (guint64, ticks->n_ticks);
  if (!read_ticks (ticks, device, values))
    return;
  VlmVkTimer *timer = device->timer;
  g_mutex_lock (&timer->lock);
  for (guint i = 0; i < ticks->spans->len; i++) {
    guint64 n = values[i + 1] > values[i] ? values[i + 1] - values[i] : 0;
    add_time (timer, &g_array_index (ticks->spans, Span, i),
        (guint64) ((double) n * (double) device->physical.caps.timestamp_ns));
  }
  g_mutex_unlock (&timer->lock);
}
