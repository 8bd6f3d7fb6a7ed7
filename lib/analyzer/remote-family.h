/* gst-vlm: families of models on other machines, by their names
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm-model-params.h>
#include <vlm/vlm-types.h>

/* How a model learns the times of the frames of a video, if the server passes
 * them on. */
typedef enum
{
  VLM_REMOTE_TIMES_UNKNOWN,
  VLM_REMOTE_TIMES_RATE,  /* positions from one constant rate */
  VLM_REMOTE_TIMES_FRAME, /* from the time of each frame */
} VlmRemoteTimes;

typedef struct
{
  guint patch_size;
  VlmBoxSpace box_space; /* _NONE: not known */
  VlmRemoteTimes times;
  gboolean thinks; /* before it answers, unless its template prevents it */
} VlmRemoteFamily;

/* @name: its name on the server; @path: nullable, what it was loaded from. An
 *   unknown model gets patches of 14 pixels and nothing else. (transfer none)
 *   */
const VlmRemoteFamily *
vlm_remote_family_find (const char *name, const char *path);
/* What frames must look like for it. */
void vlm_remote_family_get_geometry (
    const VlmRemoteFamily *family, VlmGeometry *geometry);
