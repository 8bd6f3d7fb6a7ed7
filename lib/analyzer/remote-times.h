/* gst-vlm: how a model on another machine learns times
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "analyzer/remote-family.h"

typedef enum
{
  VLM_TIME_BASIS_TEXT,           /* words before each picture */
  VLM_TIME_BASIS_FRAME_METADATA, /* the time of each frame */
  VLM_TIME_BASIS_MROPE,          /* positions, which one rate gives */
} VlmTimeBasis;

/* As in the records; static. */
const char *vlm_time_basis_to_string (VlmTimeBasis basis);

/* A video for a server that takes videos: frame i is number @indices[i] at @fps
 * frames a second. */
typedef struct
{
  VlmTimeBasis basis;
  double fps;     /* 0: in words */
  guint *indices; /* one a frame; NULL: in words */
} VlmRemoteTiming;

/* The best that a model, and a server that takes videos or does not, can do for
 * frames at @times, ns, not decreasing. */
VlmRemoteTiming vlm_remote_timing_plan (
    gboolean takes_video, VlmRemoteTimes learns, const gint64 *times, guint n);
void vlm_remote_timing_clear (VlmRemoteTiming *timing);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VlmRemoteTiming, vlm_remote_timing_clear)
