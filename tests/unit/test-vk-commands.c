/* gst-vlm: tests of recording, ordering and submission
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "support/vk-test.h"

#define N 1000

static guint32 *
iota (guint n)
{
  guint32 *values = g_new (guint32, n);
  for (guint i = 0; i < n; i++)
    values[i] = i * 2654435761u;
  return values;
}

static void
write_iota (VlmVkBuffer *buffer, guint n)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint32 *values = iota (n);
  vlm_vk_buffer_write (buffer, 0, values, n * 4, &error);
  g_assert_no_error (error);
}

static void
check (
    VlmVkBuffer *buffer, guint64 offset, guint n, guint32 scale, guint32 bias)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint32 *values = iota (n);
  g_autofree guint32 *got = g_new (guint32, n);
  vlm_vk_buffer_read (buffer, offset, got, n * 4, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < n; i++)
    g_assert_cmphex (got[i], ==, values[i] * scale + bias);
}

/* A chain in which every step reads what the one before wrote, in place, from
 * one buffer to the other and back. */
static void
test_chain (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmVkBuffer) a = vk_test_buffer (device, N * 4);
  g_autoptr (VlmVkBuffer) b = vk_test_buffer (device, N * 4);
  g_autoptr (VlmVkCommands) commands = vlm_vk_commands_new (device, &error);
  g_assert_no_error (error);
  VlmVkPipeline *triple = vk_test_affine_get (device, 3, 1);

  write_iota (a, N);
  guint32 scale = 1, bias = 0;
  for (guint i = 0; i < 200; i++) {
    VlmVkBuffer *x = i % 3 == 2 ? b : a;
    VlmVkBuffer *y = i % 3 == 0 ? a : i % 3 == 1 ? b : a;
    vk_test_run_affine (commands, triple, x, 0, y, 0, N);
    scale *= 3;
    bias = bias * 3 + 1;
  }
  vk_test_finish (device, commands);
  check (200 % 3 == 2 ? b : a, 0, N, scale, bias);
}

/* Reads before a write of the same range, writes over writes, and transfers
 * between dispatches. */
static void
test_hazards (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmVkBuffer) a = vk_test_buffer (device, 8192);
  g_autoptr (VlmVkBuffer) b = vk_test_buffer (device, 8192);
  g_autoptr (VlmVkBuffer) c = vk_test_buffer (device, 8192);
  g_autoptr (VlmVkCommands) commands = vlm_vk_commands_new (device, &error);
  g_assert_no_error (error);
  VlmVkPipeline *twice = vk_test_affine_get (device, 2, 0);
  VlmVkPipeline *plus = vk_test_affine_get (device, 1, 5);

  write_iota (a, N);
  vk_test_run_affine (commands, twice, a, 0, b, 0, N);
  vlm_vk_commands_copy (commands, b, 0, c, 4096, N * 4); /* after write */
  vlm_vk_commands_fill (commands, b, 0, N * 4, 7);       /* after read */
  vk_test_run_affine (commands, plus, a, 0, b, 0, N);    /* after write */
  vlm_vk_commands_fill (commands, a, 0, N * 4, 9);       /* after read */
  vlm_vk_commands_copy (commands, b, 0, a, 0, N * 4);    /* after write */
  vk_test_run_affine (commands, twice, a, 0, c, 0, N);
  vk_test_finish (device, commands);
  check (a, 0, N, 1, 5);
  check (b, 0, N, 1, 5);
  check (c, 0, N, 2, 10);
  check (c, 4096, N, 2, 0);
}

/* Later submissions see what earlier ones wrote without a wait between. */
static void
test_submissions (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmVkBuffer) a = vk_test_buffer (device, N * 4);
  g_autoptr (VlmVkCommands) commands = vlm_vk_commands_new (device, &error);
  g_assert_no_error (error);
  VlmVkPipeline *plus = vk_test_affine_get (device, 1, 1);
  write_iota (a, N);
  guint64 value = 0, last = 0;
  for (guint i = 0; i < 50; i++) {
    vk_test_run_affine (commands, plus, a, 0, a, 0, N);
    vlm_vk_commands_submit (commands, &value, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (value, >, last);
    last = value;
  }
  vk_test_finish (device, commands); /* with nothing recorded */
  check (a, 0, N, 1, 50);
}

