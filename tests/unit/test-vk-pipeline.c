/* gst-vlm: tests of pipelines and their cache on disk
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <glib/gstdio.h>

#include "support/vk-test.h"

#include "vk/cache-file.h"
#include "vk/pipeline-private.h"
#include "vk/result.h"

static gint n_warnings;

static GLogWriterOutput
count_warnings (GLogLevelFlags level, const GLogField *fields, gsize n_fields,
    gpointer user_data)
{
  if ((level & G_LOG_LEVEL_WARNING) != 0) {
    g_atomic_int_inc (&n_warnings);
    return G_LOG_WRITER_HANDLED;
  }
  return g_log_writer_default (level, fields, n_fields, user_data);
}

static void
test_same (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  VlmVkPipeline *a = vk_test_affine_get (device, 1, 2);
  g_assert_true (a == vk_test_affine_get (device, 1, 2));
  g_assert_true (a != vk_test_affine_get (device, 2, 1));
  g_assert_cmpuint (vlm_vk_pipelines_get_made (device), ==, 2);
}

/* As on a device that has several sizes of subgroups. */
static void
test_pinned (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  if (!device->physical.has_size_control) {
    g_test_skip ("the device does not let subgroup sizes be chosen");
    return;
  }
  device->pins_subgroups = TRUE;
  vk_test_affine_get (device, 41, 42);
}

static gpointer
get_one (gpointer device)
{
  return vk_test_affine_get (device, 11, 12);
}

static void
test_threads (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  GThread *threads[4];
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("get", get_one, device);
  VlmVkPipeline *pipeline = get_one (device);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_assert_true (g_thread_join (threads[i]) == pipeline);
  g_assert_cmpuint (vlm_vk_pipelines_get_made (device), ==, 1);
}

/* A failure is reported with the shader's name and is not remembered. */
static void
test_failure (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  if (device == NULL)
    return;
  if (!vlm_vk_fault_available ()) {
    g_test_skip ("built without fault injection");
    return;
  }
  g_autoptr (GError) error = NULL;
  guint32 spec[] = { 21, 22 };
  vlm_vk_fault_inject_after (3, VK_ERROR_INVALID_SHADER_NV);
  g_assert_null (
      vlm_vk_pipeline_get (device, &vk_test_affine, spec, 2, &error));
  g_assert_error (error, VLM_DEVICE_ERROR, VLM_DEVICE_ERROR_VK);
  g_assert_nonnull (strstr (error->message, "shader affine"));
  g_assert_nonnull (strstr (error->message, "vkCreateComputePipelines"));
  vk_test_affine_get (device, 21, 22);
}

static gsize
open_and_make (void)
{
  g_autoptr (VlmVkDevice) device = vk_test_open ();
  g_assert_nonnull (device);
  gsize n_loaded = vlm_vk_pipelines_get_loaded_bytes (device);
  vk_test_affine_get (device, 31, 32);
  return n_loaded;
}

static void
write_file (const char *path, const char *bytes, gsize n_bytes)
{
  g_autoptr (GError) error = NULL;
  g_file_set_contents (path, bytes, (gssize) n_bytes, &error);
  g_assert_no_error (error);
}

/* A cache of another driver, whole and with the right digest. */
static void
write_foreign (const char *path, VlmVkPhysical physical)
{
  g_autoptr (GError) error = NULL;
  VkPipelineCacheHeaderVersionOne header = {
    .headerSize = sizeof header,
    .headerVersion = VK_PIPELINE_CACHE_HEADER_VERSION_ONE,
    .vendorID = physical.caps.vendor_id,
    .deviceID = physical.caps.device_id,
  };
  memcpy (header.pipelineCacheUUID, physical.cache_uuid, VK_UUID_SIZE);
  vlm_vk_cache_file_save (
      path, (const guint8 *) &header, sizeof header, &error);
  g_assert_no_error (error);
  g_autoptr (GBytes) own = vlm_vk_cache_file_load (path, &physical);
  g_assert_nonnull (own);
  header.pipelineCacheUUID[3] ^= 1;
  vlm_vk_cache_file_save (
      path, (const guint8 *) &header, sizeof header, &error);
  g_assert_no_error (error);
}

/* What would block, or never end, if it were opened and read. */
static void
make_irregular (const char *path, int which)
{
  g_assert_cmpint (g_unlink (path), ==, 0);
  if (which == 6)
    g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  else
    g_assert_cmpint (
        symlink (which == 7 ? "/dev/zero" : "/dev/null", path), ==, 0);
}

/* The second opening finds what the first one left. A file that is damaged in
 * any way is reported, not used, and replaced. */
static void
test_on_disk (void)
{
  g_autoptr (VlmVkDevice) probe = vk_test_open ();
  if (probe == NULL)
    return;
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("vlm-cache-XXXXXX", &error);
  g_assert_no_error (error);
  g_autofree char *old_dir = g_strdup (g_getenv ("VLM_CACHE_DIR"));
  g_autofree char *sub_dir = g_build_filename (dir, "new", NULL);
  g_setenv ("VLM_CACHE_DIR", sub_dir, TRUE);
  g_autofree char *path = vlm_vk_cache_file_path (&probe->physical);

  g_assert_cmpuint (open_and_make (), ==, 0);
  g_autofree char *file = NULL;
  gsize n_file;
  g_file_get_contents (path, &file, &n_file, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (open_and_make (), ==, n_file - 40);
  g_assert_cmpint (n_warnings, ==, 0);

  for (int damage = 0; damage < 9; damage++) {
    g_autofree char *bad = g_memdup2 (file, n_file);
    if (damage == 0)
      write_file (path, bad, 0);
    else if (damage == 1)
      write_file (path, bad, n_file - 1);
    else if (damage == 2)
      write_file (path, "VLMPIPE1", 8);
    else if (damage == 3)
      write_foreign (path, probe->physical);
    else if (damage >= 6)
      make_irregular (path, damage);
    else {
      bad[damage == 4 ? 0 : n_file - 1] ^= 0x10;
      write_file (path, bad, n_file);
    }
    g_atomic_int_set (&n_warnings, 0);
    g_assert_cmpuint (open_and_make (), ==, 0);
    g_assert_cmpint (n_warnings, ==, 1);
    g_assert_cmpuint (open_and_make (), >, 0); /* it was replaced */
    g_assert_cmpint (n_warnings, ==, 1);
  }

  /* If the cache cannot be written, nothing else is lost. */
  g_setenv ("VLM_CACHE_DIR", path, TRUE);
  g_atomic_int_set (&n_warnings, 0);
  g_assert_cmpuint (open_and_make (), ==, 0);
  g_assert_cmpint (n_warnings, ==, 1);

  g_unlink (path);
  g_rmdir (sub_dir);
  g_rmdir (dir);
  if (old_dir != NULL)
    g_setenv ("VLM_CACHE_DIR", old_dir, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* Warnings are expected here, and counted. */
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  g_log_set_writer_func (count_warnings, NULL, NULL);
  g_test_add_func ("/vk/pipeline/same", test_same);
  g_test_add_func ("/vk/pipeline/pinned", test_pinned);
  g_test_add_func ("/vk/pipeline/threads", test_threads);
  g_test_add_func ("/vk/pipeline/failure", test_failure);
  g_test_add_func ("/vk/pipeline/on-disk", test_on_disk);
  return g_test_run ();
}
