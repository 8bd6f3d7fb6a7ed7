/* gst-vlm: every Vulkan call fails once
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/vk-test.h"

#include "vk/result.h"

#define N 1024

static GLogWriterOutput
drop_warnings (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
    gpointer user_data)
{
  if ((level & G_LOG_LEVEL_WARNING) != 0)
    return G_LOG_WRITER_HANDLED;
  return g_log_writer_default (level, fields, n_fields, user_data);
}

static gboolean
record (VlmVkDevice *device, VlmVkBuffer *a, VlmVkBuffer *b, GError **error)
{
  guint32 spec[] = { 2, 1 }, n = N / 4;
  VlmVkPipeline *affine =
      vlm_vk_pipeline_get (device, &vk_test_affine, spec, 2, error);
  if (affine == NULL)
    return FALSE;
  VlmVkPipeline *gather =
      vlm_vk_pipeline_get (device, &vk_test_gather, NULL, 0, error);
  if (gather == NULL)
    return FALSE;
  g_autoptr (VlmVkCommands) commands = vlm_vk_commands_new (device, error);
  if (commands == NULL)
    return FALSE;
  VlmVkBinding bindings[] = {
    { a, 0, N * 4, VLM_VK_READ, VK_FORMAT_R32G32B32A32_UINT },
    { b, 0, N, VLM_VK_WRITE },
  };
  for (guint round = 0; round < 2; round++) {
    guint64 value;
    vk_test_run_affine (commands, affine, a, 0, a, 0, N);
    vlm_vk_commands_fill (commands, b, 0, N * 4, 0);
    vlm_vk_commands_dispatch (
        commands, gather, bindings, 2, &n, sizeof n, n / 64, 1, 1);
    vlm_vk_commands_copy (commands, a, 0, b, N, N);
    if (!vlm_vk_commands_submit (commands, &value, error) ||
        !vlm_vk_device_wait (device, value, NULL, error))
      return FALSE;
  }
  return TRUE;
}

/* What an application does from open to close; this covers most of the layer. */
static gboolean
run (GError **error)
{
  g_autoptr (VlmVkDevice) device =
      vlm_vk_device_open (g_getenv ("VLM_DEVICE"), error);
  if (device == NULL)
    return FALSE;
  vlm_vk_device_set_timing (device, TRUE);
  guint32 values[N], got[N];
  for (guint i = 0; i < N; i++)
    values[i] = i;
  g_autoptr (VlmVkBuffer) a =
      vlm_vk_buffer_new (device, N * 4, VLM_VK_BUFFER_DEVICE, error);
  if (a == NULL)
    return FALSE;
  g_autoptr (VlmVkBuffer) b =
      vlm_vk_buffer_new (device, N * 4, VLM_VK_BUFFER_DEVICE, error);
  if (b == NULL || !vlm_vk_buffer_write (a, 0, values, sizeof values, error) ||
      !record (device, a, b, error) ||
      !vlm_vk_buffer_read (b, 0, got, sizeof got, error))
    return FALSE;
  /* Values v become 4 v + 3, and there are four in a texel. */
  for (guint i = 0; i < N / 4; i++) {
    g_assert_cmpuint (got[i], ==, 64 * i + 36);
    g_assert_cmpuint (got[N / 4 + i], ==, 4 * i + 3);
  }
  return TRUE;
}

static gboolean
open_only (GError **error)
{
  g_autoptr (VlmVkDevice) device =
      vlm_vk_device_open (g_getenv ("VLM_DEVICE"), error);
  return device != NULL;
}

/* Nothing crashes, every object is destroyed (the layers would say so), and the
 * error is the right one; a call whose failure does no harm gives none. */
static void
fail_each (gboolean (*run_once) (GError **), guint min_failed, VkResult result,
    VlmDeviceError code)
{
  guint n_failed = 0, n_harmless = 0;
  for (guint n = 0;; n++) {
    g_autoptr (GError) error = NULL;
    vlm_vk_fault_inject_after (n, result);
    gboolean ok = run_once (&error);
    if (vlm_vk_fault_clear ()) {
      g_assert_no_error (error);
      break;
    }
    if (ok) {
      g_assert_no_error (error);
      n_harmless++;
    } else {
      g_assert_error (error, VLM_DEVICE_ERROR, (int) code);
      n_failed++;
    }
    g_test_message ("call %u: %s", n, ok ? "no harm" : error->message);
  }
  g_test_message ("%u failures, %u without harm", n_failed, n_harmless);
  g_assert_cmpuint (n_failed, >=, min_failed);
}

