/* gst-vlm: the public face of a loaded checkpoint
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/model.h"

#include <vlm/vlm-error.h>

#include "base/log.h"
#include "engine/device.h"
#include "model/checkpoint.h"
#include "model/layout.h"

struct _VlmModel
{
  GObject parent;

  VlmDevice *device;
  VlmNet *net;
  VlmTokenizer *tokenizer;
  VlmKvCache kv_cache;     /* of new sessions */
  VlmPrecision precision;  /* likewise */
  VlmTokenTrie *trie;      /* atomically set, once */
  VlmScheduler *scheduler; /* likewise */
};

G_DEFINE_FINAL_TYPE (VlmModel, vlm_model, G_TYPE_OBJECT)

static void
vlm_model_finalize (GObject *object)
{
  VlmModel *self = VLM_MODEL (object);

  g_clear_pointer (&self->scheduler, vlm_scheduler_free);
  g_clear_pointer (&self->net, vlm_net_unref);
  g_clear_pointer (&self->trie, vlm_token_trie_unref);
  g_clear_pointer (&self->tokenizer, vlm_tokenizer_unref);
  g_clear_object (&self->device);
  G_OBJECT_CLASS (vlm_model_parent_class)->finalize (object);
}

static void
vlm_model_class_init (VlmModelClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vlm_model_finalize;
}

static void
vlm_model_init (VlmModel *self)
{
}

/* A tokenizer whose vocabulary the embedding has no rows for belongs to
 * another model. (More rows than tokens are normal: they are padding.) Tokens
 * that were added without a row can only be dropped. */
static gboolean
check_vocabulary (VlmTokenizer *tokenizer, const VlmConfig *config,
    const char *path, GError **error)
{
  guint n_ids = vlm_tokenizer_get_n_ids (tokenizer);
  guint n_rows = config->text.vocab_size;
  guint n_forgotten;

  if (vlm_tokenizer_forget_from (tokenizer, n_rows, &n_forgotten)) {
    if (n_forgotten > 0)
      vlm_warning (
          "%s: %u added tokens have no effect: the model embeds only %u", path,
          n_forgotten, n_rows);
    return TRUE;
  }
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_MISMATCH,
      "%s: the tokenizer has %u tokens, but the model embeds only %u", path,
      n_ids, n_rows);
  return FALSE;
}

/**
 * vlm_model_load:
 * @params: (nullable): which model, and where it runs; %NULL for the defaults
 * @device: (nullable): an open device that it goes onto, whatever @params say;
 *   %NULL to open the one that they name
 * @work: (nullable): progress and cancellation
 * @error: return location
 *
 * Loads a checkpoint. Files are streamed to the device, so host memory does not
 * grow with the model.
 *
 * Returns: (transfer full): the model, or %NULL with a #VlmLoadError,
 *   #VlmDeviceError or %G_IO_ERROR_CANCELLED
 *
 * Since: 0.1
 */
VlmModel *
vlm_model_load (const VlmModelParams *params, VlmDevice *device,
    const VlmWork *work, GError **error)
{
  g_autoptr (VlmModel) self = NULL;
  g_autoptr (VlmCheckpoint) checkpoint = NULL;
  g_autofree char *path = NULL;
  g_autofree char *mmproj = NULL;

  g_return_val_if_fail (device == NULL || VLM_IS_DEVICE (device), NULL);

  /* Problems with the files are reported before a device is opened. */
  path = vlm_model_find (params != NULL ? params->path : NULL, error);
  if (path == NULL ||
      !vlm_model_find_mmproj (
          params != NULL ? params->mmproj : NULL, &mmproj, error))
    return NULL;
  checkpoint = vlm_checkpoint_open (path, mmproj, error);
  if (checkpoint == NULL)
    return NULL;
  self = g_object_new (VLM_TYPE_MODEL, NULL);
  if (params != NULL) {
    vlm_weight_list_quantise (checkpoint->weights, params->weights);
    self->kv_cache = params->kv_cache;
    self->precision = params->precision;
  }
  self->tokenizer = vlm_checkpoint_load_tokenizer (checkpoint, error);
  if (self->tokenizer == NULL ||
      !check_vocabulary (self->tokenizer, checkpoint->config, path, error) ||
      !vlm_layout_check_tokenizer (
          self->tokenizer, checkpoint->config, path, error))
    return NULL;
  self->device = device != NULL
      ? g_object_ref (device)
      : vlm_device_open (params != NULL ? params->device : NULL, error);
  if (self->device == NULL)
    return NULL;
  self->net =
      vlm_net_load (vlm_device_get_nn (self->device), checkpoint, work, error);
  return self->net != NULL ? g_steal_pointer (&self) : NULL;
}

