/* gst-vlm: one model for all who ask for the same
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/model.h"

/* A slot lives as long as the process: there are as many as there are different
 * models in it. Its lock is held while the model is loaded, so that others wait
 * for that load and not for loads of other models. */
typedef struct
{
  GMutex lock;
  GWeakRef model;
} Slot;

static GMutex slots_lock;
static GHashTable *slots; /* "device\ndirectory" -> Slot */

static Slot *
find_slot (const char *device, const char *directory)
{
  g_autofree char *path = g_canonicalize_filename (directory, NULL);
  char *key = g_strdup_printf ("%s\n%s", device != NULL ? device : "", path);
  Slot *slot;

  g_mutex_lock (&slots_lock);
  if (slots == NULL)
    slots = g_hash_table_new (g_str_hash, g_str_equal);
  slot = g_hash_table_lookup (slots, key);
  if (slot == NULL) {
    slot = g_new0 (Slot, 1);
    g_mutex_init (&slot->lock);
    g_weak_ref_init (&slot->model, NULL);
    g_hash_table_insert (slots, g_steal_pointer (&key), slot);
  }
  g_mutex_unlock (&slots_lock);
  g_free (key);
  return slot;
}

VlmModel *
vlm_model_acquire (const char *device, const char *directory,
    GCancellable *cancellable, VlmProgressFunc progress, gpointer user_data,
    GError **error)
{
  Slot *slot = find_slot (device, directory);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&slot->lock);
  VlmModel *model = g_weak_ref_get (&slot->model);
  g_autoptr (VlmDevice) opened = NULL;

  if (model != NULL)
    return model;
  opened = vlm_device_open (device, error);
  if (opened == NULL)
    return NULL;
  model = vlm_model_load (
      opened, directory, cancellable, progress, user_data, error);
  if (model != NULL)
    g_weak_ref_set (&slot->model, model);
  return model;
}