static gboolean
can_inject (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device != NULL && !vlm_vk_fault_available ())
    g_test_skip ("built without fault injection");
  return device != NULL && vlm_vk_fault_available ();
}

static void
test_open (void)
{
  if (can_inject ())
    fail_each (open_only, 8, VK_ERROR_OUT_OF_HOST_MEMORY,
        VLM_DEVICE_ERROR_OUT_OF_MEMORY);
}

/* Another device keeps the instance, as making that with the layers takes most
 * of the time. Buffers are not mapped: their transfers make calls too. */
static void
fail_each_of_run (VkResult result, VlmDeviceError code)
{
  g_autoptr (VlmVkDevice) keeper = vk_test_open ();
  g_setenv ("VLM_NO_MAP", "1", TRUE);
  fail_each (run, 30, result, code);
  g_unsetenv ("VLM_NO_MAP");
}

static void
test_out_of_memory (void)
{
  if (can_inject ())
    fail_each_of_run (
        VK_ERROR_OUT_OF_DEVICE_MEMORY, VLM_DEVICE_ERROR_OUT_OF_MEMORY);
}

static void
test_lost (void)
{
  if (can_inject ())
    fail_each_of_run (VK_ERROR_DEVICE_LOST, VLM_DEVICE_ERROR_LOST);
}

/* A lost device stays lost; a new one works. */
static void
test_after_loss (void)
{
  if (!can_inject ())
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  g_autoptr (VlmVkCommands) commands = vlm_vk_commands_new (device, &error);
  g_assert_no_error (error);
  g_autoptr (VlmVkBuffer) a = vk_test_buffer (device, N * 4);
  guint64 value;
  vlm_vk_commands_fill (commands, a, 0, N * 4, 1);
  g_assert_true (vlm_vk_commands_submit (commands, &value, &error));

  vlm_vk_fault_inject_after (0, VK_ERROR_DEVICE_LOST);
  g_assert_false (vlm_vk_device_wait (device, value, NULL, &error));
  g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST);
  g_assert_nonnull (strstr (error->message, "vkWaitSemaphores"));
  g_clear_error (&error);
  g_assert_false (vlm_vk_device_wait (device, value, NULL, &error));
  g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST);
  g_clear_error (&error);
  vlm_vk_commands_fill (commands, a, 0, N * 4, 2);
  g_assert_false (vlm_vk_commands_submit (commands, &value, &error));
  g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST);
  g_clear_error (&error);
  g_assert_null (vlm_vk_commands_new (device, &error));
  g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST);
  g_clear_error (&error);

  g_assert_true (run (&error));
  g_assert_no_error (error);
}

static gboolean
fill (VlmVkDevice *device, VlmVkBuffer *buffer, GError **error)
{
  g_autoptr (VlmVkCommands) commands = vlm_vk_commands_new (device, error);
  guint64 value;

  if (commands == NULL)
    return FALSE;
  vlm_vk_commands_fill (commands, buffer, 0, N * 4, 1);
  return vlm_vk_commands_submit (commands, &value, error) &&
      vlm_vk_device_wait (device, value, NULL, error);
}

/* Whichever call reports the loss, even if its failure does no harm and is not
 * passed on: the work fails, or the next one would. */
static void
test_loss_is_noticed (void)
{
  gboolean was_armed = FALSE;

  if (!can_inject ())
    return;
  g_autoptr (VlmVkDevice) keeper = vk_test_open ();
  for (guint n = 0; !was_armed; n++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VlmVkDevice) device = vk_test_open ();
    vlm_vk_device_set_timing (device, TRUE);
    g_autoptr (VlmVkBuffer) a = vk_test_buffer (device, N * 4);

    vlm_vk_fault_inject_after (n, VK_ERROR_DEVICE_LOST);
    gboolean ok = fill (device, a, &error);
    was_armed = vlm_vk_fault_clear ();
    g_test_message ("call %u: %s", n, ok ? "no harm" : error->message);
    if (was_armed)
      g_assert_no_error (error);
    else if (!ok)
      g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_LOST);
    else
      g_assert_true (vlm_vk_device_is_lost (device));
    g_assert_cmpuint (n, <, 100);
  }
}