static void
test_texels (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmVkBuffer) a = vk_test_buffer (device, 256 + N * 16);
  g_autoptr (VlmVkBuffer) b = vk_test_buffer (device, N * 4);
  g_autoptr (VlmVkCommands) commands = vlm_vk_commands_new (device, &error);
  g_assert_no_error (error);
  VlmVkPipeline *gather =
      vlm_vk_pipeline_get (device, &vk_test_gather, NULL, 0, &error);
  g_assert_no_error (error);
  g_autofree guint32 *values = iota (4 * N);
  vlm_vk_buffer_write (a, 256, values, N * 16, &error);
  g_assert_no_error (error);

  /* More views than a buffer keeps, all in flight at once. */
  for (guint32 n = N - 400; n <= N; n++) {
    VlmVkBinding bindings[] = {
      { a, 256, n * 16, VLM_VK_READ, VK_FORMAT_R32G32B32A32_UINT },
      { b, 0, n * 4, VLM_VK_WRITE },
    };
    vlm_vk_commands_dispatch (
        commands, gather, bindings, 2, &n, sizeof n, (n + 63) / 64, 1, 1);
  }
  vk_test_finish (device, commands);

  g_autofree guint32 *got = g_new (guint32, N);
  vlm_vk_buffer_read (b, 0, got, N * 4, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < N; i++)
    g_assert_cmphex (got[i], ==,
        values[4 * i] + values[4 * i + 1] + values[4 * i + 2] +
            values[4 * i + 3]);
}

/* Neither the buffers nor the recorder need to outlive the work. */
static void
test_lifetimes (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  g_autoptr (GError) error = NULL;
  VlmVkPipeline *plus = vk_test_affine_get (device, 1, 1);
  VlmVkCommands *commands = vlm_vk_commands_new (device, &error);
  g_assert_no_error (error);
  VlmVkBuffer *a = vk_test_buffer (device, 1 << 20);
  guint64 value, now_bytes;
  for (guint i = 0; i < 20; i++)
    vk_test_run_affine (commands, plus, a, 0, a, 0, 1 << 18);
  vlm_vk_commands_submit (commands, &value, &error);
  g_assert_no_error (error);
  vk_test_run_affine (commands, plus, a, 0, a, 0, 1 << 18); /* not submitted */
  vlm_vk_buffer_unref (a);
  vlm_vk_commands_free (commands);
  vlm_vk_device_wait (device, value, NULL, &error);
  g_assert_no_error (error);
  vlm_vk_device_get_usage (device, &now_bytes, NULL);
  g_assert_cmpuint (now_bytes, ==, 0);

  /* The device is closed while it works. */
  commands = vlm_vk_commands_new (device, &error);
  a = vk_test_buffer (device, 1 << 20);
  for (guint i = 0; i < 20; i++)
    vk_test_run_affine (commands, plus, a, 0, a, 0, 1 << 18);
  vlm_vk_commands_submit (commands, &value, &error);
  g_assert_no_error (error);
  vlm_vk_buffer_unref (a);
  vlm_vk_commands_free (commands);
}

static void
test_sticky_error (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmVkBuffer) a = vk_test_buffer (device, N * 4);
  g_autoptr (VlmVkCommands) commands = vlm_vk_commands_new (device, &error);
  g_assert_no_error (error);
  guint64 value;
  vlm_vk_commands_fill (commands, a, 0, N * 4, 1);
  vlm_vk_commands_fail (commands,
      g_error_new (VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_VK, "the first"));
  vlm_vk_commands_fail (commands,
      g_error_new (VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_VK, "the second"));
  vlm_vk_commands_fill (commands, a, 0, N * 4, 2);
  g_assert_false (vlm_vk_commands_submit (commands, &value, &error));
  g_assert_cmpstr (error->message, ==, "the first");
  g_clear_error (&error);

  /* It was forgotten with the submission. */
  vlm_vk_commands_fill (commands, a, 0, N * 4, 3);
  vk_test_finish (device, commands);
  guint32 got;
  vlm_vk_buffer_read (a, 0, &got, 4, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (got, ==, 3);
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_usleep (20000);
  g_cancellable_cancel (cancellable);
  return NULL;
}

