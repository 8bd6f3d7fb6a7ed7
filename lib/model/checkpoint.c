/* gst-vlm: a checkpoint in any container
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/checkpoint.h"

#include <stdlib.h>

#include <vlm/vlm-error.h>

#include "io/checkpoint-look.h"
#include "io/gguf-pair.h"
#include "io/model-dir.h"
#include "io/quantised.h"
#include "model/arch.h"
#include "model/checkpoint-path.h"
#include "model/tokenizer-gguf.h"

/* A file of that kind, or a directory that has one and is not one of Hugging
 * Face's. */
static gboolean
is_gguf (const char *path)
{
  g_autoptr (VlmCheckpointLook) look = NULL;

  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    return g_str_has_suffix (path, ".gguf");
  look = vlm_checkpoint_look_new (path);
  return look->gguf != NULL && look->safetensors->len == 0 &&
      look->index == NULL;
}

static gboolean
check_no_mmproj (const char *path, const char *mmproj, GError **error)
{
  if (mmproj == NULL || mmproj[0] == '\0')
    return TRUE;
  g_set_error (error, VLM_LOAD_ERROR, VLM_LOAD_ERROR_UNSUPPORTED,
      "%s: mmproj=%s is for GGUF models, but this one contains its vision "
      "tower",
      path, mmproj);
  return FALSE;
}

/* Both files of a pair, open. */
typedef struct
{
  VlmGgufFiles *text;
  VlmGgufFiles *mmproj;
} Pair;

static void
pair_clear (Pair *pair)
{
  g_clear_pointer (&pair->text, vlm_gguf_files_unref);
  g_clear_pointer (&pair->mmproj, vlm_gguf_files_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static gboolean
pair_open (Pair *pair, const char *path, const char *mmproj, GError **error)
{
  g_auto (VlmGgufPair) paths = { 0 };

  if (!vlm_gguf_pair_find (path, mmproj, &paths, error))
    return FALSE;
  pair->text = vlm_gguf_files_open (paths.text, error);
  if (pair->text != NULL)
    pair->mmproj = vlm_gguf_files_open (paths.mmproj, error);
  return pair->mmproj != NULL;
}

static gboolean
open_gguf (
    VlmCheckpoint *self, const char *path, const char *mmproj, GError **error)
{
  g_auto (Pair) pair = { 0 };

  if (!pair_open (&pair, path, mmproj, error))
    return FALSE;
  self->config = vlm_config_new_from_gguf (pair.text, pair.mmproj, error);
  if (self->config == NULL)
    return FALSE;
  self->source = vlm_tensor_source_new_gguf (pair.text, pair.mmproj, error);
  self->text = g_steal_pointer (&pair.text);
  return self->source != NULL;
}

static gboolean
open_directory (VlmCheckpoint *self, const char *path, GError **error)
{
  g_autoptr (VlmModelDir) dir = NULL;
  g_autoptr (VlmQuantConfig) quantised = NULL;

  self->config = vlm_config_load (path, error);
  if (self->config == NULL)
    return FALSE;
  dir = vlm_model_dir_open (path, error);
  if (dir == NULL || !vlm_quant_config_load (dir->config, &quantised, error))
    return FALSE;
  self->directory = vlm_checkpoint_directory (path);
  self->source = vlm_tensor_source_open (dir->weights, error);
  if (self->source != NULL && quantised != NULL)
    self->source =
        vlm_tensor_source_new_quantised (self->source, quantised, error);
  return self->source != NULL &&
      self->config->arch->prepare_source (self->config, self->source, error);
}

VlmCheckpoint *
vlm_checkpoint_open (const char *path, const char *mmproj, GError **error)
{
  g_autoptr (VlmCheckpoint) self = g_new0 (VlmCheckpoint, 1);
  gboolean ok = is_gguf (path) ? open_gguf (self, path, mmproj, error)
                               : check_no_mmproj (path, mmproj, error) &&
          open_directory (self, path, error);

  if (!ok)
    return NULL;
  self->weights = vlm_weight_list_new (
      self->config, vlm_tensor_source_get_names (self->source));
  if (!vlm_weight_list_check (
          self->weights, self->config, self->source, &self->n_bytes, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
vlm_checkpoint_free (VlmCheckpoint *self)
{
  if (self == NULL)
    return;
  vlm_config_free (self->config);
  vlm_tensor_source_free (self->source);
  vlm_weight_list_free (self->weights);
  g_free (self->directory);
  vlm_gguf_files_unref (self->text);
  g_free (self);
}

VlmTokenizer *
vlm_checkpoint_load_tokenizer (const VlmCheckpoint *self, GError **error)
{
  if (self->text != NULL)
    return vlm_gguf_load_tokenizer (self->text, error);
  return vlm_tokenizer_load (self->directory, error);
}

VlmConfig *
vlm_checkpoint_load_config (
    const char *path, const char *mmproj, GError **error)
{
  g_auto (Pair) pair = { 0 };

  if (!is_gguf (path))
    return check_no_mmproj (path, mmproj, error) ? vlm_config_load (path, error)
                                                 : NULL;
  if (!pair_open (&pair, path, mmproj, error))
    return NULL;
  return vlm_config_new_from_gguf (pair.text, pair.mmproj, error);
}

/* A path that does not exist fails to load under any name. */
static char *
real_path (const char *path)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  char *real = realpath (absolute, NULL);
  char *copy = g_strdup (real != NULL ? real : absolute);

  free (real);
  return copy;
}

char *
vlm_checkpoint_identify (const char *path, const char *mmproj, GError **error)
{
  g_auto (VlmGgufPair) pair = { 0 };
  g_autofree char *text = NULL, *tower = NULL;

  if (!is_gguf (path))
    return real_path (path);
  if (!vlm_gguf_pair_find (path, mmproj, &pair, error))
    return NULL;
  text = real_path (pair.text);
  tower = real_path (pair.mmproj);
  return g_strdup_printf ("%s %s", text, tower);
}