/* The driver has no room for a slab, but has room for one buffer. */
static void
test_slab_fallback (void)
{
  if (!can_inject ())
    return;
  g_autoptr (GError) error = NULL;
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  guint64 now_bytes;
  vlm_vk_fault_inject_after (1, VK_ERROR_OUT_OF_DEVICE_MEMORY);
  g_autoptr (VlmVkBuffer) a = vk_test_buffer (device, 5000);
  g_assert_false (vlm_vk_fault_clear ());
  vlm_vk_device_get_usage (device, &now_bytes, NULL);
  g_assert_cmpuint (now_bytes, <, 1 << 16);
}

/* If the loader fails, the error says who knows more. */
static void
test_no_start (void)
{
  gboolean found = FALSE;

  if (!vlm_vk_fault_available ()) {
    g_test_skip ("built without fault injection");
    return;
  }
  for (guint n = 0; n < 32 && !found; n++) {
    g_autoptr (GError) error = NULL;

    vlm_vk_fault_inject_after (n, VK_ERROR_OUT_OF_HOST_MEMORY);
    open_only (&error);
    vlm_vk_fault_clear ();
    found = error != NULL && strstr (error->message, "vkCreateInstance");
    g_assert_true (!found || strstr (error->message, "vulkaninfo"));
  }
  g_assert_true (found);
}

/* As under "ulimit -v": leaves @n_bytes to the process. The limit before. */
static rlim_t
limit_addresses (guint64 n_bytes)
{
  g_autofree char *statm = NULL;
  struct rlimit bounds;
  rlim_t before;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &statm, NULL, NULL));
  g_assert_cmpint (getrlimit (RLIMIT_AS, &bounds), ==, 0);
  before = bounds.rlim_cur;
  bounds.rlim_cur = n_bytes +
      g_ascii_strtoull (statm, NULL, 10) * (guint64) sysconf (_SC_PAGESIZE);
  g_assert_cmpint (setrlimit (RLIMIT_AS, &bounds), ==, 0);
  return before;
}

static void
lift_limit (rlim_t before)
{
  struct rlimit bounds;

  g_assert_cmpint (getrlimit (RLIMIT_AS, &bounds), ==, 0);
  bounds.rlim_cur = before;
  g_assert_cmpint (setrlimit (RLIMIT_AS, &bounds), ==, 0);
}

static void
assert_few_addresses (gboolean ok, GError *error)
{
  g_assert_false (ok);
  g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_OUT_OF_MEMORY);
  g_assert_nonnull (strstr (error->message, "and ulimit -v leaves "));
}

/* A driver that would crash for lack of address space is not called. */
static void
test_few_addresses (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  g_autoptr (GError) compile_error = NULL;
  g_autoptr (GError) submit_error = NULL;
  g_autoptr (VlmVkBuffer) buffer = vk_test_buffer (device, N * 4);
  VlmVkPipeline *pipeline = vk_test_affine_get (device, 2, 1);
  g_autoptr (VlmVkCommands) commands =
      vlm_vk_commands_new (device, &submit_error);
  guint32 spec[] = { 3, 4 };
  guint64 value;

  vk_test_run_affine (commands, pipeline, buffer, 0, buffer, 0, N);
  rlim_t before = limit_addresses ((guint64) 32 << 20);
  gboolean compiled = vlm_vk_pipeline_get (device, &vk_test_affine, spec, 2,
                          &compile_error) != NULL;
  gboolean submitted = vlm_vk_commands_submit (commands, &value, &submit_error);
  lift_limit (before);
  assert_few_addresses (compiled, compile_error);
  assert_few_addresses (submitted, submit_error);

  pipeline = vk_test_affine_get (device, 3, 4);
  vk_test_run_affine (commands, pipeline, buffer, 0, buffer, 0, N);
  vk_test_finish (device, commands);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* Failures that do no harm may warn. */
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  g_log_set_writer_func (drop_warnings, NULL, NULL);
  g_test_add_func ("/vk/fault/open", test_open);
  g_test_add_func ("/vk/fault/out-of-memory", test_out_of_memory);
  g_test_add_func ("/vk/fault/lost", test_lost);
  g_test_add_func ("/vk/fault/after-loss", test_after_loss);
  g_test_add_func ("/vk/fault/loss-is-noticed", test_loss_is_noticed);
  g_test_add_func ("/vk/fault/slab-fallback", test_slab_fallback);
  g_test_add_func ("/vk/fault/no-start", test_no_start);
  g_test_add_func ("/vk/fault/few-addresses", test_few_addresses);
  return g_test_run ();
}