/* Returns before the work is done, which then goes on to its end. */
static void
test_cancel (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  VlmVkPipeline *spin =
      vlm_vk_pipeline_get (device, &vk_test_spin, NULL, 0, &error);
  g_assert_no_error (error);
  VlmVkBuffer *a = vk_test_buffer (device, 1 << 18);
  g_autoptr (VlmVkCommands) commands = vlm_vk_commands_new (device, &error);
  g_assert_no_error (error);

  guint32 steps = 200000;
  VlmVkBinding binding = { a, 0, 1 << 18, VLM_VK_READ_WRITE };
  guint64 value;
  vlm_vk_commands_dispatch (
      commands, spin, &binding, 1, &steps, sizeof steps, 1024, 1, 1);
  vlm_vk_commands_submit (commands, &value, &error);
  g_assert_no_error (error);
  vlm_vk_buffer_unref (a);

  GThread *thread = g_thread_new ("cancel", cancel_soon, cancellable);
  g_assert_false (vlm_vk_device_wait (device, value, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_thread_join (thread);

  guint64 now_bytes;
  vlm_vk_device_get_usage (device, &now_bytes, NULL);
  g_assert_cmpuint (now_bytes, >, 0); /* still in use by the work */
  vlm_vk_device_wait (device, value, NULL, &error);
  g_assert_no_error (error);
  vlm_vk_device_get_usage (device, &now_bytes, NULL);
  g_assert_cmpuint (now_bytes, ==, 0);
}

static gpointer
submit_many (gpointer data)
{
  VlmVkDevice *device = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmVkCommands) commands = vlm_vk_commands_new (device, &error);
  g_assert_no_error (error);
  for (guint round = 0; round < 30; round++) {
    g_autoptr (VlmVkBuffer) a = vk_test_buffer (device, N * 4);
    write_iota (a, N);
    VlmVkPipeline *pipeline = vk_test_affine_get (device, 5, round % 4);
    for (guint i = 0; i < 5; i++)
      vk_test_run_affine (commands, pipeline, a, 0, a, 0, N);
    vk_test_finish (device, commands);
    guint32 bias = 0;
    for (guint i = 0; i < 5; i++)
      bias = bias * 5 + round % 4;
    check (a, 0, N, 3125, bias);
  }
  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  GThread *threads[4];
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("submit", submit_many, device);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  guint64 now_bytes, peak_bytes;
  vlm_vk_device_get_usage (device, &now_bytes, &peak_bytes);
  g_assert_cmpuint (peak_bytes, >, 0);
}

static void
test_timing (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  if (vlm_vk_device_get_caps (device)->timestamp_ns <= 0) {
    g_test_skip ("the device has no timestamps");
    return;
  }
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmVkBuffer) a = vk_test_buffer (device, N * 4);
  g_autoptr (VlmVkCommands) commands = vlm_vk_commands_new (device, &error);
  g_assert_no_error (error);
  VlmVkPipeline *plus = vk_test_affine_get (device, 1, 1);
  vlm_vk_device_set_timing (device, TRUE);
  vlm_vk_commands_fill (commands, a, 0, N * 4, 0);
  for (guint i = 0; i < 1500; i++) {
    vlm_vk_commands_label (commands, i < 1000 ? "first" : "second");
    vk_test_run_affine (commands, plus, a, 0, a, 0, N);
  }
  vk_test_finish (device, commands);

  g_autoptr (GArray) timings = vlm_vk_device_get_timings (device);
  g_assert_cmpuint (timings->len, ==, 3);
  for (guint i = 0; i < timings->len; i++) {
    VlmVkTiming *timing = &g_array_index (timings, VlmVkTiming, i);
    guint64 n = timing->label == NULL          ? 1
        : g_str_equal (timing->label, "first") ? 1000
                                               : 500;
    g_assert_cmpuint (timing->n_times, ==, n);
    g_assert_cmpstr (
        timing->kernel, ==, timing->label == NULL ? "fill" : "affine");
    if (timing->label != NULL)
      g_assert_cmpuint (timing->ns, >, 0);
  }
  vlm_vk_device_set_timing (device, FALSE);
  vlm_vk_commands_fill (commands, a, 0, N * 4, 0);
  vk_test_finish (device, commands);
  g_autoptr (GArray) none = vlm_vk_device_get_timings (device);
  g_assert_cmpuint (none->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vk/commands/chain", test_chain);
  g_test_add_func ("/vk/command.hazards", test_hazards);
  g_test_add_func ("/vk/commands/submissions", test_submissions);
  g_test_add_func ("/vk/commands/texels", test_texels);
  g_test_add_func ("/vk/commands/lifetimes", test_lifetimes);
  g_test_add_func ("/vk/commands/sticky-error", test_sticky_error);
  g_test_add_func ("/vk/commands/cancel", test_cancel);
  g_test_add_func ("/vk/commands/threads", test_threads);
  g_test_add_func ("/vk/commands/timing", test_timing);
  return g_test_run ();
}