VlmModel *
vlm_model_new_from_parts (
    VlmDevice *device, VlmNet *net, VlmTokenizer *tokenizer)
{
  VlmModel *self = g_object_new (VLM_TYPE_MODEL, NULL);

  self->device = g_object_ref (device);
  self->net = net;
  self->tokenizer = tokenizer;
  return self;
}

/**
 * vlm_model_get_device:
 * @model: a model
 *
 * Gets the device on which the weights are. It lives as long as the model.
 *
 * Returns: (transfer none): the device its weights are on
 *
 * Since: 0.1
 */
VlmDevice *
vlm_model_get_device (VlmModel *model)
{
  g_return_val_if_fail (VLM_IS_MODEL (model), NULL);
  return model->device;
}

/**
 * vlm_model_get_name:
 * @model: a model
 *
 * Gets the name that events and `stats` give the model.
 *
 * Returns: (transfer none): the base name of its directory or file
 *
 * Since: 0.1
 */
const char *
vlm_model_get_name (VlmModel *model)
{
  g_return_val_if_fail (VLM_IS_MODEL (model), NULL);
  return vlm_net_get_config (model->net)->name;
}

/**
 * vlm_model_get_trained_for:
 * @model: a model
 *
 * The key `trained_for` of its config.json: the small model that ships cannot
 * answer all questions that large ones can, and a program should say so.
 *
 * Returns: (transfer none) (nullable): what it was trained to answer, as text
 *   for people; %NULL if config.json does not say
 *
 * Since: 0.1
 */
const char *
vlm_model_get_trained_for (VlmModel *model)
{
  g_return_val_if_fail (VLM_IS_MODEL (model), NULL);
  return vlm_net_get_config (model->net)->trained_for;
}

/**
 * vlm_model_is_trained_for:
 * @model: a model
 * @kind: the name of a kind of answer, see #VlmAnswerKind
 *
 * A model that says what it was trained for knows events and boxes only. It also
 * answers other questions, but the answers mean nothing.
 *
 * Returns: whether an answer of that kind can mean anything
 *
 * Since: 0.1
 */
gboolean
vlm_model_is_trained_for (VlmModel *model, const char *kind)
{
  static const char *const trained[] = { "events", "boxes", NULL };

  g_return_val_if_fail (VLM_IS_MODEL (model), FALSE);
  g_return_val_if_fail (kind != NULL, FALSE);
  return vlm_net_get_config (model->net)->trained_for == NULL ||
      g_strv_contains (trained, kind);
}

/**
 * vlm_model_get_geometry:
 * @model: a model
 * @geometry: (out caller-allocates): what frames must look like
 *
 * Says which sizes pictures must have; it comes from the configuration of the
 * checkpoint. vlm_image_plan_size() and vlm_video_plan_size() compute with it.
 *
 * Since: 0.1
 */
void
vlm_model_get_geometry (VlmModel *model, VlmGeometry *geometry)
{
  g_return_if_fail (VLM_IS_MODEL (model));
  g_return_if_fail (geometry != NULL);
  vlm_config_get_geometry (vlm_net_get_config (model->net), geometry);
}

VlmNet *
vlm_model_get_net (VlmModel *model)
{
  return model->net;
}

VlmKvCache
vlm_model_get_kv_cache (VlmModel *model)
{
  return model->kv_cache;
}

VlmPrecision
vlm_model_get_precision (VlmModel *model)
{
  return model->precision;
}

VlmTokenizer *
vlm_model_get_tokenizer (VlmModel *model)
{
  return model->tokenizer;
}

const VlmConfig *
vlm_model_get_config (VlmModel *model)
{
  return vlm_net_get_config (model->net);
}

VlmScheduler *
vlm_model_get_scheduler (VlmModel *model)
{
  if (g_once_init_enter (&model->scheduler))
    g_once_init_leave (&model->scheduler, vlm_scheduler_new (model->net));
  return model->scheduler;
}

VlmTokenTrie *
vlm_model_get_trie (VlmModel *model)
{
  if (g_once_init_enter (&model->trie))
    g_once_init_leave (&model->trie,
        vlm_token_trie_new (
            model->tokenizer, vlm_model_get_config (model)->text.vocab_size));
  return model->trie;
}
