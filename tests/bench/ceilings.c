/* gst-vlm: the best that the machine can do
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ceilings.h"

#include "vlm-shaders.h"
#include "vk/command.h"

#define N_REPEATS 7
#define READ_BYTES ((gsize) 256 << 20)
#define N_ACCUMULATORS 12

typedef float Vector __attribute__ ((vector_size (32)));

/* What one thread of a CPU measurement does; result keeps it from being
 * optimised away. Aligned as vectors are, which the heap by itself is not. */
typedef struct
{
  const Vector *data;
  gsize n;
  Vector result;
} Share;

__attribute__ ((
    target_clones ("avx2,fma", "default"), optimize ("O3"))) static gpointer
read_share (gpointer user_data)
{
  Share *share = user_data;
  Vector sums[8] = { { 0 } };

  for (gsize i = 0; i + 8 <= share->n; i += 8)
    for (guint k = 0; k < 8; k++)
      sums[k] += share->data[i + k];
  for (guint k = 0; k < 8; k++)
    share->result += sums[k];
  return NULL;
}

__attribute__ ((target_clones ("avx2,fma", "default"),
    optimize ("O3", "fp-contract=fast"))) static gpointer
multiply_share (gpointer user_data)
{
  Share *share = user_data;
  Vector a[N_ACCUMULATORS] = { { 0 } };
  Vector x = share->data[0] + 1.0001f;
  Vector y = share->data[1] + 0.9f;

  for (gsize i = 0; i < share->n; i++)
    for (guint k = 0; k < N_ACCUMULATORS; k++)
      a[k] = a[k] * x + y;
  for (guint k = 0; k < N_ACCUMULATORS; k++)
    share->result += a[k];
  return NULL;
}

/* Seconds of the fastest of several rounds on all cores. */
static double
run_threads (GThreadFunc work, const Vector *data, gsize n, gboolean split)
{
  guint n_threads = g_get_num_processors ();
  Share *shares = g_aligned_alloc0 (n_threads, sizeof (Share), 64);
  g_autofree GThread **threads = g_new (GThread *, n_threads);
  gint64 best = G_MAXINT64;

  for (guint round = 0; round < N_REPEATS; round++) {
    gint64 start = g_get_monotonic_time ();

    for (guint i = 0; i < n_threads; i++) {
      shares[i].n = split ? n / n_threads : n;
      shares[i].data = split ? data + i * shares[i].n : data;
      threads[i] = g_thread_new ("ceiling", work, &shares[i]);
    }
    for (guint i = 0; i < n_threads; i++)
      g_thread_join (threads[i]);
    best = MIN (best, g_get_monotonic_time () - start);
  }
  g_aligned_free (shares);
  return (double) MAX (best, 1) / G_USEC_PER_SEC;
}

static void
measure_cpu (Ceilings *ceilings)
{
  gsize n = READ_BYTES / sizeof (Vector);
  Vector *data = g_aligned_alloc0 (n, sizeof (Vector), 64);
  gsize n_rounds = 4000000;
  double seconds;

  for (gsize i = 0; i < n; i++)
    data[i][i % 8] = (float) (i % 3);
  seconds = run_threads (read_share, data, n, TRUE);
  ceilings->read_bytes_per_s = (double) READ_BYTES / seconds;
  ceilings->read_method = "reading 256 MiB on all cores";
  seconds = run_threads (multiply_share, data, n_rounds, FALSE);
  ceilings->flop_per_s = 2.0 * 8 * N_ACCUMULATORS * (double) n_rounds *
      g_get_num_processors () / seconds;
  ceilings->flop_method = "fused multiply-adds of 8 floats on all cores";
  g_aligned_free (data);
}

/* Seconds of the fastest of several submissions. */
static double
time_commands (VlmVkDevice *device, VlmVkCommands *commands,
    void (*record) (VlmVkCommands *, gpointer), gpointer user_data,
    GError **error)
{
  gint64 best = G_MAXINT64;

  for (guint round = 0; round < N_REPEATS; round++) {
    gint64 start;
    guint64 value;

    record (commands, user_data);
    start = g_get_monotonic_time ();
    if (!vlm_vk_commands_submit (commands, &value, error) ||
        !vlm_vk_device_wait (device, value, NULL, error))
      return -1.0;
    best = MIN (best, g_get_monotonic_time () - start);
  }
  return (double) MAX (best, 1) / G_USEC_PER_SEC;
}

typedef struct
{
  VlmVkBuffer *from;
  VlmVkBuffer *to;
  VlmVkPipeline *pipeline;
  guint n_groups;
} DeviceWork;

static void
record_copy (VlmVkCommands *commands, gpointer user_data)
{
  DeviceWork *work = user_data;

  vlm_vk_commands_copy (commands, work->from, 0, work->to, 0, READ_BYTES);
}

static void
record_multiply (VlmVkCommands *commands, gpointer user_data)
{
  DeviceWork *work = user_data;
  VlmVkBinding binding = { work->to, 0, READ_BYTES, VLM_VK_WRITE,
    VK_FORMAT_UNDEFINED };

  vlm_vk_commands_dispatch (
      commands, work->pipeline, &binding, 1, NULL, 0, work->n_groups, 1, 1);
}

static gboolean
measure_device (VlmVkDevice *device, Ceilings *ceilings, GError **error)
{
  g_autoptr (VlmVkBuffer) from =
      vlm_vk_buffer_new (device, READ_BYTES, VLM_VK_BUFFER_DEVICE, error);
  g_autoptr (VlmVkBuffer) to = NULL;
  g_autoptr (VlmVkCommands) commands = NULL;
  DeviceWork work = { .n_groups = 16384 };
  double seconds;

  if (from == NULL)
    return FALSE;
  to = vlm_vk_buffer_new (device, READ_BYTES, VLM_VK_BUFFER_DEVICE, error);
  commands = to != NULL ? vlm_vk_commands_new (device, error) : NULL;
  if (commands == NULL)
    return FALSE;
  work.from = from;
  work.to = to;
  seconds = time_commands (device, commands, record_copy, &work, error);
  if (seconds < 0)
    return FALSE;
  ceilings->read_bytes_per_s = 2.0 * (double) READ_BYTES / seconds;
  ceilings->read_method = "copying 256 MiB on the device, both ways counted";
  work.pipeline =
      vlm_vk_pipeline_get (device, &vlm_shader_multiply_add, NULL, 0, error);
  if (work.pipeline == NULL)
    return FALSE;
  seconds = time_commands (device, commands, record_multiply, &work, error);
  if (seconds < 0)
    return FALSE;
  /* 256 invocations, 4096 rounds of 8 accumulators: multiply_add.comp */
  ceilings->flop_per_s = 2.0 * 256 * 4096 * 8 * work.n_groups / seconds;
  ceilings->flop_method = "a shader of f32 multiply-adds";
  return TRUE;
}

gboolean
ceilings_measure (VlmVkDevice *device, Ceilings *ceilings, GError **error)
{
  if (!vlm_vk_device_get_caps (device)->is_cpu)
    return measure_device (device, ceilings, error);
  measure_cpu (ceilings);
  return TRUE;
}
