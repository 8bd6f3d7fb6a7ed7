/* gst-vlm: a GGUF model in one file or in parts
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/gguf-files.h"

#include <stdio.h>
#include <string.h>

#define KEY_NO "split.no" /* from 0 */
#define KEY_COUNT "split.count"
#define KEY_N_TENSORS "split.tensors.count" /* of all parts */

/* "-00001-of-00003.gguf" */
#define PART_FORMAT "-%05u-of-%05u.gguf"
#define PART_LENGTH 20

struct _VlmGgufFiles
{
  gatomicrefcount refs;
  GPtrArray *parts;    /* VlmGguf */
  GHashTable *by_name; /* tensor -> VlmGguf */
};

gboolean
vlm_gguf_part_of_name (const char *name, guint *no, guint *count)
{
  gsize n = strlen (name);
  g_autofree char *expected = NULL;

  if (n <= PART_LENGTH ||
      sscanf (name + n - PART_LENGTH, "-%5u-of-%5u", no, count) != 2)
    return FALSE;
  expected = g_strdup_printf (PART_FORMAT, *no, *count);
  return g_str_has_suffix (name, expected) && *no >= 1 && *no <= *count;
}

static gboolean
add_tensors (VlmGgufFiles *self, VlmGguf *part, GError **error)
{
  for (guint i = 0; i < vlm_gguf_get_n_tensors (part); i++) {
    const char *name = vlm_gguf_get_name (part, i);

    if (g_hash_table_contains (self->by_name, name)) {
      g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
          "%s: tensor %s is in %s, too", vlm_gguf_get_path (part), name,
          vlm_gguf_get_path (g_hash_table_lookup (self->by_name, name)));
      return FALSE;
    }
    g_hash_table_insert (self->by_name, (gpointer) name, part);
  }
  return TRUE;
}

/* The part agrees with its name. */
static gboolean
check_part (const VlmGguf *part, guint no, guint count, GError **error)
{
  guint value;

  if (!vlm_gguf_read_uint (part, KEY_NO, 0, G_MAXUINT16, &value, error))
    return FALSE;
  if (value != no - 1)
    return vlm_gguf_fail (part, KEY_NO, VLM_LOAD_ERROR_MISMATCH, error,
        "%u, but the name says part %u, which is %u", value, no, no - 1);
  if (!vlm_gguf_read_uint (part, KEY_COUNT, 0, G_MAXUINT16, &value, error))
    return FALSE;
  if (value != count)
    return vlm_gguf_fail (part, KEY_COUNT, VLM_LOAD_ERROR_MISMATCH, error,
        "%u, but the name says %u parts", value, count);
  return TRUE;
}

static gboolean
open_part (
    VlmGgufFiles *self, const char *path, guint no, guint count, GError **error)
{
  VlmGguf *part = vlm_gguf_open (path, error);

  if (part == NULL)
    return FALSE;
  g_ptr_array_add (self->parts, part);
  return check_part (part, no, count, error) && add_tensors (self, part, error);
}

/* All parts have the path of @path but for the number. */
static gboolean
open_parts (VlmGgufFiles *self, const char *path, guint count, GError **error)
{
  const VlmGguf *head;
  guint n_tensors;

  if (count > VLM_MAX_SHARDS) {
    g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_TOO_LARGE,
        "%s: %u parts, the limit is %u", path, count, VLM_MAX_SHARDS);
    return FALSE;
  }
  for (guint no = 1; no <= count; no++) {
    g_autofree char *part = g_strdup_printf ("%.*s" PART_FORMAT,
        (int) (strlen (path) - PART_LENGTH), path, no, count);

    if (!open_part (self, part, no, count, error))
      return FALSE;
  }
  head = vlm_gguf_files_get_head (self);
  if (!vlm_gguf_read_uint (
          head, KEY_N_TENSORS, 0, VLM_MAX_TENSORS, &n_tensors, error))
    return FALSE;
  if (n_tensors != vlm_gguf_files_get_n_tensors (self))
    return vlm_gguf_fail (head, KEY_N_TENSORS, VLM_LOAD_ERROR_MISMATCH, error,
        "%u, but the parts have %u", n_tensors,
        vlm_gguf_files_get_n_tensors (self));
  return TRUE;
}

static gboolean
open_whole (VlmGgufFiles *self, const char *path, GError **error)
{
  VlmGguf *file = vlm_gguf_open (path, error);
  guint count = 1, no = 0;

  if (file == NULL)
    return FALSE;
  g_ptr_array_add (self->parts, file);
  if (vlm_gguf_has (file, KEY_COUNT) &&
      (!vlm_gguf_read_uint (file, KEY_COUNT, 0, G_MAXUINT16, &count, error) ||
          !vlm_gguf_read_uint (file, KEY_NO, 0, G_MAXUINT16, &no, error)))
    return FALSE;
  if (count > 1)
    return vlm_gguf_fail (file, KEY_COUNT, VLM_LOAD_ERROR_MISMATCH, error,
        "this is part %u of %u, but its name does not end in " PART_FORMAT
        ": rename the parts to their original names",
        no + 1, count, no + 1, count);
  return add_tensors (self, file, error);
}

VlmGgufFiles *
vlm_gguf_files_open (const char *path, GError **error)
{
  g_autoptr (VlmGgufFiles) self = g_new0 (VlmGgufFiles, 1);
  guint no, count;
  gboolean ok;

  g_atomic_ref_count_init (&self->refs);
  self->parts = g_ptr_array_new_with_free_func ((GDestroyNotify) vlm_gguf_free);
  self->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  ok = vlm_gguf_part_of_name (path, &no, &count) && count > 1
      ? open_parts (self, path, count, error)
      : open_whole (self, path, error);
  return ok ? g_steal_pointer (&self) : NULL;
}

VlmGgufFiles *
vlm_gguf_files_ref (VlmGgufFiles *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
vlm_gguf_files_unref (VlmGgufFiles *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->parts);
  g_free (self);
}

const VlmGguf *
vlm_gguf_files_get_head (const VlmGgufFiles *self)
{
  return self->parts->pdata[0];
}

guint
vlm_gguf_files_get_n_tensors (const VlmGgufFiles *self)
{
  return g_hash_table_size (self->by_name);
}

gboolean
vlm_gguf_files_find (
    const VlmGgufFiles *self, const char *name, VlmTensorView *view)
{
  const VlmGguf *part = g_hash_table_lookup (self->by_name, name);

  return part != NULL && vlm_gguf_find (part, name, view);
}
