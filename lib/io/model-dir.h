/* gst-vlm: the files of a checkpoint directory
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Full paths; NULL for a file that may be absent and is. One owner. */
typedef struct
{
  char *name;               /* base name of the directory */
  char *config;             /* config.json; always there */
  char *preprocessor;       /* preprocessor_config.json */
  char *processor;          /* processor_config.json */
  char *video_preprocessor; /* video_preprocessor_config.json */
  char *generation;         /* generation_config.json */
  char *weights;            /* for vlm_tensor_source_open */
} VlmModelDir;

/* Looks for config.json and for model.safetensors,
 * model.safetensors.index.json, or a sole other *.safetensors file.
 * VLM_LOAD_ERROR_NOT_FOUND names what is missing; UNSUPPORTED when the only
 * weights are of another format. */
VlmModelDir *vlm_model_dir_open (const char *path, GError **error);
/* The same without a look at the weights, which are NULL then. */
VlmModelDir *vlm_model_dir_open_config (const char *path, GError **error);
void vlm_model_dir_free (VlmModelDir *dir);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmModelDir, vlm_model_dir_free)
