/* gst-vlm: the interface of a container of tensors
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/tensor-source.h"

/* One file and one of these for each container. */
typedef struct
{
  VlmTensorNames names;
  gboolean (*find) (
      const VlmTensorSource *source, const char *name, VlmTensorView *view);
  guint (*get_n_tensors) (const VlmTensorSource *source);
  /* Where a tensor of that name is or should be; NULL: at the path. */
  const char *(*get_path_of) (const VlmTensorSource *source, const char *name);
  /* Appends all names, which live with the source; NULL: not supported. */
  void (*list) (const VlmTensorSource *source, GPtrArray *names);
  /* See vlm_tensor_source_explain (); may be NULL. */
  char *(*explain) (const VlmTensorSource *source, const char *name);
  void (*free) (VlmTensorSource *source);
} VlmTensorSourceClass;

/* The beginning of each. */
struct _VlmTensorSource
{
  const VlmTensorSourceClass *class;
  char *path;
  GHashTable *aliases; /* other name -> tensor */
};

/* Returns @source, which vlm_tensor_source_free () takes from here on. */
VlmTensorSource *vlm_tensor_source_init (VlmTensorSource *source,
    const VlmTensorSourceClass *class, const char *path);
