/* gst-vlm: the pipeline cache on disk
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vk/cache-file.h"

#include <errno.h>
#include <string.h>
#include <glib/gstdio.h>
#include <vlm/vlm-error.h>

#include "base/file.h"
#include "base/log.h"

/* Drivers check their own header, but trust what follows. So the file is
 *   magic [8], SHA-256 of the rest [32], data of vkGetPipelineCacheData ().
 */
#define MAGIC "VLMPIPE1"
#define MAGIC_BYTES 8
#define DIGEST_BYTES 32
#define HEADER_BYTES (MAGIC_BYTES + DIGEST_BYTES)
#define MAX_FILE_BYTES (256u << 20)

char *
vlm_vk_cache_file_path (const VlmVkPhysical *physical)
{
  return vlm_vk_cache_file_path_of (physical, "pipelines", ".bin");
}

char *
vlm_vk_cache_file_path_of (
    const VlmVkPhysical *physical, const char *name, const char *suffix)
{
  GString *text = g_string_new (name);
  g_string_append_c (text, '-');
  for (guint i = 0; i < VK_UUID_SIZE; i++)
    g_string_append_printf (text, "%02x", physical->caps.uuid[i]);
  g_string_append_printf (text, "-%08x%s", physical->driver_version, suffix);
  g_autofree char *file = g_string_free (text, FALSE);
  const char *dir = g_getenv ("VLM_CACHE_DIR");
  if (dir != NULL && *dir != '\0')
    return g_build_filename (dir, file, NULL);
  return g_build_filename (g_get_user_cache_dir (), "gst-vlm", file, NULL);
}

static void
digest (const guint8 *data, gsize n_bytes, guint8 *out)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize n_out = DIGEST_BYTES;
  g_checksum_update (sum, data, (gssize) n_bytes);
  g_checksum_get_digest (sum, out, &n_out);
}

/* NULL when the driver can be given the data, else what is wrong. */
static const char *
find_fault (const guint8 *file, gsize n_bytes, const VlmVkPhysical *physical)
{
  guint8 sum[DIGEST_BYTES];
  VkPipelineCacheHeaderVersionOne header;

  if (n_bytes < HEADER_BYTES + sizeof header)
    return "too short";
  if (memcmp (file, MAGIC, MAGIC_BYTES) != 0)
    return "not a pipeline cache";
  digest (file + HEADER_BYTES, n_bytes - HEADER_BYTES, sum);
  if (memcmp (file + MAGIC_BYTES, sum, DIGEST_BYTES) != 0)
    return "damaged";
  memcpy (&header, file + HEADER_BYTES, sizeof header);
  if (header.headerSize < sizeof header ||
      header.headerVersion != VK_PIPELINE_CACHE_HEADER_VERSION_ONE)
    return "of an unknown version";
  if (header.vendorID != physical->caps.vendor_id ||
      header.deviceID != physical->caps.device_id ||
      memcmp (header.pipelineCacheUUID, physical->cache_uuid, VK_UUID_SIZE) !=
          0)
    return "of another driver";
  return NULL;
}

GBytes *
vlm_vk_cache_file_load (const char *path, const VlmVkPhysical *physical)
{
  g_autofree char *file = NULL;
  gsize n_bytes;
  g_autoptr (GError) error = NULL;
  if (!vlm_file_read (path, MAX_FILE_BYTES, &file, &n_bytes, &error)) {
    if (!g_error_matches (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_NOT_FOUND) ||
        g_file_test (path, G_FILE_TEST_EXISTS))
      vlm_warning ("pipeline cache ignored: %s", error->message);
    return NULL;
  }
  const char *fault = find_fault ((const guint8 *) file, n_bytes, physical);
  if (fault != NULL) {
    vlm_warning ("%s: ignored, as it is %s", path, fault);
    return NULL;
  }
  return g_bytes_new (file + HEADER_BYTES, n_bytes - HEADER_BYTES);
}

gboolean
vlm_vk_cache_file_save (
    const char *path, const guint8 *data, gsize n_bytes, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (path);
  if (g_mkdir_with_parents (dir, 0700) != 0) {
    int saved_errno = errno;
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (saved_errno),
        "%s: %s", dir, g_strerror (saved_errno));
    return FALSE;
  }
  g_autofree guint8 *file = g_malloc (HEADER_BYTES + n_bytes);
  memcpy (file, MAGIC, MAGIC_BYTES);
  digest (data, n_bytes, file + MAGIC_BYTES);
  memcpy (file + HEADER_BYTES, data, n_bytes);
  return g_file_set_contents_full (path, (const char *) file,
      (gssize) (HEADER_BYTES + n_bytes), G_FILE_SET_CONTENTS_CONSISTENT, 0600,
      error);
}
