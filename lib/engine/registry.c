/* gst-vlm: one model for all users with the same parameters
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/model.h"

#include "base/log.h"
#include "base/work.h"
#include "engine/device.h"
#include "model/checkpoint.h"

/* How late a cancelled wait for another's load may notice. */
#define CANCEL_SLICE_US (20 * 1000)

/* A slot lives as long as the process: there are as many as there are different
 * models in it. */
typedef struct
{
  GWeakRef model;
  gboolean is_loading; /* by one of the callers; the others wait */
} Slot;

static GMutex lock;   /* of all below */
static GCond changed; /* a load has ended, well or not */
static GHashTable *slots;

/* "UUID weights checkpoint", the same however they were named. */
static char *
make_key (const VlmModelParams *params, const char *path, const char *mmproj,
    GError **error)
{
  /* Both mean the same, as long as no others are chosen for lack of room. */
  const VlmModelWeights weights = params->weights == VLM_MODEL_WEIGHTS_AUTO
      ? VLM_MODEL_WEIGHTS_NATIVE
      : params->weights;
  g_autofree char *uuid = vlm_device_find_uuid (params->device, error);
  g_autofree char *checkpoint =
      uuid != NULL ? vlm_checkpoint_identify (path, mmproj, error) : NULL;

  if (checkpoint == NULL)
    return NULL;
  return g_strdup_printf ("%s %u %s", uuid, weights, checkpoint);
}

/* With the lock held. Takes @key. */
static Slot *
find_slot (char *key)
{
  Slot *slot;

  if (slots == NULL)
    slots = g_hash_table_new (g_str_hash, g_str_equal);
  slot = g_hash_table_lookup (slots, key);
  if (slot != NULL) {
    g_free (key);
    return slot;
  }
  slot = g_new0 (Slot, 1);
  g_weak_ref_init (&slot->model, NULL);
  g_hash_table_insert (slots, key, slot);
  return slot;
}

/* With the lock held: the loaded model, or NULL when the caller has to load it.
 * FALSE when the caller does not want to wait any longer. */
static gboolean
claim (Slot *slot, VlmModel **model, GCancellable *cancellable, GError **error)
{
  while (slot->is_loading) {
    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return FALSE;
    g_cond_wait_until (
        &changed, &lock, g_get_monotonic_time () + CANCEL_SLICE_US);
  }
  *model = g_weak_ref_get (&slot->model);
  /* Users of a model on a lost device may keep it; it is not shared any more. */
  if (*model != NULL && vlm_device_is_lost (vlm_model_get_device (*model)))
    g_clear_object (model);
  slot->is_loading = *model == NULL;
  return TRUE;
}

static VlmModel *
load (const VlmModelParams *params, char *path, char *mmproj,
    const VlmWork *work, GError **error)
{
  g_autoptr (VlmDevice) device = vlm_device_open (params->device, error);
  VlmModelParams found = *params;

  if (device == NULL)
    return NULL;
  vlm_info ("loading %s on %s", path, vlm_device_get_name (device));
  found.path = path;
  found.mmproj = mmproj;
  return vlm_model_load (&found, device, work, error);
}

VlmModel *
vlm_model_acquire (
    const VlmModelParams *params, const VlmWork *work, GError **error)
{
  g_autofree char *path = vlm_model_find (params->path, error);
  g_autofree char *mmproj = NULL;
  g_autoptr (VlmConfig) config = NULL;
  VlmModel *model = NULL;
  gboolean claimed;
  char *key;
  Slot *slot;

  if (path == NULL || !vlm_model_find_mmproj (params->mmproj, &mmproj, error))
    return NULL;
  /* A wrong path or model is reported first, not after a look at the devices. */
  config = vlm_checkpoint_load_config (path, mmproj, error);
  if (config == NULL)
    return NULL;
  key = make_key (params, path, mmproj, error);
  if (key == NULL)
    return NULL;
  g_mutex_lock (&lock);
  slot = find_slot (key);
  claimed = claim (slot, &model, vlm_work_cancellable (work), error);
  g_mutex_unlock (&lock);
  if (!claimed || model != NULL)
    return model;

  model = load (params, path, mmproj, work, error);
  g_mutex_lock (&lock);
  g_weak_ref_set (&slot->model, model);
  slot->is_loading = FALSE;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
  return model;
}
