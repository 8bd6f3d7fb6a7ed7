/* gst-vlm: the files of a checkpoint
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Full paths; NULL for a file that may be absent and is. One owner. */
typedef struct
{
  char *name;               /* base name of the directory */
  char *directory;          /* of all files here */
  char *config;             /* config.json; always there */
  char *preprocessor;       /* preprocessor_config.json */
  char *processor;          /* processor_config.json */
  char *video_preprocessor; /* video_preprocessor_config.json */
  char *generation;         /* generation_config.json */
  char *weights;            /* for vlm_tensor_source_open */
} VlmModelDir;

/* @path: a directory, or one *.safetensors file in it that holds the weights.
 *
 * Looks for config.json and, where no file is named, for the weights:
 * *.safetensors.index.json whose files are all there, model.safetensors, all of
 * NAME-00001-of-0000N.safetensors, or a sole other *.safetensors file. There is a
 * warning about files that are ignored. Errors say what the directory is
 * instead: NOT_FOUND for what is missing, UNSUPPORTED for adapters and weights
 * in other formats. */
VlmModelDir *vlm_model_dir_open (const char *path, GError **error);
/* The same without a look at the weights, which are NULL then. */
VlmModelDir *vlm_model_dir_open_config (const char *path, GError **error);
void vlm_model_dir_free (VlmModelDir *dir);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VlmModelDir, vlm_model_dir_free)
