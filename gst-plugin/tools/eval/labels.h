/* gst-vlm: what happens in a video, as somebody labelled it
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "tools/eval/metrics.h"

/* Where something is at one time, in pixels of the video. */
typedef struct
{
  double time;
  VlmRect rect;
} EvalPlace;

typedef struct
{
  char *label; /* nullable */
  EvalSpan span;
  GArray *places; /* EvalPlace, in order of their times; may be empty */
} EvalLabel;

/* One description of what happens. */
typedef struct
{
  char *name;     /* NULL of the first one */
  GArray *events; /* EvalLabel */
} EvalReading;

/* The readings in the file at @path, the main one first:
 *  - one JSON object, as docs/evaluation.md describes it;
 *  - records of events, one a line, as vlmtestsrc writes them.
 * @query (nullable): only the events with that label; all for NULL and
 * "object". G_FILE_ERROR or G_JSON_PARSER_ERROR that says where.
 * (transfer full) (element-type EvalReading) */
GPtrArray *
eval_labels_read (const char *path, const char *query, GError **error);

/* Where it is at @time: between two places on the line from one to the other.
 * FALSE if that is not known: more than half a second before the first place or
 * after the last one. */
gboolean eval_label_find (const EvalLabel *label, double time, VlmRect *rect);
