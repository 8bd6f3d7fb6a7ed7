/* gst-vlm: the content of a directory, by its names
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One look before any file is opened. It finds the weights under the names of
 * different tools, and describes in one sentence a directory without any. */
#pragma once

#include <glib.h>
#include <vlm/vlm-error.h>

/* Names, not paths, in the order of strcmp; NULL or empty for what is not
 * there. */
typedef struct
{
  char *directory;
  GPtrArray *names; /* of all entries but hidden ones */
  GPtrArray
      *safetensors; /* that can be a model's: no adapters, no optimizers */
  char *index;      /* *.safetensors.index*.json, the released name first */
  char *adapter;    /* weights of a LoRA adapter, or its configuration */
  char *gguf;
  char *pickle;  /* weights as PyTorch writes them */
  char *partial; /* what a download leaves that is not finished */
} VlmCheckpointLook;

/* Never fails: what cannot be read counts as missing. */
VlmCheckpointLook *vlm_checkpoint_look_new (const char *directory);
void vlm_checkpoint_look_free (VlmCheckpointLook *look);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmCheckpointLook, vlm_checkpoint_look_free)

gboolean
vlm_checkpoint_look_has (const VlmCheckpointLook *look, const char *name);

/* FALSE with what the directory is instead of a checkpoint, and what to do: it
 * has no config.json, or no weights. */
gboolean
vlm_checkpoint_look_fail_config (const VlmCheckpointLook *look, GError **error);
gboolean vlm_checkpoint_look_fail_weights (
    const VlmCheckpointLook *look, GError **error);

/* The parts of "model-00002-of-00003.safetensors": how many files there are,
 * and which this is. FALSE for another name. *stem, which may
 * be NULL: what comes before the numbers. */
gboolean vlm_checkpoint_parse_shard (
    const char *name, char **stem, guint *number, guint *n_shards);
