/* gst-vlm: a checkpoint in any container
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A directory as Hugging Face publishes it, quantised or not, or a pair of
 * GGUF files. Only this file examines what a path is. */
#pragma once

#include "model/weights.h"
#include "text/tokenizer.h"

/* Open, and checked to hold a whole network that can be loaded. One owner. */
typedef struct
{
  VlmConfig *config;
  VlmTensorSource *source;
  VlmWeightList *weights;
  guint64 n_bytes; /* of all tensors */

  /*< private >*/
  char *directory;    /* of Hugging Face's files */
  VlmGgufFiles *text; /* or the language model */
} VlmCheckpoint;

/* @path: see vlm_checkpoint_resolve (). @mmproj: the vision tower of a GGUF
 * model, NULL or empty for the only one beside it; UNSUPPORTED with any other
 * container. Errors are VLM_LOAD_ERROR and name file and tensor or key. */
VlmCheckpoint *
vlm_checkpoint_open (const char *path, const char *mmproj, GError **error);
void vlm_checkpoint_free (VlmCheckpoint *checkpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmCheckpoint, vlm_checkpoint_free)

VlmTokenizer *
vlm_checkpoint_load_tokenizer (const VlmCheckpoint *checkpoint, GError **error);

/* The configuration alone, without a look at the tensors. */
VlmConfig *vlm_checkpoint_load_config (
    const char *path, const char *mmproj, GError **error);
/* The same text however the same files are named. (transfer full) */
char *
vlm_checkpoint_identify (const char *path, const char *mmproj, GError **error);
