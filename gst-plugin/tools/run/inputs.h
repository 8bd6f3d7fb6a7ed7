/* gst-vlm: the pictures and videos of vlm-run
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tools/run/options.h"

/* A picture, or a video as one window. */
typedef struct
{
  char *name;
  VlmFrame *picture;  /* NULL for a video */
  VlmFrame *original; /* nullable: the same in its own size */
  VlmWindow *video;
} RunInput;

/* Pictures, then videos, as the options name them: RunInput. (transfer full) */
GPtrArray *inputs_load (const RunOptions *options, const VlmGeometry *geometry,
    const VlmWork *work, GError **error);

/* Whether an answer of the kind can be about all of them. */
gboolean
inputs_check (GPtrArray *inputs, const VlmAnswerKind *kind, GError **error);

/* What can be checked of that before anything is loaded, and whether files
 * exist. */
gboolean inputs_check_words (const RunOptions *options, GError **error);

/* The picture, or the first one of the video; NULL if there is neither. */
const VlmFrame *inputs_get_frame (GPtrArray *inputs);

/* (transfer full) */
VlmPrompt *inputs_make_prompt (
    GPtrArray *inputs, const char *system, const char *question);
