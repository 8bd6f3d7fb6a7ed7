/* gst-vlm: the command line of vlm-run
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vlm/vlm.h>

#include "tools/reader.h"

typedef struct
{
  VlmModelParams model;
  char **images; /* folders are replaced by their files */
  char **videos;
  double fps;
  ReaderSpan span;
  char *system;
  char **prompts; /* the questions, in order */
  VlmGenerateParams params;
  char *schema;          /* nullable: that of params */
  gboolean list_devices; /* and nothing else */
  gboolean fit;          /* likewise: list what fits */
  gboolean quiet;
  gboolean json;
  gboolean stream;
  gboolean is_task; /* the question is that of the kind */
  gboolean html;
  char *draw;      /* a PNG file to be written (nullable) */
  char *attention; /* folder for the maps (nullable) */
} RunOptions;

/* Everything is checked. (caller clears) */
gboolean run_options_parse (
    RunOptions *options, int *argc, char ***argv, GError **error);
void run_options_clear (RunOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RunOptions, run_options_clear)
