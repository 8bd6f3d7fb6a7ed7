/* gst-vlm: what trials of kernels found, kept between processes
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A text file, [verdicts] and a line NAME-DIGEST=right|wrong for each kernel. */
#include "nn/verdicts.h"

#include <string.h>

#include <glib/gstdio.h>
#include <vlm/vlm-error.h>

#include "base/file.h"
#include "base/log.h"
#include "vk/device.h"

#define GROUP "verdicts"
#define MAX_FILE_BYTES (1u << 20)
#define DIGEST_CHARS 16

static const char *const words[] = {
  [VLM_NN_VERDICT_RIGHT] = "right",
  [VLM_NN_VERDICT_WRONG] = "wrong",
};

char *
vlm_nn_verdict_key (const VlmNnKernel *kernel)
{
  const VlmVkShader *shader = kernel->shader;
  const guint32 numbers[] = { kernel->local_size, kernel->subgroups,
    kernel->tile_rows, kernel->tile_cols, kernel->band, kernel->n_tune };
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  g_checksum_update (sum, (const guchar *) shader->words,
      (gssize) (shader->n_words * sizeof *shader->words));
  g_checksum_update (sum, (const guchar *) numbers, sizeof numbers);
  g_checksum_update (sum, (const guchar *) kernel->tune, sizeof kernel->tune);
  return g_strdup_printf (
      "%s-%.*s", kernel->name, DIGEST_CHARS, g_checksum_get_string (sum));
}

static char *
file_path (VlmNnDevice *device)
{
  return vlm_vk_device_get_cache_path (device, "kernels", ".ini");
}

/* Empty if there is no file, or, with @error, none that can be read.
 * (transfer full) */
static GKeyFile *
read_file (const char *path, GError **error)
{
  GKeyFile *file = g_key_file_new ();
  g_autofree char *text = NULL;
  gsize n_bytes;

  if (!g_file_test (path, G_FILE_TEST_EXISTS) ||
      !vlm_file_read (path, MAX_FILE_BYTES, &text, &n_bytes, error) ||
      n_bytes == 0)
    return file;
  if (g_key_file_load_from_data (file, text, n_bytes, G_KEY_FILE_NONE, error))
    return file;
  g_prefix_error (error, "%s: ", path);
  g_key_file_unref (file);
  return g_key_file_new ();
}

VlmNnVerdict
vlm_nn_verdict_find (VlmNnDevice *device, const VlmNnKernel *kernel)
{
  g_autofree char *path = file_path (device);
  g_autofree char *key = vlm_nn_verdict_key (kernel);
  g_autoptr (GError) error = NULL;
  g_autoptr (GKeyFile) file = read_file (path, &error);
  g_autofree char *word = g_key_file_get_string (file, GROUP, key, NULL);

  if (error != NULL)
    vlm_warning ("verdicts on kernels are ignored: %s", error->message);
  for (guint i = VLM_NN_VERDICT_RIGHT; i <= VLM_NN_VERDICT_WRONG; i++)
    if (g_strcmp0 (word, words[i]) == 0)
      return (VlmNnVerdict) i;
  return VLM_NN_VERDICT_NONE;
}

void
vlm_nn_verdict_keep (
    VlmNnDevice *device, const VlmNnKernel *kernel, VlmNnVerdict verdict)
{
  g_autofree char *path = file_path (device);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *key = vlm_nn_verdict_key (kernel);
  g_autoptr (GKeyFile) file = read_file (path, NULL);
  g_autoptr (GError) error = NULL;

  g_assert (verdict != VLM_NN_VERDICT_NONE);
  g_key_file_set_string (file, GROUP, key, words[verdict]);
  /* If the folder is missing, the next step reports it. */
  (void) g_mkdir_with_parents (folder, 0700);
  if (!g_key_file_save_to_file (file, path, &error))
    vlm_warning ("verdicts on kernels could not be saved: %s", error->message);
}
